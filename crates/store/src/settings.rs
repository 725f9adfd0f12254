//! Where the database is and what DuckDB may use.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the database is and what DuckDB may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Folder of the database and its sidecar files; made with mode 0700.
    pub folder: PathBuf,
    /// File name within the folder.
    pub file_name: String,
    /// Group to which folder and file are opened (0770 and 0660).
    pub group: Option<String>,
    /// DuckDB's memory limit, in its own words (`512MB`).
    pub memory_limit: String,
    /// DuckDB's threads.
    pub threads: usize,
    /// How long to wait for another process.
    pub lock_wait: Duration,
    /// Version of the program, for the record of migrations.
    pub app_version: String,
}

impl StoreSettings {
    /// The defaults, in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            file_name: "cstack.duckdb".into(),
            group: None,
            memory_limit: "1GB".into(),
            threads: 2,
            lock_wait: Duration::from_secs(10),
            app_version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// The database file.
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.file_name)
    }
}
