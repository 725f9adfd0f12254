//! Renderers: data in, text out.
//!
//! A report takes what `model` describes and gives text in one of the [`Format`]s it has; it reads
//! no store, no clock and no environment. Foreign text is made safe for where it goes: without
//! control characters on a terminal, escaped in Markdown, no formula in CSV, `\u` escapes in JSON.

mod audit;
mod clean;
mod counts;
mod coverage;
mod decision;
mod findings;
mod fleet;
mod format;
mod incidents;
mod json;
mod layout;
mod markdown;
mod rules;
pub mod sarif;
mod sign_ins;
mod spreadsheet;
mod tenants;
mod when;
mod witness;

pub use audit::{audit, audits};
pub use counts::{SeverityCounts, StatusCounts};
pub use coverage::{Coverage, coverage, coverage_cell};
pub use decision::{WhatIf, decision};
pub use findings::{
    FindingDetail, FindingTally, finding, finding_history, findings, findings_summary,
};
pub use fleet::{FleetRow, fleet};
pub use format::{Depth, Envelope, Excerpt, Format, ReportError, Style};
pub use incidents::{ListedIncident, incident, incidents};
pub use json::SCHEMA_VERSION;
pub use rules::{rule, rules, rules_markdown};
pub use sign_ins::{SignInDetail, sign_in, sign_in_stats};
pub use tenants::{TenantRow, tenant, tenants};

/// Breaks a text into lines of at most `columns`, between words where it can.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    layout::wrap(text, columns)
}

/// The formats of a list.
pub(crate) const LIST_FORMATS: &[Format] =
    &[Format::Table, Format::Json, Format::Ndjson, Format::Csv, Format::Markdown];

/// The formats of one thing.
pub(crate) const SINGLE_FORMATS: &[Format] = &[Format::Table, Format::Json, Format::Markdown];

/// `1 tenant`, `2 tenants`
pub(crate) fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
