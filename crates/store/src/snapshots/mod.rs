//! Snapshots: a tenant's objects through time.

mod import;
mod load;

pub(crate) use import::unfinished;
pub use import::{KindCounts, SnapshotImport, SnapshotOutcome};
pub use load::SnapshotRecord;
