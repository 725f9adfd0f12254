//! Principals and applications that one policy leaves out and no other covers.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;
use model::known::applications::application_name;
use model::policy::{ConditionalAccessPolicy, PolicyState};
use model::rule::{RuleStatus, Witness};
use policy::{Demand, Opening, PolicyHandle, Population, Selector, Target, Term};
use serde_json::Value;

use super::exclusions::not_known;
use crate::context::Context;
use crate::outcome::Outcome;

/// What leaving out opens for sure, and what the data cannot tell, in words.
#[derive(Default)]
struct Gaps {
    witnesses: Vec<Witness>,
    unknown: BTreeSet<String>,
}

impl Gaps {
    fn note(&mut self, context: &Context<'_>, openings: Vec<Opening>, left_out: &str) {
        for opening in openings {
            let path = format!("{}{left_out}", opening.words);
            match opening.enough {
                Some(enough) => self.witnesses.push(Witness {
                    path,
                    enough: enough.to_string(),
                    ..context.witness(&opening.members, false)
                }),
                None => {
                    self.unknown.insert(format!(
                        "whether another policy covers what it leaves out cannot be told {path}"
                    ));
                }
            }
        }
    }
}

pub(crate) fn gaps(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let set = context.set;
    let demand = Demand::of(Term::AnyControl);
    let all = |selector| set.resolve(&Population { who: vec![selector], except: Vec::new() }).yes;
    let mut judged = all(Selector::AllUsers);
    judged.difference_with(&all(Selector::DirectorySync));
    judged.difference_with(&context.intended(rule));
    let mut out = Vec::new();
    let mut looked = 0_usize;
    for handle in set.active().filter(|policy| policy.enabled && !set.is_workload(*policy)) {
        if !set.satisfies(handle, &demand) || context.policy_exception(handle.id, rule).is_some() {
            continue;
        }
        let Some(policy) = context
            .snapshot
            .policies
            .iter()
            .find(|policy| policy.id == handle.id && policy.state == PolicyState::Enabled)
        else {
            continue;
        };
        looked += 1;
        let mut gaps = gaps_of(context, policy, handle, &judged, &demand, rule);
        if !gaps.witnesses.is_empty() {
            // The most people first; of as many, the fewest words.
            gaps.witnesses.sort_by_key(|w| (std::cmp::Reverse(w.total), w.path.len()));
        }
        let (status, reason) = match (gaps.witnesses.first(), gaps.unknown.first()) {
            (Some(first), _) => (
                RuleStatus::Fail,
                format!("leaves out what no other policy covers: {}", first.path),
            ),
            (None, Some(first)) => (RuleStatus::Unknown, first.clone()),
            (None, None) => continue,
        };
        let mut outcome = Outcome::of(handle.id, handle.name, status, reason, Value::Null);
        outcome.witnesses = gaps.witnesses;
        out.push(outcome);
    }
    if out.is_empty() {
        let reason = if looked == 0 {
            "no enabled policy leaves anything out".to_owned()
        } else {
            format!("{looked} enabled policies looked at: what one leaves out another covers")
        };
        out.push(Outcome::of_tenant(context, RuleStatus::Pass, reason));
    }
    out
}

/// What one policy leaves out and no other covers, looking only where its conditions match: only
/// there is its exclusion to blame, and elsewhere a weaker path would hide what it opens.
fn gaps_of(
    context: &Context<'_>,
    policy: &ConditionalAccessPolicy,
    handle: PolicyHandle<'_>,
    judged: &FixedBitSet,
    demand: &Demand,
    rule: &str,
) -> Gaps {
    let set = context.set;
    let among = |mut bits: FixedBitSet| {
        bits.intersect_with(judged);
        bits
    };
    let mut gaps = Gaps::default();
    gaps.note(context, set.openings(handle, &among(set.left_out(handle)), demand), "");
    let open = not_known(context, policy, rule);
    let doubtful = among(set.possibly_covered(handle));
    if !open.is_empty() && !set.openings(handle, &doubtful, demand).is_empty() {
        gaps.unknown.extend(open.iter().map(|why| format!("who is left out is not known: {why}")));
    }
    let covered = among(set.covered(handle));
    for id in &policy.conditions.applications.exclude_applications {
        let id = id.to_ascii_lowercase();
        let name = application_name(&id).unwrap_or(&id);
        let words = format!(" (left out: {name})");
        let target = Target::Application(id.clone());
        gaps.note(context, set.openings_at(handle, &target, &covered, demand), &words);
    }
    gaps
}
