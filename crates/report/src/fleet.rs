//! The fleet, a tenant a line.

use std::fmt::Write as _;

use model::rule::Severity;
use model::run::AuditReport;
use model::tenant::{Tenant, TenantSlug};
use serde::{Deserialize, Serialize};

use crate::counts::{SeverityCounts, StatusCounts};
use crate::layout::{Column, Grid, Paint, Screen, Span, of_severity};
use crate::markdown::{self, code, escape};
use crate::spreadsheet::{self, optional};
use crate::{Envelope, Format, ReportError, Style, counted, json};

const NAME: &str = "the fleet";

/// One tenant of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetRow {
    /// Short name.
    pub tenant: TenantSlug,
    /// Name to show.
    pub display_name: String,
    /// Licence tier, where known.
    pub licence_tier: Option<String>,
    /// Users in the snapshot.
    pub users: usize,
    /// Conditional Access policies in the snapshot, of any state.
    pub policies: usize,
    /// Worst severity of the findings counted.
    pub worst: Option<Severity>,
    /// Findings by severity.
    pub findings: SeverityCounts,
    /// Coverage score, 0 to 100; absent where nothing was decided.
    pub coverage_score: Option<u8>,
    /// Rules by status.
    pub results: StatusCounts,
    /// Why the tenant failed, where it did; its figures then mean nothing.
    pub error: Option<String>,
    /// Why its sources could not be imported, where they could not: the figures are then those of
    /// the snapshot before.
    pub import_error: Option<String>,
}

impl FleetRow {
    /// The row of an audited tenant, counting the audit's findings.
    pub fn of_audit(tenant: &Tenant, users: usize, policies: usize, audit: &AuditReport) -> Self {
        let findings = SeverityCounts::of(audit.findings.iter().map(|f| f.severity));
        Self {
            tenant: tenant.slug.clone(),
            display_name: tenant.display_name.clone(),
            licence_tier: tenant.licence_tier.clone(),
            users,
            policies,
            worst: findings.worst(),
            findings,
            coverage_score: audit.coverage.score,
            results: StatusCounts::of(&audit.results),
            error: None,
            import_error: None,
        }
    }

    /// The row of a tenant that could not be audited.
    pub fn failed(tenant: &Tenant, error: String) -> Self {
        Self {
            tenant: tenant.slug.clone(),
            display_name: tenant.display_name.clone(),
            licence_tier: tenant.licence_tier.clone(),
            users: 0,
            policies: 0,
            worst: None,
            findings: SeverityCounts::default(),
            coverage_score: None,
            results: StatusCounts::default(),
            error: Some(error),
            import_error: None,
        }
    }
}

/// All tenants together.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Totals {
    tenants: usize,
    failed: usize,
    users: usize,
    policies: usize,
    worst: Option<Severity>,
    findings: SeverityCounts,
    results: StatusCounts,
}

impl Totals {
    fn of(rows: &[FleetRow]) -> Self {
        let mut totals = Self { tenants: rows.len(), ..Self::default() };
        for row in rows {
            if row.error.is_some() {
                totals.failed += 1;
                continue;
            }
            totals.users += row.users;
            totals.policies += row.policies;
            totals.worst = totals.worst.max(row.worst);
            totals.findings.merge(&row.findings);
            totals.results.merge(&row.results);
        }
        totals
    }
}

/// Writes the fleet in the order given, with totals in table, JSON and Markdown. Not as SARIF.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for SARIF; otherwise if a value has no form in the format.
pub fn fleet(
    rows: &[FleetRow],
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(Serialize)]
    struct Body<'a> {
        tenants: &'a [FleetRow],
        totals: Totals,
    }
    match format {
        Format::Table => Ok(draw(rows, *style)),
        Format::Json => {
            let totals = Totals::of(rows);
            let body = Body { tenants: rows, totals };
            json::document(NAME, "fleet", envelope, body)
        }
        Format::Ndjson => json::lines(NAME, rows),
        Format::Csv => csv(rows),
        Format::Markdown => Ok(write(rows)),
        Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: crate::LIST_FORMATS })
        }
    }
}

fn draw(rows: &[FleetRow], style: Style) -> String {
    let mut screen = Screen::new(style);
    if rows.is_empty() {
        screen.line(&[Span::new("The fleet has no tenant.")]);
        return screen.finish();
    }
    let mut columns = vec![
        Column::left("TENANT").cut(12),
        Column::left("NAME").cut(12).optional(8),
        Column::left("TIER").cut(4).optional(3),
        Column::right("USERS").optional(2),
        Column::right("POL").optional(4),
        Column::left("WORST"),
    ];
    columns.extend(SeverityCounts::columns());
    columns.extend([
        Column::right("COVER").optional(1),
        Column::right("FAIL").optional(5),
        Column::right("UNKN").optional(6),
        Column::right("N/A").optional(9),
        Column::right("PASS").optional(7),
    ]);
    let mut grid = Grid::new(&columns);
    for row in rows {
        grid.add(cells(row));
    }
    screen.grid(&grid);

    let totals = Totals::of(rows);
    screen.blank();
    screen.flow(&sums(&totals), Paint::Plain);
    if totals.failed > 0 {
        screen.heading("Failed");
        for row in rows {
            if let Some(error) = &row.error {
                screen.paragraph(2, &Span::painted(format!("{}: {error}", row.tenant), Paint::Red));
            }
        }
    }
    if rows.iter().any(|row| row.import_error.is_some()) {
        screen.heading("Not imported, and audited as they were");
        for row in rows {
            if let Some(error) = &row.import_error {
                screen.paragraph(2, &Span::painted(format!("{}: {error}", row.tenant), Paint::Red));
            }
        }
    }
    screen.finish()
}

fn cells(row: &FleetRow) -> Vec<Span<'_>> {
    let failed = row.error.is_some();
    let figure = |count: usize| {
        if failed { Span::painted(".", Paint::Dim) } else { Span::new(count.to_string()) }
    };
    let worst = match row.worst {
        _ if failed => Span::painted("failed", Paint::Red),
        None => Span::painted("none", Paint::Green),
        Some(worst) => Span::painted(worst.as_str(), of_severity(worst)),
    };
    let mut cells = vec![
        Span::painted(row.tenant.as_str(), Paint::Bold),
        Span::new(row.display_name.as_str()),
        Span::new(row.licence_tier.as_deref().unwrap_or("?")),
        figure(row.users),
        figure(row.policies),
        worst,
    ];
    let findings = if failed { SeverityCounts::default() } else { row.findings };
    cells.extend(findings.cells());
    cells.push(match row.coverage_score {
        Some(score) if !failed => Span::new(format!("{score}%")),
        _ => Span::painted(".", Paint::Dim),
    });
    cells.extend([
        figure(row.results.fail),
        figure(row.results.unknown),
        figure(row.results.not_applicable),
        figure(row.results.pass),
    ]);
    cells
}

/// The totals, in words.
fn sums(totals: &Totals) -> Vec<String> {
    let findings = &totals.findings;
    let mut sums = vec![
        counted(totals.tenants, "tenant", "tenants"),
        counted(totals.users, "user", "users"),
        counted(totals.policies, "policy", "policies"),
        format!(
            "{} findings ({} critical, {} high, {} medium, {} low, {} info)",
            findings.total(),
            findings.critical,
            findings.high,
            findings.medium,
            findings.low,
            findings.info
        ),
    ];
    if totals.failed > 0 {
        sums.insert(1, format!("{} failed", totals.failed));
    }
    sums
}

fn csv(rows: &[FleetRow]) -> Result<String, ReportError> {
    let header = [
        "tenant",
        "displayName",
        "licenceTier",
        "users",
        "policies",
        "worst",
        "critical",
        "high",
        "medium",
        "low",
        "info",
        "coverageScore",
        "pass",
        "fail",
        "unknown",
        "notApplicable",
        "error",
        "importError",
    ];
    let rows = rows.iter().map(|row| {
        vec![
            row.tenant.to_string(),
            row.display_name.clone(),
            optional(row.licence_tier.as_ref()),
            row.users.to_string(),
            row.policies.to_string(),
            optional(row.worst),
            row.findings.critical.to_string(),
            row.findings.high.to_string(),
            row.findings.medium.to_string(),
            row.findings.low.to_string(),
            row.findings.info.to_string(),
            optional(row.coverage_score),
            row.results.pass.to_string(),
            row.results.fail.to_string(),
            row.results.unknown.to_string(),
            row.results.not_applicable.to_string(),
            optional(row.error.as_ref()),
            optional(row.import_error.as_ref()),
        ]
    });
    spreadsheet::table(NAME, &header, rows)
}

fn write(rows: &[FleetRow]) -> String {
    let header = [
        "Tenant",
        "Name",
        "Tier",
        ">Users",
        ">Policies",
        "Worst",
        ">Critical",
        ">High",
        ">Medium",
        ">Low",
        ">Info",
        ">Coverage",
        ">Fail",
        ">Unknown",
        ">N/A",
        ">Pass",
    ];
    let table_rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let mut cells = cells(row).into_iter().map(|cell| escape(cell.text()));
            cells.next();
            std::iter::once(code(row.tenant.as_str())).chain(cells).collect()
        })
        .collect();
    let mut out = String::from("# Fleet\n\n");
    out.push_str(&markdown::table(&header, &table_rows));
    let _ = writeln!(out, "\n{}", sums(&Totals::of(rows)).join("; "));
    for row in rows {
        if let Some(error) = &row.error {
            let _ = write!(out, "\n- {} failed: {}", code(row.tenant.as_str()), escape(error));
        }
    }
    for row in rows {
        if let Some(error) = &row.import_error {
            let tenant = code(row.tenant.as_str());
            let _ = write!(out, "\n- {tenant} not imported, audited as it was: {}", escape(error));
        }
    }
    if rows.iter().any(|row| row.error.is_some() || row.import_error.is_some()) {
        out.push('\n');
    }
    out
}
