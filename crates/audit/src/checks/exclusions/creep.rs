//! How many each policy leaves out.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use model::policy::ConditionalAccessPolicy;
use model::rule::RuleStatus;
use serde_json::json;

use super::{active, beside_unknown, left_out, no_directory, not_known};
use crate::checks::policies::each_policy;
use crate::context::Context;
use crate::outcome::Outcome;

/// How many users a policy leaves out, those who count as intended apart.
fn count(context: &Context<'_>, policy: &ConditionalAccessPolicy, intended: &FixedBitSet) -> usize {
    let mut bits = left_out(context, policy);
    bits.difference_with(intended);
    bits.count_ones(..)
}

pub(crate) fn creep(context: &Context<'_>, rule: &str, threshold: u32) -> Vec<Outcome> {
    if let Some(out) = no_directory(context) {
        return out;
    }
    let intended = context.intended(rule);
    let out = each_policy(
        context,
        rule,
        active,
        |policy| {
            let count = count(context, policy, &intended);
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
    );
    // More who are left out change nothing about a policy that leaves out too many already.
    let unknown: BTreeSet<String> = context
        .snapshot
        .policies
        .iter()
        .filter(|policy| {
            active(policy)
                && context.policy_exception(&policy.id, rule).is_none()
                && !out.iter().any(|outcome| outcome.subject.contains(&policy.id))
        })
        .flat_map(|policy| not_known(context, policy, rule))
        .collect();
    beside_unknown(context, out, &unknown)
}

/// How many users each active policy excludes.
pub(crate) fn counts(context: &Context<'_>) -> BTreeMap<String, usize> {
    let intended = context.intended("exclusion.creep");
    context
        .snapshot
        .policies
        .iter()
        .filter(|policy| active(policy))
        .map(|policy| (policy.id.clone(), count(context, policy, &intended)))
        .collect()
}
