//! Findings through time: what runs saw, what people decided, and the history of both.

mod condition;
mod filter;
mod lifecycle;
mod list;
mod merge;
pub(crate) mod rename;
mod replay;
pub(crate) mod row;
mod short_id;
mod sighting;
mod triage;
pub(crate) mod write;

#[cfg(test)]
pub(crate) mod tests;

pub use filter::{FindingFilter, FindingSort};
pub use lifecycle::{Refusal, Standing, TriageAction};
pub use list::{CANDIDATES, FindingCount, FindingPage, FoundById};
pub use merge::{RUN_ACTOR, Subjects};
pub use replay::{History, Stuck};
pub use short_id::{SHORT_ID_LENGTH, ShortIds};
pub use sighting::MergeRun;
pub use triage::{
    LeftAlone, Target, TriageChange, TriageOutcome, TriageRefusal, TriageRequest, WhichBatch,
};
