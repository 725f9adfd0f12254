//! The coverage matrix: user segments by application segments.

use serde::{Deserialize, Serialize};

use crate::guarantee::Rung;
use crate::rule::{Severity, Witness};

/// A row or a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    /// Identity (`all-users`, `admin-portals`).
    pub id: String,
    /// Name.
    pub title: String,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoverageCell {
    /// User segment.
    pub users: String,
    /// Application segment.
    pub apps: String,
    /// How many members the user segment has.
    pub members: usize,
    /// Those of the segment whom a declared emergency account or an exception leaves out: they are
    /// no members here.
    pub excepted: usize,
    /// Members who may have more than `distribution` says; the data cannot tell.
    pub undecided: usize,
    /// The guarantee of the least protected member; absent for an empty segment.
    pub weakest: Option<Rung>,
    /// How many members have which guarantee, weakest first, without zeros.
    pub distribution: Vec<(Rung, usize)>,
    /// Severity of a weak cell; absent where the cell is good enough.
    pub severity: Option<Severity>,
    /// The least this cell should hold.
    pub expected: Rung,
    /// Who slips through and how.
    pub witnesses: Vec<Witness>,
    /// Enabled policies that apply to somebody here, by name.
    pub policies: Vec<String>,
    /// Why nothing can be said, where nothing can.
    pub note: Option<String>,
}

/// The matrix of one tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoverageMatrix {
    /// Rows.
    pub user_segments: Vec<Segment>,
    /// Columns.
    pub app_segments: Vec<Segment>,
    /// Cells, row by row.
    pub cells: Vec<CoverageCell>,
    /// Share of decided members over all cells that hold what is expected, 0 to 100; absent where
    /// no member was decided.
    pub score: Option<u8>,
    /// Whether there was no directory data, so that members are kinds of people that policies name
    /// and their numbers say nothing.
    pub hypothetical: bool,
}

impl CoverageMatrix {
    /// The cell of two segments.
    pub fn cell(&self, users: &str, apps: &str) -> Option<&CoverageCell> {
        self.cells.iter().find(|cell| cell.users == users && cell.apps == apps)
    }
}
