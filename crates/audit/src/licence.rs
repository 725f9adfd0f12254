//! What a rule's verdict is worth in a tenant that lacks the licence for its controls.

use model::policy::{ConditionalAccessPolicy, PolicyState};
use model::rule::{LicenceNeed, RuleStatus};
use policy::PolicySet;

use crate::catalogue::Rule;
use crate::context::Context;
use crate::outcome::Outcome;
use crate::tenant::outcomes;

/// Whether a policy acts only by what a licence brings. Policies for service principals go on
/// working without theirs, and P1 is for Conditional Access as a whole.
fn rests_on(policy: &ConditionalAccessPolicy, need: LicenceNeed) -> bool {
    let conditions = &policy.conditions;
    match need {
        LicenceNeed::EntraIdP2 => {
            !conditions.sign_in_risk_levels.is_empty() || !conditions.user_risk_levels.is_empty()
        }
        LicenceNeed::PurviewAdaptiveProtection => !conditions.insider_risk_levels.0.is_empty(),
        LicenceNeed::None | LicenceNeed::EntraIdP1 | LicenceNeed::WorkloadIdentitiesPremium => {
            false
        }
    }
}

/// Whether a rule holds by policies that need no licence of its own.
fn holds_without(context: &Context<'_>, rule: &Rule) -> bool {
    let need = rule.meta.licence;
    let unlicensed = |policy: &ConditionalAccessPolicy| {
        policy.state == PolicyState::Enabled && rests_on(policy, need)
    };
    if !context.snapshot.policies.iter().any(unlicensed) {
        return true;
    }
    let mut snapshot = context.snapshot.clone();
    snapshot.policies.retain(|policy| !unlicensed(policy));
    let Ok(set) = PolicySet::compile(&snapshot, &context.options.compile) else { return false };
    let without =
        Context::new(&snapshot, &set, context.options, context.hypothetical, context.groups_known);
    outcomes(&without, rule).iter().all(|outcome| outcome.status == RuleStatus::Pass)
}

/// Without the licence a failure cannot be mended, and a pass that rests on what the licence
/// brings is none. A pass by other means stays one.
pub(crate) fn in_view_of_licence(
    context: &Context<'_>,
    rule: &Rule,
    outcomes: Vec<Outcome>,
) -> Vec<Outcome> {
    let need = rule.meta.licence;
    if need.is_met_by(&context.licences()) != Some(false) {
        return outcomes;
    }
    let any = |status| outcomes.iter().any(|outcome| outcome.status == status);
    let void = any(RuleStatus::Fail) || any(RuleStatus::Pass) && !holds_without(context, rule);
    if !void {
        return outcomes;
    }
    let reason = format!("needs {}, which the tenant does not have", need.words());
    vec![Outcome::of_tenant(context, RuleStatus::NotApplicable, reason)]
}
