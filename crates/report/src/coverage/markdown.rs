//! The matrix for a ticket.

use std::fmt::Write as _;

use model::coverage::CoverageCell;

use super::{Coverage, heat_map, members, name, weak};
use crate::markdown::{code, escape, table};
use crate::{when, witness};

/// The map and the weak cells.
pub(super) fn matrix(coverage: &Coverage<'_>) -> String {
    let matrix = coverage.matrix;
    let mut out = header(coverage);
    let score = matrix.score.map_or_else(|| "not decided".to_owned(), |score| format!("{score}%"));
    let _ = writeln!(out, "Coverage: {score}\n");
    if matrix.cells.is_empty() {
        out.push_str("The matrix has no cell.\n");
        return out;
    }
    let apps: Vec<_> = matrix.app_segments.iter().map(|app| escape(&app.title)).collect();
    let titles: Vec<_> =
        ["Users", ">Members"].into_iter().chain(apps.iter().map(String::as_str)).collect();
    let rows: Vec<_> = matrix
        .user_segments
        .iter()
        .map(|users| {
            let cells = matrix.app_segments.iter().map(|app| matrix.cell(&users.id, &app.id));
            let members = cells.clone().flatten().map(|cell| cell.members).max();
            let mut row = vec![escape(&users.title), heat_map::number(matrix, members)];
            row.extend(cells.map(|cell| escape(&heat_map::face(matrix, cell))));
            row
        })
        .collect();
    out.push_str(&table(&titles, &rows));
    let _ = writeln!(out, "\n{}", escape(&heat_map::legend(matrix).join("; ")));
    for cell in weak(matrix) {
        out.push_str(&cell_section(coverage, cell));
    }
    out
}

/// One cell alone.
pub(super) fn one_cell(coverage: &Coverage<'_>, cell: &CoverageCell) -> String {
    header(coverage).trim_end().to_owned() + "\n" + &cell_section(coverage, cell)
}

fn header(coverage: &Coverage<'_>) -> String {
    format!(
        "# Conditional Access coverage of {}\n\nAs of {} UTC.\n\n",
        escape(coverage.tenant.as_str()),
        when::minute(coverage.as_of)
    )
}

fn cell_section(coverage: &Coverage<'_>, cell: &CoverageCell) -> String {
    let mut out = format!("\n## {}\n\n", escape(&name(coverage.matrix, cell)));
    let _ = writeln!(out, "- Cell: {}", code(&format!("{},{}", cell.users, cell.apps)));
    if let Some(severity) = cell.severity {
        let _ = writeln!(out, "- Severity: {severity}");
    }
    let weakest = cell.weakest.map_or("undecided", |rung| rung.words());
    let _ = writeln!(out, "- Weakest: {weakest}");
    let _ = writeln!(out, "- Expected: {}", cell.expected.words());
    let _ = writeln!(out, "- Members: {}", members(coverage, cell));
    if let Some(note) = &cell.note {
        let _ = writeln!(out, "- Note: {}", escape(note));
    }
    out.push_str(&witness::list(&cell.witnesses));
    let policies: Vec<_> = cell.policies.iter().map(|policy| escape(policy)).collect();
    let policies =
        if policies.is_empty() { "none applies here".to_owned() } else { policies.join(", ") };
    let _ = writeln!(out, "- Policies: {policies}");
    out
}
