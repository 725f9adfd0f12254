//! Excluded groups that others can let people into.

use std::collections::{BTreeMap, BTreeSet};

use model::principal::Group;
use model::rule::RuleStatus;
use serde_json::json;

use super::{active, no_directory, or_well};
use crate::checks::directory::{Keepers, keepers, named};
use crate::context::Context;
use crate::outcome::Outcome;

/// A group by which somebody is left out of policies.
#[derive(Default)]
struct ExcludedGroup<'a> {
    policies: BTreeSet<&'a str>,
    /// Names of the excluded groups that it is inside of.
    inside: BTreeSet<String>,
}

/// Groups that active policies leave out and the groups inside of these, by id in lower case. A
/// group on record as an exception, and whatever is inside of it, is apart.
fn excluded_groups<'a>(
    context: &Context<'a>,
    rule: &str,
) -> (usize, BTreeMap<String, ExcludedGroup<'a>>) {
    let index = context.set.principals();
    let mut looked = BTreeSet::new();
    let mut out: BTreeMap<String, ExcludedGroup<'_>> = BTreeMap::new();
    for policy in context.snapshot.policies.iter().filter(|policy| active(policy)) {
        for (id, is_group, left_out) in named(policy) {
            if !is_group || !left_out {
                continue;
            }
            looked.insert(id.to_ascii_lowercase());
            if context.principal_exception(id, rule).is_some() {
                continue;
            }
            let entry = out.entry(id.to_ascii_lowercase()).or_default();
            entry.policies.insert(&policy.display_name);
            for nested in index.nested_groups(id) {
                if context.principal_exception(&nested, rule).is_none() {
                    let entry = out.entry(nested).or_default();
                    entry.policies.insert(&policy.display_name);
                    entry.inside.insert(index.group_name(id).unwrap_or(id).to_owned());
                }
            }
        }
    }
    (looked.len(), out)
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
    let (looked, groups) = excluded_groups(context, rule);
    let mut out: Vec<Outcome> = groups
        .into_iter()
        .filter_map(|(id, excluded)| {
            let group = context.snapshot.groups.iter().find(|g| g.id.eq_ignore_ascii_case(&id));
            let (status, mut reason) = match group {
                Some(group) => judge(group).map(|(status, reason)| (status, reason.to_owned()))?,
                // Deleted: nobody can join it.
                None if context.set.principals().group_is_deleted(&id) => return None,
                None => {
                    (RuleStatus::Unknown, "the export does not have this excluded group".to_owned())
                }
            };
            if !excluded.inside.is_empty() {
                let parents: Vec<&str> = excluded.inside.iter().map(String::as_str).collect();
                reason = format!("inside the excluded group {}: {reason}", parents.join(", "));
            }
            let mut facts = json!({ "policies": excluded.policies });
            if !excluded.inside.is_empty()
                && let Some(facts) = facts.as_object_mut()
            {
                facts.insert("inside".to_owned(), json!(excluded.inside));
            }
            let label = group.map_or(id.as_str(), |group| &group.display_name);
            Some(Outcome::of(&id, label, status, reason, facts))
        })
        .collect();
    out.sort_by_key(|outcome| outcome.status != RuleStatus::Fail);
    or_well(context, out, looked, "no policy leaves out a group", well)
}

pub(crate) fn joinable(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    each_excluded_group(
        context,
        rule,
        |group| match keepers(group) {
            Keepers::Few => None,
            Keepers::NotTold => {
                Some((RuleStatus::Unknown, "the export does not say who may change it"))
            }
            Keepers::Many => Some((
                RuleStatus::Fail,
                "whoever manages groups can join it and so leave the policy: it is neither role-assignable nor restricted",
            )),
            Keepers::ManyUnlessRestricted => Some((
                RuleStatus::Fail,
                "whoever manages groups can join it and so leave the policy: it is not role-assignable, and the export does not say whether it is restricted",
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
