//! The words everyone in cstack shares: tenants, principals, policies, rules, findings.
//!
//! Types only: no I/O, no clock, no global state. Shapes follow Microsoft Graph (v1.0 and beta);
//! enumerations are open, so that a value Microsoft adds tomorrow parses and is reported.

pub mod canonical;
pub mod coverage;
pub mod decision;
pub mod evidence;
pub mod exception;
pub mod finding;
pub mod guarantee;
pub mod incident;
pub mod known;
pub mod location;
pub mod object;
pub mod open;
pub mod policy;
pub mod principal;
pub mod role;
pub mod rule;
pub mod run;
pub mod sign_in;
pub mod snapshot;
pub mod strength;
pub mod tenant;
pub mod tenant_settings;
pub mod text;

pub use jiff::Timestamp;
