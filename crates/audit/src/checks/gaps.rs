//! Principals and applications that one policy leaves out and no other covers.

use fixedbitset::FixedBitSet;
use model::known::applications::application_name;
use model::policy::PolicyState;
use model::rule::{RuleStatus, Witness};
use policy::{
    ClientKind, Demand, Population, PrincipalSet, Scope, Selector, Situation, Target, Term,
};
use serde_json::Value;

use crate::context::Context;
use crate::outcome::Outcome;

pub(crate) fn gaps(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    let set = context.set;
    let demand = Demand::of(Term::AnyControl);
    let situation = Situation { clients: ClientKind::ALL.to_vec(), ..Situation::default() };
    let sync =
        set.resolve(&Population { who: vec![Selector::DirectorySync], except: Vec::new() }).yes;
    let intended = context.intended(rule);
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
        let mut witnesses = Vec::new();
        let without = |mut bits: FixedBitSet| {
            bits.difference_with(&intended);
            bits.difference_with(&sync);
            bits.intersect_with(&able(context));
            PrincipalSet {
                workload: false,
                maybe: FixedBitSet::with_capacity(bits.len()),
                yes: bits,
            }
        };
        let left_out = without(set.left_out(handle));
        if !left_out.is_empty() {
            let enforcement = set.enforced(&left_out, &Scope::AllResources, &situation);
            let judgement = set.judge(&enforcement, &demand);
            for breach in &judgement.breaches {
                // Only where this policy would have applied is its exclusion to blame.
                let Some(path) = enforcement.paths.get(breach.path) else { continue };
                if set.matches_path(handle, path) {
                    witnesses.push(witness(context, &breach.members, &path.words));
                }
            }
        }
        let excluded: Vec<Target> = policy
            .conditions
            .applications
            .exclude_applications
            .iter()
            .map(|id| Target::Application(id.to_ascii_lowercase()))
            .collect();
        let covered = without(set.covered(handle));
        for target in excluded {
            if covered.is_empty() {
                continue;
            }
            let scope = Scope::Targets(vec![target.clone()]);
            let enforcement = set.enforced(&covered, &scope, &situation);
            let judgement = set.judge(&enforcement, &demand);
            for breach in &judgement.breaches {
                let Some(path) = enforcement.paths.get(breach.path) else { continue };
                if set.matches_path_but_target(handle, path) {
                    let name = match &target {
                        Target::Application(id) => {
                            application_name(id).unwrap_or(id.as_str()).to_owned()
                        }
                        _ => String::new(),
                    };
                    let words = format!("{} (left out: {name})", path.words);
                    witnesses.push(witness(context, &breach.members, &words));
                }
            }
        }
        if let Some(first) = witnesses.first() {
            let reason = format!("leaves out what no other policy covers: {}", first.path);
            let mut outcome =
                Outcome::of(handle.id, handle.name, RuleStatus::Fail, reason, Value::Null);
            outcome.witnesses = witnesses;
            out.push(outcome);
        }
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

fn able(context: &Context<'_>) -> FixedBitSet {
    context.set.resolve(&Population { who: vec![Selector::AllUsers], except: Vec::new() }).yes
}

fn witness(context: &Context<'_>, members: &[u32], path: &str) -> Witness {
    Witness {
        path: path.to_owned(),
        enough: "a password alone".into(),
        ..context.witness(members, false)
    }
}
