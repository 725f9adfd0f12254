//! Administrators who reach something without MFA because a policy leaves them out.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use model::guarantee::AuthenticationLevel;
use model::rule::RuleStatus;
use policy::{Demand, Population, Selector, Term};
use serde_json::json;

use super::{beside_unknown, no_directory, not_known, or_well};
use crate::context::Context;
use crate::outcome::Outcome;

/// A path that leaving an administrator out of a policy opens.
struct Bypass<'a> {
    policy: &'a str,
    path: String,
    enough: String,
}

/// Administrators, synchronisation accounts apart.
fn administrators() -> Population {
    Population {
        who: vec![
            Selector::RoleSet("mission-any-admin".into()),
            Selector::RoleSet("microsoft-ca-admins".into()),
        ],
        except: vec![Selector::DirectorySync],
    }
}

pub(crate) fn admin_bypass(context: &Context<'_>, rule: &str) -> Vec<Outcome> {
    if let Some(out) = no_directory(context) {
        return out;
    }
    let set = context.set;
    let (population, excepted) = context.population(&administrators(), rule);
    if population.yes.is_clear() {
        let (status, reason) = if !population.maybe.is_clear() {
            (RuleStatus::Unknown, "role assignments were not collected")
        } else if excepted > 0 {
            (RuleStatus::Pass, "all administrators are declared emergency accounts or exceptions")
        } else {
            (RuleStatus::NotApplicable, "the tenant has no administrators")
        };
        return vec![Outcome::of_tenant(context, status, reason)];
    }
    let mfa = Demand::of(Term::Authentication(AuthenticationLevel::Mfa));
    let asks = Demand::of(Term::AnyControl);
    let mut bypasses: BTreeMap<u32, Vec<Bypass<'_>>> = BTreeMap::new();
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    // Whatever asks for more than a password counts, and not only MFA: without the exclusion the
    // password alone would not have been enough there.
    for policy in set.active().filter(|policy| {
        policy.enabled && !set.is_workload(*policy) && set.satisfies(*policy, &asks)
    }) {
        let among = |mut bits: FixedBitSet| {
            bits.intersect_with(&population.yes);
            bits
        };
        let left_out = among(set.left_out(policy));
        for opening in set.openings(policy, &left_out, &mfa) {
            let Some(enough) = &opening.enough else { continue };
            for member in opening.members {
                bypasses.entry(member).or_default().push(Bypass {
                    policy: policy.name,
                    path: opening.words.clone(),
                    enough: enough.to_string(),
                });
            }
        }
        let source = context.snapshot.policies.iter().find(|source| source.id == policy.id);
        let open = source.map(|source| not_known(context, source, rule)).unwrap_or_default();
        if !open.is_empty() {
            let doubtful = among(set.possibly_covered(policy));
            if !set.openings(policy, &doubtful, &mfa).is_empty() {
                unknown.extend(open);
            }
        }
    }
    let out = bypasses
        .iter()
        .filter_map(|(member, found)| {
            let (id, label) = set.principals().user(*member)?;
            // A password alone is told before anything stronger.
            let shown =
                found.iter().min_by_key(|bypass| !bypass.enough.starts_with("a password alone"))?;
            let blamed: BTreeSet<&str> = found
                .iter()
                .filter(|bypass| bypass.path == shown.path)
                .map(|bypass| bypass.policy)
                .collect();
            let elsewhere: BTreeMap<&str, &str> = found
                .iter()
                .filter(|bypass| !blamed.contains(bypass.policy))
                .map(|bypass| (bypass.policy, bypass.path.as_str()))
                .collect();
            let names = |all: Vec<&str>| all.join(", ");
            let mut reason = format!(
                "an administrator for whom {} is enough {}, because left out of {}",
                shown.enough,
                shown.path,
                names(blamed.iter().copied().collect())
            );
            let mut facts = json!({ "policies": blamed, "path": shown.path });
            if !elsewhere.is_empty() {
                reason += "; another path is open because left out of ";
                reason += &names(elsewhere.keys().copied().collect());
                if let Some(facts) = facts.as_object_mut() {
                    facts.insert("elsewhere".to_owned(), json!(elsewhere));
                }
            }
            Some(Outcome::of(id, label, RuleStatus::Fail, reason, facts))
        })
        .collect();
    let looked = population.yes.count_ones(..);
    let out = or_well(context, out, looked, "", "no exclusion spares an administrator MFA");
    beside_unknown(context, out, &unknown)
}
