//! What a verdict without directory data rests on.

use std::collections::BTreeSet;

use model::rule::Witness;
use policy::unresolved_of;

use crate::context::Context;

/// How many groups and roles are named; the others are counted.
const NAMED: usize = 2;

/// Groups and roles that could not be looked up and on which these witnesses turn: those that the
/// witnesses are in, and those that the policies which nearly cover them ask for. In words, to go
/// on with a reason; absent where there is directory data or none of them matters.
pub(crate) fn assumption(context: &Context<'_>, witnesses: &[Witness]) -> Option<String> {
    if !context.hypothetical {
        return None;
    }
    let mut unresolved = BTreeSet::new();
    for witness in witnesses {
        unresolved.extend(witness.principals.iter().filter_map(|who| unresolved_of(&who.id)));
        for near in &witness.near_misses {
            let policies = &context.snapshot.policies;
            let near = policies.iter().filter(|policy| policy.id == near.policy_id);
            let groups = near.flat_map(|policy| &policy.conditions.users.include_groups);
            unresolved.extend(groups.map(|group| format!("group {group}")));
        }
    }
    let total = unresolved.len();
    let mut named: Vec<String> = unresolved.into_iter().take(NAMED).collect();
    if total > NAMED {
        named.push(format!("{} more", total - NAMED));
    }
    let (last, first) = named.split_last()?;
    let who =
        if first.is_empty() { last.clone() } else { format!("{} and {last}", first.join(", ")) };
    let count = if total == 1 { "counts" } else { "count" };
    Some(format!("; {who} cannot be looked up and {count} as some people, neither nobody nor all"))
}
