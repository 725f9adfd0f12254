//! Tables as files for anybody's SQL tools.

use std::path::{Path, PathBuf};

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
                let options = match format {
                    ExportFormat::Parquet => "FORMAT parquet, COMPRESSION zstd",
                    ExportFormat::Csv => "FORMAT csv, HEADER",
                };
                conn.execute_batch(&format!("COPY {table} TO {} ({options})", literal(&path)))?;
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
