//! Aligned columns that fit a terminal.

use std::borrow::Cow;

use super::measure::{cut, pad_left, pad_right, width, wrap};
use super::{Paint, Span};

const GAP: usize = 2;

/// What a column does where there is not room for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// It keeps its width.
    Whole,
    /// It is cut, down to a width.
    Cut(usize),
    /// It is wrapped, down to a width.
    Wrap(usize),
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    right: bool,
    fit: Fit,
    optional: u8,
}

impl Column {
    /// Text, from the left.
    pub(crate) fn left(title: &'static str) -> Self {
        Self { title, right: false, fit: Fit::Whole, optional: 0 }
    }

    /// Figures, to the right.
    pub(crate) fn right(title: &'static str) -> Self {
        Self { right: true, ..Self::left(title) }
    }

    /// May be cut to `least` columns.
    pub(crate) fn cut(self, least: usize) -> Self {
        Self { fit: Fit::Cut(least), ..self }
    }

    /// May be wrapped at `least` columns.
    pub(crate) fn wrap(self, least: usize) -> Self {
        Self { fit: Fit::Wrap(least), ..self }
    }

    /// Goes where there is no room: the highest rank first.
    pub(crate) fn optional(self, rank: u8) -> Self {
        Self { optional: rank, ..self }
    }

    /// The narrowest it can be, given the width of what it holds.
    fn least(self, natural: usize) -> usize {
        match self.fit {
            Fit::Whole => natural,
            Fit::Cut(least) | Fit::Wrap(least) => least.max(width(self.title)).min(natural),
        }
    }
}

/// Rows under columns.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    columns: Vec<Column>,
    rows: Vec<Vec<Span<'a>>>,
}

impl<'a> Grid<'a> {
    /// No rows yet.
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, one cell a column.
    pub(crate) fn add(&mut self, cells: Vec<Span<'a>>) {
        self.rows.push(cells);
    }

    /// Gives header and rows line by line, none wider than `columns` where the columns allow it.
    pub(crate) fn draw(&self, columns: usize, mut line: impl FnMut(&[Span<'_>])) {
        let widths = self.widths(columns);
        line(&self.header(&widths));
        for row in &self.rows {
            self.row(row, &widths, &mut line);
        }
    }

    /// The width of each column; none for one that has no room.
    fn widths(&self, room: usize) -> Vec<Option<usize>> {
        let natural: Vec<usize> = (0..self.columns.len())
            .zip(&self.columns)
            .map(|(at, column)| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                let widest = cells.map(|cell| width(cell.text())).max().unwrap_or(0);
                widest.max(width(column.title)).min(room)
            })
            .collect();
        let mut shown: Vec<Option<usize>> = natural.iter().copied().map(Some).collect();
        let least = |shown: &[Option<usize>]| {
            let parts = shown.iter().zip(&self.columns);
            taken(parts.map(|(width, column)| width.map(|width| column.least(width))))
        };
        while least(&shown) > room {
            let droppable = self.columns.iter().zip(&mut shown);
            let Some((_, slot)) = droppable
                .filter(|(column, slot)| column.optional > 0 && slot.is_some())
                .max_by_key(|(column, _)| column.optional)
            else {
                break;
            };
            *slot = None;
        }
        let mut excess = taken(shown.iter().copied()).saturating_sub(room);
        while excess > 0 {
            let shrinkable = self.columns.iter().zip(&natural).zip(&mut shown);
            let widest = shrinkable
                .filter_map(|((column, natural), slot)| {
                    Some((column.least(*natural), slot.as_mut()?))
                })
                .filter(|(least, width)| **width > *least)
                .max_by_key(|(_, width)| **width);
            let Some((_, width)) = widest else { break };
            *width -= 1;
            excess -= 1;
        }
        shown
    }

    fn header(&self, widths: &[Option<usize>]) -> Vec<Span<'_>> {
        let mut line = Vec::new();
        for (column, columns) in self.columns.iter().zip(widths) {
            let Some(columns) = columns else { continue };
            let text = aligned(column, &cut(column.title, *columns), *columns);
            push_cell(&mut line, Span::painted(text, Paint::Bold));
        }
        line
    }

    fn row(&self, row: &[Span<'a>], widths: &[Option<usize>], line: &mut impl FnMut(&[Span<'_>])) {
        let mut cells = Vec::new();
        for ((column, columns), cell) in self.columns.iter().zip(widths).zip(row) {
            let Some(columns) = columns else { continue };
            let parts = match column.fit {
                Fit::Wrap(_) if width(cell.text()) > *columns => {
                    wrap(cell.text(), *columns).into_iter().map(Cow::Owned).collect()
                }
                Fit::Whole | Fit::Cut(_) | Fit::Wrap(_) => vec![cut(cell.text(), *columns)],
            };
            cells.push((column, *columns, cell.paint(), parts));
        }
        let height = cells.iter().map(|(.., parts)| parts.len()).max();
        for at in 0..height.unwrap_or(0) {
            let mut pieces = Vec::new();
            for (column, columns, paint, parts) in &cells {
                let part = parts.get(at).map_or("", AsRef::as_ref);
                push_cell(&mut pieces, Span::painted(aligned(column, part, *columns), *paint));
            }
            line(&pieces);
        }
    }
}

fn push_cell<'a>(line: &mut Vec<Span<'a>>, cell: Span<'a>) {
    if !line.is_empty() {
        line.push(Span::new(" ".repeat(GAP)));
    }
    line.push(cell);
}

fn aligned(column: &Column, text: &str, columns: usize) -> String {
    if column.right { pad_left(text, columns) } else { pad_right(text, columns) }
}

/// Columns that the shown widths take with the gaps between them.
fn taken(widths: impl Iterator<Item = Option<usize>>) -> usize {
    let (count, sum) =
        widths.flatten().fold((0, 0), |(count, sum), width| (count + 1, sum + width));
    sum + GAP * usize::saturating_sub(count, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(grid: &Grid<'_>, columns: usize) -> Vec<String> {
        let mut drawn = Vec::new();
        grid.draw(columns, |line| drawn.push(line.iter().map(Span::text).collect()));
        drawn
    }

    fn people() -> Grid<'static> {
        let mut grid = Grid::new(&[
            Column::left("NAME").cut(5),
            Column::right("AGE"),
            Column::left("CITY").optional(1),
        ]);
        grid.add(vec![Span::new("Wilhelmina"), Span::new("7"), Span::new("Ulm")]);
        grid
    }

    #[test]
    fn figures_align_to_the_right_under_their_title() {
        assert_eq!(drawn(&people(), 40), ["NAME        AGE  CITY", "Wilhelmina    7  Ulm "]);
    }

    #[test]
    fn a_column_that_may_shrink_does_before_an_optional_one_goes() {
        assert_eq!(drawn(&people(), 16), ["NAME   AGE  CITY", "Wilh…    7  Ulm "]);
    }

    #[test]
    fn an_optional_column_goes_where_shrinking_is_not_enough() {
        assert_eq!(drawn(&people(), 12), ["NAME     AGE", "Wilhel…    7"]);
    }
}
