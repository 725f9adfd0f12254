//! Counts by severity and by status.

use model::rule::{RuleResult, RuleStatus, Severity};
use serde::{Deserialize, Serialize};

use crate::layout::{Column, Paint, Span, of_severity};

/// How many of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SeverityCounts {
    /// Critical.
    pub critical: usize,
    /// High.
    pub high: usize,
    /// Medium.
    pub medium: usize,
    /// Low.
    pub low: usize,
    /// Info.
    pub info: usize,
}

impl SeverityCounts {
    /// Counts severities.
    pub fn of(severities: impl IntoIterator<Item = Severity>) -> Self {
        let mut counts = Self::default();
        for severity in severities {
            counts.add(severity, 1);
        }
        counts
    }

    /// Adds `more` of one severity.
    pub fn add(&mut self, severity: Severity, more: usize) {
        *match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Info => &mut self.info,
        } += more;
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: &Self) {
        for severity in Severity::ALL {
            self.add(severity, other.get(severity));
        }
    }

    /// How many of one severity.
    pub fn get(&self, severity: Severity) -> usize {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
        }
    }

    /// All of them.
    pub fn total(&self) -> usize {
        Severity::ALL.into_iter().map(|s| self.get(s)).sum()
    }

    /// The worst severity of which there is one.
    pub fn worst(&self) -> Option<Severity> {
        worst_first().find(|severity| self.get(*severity) > 0)
    }

    /// One cell a severity, worst first, a dot for none.
    pub(crate) fn cells<'a>(&self) -> impl Iterator<Item = Span<'a>> + use<'a> {
        let counts = *self;
        worst_first().map(move |severity| match counts.get(severity) {
            0 => Span::painted(".", Paint::Dim),
            count => Span::painted(count.to_string(), of_severity(severity)),
        })
    }

    /// The columns of [`SeverityCounts::cells`].
    pub(crate) fn columns() -> [Column; 5] {
        ["C", "H", "M", "L", "I"].map(Column::right)
    }
}

/// Severities as people read them.
pub(crate) fn worst_first() -> impl Iterator<Item = Severity> {
    Severity::ALL.into_iter().rev()
}

/// How many rules have each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusCounts {
    /// The effect holds.
    pub pass: usize,
    /// It does not.
    pub fail: usize,
    /// The data cannot tell.
    pub unknown: usize,
    /// The rule says nothing of the tenant.
    pub not_applicable: usize,
}

impl StatusCounts {
    /// Counts results.
    pub fn of(results: &[RuleResult]) -> Self {
        let count = |status| results.iter().filter(|r| r.status == status).count();
        Self {
            pass: count(RuleStatus::Pass),
            fail: count(RuleStatus::Fail),
            unknown: count(RuleStatus::Unknown),
            not_applicable: count(RuleStatus::NotApplicable),
        }
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: &Self) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.unknown += other.unknown;
        self.not_applicable += other.not_applicable;
    }
}
