//! The matrix at a terminal.

use model::coverage::CoverageCell;

use super::{Coverage, heat_map, members, name, weak};
use crate::layout::{Paint, Screen, Span, of_rung, of_severity};
use crate::{Depth, Style, counted, when, witness};

/// The heat map, and in full each weak cell below it.
pub(super) fn matrix(coverage: &Coverage<'_>, style: Style) -> String {
    let mut screen = Screen::new(style);
    let matrix = coverage.matrix;
    let score = matrix.score.map_or_else(|| "not decided".to_owned(), |score| format!("{score}%"));
    header(&mut screen, coverage, &format!("coverage {score}"));
    screen.blank();
    if matrix.cells.is_empty() {
        screen.line(&[Span::new("The matrix has no cell.")]);
        return screen.finish();
    }
    heat_map::draw(&mut screen, matrix);
    screen.blank();
    screen.flow(&heat_map::legend(matrix), Paint::Dim);
    screen.paragraph(
        0,
        &Span::painted(
            if matrix.hypothetical {
                "Without directory data nobody can be counted: a cell shows the weakest guarantee \
                 of whom the policies name."
            } else {
                "A cell shows its weakest guarantee and how many members have no more."
            },
            Paint::Dim,
        ),
    );
    let weak = weak(matrix);
    if style.excerpt.depth == Depth::Full {
        for cell in weak {
            draw_cell(&mut screen, coverage, cell);
        }
    } else if let Some(worst) = weak.first() {
        screen.blank();
        let count = counted(weak.len(), "cell is", "cells are");
        let more = format!(
            "{count} weaker than expected: --details tells each, --cell {},{} the worst.",
            worst.users, worst.apps
        );
        screen.paragraph(0, &Span::new(more));
    }
    screen.finish()
}

/// One cell alone.
pub(super) fn one_cell(coverage: &Coverage<'_>, cell: &CoverageCell, style: Style) -> String {
    let mut screen = Screen::new(style);
    header(&mut screen, coverage, "coverage");
    draw_cell(&mut screen, coverage, cell);
    screen.finish()
}

fn header(screen: &mut Screen, coverage: &Coverage<'_>, what: &str) {
    screen.line(&[
        Span::painted(coverage.tenant.as_str(), Paint::Bold),
        Span::new(format!("  {what}  as of {} UTC", when::minute(coverage.as_of))),
    ]);
}

fn draw_cell(screen: &mut Screen, coverage: &Coverage<'_>, cell: &CoverageCell) {
    screen.heading(&name(coverage.matrix, cell));
    let id = format!("{},{}", cell.users, cell.apps);
    screen.labelled(2, "cell", &Span::painted(id, Paint::Dim));
    if let Some(severity) = cell.severity {
        let span = Span::painted(severity.as_str(), of_severity(severity));
        screen.labelled(2, "severity", &span);
    }
    let weakest = cell.weakest.map_or("undecided", |rung| rung.words());
    let paint = cell.weakest.map_or(Paint::Plain, of_rung);
    screen.labelled(2, "weakest", &Span::painted(weakest, paint));
    screen.labelled(2, "expected", &Span::new(cell.expected.words()));
    screen.labelled(2, "members", &Span::new(members(coverage, cell)));
    if let Some(note) = &cell.note {
        screen.labelled(2, "note", &Span::new(note.as_str()));
    }
    witness::draw(screen, 2, &cell.witnesses);
    let policies = if cell.policies.is_empty() {
        "none applies here".to_owned()
    } else {
        cell.policies.join(", ")
    };
    screen.labelled(2, "policies", &Span::new(policies));
}
