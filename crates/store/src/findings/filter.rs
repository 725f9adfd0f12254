//! Which findings are meant, and in which order.

use jiff::Timestamp;
use model::finding::FindingState;
use model::rule::Severity;
use model::tenant::TenantSlug;

/// Which findings are meant. Lists that are empty do not limit, but for `states`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FindingFilter {
    /// Of these tenants.
    pub tenants: Vec<TenantSlug>,
    /// Of tenants in one of these fleet groups; beside `tenants`, both must hold.
    pub groups: Vec<String>,
    /// At least this bad.
    pub min_severity: Option<Severity>,
    /// Exactly as bad as one of these.
    pub severities: Vec<Severity>,
    /// Of these rules: ids, beginnings that end with `.`, or globs with `*` and `?`.
    pub rules: Vec<String>,
    /// Of these categories.
    pub categories: Vec<String>,
    /// In one of these states as of the asking; when empty, the active ones (open, acknowledged,
    /// confirmed).
    pub states: Vec<FindingState>,
    /// To which something happened since: opened, changed, judged, resolved.
    pub since: Option<Timestamp>,
    /// With all of these words in title, rule, subject or tenant, in any case of letters.
    pub query: Option<String>,
    /// Assigned to this person.
    pub assignee: Option<String>,
    /// Exactly these, by fingerprint.
    pub fingerprints: Option<Vec<String>>,
    /// At most this many.
    pub limit: Option<usize>,
    /// After leaving out this many.
    pub offset: usize,
    /// In this order.
    pub sort: FindingSort,
}

/// The order of a listing; ties are broken by tenant, rule, subject and fingerprint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FindingSort {
    /// Worst first.
    #[default]
    Severity,
    /// What happened last first.
    Changed,
    /// Oldest first.
    FirstSeen,
    /// By tenant, then worst first.
    Tenant,
    /// By rule, then worst first.
    Rule,
}

impl FindingFilter {
    /// Every finding in any state.
    pub fn everything() -> Self {
        Self { states: FindingState::ALL.to_vec(), ..Self::default() }
    }

    /// The states it lets through.
    pub fn states(&self) -> Vec<FindingState> {
        if self.states.is_empty() {
            FindingState::ALL.into_iter().filter(|state| state.is_active()).collect()
        } else {
            self.states.clone()
        }
    }
}
