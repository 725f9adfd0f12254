//! What can go wrong with the store.

use std::path::PathBuf;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the database.
    #[error("the database {path} is busy: {holder} has it; try again when it is done")]
    Busy {
        /// The database.
        path: PathBuf,
        /// Who has it, as far as is known.
        holder: String,
    },
    /// There is no database yet.
    #[error("there is no database at {path} yet: `cstack import` or `cstack demo` makes one")]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// A newer program wrote the database.
    #[error(
        "the database {path} was written by cstack {written_by} (schema {found}), newer than this one (schema {known}): upgrade cstack"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i32,
        /// This program's schema.
        known: i32,
        /// The program that wrote it.
        written_by: String,
    },
    /// A migration differs from the one that was applied.
    #[error(
        "migration {version} of the database {path} is not the one that this program knows: it was made by a different build; restore a backup or export and import again"
    )]
    Altered {
        /// The database.
        path: PathBuf,
        /// The migration.
        version: i32,
    },
    /// The file is not a database, or is damaged.
    #[error(
        "{path} cannot be read as a database ({reason}); `cstack db check` tells more, and backups are in the folder `backups` beside it"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// DuckDB's words.
        reason: String,
    },
    /// A file or folder could not be used.
    #[error("{what} {path}: {source}")]
    File {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A tenant that is not registered.
    #[error("there is no tenant {0:?}: `cstack tenant list` shows those that are")]
    UnknownTenant(String),
    /// A tenant that is registered already.
    #[error("there is a tenant {0:?} already")]
    TenantExists(String),
    /// A stored object does not fit its kind.
    #[error(
        "the stored {kind} {id:?} of tenant {tenant:?} cannot be read ({source}): import the tenant again"
    )]
    Object {
        /// The tenant.
        tenant: String,
        /// What it is.
        kind: String,
        /// Its id.
        id: String,
        /// Why it cannot be read.
        source: serde_json::Error,
    },
    /// DuckDB refused a statement.
    #[error("the database refused: {0}")]
    Database(#[from] duckdb::Error),
    /// A value could not be written as JSON.
    #[error("a value could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl StoreError {
    /// Whether trying again later may help.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}
