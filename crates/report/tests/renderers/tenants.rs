//! The registry.

use model::tenant::{Tenant, TenantSource};
use report::{Format, TenantRow, tenant, tenants};

use crate::{NARROW, envelope, fields, snapshots};

pub fn rows() -> Vec<TenantRow> {
    let row = |slug: &str, name: &str, users, imported: Option<&str>| TenantRow {
        tenant: Tenant {
            slug: fields::slug(slug),
            display_name: name.to_owned(),
            tenant_id: Some("11111111-2222-3333-4444-555555555555".to_owned()),
            groups: vec!["dental".to_owned(), "uk".to_owned()],
            licence_tier: imported.map(|_| "P2".to_owned()),
            source: TenantSource::Files,
            added_at: fields::time("2026-10-01T08:00:00Z"),
            as_of: None,
        },
        users,
        policies: 12,
        active_findings: 31,
        last_import: imported.map(fields::time),
    };
    vec![
        row("northwind", "Northwind Dental", 248, Some("2026-11-01T02:14:00Z")),
        row("hostile", fields::ESCAPES, 3, None),
        row("markup", fields::MARKUP, 3, Some("2026-11-01T02:14:00Z")),
        row("formula", fields::FORMULA, 3, None),
        row("cjk", fields::CJK, 3, None),
    ]
}

#[test]
fn a_list_of_tenants_reads_well_in_every_format() {
    let rows = rows();
    snapshots!("tenants", [Table, Json, Ndjson, Csv, Markdown], |format, style| tenants(
        &rows,
        &envelope(),
        format,
        style
    )
    .unwrap());
}

#[test]
fn a_tenant_is_shown_in_full() {
    let rows = rows();
    snapshots!("tenant", [Table, Json, Markdown], |format, style| {
        tenant(&rows[0], &envelope(), format, style).unwrap()
    });
}

#[test]
fn no_tenants_is_said_in_words() {
    let text = tenants(&[], &envelope(), Format::Table, &NARROW).unwrap();
    assert_eq!(text, "No tenants.\n");
}
