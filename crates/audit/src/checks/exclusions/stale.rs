//! Excluded users who no longer sign in.

use std::collections::BTreeSet;

use model::Timestamp;
use model::principal::User;
use model::rule::{RuleStatus, Witness};
use serde_json::json;

use super::{
    beside_unknown, by_user, left_out, named_out, no_directory, not_known_at_all, or_well,
};
use crate::context::Context;
use crate::outcome::Outcome;

/// 1 December 2023: since then Microsoft fills the time of the last success, and not backwards.
const SUCCESS_RECORDED_SINCE: i64 = 1_701_388_800;

fn date(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..10).unwrap_or(&text).to_owned()
}

/// When a user last signed in.
enum Last {
    /// At a time.
    At(Timestamp),
    /// Never since the account was created.
    Never(Timestamp),
    /// The export does not say enough.
    NotTold(&'static str),
}

/// When a user last signed in. `successes_told` says whether the export has successes at all.
fn last_sign_in(user: &User, successes_told: bool, limit: i64) -> Last {
    let activity = user.sign_in_activity.clone().unwrap_or_default();
    if let Some(success) = activity.last_successful_sign_in_date_time {
        return Last::At(success);
    }
    let attempt =
        activity.last_sign_in_date_time.max(activity.last_non_interactive_sign_in_date_time);
    let created = user.created_date_time;
    match (attempt, created) {
        (None, None) => Last::NotTold(
            "left out of policies, and the export has neither a sign-in nor the creation date",
        ),
        (None, Some(created)) => Last::Never(created),
        (Some(attempt), _) if !successes_told => Last::At(attempt),
        (Some(_), Some(created)) if created.as_second() >= SUCCESS_RECORDED_SINCE => {
            Last::Never(created)
        }
        (Some(attempt), Some(_)) => Last::At(attempt),
        // No success is later than the last attempt.
        (Some(attempt), None) if attempt.as_second() < limit => Last::At(attempt),
        (Some(_), None) => Last::NotTold(
            "left out of policies; the last attempt is recent, and the export does not say whether it succeeded or when the account was created",
        ),
    }
}

/// Stale guests that no policy names: they are left out because they are guests. No entry is theirs
/// to remove, so that one result tells of them all.
#[derive(Default)]
struct StaleGuests<'a> {
    members: Vec<u32>,
    policies: BTreeSet<&'a str>,
}

impl StaleGuests<'_> {
    fn outcome(self, context: &Context<'_>, days: u32) -> Option<Outcome> {
        let (principals, total) = context.labels(&self.members, false);
        if total == 0 {
            return None;
        }
        let reason = format!(
            "{total} guests, left out of policies because they are guests, have not signed in within {days} days"
        );
        let mut outcome = Outcome::of_tenant(context, RuleStatus::Fail, reason);
        let policies: Vec<&str> = self.policies.into_iter().collect();
        outcome.witnesses = vec![Witness {
            principals,
            total,
            path: format!("left out as guests by {}", policies.join(", ")),
            ..Witness::default()
        }];
        outcome.facts = json!({ "policies": policies });
        Some(outcome)
    }
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
    let successes_told = users
        .iter()
        .filter_map(|user| user.sign_in_activity.as_ref())
        .any(|activity| activity.last_successful_sign_in_date_time.is_some());
    let limit = context.options.as_of.as_second() - i64::from(days) * 86_400;
    let intended = context.intended(rule);
    let (mut looked, mut exempt, mut disabled) = (0, 0, 0);
    let mut out = Vec::new();
    let mut guests = StaleGuests::default();
    let mut unknown = not_known_at_all(context, rule);
    let named = by_user(context, named_out);
    // Guests and holders of roles too: whoever a policy leaves out opens it with a password.
    for (at, policies) in by_user(context, left_out) {
        let Some(user) = users.get(at) else { continue };
        // Disabled and deleted accounts are orphans, not stale.
        if user.account_enabled == Some(false) || user.deleted_date_time.is_some() {
            disabled += 1;
            continue;
        }
        if intended.contains(at) {
            exempt += 1;
            continue;
        }
        looked += 1;
        let (status, reason, last) = match last_sign_in(user, successes_told, limit) {
            Last::At(last) if last.as_second() < limit => {
                let reason = format!("left out of policies, and last signed in on {}", date(last));
                (RuleStatus::Fail, reason, Some(date(last)))
            }
            Last::Never(created) if created.as_second() < limit => {
                let reason = "left out of policies, and has never signed in".to_owned();
                (RuleStatus::Fail, reason, None)
            }
            Last::NotTold(reason) => (RuleStatus::Unknown, reason.to_owned(), None),
            Last::At(_) | Last::Never(_) => continue,
        };
        if !named.contains_key(&at) {
            if status == RuleStatus::Fail {
                guests.members.push(u32::try_from(at).unwrap_or(u32::MAX));
                guests.policies.extend(policies);
            } else {
                unknown.insert("the export does not say when some guests signed in".to_owned());
            }
            continue;
        }
        let facts = json!({ "policies": policies, "lastSignIn": last });
        out.push(Outcome::of(&user.id, user.label(), status, reason, facts));
    }
    let none = if disabled > 0 {
        "every user whom policies leave out is disabled or deleted"
    } else {
        "no policy leaves out a user"
    };
    let well = format!(
        "each has signed in within {days} days; {exempt} emergency accounts and exceptions are exempt"
    );
    out.extend(guests.outcome(context, days));
    out.sort_by_key(|outcome| outcome.status != RuleStatus::Fail);
    let out = or_well(context, out, looked + exempt, none, &well);
    beside_unknown(context, out, &unknown)
}
