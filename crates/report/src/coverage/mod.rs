//! The coverage matrix of one tenant.

mod body;
mod draw;
mod heat_map;
mod markdown;

use model::Timestamp;
use model::coverage::{CoverageCell, CoverageMatrix, Segment};
use model::tenant::TenantSlug;
use serde::Serialize;

pub(crate) use body::MatrixBody;

use crate::spreadsheet::{self, joined, optional};
use crate::{Envelope, Format, ReportError, SINGLE_FORMATS, Style, json, witness};

const NAME: &str = "the coverage matrix";

/// A matrix and where it is from.
#[derive(Debug, Clone, Copy)]
pub struct Coverage<'a> {
    /// The tenant.
    pub tenant: &'a TenantSlug,
    /// The time that was taken as now.
    pub as_of: Timestamp,
    /// The matrix.
    pub matrix: &'a CoverageMatrix,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a, T> {
    tenant: &'a TenantSlug,
    as_of: Timestamp,
    #[serde(flatten)]
    rest: T,
}

impl<'a> Coverage<'a> {
    fn body<T>(&self, rest: T) -> Body<'a, T> {
        Body { tenant: self.tenant, as_of: self.as_of, rest }
    }
}

/// Writes the whole matrix: a heat map, and every cell that is weaker than it should be where the
/// style asks for it. Markdown has both, and NDJSON and CSV hold one cell a line. Not as
/// SARIF.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for SARIF; otherwise if a value has no form in the format.
pub fn coverage(
    coverage: &Coverage<'_>,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    let matrix = coverage.matrix;
    match format {
        Format::Table => Ok(draw::matrix(coverage, *style)),
        Format::Json => {
            let body = coverage.body(MatrixBody::of(matrix));
            json::document(NAME, "coverage", envelope, body)
        }
        Format::Ndjson => {
            let cells = matrix.cells.iter().map(body::CellBody::of);
            json::lines(NAME, cells.map(|cell| coverage.body(cell)))
        }
        Format::Csv => rows(coverage),
        Format::Markdown => Ok(markdown::matrix(coverage)),
        Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: crate::LIST_FORMATS })
        }
    }
}

/// Writes one cell in full, as table, JSON or Markdown.
///
/// # Errors
/// [`ReportError::NoSuchCell`] where the matrix lacks it; [`ReportError::NoSuchFormat`] for
/// another format; otherwise if a value has no form in the format.
pub fn coverage_cell(
    coverage: &Coverage<'_>,
    users: &str,
    apps: &str,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    let ids = |segments: &[Segment]| {
        let ids: Vec<_> = segments.iter().map(|segment| segment.id.as_str()).collect();
        ids.join(", ")
    };
    let matrix = coverage.matrix;
    let Some(cell) = matrix.cell(users, apps) else {
        return Err(ReportError::NoSuchCell {
            users: users.to_owned(),
            apps: apps.to_owned(),
            known_users: ids(&matrix.user_segments),
            known_apps: ids(&matrix.app_segments),
        });
    };
    match format {
        Format::Table => Ok(draw::one_cell(coverage, cell, *style)),
        Format::Json => {
            let body = coverage.body(body::CellBody::of(cell));
            json::document(NAME, "coverageCell", envelope, body)
        }
        Format::Markdown => Ok(markdown::one_cell(coverage, cell)),
        Format::Ndjson | Format::Csv | Format::Sarif => Err(ReportError::NoSuchFormat {
            report: "a cell of the coverage matrix",
            format,
            known: SINGLE_FORMATS,
        }),
    }
}

/// The name of a segment, or its id where the list does not have it.
fn title<'a>(segments: &'a [Segment], id: &'a str) -> &'a str {
    segments.iter().find(|segment| segment.id == id).map_or(id, |segment| segment.title.as_str())
}

/// `any admin on admin portals`
fn name(matrix: &CoverageMatrix, cell: &CoverageCell) -> String {
    let users = title(&matrix.user_segments, &cell.users);
    let apps = title(&matrix.app_segments, &cell.apps);
    format!("{users} on {apps}")
}

/// `248 (12 none, 230 MFA; 6 of them may have more; 2 more excepted)`, or only which guarantees
/// there are where the members are made up.
fn members(coverage: &Coverage<'_>, cell: &CoverageCell) -> String {
    if coverage.matrix.hypothetical {
        let rungs: Vec<_> = cell.distribution.iter().map(|(rung, _)| rung.words()).collect();
        return format!("not known without directory data; some {}", rungs.join(", some "));
    }
    let excepted = match cell.excepted {
        0 => String::new(),
        count => format!("; {count} more excepted"),
    };
    format!("{} ({}{excepted})", cell.members, distribution(cell))
}

/// `12 none, 230 MFA; 6 of them may have more`
fn distribution(cell: &CoverageCell) -> String {
    let mut parts: Vec<_> = cell
        .distribution
        .iter()
        .map(|(rung, members)| format!("{members} {}", rung.words()))
        .collect();
    if parts.is_empty() {
        parts.push("no members".to_owned());
    }
    let mut text = parts.join(", ");
    if cell.undecided > 0 {
        text += &format!("; {} of them may have more", cell.undecided);
    }
    text
}

/// The weak cells, worst first.
fn weak(matrix: &CoverageMatrix) -> Vec<&CoverageCell> {
    let mut weak: Vec<_> = matrix.cells.iter().filter(|c| c.severity.is_some()).collect();
    weak.sort_by_key(|cell| std::cmp::Reverse(cell.severity));
    weak
}

fn rows(coverage: &Coverage<'_>) -> Result<String, ReportError> {
    let mut header = vec![
        "tenant",
        "users",
        "apps",
        "members",
        "excepted",
        "undecided",
        "weakest",
        "expected",
        "severity",
        "distribution",
        "policies",
        "note",
    ];
    header.extend(witness::COLUMNS);
    let rows = coverage.matrix.cells.iter().map(|cell| {
        let mut row = vec![
            coverage.tenant.to_string(),
            cell.users.clone(),
            cell.apps.clone(),
            cell.members.to_string(),
            cell.excepted.to_string(),
            cell.undecided.to_string(),
            optional(cell.weakest.map(model::guarantee::Rung::words)),
            cell.expected.words().to_owned(),
            optional(cell.severity),
            distribution(cell),
            joined(&cell.policies),
            optional(cell.note.as_ref()),
        ];
        row.extend(witness::cells(&cell.witnesses));
        row
    });
    spreadsheet::table(NAME, &header, rows)
}
