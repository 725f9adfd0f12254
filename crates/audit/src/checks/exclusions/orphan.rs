//! Excluded users that no longer exist or cannot sign in.

use std::collections::{BTreeMap, BTreeSet};

use model::rule::RuleStatus;
use serde_json::json;

use super::{active, beside_unknown, by_user, named_out, no_directory, not_known_at_all, or_well};
use crate::checks::directory::named;
use crate::context::Context;
use crate::outcome::Outcome;

pub(crate) fn orphan(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    if let Some(out) = no_directory(context) {
        return out;
    }
    let index = context.set.principals();
    let mut out = Vec::new();
    // Everybody named, whether the policy includes them or not: the entry is what is left over. A
    // disabled guest under an exclusion of all guests has no entry to take out.
    let excluded = by_user(context, named_out);
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
    for policy in context.snapshot.policies.iter().filter(|policy| active(policy)) {
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
    let out =
        or_well(context, out, looked, "no policy leaves out a user", "each exists and is enabled");
    beside_unknown(context, out, &not_known_at_all(context, rule))
}
