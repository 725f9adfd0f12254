//! An audit for programs.

use model::Timestamp;
use model::finding::Finding;
use model::rule::{RuleResult, Severity};
use model::run::AuditReport;
use model::tenant::TenantSlug;
use serde::Serialize;

use super::{NAME, ordered};
use crate::counts::{SeverityCounts, StatusCounts};
use crate::coverage::MatrixBody;
use crate::{Envelope, ReportError, json};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    tenant: &'a TenantSlug,
    as_of: Timestamp,
    snapshot_id: &'a str,
    summary: Summary,
    results: Vec<&'a RuleResult>,
    coverage: MatrixBody<'a>,
    findings: &'a [Finding],
    notes: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    results: StatusCounts,
    findings: SeverityCounts,
    worst: Option<Severity>,
    coverage_score: Option<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    tenant: &'a TenantSlug,
    as_of: Timestamp,
    #[serde(flatten)]
    result: &'a RuleResult,
}

fn body(report: &AuditReport) -> Body<'_> {
    Body {
        tenant: &report.tenant,
        as_of: report.as_of,
        snapshot_id: &report.snapshot_id,
        summary: Summary {
            results: StatusCounts::of(&report.results),
            findings: SeverityCounts::of(report.findings.iter().map(|f| f.severity)),
            worst: report.worst(),
            coverage_score: report.coverage.score,
        },
        results: ordered(report),
        coverage: MatrixBody::of(&report.coverage),
        findings: &report.findings,
        notes: &report.notes,
    }
}

/// One tenant: its results stand at the top level.
pub(super) fn one(report: &AuditReport, envelope: &Envelope) -> Result<String, ReportError> {
    json::document(NAME, "audit", envelope, body(report))
}

/// Several tenants.
pub(super) fn several(reports: &[AuditReport], envelope: &Envelope) -> Result<String, ReportError> {
    #[derive(Serialize)]
    struct Several<'a> {
        audits: Vec<Body<'a>>,
    }
    let audits = reports.iter().map(body).collect();
    json::document(NAME, "audits", envelope, Several { audits })
}

/// One result a line.
pub(super) fn lines(reports: &[AuditReport]) -> Result<String, ReportError> {
    let all = reports.iter().flat_map(|report| {
        ordered(report).into_iter().map(move |result| Line {
            tenant: &report.tenant,
            as_of: report.as_of,
            result,
        })
    });
    json::lines(NAME, all)
}
