//! Rules: the list, one in full, and the catalogue.

mod catalogue;
mod detail;

use model::rule::RuleMeta;

pub use catalogue::rules_markdown;
pub use detail::rule;

use crate::layout::{Column, Grid, Paint, Screen, Span, of_severity};
use crate::markdown::{self, code, escape};
use crate::spreadsheet::{self, joined, optional};
use crate::{Envelope, Format, LIST_FORMATS, ReportError, Style, counted, json};

const NAME: &str = "the list of rules";

/// Writes rules in the order given, one a line in NDJSON and CSV. Not as SARIF.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for SARIF; otherwise if a value has no form in the format.
pub fn rules(
    rules: &[RuleMeta],
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(serde::Serialize)]
    struct Body<'a> {
        rules: &'a [RuleMeta],
    }
    match format {
        Format::Table => Ok(draw(rules, *style)),
        Format::Json => json::document(NAME, "rules", envelope, Body { rules }),
        Format::Ndjson => json::lines(NAME, rules),
        Format::Csv => rows(rules),
        Format::Markdown => Ok(write(rules)),
        Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: LIST_FORMATS })
        }
    }
}

/// A licence as a cell has it: nothing where none is needed.
fn licence(rule: &RuleMeta) -> &'static str {
    match rule.licence {
        model::rule::LicenceNeed::None => "",
        need => need.words(),
    }
}

fn draw(rules: &[RuleMeta], style: Style) -> String {
    let mut screen = Screen::new(style);
    if rules.is_empty() {
        screen.line(&[Span::new("No rules.")]);
        return screen.finish();
    }
    let mut grid = Grid::new(&[
        Column::left("RULE"),
        Column::left("SEVERITY"),
        Column::left("LICENCE").cut(11).optional(1),
        Column::left("TITLE").wrap(18),
    ]);
    for rule in rules {
        grid.add(vec![
            Span::painted(rule.id.as_str(), Paint::Bold),
            Span::painted(rule.severity.as_str(), of_severity(rule.severity)),
            Span::new(licence(rule)),
            Span::new(rule.title.as_str()),
        ]);
    }
    screen.grid(&grid);
    screen.blank();
    let count = counted(rules.len(), "rule", "rules");
    screen.line(&[Span::painted(count, Paint::Dim)]);
    screen.finish()
}

fn rows(rules: &[RuleMeta]) -> Result<String, ReportError> {
    let header = [
        "id",
        "title",
        "severity",
        "category",
        "licence",
        "rationale",
        "falsePositives",
        "references",
        "equivalents",
        "remediation",
        "snippet",
        "contentHash",
    ];
    let rows = rules.iter().map(|rule| {
        vec![
            rule.id.clone(),
            rule.title.clone(),
            rule.severity.to_string(),
            rule.category.clone(),
            licence(rule).to_owned(),
            rule.rationale.clone(),
            rule.false_positives.clone(),
            joined(&rule.references),
            joined(&rule.equivalents),
            joined(&rule.remediation),
            optional(rule.snippet.as_ref()),
            rule.content_hash.clone(),
        ]
    });
    spreadsheet::table(NAME, &header, rows)
}

fn write(rules: &[RuleMeta]) -> String {
    if rules.is_empty() {
        return "No rules.\n".to_owned();
    }
    let rows: Vec<_> = rules
        .iter()
        .map(|rule| {
            vec![
                code(&rule.id),
                rule.severity.to_string(),
                licence(rule).to_owned(),
                escape(&rule.title),
            ]
        })
        .collect();
    markdown::table(&["Rule", "Severity", "Licence", "Title"], &rows)
}
