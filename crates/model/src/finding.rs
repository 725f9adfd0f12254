//! Findings: identity, life and history.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::canonical::sha256_hex;
use crate::evidence::Evidence;
use crate::rule::Severity;
use crate::tenant::TenantSlug;

/// What an audit saw, before the store gives it a life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// SHA-256 over tenant, rule and canonical evidence: the same facts, once.
    pub content_hash: String,
    /// SHA-256 over tenant, rule and subject: one finding through time.
    pub fingerprint: String,
    /// The tenant.
    pub tenant: TenantSlug,
    /// The rule.
    pub rule: String,
    /// `conditional-access`, `exclusion`, `coverage`, `own`, `sign-in`.
    pub category: String,
    /// What failed, in a sentence.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Ids of the subject.
    pub subject: Vec<String>,
    /// Name of the subject.
    pub subject_label: String,
    /// Facts only: nothing that changes while they do not (no clock, no "days since").
    pub evidence: Evidence,
}

impl Finding {
    /// Builds a finding and its two hashes.
    #[expect(clippy::too_many_arguments, reason = "each is a field; a builder would hide none")]
    pub fn new(
        tenant: &TenantSlug,
        rule: &str,
        category: &str,
        title: String,
        severity: Severity,
        subject: Vec<String>,
        subject_label: String,
        evidence: Evidence,
    ) -> Self {
        let content_hash = sha256_hex(&[
            tenant.as_str().as_bytes(),
            rule.as_bytes(),
            evidence.as_str().as_bytes(),
        ]);
        let fingerprint = fingerprint(tenant, rule, &subject);
        Self {
            content_hash,
            fingerprint,
            tenant: tenant.clone(),
            rule: rule.to_owned(),
            category: category.to_owned(),
            title,
            severity,
            subject,
            subject_label,
            evidence,
        }
    }

    /// The short id to type: the first eight characters of the fingerprint.
    pub fn short_id(&self) -> &str {
        self.fingerprint.get(..8).unwrap_or(&self.fingerprint)
    }
}

/// The identity of a finding through time.
pub fn fingerprint(tenant: &TenantSlug, rule: &str, subject: &[String]) -> String {
    let mut parts: Vec<&[u8]> = vec![tenant.as_str().as_bytes(), rule.as_bytes()];
    parts.extend(subject.iter().map(std::string::String::as_bytes));
    sha256_hex(&parts)
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// Nobody has looked.
    Open,
    /// Somebody has taken it up.
    Acknowledged,
    /// Verified as true by a person.
    Confirmed,
    /// Asleep until a time.
    Snoozed,
    /// The risk is accepted until a time, with a reason.
    Accepted,
    /// Judged wrong.
    FalsePositive,
    /// No longer seen by a run that looked.
    Resolved,
}

impl FindingState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::Acknowledged,
        Self::Confirmed,
        Self::Snoozed,
        Self::Accepted,
        Self::FalsePositive,
        Self::Resolved,
    ];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Confirmed => "confirmed",
            Self::Snoozed => "snoozed",
            Self::Accepted => "accepted",
            Self::FalsePositive => "false-positive",
            Self::Resolved => "resolved",
        }
    }

    /// Whether it asks for attention.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Open | Self::Acknowledged | Self::Confirmed)
    }
}

impl std::fmt::Display for FindingState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for FindingState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|s| s.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|s| s.as_str()).collect();
            format!("{text:?} is not a state: use one of {}", known.join(", "))
        })
    }
}

/// What happened to a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingAction {
    /// A run saw it for the first time.
    Opened,
    /// A run saw it again after it was resolved.
    Reopened,
    /// A run looked and no longer saw it.
    Resolved,
    /// Its evidence or severity changed for the worse while it was accepted, snoozed or judged.
    Worsened,
    /// Its evidence changed.
    Changed,
    /// A snooze or acceptance ran out.
    Expired,
    /// A person took it up.
    Acknowledge,
    /// A person verified it.
    Confirm,
    /// A person put it to sleep.
    Snooze,
    /// A person accepted the risk.
    Accept,
    /// A person judged it wrong.
    FalsePositive,
    /// A person reopened it.
    Reopen,
    /// A person assigned it.
    Assign,
    /// A person wrote a note.
    Note,
    /// A person took an action back.
    Undo,
    /// A person did an undone action again.
    Redo,
}

impl FindingAction {
    /// Every action.
    pub const ALL: [Self; 16] = [
        Self::Opened,
        Self::Reopened,
        Self::Resolved,
        Self::Worsened,
        Self::Changed,
        Self::Expired,
        Self::Acknowledge,
        Self::Confirm,
        Self::Snooze,
        Self::Accept,
        Self::FalsePositive,
        Self::Reopen,
        Self::Assign,
        Self::Note,
        Self::Undo,
        Self::Redo,
    ];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Resolved => "resolved",
            Self::Worsened => "worsened",
            Self::Changed => "changed",
            Self::Expired => "expired",
            Self::Acknowledge => "acknowledge",
            Self::Confirm => "confirm",
            Self::Snooze => "snooze",
            Self::Accept => "accept",
            Self::FalsePositive => "false-positive",
            Self::Reopen => "reopen",
            Self::Assign => "assign",
            Self::Note => "note",
            Self::Undo => "undo",
            Self::Redo => "redo",
        }
    }
}

/// One entry of a finding's history: the audit trail, and what undo reverses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingEvent {
    /// Identity (UUIDv7, so that it sorts by time).
    pub id: String,
    /// The finding.
    pub fingerprint: String,
    /// Entries made by one command share it; undo takes back all of them.
    pub batch: String,
    /// Who: login name, `CSTACK_ACTOR` as claimed, or `run` for a run.
    pub actor: String,
    /// When.
    pub occurred_at: Timestamp,
    /// What.
    pub action: FindingAction,
    /// State before.
    pub from: FindingState,
    /// State after.
    pub to: FindingState,
    /// End of a snooze or acceptance.
    pub until: Option<Timestamp>,
    /// Who it is assigned to after this.
    pub assignee: Option<String>,
    /// Reason or note.
    pub note: String,
    /// For undo and redo, the batch that is meant.
    pub of_batch: Option<String>,
}

/// A finding with its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrackedFinding {
    /// What was last seen.
    #[serde(flatten)]
    pub finding: Finding,
    /// Where it stands at the time of asking; an ended snooze or acceptance reads as open.
    pub state: FindingState,
    /// End of a snooze or acceptance.
    pub until: Option<Timestamp>,
    /// Who it is assigned to.
    pub assignee: Option<String>,
    /// Last reason or note.
    pub note: String,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn finding(evidence: &Value, subject: &str) -> Finding {
        Finding::new(
            &TenantSlug::new("contoso").unwrap(),
            "rule.mfa-admins",
            "conditional-access",
            String::new(),
            Severity::Critical,
            vec![subject.to_owned()],
            String::new(),
            Evidence::new(evidence).unwrap(),
        )
    }

    #[test]
    fn changed_evidence_keeps_the_fingerprint_and_changes_the_content_hash() {
        let (a, b) = (finding(&json!({"n":1}), "tenant"), finding(&json!({"n":2}), "tenant"));
        assert_eq!(a.fingerprint, b.fingerprint);
        assert_ne!(a.content_hash, b.content_hash);
    }

    #[test]
    fn another_subject_is_another_finding() {
        assert_ne!(finding(&json!({}), "p1").fingerprint, finding(&json!({}), "p2").fingerprint);
    }
}
