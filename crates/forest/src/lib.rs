//! Isolation Forest with exact Shapley attributions.
//!
//! [`ForestParams`] grows an [`IsolationForest`] on an ndarray of single-precision rows, through
//! linfa's traits or [`IsolationForest::fit`]. Rows that few random cuts isolate score high
//! (F. T. Liu, K. M. Ting and Z.-H. Zhou, "Isolation Forest", ICDM 2008).
//!
//! - Seeded: equal seeds, parameters and rows give the same forest and the same scores to the bit,
//!   whatever the number of threads.
//! - Missing values are NaN. They go to the side of a split that held more of its training rows, so
//!   that a missing value by itself is never strange. Infinite values are an error.
//! - Pure: no I/O, no clock, no global state. It knows nothing of sign-ins.

mod block;
pub mod boost;
mod depth;
mod error;
mod forest;
mod format;
mod given;
mod grow;
mod params;
mod random;
mod sample;
mod score;
mod shap;
mod top;
mod traits;
mod tree;

pub use depth::expected_path;
pub use error::ForestError;
pub use forest::IsolationForest;
pub use given::TreeArrays;
pub use params::{CheckedForestParams, ForestParams, Measure};
pub use shap::Attributions;
