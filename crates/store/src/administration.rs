//! What is in the database.

use std::path::{Path, PathBuf};

use duckdb::Connection;

use crate::{Store, StoreError, files, migrations};

/// Rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableCount {
    /// Table.
    pub table: String,
    /// Rows.
    pub rows: u64,
}

/// What is in the database.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseInfo {
    /// File.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Size of the write-ahead log in bytes.
    pub log_bytes: u64,
    /// Schema of the file.
    pub schema: i32,
    /// Schema that this program writes.
    pub known_schema: i32,
    /// How often it was written.
    pub revision: u64,
    /// DuckDB's version.
    pub duckdb: String,
    /// Tables.
    pub tables: Vec<TableCount>,
    /// A warning where the file lies on a network filesystem, whose locks cannot be relied on.
    pub warning: Option<String>,
}

/// Every table of the schema.
pub(crate) fn tables(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 's' ORDER BY table_name",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn count(conn: &Connection, statement: &str) -> Result<u64, StoreError> {
    let rows: i64 = conn.query_row(statement, [], |row| row.get(0))?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

impl Store {
    /// What is in the database.
    ///
    /// # Errors
    /// [`StoreError`] where it is missing, busy or cannot be read.
    pub fn info(&self) -> Result<DatabaseInfo, StoreError> {
        let path = self.settings().path();
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        self.read(|conn| {
            let mut counts = Vec::new();
            for table in tables(conn)? {
                let rows = count(conn, &format!("SELECT count(*) FROM {table}"))?;
                counts.push(TableCount { table, rows });
            }
            Ok(DatabaseInfo {
                bytes: size(&path),
                log_bytes: size(&files::log_of(&path)),
                schema: conn.query_row("SELECT max(version) FROM schema_migration", [], |r| r.get(0))?,
                known_schema: migrations::latest(),
                revision: count(conn, "SELECT max(revision) FROM store_revision")?,
                duckdb: conn.query_row("SELECT version()", [], |r| r.get(0))?,
                tables: counts,
                warning: files::network_filesystem(&path).map(|kind| {
                    format!("the file lies on {kind}, where locks cannot be relied on: move it to a local disk")
                }),
                path: path.clone(),
            })
        })
    }
}
