//! How many findings each tenant has, by severity and by state.

use std::collections::BTreeMap;

use model::finding::FindingState;
use model::rule::Severity;
use model::tenant::TenantSlug;
use serde::{Deserialize, Serialize};

use crate::counts::SeverityCounts;
use crate::layout::{Column, Grid, Paint, Screen, Span};
use crate::markdown::{self, code};
use crate::spreadsheet;
use crate::{Envelope, Format, LIST_FORMATS, ReportError, Style, json};

const NAME: &str = "the summary of findings";

/// How many findings of a tenant have one severity and one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingTally {
    /// The tenant.
    pub tenant: TenantSlug,
    /// Severity.
    pub severity: Severity,
    /// State.
    pub state: FindingState,
    /// How many.
    pub count: usize,
}

/// One tenant's findings.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// Open, acknowledged and confirmed ones, by severity.
    active: SeverityCounts,
    /// All, by state.
    states: BTreeMap<FindingState, usize>,
}

impl Row {
    fn add(&mut self, tally: &FindingTally) {
        if tally.state.is_active() {
            self.active.add(tally.severity, tally.count);
        }
        *self.states.entry(tally.state).or_default() += tally.count;
    }

    fn state(&self, state: FindingState) -> usize {
        self.states.get(&state).copied().unwrap_or(0)
    }
}

/// Writes counts by tenant: active findings by severity, all findings by state. NDJSON and CSV
/// hold one tally a line. Not as SARIF.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for SARIF; otherwise if a value has no form in the format.
pub fn findings_summary(
    tallies: &[FindingTally],
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(Serialize)]
    struct Named<'a> {
        tenant: &'a TenantSlug,
        #[serde(flatten)]
        row: &'a Row,
    }
    #[derive(Serialize)]
    struct Body<'a> {
        tenants: Vec<Named<'a>>,
        totals: &'a Row,
    }
    let mut tenants: BTreeMap<&TenantSlug, Row> = BTreeMap::new();
    let mut totals = Row::default();
    for tally in tallies {
        tenants.entry(&tally.tenant).or_default().add(tally);
        totals.add(tally);
    }
    match format {
        Format::Table => Ok(draw(&tenants, &totals, *style)),
        Format::Json => {
            let named = tenants.iter().map(|(tenant, row)| Named { tenant, row });
            let body = Body { tenants: named.collect(), totals: &totals };
            json::document(NAME, "findingsSummary", envelope, body)
        }
        Format::Ndjson => json::lines(NAME, tallies),
        Format::Csv => {
            let rows = tallies.iter().map(|tally| {
                vec![
                    tally.tenant.to_string(),
                    tally.severity.to_string(),
                    tally.state.to_string(),
                    tally.count.to_string(),
                ]
            });
            spreadsheet::table(NAME, &["tenant", "severity", "state", "count"], rows)
        }
        Format::Markdown => Ok(write(&tenants, &totals)),
        Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: LIST_FORMATS })
        }
    }
}

fn draw(tenants: &BTreeMap<&TenantSlug, Row>, totals: &Row, style: Style) -> String {
    let mut screen = Screen::new(style);
    if tenants.is_empty() {
        screen.line(&[Span::new("No findings.")]);
        return screen.finish();
    }
    let mut columns = vec![Column::left("TENANT").cut(10)];
    columns.extend(SeverityCounts::columns());
    columns.extend([
        Column::right("OPEN"),
        Column::right("ACK").optional(2),
        Column::right("CONF").optional(4),
        Column::right("SNOOZ").optional(3),
        Column::right("ACCEPT").optional(1),
        Column::right("FALSE").optional(5),
        Column::right("RESOLV").optional(6),
    ]);
    let mut grid = Grid::new(&columns);
    let mut add = |name: String, row: &Row| {
        let mut cells = vec![Span::painted(name, Paint::Bold)];
        cells.extend(row.active.cells());
        cells.extend(FindingState::ALL.map(|state| match row.state(state) {
            0 => Span::painted(".", Paint::Dim),
            count => Span::new(count.to_string()),
        }));
        grid.add(cells);
    };
    for (tenant, row) in tenants {
        add(tenant.to_string(), row);
    }
    if tenants.len() > 1 {
        add("all".to_owned(), totals);
    }
    screen.grid(&grid);
    screen.blank();
    screen.paragraph(
        0,
        &Span::painted(
            "C H M L I: critical to info among open, acknowledged and confirmed findings.",
            Paint::Dim,
        ),
    );
    screen.finish()
}

fn write(tenants: &BTreeMap<&TenantSlug, Row>, totals: &Row) -> String {
    if tenants.is_empty() {
        return "No findings.\n".to_owned();
    }
    let header = [
        "Tenant",
        ">Critical",
        ">High",
        ">Medium",
        ">Low",
        ">Info",
        ">Open",
        ">Acknowledged",
        ">Confirmed",
        ">Snoozed",
        ">Accepted",
        ">False positive",
        ">Resolved",
    ];
    let cells = |name: String, row: &Row| {
        let mut cells = vec![name];
        cells.extend(crate::counts::worst_first().map(|s| row.active.get(s).to_string()));
        cells.extend(FindingState::ALL.map(|state| row.state(state).to_string()));
        cells
    };
    let mut rows: Vec<_> =
        tenants.iter().map(|(tenant, row)| cells(code(tenant.as_str()), row)).collect();
    if tenants.len() > 1 {
        rows.push(cells("**all**".to_owned(), totals));
    }
    let note = "\nSeverities count open, acknowledged and confirmed findings.\n";
    markdown::table(&header, &rows) + note
}
