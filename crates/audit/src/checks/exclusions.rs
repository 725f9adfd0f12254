//! Exclusion hygiene: who is left out of policies, and whether they should be.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use model::exception::ExceptionSubject;
use model::known::roles;
use model::policy::{ConditionalAccessPolicy, PolicyState};
use model::principal::{Group, User};
use model::rule::RuleStatus;
use policy::{Demand, Population, Scope, Selector, Situation, Term};
use serde_json::{Value, json};

use super::directory::named;
use super::policies::each_policy;
use crate::context::Context;
use crate::outcome::Outcome;

fn active(policy: &&ConditionalAccessPolicy) -> bool {
    policy.state != PolicyState::Disabled
}

/// Users that active policies leave out, directly or through groups, and the policies that do.
fn excluded_users<'a>(context: &'a Context<'_>) -> BTreeMap<usize, BTreeSet<&'a str>> {
    let mut out: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for policy in context.snapshot.policies.iter().filter(active) {
        for (id, _, _) in named(policy).into_iter().filter(|(_, _, left_out)| *left_out) {
            for at in context.set.principals().principal(id).ones() {
                out.entry(at).or_default().insert(&policy.display_name);
            }
        }
    }
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

fn date(time: model::Timestamp) -> String {
    let text = time.to_string();
    text.get(..10).unwrap_or(&text).to_owned()
}

/// The last success, or where Microsoft has none the last attempt of any kind.
fn last_sign_in(user: &User) -> Option<model::Timestamp> {
    let activity = user.sign_in_activity.as_ref()?;
    activity
        .last_successful_sign_in_date_time
        .or(activity.last_sign_in_date_time.max(activity.last_non_interactive_sign_in_date_time))
}

pub(crate) fn stale(context: &Context<'_>, rule: &str, days: u32) -> Vec<Outcome> {
    if let Some(out) = no_directory(context) {
        return out;
    }
    let users = &context.snapshot.users;
    if !users.iter().any(|user| user.sign_in_activity.is_some()) {
        let reason = "sign-in activity was not collected";
        return vec![Outcome::of_tenant(context, RuleStatus::Unknown, reason)];
    }
    let limit = context.options.as_of.as_second() - i64::from(days) * 86_400;
    let intended = context.intended(rule);
    let mut looked = 0;
    let mut exempt = 0;
    let mut out = Vec::new();
    for (at, policies) in excluded_users(context) {
        let Some(user) = users.get(at) else { continue };
        // Disabled and deleted accounts are orphans, not stale.
        if user.account_enabled == Some(false) || user.deleted_date_time.is_some() {
            continue;
        }
        if intended.contains(at) {
            exempt += 1;
            continue;
        }
        looked += 1;
        let last = last_sign_in(user);
        let (stale, reason) = match (last, user.created_date_time) {
            (Some(last), _) => (
                last.as_second() < limit,
                format!("left out of policies, and last signed in on {}", date(last)),
            ),
            (None, Some(created)) => (
                created.as_second() < limit,
                "left out of policies, and has never signed in".to_owned(),
            ),
            (None, None) => (false, String::new()),
        };
        if stale {
            out.push(Outcome::of(
                &user.id,
                user.label(),
                RuleStatus::Fail,
                reason,
                json!({ "policies": policies, "lastSignIn": last.map(date) }),
            ));
        }
    }
    let well = format!(
        "each has signed in within {days} days; {exempt} emergency accounts and exceptions are exempt"
    );
    or_well(context, out, looked + exempt, "no policy leaves out a user", &well)
}

pub(crate) fn orphan(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    if let Some(out) = no_directory(context) {
        return out;
    }
    let index = context.set.principals();
    let mut out = Vec::new();
    let excluded = excluded_users(context);
    for (at, policies) in &excluded {
        let Some(user) = context.snapshot.users.get(*at) else { continue };
        let gone = user.deleted_date_time.is_some();
        if (gone || user.account_enabled == Some(false))
            && context.principal_exception(&user.id, rule).is_none()
        {
            let what = if gone { "deleted" } else { "disabled" };
            out.push(Outcome::of(
                &user.id,
                user.label(),
                RuleStatus::Fail,
                format!("{what}, and still left out of policies"),
                json!({ "policies": policies }),
            ));
        }
    }
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for policy in context.snapshot.policies.iter().filter(active) {
        for (id, group, left_out) in named(policy) {
            if left_out && !group && index.user_is_deleted(id) {
                missing.entry(id).or_default().insert(&policy.display_name);
            }
        }
    }
    let looked = excluded.len() + missing.len();
    for (id, policies) in missing {
        if context.principal_exception(id, rule).is_none() {
            out.push(Outcome::of(
                id,
                id,
                RuleStatus::Fail,
                "no longer exists, and still left out of policies",
                json!({ "policies": policies }),
            ));
        }
    }
    or_well(context, out, looked, "no policy leaves out a user", "each exists and is enabled")
}

pub(crate) fn admin_bypass(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    if let Some(out) = no_directory(context) {
        return out;
    }
    let set = context.set;
    let admins = Population {
        who: vec![
            Selector::RoleSet("mission-any-admin".into()),
            Selector::RoleSet("microsoft-ca-admins".into()),
        ],
        except: vec![Selector::DirectorySync],
    };
    let (population, _) = context.population(&admins, rule);
    if population.yes.is_clear() {
        let known = population.maybe.is_clear();
        let (status, reason) = if known {
            (RuleStatus::NotApplicable, "the tenant has no administrators")
        } else {
            (RuleStatus::Unknown, "role assignments were not collected")
        };
        return vec![Outcome::of_tenant(context, status, reason)];
    }
    let demand = Demand::of(Term::Authentication(model::guarantee::AuthenticationLevel::Mfa));
    let enforcement = set.enforced(&population, &Scope::AllResources, &Situation::default());
    let judgement = set.judge(&enforcement, &demand);
    let asking: Vec<_> = set
        .active()
        .filter(|policy| {
            policy.enabled && !set.is_workload(*policy) && set.satisfies(*policy, &demand)
        })
        .map(|policy| (policy, set.left_out(policy)))
        .collect();
    let mut out = Vec::new();
    for breach in &judgement.breaches {
        let Some(path) = enforcement.paths.get(breach.path) else { continue };
        for member in &breach.members {
            let blamed: Vec<&str> = asking
                .iter()
                .filter(|(policy, left_out)| {
                    left_out.contains(*member as usize) && set.matches_path(*policy, path)
                })
                .map(|(policy, _)| policy.name)
                .collect();
            if blamed.is_empty() {
                continue;
            }
            let Some((id, label)) = set.principals().user(*member) else { continue };
            let enough = breach.enough.as_ref().map_or_else(String::new, ToString::to_string);
            out.push(Outcome::of(
                id,
                label,
                RuleStatus::Fail,
                format!(
                    "an administrator for whom {enough} is enough {}, because left out of {}",
                    path.words,
                    blamed.join(", ")
                ),
                json!({ "policies": blamed, "path": path.words }),
            ));
        }
    }
    let looked = population.yes.count_ones(..);
    or_well(context, out, looked, "", "no exclusion spares an administrator MFA")
}

/// Principals that a policy leaves out, groups expanded, emergency accounts and exceptions apart.
fn excluded_by(
    context: &Context<'_>,
    policy: &ConditionalAccessPolicy,
    intended: &FixedBitSet,
) -> FixedBitSet {
    let index = context.set.principals();
    let mut bits = FixedBitSet::with_capacity(index.user_count());
    for (id, _, left_out) in named(policy) {
        if left_out {
            bits.union_with(&index.principal(id));
        }
    }
    bits.difference_with(intended);
    bits
}

pub(crate) fn creep(context: &Context<'_>, rule: &str, threshold: u32) -> Vec<Outcome> {
    if let Some(out) = no_directory(context) {
        return out;
    }
    let intended = context.intended(rule);
    each_policy(
        context,
        rule,
        |policy| policy.state != PolicyState::Disabled,
        |policy| {
            let count = excluded_by(context, policy, &intended).count_ones(..);
            if count <= threshold as usize {
                return None;
            }
            let before = context.options.excluded_before.get(&policy.id).copied();
            let growth = match before {
                Some(before) if count > before => {
                    format!(", {} more than in the snapshot before", count - before)
                }
                _ => String::new(),
            };
            let reason = format!("leaves out {count} users, more than {threshold}{growth}");
            Some((RuleStatus::Fail, reason, json!({ "count": count, "threshold": threshold })))
        },
        "no policy is active",
        &format!("none leaves out more than {threshold} users"),
    )
}

/// Whether a text says that somebody meant the exclusion.
fn tells_why(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "exclu",
        "exempt",
        "exception",
        "break",
        "emergency",
        "bypass",
        "travel",
        "pilot",
        "temporary",
        "sync",
    ];
    let lower = text.to_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

pub(crate) fn undocumented(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let registered = |id: &str| {
        context.exceptions().any(
            |entry| matches!(&entry.subject, ExceptionSubject::Principal(known) if known.eq_ignore_ascii_case(id)),
        )
    };
    let declared = |id: &str| {
        let bits = context.set.principals().principal(id);
        !bits.is_clear() && bits.is_subset(&context.break_glass)
            || context.snapshot.break_glass.iter().any(|b| b.user_id.eq_ignore_ascii_case(id))
    };
    let group =
        |id: &str| context.snapshot.groups.iter().find(|group| group.id.eq_ignore_ascii_case(id));
    let documented_group = |group: &Group| {
        group.description.as_deref().is_some_and(|text| !text.trim().is_empty())
            || tells_why(&group.display_name)
    };
    each_policy(
        context,
        rule,
        |policy| policy.state != PolicyState::Disabled,
        |policy| {
            if policy.description.as_deref().is_some_and(tells_why) {
                return None;
            }
            let mut silent: Vec<String> = named(policy)
                .into_iter()
                .filter(|(id, is_group, left_out)| {
                    *left_out
                        && !declared(id)
                        && !registered(id)
                        && !(*is_group && group(id).is_some_and(documented_group))
                        // A placeholder of a template says what it is for.
                        && !tells_why(id)
                })
                .map(|(id, is_group, _)| {
                    if is_group {
                        format!("group {}", context.set.principals().group_name(id).unwrap_or(id))
                    } else {
                        let label =
                            context.snapshot.users.iter().find(|u| u.id.eq_ignore_ascii_case(id));
                        format!("user {}", label.map_or(id, |user| user.label()))
                    }
                })
                .collect();
            silent.extend(
                policy
                    .conditions
                    .users
                    .exclude_roles
                    .iter()
                    .filter(|id| {
                        !roles::DIRECTORY_SYNC.iter().any(|sync| sync.eq_ignore_ascii_case(id))
                            && !registered(id)
                    })
                    .map(|id| format!("role {}", roles::role_name(id).unwrap_or(id))),
            );
            silent.sort();
            (!silent.is_empty()).then(|| {
                let reason = format!("leaves out without a reason: {}", silent.join(", "));
                (RuleStatus::Fail, reason, json!({ "undocumented": silent }))
            })
        },
        "no policy is active",
        "each exclusion has a reason",
    )
}

/// Groups that active policies leave out, with the policies that do.
fn excluded_groups<'a>(
    context: &Context<'a>,
) -> BTreeMap<String, (Option<&'a Group>, BTreeSet<&'a str>)> {
    let snapshot = context.snapshot;
    let mut out: BTreeMap<String, (Option<&Group>, BTreeSet<&str>)> = BTreeMap::new();
    for policy in snapshot.policies.iter().filter(active) {
        for (id, is_group, left_out) in named(policy) {
            if is_group && left_out {
                let key = id.to_ascii_lowercase();
                let group = snapshot.groups.iter().find(|group| group.id.eq_ignore_ascii_case(id));
                out.entry(key).or_insert((group, BTreeSet::new())).1.insert(&policy.display_name);
            }
        }
    }
    out
}

fn each_excluded_group(
    context: &Context<'_>,
    rule: &str,
    judge: impl Fn(&Group) -> Option<(RuleStatus, &'static str)>,
    well: &str,
) -> Vec<Outcome> {
    if let Some(out) = no_directory(context) {
        return out;
    }
    let groups = excluded_groups(context);
    let looked = groups.len();
    let out = groups
        .into_iter()
        .filter(|(id, _)| context.principal_exception(id, rule).is_none())
        .filter_map(|(id, (group, policies))| {
            let group = group?;
            let (status, reason) = judge(group)?;
            let facts: Value = json!({ "policies": policies });
            Some(Outcome::of(&id, &group.display_name, status, reason, facts))
        })
        .collect();
    or_well(context, out, looked, "no policy leaves out a group", well)
}

pub(crate) fn joinable(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    each_excluded_group(
        context,
        rule,
        |group| match (group.is_assignable_to_role, group.is_management_restricted) {
            (Some(true), _) | (_, Some(true)) => None,
            (None, None) => {
                Some((RuleStatus::Unknown, "the export does not say who may change it"))
            }
            _ => Some((
                RuleStatus::Fail,
                "whoever manages groups can join it and so leave the policy: it is neither role-assignable nor restricted",
            )),
        },
        "few can join a group that policies leave out",
    )
}

pub(crate) fn dynamic(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    each_excluded_group(
        context,
        rule,
        |group| {
            group.is_dynamic().then_some((
                RuleStatus::Fail,
                "filled by a rule: whoever can edit the attributes in it can leave the policy",
            ))
        },
        "none is filled by a rule",
    )
}

/// How many users each active policy excludes.
pub(crate) fn counts(context: &Context<'_>) -> BTreeMap<String, usize> {
    let intended = context.intended("exclusion.creep");
    context
        .snapshot
        .policies
        .iter()
        .filter(active)
        .map(|policy| (policy.id.clone(), excluded_by(context, policy, &intended).count_ones(..)))
        .collect()
}
