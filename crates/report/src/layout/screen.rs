//! A report for a terminal, line by line.

use super::measure::{cut, pad_right, width, wrap};
use super::{Grid, Paint, Span};
use crate::Style;

/// Lines of at most a terminal's width.
#[derive(Debug)]
pub(crate) struct Screen {
    columns: usize,
    colour: bool,
    text: String,
}

impl Screen {
    /// An empty screen.
    pub(crate) fn new(style: Style) -> Self {
        Self { columns: style.columns(), colour: style.colour, text: String::new() }
    }

    /// Columns to fill.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// One line of several pieces, cut at the edge, without blanks at its end.
    pub(crate) fn line(&mut self, spans: &[Span<'_>]) {
        let mut room = self.columns;
        let mut pieces = Vec::new();
        for span in spans {
            let text = cut(span.text(), room);
            room = room.saturating_sub(width(&text));
            pieces.push((text, span.paint()));
        }
        let last = pieces.iter().rposition(|(text, _)| !text.trim_end().is_empty());
        for (at, (text, paint)) in pieces.iter().enumerate() {
            match last {
                Some(last) if at < last => self.push(text, *paint),
                Some(last) if at == last => self.push(text.trim_end(), *paint),
                _ => break,
            }
        }
        self.text.push('\n');
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A paragraph, wrapped behind an indent.
    pub(crate) fn paragraph(&mut self, indent: usize, span: &Span<'_>) {
        for line in wrap(span.text(), self.columns.saturating_sub(indent)) {
            self.indent(indent);
            self.push(&line, span.paint());
            self.text.push('\n');
        }
    }

    /// A text behind a mark (`- `, `1. `), wrapped under itself.
    pub(crate) fn item(&mut self, indent: usize, mark: &str, span: &Span<'_>) {
        let beside = indent + width(mark);
        for (at, line) in wrap(span.text(), self.columns.saturating_sub(beside)).iter().enumerate()
        {
            self.indent(indent);
            let mark = if at == 0 { mark } else { "" };
            self.text.push_str(&pad_right(mark, beside - indent));
            self.push(line, span.paint());
            self.text.push('\n');
        }
    }

    /// Short texts side by side, as many on a line as fit; one that is wider than a line is wrapped.
    pub(crate) fn flow(&mut self, items: &[String], paint: Paint) {
        const GAP: &str = "   ";
        let mut line = String::new();
        for item in items {
            let item = Span::new(item.as_str());
            if !line.is_empty() {
                let room = self.columns.saturating_sub(width(&line) + GAP.len());
                if width(item.text()) <= room {
                    line.push_str(GAP);
                    line.push_str(item.text());
                    continue;
                }
                self.line(&[Span::painted(std::mem::take(&mut line), paint)]);
            }
            if width(item.text()) > self.columns {
                self.paragraph(0, &Span::painted(item.text(), paint));
            } else {
                line.push_str(item.text());
            }
        }
        if !line.is_empty() {
            self.line(&[Span::painted(line, paint)]);
        }
    }

    /// A label and a text beside it, wrapped under itself.
    pub(crate) fn labelled(&mut self, indent: usize, label: &str, span: &Span<'_>) {
        const LABEL: usize = 10;
        let beside = indent + LABEL;
        for (at, line) in wrap(span.text(), self.columns.saturating_sub(beside)).iter().enumerate()
        {
            self.indent(indent);
            if at == 0 {
                self.push(&pad_right(label, LABEL), Paint::Dim);
            } else {
                self.indent(LABEL);
            }
            self.push(line, span.paint());
            self.text.push('\n');
        }
    }

    /// A line that is neither wrapped nor cut, because it is there to be copied.
    pub(crate) fn verbatim(&mut self, indent: usize, line: &str) {
        self.indent(indent);
        self.text.push_str(Span::new(line).text().trim_end());
        self.text.push('\n');
    }

    /// A heading over what follows, with an empty line before it.
    pub(crate) fn heading(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.blank();
        }
        self.line(&[Span::painted(title, Paint::Bold)]);
    }

    /// A table.
    pub(crate) fn grid(&mut self, grid: &Grid<'_>) {
        grid.draw(self.columns, |line| self.line(line));
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn indent(&mut self, columns: usize) {
        self.text.extend(std::iter::repeat_n(' ', columns));
    }

    fn push(&mut self, text: &str, paint: Paint) {
        if self.colour {
            paint.write(text, &mut self.text);
        } else {
            self.text.push_str(text);
        }
    }
}
