//! Exclusion hygiene: who is left out of policies, and whether they should be.

mod bypass;
mod creep;
mod groups;
mod orphan;
mod reason;
mod stale;
mod undocumented;

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use model::known::roles;
use model::policy::{ConditionalAccessPolicy, PolicyState};
use model::rule::RuleStatus;

pub(crate) use bypass::admin_bypass;
pub(crate) use creep::{counts, creep};
pub(crate) use groups::{dynamic, joinable};
pub(crate) use orphan::orphan;
pub(crate) use stale::stale;
pub(crate) use undocumented::undocumented;

use super::directory::named;
use crate::context::Context;
use crate::outcome::Outcome;

fn active(policy: &ConditionalAccessPolicy) -> bool {
    policy.state != PolicyState::Disabled
}

/// Whether an id is the keyword for every guest.
fn is_guests(id: &str) -> bool {
    id.eq_ignore_ascii_case("GuestsOrExternalUsers")
}

/// Roles that a policy leaves out, those of directory synchronisation apart: an account that
/// synchronises a directory must be left out, and `rule.directory-sync-excluded` asks for it.
fn excluded_roles(policy: &ConditionalAccessPolicy) -> impl Iterator<Item = &str> {
    let sync = |id: &&str| roles::DIRECTORY_SYNC.iter().any(|sync| sync.eq_ignore_ascii_case(id));
    policy.conditions.users.exclude_roles.iter().map(String::as_str).filter(move |id| !sync(id))
}

/// Users whom a policy names in its exclusions: one by one, through groups and through roles.
fn named_out(context: &Context<'_>, policy: &ConditionalAccessPolicy) -> FixedBitSet {
    let index = context.set.principals();
    let mut bits = FixedBitSet::with_capacity(index.user_count());
    for (id, _, _) in named(policy).into_iter().filter(|(_, _, left_out)| *left_out) {
        bits.union_with(&index.principal(id));
    }
    for role in excluded_roles(policy) {
        bits.union_with(&index.role_holders(role).0);
    }
    bits
}

/// Whether it is known whom a policy includes.
fn included_are_known(context: &Context<'_>, policy: &ConditionalAccessPolicy) -> bool {
    let index = context.set.principals();
    let users = &policy.conditions.users;
    users.include_groups.iter().all(|id| !index.group_size(id).1)
        && users.include_roles.iter().all(|id| !index.role_holders(id).1)
}

/// Users whom a policy leaves out: everybody it names, and guests left out as guests. The named
/// count whether it includes them or not, since somebody wrote the entry and whoever widens the
/// policy inherits it. Guests count where it would be for them: a policy for administrators frees
/// no guest. Where it is not known whom it includes, every guest meant counts.
fn left_out(context: &Context<'_>, policy: &ConditionalAccessPolicy) -> FixedBitSet {
    let index = context.set.principals();
    let users = &policy.conditions.users;
    let mut guests = FixedBitSet::with_capacity(index.user_count());
    if users.exclude_users.iter().any(|id| is_guests(id)) {
        guests.union_with(&index.guests(None));
    }
    if let Some(meant) = &users.exclude_guests_or_external_users {
        guests.union_with(&index.guests(Some(meant)));
    }
    if included_are_known(context, policy)
        && let Some(handle) = context.set.active().find(|handle| handle.id == policy.id)
    {
        guests.intersect_with(&context.set.left_out(handle));
    }
    guests.union_with(&named_out(context, policy));
    guests
}

/// Users by index, and the names of the active policies that leave them out.
fn by_user<'a>(
    context: &Context<'a>,
    of: impl Fn(&Context<'_>, &ConditionalAccessPolicy) -> FixedBitSet,
) -> BTreeMap<usize, BTreeSet<&'a str>> {
    let mut out: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for policy in context.snapshot.policies.iter().filter(|policy| active(policy)) {
        for at in of(context, policy).ones() {
            out.entry(at).or_default().insert(&policy.display_name);
        }
    }
    out
}

/// What the data does not say of those whom a policy leaves out, in words: groups and roles whose
/// members were not collected, and users that a partial export lacks. What an exception is for
/// does not matter.
pub(super) fn not_known(
    context: &Context<'_>,
    policy: &ConditionalAccessPolicy,
    rule: &str,
) -> BTreeSet<String> {
    let index = context.set.principals();
    let mut out = BTreeSet::new();
    for (id, is_group, left_out) in named(policy) {
        if !left_out || context.principal_exception(id, rule).is_some() {
            continue;
        }
        if is_group {
            if index.group_size(id).1 {
                let name = index.group_name(id).unwrap_or(id);
                out.insert(format!("the members of group {name} were not all collected"));
            }
        } else if index.principal(id).is_clear() && !index.user_is_deleted(id) {
            out.insert(format!("the export does not have user {id}"));
        }
    }
    for id in excluded_roles(policy) {
        if index.role_holders(id).1 && context.principal_exception(id, rule).is_none() {
            let name = roles::role_name(id).unwrap_or(id);
            out.insert(format!("the holders of role {name} were not collected"));
        }
    }
    out
}

/// What is not known of any active policy.
fn not_known_at_all(context: &Context<'_>, rule: &str) -> BTreeSet<String> {
    let policies = context.snapshot.policies.iter().filter(|policy| active(policy));
    policies.flat_map(|policy| not_known(context, policy, rule)).collect()
}

/// The results, with one for the tenant about what is not known in the place of a pass.
fn beside_unknown(
    context: &Context<'_>,
    mut out: Vec<Outcome>,
    unknown: &BTreeSet<String>,
) -> Vec<Outcome> {
    if unknown.is_empty() {
        return out;
    }
    out.retain(|outcome| matches!(outcome.status, RuleStatus::Fail | RuleStatus::Unknown));
    let words: Vec<&str> = unknown.iter().map(String::as_str).collect();
    let reason = format!("who is left out is not known: {}", words.join("; "));
    out.push(Outcome::of_tenant(context, RuleStatus::Unknown, reason));
    out
}

/// One result where every subject is well, or those that are not.
fn or_well(
    context: &Context<'_>,
    out: Vec<Outcome>,
    looked: usize,
    none: &str,
    well: &str,
) -> Vec<Outcome> {
    if !out.is_empty() {
        return out;
    }
    let (status, reason) = if looked == 0 {
        (RuleStatus::NotApplicable, none.to_owned())
    } else {
        (RuleStatus::Pass, format!("{looked} looked at: {well}"))
    };
    vec![Outcome::of_tenant(context, status, reason)]
}

fn no_directory(context: &Context<'_>) -> Option<Vec<Outcome>> {
    context.hypothetical.then(|| {
        let reason = "exclusions cannot be looked up without directory data";
        vec![Outcome::of_tenant(context, RuleStatus::Unknown, reason)]
    })
}
