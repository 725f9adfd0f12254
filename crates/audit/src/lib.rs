//! Rules, coverage matrix and exclusion hygiene over evaluated policies.
//!
//! [`audit_tenant`] judges one snapshot: every rule of the [`Catalogue`], the matrix of user
//! segments by application segments, and findings for what fails. Pure: the time is an argument.

mod assumption;
mod catalogue;
mod checks;
mod context;
mod expectation;
mod licence;
mod matrix;
mod options;
mod outcome;
mod rule_tests;
mod snippet;
mod tenant;

pub use catalogue::{Catalogue, Check, Rule, RuleBody, RuleTest};
pub use expectation::{Expectation, Reaching};
pub use matrix::coverage_rule;
pub use options::{AppSegment, AuditOptions, UserSegment};
pub use rule_tests::{RuleTestOutcome, run_rule_tests};
pub use snippet::fill_snippet;
pub use tenant::{AuditError, audit_tenant, coverage, excluded_counts};
