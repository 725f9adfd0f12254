//! What a pattern is worth in a tenant: as much as it says, less the more often it is seen there
//! when nobody attacks.

use std::collections::BTreeMap;

use model::rule::Severity;
use serde::{Deserialize, Serialize};

use crate::pattern::Hit;

/// How often each pattern was seen in a time that is believed to be quiet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Firings {
    seen: BTreeMap<String, u32>,
    user_days: f32,
}

impl Firings {
    /// Of so many users' days.
    pub fn over(user_days: f32) -> Self {
        Self { seen: BTreeMap::new(), user_days }
    }

    /// Notes the patterns of an incident.
    pub fn note<'p>(&mut self, patterns: impl IntoIterator<Item = &'p String>) {
        for pattern in patterns {
            *self.seen.entry(pattern.clone()).or_default() += 1;
        }
    }

    /// How often a pattern was seen.
    pub fn of(&self, pattern: &str) -> u32 {
        self.seen.get(pattern).copied().unwrap_or(0)
    }
}

/// What patterns are worth.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    firings: Firings,
}

impl Weights {
    /// In a tenant where they were seen so often.
    pub fn new(firings: Firings) -> Self {
        Self { firings }
    }

    /// What a hit says, in nats: by its severity, less what the tenant's own habit explains.
    ///
    /// A pattern that a thousand users' days show twice by themselves is worth `ln 2` less than one
    /// that they show once; one that they never show keeps its whole worth.
    pub fn of(&self, hit: &Hit) -> f32 {
        let worth = match hit.severity {
            Severity::Info => 0.5,
            Severity::Low => 3.0,
            Severity::Medium => 9.0,
            Severity::High => 13.0,
            Severity::Critical => 15.0,
        };
        let seen = f64::from(self.firings.of(&hit.pattern));
        let days = f64::from(self.firings.user_days).max(1.0);
        // One in two thousand users' days is what a pattern is worth its severity at.
        let usual = ((seen + 0.5) / (days + 1_000.0) * 2_000.0).max(1.0);
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
        let discount = usual.ln() as f32;
        (worth - discount).max(0.0)
    }
}
