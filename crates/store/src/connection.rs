//! Attach, work, detach.
//!
//! DuckDB lets one writing process or many reading processes have a file. So each process keeps
//! one in-memory instance and attaches the file for each unit of work only, read-only where it
//! only reads, and waits its turn where another process has it.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use duckdb::{Config, Connection};

use crate::files::{self, Pause};
use crate::{StoreError, StoreSettings, migrations};

/// A handle on the database; cheap to clone. Nothing is opened before it is first used.
#[derive(Clone)]
pub struct Store {
    settings: Arc<StoreSettings>,
    instance: Arc<Mutex<Instance>>,
}

#[derive(Default)]
struct Instance {
    connection: Option<Connection>,
    /// Whether this process has seen the schema to be its own.
    schema_checked: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.settings.path()).finish_non_exhaustive()
    }
}

impl Store {
    /// A handle. Opens nothing yet.
    pub fn new(settings: StoreSettings) -> Self {
        Self { settings: Arc::new(settings), instance: Arc::default() }
    }

    /// Where the database is and what DuckDB may use.
    pub fn settings(&self) -> &StoreSettings {
        &self.settings
    }

    /// Whether there is a database.
    pub fn exists(&self) -> bool {
        self.settings.path().exists()
    }

    /// How often the store was written; grows with every write.
    ///
    /// # Errors
    /// [`StoreError`] where the database is missing, busy or cannot be read.
    pub fn revision(&self) -> Result<u64, StoreError> {
        self.read(|conn| {
            let revision: i64 =
                conn.query_row("SELECT max(revision) FROM store_revision", [], |r| r.get(0))?;
            Ok(u64::try_from(revision).unwrap_or(0))
        })
    }

    /// Reads: attaches read-only, works, detaches.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !self.exists() {
            return Err(StoreError::Missing { path: self.settings.path() });
        }
        let mut instance = self.instance();
        if !instance.schema_checked && self.attached(&mut instance, true, migrations::is_behind)? {
            drop(instance);
            self.write(|_| Ok(()))?;
            instance = self.instance();
        }
        instance.schema_checked = true;
        self.attached(&mut instance, true, |conn| work(conn))
    }

    /// Writes: takes the writers' lock, attaches, works in one transaction, bumps the revision,
    /// detaches. Makes the database where there is none. What fails is rolled back whole.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        files::make_folder(&self.settings)?;
        let _lock = files::lock(&self.settings, "cstack.lock")?;
        let mut instance = self.instance();
        let fresh = !self.exists();
        if !instance.schema_checked || fresh {
            let settings = Arc::clone(&self.settings);
            self.attached(&mut instance, false, |conn| migrations::run(conn, &settings, fresh))?;
            files::protect(&self.settings, &self.settings.path())?;
            instance.schema_checked = true;
        }
        let out = self.attached(&mut instance, false, |conn| {
            conn.execute_batch("BEGIN")?;
            let done = work(conn).and_then(|out| {
                conn.execute_batch("UPDATE store_revision SET revision = revision + 1; COMMIT")?;
                Ok(out)
            });
            if done.is_err() {
                // The first error is the one to tell.
                let _ = conn.execute_batch("ROLLBACK");
            }
            done
        });
        files::protect(&self.settings, &files::log_of(&self.settings.path()))?;
        out
    }

    /// Attaches for administration: no transaction, no bump.
    pub(crate) fn administer<T>(
        &self,
        read_only: bool,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !self.exists() {
            return Err(StoreError::Missing { path: self.settings.path() });
        }
        self.attached(&mut self.instance(), read_only, |conn| work(conn))
    }

    /// Forgets what was checked, after the file was replaced.
    pub(crate) fn forget_schema(&self) {
        self.instance().schema_checked = false;
    }

    fn instance(&self) -> MutexGuard<'_, Instance> {
        // A panic in earlier work left nothing attached that the next attach would not clear.
        self.instance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attached<T>(
        &self,
        instance: &mut Instance,
        read_only: bool,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let conn = match instance.connection.take() {
            Some(conn) => conn,
            None => open_instance(&self.settings)?,
        };
        let conn = instance.connection.insert(conn);
        attach(conn, &self.settings, read_only)?;
        // Detaches on every way out, a panic included.
        let attached = Attached { conn };
        let out = work(attached.conn);
        drop(attached);
        out
    }
}

struct Attached<'c> {
    conn: &'c Connection,
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.conn.execute_batch("USE memory; DETACH s") {
            tracing::warn!(%error, "the database could not be detached");
        }
    }
}

/// One place for all of DuckDB's settings.
fn open_instance(settings: &StoreSettings) -> Result<Connection, StoreError> {
    let conn = Connection::open_in_memory_with_flags(Config::default())?;
    let folder = quoted(&format!("{}/", settings.folder.display()));
    conn.execute_batch(&format!(
        "SET threads = {threads};
         SET memory_limit = {memory};
         SET temp_directory = {temporary};
         SET autoinstall_known_extensions = false;
         SET autoload_known_extensions = false;
         SET allow_community_extensions = false;
         SET allowed_directories = [{folder}];
         SET enable_external_access = false;
         SET lock_configuration = true;",
        threads = settings.threads.max(1),
        memory = quoted(&settings.memory_limit),
        temporary = quoted(&settings.folder.join("tmp").display().to_string()),
    ))?;
    Ok(conn)
}

/// A text as an SQL literal; paths and settings cannot be bound.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn attach(conn: &Connection, settings: &StoreSettings, read_only: bool) -> Result<(), StoreError> {
    let path = settings.path();
    let rg = std::env::var("PROBE_RG").map(|v| format!(" (ROW_GROUP_SIZE {v})")).unwrap_or_default();
    let mode = if read_only { " (READ_ONLY)".to_owned() } else { rg };
    let statement = format!("ATTACH {} AS s{mode}; USE s", quoted(&path.display().to_string()));
    let deadline = Instant::now() + settings.lock_wait;
    let mut pause = Pause::new();
    loop {
        let Err(error) = conn.execute_batch(&statement) else { return Ok(()) };
        let text = error.to_string();
        if text.contains("already attached") || text.contains("already exists") {
            // Left over from work that panicked.
            conn.execute_batch("USE memory; DETACH s")?;
        } else if !text.contains("Could not set lock on file") {
            return Err(explain(error, &text, &path));
        } else if Instant::now() >= deadline {
            return Err(StoreError::Busy { path, holder: holder(&text) });
        } else {
            pause.wait();
        }
    }
}

fn explain(error: duckdb::Error, text: &str, path: &Path) -> StoreError {
    let damaged = [
        "not a valid DuckDB database",
        "Corrupt",
        "corrupt",
        "checksum",
        "Serialization Error",
        "newer version",
    ];
    if damaged.iter().any(|words| text.contains(words)) {
        return StoreError::Damaged { path: path.to_owned(), reason: first_line(text) };
    }
    if text.contains("Permission denied") || text.contains("Read-only file system") {
        return StoreError::File {
            what: "cannot open the database",
            path: path.to_owned(),
            source: std::io::Error::new(std::io::ErrorKind::PermissionDenied, first_line(text)),
        };
    }
    StoreError::Database(error)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Who has the database, from DuckDB's message: `... is held in /usr/bin/cstack (PID 42)`.
fn holder(text: &str) -> String {
    let told = text.split("Conflicting lock is held in ").nth(1);
    let told = told.and_then(|rest| rest.split(". See").next()).map(str::trim);
    told.map_or_else(|| "another process".to_owned(), |t| model::text::sanitize(t).into_owned())
}
