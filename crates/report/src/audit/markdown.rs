//! An audit for a ticket.

use std::fmt::Write as _;

use model::rule::{RuleResult, RuleStatus};
use model::run::AuditReport;

use super::{ORDER, heading, names_subject, ordered};
use crate::counts::StatusCounts;
use crate::markdown::{code, escape, table};
use crate::{when, witness};

/// The audits, one below the other.
pub(super) fn write(reports: &[AuditReport]) -> String {
    if reports.is_empty() {
        return "No tenant was audited.\n".to_owned();
    }
    let parts: Vec<_> = reports.iter().map(tenant).collect();
    parts.join("\n")
}

fn tenant(report: &AuditReport) -> String {
    let mut out = String::new();
    let counts = StatusCounts::of(&report.results);
    let _ = writeln!(out, "# Conditional Access audit of {}\n", escape(report.tenant.as_str()));
    let _ = writeln!(out, "As of {} UTC.\n", when::minute(report.as_of));
    let worst = report.worst().map_or("-", model::rule::Severity::as_str);
    let score = report.coverage.score.map_or_else(|| "-".to_owned(), |score| format!("{score}%"));
    out.push_str(&table(
        &[">Failing", ">Unknown", ">Not applicable", ">Passing", ">Findings", "Worst", ">Coverage"],
        &[vec![
            counts.fail.to_string(),
            counts.unknown.to_string(),
            counts.not_applicable.to_string(),
            counts.pass.to_string(),
            report.findings.len().to_string(),
            worst.to_owned(),
            score,
        ]],
    ));
    let results = ordered(report);
    for status in ORDER {
        let of_status: Vec<_> = results.iter().filter(|r| r.status == status).collect();
        if of_status.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n## {} ({})\n", heading(status), of_status.len());
        if status == RuleStatus::Fail {
            let failing: Vec<_> = of_status.into_iter().map(|r| failing(r)).collect();
            out.push_str(&failing.join("\n"));
        } else {
            let rows: Vec<_> = of_status.into_iter().map(|r| brief(r)).collect();
            out.push_str(&table(&["Rule", "Severity", "Why"], &rows));
        }
    }
    if !report.notes.is_empty() {
        out.push_str("\n## Notes on the data\n\n");
        for note in &report.notes {
            let _ = writeln!(out, "- {}", escape(note));
        }
    }
    out
}

fn failing(result: &RuleResult) -> String {
    let mut out = format!("### {} ({})\n\n", code(&result.rule), result.severity);
    let _ = writeln!(out, "{}\n", escape(&result.title));
    if names_subject(result) {
        let _ = writeln!(out, "Subject: {}\n", escape(&result.subject_label));
    }
    let _ = writeln!(out, "{}", escape(&result.reason));
    let witnesses = witness::list(&result.witnesses);
    if !witnesses.is_empty() {
        let _ = write!(out, "\n{witnesses}");
    }
    if !result.references.is_empty() {
        let references: Vec<_> = result.references.iter().map(|r| code(r)).collect();
        let _ = writeln!(out, "\nReferences: {}", references.join(", "));
    }
    out
}

fn brief(result: &RuleResult) -> Vec<String> {
    let promise = result.status == RuleStatus::Pass && !result.declared;
    let why = if promise { &result.title } else { &result.reason };
    let mut rule = code(&result.rule);
    if names_subject(result) {
        let _ = write!(rule, " {}", escape(&result.subject_label));
    }
    vec![rule, result.severity.to_string(), escape(why)]
}
