//! Exclusions that nobody explains.

use model::exception::ExceptionSubject;
use model::known::roles;
use model::policy::{ConditionalAccessPolicy, GuestType};
use model::principal::Group;
use model::rule::RuleStatus;
use serde_json::json;

use super::reason::tells_why;
use super::{active, excluded_roles, is_guests};
use crate::checks::directory::named;
use crate::checks::policies::each_policy;
use crate::context::Context;
use crate::outcome::Outcome;

/// The words for the guests whom a policy leaves out; none where it leaves out none.
fn guests(policy: &ConditionalAccessPolicy) -> Option<String> {
    let users = &policy.conditions.users;
    if users.exclude_users.iter().any(|id| is_guests(id)) {
        return Some("all guests and external users".to_owned());
    }
    let meant = users.exclude_guests_or_external_users.as_ref()?;
    let kinds: Vec<&str> =
        meant.guest_or_external_user_types.0.iter().map(GuestType::as_str).collect();
    (!kinds.is_empty()).then(|| format!("guests ({})", kinds.join(", ")))
}

pub(crate) fn undocumented(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let index = context.set.principals();
    let snapshot = context.snapshot;
    let registered = |id: &str| {
        context.exceptions().any(
            |entry| matches!(&entry.subject, ExceptionSubject::Principal(known) if known.eq_ignore_ascii_case(id)),
        )
    };
    let declared = |id: &str| {
        let bits = index.principal(id);
        !bits.is_clear() && bits.is_subset(&context.break_glass)
            || snapshot.break_glass.iter().any(|b| b.user_id.eq_ignore_ascii_case(id))
    };
    let group = |id: &str| snapshot.groups.iter().find(|group| group.id.eq_ignore_ascii_case(id));
    let documented_group = |group: &Group| {
        group.description.as_deref().is_some_and(|text| !text.trim().is_empty())
            || tells_why(&group.display_name)
    };
    each_policy(
        context,
        rule,
        active,
        |policy| {
            if policy.description.as_deref().is_some_and(tells_why) {
                return None;
            }
            let mut silent: Vec<String> = named(policy)
                .into_iter()
                .filter(|(id, is_group, left_out)| {
                    // A placeholder of a template says what it is for.
                    let known = declared(id) || registered(id) || tells_why(id);
                    let explained = *is_group && group(id).is_some_and(documented_group);
                    *left_out && !known && !explained
                })
                .map(|(id, is_group, _)| {
                    if is_group {
                        format!("group {}", index.group_name(id).unwrap_or(id))
                    } else {
                        let label = snapshot.users.iter().find(|u| u.id.eq_ignore_ascii_case(id));
                        format!("user {}", label.map_or(id, |user| user.label()))
                    }
                })
                .collect();
            silent.extend(
                excluded_roles(policy)
                    .filter(|id| !registered(id))
                    .map(|id| format!("role {}", roles::role_name(id).unwrap_or(id))),
            );
            silent.extend(guests(policy));
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
