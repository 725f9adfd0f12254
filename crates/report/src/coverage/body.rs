//! The matrix for programs.

use model::coverage::{CoverageCell, CoverageMatrix, Segment};
use model::guarantee::Rung;
use model::rule::{Severity, Witness};
use serde::Serialize;

/// The matrix as JSON has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MatrixBody<'a> {
    score: Option<u8>,
    hypothetical: bool,
    user_segments: &'a [Segment],
    app_segments: &'a [Segment],
    cells: Vec<CellBody<'a>>,
}

/// A cell as JSON has it: guarantees by name rather than by place in a pair.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CellBody<'a> {
    users: &'a str,
    apps: &'a str,
    members: usize,
    excepted: usize,
    undecided: usize,
    weakest: Option<Rung>,
    expected: Rung,
    severity: Option<Severity>,
    distribution: Vec<Share>,
    witnesses: &'a [Witness],
    policies: &'a [String],
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct Share {
    guarantee: Rung,
    members: usize,
}

impl<'a> MatrixBody<'a> {
    /// The whole matrix.
    pub(crate) fn of(matrix: &'a CoverageMatrix) -> Self {
        Self {
            score: matrix.score,
            hypothetical: matrix.hypothetical,
            user_segments: &matrix.user_segments,
            app_segments: &matrix.app_segments,
            cells: matrix.cells.iter().map(CellBody::of).collect(),
        }
    }
}

impl<'a> CellBody<'a> {
    /// One cell.
    pub(super) fn of(cell: &'a CoverageCell) -> Self {
        let share = |(guarantee, members): &(Rung, usize)| Share {
            guarantee: *guarantee,
            members: *members,
        };
        Self {
            users: &cell.users,
            apps: &cell.apps,
            members: cell.members,
            excepted: cell.excepted,
            undecided: cell.undecided,
            weakest: cell.weakest,
            expected: cell.expected,
            severity: cell.severity,
            distribution: cell.distribution.iter().map(share).collect(),
            witnesses: &cell.witnesses,
            policies: &cell.policies,
            note: cell.note.as_deref(),
        }
    }
}
