//! A decision for programs, in the names of Graph's What-If API.

use model::decision::{Applies, Outcome, PolicyVerdict, SignInScenario};
use model::guarantee::WayIn;
use model::policy::PolicyState;
use model::tenant::TenantSlug;
use serde::Serialize;

use super::{WhatIf, ordered, with_report_only};

/// The whole decision.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    tenant: &'a TenantSlug,
    principal: &'a str,
    target: &'a str,
    scenario: &'a SignInScenario,
    outcome: Outcome,
    ways: &'a [WayIn],
    weakest_ways: &'a [WayIn],
    with_report_only: Option<&'a [WayIn]>,
    notes: &'a [String],
    value: Vec<Verdict<'a>>,
}

/// One policy, as the API's `whatIfAnalysisResult`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verdict<'a> {
    id: &'a str,
    display_name: &'a str,
    state: &'a PolicyState,
    policy_applies: Option<bool>,
    analysis_reasons: &'a str,
    detail: &'a str,
    requires: &'a [String],
    session: &'a [String],
}

impl<'a> Body<'a> {
    /// The whole decision.
    pub(super) fn of(what_if: &WhatIf<'a>) -> Self {
        let decision = what_if.decision;
        Self {
            tenant: what_if.tenant,
            principal: what_if.principal,
            target: what_if.target,
            scenario: what_if.scenario,
            outcome: decision.outcome,
            ways: &decision.ways,
            weakest_ways: &decision.weakest_ways,
            with_report_only: with_report_only(decision),
            notes: &decision.notes,
            value: ordered(decision).map(Verdict::of).collect(),
        }
    }
}

impl<'a> Verdict<'a> {
    /// One policy.
    pub(super) fn of(policy: &'a PolicyVerdict) -> Self {
        Self {
            id: &policy.policy_id,
            display_name: &policy.display_name,
            state: &policy.state,
            policy_applies: match policy.policy_applies {
                Applies::Yes => Some(true),
                Applies::No => Some(false),
                Applies::Unknown => None,
            },
            analysis_reasons: policy.analysis_reasons.as_str(),
            detail: &policy.detail,
            requires: &policy.requires,
            session: &policy.session,
        }
    }
}
