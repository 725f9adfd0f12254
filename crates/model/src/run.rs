//! Runs: what was done, when, and what came of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::coverage::CoverageMatrix;
use crate::finding::Finding;
use crate::rule::{RuleResult, RuleStatus, Severity};
use crate::tenant::TenantSlug;

/// Everything one audit of one tenant gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// The tenant.
    pub tenant: TenantSlug,
    /// The time that was taken as now.
    pub as_of: Timestamp,
    /// The snapshot that was audited; empty for files.
    pub snapshot_id: String,
    /// Every rule's result.
    pub results: Vec<RuleResult>,
    /// The matrix.
    pub coverage: CoverageMatrix,
    /// Findings from failures.
    pub findings: Vec<Finding>,
    /// What the operator should know of the data itself (unknown conditions, missing listings).
    pub notes: Vec<String>,
}

impl AuditReport {
    /// How many results have a status.
    pub fn count(&self, status: RuleStatus) -> usize {
        self.results.iter().filter(|result| result.status == status).count()
    }

    /// The worst severity among the findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// What a run changed in the store's findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MergeCounts {
    /// Seen for the first time.
    pub opened: usize,
    /// Seen again after they were resolved.
    pub reopened: usize,
    /// No longer seen.
    pub resolved: usize,
    /// Worse while accepted, snoozed or judged.
    pub worsened: usize,
    /// Changed otherwise.
    pub changed: usize,
    /// As before.
    pub unchanged: usize,
    /// Snoozes and acceptances that ran out.
    pub expired: usize,
}

/// A recorded run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// Identity (UUIDv7).
    pub id: String,
    /// The tenant.
    pub tenant: TenantSlug,
    /// `import`, `audit`, ...
    pub stage: String,
    /// Start.
    pub started_at: Timestamp,
    /// End; absent while it goes or where it was killed.
    pub ended_at: Option<Timestamp>,
    /// `running`, `ok` or `failed`.
    pub outcome: String,
    /// What came of it: counts, or the error.
    pub detail: serde_json::Value,
}
