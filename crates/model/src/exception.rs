//! What people declared: emergency accounts, and exceptions with a reason and an end.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A declared emergency-access account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakGlassAccount {
    /// Object id of the user.
    pub user_id: String,
    /// Sign-in name at the time of declaring, for messages.
    pub label: String,
    /// Who declared it.
    pub declared_by: String,
    /// When.
    pub declared_at: Timestamp,
    /// Whether sign-ins of this account raise an alarm, as the operator attests; absent where the
    /// operator did not say.
    pub monitored: Option<bool>,
}

/// What an exception is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum ExceptionSubject {
    /// A user, group, role or service principal, by object or template id.
    Principal(String),
    /// A policy, by id.
    Policy(String),
    /// A rule, by id.
    Rule(String),
}

impl ExceptionSubject {
    /// `principal`, `policy` or `rule`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Principal(_) => "principal",
            Self::Policy(_) => "policy",
            Self::Rule(_) => "rule",
        }
    }

    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::Principal(id) | Self::Policy(id) | Self::Rule(id) => id,
        }
    }

    /// The subject from its parts, where the kind is known.
    pub fn from_parts(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "principal" => Some(Self::Principal(id.to_owned())),
            "policy" => Some(Self::Policy(id.to_owned())),
            "rule" => Some(Self::Rule(id.to_owned())),
            _ => None,
        }
    }
}

/// An entry of the exception register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionEntry {
    /// Identity (UUIDv7).
    pub id: String,
    /// What it is for.
    pub subject: ExceptionSubject,
    /// Limits a principal's exception to one rule; absent for all.
    pub rule: Option<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who entered it.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
    /// When it ends; it counts no more from then on.
    pub expires_at: Timestamp,
}

impl ExceptionEntry {
    /// Whether it counts at a time.
    pub fn is_in_force(&self, as_of: Timestamp) -> bool {
        as_of < self.expires_at
    }
}
