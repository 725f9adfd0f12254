//! Named checks: what the expectation language cannot say.

mod break_glass;
mod directory;
mod directory_sync;
mod exclusions;
mod gaps;
mod policies;
mod posture;
mod workload;

use serde::Deserialize;

pub(crate) use exclusions::counts as excluded_counts;

use crate::catalogue::Rule;
use crate::context::Context;
use crate::outcome::Outcome;

/// A named check with its parameters; thresholds can be overridden in configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// Enough emergency accounts are declared, cloud-only, able to sign in and monitored.
    BreakGlassConfigured {
        /// How many at least.
        minimum: u32,
    },
    /// Emergency accounts are left out of every policy. Per policy.
    BreakGlassExcludedFromAll {},
    /// Report-only policies are not older than so many days. Per policy.
    ReportOnlyGraduated {
        /// Days.
        days: u32,
    },
    /// Disabled policies are not older than so many days. Per policy.
    DisabledPoliciesOld {
        /// Days.
        days: u32,
    },
    /// Named locations exist.
    TrustedLocationsDefined {
        /// `trusted` for a trusted address location, `any` for any.
        kind: String,
    },
    /// Every service principal of the tenant's own is blocked somewhere.
    WorkloadIdentityPolicies {},
    /// Policies name nothing that was deleted. Per policy.
    DeletedObjectReferences {},
    /// No policy stops directory synchronisation. Per policy.
    DirectorySyncExcluded {},
    /// Groups that policies name can be changed by few. Per group.
    GroupsManagementRestricted {},
    /// Nobody is left out of one policy and covered by none. Per policy.
    NoExclusionGaps {},
    /// Every policy is for somebody and about something. Per policy.
    PolicyWithoutTarget {},
    /// No policy asks for user risk and sign-in risk at once. Per policy.
    RiskConditionsCombined {},
    /// No policy rests on the retired approved-app control. Per policy.
    ApprovedAppRetired {},
    /// Microsoft-managed policies are not left waiting. Per policy.
    ManagedPoliciesReportOnly {},
    /// Every condition and control can be evaluated. Per policy.
    UnknownConditions {},
    /// Block stands alone. Per policy.
    BlockWithOtherControls {},
    /// Security defaults or policies are in force.
    SecurityDefaultsAndPolicies {},
    /// Some countries are blocked for everybody.
    CountriesRestricted {},
    /// Published authentication contexts are enforced. Per context.
    AuthenticationContextEnforced {},
    /// Excluded users sign in now and then. Per user.
    ExcludedStaleUser {
        /// Days without a sign-in.
        days: u32,
    },
    /// Excluded users exist and are enabled. Per user.
    ExcludedOrphanUser {},
    /// No administrator reaches anything without MFA because of an exclusion. Per user.
    ExcludedAdminMfaBypass {},
    /// Policies exclude few. Per policy.
    ExclusionCreep {
        /// How many principals at most, counted after expanding groups.
        threshold: u32,
    },
    /// Exclusions have a reason. Per policy.
    ExclusionUndocumented {},
    /// Excluded groups are role-assignable or restricted. Per group.
    ExcludedGroupJoinable {},
    /// No excluded group is filled by a rule. Per group.
    ExcludedDynamicGroup {},
}

/// Runs a check.
pub(crate) fn run(context: &Context<'_>, rule: &Rule, check: &Check) -> Vec<Outcome> {
    let id = rule.meta.id.as_str();
    match check {
        Check::BreakGlassConfigured { minimum } => {
            vec![break_glass::configured(context, context.threshold(id, "minimum", *minimum))]
        }
        Check::BreakGlassExcludedFromAll {} => break_glass::excluded_from_all(context, id),
        Check::ReportOnlyGraduated { days } => {
            policies::report_only(context, id, context.threshold(id, "days", *days))
        }
        Check::DisabledPoliciesOld { days } => {
            policies::disabled(context, id, context.threshold(id, "days", *days))
        }
        Check::TrustedLocationsDefined { kind } => {
            vec![posture::locations(context, kind == "trusted")]
        }
        Check::WorkloadIdentityPolicies {} => vec![workload::policies(context, id)],
        Check::DeletedObjectReferences {} => directory::deleted_references(context, id),
        Check::DirectorySyncExcluded {} => directory_sync::directory_sync(context, id),
        Check::GroupsManagementRestricted {} => directory::groups_restricted(context, id),
        Check::NoExclusionGaps {} => gaps::gaps(context, id),
        Check::PolicyWithoutTarget {} => policies::without_target(context, id),
        Check::RiskConditionsCombined {} => policies::risks_combined(context, id),
        Check::ApprovedAppRetired {} => policies::approved_app(context, id),
        Check::ManagedPoliciesReportOnly {} => policies::managed_report_only(context, id),
        Check::UnknownConditions {} => policies::unknown_conditions(context, id),
        Check::BlockWithOtherControls {} => policies::block_with_others(context, id),
        Check::SecurityDefaultsAndPolicies {} => vec![posture::defaults_or_policies(context)],
        Check::CountriesRestricted {} => vec![posture::countries(context, id)],
        Check::AuthenticationContextEnforced {} => posture::contexts(context, id),
        Check::ExcludedStaleUser { days } => {
            exclusions::stale(context, id, context.threshold(id, "days", *days))
        }
        Check::ExcludedOrphanUser {} => exclusions::orphan(context, id),
        Check::ExcludedAdminMfaBypass {} => exclusions::admin_bypass(context, id),
        Check::ExclusionCreep { threshold } => {
            exclusions::creep(context, id, context.threshold(id, "threshold", *threshold))
        }
        Check::ExclusionUndocumented {} => exclusions::undocumented(context, id),
        Check::ExcludedGroupJoinable {} => exclusions::joinable(context, id),
        Check::ExcludedDynamicGroup {} => exclusions::dynamic(context, id),
    }
}
