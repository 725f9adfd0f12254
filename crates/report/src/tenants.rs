//! The registry of tenants.

use std::fmt::Write as _;

use model::Timestamp;
use model::tenant::Tenant;
use serde::{Deserialize, Serialize};

use crate::layout::{Column, Grid, Paint, Screen, Span};
use crate::markdown::{self, code, escape};
use crate::spreadsheet::{self, joined, optional};
use crate::{Envelope, Format, LIST_FORMATS, ReportError, SINGLE_FORMATS, Style, counted};
use crate::{json, when};

const NAME: &str = "the list of tenants";

/// A tenant and what the store holds of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantRow {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// Users in the latest snapshot.
    pub users: usize,
    /// Policies in the latest snapshot.
    pub policies: usize,
    /// Open, acknowledged and confirmed findings.
    pub active_findings: usize,
    /// When data last came in.
    pub last_import: Option<Timestamp>,
}

#[derive(Serialize)]
struct Body<'a> {
    tenants: &'a [TenantRow],
}

/// Writes tenants in the order given, one a line in NDJSON and CSV. Not as SARIF.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for SARIF; otherwise if a value has no form in the format.
pub fn tenants(
    tenants: &[TenantRow],
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    match format {
        Format::Table => Ok(draw(tenants, *style)),
        Format::Json => json::document(NAME, "tenants", envelope, Body { tenants }),
        Format::Ndjson => json::lines(NAME, tenants),
        Format::Csv => rows(tenants),
        Format::Markdown => Ok(write(tenants)),
        Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: LIST_FORMATS })
        }
    }
}

/// Writes one tenant, as table, JSON or Markdown.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for another format; otherwise if a value has no JSON form.
pub fn tenant(
    row: &TenantRow,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(Serialize)]
    struct One<'a> {
        tenant: &'a TenantRow,
    }
    const NAME: &str = "a tenant";
    match format {
        Format::Table => {
            let mut screen = Screen::new(*style);
            let name = Span::painted(row.tenant.display_name.as_str(), Paint::Bold);
            screen.paragraph(0, &name);
            screen.blank();
            for (label, value) in facts(row) {
                screen.labelled(2, label, &Span::new(value));
            }
            Ok(screen.finish())
        }
        Format::Json => json::document(NAME, "tenant", envelope, One { tenant: row }),
        Format::Markdown => {
            let mut out = format!("# {}\n\n", escape(&row.tenant.display_name));
            for (label, value) in facts(row) {
                let _ = writeln!(out, "- {label}: {}", escape(&value));
            }
            Ok(out)
        }
        Format::Ndjson | Format::Csv | Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: SINGLE_FORMATS })
        }
    }
}

fn facts(row: &TenantRow) -> Vec<(&'static str, String)> {
    let tenant = &row.tenant;
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_owned());
    let mut facts = vec![
        ("name", tenant.slug.to_string()),
        ("tenant id", known(&tenant.tenant_id)),
        ("licence", known(&tenant.licence_tier)),
        ("source", tenant.source.as_str().to_owned()),
        ("groups", tenant.groups.join(", ")),
        ("users", row.users.to_string()),
        ("policies", row.policies.to_string()),
        ("findings", format!("{} active", row.active_findings)),
        ("added", format!("{} UTC", when::minute(tenant.added_at))),
        ("imported", imported(row, when::minute, " UTC")),
    ];
    if let Some(as_of) = tenant.as_of {
        facts.push(("as of", format!("{} UTC", when::minute(as_of))));
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn imported(row: &TenantRow, show: fn(Timestamp) -> String, zone: &str) -> String {
    row.last_import.map_or_else(|| "never".to_owned(), |time| show(time) + zone)
}

fn draw(tenants: &[TenantRow], style: Style) -> String {
    let mut screen = Screen::new(style);
    if tenants.is_empty() {
        screen.line(&[Span::new("No tenants.")]);
        return screen.finish();
    }
    let mut grid = Grid::new(&[
        Column::left("TENANT").cut(12),
        Column::left("NAME").cut(12),
        Column::left("TIER").cut(4),
        Column::left("SOURCE").optional(3),
        Column::left("GROUPS").cut(8).optional(2),
        Column::right("USERS"),
        Column::right("POLICIES"),
        Column::right("FINDINGS"),
        Column::left("IMPORTED").optional(1),
        Column::left("TENANT ID").optional(4),
    ]);
    for row in tenants {
        let tenant = &row.tenant;
        grid.add(vec![
            Span::painted(tenant.slug.as_str(), Paint::Bold),
            Span::new(tenant.display_name.as_str()),
            Span::new(tenant.licence_tier.as_deref().unwrap_or("?")),
            Span::new(tenant.source.as_str()),
            Span::new(tenant.groups.join(", ")),
            Span::new(row.users.to_string()),
            Span::new(row.policies.to_string()),
            Span::new(row.active_findings.to_string()),
            Span::painted(imported(row, when::day, ""), Paint::Dim),
            Span::painted(tenant.tenant_id.as_deref().unwrap_or_default(), Paint::Dim),
        ]);
    }
    screen.grid(&grid);
    screen.blank();
    let count = counted(tenants.len(), "tenant", "tenants");
    screen.line(&[Span::painted(count, Paint::Dim)]);
    screen.finish()
}

fn rows(tenants: &[TenantRow]) -> Result<String, ReportError> {
    let header = [
        "tenant",
        "displayName",
        "tenantId",
        "groups",
        "licenceTier",
        "source",
        "addedAt",
        "users",
        "policies",
        "activeFindings",
        "lastImport",
    ];
    let rows = tenants.iter().map(|row| {
        let tenant = &row.tenant;
        vec![
            tenant.slug.to_string(),
            tenant.display_name.clone(),
            optional(tenant.tenant_id.as_ref()),
            joined(&tenant.groups),
            optional(tenant.licence_tier.as_ref()),
            tenant.source.as_str().to_owned(),
            tenant.added_at.to_string(),
            row.users.to_string(),
            row.policies.to_string(),
            row.active_findings.to_string(),
            optional(row.last_import),
        ]
    });
    spreadsheet::table(NAME, &header, rows)
}

fn write(tenants: &[TenantRow]) -> String {
    if tenants.is_empty() {
        return "No tenants.\n".to_owned();
    }
    let rows: Vec<_> = tenants
        .iter()
        .map(|row| {
            let tenant = &row.tenant;
            vec![
                code(tenant.slug.as_str()),
                escape(&tenant.display_name),
                escape(tenant.licence_tier.as_deref().unwrap_or("?")),
                tenant.source.as_str().to_owned(),
                escape(&tenant.groups.join(", ")),
                row.users.to_string(),
                row.policies.to_string(),
                row.active_findings.to_string(),
                imported(row, when::day, ""),
            ]
        })
        .collect();
    markdown::table(
        &[
            "Tenant",
            "Name",
            "Tier",
            "Source",
            "Groups",
            ">Users",
            ">Policies",
            ">Findings",
            "Imported",
        ],
        &rows,
    )
}
