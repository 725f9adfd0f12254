//! The coverage matrix.

use model::coverage::CoverageMatrix;
use report::{Coverage, Format, ReportError, coverage, coverage_cell};

use crate::{NARROW, envelope, fields, snapshots};

fn with<T>(matrix: &CoverageMatrix, then: impl FnOnce(&Coverage<'_>) -> T) -> T {
    then(&Coverage {
        tenant: &fields::slug("contoso"),
        as_of: fields::time("2026-11-01T12:00:00Z"),
        matrix,
    })
}

#[test]
fn a_matrix_reads_well_in_every_format() {
    let matrix = fields::coverage();
    snapshots!("coverage", [Table, Json, Ndjson, Csv, Markdown], |format, style| with(
        &matrix,
        |c| coverage(c, &envelope(), format, style).unwrap()
    ));
}

#[test]
fn a_cell_says_who_slips_through_and_how() {
    let matrix = fields::coverage();
    snapshots!("coverage_cell", [Table, Json, Markdown], |format, style| {
        with(&matrix, |c| {
            coverage_cell(c, "any-admin", "all-apps", &envelope(), format, style).unwrap()
        })
    });
}

#[test]
fn an_empty_matrix_says_so() {
    let matrix = fields::nothing_audited().coverage;
    let text = with(&matrix, |c| coverage(c, &envelope(), Format::Table, &NARROW).unwrap());
    assert!(text.contains("The matrix has no cell."), "{text}");
}

#[test]
fn a_cell_that_is_not_there_is_answered_with_the_segments_there_are() {
    let matrix = fields::coverage();
    let error = with(&matrix, |c| {
        coverage_cell(c, "admins", "all-apps", &envelope(), Format::Table, &NARROW).unwrap_err()
    });
    assert!(matches!(error, ReportError::NoSuchCell { .. }));
    assert!(error.to_string().contains("any-admin, tier-0"), "{error}");
}

#[test]
fn a_matrix_of_many_applications_is_drawn_in_blocks() {
    let mut matrix = fields::coverage();
    matrix.app_segments.extend(fields::coverage().app_segments);
    let text = with(&matrix, |c| coverage(c, &envelope(), Format::Table, &NARROW).unwrap());
    assert_eq!(text.matches("\nAll users").count(), 2, "{text}");
}
