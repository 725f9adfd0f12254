//! Whether the database is sound.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use duckdb::Connection;
use model::canonical::sha256_hex;

use crate::administration::count;
use crate::snapshots::unfinished;
use crate::tenants::TENANT_TABLES;
use crate::{Store, StoreError, files};

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
    /// What is worth knowing and needs nothing done.
    pub notes: Vec<String>,
    /// What is wrong; empty where it is sound.
    pub troubles: Vec<Trouble>,
}

/// How many altered objects are named; the others are counted.
const NAMED: u64 = 20;

const IMPORT_AGAIN: &str = "import the tenant again, or restore a backup";

impl DatabaseCheck {
    fn trouble(&mut self, what: String, remedy: impl Into<String>) {
        self.troubles.push(Trouble { what, remedy: remedy.into() });
    }
}

impl Store {
    /// Whether the database is sound: compares migrations, recomputes every object's hash, looks
    /// for rows without a tenant, objects that are current twice, and loose modes.
    ///
    /// # Errors
    /// [`StoreError`] where it is missing or busy; a damaged file is a trouble, not an error.
    pub fn check(&self) -> Result<DatabaseCheck, StoreError> {
        if !self.exists() {
            return Err(StoreError::Missing { path: self.settings().path() });
        }
        let mut out = DatabaseCheck::default();
        let settings = self.settings();
        let (folder_mode, file_mode) = files::modes(settings);
        out.looked_at.push("modes of folder and file".into());
        // That others may list it is harmless; that they may replace what is in it is not.
        look_at_mode(&mut out, &settings.folder, folder_mode | 0o055)?;
        look_at_mode(&mut out, &settings.path(), file_mode)?;
        // Attaching alone compares the migrations.
        let mut found = DatabaseCheck::default();
        let looked = self.read(|conn| {
            found.looked_at.push("migrations".into());
            look_at_bodies(&mut found, conn)?;
            look_for_orphans(&mut found, conn)?;
            look_for_doubles(&mut found, conn)
        });
        out.looked_at.append(&mut found.looked_at);
        out.notes.append(&mut found.notes);
        out.troubles.append(&mut found.troubles);
        match looked {
            Ok(()) => Ok(out),
            Err(StoreError::Damaged { path, reason }) => {
                let what = format!("{} cannot be read as a database: {reason}", path.display());
                out.trouble(
                    what,
                    "restore a backup; those made before migrations are in `backups`",
                );
                Ok(out)
            }
            Err(error @ StoreError::Altered { .. }) => {
                out.trouble(error.to_string(), "restore a backup");
                Ok(out)
            }
            Err(error) => Err(error),
        }
    }
}

fn look_at_mode(out: &mut DatabaseCheck, path: &Path, allowed: u32) -> Result<(), StoreError> {
    let found = fs::metadata(path).map_err(files::failed("cannot look at", path))?;
    let mode = found.permissions().mode() & 0o777;
    if mode & !allowed != 0 {
        out.trouble(
            format!("{} can be used by others (mode {mode:04o})", path.display()),
            format!("chmod {allowed:o} {}", path.display()),
        );
    }
    Ok(())
}

/// Tenant by tenant, to bound memory.
fn look_at_bodies(out: &mut DatabaseCheck, conn: &Connection) -> Result<(), StoreError> {
    let mut statement =
        conn.prepare("SELECT DISTINCT tenant FROM object_version ORDER BY tenant")?;
    let tenants: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut statement = conn.prepare(
        "SELECT kind, object_id, content_hash, body FROM object_version
         WHERE tenant = ? AND snapshot_id IN (SELECT snapshot_id FROM snapshot)",
    )?;
    let (mut seen, mut altered) = (0_u64, 0_u64);
    for tenant in tenants {
        let mut rows = statement.query([&tenant])?;
        while let Some(row) = rows.next()? {
            seen += 1;
            let body: String = row.get(3)?;
            if sha256_hex(&[body.as_bytes()]) != row.get::<_, String>(2)? {
                altered += 1;
                if altered > NAMED {
                    continue;
                }
                let (kind, id): (String, String) = (row.get(0)?, row.get(1)?);
                out.trouble(
                    format!("the body of {kind} {id} of tenant {tenant} does not match its hash"),
                    IMPORT_AGAIN,
                );
            }
        }
    }
    if altered > NAMED {
        let more = altered - NAMED;
        out.trouble(
            format!("the bodies of {more} more objects do not match their hashes"),
            IMPORT_AGAIN,
        );
    }
    out.looked_at.push(format!("hashes of {seen} versions of objects"));
    Ok(())
}

fn look_for_orphans(out: &mut DatabaseCheck, conn: &Connection) -> Result<(), StoreError> {
    for (table, column) in TENANT_TABLES.iter().filter(|(table, _)| *table != "tenant") {
        // What an import left unfinished is told below.
        let visible = match *table {
            "object_version" => "AND snapshot_id IN (SELECT snapshot_id FROM snapshot)",
            "sign_in" | "sign_in_raw" => "AND import_id IN (SELECT import_id FROM sign_in_import)",
            "sign_in_arrival" => "AND false",
            _ => "",
        };
        let rows = count(
            conn,
            &format!(
                "SELECT count(*) FROM {table}
                 WHERE {column} NOT IN (SELECT slug FROM tenant) {visible}"
            ),
        )?;
        if rows > 0 {
            out.trouble(format!("{rows} rows of {table} belong to no tenant"), "restore a backup");
        }
    }
    out.looked_at.push("rows without a tenant".into());
    let waiting = count(
        conn,
        "SELECT count(*) FROM sign_in
         WHERE import_id NOT IN (SELECT import_id FROM sign_in_import)",
    )?;
    if waiting > 0 {
        out.notes.push(format!(
            "{waiting} sign-ins of an import that goes on or was stopped; the same files go on from \
             them, and an import of others removes them"
        ));
    }
    let unfinished = unfinished(conn)?;
    if unfinished > 0 {
        out.notes.push(format!(
            "{unfinished} objects of an import that goes on or was interrupted; nobody sees them, \
             and the next import removes what was left behind"
        ));
    }
    Ok(())
}

fn look_for_doubles(out: &mut DatabaseCheck, conn: &Connection) -> Result<(), StoreError> {
    let doubled = count(
        conn,
        "SELECT count(*) FROM (SELECT 1 FROM object_version
         WHERE valid_to IS NULL AND snapshot_id IN (SELECT snapshot_id FROM snapshot)
         GROUP BY tenant, kind, object_id HAVING count(*) > 1)",
    )?;
    out.looked_at.push("objects that are current twice".into());
    if doubled > 0 {
        out.trouble(format!("{doubled} objects are current twice"), IMPORT_AGAIN);
    }
    Ok(())
}
