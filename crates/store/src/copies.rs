//! Copies of the database: backups, and compaction.
//!
//! DuckDB may write within the data folder only, so that a copy is made there and then moved.

use std::fs;
use std::path::{Path, PathBuf};

use duckdb::Connection;

use crate::connection::literal;
use crate::files::{self, SidecarLock};
use crate::waiting::Waiting;
use crate::{Store, StoreError, StoreSettings, migrations};

/// A folder for files in the making, within the data folder. One process at a time has it; what it
/// holds goes with it, and what a killed process left goes with the next.
pub(crate) struct Workshop {
    folder: PathBuf,
    _lock: SidecarLock,
}

impl Workshop {
    pub(crate) fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let lock = files::lock(settings, "making.lock", &mut Waiting::new(settings))?;
        let folder = settings.folder.join("making");
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(files::failed("cannot clear", &folder))?;
        }
        files::make_folder_at(settings, &folder, "cannot make")?;
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // The next one clears what stays.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Copies the attached database into a new file.
pub(crate) fn copy_to(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    conn.execute_batch(&format!("ATTACH {} AS copy", literal(path)))?;
    let copied = conn.execute_batch("COPY FROM DATABASE s TO copy");
    conn.execute_batch("DETACH copy")?;
    Ok(copied?)
}

impl Store {
    /// The folder for backups beside the database, made where it is missing.
    ///
    /// # Errors
    /// [`StoreError::File`] where it cannot be made.
    pub fn backups(&self) -> Result<PathBuf, StoreError> {
        migrations::backups(self.settings())
    }

    /// Copies the database to a file, in the data folder or outside it. Others may read meanwhile.
    ///
    /// # Errors
    /// [`StoreError::File`] where the file exists already or cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.require()?;
        if to.exists() {
            return Err(files::taken(to));
        }
        let workshop = Workshop::open(self.settings())?;
        let made = self.copy_in(&workshop)?;
        files::move_file(&made, to)
    }

    fn copy_in(&self, workshop: &Workshop) -> Result<PathBuf, StoreError> {
        let path = workshop.file("copy.duckdb");
        self.administer(true, |conn| copy_to(conn, &path))?;
        files::protect(self.settings(), &path)?;
        Ok(path)
    }

    /// Gives disk space back: copies what is alive into a new file and puts it in the old one's
    /// place. Gives the sizes before and after, in bytes.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or the disk is full; the old file then stays.
    pub fn vacuum(&self) -> Result<(u64, u64), StoreError> {
        self.require()?;
        let path = self.settings().path();
        let _writers = self.lock_writers()?;
        let workshop = Workshop::open(self.settings())?;
        let before = fs::metadata(&path).map_err(files::failed("cannot look at", &path))?;
        self.administer(false, |conn| Ok(conn.execute_batch("CHECKPOINT s")?))?;
        let made = self.copy_in(&workshop)?;
        let log = files::log_of(&path);
        if log.exists() {
            // It belongs to the old file, and would be read as the new one's.
            let cause = std::io::Error::other("its log could not be folded into it");
            return Err(files::failed("cannot compact", &path)(cause));
        }
        fs::set_permissions(&made, before.permissions())
            .map_err(files::failed("cannot set the mode of", &made))?;
        fs::rename(&made, &path).map_err(files::failed("cannot put in place", &path))?;
        let after = fs::metadata(&path).map_err(files::failed("cannot look at", &path))?;
        Ok((before.len(), after.len()))
    }
}
