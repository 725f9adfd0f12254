//! What can go wrong with the store.
//!
//! Each error tells its cause itself, so that whoever prints a chain of sources tells it once.

use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};

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
    /// The file is somebody else's database.
    #[error(
        "{path} is a database of another program (it has a table {table:?}): name another folder with --data-dir"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// A table that is not ours.
        table: String,
    },
    /// A file or folder could not be used.
    #[error("{what} {path}: {cause}{}", advice(cause.kind()))]
    File {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        cause: IoError,
    },
    /// A tenant that is not registered.
    #[error("there is no tenant {0:?}: `cstack tenant list` shows those that are")]
    UnknownTenant(String),
    /// A tenant that is registered already.
    #[error("there is a tenant {0:?} already")]
    TenantExists(String),
    /// A stored object does not fit its kind.
    #[error(
        "the stored {kind} {id:?} of tenant {tenant:?} cannot be read ({cause}): import the tenant again"
    )]
    Object {
        /// The tenant.
        tenant: String,
        /// What it is.
        kind: String,
        /// Its id.
        id: String,
        /// Why it cannot be read.
        cause: serde_json::Error,
    },
    /// Whoever asked for the work no longer wants it.
    #[error("stopped before anything was written")]
    Stopped,
    /// DuckDB refused a statement.
    #[error("the database refused: {0}")]
    Database(duckdb::Error),
    /// Sign-ins and the columns of their table do not fit.
    #[error("sign-ins do not fit their table: {0}")]
    Columns(String),
    /// A block of original records cannot be unpacked.
    #[error("block {block} of the original sign-in records cannot be unpacked: {cause}")]
    Packed {
        /// The block.
        block: i64,
        /// Why.
        cause: IoError,
    },
    /// A value could not be written as JSON.
    #[error("a value could not be written as JSON: {0}")]
    Json(serde_json::Error),
}

impl From<duckdb::Error> for StoreError {
    fn from(error: duckdb::Error) -> Self {
        Self::Database(error)
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// What to do about a file that cannot be used.
fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "; free some space, or name another folder with --data-dir"
        }
        ErrorKind::PermissionDenied => {
            "; run as its owner, set `store.group`, or name another folder with --data-dir"
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory => {
            "; name another folder with --data-dir"
        }
        _ => "",
    }
}

/// DuckDB's words for a file that is no database, or no longer one.
const DAMAGE: [&str; 8] = [
    "not a valid DuckDB database",
    "Corrupt",
    "corrupt",
    "checksum",
    "Serialization Error",
    "newer version",
    "Could not read enough bytes",
    "database has been invalidated because of a previous fatal error",
];

/// DuckDB's words for what the operating system refused.
const REFUSALS: [(&str, ErrorKind); 5] = [
    ("No space left on device", ErrorKind::StorageFull),
    ("Disk quota exceeded", ErrorKind::QuotaExceeded),
    ("Permission denied", ErrorKind::PermissionDenied),
    ("Read-only file system", ErrorKind::ReadOnlyFilesystem),
    ("Not a directory", ErrorKind::NotADirectory),
];

impl StoreError {
    /// Tells what DuckDB gives as text only: the operating system's refusals, and damage.
    pub(crate) fn explained(self, path: &Path) -> Self {
        let Self::Database(error) = &self else { return self };
        let text = error.to_string();
        let path = path.to_owned();
        if let Some((_, kind)) = REFUSALS.iter().find(|(words, _)| text.contains(words)) {
            let cause = IoError::new(*kind, first_line(&text));
            return Self::File { what: "cannot use the database", path, cause };
        }
        if DAMAGE.iter().any(|words| text.contains(words)) {
            return Self::Damaged { path, reason: first_line(&text) };
        }
        self
    }

    /// Whether trying again later may help.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
