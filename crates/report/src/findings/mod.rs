//! Findings: the list, one in full, and the counts.

mod detail;
mod evidence;
mod history;
mod summary;

use model::finding::{FindingState, TrackedFinding};

pub use detail::{FindingDetail, finding};
pub use history::finding_history;
pub use summary::{FindingTally, findings_summary};

use crate::layout::{Column, Grid, Paint, Screen, Span, of_severity};
use crate::markdown::{self, code, escape};
use crate::spreadsheet::{self, joined, optional};
use crate::{Envelope, Format, LIST_FORMATS, ReportError, Style, counted, json, when};

const NAME: &str = "the list of findings";

/// Writes findings in the order given, one a line in NDJSON and CSV. Not as SARIF: an audit has it.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for SARIF; otherwise if a value has no form in the format.
pub fn findings(
    findings: &[TrackedFinding],
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(serde::Serialize)]
    struct Body<'a> {
        findings: &'a [TrackedFinding],
    }
    match format {
        Format::Table => Ok(draw(findings, *style)),
        Format::Json => json::document(NAME, "findings", envelope, Body { findings }),
        Format::Ndjson => json::lines(NAME, findings),
        Format::Csv => rows(findings),
        Format::Markdown => Ok(write(findings)),
        Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: LIST_FORMATS })
        }
    }
}

/// The state, with the day on which it ends.
fn state(tracked: &TrackedFinding) -> String {
    match (tracked.state, tracked.until) {
        (FindingState::Snoozed | FindingState::Accepted, Some(until)) => {
            format!("{} to {}", tracked.state, when::day(until))
        }
        (state, _) => state.to_string(),
    }
}

fn draw(findings: &[TrackedFinding], style: Style) -> String {
    let mut screen = Screen::new(style);
    if findings.is_empty() {
        screen.line(&[Span::new("No findings.")]);
        return screen.finish();
    }
    // What is the same in every row is told once below, where there is little room: the rows then
    // show what tells them apart.
    let tenant = shared(findings, |tracked| tracked.finding.tenant.as_str());
    let state = shared(findings, |tracked| tracked.state.as_str());
    let is_open = state == Some(FindingState::Open.as_str());
    let unless_shared = |column: Column, is_shared: bool, rank: u8| {
        if is_shared { column.optional(rank) } else { column }
    };
    let least = match (tenant.is_some(), is_open) {
        (true, true) => 28,
        (true, false) => 20,
        (false, true) => 22,
        (false, false) => 15,
    };
    let mut grid = Grid::new(&[
        Column::left("ID"),
        Column::left("SEVERITY"),
        unless_shared(Column::left("TENANT").cut(8), tenant.is_some(), 6),
        Column::left("RULE").cut(least),
        Column::left("SUBJECT").cut(least),
        unless_shared(Column::left("STATE"), is_open, 5),
        Column::left("UNTIL").optional(4),
        Column::left("ASSIGNED").cut(8).optional(2),
        Column::left("SEEN").optional(1),
        Column::left("TITLE").cut(24).optional(3),
    ]);
    for tracked in findings {
        let finding = &tracked.finding;
        let paint = if tracked.state.is_active() { Paint::Plain } else { Paint::Dim };
        grid.add(vec![
            Span::new(finding.short_id()),
            Span::painted(finding.severity.as_str(), of_severity(finding.severity)),
            Span::new(finding.tenant.as_str()),
            Span::new(finding.rule.as_str()),
            Span::new(finding.subject_label.as_str()),
            Span::painted(tracked.state.as_str(), paint),
            Span::painted(tracked.until.map(when::day).unwrap_or_default(), paint),
            Span::new(tracked.assignee.as_deref().unwrap_or_default()),
            Span::painted(when::day(tracked.first_seen), Paint::Dim),
            Span::new(finding.title.as_str()),
        ]);
    }
    screen.grid(&grid);
    screen.blank();
    let mut told = counted(findings.len(), "finding", "findings");
    if let Some(tenant) = tenant {
        told = format!("{told} of {tenant}");
    }
    if is_open {
        told += if findings.len() == 1 { ", open" } else { ", all open" };
    }
    screen.line(&[Span::painted(told, Paint::Dim)]);
    screen.finish()
}

/// What all findings have in common, if they do.
fn shared<'f>(
    findings: &'f [TrackedFinding],
    of: impl Fn(&'f TrackedFinding) -> &'f str,
) -> Option<&'f str> {
    let first = findings.first().map(&of)?;
    findings.iter().all(|tracked| of(tracked) == first).then_some(first)
}

fn rows(findings: &[TrackedFinding]) -> Result<String, ReportError> {
    let header = [
        "id",
        "fingerprint",
        "severity",
        "tenant",
        "rule",
        "category",
        "title",
        "subject",
        "subjectIds",
        "state",
        "until",
        "assignee",
        "note",
        "firstSeen",
        "lastSeen",
    ];
    let rows = findings.iter().map(|tracked| {
        let finding = &tracked.finding;
        vec![
            finding.short_id().to_owned(),
            finding.fingerprint.clone(),
            finding.severity.to_string(),
            finding.tenant.to_string(),
            finding.rule.clone(),
            finding.category.clone(),
            finding.title.clone(),
            finding.subject_label.clone(),
            joined(&finding.subject),
            tracked.state.to_string(),
            optional(tracked.until),
            optional(tracked.assignee.as_ref()),
            tracked.note.clone(),
            tracked.first_seen.to_string(),
            tracked.last_seen.to_string(),
        ]
    });
    spreadsheet::table(NAME, &header, rows)
}

fn write(findings: &[TrackedFinding]) -> String {
    if findings.is_empty() {
        return "No findings.\n".to_owned();
    }
    let rows: Vec<_> = findings
        .iter()
        .map(|tracked| {
            let finding = &tracked.finding;
            vec![
                code(finding.short_id()),
                finding.severity.to_string(),
                code(finding.tenant.as_str()),
                code(&finding.rule),
                escape(&finding.subject_label),
                escape(&finding.title),
                state(tracked),
                escape(tracked.assignee.as_deref().unwrap_or_default()),
                when::day(tracked.first_seen),
            ]
        })
        .collect();
    markdown::table(
        &["Id", "Severity", "Tenant", "Rule", "Subject", "Finding", "State", "Assigned", "Seen"],
        &rows,
    )
}
