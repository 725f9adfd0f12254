//! Looking after the database: what is in it, whether it is sound, copies, compaction.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use duckdb::Connection;
use model::canonical::sha256_hex;

use crate::connection::quoted;
use crate::tenants::TENANT_TABLES;
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

/// Something wrong with the database.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Trouble {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Whether the database is sound.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct DatabaseCheck {
    /// What was looked at, in words.
    pub looked_at: Vec<String>,
    /// What is wrong; empty where it is sound.
    pub troubles: Vec<Trouble>,
}

/// Every table of the schema.
pub(crate) fn tables(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 's' ORDER BY table_name",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn count(conn: &Connection, statement: &str) -> Result<u64, StoreError> {
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
                warning: network_filesystem(&path).map(|kind| {
                    format!("the file lies on {kind}, where locks cannot be relied on: move it to a local disk")
                }),
                path: path.clone(),
            })
        })
    }

    /// Whether the database is sound: recomputes every hash, looks for orphans and loose modes.
    ///
    /// # Errors
    /// [`StoreError`] where it is missing or busy; a damaged file is a trouble, not an error.
    pub fn check(&self) -> Result<DatabaseCheck, StoreError> {
        let mut out = DatabaseCheck::default();
        let path = self.settings().path();
        let mode = std::fs::metadata(&path)
            .map_err(files::failed("cannot look at", &path))?
            .permissions()
            .mode();
        out.looked_at.push("mode of the file".into());
        let allowed = if self.settings().group.is_some() { 0o660 } else { 0o600 };
        if mode & 0o777 & !allowed != 0 {
            out.troubles.push(Trouble {
                what: format!(
                    "{} can be used by others (mode {:04o})",
                    path.display(),
                    mode & 0o777
                ),
                remedy: format!("chmod {allowed:o} {}", path.display()),
            });
        }
        let looked = self.read(|conn| {
            let mut statement =
                conn.prepare("SELECT tenant, kind, object_id, content_hash, body FROM object_version")?;
            let mut rows = statement.query([])?;
            let mut bad = Vec::new();
            let mut seen = 0_u64;
            while let Some(row) = rows.next()? {
                seen += 1;
                let body: String = row.get(4)?;
                if sha256_hex(&[body.as_bytes()]) != row.get::<_, String>(3)? {
                    let place = format!(
                        "{} {} of tenant {}",
                        row.get::<_, String>(1)?,
                        row.get::<_, String>(2)?,
                        row.get::<_, String>(0)?
                    );
                    bad.push(place);
                }
            }
            let mut orphans = Vec::new();
            for (table, column) in TENANT_TABLES.iter().skip(1) {
                let rows = count(
                    conn,
                    &format!("SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT slug FROM tenant)"),
                )?;
                if rows > 0 {
                    orphans.push(format!("{rows} rows of {table}"));
                }
            }
            let doubled = count(
                conn,
                "SELECT count(*) FROM (SELECT 1 FROM object_version
                 WHERE valid_to IS NULL AND snapshot_id IN (SELECT snapshot_id FROM snapshot)
                 GROUP BY tenant, kind, object_id HAVING count(*) > 1)",
            )?;
            Ok((seen, bad, orphans, doubled))
        });
        match looked {
            Ok((seen, bad, orphans, doubled)) => {
                out.looked_at.push(format!("hashes of {seen} objects"));
                out.looked_at.push("rows without a tenant".into());
                out.looked_at.push("objects that are current twice".into());
                let import = "import the tenant again, or restore a backup";
                for place in bad {
                    out.troubles.push(Trouble {
                        what: format!("the body of {place} does not match its hash"),
                        remedy: import.into(),
                    });
                }
                for rows in orphans {
                    out.troubles.push(Trouble {
                        what: format!("{rows} belong to no tenant"),
                        remedy: "restore a backup".into(),
                    });
                }
                if doubled > 0 {
                    out.troubles.push(Trouble {
                        what: format!("{doubled} objects are current twice"),
                        remedy: import.into(),
                    });
                }
            }
            Err(error @ (StoreError::Damaged { .. } | StoreError::Altered { .. })) => {
                out.troubles
                    .push(Trouble { what: error.to_string(), remedy: "restore a backup".into() });
            }
            Err(error) => return Err(error),
        }
        Ok(out)
    }

    /// Copies the database to a file outside the data folder or in it. DuckDB may write within the
    /// folder only, so that the copy is made there and then moved.
    ///
    /// # Errors
    /// [`StoreError::File`] where the file exists already or cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        if to.exists() {
            return Err(StoreError::File {
                what: "will not overwrite",
                path: to.to_owned(),
                source: std::io::Error::from(std::io::ErrorKind::AlreadyExists),
            });
        }
        let made = self.copy_beside("backup")?;
        move_file(&made, to)
    }

    fn copy_beside(&self, what: &str) -> Result<PathBuf, StoreError> {
        let path = self.settings().folder.join(format!("{what}-{}.duckdb", uuid::Uuid::now_v7()));
        let copied =
            self.administer(true, |conn| migrations::copy_to(conn, &path.display().to_string()));
        if let Err(error) = copied {
            // A copy that failed half-way is of no use.
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        files::protect(self.settings(), &path)?;
        Ok(path)
    }

    /// Gives disk space back: copies what is alive into a new file and puts it in the old one's
    /// place. Gives the sizes before and after, in bytes.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or the disk is full; the old file then stays.
    pub fn vacuum(&self) -> Result<(u64, u64), StoreError> {
        let path = self.settings().path();
        if !self.exists() {
            return Err(StoreError::Missing { path });
        }
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        let _lock = files::lock(self.settings(), "cstack.lock")?;
        let before = size(&path);
        self.administer(false, |conn| Ok(conn.execute_batch("CHECKPOINT s")?))?;
        let made = self.copy_beside("vacuum")?;
        std::fs::rename(&made, &path).map_err(files::failed("cannot put in place", &path))?;
        self.forget_schema();
        Ok((before, size(&path)))
    }
}

/// Moves a file, across filesystems too.
pub(crate) fn move_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    if std::fs::rename(from, to).is_ok() {
        return Ok(());
    }
    let copied = std::fs::copy(from, to).map_err(files::failed("cannot write", to));
    std::fs::remove_file(from).map_err(files::failed("cannot remove", from))?;
    copied.map(|_| ())
}

/// The kind of network filesystem a path lies on, where it does.
fn network_filesystem(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let (_, kind) = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ');
            let place = fields.nth(1)?;
            Some((place, fields.next()?))
        })
        .filter(|(place, _)| path.starts_with(place))
        .max_by_key(|(place, _)| place.len())?;
    let remote = ["nfs", "cifs", "smb", "fuse.sshfs", "9p", "ceph", "glusterfs"];
    remote.iter().any(|name| kind.starts_with(name)).then(|| kind.to_owned())
}

/// A literal path for statements of this crate.
pub(crate) fn literal(path: &Path) -> String {
    quoted(&path.display().to_string())
}
