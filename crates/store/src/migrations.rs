//! The schema's history: append-only, checksummed.

use std::path::{Path, PathBuf};

use duckdb::{Connection, params};
use model::Timestamp;
use model::canonical::sha256_hex;

use crate::copies::copy_to;
use crate::times::to_sql;
use crate::{StoreError, StoreSettings, files};

/// Version, name and statements.
const MIGRATIONS: &[(i32, &str, &str)] = &[
    (1, "tenants_and_snapshots", include_str!("../migrations/0001_tenants_and_snapshots.sql")),
    (2, "findings_and_registers", include_str!("../migrations/0002_findings_and_registers.sql")),
    (3, "sign_ins", include_str!("../migrations/0003_sign_ins.sql")),
    (4, "anomaly", include_str!("../migrations/0004_anomaly.sql")),
];

/// How many backups from before migrations are kept.
const BACKUPS: usize = 3;

const BACKUP_NAME: &str = "before-migration-";

/// The schema that this program writes.
pub(crate) fn latest() -> i32 {
    MIGRATIONS.last().map_or(0, |(version, ..)| *version)
}

/// A database's schema, where it is one that this program can work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// As this program writes it.
    Current,
    /// Migrations are pending.
    Behind,
}

/// A migration that was applied.
struct Applied {
    version: i32,
    sha256: String,
    app_version: String,
}

fn applied(conn: &Connection, path: &Path) -> Result<Vec<Applied>, StoreError> {
    let statement =
        conn.prepare("SELECT version, sha256, app_version FROM schema_migration ORDER BY version");
    let mut statement = match statement {
        Ok(statement) => statement,
        Err(error) if error.to_string().contains("schema_migration does not exist") => {
            return untouched(conn, path).map(|()| Vec::new());
        }
        Err(error) => return Err(error.into()),
    };
    let rows = statement.query_map([], |row| {
        Ok(Applied { version: row.get(0)?, sha256: row.get(1)?, app_version: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Refuses a database that has tables and is not ours.
fn untouched(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let table: Option<String> = conn.query_row(
        "SELECT min(table_name) FROM duckdb_tables() WHERE database_name = 's'",
        [],
        |row| row.get(0),
    )?;
    match table {
        Some(table) => Err(StoreError::Foreign { path: path.to_owned(), table }),
        None => Ok(()),
    }
}

/// Whether migrations are pending.
///
/// # Errors
/// [`StoreError::Newer`], [`StoreError::Altered`] or [`StoreError::Foreign`] where this program
/// must leave the database alone.
pub(crate) fn schema(conn: &Connection, path: &Path) -> Result<Schema, StoreError> {
    let applied = applied(conn, path)?;
    verify(&applied, path)?;
    Ok(if applied.len() < MIGRATIONS.len() { Schema::Behind } else { Schema::Current })
}

fn verify(applied: &[Applied], path: &Path) -> Result<(), StoreError> {
    if let Some(last) = applied.last().filter(|last| last.version > latest()) {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: last.version,
            known: latest(),
            written_by: last.app_version.clone(),
        });
    }
    for one in applied {
        let known = MIGRATIONS.iter().find(|(version, ..)| *version == one.version);
        if known.is_none_or(|(_, _, sql)| sha256_hex(&[sql.as_bytes()]) != one.sha256) {
            return Err(StoreError::Altered { path: path.to_owned(), version: one.version });
        }
    }
    Ok(())
}

/// Checks what was applied and applies what is pending, in one transaction.
pub(crate) fn run(conn: &Connection, settings: &StoreSettings) -> Result<(), StoreError> {
    let path = settings.path();
    let applied = applied(conn, &path)?;
    verify(&applied, &path)?;
    let from = applied.last().map_or(0, |last| last.version);
    let pending: Vec<_> = MIGRATIONS.iter().filter(|(version, ..)| *version > from).collect();
    if pending.is_empty() {
        return Ok(());
    }
    if from > 0 {
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

/// The folder for backups, made where it is missing.
pub(crate) fn backups(settings: &StoreSettings) -> Result<PathBuf, StoreError> {
    let folder = settings.folder.join("backups");
    files::make_folder_at(settings, &folder, "cannot make")?;
    Ok(folder)
}

/// Copies the attached database to `backups/`, keeping the latest few.
fn backup(conn: &Connection, settings: &StoreSettings, schema: i32) -> Result<(), StoreError> {
    let folder = backups(settings)?;
    // Under its own name only once it is whole.
    let draft = folder.join("unfinished.duckdb");
    for left_over in [&draft, &files::log_of(&draft)] {
        let _ = std::fs::remove_file(left_over);
    }
    copy_to(conn, &draft)?;
    files::protect(settings, &draft)?;
    let name = format!("{BACKUP_NAME}{schema:04}-{}.duckdb", uuid::Uuid::now_v7());
    files::move_file(&draft, &folder.join(name))?;
    prune(&folder)
}

fn prune(folder: &Path) -> Result<(), StoreError> {
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .map_err(files::failed("cannot look into", folder))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| {
            path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(BACKUP_NAME))
        })
        .collect();
    all.sort();
    for old in all.iter().rev().skip(BACKUPS) {
        std::fs::remove_file(old).map_err(files::failed("cannot remove the old backup", old))?;
    }
    Ok(())
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

    fn alter(store: &Store, statement: &str) {
        store.write(|tx| Ok(tx.execute_batch(statement)?)).unwrap();
    }

    const LATER: &str =
        "INSERT INTO schema_migration VALUES (99, 'later', 'x', TIMESTAMP '2030-01-01', '9.9.9')";

    #[test]
    fn a_database_of_a_newer_program_is_refused_by_name() {
        let (_folder, store) = store();
        alter(&store, LATER);
        let other = Store::new(store.settings().clone());
        for error in [other.read(|_| Ok(())).unwrap_err(), other.write(|_| Ok(())).unwrap_err()] {
            let text = error.to_string();
            assert!(text.contains("9.9.9") && text.contains("upgrade"), "{text}");
        }
    }

    #[test]
    fn a_database_that_a_newer_program_migrates_while_this_one_runs_is_left_alone() {
        let (_folder, store) = store();
        store.read(|_| Ok(())).unwrap();
        alter(&Store::new(store.settings().clone()), LATER);
        assert!(matches!(store.write(|_| Ok(())), Err(StoreError::Newer { .. })));
        assert!(matches!(store.read(|_| Ok(())), Err(StoreError::Newer { .. })));
    }

    #[test]
    fn a_migration_that_differs_from_the_one_applied_is_refused() {
        let (_folder, store) = store();
        alter(&store, "UPDATE schema_migration SET sha256 = 'other' WHERE version = 1");
        let other = Store::new(store.settings().clone());
        for error in [other.read(|_| Ok(())).unwrap_err(), other.write(|_| Ok(())).unwrap_err()] {
            assert!(matches!(error, StoreError::Altered { version: 1, .. }), "{error}");
        }
    }

    #[test]
    fn a_database_of_another_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::in_folder(folder.path());
        Connection::open(settings.path())
            .unwrap()
            .execute_batch("CREATE TABLE hers (i INT)")
            .unwrap();
        let store = Store::new(settings);
        let error = store.write(|_| Ok(())).unwrap_err();
        assert!(matches!(&error, StoreError::Foreign { table, .. } if table == "hers"), "{error}");
    }

    /// A database as the first version of the schema left it.
    fn older(settings: &StoreSettings) {
        let conn = Connection::open(settings.path()).unwrap();
        let (version, name, sql) = MIGRATIONS[0];
        conn.execute_batch(sql).unwrap();
        conn.execute(
            "INSERT INTO schema_migration VALUES (?, ?, ?, TIMESTAMP '2026-01-01', '0.0.1')",
            params![version, name, sha256_hex(&[sql.as_bytes()])],
        )
        .unwrap();
    }

    fn backups(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder.join("backups")).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_older_database_is_backed_up_and_then_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::in_folder(folder.path());
        older(&settings);
        let store = Store::new(settings);
        assert_eq!(store.revision().unwrap(), 1, "a reader brings the schema up to date first");
        let backups = backups(folder.path());
        assert_eq!(backups.len(), 1, "{backups:?}");
        let backup = Connection::open(folder.path().join("backups").join(&backups[0])).unwrap();
        let schema: i32 = backup
            .query_row("SELECT max(version) FROM schema_migration", [], |r| r.get(0))
            .unwrap();
        assert_eq!(schema, 1);
    }

    #[test]
    fn the_latest_backups_from_before_migrations_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::in_folder(folder.path());
        std::fs::create_dir(folder.path().join("backups")).unwrap();
        let earlier = |n: u8| format!("{BACKUP_NAME}0000-{n}.duckdb");
        for n in 1..=4 {
            std::fs::write(folder.path().join("backups").join(earlier(n)), "").unwrap();
        }
        older(&settings);
        Store::new(settings).write(|_| Ok(())).unwrap();
        let backups = backups(folder.path());
        assert_eq!(backups[..2], [earlier(3), earlier(4)]);
        assert_eq!(backups.len(), BACKUPS);
    }

    #[test]
    fn the_schema_after_all_migrations_is_the_one_on_record() {
        let (_folder, store) = store();
        let columns = |conn: &Connection| -> Result<Vec<String>, StoreError> {
            let mut statement = conn.prepare(
                "SELECT table_name || '.' || column_name || ' ' || data_type
                     || CASE WHEN is_nullable THEN '' ELSE ' NOT NULL' END
                 FROM duckdb_columns() WHERE database_name = 's'
                 ORDER BY table_name, column_index",
            )?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        let found = store.read(columns).unwrap().join("\n") + "\n";
        // After a migration, what is found here goes there.
        assert_eq!(found, include_str!("../migrations/schema.txt"), "found:\n{found}");
    }

    #[test]
    fn the_schema_has_nothing_that_a_lake_catalogue_lacks() {
        for (_, name, sql) in MIGRATIONS {
            let sql: String = sql.lines().filter_map(|line| line.split("--").next()).collect();
            let sql = sql.to_uppercase();
            for word in ["PRIMARY KEY", "UNIQUE", "REFERENCES", "SEQUENCE", "INDEX", "TIMESTAMPTZ"]
            {
                assert!(!sql.contains(word), "{name} has {word}");
            }
        }
    }
}
