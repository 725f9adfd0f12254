//! Tables as files for anybody's SQL tools.

use std::path::{Path, PathBuf};

use duckdb::Connection;

use crate::administration::tables;
use crate::connection::literal;
use crate::copies::Workshop;
use crate::{Store, StoreError, files};

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Apache Parquet.
    Parquet,
    /// CSV with a header. Cells are as stored: not meant for spreadsheets.
    Csv,
}

impl ExportFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// A table with texts that neither a terminal nor a spreadsheet takes for orders: control, escape
/// and bidirectional characters are left out, and what begins like a formula gets an apostrophe.
/// Parquet, which no such program opens, has the texts as they are.
fn harmless(conn: &Connection, table: &str) -> Result<String, StoreError> {
    const ORDERS: &str = r"[\x{0}-\x{8}\x{b}-\x{1f}\x{7f}-\x{9f}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]";
    const FORMULA: &str = r"^\s*[=+\-@]";
    let mut statement = conn.prepare(
        "SELECT column_name, data_type FROM duckdb_columns()
         WHERE database_name = 's' AND table_name = ? ORDER BY column_index",
    )?;
    let columns: Vec<(String, String)> = statement
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let columns = columns.iter().map(|(name, kind)| {
        if kind != "VARCHAR" {
            return format!("\"{name}\"");
        }
        let plain = format!("regexp_replace(\"{name}\", '{ORDERS}', '', 'g')");
        let formula = format!("regexp_matches({plain}, '{FORMULA}')");
        format!("CASE WHEN {formula} THEN '''' || {plain} ELSE {plain} END AS \"{name}\"")
    });
    Ok(format!("(SELECT {} FROM {table})", columns.collect::<Vec<_>>().join(", ")))
}

impl Store {
    /// Writes every table to a file of its own in a folder, which is made where it is missing.
    /// The files are their owner's alone, as they name people. Gives the files.
    ///
    /// # Errors
    /// [`StoreError::File`] where a file exists already or the folder cannot be written.
    pub fn export(&self, format: ExportFormat, to: &Path) -> Result<Vec<PathBuf>, StoreError> {
        self.require()?;
        // DuckDB may write within the data folder only.
        let workshop = Workshop::open(self.settings())?;
        let written = self.read(|conn| {
            let mut written = Vec::new();
            for table in tables(conn)? {
                let name = format!("{table}.{}", format.extension());
                let target = to.join(&name);
                if target.exists() {
                    return Err(files::taken(&target));
                }
                let path = workshop.file(&name);
                let (source, options) = match format {
                    ExportFormat::Parquet => (table.clone(), "FORMAT parquet, COMPRESSION zstd"),
                    ExportFormat::Csv => (harmless(conn, &table)?, "FORMAT csv, HEADER"),
                };
                conn.execute_batch(&format!("COPY {source} TO {} ({options})", literal(&path)))?;
                written.push((path, target));
            }
            Ok(written)
        })?;
        std::fs::create_dir_all(to).map_err(files::failed("cannot make", to))?;
        written
            .into_iter()
            .map(|(from, target)| {
                files::protect(self.settings(), &from)?;
                files::move_file(&from, &target).map(|()| target)
            })
            .collect()
    }
}
