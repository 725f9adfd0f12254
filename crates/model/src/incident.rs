//! An incident of sign-ins as it is told: facts and words, ready for any front end.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rule::Severity;

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentStory {
    /// Sixteen hexadecimal digits; stays while the incident goes on.
    pub id: String,
    /// `password-spray`, `unusual-sign-in`, ...: its finding's rule is `anomaly.` and this.
    pub kind: String,
    /// What it is, in a line.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// How unusual, 0 to 1; 0.5 is just enough to be told.
    pub score: f64,
    /// The same in nats, and how many it takes to be told.
    pub nats: f64,
    /// Nats that an incident must say to be told.
    pub bar: f64,
    /// The first suspicious sign-in.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
    /// The sign-in that made it an alert.
    pub told_at: Timestamp,
    /// Who.
    pub accounts: Vec<IncidentAccount>,
    /// How many accounts in all.
    pub account_count: usize,
    /// Ids of its sign-ins, at most a thousand.
    #[serde(rename = "signin_ids")]
    pub sign_in_ids: Vec<String>,
    /// How many sign-ins in all.
    pub count: usize,
    /// Whether somebody had the right password.
    pub right_password: bool,
    /// Whether somebody was let in.
    pub succeeded: bool,
    /// Which layers say so, the strongest first: `pattern`, and of the models `likeness`, `forest`
    /// and `evidence`, as they find the strangest sign-in strange.
    pub layers: Vec<String>,
    /// Patterns that were seen, the strongest first.
    pub patterns: Vec<IncidentPattern>,
    /// What made the strangest sign-in strange, at most three.
    pub contributions: Vec<IncidentContribution>,
    /// The same of the forest, where another layer was louder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forest_contributions: Vec<IncidentContribution>,
    /// The strangest sign-in.
    pub strangest: Option<StrangestSignIn>,
    /// What is usual for the account of the strangest sign-in.
    pub usual: Option<UsualSignIns>,
    /// Version of the model that judged.
    pub model_version: i32,
}

/// An account of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentAccount {
    /// What it is known by: its object id, else its name.
    pub id: String,
    /// Its name, where the store knows it.
    pub name: String,
    /// Whether it has an administrative role.
    pub privileged: bool,
}

/// A pattern of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentPattern {
    /// Its id.
    pub id: String,
    /// What it sees.
    pub title: String,
    /// What it is worth here, in nats.
    pub worth: f64,
    /// Whether what follows it was seen: somebody got in.
    pub followed: bool,
    /// Why it matters.
    pub rationale: String,
    /// When it may be harmless.
    pub false_positives: String,
    /// What to do.
    pub remediation: Vec<String>,
}

/// A part of what made a sign-in strange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentContribution {
    /// The layer that it is a part of: `likeness` or `forest`.
    #[serde(default)]
    pub layer: String,
    /// The feature.
    pub feature: String,
    /// Its value; absent where the record did not say.
    pub value: Option<f64>,
    /// The factor on the forest's score, or on the odds of an attack.
    pub factor: f64,
    /// The same in words.
    pub words: String,
}

/// The strangest sign-in of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StrangestSignIn {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// From where, by what, to what, and how it ended: one line each.
    pub facts: Vec<(String, String)>,
}

/// What is usual for an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UsualSignIns {
    /// Sign-ins that it stands on.
    pub sign_ins: u32,
    /// Values by what they are of, the most frequent first, each with its share.
    pub values: Vec<(String, Vec<(String, f64)>)>,
    /// Hours of the day, UTC, at which most of it happens; absent where too little is known.
    pub hours: Option<(u8, u8)>,
}
