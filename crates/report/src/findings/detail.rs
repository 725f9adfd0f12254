//! One finding in full.

use std::fmt::Write as _;

use model::finding::{FindingEvent, TrackedFinding};
use model::rule::RuleMeta;
use serde::Serialize;

use super::{evidence, history, state};
use crate::layout::{Paint, Screen, Span, of_severity};
use crate::markdown::{block, code, escape};
use crate::{Envelope, Format, ReportError, SINGLE_FORMATS, Style, json, when};

const NAME: &str = "a finding";

/// A finding with what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct FindingDetail<'a> {
    /// The finding.
    pub finding: &'a TrackedFinding,
    /// Its rule, where this build or the configuration has it.
    pub rule: Option<&'a RuleMeta>,
    /// The rule's snippet with the tenant's ids filled in, where there is one.
    pub snippet: Option<&'a str>,
    /// Its history, oldest first.
    pub history: &'a [FindingEvent],
}

/// Writes one finding in full, as table, JSON or Markdown.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for another format; otherwise if a value has no JSON form.
pub fn finding(
    detail: &FindingDetail<'_>,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(Serialize)]
    struct Body<'a> {
        finding: &'a TrackedFinding,
        rule: Option<&'a RuleMeta>,
        snippet: Option<&'a str>,
        history: &'a [FindingEvent],
    }
    match format {
        Format::Table => Ok(draw(detail, *style)),
        Format::Json => {
            let body = Body {
                finding: detail.finding,
                rule: detail.rule,
                snippet: detail.snippet,
                history: detail.history,
            };
            json::document(NAME, "finding", envelope, body)
        }
        Format::Markdown => Ok(write(detail)),
        Format::Ndjson | Format::Csv | Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: SINGLE_FORMATS })
        }
    }
}

/// Labels and values that stand at the top.
fn facts(tracked: &TrackedFinding) -> Vec<(&'static str, String)> {
    let finding = &tracked.finding;
    let mut facts = vec![
        ("severity", finding.severity.to_string()),
        ("tenant", finding.tenant.to_string()),
        ("rule", finding.rule.clone()),
        ("category", finding.category.clone()),
        ("subject", finding.subject_label.clone()),
        ("state", state(tracked)),
        ("assigned", tracked.assignee.clone().unwrap_or_default()),
        ("note", tracked.note.clone()),
    ];
    let seen = format!(
        "first {} UTC, last {} UTC",
        when::minute(tracked.first_seen),
        when::minute(tracked.last_seen)
    );
    facts.push(("seen", seen));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn draw(detail: &FindingDetail<'_>, style: Style) -> String {
    let mut screen = Screen::new(style);
    let tracked = detail.finding;
    let finding = &tracked.finding;
    let title = format!("{}: {}", finding.short_id(), finding.title);
    screen.paragraph(0, &Span::painted(title, Paint::Bold));
    screen.blank();
    for (label, value) in facts(tracked) {
        let paint = match label {
            "severity" => of_severity(finding.severity),
            _ => Paint::Plain,
        };
        screen.labelled(2, label, &Span::painted(value, paint));
    }
    screen.heading("Evidence");
    for (depth, line) in evidence::lines(&finding.evidence.value()) {
        screen.paragraph(2 + 2 * depth.min(10), &Span::new(line));
    }
    if let Some(rule) = detail.rule {
        screen.heading("Why it matters");
        screen.paragraph(2, &Span::new(rule.rationale.as_str()));
        if !rule.false_positives.is_empty() {
            screen.heading("When it may be intended");
            screen.paragraph(2, &Span::new(rule.false_positives.as_str()));
        }
        screen.heading("What to do");
        for (step, text) in (1..).zip(&rule.remediation) {
            screen.item(2, &format!("{step}. "), &Span::new(text.as_str()));
        }
        if !rule.references.is_empty() {
            screen.heading("References");
            for reference in &rule.references {
                screen.paragraph(2, &Span::new(reference.as_str()));
            }
        }
    }
    if let Some(snippet) = detail.snippet {
        screen.heading("Snippet");
        // Not wrapped: it is there to be copied.
        for line in snippet.lines() {
            screen.verbatim(2, line);
        }
    }
    if !detail.history.is_empty() {
        screen.heading("History");
        screen.grid(&history::grid(detail.history));
    }
    screen.finish()
}

fn write(detail: &FindingDetail<'_>) -> String {
    let tracked = detail.finding;
    let finding = &tracked.finding;
    let mut out = format!("# {}\n\n", escape(&finding.title));
    let _ = writeln!(out, "- id: {}", code(finding.short_id()));
    for (label, value) in facts(tracked) {
        let _ = writeln!(out, "- {label}: {}", escape(&value));
    }
    out.push_str("\n## Evidence\n\n");
    let lines: Vec<_> = evidence::lines(&finding.evidence.value())
        .into_iter()
        .map(|(depth, line)| format!("{}{line}", "  ".repeat(depth)))
        .collect();
    out.push_str(&block("text", &lines.join("\n")));
    if let Some(rule) = detail.rule {
        let _ = writeln!(out, "\n## Why it matters\n\n{}", escape(&rule.rationale));
        if !rule.false_positives.is_empty() {
            let text = escape(&rule.false_positives);
            let _ = writeln!(out, "\n## When it may be intended\n\n{text}");
        }
        out.push_str("\n## What to do\n\n");
        for (step, text) in (1..).zip(&rule.remediation) {
            let _ = writeln!(out, "{step}. {}", escape(text));
        }
        if !rule.references.is_empty() {
            let references: Vec<_> = rule.references.iter().map(|r| code(r)).collect();
            let _ = writeln!(out, "\nReferences: {}", references.join(", "));
        }
    }
    if let Some(snippet) = detail.snippet {
        let _ = write!(out, "\n## Snippet\n\n{}", block("powershell", snippet));
    }
    if !detail.history.is_empty() {
        let _ = write!(out, "\n## History\n\n{}", history::table(detail.history));
    }
    out
}
