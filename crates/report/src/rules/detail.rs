//! One rule in full.

use model::rule::{RuleMeta, SubjectKind};

use super::catalogue;
use crate::layout::{Paint, Screen, Span, of_severity};
use crate::{Envelope, Format, ReportError, SINGLE_FORMATS, Style, json};

const NAME: &str = "a rule";

/// Writes one rule in full, as table, JSON or Markdown.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for another format; otherwise if a value has no JSON form.
pub fn rule(
    rule: &RuleMeta,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(serde::Serialize)]
    struct Body<'a> {
        rule: &'a RuleMeta,
    }
    match format {
        Format::Table => Ok(draw(rule, *style)),
        Format::Json => json::document(NAME, "rule", envelope, Body { rule }),
        Format::Markdown => Ok(catalogue::section("#", rule)),
        Format::Ndjson | Format::Csv | Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: SINGLE_FORMATS })
        }
    }
}

/// What a rule's findings are about, in words.
pub(super) fn subject(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Tenant => "the tenant",
        SubjectKind::Policy => "each policy",
        SubjectKind::Principal => "each principal",
        SubjectKind::Cell => "each cell of the coverage matrix",
    }
}

fn draw(rule: &RuleMeta, style: Style) -> String {
    let mut screen = Screen::new(style);
    screen.line(&[Span::painted(rule.id.as_str(), Paint::Bold)]);
    screen.paragraph(0, &Span::new(rule.title.as_str()));
    screen.blank();
    let severity = Span::painted(rule.severity.as_str(), of_severity(rule.severity));
    screen.labelled(2, "severity", &severity);
    screen.labelled(2, "category", &Span::new(rule.category.as_str()));
    screen.labelled(2, "judges", &Span::new(subject(rule.subject)));
    screen.labelled(2, "needs", &Span::new(rule.licence.words()));
    for (title, text) in [
        ("Why it matters", &rule.rationale),
        ("When a failure may be intended", &rule.false_positives),
    ] {
        if !text.is_empty() {
            screen.heading(title);
            screen.paragraph(2, &Span::new(text.as_str()));
        }
    }
    if !rule.remediation.is_empty() {
        screen.heading("What to do");
        for (step, text) in (1..).zip(&rule.remediation) {
            screen.item(2, &format!("{step}. "), &Span::new(text.as_str()));
        }
    }
    if let Some(snippet) = &rule.snippet {
        screen.heading("Snippet");
        for line in snippet.lines() {
            screen.verbatim(2, line);
        }
    }
    for (title, ids) in
        [("References", &rule.references), ("The same elsewhere", &rule.equivalents)]
    {
        if !ids.is_empty() {
            screen.heading(title);
            for id in ids {
                screen.paragraph(2, &Span::new(id.as_str()));
            }
        }
    }
    screen.finish()
}
