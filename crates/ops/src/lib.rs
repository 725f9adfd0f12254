//! Use cases over store, graph, audit and report: what both front ends call.

pub mod anomaly;
pub mod auditing;
pub mod cancellation;
pub mod catalogue;
pub mod config;
pub mod database;
pub mod demonstration;
pub mod diagnostics;
pub mod import;
pub mod nightly;
pub mod progress;
pub mod registers;
pub mod sign_ins;
pub mod tenants;
pub mod triage;
pub mod whatif;

pub use cancellation::{Cancellation, Cancelled, cancelled};
pub use store::{Store, StoreError};
