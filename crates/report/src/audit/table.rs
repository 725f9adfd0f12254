//! An audit at a terminal.

use model::rule::{RuleResult, RuleStatus};
use model::run::AuditReport;

use super::{ORDER, heading, names_subject, ordered};
use crate::counts::{SeverityCounts, StatusCounts, worst_first};
use crate::layout::{Paint, Screen, Span, of_severity, of_status, pad_right, width};
use crate::{Depth, Excerpt, Style, when, witness};

/// Columns that the severity takes before a rule.
const BESIDE: usize = 10;

/// Draws the audits, one below the other.
pub(super) fn draw(reports: &[AuditReport], style: Style) -> String {
    let mut screen = Screen::new(style);
    if reports.is_empty() {
        screen.line(&[Span::new("No tenant was audited.")]);
    }
    for (at, report) in reports.iter().enumerate() {
        if at > 0 {
            screen.blank();
            screen.blank();
        }
        tenant(&mut screen, report, style.excerpt);
    }
    screen.finish()
}

fn tenant(screen: &mut Screen, report: &AuditReport, excerpt: Excerpt) {
    header(screen, report);
    let whole = excerpt == Excerpt::WHOLE;
    let results = ordered(report);
    if results.is_empty() {
        screen.blank();
        screen.line(&[Span::new("No rule gave a result.")]);
    }
    for status in ORDER {
        let of_status: Vec<_> = results.iter().filter(|r| r.status == status).collect();
        if of_status.is_empty() || (status == RuleStatus::Pass && !whole) {
            continue;
        }
        screen.heading(&format!("{} ({})", heading(status), of_status.len()));
        let all = of_status.len();
        let shown = of_status.into_iter().filter(|result| result.severity >= excerpt.least);
        let mut count = 0;
        for result in shown {
            if count > 0 && status == RuleStatus::Fail && excerpt.depth == Depth::Full {
                screen.blank();
            }
            draw_result(screen, result, excerpt.depth);
            count += 1;
        }
        if count < all {
            let rest = format!("and {} below {}", all - count, excerpt.least);
            screen.paragraph(BESIDE, &Span::painted(rest, Paint::Dim));
        }
    }
    if !report.notes.is_empty() && whole {
        screen.heading("Notes on the data");
        for note in &report.notes {
            screen.paragraph(2, &Span::new(note.as_str()));
        }
    }
}

fn header(screen: &mut Screen, report: &AuditReport) {
    screen.line(&[
        Span::painted(report.tenant.as_str(), Paint::Bold),
        Span::new(format!("  as of {} UTC", when::minute(report.as_of))),
    ]);
    let counts = StatusCounts::of(&report.results);
    let mut line = Vec::new();
    for (count, words, status) in [
        (counts.fail, "failing", RuleStatus::Fail),
        (counts.unknown, "unknown", RuleStatus::Unknown),
        (counts.not_applicable, "not applicable", RuleStatus::NotApplicable),
        (counts.pass, "passing", RuleStatus::Pass),
    ] {
        let paint = if count > 0 { of_status(status) } else { Paint::Dim };
        line.push(Span::painted(format!("{count} {words}"), paint));
        line.push(Span::new("   "));
    }
    screen.line(&line);

    let findings = SeverityCounts::of(report.findings.iter().map(|f| f.severity));
    let mut line = match report.worst() {
        None => vec![Span::new("no findings")],
        Some(worst) => {
            let by_severity: Vec<_> = worst_first()
                .filter(|severity| findings.get(*severity) > 0)
                .map(|severity| format!("{} {severity}", findings.get(severity)))
                .collect();
            let by_severity = by_severity.join(", ");
            vec![
                Span::new("worst "),
                Span::painted(worst.as_str(), of_severity(worst)),
                Span::new(format!("   {} findings: {by_severity}", findings.total())),
            ]
        }
    };
    if let Some(score) = report.coverage.score {
        line.push(Span::new(format!("   coverage {score}%")));
    }
    screen.line(&line);
}

fn draw_result(screen: &mut Screen, result: &RuleResult, depth: Depth) {
    let mut first = vec![
        Span::painted(
            pad_right(result.severity.as_str(), BESIDE),
            if result.status == RuleStatus::Fail {
                of_severity(result.severity)
            } else {
                Paint::Dim
            },
        ),
        Span::painted(result.rule.as_str(), Paint::Bold),
    ];
    let subject = Span::new(result.subject_label.as_str());
    let room = screen.columns().saturating_sub(BESIDE + 2);
    let fits = width(&result.rule) + width(subject.text()) <= room;
    if names_subject(result) && fits {
        first.extend([Span::new("  "), subject.clone()]);
    }
    screen.line(&first);
    if names_subject(result) && !fits {
        screen.paragraph(BESIDE, &subject);
    }
    match result.status {
        // A title that is switched off by an exception would read as a promise kept.
        RuleStatus::Pass if result.declared => {
            screen.paragraph(BESIDE, &Span::painted(result.reason.as_str(), Paint::Yellow));
        }
        RuleStatus::Pass => screen.paragraph(BESIDE, &Span::new(result.title.as_str())),
        RuleStatus::Unknown | RuleStatus::NotApplicable => {
            screen.paragraph(BESIDE, &Span::new(result.reason.as_str()));
        }
        RuleStatus::Fail => {
            // The title of a cell begins with the subject beside it.
            let title = result.title.as_str();
            let rest = title.strip_prefix(result.subject_label.as_str());
            let title = rest.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(title);
            screen.paragraph(BESIDE, &Span::painted(title, Paint::Dim));
            if depth == Depth::Brief {
                return;
            }
            screen.paragraph(BESIDE, &Span::new(result.reason.as_str()));
            witness::draw(screen, BESIDE, &result.witnesses);
        }
    }
}
