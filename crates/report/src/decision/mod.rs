//! What the policies say to one sign-in (What-If).

mod body;
mod draw;
mod markdown;
mod words;

use model::decision::{Applies, Decision, PolicyVerdict, SignInScenario};
use model::guarantee::WayIn;
use model::policy::PolicyState;
use model::tenant::TenantSlug;

use crate::spreadsheet::{self, joined};
use crate::{Envelope, Format, ReportError, Style, json};

const NAME: &str = "a What-If";

/// A decision and what was asked.
#[derive(Debug, Clone, Copy)]
pub struct WhatIf<'a> {
    /// The tenant.
    pub tenant: &'a TenantSlug,
    /// Who signs in, by name.
    pub principal: &'a str,
    /// What is reached, by name.
    pub target: &'a str,
    /// The sign-in.
    pub scenario: &'a SignInScenario,
    /// The decision.
    pub decision: &'a Decision,
}

/// Writes a decision: the verdict, the ways in, then policy by policy. JSON uses the names of
/// Graph's What-If API (`value`, `policyApplies`, `analysisReasons`), with `policyApplies` null
/// where the data cannot tell, and `withReportOnly` null where no report-only policy has a say (and
/// empty where one would block). NDJSON and CSV hold one policy a line. Not as SARIF.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for SARIF; otherwise if a value has no form in the format.
pub fn decision(
    what_if: &WhatIf<'_>,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    match format {
        Format::Table => Ok(draw::draw(what_if, *style)),
        Format::Json => json::document(NAME, "whatIf", envelope, body::Body::of(what_if)),
        Format::Ndjson => json::lines(NAME, ordered(what_if.decision).map(body::Verdict::of)),
        Format::Csv => rows(what_if),
        Format::Markdown => Ok(markdown::write(what_if)),
        Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: crate::LIST_FORMATS })
        }
    }
}

/// The ways in if report-only policies were on: none where that blocks, and no answer where no such
/// policy has a say.
fn with_report_only(decision: &Decision) -> Option<&[WayIn]> {
    let has_say = |policy: &PolicyVerdict| {
        policy.state == PolicyState::ReportOnly && policy.policy_applies != Applies::No
    };
    decision.policies.iter().any(has_say).then_some(&decision.with_report_only)
}

/// The groups of policies and what each is called, in the order in which they are read.
const GROUPS: [(Applies, &str); 3] = [
    (Applies::Yes, "Policies that will apply"),
    (Applies::Unknown, "Policies that cannot be decided"),
    (Applies::No, "Policies that will not apply"),
];

fn group(decision: &Decision, applies: Applies) -> impl Iterator<Item = &PolicyVerdict> {
    let policies = decision.policies.iter();
    policies.filter(move |policy| policy.policy_applies == applies)
}

fn ordered(decision: &Decision) -> impl Iterator<Item = &PolicyVerdict> {
    GROUPS.into_iter().flat_map(|(applies, _)| group(decision, applies))
}

fn rows(what_if: &WhatIf<'_>) -> Result<String, ReportError> {
    let header = [
        "id",
        "displayName",
        "state",
        "policyApplies",
        "analysisReasons",
        "detail",
        "requires",
        "session",
    ];
    let rows = ordered(what_if.decision).map(|policy| {
        let applies = match policy.policy_applies {
            Applies::Yes => "true",
            Applies::No => "false",
            Applies::Unknown => "",
        };
        vec![
            policy.policy_id.clone(),
            policy.display_name.clone(),
            policy.state.to_string(),
            applies.to_owned(),
            policy.analysis_reasons.as_str().to_owned(),
            policy.detail.clone(),
            joined(&policy.requires),
            joined(&policy.session),
        ]
    });
    spreadsheet::table(NAME, &header, rows)
}
