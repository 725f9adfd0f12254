//! The heat map: a letter in every cell, colour on top of it.

use model::coverage::{CoverageCell, CoverageMatrix, Segment};
use model::guarantee::Rung;

use crate::layout::{Paint, Screen, Span, cut, of_rung, pad_right, wrap};

/// Least and most columns for an application segment, the gap before it included.
const CELL: (usize, usize) = (11, 17);
/// Least and most columns for the name of a user segment.
const USERS: (usize, usize) = (14, 26);
/// Columns for the number of members.
const MEMBERS: usize = 6;

/// What a cell shows: the letter of its weakest member, how many are that weak, and a mark where
/// that is weaker than it should be.
pub(super) fn face(matrix: &CoverageMatrix, cell: Option<&CoverageCell>) -> String {
    let Some(cell) = cell else {
        return String::new();
    };
    match cell.weakest {
        Some(rung) => {
            let found = cell.distribution.iter().find(|(r, _)| *r == rung);
            let members = found.map_or(0, |(_, members)| *members);
            let mark = if cell.severity.is_some() { " !" } else { "" };
            if matrix.hypothetical {
                format!("{}{mark}", rung.letter())
            } else {
                format!("{} {members}{mark}", rung.letter())
            }
        }
        None if cell.undecided > 0 => format!("? {}", cell.undecided),
        None => ".".to_owned(),
    }
}

/// How many members a row has; a question mark where nobody can know.
pub(super) fn number(matrix: &CoverageMatrix, members: Option<usize>) -> String {
    if matrix.hypothetical { "?".to_owned() } else { members.unwrap_or(0).to_string() }
}

/// What the letters and marks mean, those that occur in the matrix alone.
pub(super) fn legend(matrix: &CoverageMatrix) -> Vec<String> {
    let occurs = |rung: &Rung| matrix.cells.iter().any(|cell| cell.weakest == Some(*rung));
    let mut parts: Vec<_> = Rung::ALL
        .into_iter()
        .filter(occurs)
        .map(|rung| format!("{} {}", rung.letter(), rung.words()))
        .collect();
    let undecided = |cell: &CoverageCell| cell.weakest.is_none() && cell.undecided > 0;
    if matrix.cells.iter().any(undecided) {
        parts.push("? undecided".to_owned());
    }
    if matrix.cells.iter().any(|cell| cell.members == 0) {
        parts.push(". no members".to_owned());
    }
    if matrix.cells.iter().any(|cell| cell.severity.is_some()) {
        parts.push("! weaker than expected".to_owned());
    }
    parts
}

/// Draws the map, in blocks of as many application segments as fit.
pub(super) fn draw(screen: &mut Screen, matrix: &CoverageMatrix) {
    let columns = screen.columns();
    let wanted = matrix.app_segments.len().max(1);
    let cell = columns.saturating_sub(USERS.1 + MEMBERS) / wanted;
    let cell = cell.clamp(CELL.0, CELL.1);
    let row = columns.saturating_sub(MEMBERS + cell * wanted).clamp(USERS.0, USERS.1);
    let fitting = (columns.saturating_sub(row + MEMBERS) / cell).max(1);
    for (at, apps) in matrix.app_segments.chunks(fitting).enumerate() {
        if at > 0 {
            screen.blank();
        }
        header(screen, apps, row, cell);
        for users in &matrix.user_segments {
            let name = Span::new(users.title.as_str());
            let name = pad_right(&cut(name.text(), row), row);
            let cells: Vec<_> = apps.iter().map(|app| matrix.cell(&users.id, &app.id)).collect();
            let members = cells.iter().flatten().map(|cell| cell.members).max();
            let members = format!("{:>MEMBERS$}", number(matrix, members));
            let mut line = vec![Span::new(name), Span::painted(members, Paint::Dim)];
            for found in cells {
                let weakest = found.and_then(|found| found.weakest);
                let paint = weakest.map_or(Paint::Dim, of_rung);
                line.push(Span::new("  "));
                line.push(Span::painted(pad_right(&face(matrix, found), cell - 2), paint));
            }
            screen.line(&line);
        }
    }
}

/// The names of application segments over their columns, standing on the row below them.
fn header(screen: &mut Screen, apps: &[Segment], row: usize, cell: usize) {
    let names: Vec<_> = apps
        .iter()
        .map(|app| {
            let name = Span::new(app.title.as_str());
            // A word that is too long is cut, as half a word on each line reads worse.
            let words = name.text().split(' ').map(|word| cut(word, cell - 2));
            wrap(&words.collect::<Vec<_>>().join(" "), cell - 2)
        })
        .collect();
    let height = names.iter().map(Vec::len).max().unwrap_or(0).min(3);
    for level in 0..height {
        let mut line = vec![Span::new(" ".repeat(row + MEMBERS))];
        for name in &names {
            let above = height - name.len().min(height);
            let part = level.checked_sub(above).and_then(|part| name.get(part));
            let part = pad_right(part.map_or("", String::as_str), cell - 2);
            line.push(Span::painted(format!("  {part}"), Paint::Bold));
        }
        screen.line(&line);
    }
}
