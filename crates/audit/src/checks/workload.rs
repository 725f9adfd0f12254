//! Service principals of the tenant's own that no policy limits.

use fixedbitset::FixedBitSet;
use model::object::ObjectKind;
use model::rule::{RuleStatus, Witness};
use policy::{ClientKind, PolicyHandle, Population, PrincipalSet, Selector, Situation, Target};

use crate::context::Context;
use crate::outcome::Outcome;

/// Judges by effect: each service principal must itself be blocked in some situation, whatever it
/// reaches. A policy that names others, or nobody that exists, limits none of them.
pub(crate) fn policies(context: &Context<'_>, rule: &str) -> Outcome {
    let population = Population { who: vec![Selector::WorkloadIdentities], except: Vec::new() };
    let mut members = context.set.resolve(&population);
    let own = members.yes.count_ones(..);
    if own == 0 {
        return without_members(context);
    }
    let excused: Vec<usize> =
        members.yes.ones().filter(|at| is_excused(context, rule, *at)).collect();
    for at in excused {
        members.yes.set(at, false);
    }
    let (limited, perhaps) = limited(context, &members);
    let rest = |limited: &FixedBitSet| -> Vec<u32> {
        members.yes.difference(limited).filter_map(|at| u32::try_from(at).ok()).collect()
    };
    let open = rest(&limited);
    if open.is_empty() {
        let reason = format!("{own} service principals of the tenant's own are blocked somewhere");
        return Outcome::of_tenant(context, RuleStatus::Pass, reason);
    }
    let mut possible = limited;
    possible.union_with(&perhaps);
    let free = rest(&possible);
    let (status, open, reason) = if free.is_empty() {
        let reason = format!(
            "whether a policy is for {} of {own} service principals of the tenant's own depends on what was not collected",
            open.len()
        );
        (RuleStatus::Unknown, open, reason)
    } else {
        let reason = format!(
            "{} of {own} service principals of the tenant's own sign in without any policy",
            free.len()
        );
        (RuleStatus::Fail, free, reason)
    };
    let mut outcome = Outcome::of_tenant(context, status, reason);
    outcome.witnesses.push(Witness {
        path: "reaching any application".into(),
        enough: "a secret or certificate from anywhere".into(),
        ..context.witness(&open, true)
    });
    outcome
}

/// Whether one cannot sign in, or is intended.
fn is_excused(context: &Context<'_>, rule: &str, at: usize) -> bool {
    let id = u32::try_from(at).ok().and_then(|at| context.set.principals().workload(at));
    let Some((id, _)) = id else { return false };
    let disabled = context
        .snapshot
        .service_principals
        .iter()
        .any(|principal| principal.id == id && principal.account_enabled == Some(false));
    disabled || context.principal_exception(id, rule).is_some()
}

/// Service principals that a block is surely for, and those that one may be for.
fn limited(context: &Context<'_>, members: &PrincipalSet) -> (FixedBitSet, FixedBitSet) {
    let set = context.set;
    let situation = Situation { clients: ClientKind::ALL.to_vec(), ..Situation::default() };
    // Whoever it may be for counts while it is asked whether a policy can apply at all.
    let asked = |handle: PolicyHandle<'_>| {
        let (mut yes, maybe) = set.covered_workloads(handle);
        yes.union_with(&maybe);
        yes
    };
    let acts = set.applying(members, &Target::AnyOtherApplication, &situation);
    let mut sure = FixedBitSet::with_capacity(members.yes.len());
    let mut perhaps = sure.clone();
    for handle in set.active().filter(|p| p.enabled && set.is_workload(*p) && set.blocks(*p)) {
        if acts.contains(&handle) {
            sure.union_with(&set.covered_workloads(handle).0);
            perhaps.union_with(&asked(handle));
        } else if !set.covered_workloads(handle).1.is_clear() {
            perhaps.union_with(&asked(handle));
        }
    }
    (sure, perhaps)
}

/// What can be said where no service principal is known to be the tenant's own.
fn without_members(context: &Context<'_>) -> Outcome {
    let snapshot = context.snapshot;
    let not_collected = !snapshot.has_all(ObjectKind::ServicePrincipal);
    if not_collected && context.hypothetical {
        return by_policies_alone(context);
    }
    let perhaps_own = snapshot.service_principals.iter().any(|principal| {
        let application = principal
            .service_principal_type
            .as_deref()
            .is_none_or(|kind| kind.eq_ignore_ascii_case("Application"));
        application
            && (principal.app_owner_organization_id.is_none() || snapshot.organization.is_none())
    });
    let (status, reason) = if not_collected {
        (RuleStatus::Unknown, "service principals were not all collected")
    } else if perhaps_own {
        (
            RuleStatus::Unknown,
            "which service principals are the tenant's own is not known: the export does not say whose they are",
        )
    } else {
        (
            RuleStatus::NotApplicable,
            "the tenant has no service principal of its own that Conditional Access can act on",
        )
    };
    Outcome::of_tenant(context, status, reason)
}

/// Policies alone show whether something acts on every service principal; what there is they do not.
fn by_policies_alone(context: &Context<'_>) -> Outcome {
    let set = context.set;
    let acting: Vec<&str> = set
        .active()
        .filter(|policy| policy.enabled && set.is_workload(*policy) && set.blocks(*policy))
        .map(|policy| policy.id)
        .collect();
    let everybody = context.snapshot.policies.iter().any(|policy| {
        acting.contains(&policy.id.as_str())
            && policy.conditions.client_applications.as_ref().is_some_and(|clients| {
                clients.exclude_service_principals.is_empty()
                    && clients.service_principal_filter.is_none()
                    && clients
                        .include_service_principals
                        .iter()
                        .any(|id| id.eq_ignore_ascii_case("ServicePrincipalsInMyTenant"))
            })
    });
    let (status, reason) = if everybody {
        (RuleStatus::Pass, "an enabled policy blocks every service principal somewhere")
    } else if acting.is_empty() {
        (
            RuleStatus::Fail,
            "no enabled policy acts on workload identities, and service principals were not collected",
        )
    } else {
        (
            RuleStatus::Unknown,
            "enabled policies act on some service principals; which there are was not collected",
        )
    };
    Outcome::of_tenant(context, status, reason)
}
