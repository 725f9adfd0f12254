//! What a renderer is asked for, and what it may answer.

use model::Timestamp;
use model::rule::Severity;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// For people at a terminal.
    Table,
    /// One JSON document, indented.
    Json,
    /// JSON, one object a line.
    Ndjson,
    /// For spreadsheets (RFC 4180).
    Csv,
    /// For tickets.
    Markdown,
    /// SARIF 2.1.0, for code-scanning and ticketing tools.
    Sarif,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] =
        [Self::Table, Self::Json, Self::Ndjson, Self::Csv, Self::Markdown, Self::Sarif];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Markdown => "md",
            Self::Sarif => "sarif",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("markdown") {
            return Ok(Self::Markdown);
        }
        Self::ALL
            .into_iter()
            .find(|format| format.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("{text:?} is not a format: use {}", names(&Self::ALL)))
    }
}

/// How a table is drawn. Other formats do not look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; under 40 counts as 40.
    pub width: u16,
    /// Whether to colour (ANSI SGR). Every report reads as well without.
    pub colour: bool,
    /// How much is shown.
    pub excerpt: Excerpt,
}

/// How much of a report a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excerpt {
    /// Failures below this severity are only counted.
    pub least: Severity,
    /// Whether failures and weak cells are told with reason and witnesses.
    pub depth: Depth,
}

impl Excerpt {
    /// Everything.
    pub const WHOLE: Self = Self { least: Severity::Info, depth: Depth::Full };
}

/// How far a table goes into each thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// It is named.
    Brief,
    /// It is told.
    Full,
}

impl Style {
    /// The columns to fill.
    pub(crate) fn columns(self) -> usize {
        usize::from(self.width).max(40)
    }
}

/// What every document says of its making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// When it was made; renderers read no clock.
    pub generated_at: Timestamp,
    /// Version of cstack.
    pub tool_version: String,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The report does not have this format.
    #[error("{report} is not written as {format}: use --format {}", names(.known))]
    NoSuchFormat {
        /// The report.
        report: &'static str,
        /// The format asked for.
        format: Format,
        /// The formats it has.
        known: &'static [Format],
    },
    /// The matrix has no such cell.
    #[error(
        "the coverage matrix has no cell {users},{apps}: user segments are {known_users}; \
         application segments are {known_apps}"
    )]
    NoSuchCell {
        /// User segment asked for.
        users: String,
        /// Application segment asked for.
        apps: String,
        /// User segments there are.
        known_users: String,
        /// Application segments there are.
        known_apps: String,
    },
    /// A value has no JSON form.
    #[error("{report} cannot be written as JSON: {source}")]
    Json {
        /// The report.
        report: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// A row has no CSV form.
    #[error("{report} cannot be written as CSV: {reason}")]
    Csv {
        /// The report.
        report: &'static str,
        /// Why.
        reason: String,
    },
}

fn names(formats: &[Format]) -> String {
    let all: Vec<_> = formats.iter().map(|format| format.as_str()).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_format_is_answered_with_those_there_are() {
        let error = ReportError::NoSuchFormat {
            report: "the rule",
            format: Format::Sarif,
            known: &[Format::Table, Format::Markdown],
        };
        assert_eq!(error.to_string(), "the rule is not written as sarif: use --format table, md");
    }

    #[test]
    fn a_format_is_read_by_its_name_or_as_markdown() {
        assert_eq!("MARKDOWN".parse(), Ok(Format::Markdown));
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        assert!("xml".parse::<Format>().unwrap_err().contains("ndjson"));
    }
}
