//! Use cases over store, graph, audit and report: what both front ends call.

pub mod cancellation;
pub mod config;
pub mod diagnostics;
pub mod progress;

pub use cancellation::{Cancellation, Cancelled};
