//! The fleet.

use model::rule::Severity;
use report::{FleetRow, Format, SeverityCounts, StatusCounts, fleet};

use crate::{NARROW, envelope, fields, snapshots};

fn row(slug: &str, name: &str, tier: Option<&str>, users: usize) -> FleetRow {
    let findings =
        SeverityCounts { critical: users / 1000, high: users / 100, medium: 3, low: 4, info: 0 };
    FleetRow {
        tenant: fields::slug(slug),
        display_name: name.to_owned(),
        licence_tier: tier.map(str::to_owned),
        users,
        policies: 12,
        worst: findings.worst(),
        findings,
        coverage_score: Some(61),
        results: StatusCounts { pass: 20, fail: 15, unknown: 2, not_applicable: 3 },
        error: None,
        import_error: None,
    }
}

pub fn rows() -> Vec<FleetRow> {
    let mut failed = row("tailspin", "Tailspin Toys", None, 0);
    failed.error = Some(format!("the snapshot cannot be read: {}", fields::ESCAPES));
    let mut clean = row("adatum", fields::MARKUP, Some("P1"), 60);
    clean.findings = SeverityCounts::default();
    clean.worst = None;
    clean.coverage_score = None;
    vec![
        row("northwind", "Northwind Dental", Some("P2"), 2_000),
        row("a-tenant-with-a-name-as-long-as-slugs-go", fields::CJK, Some("P1"), 248),
        clean,
        failed,
    ]
}

#[test]
fn a_fleet_reads_well_in_every_format() {
    let rows = rows();
    snapshots!("fleet", [Table, Json, Ndjson, Csv, Markdown], |format, style| fleet(
        &rows,
        &envelope(),
        format,
        style
    )
    .unwrap());
}

#[test]
fn a_fleet_without_tenants_says_so() {
    let text = fleet(&[], &envelope(), Format::Table, &NARROW).unwrap();
    assert_eq!(text, "The fleet has no tenant.\n");
}

#[test]
fn a_failed_tenant_counts_as_failed_and_in_no_total() {
    let text = fleet(&rows(), &envelope(), Format::Json, &NARROW).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["totals"]["failed"], 1);
    assert_eq!(json["totals"]["users"], 2_308);
    assert_eq!(json["totals"]["worst"], Severity::Critical.as_str());
}

#[test]
fn a_row_is_made_of_an_audit() {
    let tenant = crate::tenants::rows()[0].tenant.clone();
    let row = FleetRow::of_audit(&tenant, 248, 12, &fields::audit());
    assert_eq!(row.worst, Some(Severity::Critical));
    assert_eq!((row.results.fail, row.findings.total()), (2, 2));
}

#[test]
fn a_fleet_is_not_written_as_sarif_and_says_what_it_is_written_as() {
    let error = fleet(&[], &envelope(), Format::Sarif, &NARROW).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the fleet is not written as sarif: use --format table, json, ndjson, csv, md"
    );
}
