//! Attach, work, detach.
//!
//! DuckDB lets one writing process or many reading processes have a file. So each process keeps
//! one in-memory instance and attaches the file for each unit of work only, read-only where it
//! only reads, and waits its turn where another process has it.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duckdb::{Config, Connection};

use crate::migrations::{self, Schema};
use crate::waiting::Waiting;
use crate::{StoreError, StoreSettings, files};

/// Rows that DuckDB writes together. A checkpoint writes the last, unfinished group anew, and every
/// unit of work ends with one: groups as small as what a unit appends are written once (an import of
/// sign-ins took a third less CPU than with DuckDB's own 122,880).
pub(crate) const ROW_GROUP: usize = 16_384;

/// Orders those who write.
const WRITERS: &str = "cstack.lock";

/// A handle on the database; cheap to clone. Nothing is opened before it is first used.
#[derive(Clone)]
pub struct Store {
    settings: Arc<StoreSettings>,
    instance: Arc<Mutex<Instance>>,
}

/// The in-memory instance, and what is attached to it between two units of work.
#[derive(Default)]
struct Instance {
    conn: Option<Connection>,
    /// How many bursts of reads go on ([`Store::together`]).
    bursts: usize,
    /// Whether the database is still attached, read-only, from a burst's last read.
    is_attached: bool,
}

impl Instance {
    /// Detaches, and keeps the instance only if that worked.
    fn detach(&mut self) {
        self.is_attached = false;
        let Some(conn) = self.conn.take() else { return };
        match conn.execute_batch("USE memory; DETACH s") {
            Ok(()) => self.conn = Some(conn),
            // What was committed is in the log beside the file.
            Err(error) => tracing::warn!(
                %error,
                "the database was not closed in order; what was committed is in its log"
            ),
        }
    }
}

/// Ends a burst, also where its work panics.
struct Burst<'s>(&'s Store);

impl Drop for Burst<'_> {
    fn drop(&mut self) {
        let mut instance = self.0.instance();
        instance.bursts = instance.bursts.saturating_sub(1);
        if instance.bursts == 0 && instance.is_attached {
            instance.detach();
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.settings.path()).finish_non_exhaustive()
    }
}

/// A file to attach, and how.
#[derive(Clone, Copy)]
struct Attachment<'p> {
    path: &'p Path,
    read_only: bool,
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

    /// Lets the reads that `work` does share one attachment: opening the file costs more than most
    /// of them. Other processes cannot write meanwhile, so `work` reads and does nothing else that
    /// takes its time; a write within it ends the sharing.
    pub fn together<T>(&self, work: impl FnOnce() -> T) -> T {
        self.instance().bursts += 1;
        let _burst = Burst(self);
        work()
    }

    /// Reads: attaches read-only, works, detaches. An older schema is brought up to date first.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.require()?;
        let path = self.settings.path();
        let attachment = Attachment { path: &path, read_only: true };
        let done = self.attached(attachment, &mut Waiting::new(&self.settings), |conn| {
            match migrations::schema(conn, &path)? {
                Schema::Current => work(conn).map(Ok),
                Schema::Behind => Ok(Err(work)),
            }
        })?;
        match done {
            Ok(out) => Ok(out),
            Err(work) => {
                self.write(|_| Ok(()))?;
                self.attached(attachment, &mut Waiting::new(&self.settings), work)
            }
        }
    }

    /// Writes: takes the writers' lock, attaches, works in one transaction, bumps the revision,
    /// detaches. Makes the database where there is none. What fails is rolled back whole.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        files::make_folder(&self.settings)?;
        let mut waiting = Waiting::new(&self.settings);
        let _lock = files::lock(&self.settings, WRITERS, &mut waiting)?;
        let path = self.settings.path();
        if !self.present()? {
            self.create(&path, &mut waiting)?;
        }
        let attachment = Attachment { path: &path, read_only: false };
        let out = self.attached(attachment, &mut waiting, |conn| {
            migrations::run(conn, &self.settings)?;
            in_transaction(conn, || {
                let out = work(conn)?;
                conn.execute_batch("UPDATE store_revision SET revision = revision + 1")?;
                Ok(out)
            })
        });
        // A log stays where it could not be folded into the file.
        files::protect(&self.settings, &files::log_of(&path))?;
        out
    }

    /// Attaches for administration: whatever the schema, no transaction, no bump.
    pub(crate) fn administer<T>(
        &self,
        read_only: bool,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.require()?;
        let path = self.settings.path();
        let attachment = Attachment { path: &path, read_only };
        self.attached(attachment, &mut Waiting::new(&self.settings), work)
    }

    /// Keeps everybody else from writing until it is dropped.
    pub(crate) fn lock_writers(&self) -> Result<files::SidecarLock, StoreError> {
        files::lock(&self.settings, WRITERS, &mut Waiting::new(&self.settings))
    }

    /// Whether there is a database; a folder that cannot be looked into is an error, not a "no",
    /// and an empty file is one that was cut short: DuckDB would make a new database of it.
    fn present(&self) -> Result<bool, StoreError> {
        let path = self.settings.path();
        match std::fs::metadata(&path) {
            Ok(found) if found.len() == 0 => {
                Err(StoreError::Damaged { path, reason: "the file is empty".into() })
            }
            Ok(_) => Ok(true),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(files::failed("cannot look at the database", &path)(cause)),
        }
    }

    pub(crate) fn require(&self) -> Result<(), StoreError> {
        if self.present()? {
            Ok(())
        } else {
            Err(StoreError::Missing { path: self.settings.path() })
        }
    }

    /// Makes the database under another name and then puts it in place, so that nobody meets one
    /// that is half made or that others may read. Under the writers' lock.
    fn create(&self, path: &Path, waiting: &mut Waiting) -> Result<(), StoreError> {
        let draft = path.with_extension("new");
        for left_over in [&draft, &files::log_of(&draft)] {
            // Of a process that was killed; that there is none is the rule.
            let _ = std::fs::remove_file(left_over);
        }
        let attachment = Attachment { path: &draft, read_only: false };
        self.attached(attachment, waiting, |conn| migrations::run(conn, &self.settings))?;
        files::protect(&self.settings, &draft)?;
        std::fs::rename(&draft, path).map_err(files::failed("cannot make the database", path))
    }

    fn instance(&self) -> MutexGuard<'_, Instance> {
        // Work that panicked has taken the instance with it.
        self.instance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instance is put back only when it is in order: whatever else happens, a panic included,
    /// closes it, and with it goes what it still holds.
    fn attached<T>(
        &self,
        attachment: Attachment<'_>,
        waiting: &mut Waiting,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut instance = self.instance();
        let is_shared = instance.bursts > 0 && attachment.read_only;
        if instance.is_attached && !is_shared {
            instance.detach();
        }
        let was_attached = std::mem::take(&mut instance.is_attached);
        let conn = match instance.conn.take() {
            Some(conn) => conn,
            None => open_instance(&self.settings)?,
        };
        if !was_attached {
            attach(&conn, attachment, waiting)?;
        }
        let out = work(&conn).map_err(|error| error.explained(attachment.path));
        instance.conn = Some(conn);
        if is_shared {
            instance.is_attached = true;
        } else {
            instance.detach();
        }
        out
    }
}

fn in_transaction<T>(
    conn: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    conn.execute_batch("BEGIN")?;
    let done = work().and_then(|out| {
        conn.execute_batch("COMMIT")?;
        Ok(out)
    });
    if done.is_err() {
        // The first error is the one to tell.
        let _ = conn.execute_batch("ROLLBACK");
    }
    done
}

/// One place for all of DuckDB's settings; the order matters.
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

/// A path as an SQL literal.
pub(crate) fn literal(path: &Path) -> String {
    quoted(&path.display().to_string())
}

fn attach(
    conn: &Connection,
    attachment: Attachment<'_>,
    waiting: &mut Waiting,
) -> Result<(), StoreError> {
    let mode = if attachment.read_only {
        "READ_ONLY".to_owned()
    } else {
        format!("ROW_GROUP_SIZE {ROW_GROUP}")
    };
    let statement = format!("ATTACH {} AS s ({mode}); USE s", literal(attachment.path));
    loop {
        let Err(error) = conn.execute_batch(&statement) else { return Ok(()) };
        let text = error.to_string();
        if !text.contains("Could not set lock on file") {
            return Err(StoreError::from(error).explained(attachment.path));
        }
        waiting.pause(|| holder(&text))?;
    }
}

/// Who has the database, from DuckDB's message: `... is held in /usr/bin/cstack (PID 42)`.
fn holder(text: &str) -> String {
    let told = text.split("Conflicting lock is held in ").nth(1);
    let told = told.and_then(|rest| rest.split(". See").next()).map(str::trim);
    told.map_or_else(|| "another process".to_owned(), |t| model::text::sanitize(t).into_owned())
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(StoreSettings::in_folder(folder.path()));
        store.write(|_| Ok(())).unwrap();
        (folder, store)
    }

    fn settle(conn: &Connection) -> Result<usize, StoreError> {
        Ok(conn.execute(
            "INSERT INTO run VALUES ('1', 'contoso', 'audit', TIMESTAMP '2026-01-01', NULL, 'ok', '{}')",
            [],
        )?)
    }

    fn runs(store: &Store) -> i64 {
        store
            .read(|conn| Ok(conn.query_row("SELECT count(*) FROM run", [], |row| row.get(0))?))
            .unwrap()
    }

    #[test]
    fn work_that_panics_is_rolled_back_and_the_next_works() {
        let (_folder, store) = store();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.write(|conn| -> Result<(), StoreError> {
                settle(conn)?;
                panic!("half-way");
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(runs(&store), 0);
        store.write(settle).unwrap();
        assert_eq!(runs(&store), 1);
    }

    #[test]
    fn work_that_fails_is_rolled_back_and_does_not_count_as_written() {
        let (_folder, store) = store();
        let before = store.revision().unwrap();
        let failed = store.write(|conn| {
            settle(conn)?;
            Err::<(), _>(StoreError::UnknownTenant("contoso".into()))
        });
        assert!(matches!(failed, Err(StoreError::UnknownTenant(_))));
        assert_eq!((runs(&store), store.revision().unwrap()), (0, before));
    }

    #[test]
    fn reads_together_share_an_attachment_and_a_write_among_them_ends_it() {
        let (_folder, store) = store();
        store.together(|| {
            assert_eq!(runs(&store), 0);
            assert!(store.instance().is_attached);
            assert_eq!(store.together(|| runs(&store)), 0);
            store.write(settle).unwrap();
            assert!(!store.instance().is_attached);
            assert_eq!(runs(&store), 1);
        });
        assert!(!store.instance().is_attached);
        store.write(settle).unwrap();
    }

    #[test]
    fn work_that_panics_among_reads_together_leaves_nothing_attached() {
        let (_folder, store) = store();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.together(|| {
                runs(&store);
                panic!("half-way");
            });
        }));
        assert!(panicked.is_err());
        assert!(!store.instance().is_attached);
        store.write(settle).unwrap();
    }

    #[test]
    fn nothing_outside_the_data_folder_can_be_reached_by_a_statement() {
        let (_folder, store) = store();
        for statement in [
            "SELECT * FROM read_csv('/etc/passwd')",
            "ATTACH '/tmp/elsewhere.duckdb'",
            "COPY run TO '/tmp/elsewhere.csv'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
        ] {
            let refused = store.administer(true, |conn| Ok(conn.execute_batch(statement)?));
            assert!(refused.is_err(), "{statement}");
        }
    }

    #[test]
    fn threads_of_one_process_take_turns() {
        let (_folder, store) = store();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        store.write(settle).unwrap();
                        runs(&store);
                    }
                });
            }
        });
        assert_eq!(runs(&store), 20);
    }

    #[test]
    fn the_holder_is_named_from_what_duckdb_says() {
        let text = "IO Error: Could not set lock on file \"/x\": Conflicting lock is held in \
                    /usr/bin/cstack (PID 42). See also https://duckdb.org/docs";
        assert_eq!(holder(text), "/usr/bin/cstack (PID 42)");
        assert_eq!(holder("Could not set lock on file"), "another process");
    }
}
