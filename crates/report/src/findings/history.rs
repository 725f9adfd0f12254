//! What happened to a finding.

use std::fmt::Write as _;

use model::finding::FindingEvent;

use crate::layout::{Column, Grid, Paint, Screen, Span};
use crate::markdown::{self, escape};
use crate::spreadsheet::{self, optional};
use crate::{Envelope, Format, LIST_FORMATS, ReportError, Style, json, when};

const NAME: &str = "a finding's history";

/// Writes events in the order given, one a line in NDJSON and CSV. Not as SARIF.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for SARIF; otherwise if a value has no form in the format.
pub fn finding_history(
    events: &[FindingEvent],
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(serde::Serialize)]
    struct Body<'a> {
        history: &'a [FindingEvent],
    }
    match format {
        Format::Table => {
            let mut screen = Screen::new(*style);
            if events.is_empty() {
                screen.line(&[Span::new("No history.")]);
            } else {
                screen.grid(&grid(events));
            }
            Ok(screen.finish())
        }
        Format::Json => json::document(NAME, "findingHistory", envelope, Body { history: events }),
        Format::Ndjson => json::lines(NAME, events),
        Format::Csv => rows(events),
        Format::Markdown if events.is_empty() => Ok("No history.\n".to_owned()),
        Format::Markdown => Ok(table(events)),
        Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: LIST_FORMATS })
        }
    }
}

/// `open to snoozed until 2026-12-01`
fn change(event: &FindingEvent) -> String {
    let mut text = if event.from == event.to {
        event.to.to_string()
    } else {
        format!("{} to {}", event.from, event.to)
    };
    if let Some(until) = event.until {
        let _ = write!(text, " until {}", when::day(until));
    }
    text
}

fn remark(event: &FindingEvent) -> String {
    match (&event.assignee, event.note.as_str()) {
        (None, note) => note.to_owned(),
        (Some(who), "") => format!("assigned to {who}"),
        (Some(who), note) => format!("assigned to {who}: {note}"),
    }
}

/// Events for a terminal.
pub(super) fn grid(events: &[FindingEvent]) -> Grid<'_> {
    let mut grid = Grid::new(&[
        Column::left("WHEN (UTC)"),
        Column::left("WHO").cut(8),
        Column::left("WHAT"),
        Column::left("STATE").wrap(12),
        Column::left("NOTE").wrap(24),
    ]);
    for event in events {
        grid.add(vec![
            Span::painted(when::minute(event.occurred_at), Paint::Dim),
            Span::new(event.actor.as_str()),
            Span::new(event.action.as_str()),
            Span::new(change(event)),
            Span::new(remark(event)),
        ]);
    }
    grid
}

/// Events for a ticket.
pub(super) fn table(events: &[FindingEvent]) -> String {
    let rows: Vec<_> = events
        .iter()
        .map(|event| {
            vec![
                when::minute(event.occurred_at),
                escape(&event.actor),
                event.action.as_str().to_owned(),
                change(event),
                escape(&remark(event)),
            ]
        })
        .collect();
    markdown::table(&["When (UTC)", "Who", "What", "State", "Note"], &rows)
}

fn rows(events: &[FindingEvent]) -> Result<String, ReportError> {
    let header = [
        "occurredAt",
        "fingerprint",
        "actor",
        "action",
        "from",
        "to",
        "until",
        "assignee",
        "note",
        "batch",
        "ofBatch",
    ];
    let rows = events.iter().map(|event| {
        vec![
            event.occurred_at.to_string(),
            event.fingerprint.clone(),
            event.actor.clone(),
            event.action.as_str().to_owned(),
            event.from.to_string(),
            event.to.to_string(),
            optional(event.until),
            optional(event.assignee.as_ref()),
            event.note.clone(),
            event.batch.clone(),
            optional(event.of_batch.as_ref()),
        ]
    });
    spreadsheet::table(NAME, &header, rows)
}
