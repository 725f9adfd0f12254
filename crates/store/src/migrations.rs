//! The schema's history: append-only, checksummed.

use duckdb::{Connection, params};
use model::Timestamp;
use model::canonical::sha256_hex;

use crate::connection::quoted;
use crate::times::to_sql;
use crate::{StoreError, StoreSettings, files};

/// Version, name and statements.
const MIGRATIONS: &[(i32, &str, &str)] = &[
    (1, "tenants_and_snapshots", include_str!("../migrations/0001_tenants_and_snapshots.sql")),
    (2, "findings_and_registers", include_str!("../migrations/0002_findings_and_registers.sql")),
];

/// How many backups from before migrations are kept.
const BACKUPS: usize = 3;

/// The schema that this program writes.
pub(crate) fn latest() -> i32 {
    MIGRATIONS.last().map_or(0, |(version, ..)| *version)
}

type Applied = (i32, String, String);

fn applied(conn: &Connection) -> Result<Vec<Applied>, StoreError> {
    let has: i64 = conn.query_row(
        "SELECT count(*) FROM duckdb_tables()
         WHERE database_name = 's' AND table_name = 'schema_migration'",
        [],
        |row| row.get(0),
    )?;
    if has == 0 {
        return Ok(Vec::new());
    }
    let mut statement =
        conn.prepare("SELECT version, sha256, app_version FROM schema_migration ORDER BY version")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether migrations are pending; refuses a newer schema.
pub(crate) fn is_behind(conn: &Connection) -> Result<bool, StoreError> {
    let applied = applied(conn)?;
    refuse_newer(conn, &applied)?;
    Ok(applied.len() < MIGRATIONS.len())
}

fn refuse_newer(conn: &Connection, applied: &[Applied]) -> Result<(), StoreError> {
    let Some((found, _, written_by)) = applied.last() else { return Ok(()) };
    if *found <= latest() {
        return Ok(());
    }
    let path: String =
        conn.query_row("SELECT path FROM duckdb_databases() WHERE database_name = 's'", [], |r| {
            r.get(0)
        })?;
    Err(StoreError::Newer {
        path: path.into(),
        found: *found,
        known: latest(),
        written_by: written_by.clone(),
    })
}

/// Checks what was applied and applies what is pending, in one transaction.
pub(crate) fn run(
    conn: &Connection,
    settings: &StoreSettings,
    fresh: bool,
) -> Result<(), StoreError> {
    let applied = applied(conn)?;
    refuse_newer(conn, &applied)?;
    for (version, sha256, _) in &applied {
        let known = MIGRATIONS.iter().find(|(known, ..)| known == version);
        if known.is_none_or(|(_, _, sql)| sha256_hex(&[sql.as_bytes()]) != *sha256) {
            return Err(StoreError::Altered { path: settings.path(), version: *version });
        }
    }
    let from = applied.last().map_or(0, |(version, ..)| *version);
    let pending: Vec<_> = MIGRATIONS.iter().filter(|(version, ..)| *version > from).collect();
    if pending.is_empty() {
        return Ok(());
    }
    if !fresh && from > 0 {
        backup(conn, settings, from)?;
    }
    conn.execute_batch("BEGIN")?;
    let done = pending.iter().try_for_each(|(version, name, sql)| {
        conn.execute_batch(sql)?;
        conn.execute(
            "INSERT INTO schema_migration VALUES (?, ?, ?, ?, ?)",
            params![
                version,
                name,
                sha256_hex(&[sql.as_bytes()]),
                to_sql(Timestamp::now()),
                settings.app_version
            ],
        )?;
        tracing::info!(version, name, "migrated the database");
        Ok::<_, StoreError>(())
    });
    match done {
        Ok(()) => Ok(conn.execute_batch("COMMIT")?),
        Err(error) => {
            let _ = conn.execute_batch("ROLLBACK");
            Err(error)
        }
    }
}

/// Copies the attached database to `backups/`, keeping the latest few.
fn backup(conn: &Connection, settings: &StoreSettings, schema: i32) -> Result<(), StoreError> {
    let folder = settings.folder.join("backups");
    std::fs::create_dir_all(&folder).map_err(files::failed("cannot make", &folder))?;
    let name = format!("before-migration-{schema:04}-{}.duckdb", uuid::Uuid::now_v7());
    let path = folder.join(name);
    copy_to(conn, &path.display().to_string())?;
    files::protect(settings, &path)?;
    let mut all: Vec<_> = std::fs::read_dir(&folder)
        .map_err(files::failed("cannot look into", &folder))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| {
            path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("before-migration-"))
        })
        .collect();
    all.sort();
    for old in all.iter().rev().skip(BACKUPS) {
        std::fs::remove_file(old).map_err(files::failed("cannot remove the old backup", old))?;
    }
    Ok(())
}

/// Copies the attached database into a new file.
pub(crate) fn copy_to(conn: &Connection, path: &str) -> Result<(), StoreError> {
    conn.execute_batch(&format!("ATTACH {} AS copy", quoted(path)))?;
    let copied = conn.execute_batch("COPY FROM DATABASE s TO copy");
    conn.execute_batch("DETACH copy")?;
    Ok(copied?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(StoreSettings::in_folder(folder.path()));
        store.write(|_| Ok(())).unwrap();
        (folder, store)
    }

    #[test]
    fn a_database_of_a_newer_program_is_refused_by_name() {
        let (_folder, store) = store();
        store
            .write(|tx| {
                Ok(tx.execute_batch(
                    "INSERT INTO schema_migration VALUES (99, 'later', 'x', TIMESTAMP '2030-01-01', '9.9.9')",
                )?)
            })
            .unwrap();
        let other = Store::new(store.settings().clone());
        let error = other.read(|_| Ok(())).unwrap_err().to_string();
        assert!(error.contains("9.9.9") && error.contains("upgrade"), "{error}");
    }

    #[test]
    fn a_migration_that_differs_from_the_one_applied_is_refused() {
        let (_folder, store) = store();
        store
            .write(|tx| {
                Ok(tx.execute_batch(
                    "UPDATE schema_migration SET sha256 = 'other' WHERE version = 1",
                )?)
            })
            .unwrap();
        let other = Store::new(store.settings().clone());
        assert!(matches!(
            other.write(|_| Ok(())).unwrap_err(),
            StoreError::Altered { version: 1, .. }
        ));
    }

    #[test]
    fn an_older_database_is_backed_up_and_then_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::in_folder(folder.path());
        {
            let conn = Connection::open(settings.path()).unwrap();
            let (version, name, sql) = MIGRATIONS[0];
            conn.execute_batch(sql).unwrap();
            conn.execute(
                "INSERT INTO schema_migration VALUES (?, ?, ?, TIMESTAMP '2026-01-01', '0.0.1')",
                params![version, name, sha256_hex(&[sql.as_bytes()])],
            )
            .unwrap();
        }
        let store = Store::new(settings);
        assert_eq!(store.revision().unwrap(), 1, "a reader brings the schema up to date first");
        assert_eq!(std::fs::read_dir(folder.path().join("backups")).unwrap().count(), 1);
    }
}
