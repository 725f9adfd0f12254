//! Rules: what they say of themselves, and what they found.

use serde::{Deserialize, Serialize};

use crate::tenant::Licences;

/// How bad; ordered by meaning, worst last.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Weakens little.
    Low,
    /// Weakens something.
    Medium,
    /// Opens a common path of attack.
    High,
    /// Opens the tenant.
    Critical,
}

impl Severity {
    /// Every severity, least first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// 0 for info to 4 for critical: what the store sorts by.
    pub fn rank(self) -> u8 {
        self as u8
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Severity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|s| s.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
            format!("{text:?} is not a severity: use info, low, medium, high or critical")
        })
    }
}

/// Why a rule cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct RuleError {
    /// File.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl RuleError {
    /// An error at a byte of a file's text.
    pub fn at(file: &str, text: &str, byte: usize, message: String) -> Self {
        let line = text.get(..byte).map_or(1, |before| before.matches('\n').count() + 1);
        Self { file: file.to_owned(), line, message }
    }
}

/// A licence that a rule's controls need.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LicenceNeed {
    /// Nothing.
    None,
    /// Entra ID P1.
    EntraIdP1,
    /// Entra ID P2.
    EntraIdP2,
    /// Workload Identities Premium.
    WorkloadIdentitiesPremium,
    /// Purview Adaptive Protection.
    PurviewAdaptiveProtection,
}

impl LicenceNeed {
    /// Whether a tenant has it; absent where its licences are not known.
    pub fn is_met_by(self, licences: &Licences) -> Option<bool> {
        if self == Self::None {
            return Some(true);
        }
        let beside = |has: bool| (!licences.tier_only).then_some(has);
        let met = match self {
            Self::None => Some(true),
            Self::EntraIdP1 => Some(licences.entra_p1),
            Self::EntraIdP2 => Some(licences.entra_p2),
            Self::WorkloadIdentitiesPremium => beside(licences.workload_identities),
            Self::PurviewAdaptiveProtection => beside(licences.insider_risk),
        };
        met.filter(|_| licences.known)
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "no licence",
            Self::EntraIdP1 => "Entra ID P1",
            Self::EntraIdP2 => "Entra ID P2",
            Self::WorkloadIdentitiesPremium => "Workload Identities Premium",
            Self::PurviewAdaptiveProtection => "Purview Adaptive Protection",
        }
    }
}

/// What a rule's findings are about; part of a finding's fingerprint.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// The tenant as a whole.
    Tenant,
    /// One policy.
    Policy,
    /// One user, group or service principal.
    Principal,
    /// One cell of the coverage matrix.
    Cell,
}

/// What a rule says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleMeta {
    /// Identity (`rule.mfa-admins`, `exclusion.creep`, `coverage.guests-on-all-apps`).
    pub id: String,
    /// What holds when the rule passes.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// `conditional-access`, `exclusion`, `coverage`, `own`.
    pub category: String,
    /// What its findings are about.
    pub subject: SubjectKind,
    /// Licence that its controls need.
    pub licence: LicenceNeed,
    /// Why it matters.
    pub rationale: String,
    /// When a failure may be intended or harmless.
    pub false_positives: String,
    /// Controls it answers (`scuba:MS.AAD.1.1v1`, `cis:m365-7.0:5.2.2.3`, `mitre:T1078.004`, links).
    pub references: Vec<String>,
    /// The same check in other tools (`prowler:...`, `maester:MT.1007`).
    pub equivalents: Vec<String>,
    /// Steps to put it right.
    pub remediation: Vec<String>,
    /// A ready snippet; `{{...}}` are filled from the tenant.
    pub snippet: Option<String>,
    /// SHA-256 of the rule's source, so that a changed rule is told apart.
    pub content_hash: String,
}

/// What came of a rule for a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleStatus {
    /// The effect holds.
    Pass,
    /// It does not.
    Fail,
    /// The rule says nothing of this tenant.
    NotApplicable,
    /// The data cannot tell.
    Unknown,
}

impl RuleStatus {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotApplicable => "not-applicable",
            Self::Unknown => "unknown",
        }
    }
}

/// Who is uncovered, by which path, and what nearly covers them. Fields, and those of what it
/// holds, are in the order of their names: see [`crate::evidence::Evidence::in_order`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Witness {
    /// What is enough on that path, in words.
    pub enough: String,
    /// SHA-256 over the ids of all principals, so that a change beyond the bound is seen; empty
    /// where all are named.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub everybody: String,
    /// Policies that nearly cover the path and what each misses.
    pub near_misses: Vec<NearMiss>,
    /// The situation that slips through, in words.
    pub path: String,
    /// Principals, by id, sorted; up to a bound.
    pub principals: Vec<PrincipalLabel>,
    /// How many there are in all.
    pub total: usize,
}

/// A principal with a name to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrincipalLabel {
    /// Object id.
    pub id: String,
    /// Name.
    pub label: String,
}

/// A policy that nearly covers a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NearMiss {
    /// Its name.
    pub display_name: String,
    /// What it misses.
    pub misses: String,
    /// Policy id.
    pub policy_id: String,
}

/// A rule's result for one subject of one tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleResult {
    /// The rule.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Verdict.
    pub status: RuleStatus,
    /// Severity after overrides.
    pub severity: Severity,
    /// Controls it answers.
    pub references: Vec<String>,
    /// Why, in a sentence.
    pub reason: String,
    /// What it is about: ids in a fixed order (`tenant`, a policy's id, a principal's id, a cell's).
    pub subject: Vec<String>,
    /// Name of the subject, to show.
    pub subject_label: String,
    /// For a failure, who and how.
    pub witnesses: Vec<Witness>,
    /// Whether it passes only because an exception declares whatever it finds as intended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declared: bool,
}
