//! Tables as files for anybody's SQL tools.

use std::path::{Path, PathBuf};

use crate::administration::{literal, move_file, tables};
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
    /// Gives the files.
    ///
    /// # Errors
    /// [`StoreError::File`] where a file exists already or the folder cannot be written.
    pub fn export(&self, format: ExportFormat, to: &Path) -> Result<Vec<PathBuf>, StoreError> {
        std::fs::create_dir_all(to).map_err(files::failed("cannot make", to))?;
        // DuckDB may write within the data folder only.
        let inside = self.settings().folder.join(format!("export-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&inside).map_err(files::failed("cannot make", &inside))?;
        let written = self.read(|conn| {
            let mut written = Vec::new();
            for table in tables(conn)? {
                let name = format!("{table}.{}", format.extension());
                let path = inside.join(&name);
                let options = match format {
                    ExportFormat::Parquet => "FORMAT parquet, COMPRESSION zstd",
                    ExportFormat::Csv => "FORMAT csv, HEADER",
                };
                conn.execute_batch(&format!("COPY {table} TO {} ({options})", literal(&path)))?;
                written.push((path, to.join(name)));
            }
            Ok(written)
        });
        let moved = written.and_then(|written| {
            let taken = written.iter().find(|(_, target)| target.exists());
            if let Some((_, target)) = taken {
                return Err(StoreError::File {
                    what: "will not overwrite",
                    path: target.clone(),
                    source: std::io::Error::from(std::io::ErrorKind::AlreadyExists),
                });
            }
            written
                .into_iter()
                .map(|(from, target)| move_file(&from, &target).map(|()| target))
                .collect()
        });
        std::fs::remove_dir_all(&inside).map_err(files::failed("cannot remove", &inside))?;
        moved
    }
}
