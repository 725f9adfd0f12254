//! Checks on what policies name in the directory.

use std::collections::BTreeMap;

use model::object::ObjectKind;
use model::policy::{ConditionalAccessPolicy, PolicyState};
use model::principal::Group;
use model::rule::RuleStatus;
use serde_json::json;

use super::policies::each_policy;
use crate::context::Context;
use crate::outcome::Outcome;

/// Users and groups that a policy names by id: id, whether a group, whether left out.
pub(crate) fn named(policy: &ConditionalAccessPolicy) -> Vec<(&str, bool, bool)> {
    let users = &policy.conditions.users;
    let list = |id: &&String| {
        !["all", "none", "guestsorexternalusers"].contains(&id.to_ascii_lowercase().as_str())
    };
    let mut out = Vec::new();
    out.extend(users.include_users.iter().filter(list).map(|id| (id.as_str(), false, false)));
    out.extend(users.exclude_users.iter().filter(list).map(|id| (id.as_str(), false, true)));
    out.extend(users.include_groups.iter().map(|id| (id.as_str(), true, false)));
    out.extend(users.exclude_groups.iter().map(|id| (id.as_str(), true, true)));
    out
}

/// How many can change who is in a group.
pub(crate) enum Keepers {
    /// Few: roles can be assigned to it, or it is restricted.
    Few,
    /// Everybody who manages groups.
    Many,
    /// The same, unless it is restricted: only Graph's beta tells that, so that most exports do not.
    ManyUnlessRestricted,
    /// The export says nothing of it.
    NotTold,
}

/// How many can change who is in a group.
pub(crate) fn keepers(group: &Group) -> Keepers {
    match (group.is_assignable_to_role, group.is_management_restricted) {
        (Some(true), _) | (_, Some(true)) => Keepers::Few,
        (Some(false), Some(false)) => Keepers::Many,
        (Some(false), None) => Keepers::ManyUnlessRestricted,
        (None, _) => Keepers::NotTold,
    }
}

pub(crate) fn deleted_references(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let index = context.set.principals();
    let snapshot = context.snapshot;
    let users_known = !context.hypothetical && snapshot.has_all(ObjectKind::User);
    if !users_known && !context.groups_known {
        return vec![Outcome::of_tenant(
            context,
            RuleStatus::Unknown,
            "neither users nor groups were collected completely",
        )];
    }
    each_policy(
        context,
        rule,
        |policy| policy.state != PolicyState::Disabled,
        |policy| {
            let mut missing: Vec<String> = named(policy)
                .into_iter()
                .filter(|(id, group, _)| {
                    if *group {
                        context.groups_known && index.group_is_deleted(id)
                    } else {
                        users_known && index.user_is_deleted(id)
                    }
                })
                .map(|(id, group, _)| format!("{} {id}", if group { "group" } else { "user" }))
                .collect();
            if let Some(locations) = &policy.conditions.locations
                && snapshot.has_all(ObjectKind::NamedLocation)
            {
                let ids = locations.include_locations.iter().chain(&locations.exclude_locations);
                missing.extend(
                    ids.filter(|id| {
                        !["all", "alltrusted"].contains(&id.to_ascii_lowercase().as_str())
                            && !id.eq_ignore_ascii_case(model::location::COMPLIANT_NETWORK_ID)
                            && !snapshot
                                .named_locations
                                .iter()
                                .any(|l| l.id.eq_ignore_ascii_case(id))
                    })
                    .map(|id| format!("location {id}")),
                );
            }
            missing.sort();
            missing.dedup();
            (!missing.is_empty()).then(|| {
                let reason =
                    format!("names {} that no longer exist: {}", missing.len(), missing.join(", "));
                (RuleStatus::Fail, reason, json!({ "missing": missing }))
            })
        },
        "no policy is active",
        "everything that policies name exists",
    )
}

pub(crate) fn groups_restricted(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for policy in context.snapshot.policies.iter().filter(|p| p.state != PolicyState::Disabled) {
        for (id, _, _) in named(policy).into_iter().filter(|(_, group, _)| *group) {
            groups.entry(id.to_ascii_lowercase()).or_default().push(&policy.display_name);
        }
    }
    let looked = groups.len();
    if looked == 0 {
        return vec![Outcome::of_tenant(context, RuleStatus::Pass, "no policy names a group")];
    }
    let mut out = Vec::new();
    for (id, policies) in groups {
        if context.principal_exception(&id, rule).is_some() {
            continue;
        }
        let group = context.snapshot.groups.iter().find(|group| group.id.eq_ignore_ascii_case(&id));
        let verdict = match group.map(keepers) {
            Some(Keepers::Few) => None,
            Some(Keepers::NotTold) => {
                Some((RuleStatus::Unknown, "the export does not say who may change it"))
            }
            Some(Keepers::Many) => Some((
                RuleStatus::Fail,
                "anybody who manages groups can change who policies are for: it is neither role-assignable nor restricted",
            )),
            Some(Keepers::ManyUnlessRestricted) => Some((
                RuleStatus::Fail,
                "anybody who manages groups can change who policies are for: it is not role-assignable, and the export does not say whether it is restricted",
            )),
            None if context.set.principals().group_is_deleted(&id) => None,
            None => Some((RuleStatus::Unknown, "the export does not have this group")),
        };
        if let Some((status, reason)) = verdict {
            let label = group.map_or(id.as_str(), |group| group.display_name.as_str());
            out.push(Outcome::of(&id, label, status, reason, json!({ "policies": policies })));
        }
    }
    if out.is_empty() {
        let reason = format!("{looked} groups that policies name can be changed by few");
        out.push(Outcome::of_tenant(context, RuleStatus::Pass, reason));
    }
    out.sort_by_key(|outcome| outcome.status != RuleStatus::Fail);
    out
}
