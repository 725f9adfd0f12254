//! The local DuckDB file: schema, migrations, queries.
//!
//! Nobody holds the database: every unit of work attaches it, works and detaches it (see
//! [`Store`]). Only DuckDB ever opens the file; a sidecar lock file orders writers. The only crate
//! that sees `duckdb` or SQL.

mod administration;
mod anomaly;
mod check;
mod connection;
mod copies;
mod error;
mod export;
mod files;
mod findings;
mod migrations;
mod registers;
mod runs;
mod settings;
mod sign_ins;
mod snapshots;
mod tenants;
mod times;
mod waiting;

pub use administration::{DatabaseInfo, TableCount};
pub use anomaly::{
    DetectionState, Judgement, ModelAlias, ModelEvent, ModelVersion, SignInScore, StoredIncident,
};
pub use check::{DatabaseCheck, Trouble};
pub use connection::Store;
pub use error::StoreError;
pub use export::ExportFormat;
pub use findings::*;
pub use registers::*;
pub use runs::RunFilter;
pub use settings::StoreSettings;
pub use sign_ins::{
    ArrivingSignIn, SignInArrival, SignInFields, SignInOrigin, SignInOutcome, SignInSpan,
    StoredSignIn,
};
pub use snapshots::{KindCounts, SnapshotImport, SnapshotOutcome, SnapshotRecord};
pub use tenants::{Registration, Removed, TenantCounts, TenantRemoval};
