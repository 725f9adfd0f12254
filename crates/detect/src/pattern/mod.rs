//! Attack patterns: what is known of how attackers sign in, as data with a typed matcher.

mod condition;
mod matcher;
mod parse;
mod window;

use model::rule::{RuleMeta, Severity};

pub use condition::{Circumstance, Condition};
pub use matcher::{Hit, Matcher};
pub use window::{Key, Threshold};

/// One pattern (`rules/sign-in/*.toml`).
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// What it says of itself.
    pub meta: RuleMeta,
    /// What kind of incident it makes (`password-spray`).
    pub kind: String,
    /// Which sign-ins it looks at.
    pub condition: Condition,
    /// How many of them are too many; absent where one is.
    pub window: Option<Window>,
    /// What may follow, and how much worse it is then.
    pub then: Option<Then>,
}

/// A time within which sign-ins of one key are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Each of these is counted by itself, the narrowest first.
    pub keys: Vec<Key>,
    /// Seconds.
    pub length: i64,
    /// When they are too many.
    pub at_least: Threshold,
}

/// What may follow a pattern with the same key.
#[derive(Debug, Clone, PartialEq)]
pub struct Then {
    /// Which sign-ins.
    pub condition: Condition,
    /// Seconds after the last sign-in of the pattern.
    pub within: i64,
    /// How bad it is then.
    pub severity: Severity,
}
