//! The audit of one tenant, or of several.

mod json;
mod markdown;
mod table;

use model::rule::{RuleResult, RuleStatus};
use model::run::AuditReport;

use crate::spreadsheet::{self, joined};
use crate::{Envelope, Format, ReportError, Style, sarif, witness};

const NAME: &str = "an audit";

/// Statuses in the order in which an engineer wants them.
const ORDER: [RuleStatus; 4] =
    [RuleStatus::Fail, RuleStatus::Unknown, RuleStatus::NotApplicable, RuleStatus::Pass];

/// Writes the audit of one tenant, in any format. NDJSON and CSV hold one result a line. SARIF
/// knows of the rules what their results say; [`crate::sarif::log`] takes their metadata too.
///
/// # Errors
/// If a value has no form in the format.
pub fn audit(
    report: &AuditReport,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    match format {
        Format::Json => json::one(report, envelope),
        _ => audits(std::slice::from_ref(report), envelope, format, style),
    }
}

/// Writes the audits of several tenants in the order given, in any format. JSON holds them under
/// `audits`; NDJSON and CSV hold one result a line; SARIF holds one run a tenant.
///
/// # Errors
/// If a value has no form in the format.
pub fn audits(
    reports: &[AuditReport],
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    match format {
        Format::Table => Ok(table::draw(reports, *style)),
        Format::Json => json::several(reports, envelope),
        Format::Ndjson => json::lines(reports),
        Format::Csv => rows(reports),
        Format::Markdown => Ok(markdown::write(reports)),
        Format::Sarif => sarif::log(reports, &[], envelope),
    }
}

/// The results by status, then worst first, then by rule and subject.
fn ordered(report: &AuditReport) -> Vec<&RuleResult> {
    let mut results: Vec<_> = report.results.iter().collect();
    results.sort_by_cached_key(|result| {
        (
            ORDER.iter().position(|status| *status == result.status),
            std::cmp::Reverse(result.severity),
            result.rule.clone(),
            result.subject.clone(),
        )
    });
    results
}

/// What a status is called over a list.
fn heading(status: RuleStatus) -> &'static str {
    match status {
        RuleStatus::Fail => "Failing",
        RuleStatus::Unknown => "Unknown",
        RuleStatus::NotApplicable => "Not applicable",
        RuleStatus::Pass => "Passing",
    }
}

/// Whether the subject says more than that it is the tenant.
fn names_subject(result: &RuleResult) -> bool {
    !result.subject_label.is_empty() && result.subject != ["tenant"]
}

fn rows(reports: &[AuditReport]) -> Result<String, ReportError> {
    let mut header = vec![
        "tenant",
        "asOf",
        "rule",
        "title",
        "status",
        "severity",
        "subject",
        "reason",
        "references",
    ];
    header.extend(witness::COLUMNS);
    let all =
        reports.iter().flat_map(|report| ordered(report).into_iter().map(move |r| (report, r)));
    let rows = all.map(|(report, result)| {
        let mut row = vec![
            report.tenant.to_string(),
            report.as_of.to_string(),
            result.rule.clone(),
            result.title.clone(),
            result.status.as_str().to_owned(),
            result.severity.to_string(),
            result.subject_label.clone(),
            result.reason.clone(),
            joined(&result.references),
        ];
        row.extend(witness::cells(&result.witnesses));
        row
    });
    spreadsheet::table(NAME, &header, rows)
}
