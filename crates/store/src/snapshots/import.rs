//! A snapshot enters the store, whole or not at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use duckdb::{Connection, params};
use model::Timestamp;
use model::canonical::{canonical_json, sha256_hex};
use model::object::{ExportedObject, ObjectKind};
use model::tenant::TenantSlug;

use crate::times::to_sql;
use crate::{Store, StoreError, files};

/// Rows that one short section of the lock appends.
const CHUNK: usize = 5_000;

/// A snapshot to take in.
#[derive(Debug, Clone)]
pub struct SnapshotImport {
    /// The tenant, registered already.
    pub tenant: TenantSlug,
    /// When the export was made.
    pub taken_at: Timestamp,
    /// Where it came from, in a word or a path.
    pub origin: String,
    /// Whether objects that are absent stay.
    pub partial: bool,
    /// Kinds of which this is the whole listing.
    pub complete_kinds: BTreeSet<ObjectKind>,
    /// The objects; one body an id and kind.
    pub objects: Vec<ExportedObject>,
}

/// What an import changed of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindCounts {
    /// New objects.
    pub added: usize,
    /// Objects with another body than before.
    pub changed: usize,
    /// Objects that are no more.
    pub retired: usize,
    /// Objects as before.
    pub unchanged: usize,
}

/// What an import changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnapshotOutcome {
    /// The new snapshot; absent where nothing changed.
    pub snapshot_id: Option<String>,
    /// By kind.
    pub by_kind: BTreeMap<ObjectKind, KindCounts>,
}

impl SnapshotOutcome {
    /// Over all kinds.
    pub fn total(&self) -> KindCounts {
        self.by_kind.values().fold(KindCounts::default(), |sum, kind| KindCounts {
            added: sum.added + kind.added,
            changed: sum.changed + kind.changed,
            retired: sum.retired + kind.retired,
            unchanged: sum.unchanged + kind.unchanged,
        })
    }

    /// Whether anything changed.
    pub fn changed_anything(&self) -> bool {
        self.snapshot_id.is_some()
    }
}

struct NewVersion {
    kind: ObjectKind,
    id: String,
    display_name: String,
    hash: String,
    body: String,
}

impl Store {
    /// Takes a snapshot in: what changed is appended in chunks that nobody sees, and one short
    /// commit makes all of it visible. Importing the same again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] where another import of any tenant runs, or the database is busy or cannot be
    /// written; the store is then as it was.
    pub fn import_snapshot(&self, import: SnapshotImport) -> Result<SnapshotOutcome, StoreError> {
        files::make_folder(self.settings())?;
        // Imports exclude one another, so that a sweep never takes a living one's rows.
        let _lock = files::lock(self.settings(), "import.lock")?;
        self.write(sweep)?;
        let tenant = import.tenant.as_str();
        let current: HashMap<(ObjectKind, String), String> =
            self.read(|conn| current(conn, tenant))?;
        let already: BTreeSet<ObjectKind> =
            self.read(|conn| super::load::complete(conn, tenant))?;

        let mut outcome = SnapshotOutcome::default();
        let mut seen: BTreeSet<(ObjectKind, String)> = BTreeSet::new();
        let mut versions = Vec::new();
        let mut closed: Vec<(ObjectKind, String)> = Vec::new();
        for object in import.objects {
            let key = (object.kind, object.id.clone());
            if !seen.insert(key.clone()) {
                continue;
            }
            let body = canonical_json(&object.body)?;
            let hash = sha256_hex(&[body.as_bytes()]);
            let counts = outcome.by_kind.entry(object.kind).or_default();
            match current.get(&key) {
                Some(known) if *known == hash => {
                    counts.unchanged += 1;
                    continue;
                }
                Some(_) => {
                    counts.changed += 1;
                    closed.push(key);
                }
                None => counts.added += 1,
            }
            versions.push(NewVersion {
                kind: object.kind,
                id: object.id,
                display_name: object.display_name,
                hash,
                body,
            });
        }
        if !import.partial {
            for key in current.keys() {
                if import.complete_kinds.contains(&key.0) && !seen.contains(key) {
                    outcome.by_kind.entry(key.0).or_default().retired += 1;
                    closed.push(key.clone());
                }
            }
        }
        let complete: Vec<ObjectKind> = if import.partial {
            Vec::new()
        } else {
            import.complete_kinds.iter().filter(|kind| !already.contains(kind)).copied().collect()
        };
        if versions.is_empty() && closed.is_empty() && complete.is_empty() {
            return Ok(outcome);
        }
        let snapshot_id = uuid::Uuid::now_v7().to_string();
        let recorded = Timestamp::now();
        for chunk in versions.chunks(CHUNK) {
            self.write(|tx| append(tx, tenant, &snapshot_id, recorded, chunk))?;
        }
        let total = outcome.total();
        self.write(|tx| {
            close(tx, tenant, recorded, &closed)?;
            for kind in &complete {
                tx.execute(
                    "INSERT INTO tenant_kind VALUES (?, ?, ?)",
                    params![tenant, kind.as_str(), to_sql(recorded)],
                )?;
            }
            let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            tx.execute(
                "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    snapshot_id,
                    tenant,
                    to_sql(import.taken_at),
                    to_sql(recorded),
                    import.origin,
                    import.partial,
                    count(total.added),
                    count(total.changed),
                    count(total.retired),
                ],
            )?;
            Ok(())
        })?;
        outcome.snapshot_id = Some(snapshot_id);
        Ok(outcome)
    }
}

/// Removes what an import that was killed left behind.
fn sweep(tx: &Connection) -> Result<(), StoreError> {
    let swept = tx.execute(
        "DELETE FROM object_version WHERE snapshot_id NOT IN (SELECT snapshot_id FROM snapshot)",
        [],
    )?;
    if swept > 0 {
        tracing::warn!(rows = swept, "removed what an interrupted import left behind");
    }
    Ok(())
}

fn current(
    conn: &Connection,
    tenant: &str,
) -> Result<HashMap<(ObjectKind, String), String>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT kind, object_id, content_hash FROM object_version
         WHERE tenant = ? AND valid_to IS NULL
           AND snapshot_id IN (SELECT snapshot_id FROM snapshot WHERE tenant = ?)",
    )?;
    let mut rows = statement.query(params![tenant, tenant])?;
    let mut out = HashMap::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(0)?;
        if let Some(kind) = ObjectKind::from_name(&kind) {
            out.insert((kind, row.get(1)?), row.get(2)?);
        }
    }
    Ok(out)
}

fn append(
    tx: &Connection,
    tenant: &str,
    snapshot_id: &str,
    recorded: Timestamp,
    versions: &[NewVersion],
) -> Result<(), StoreError> {
    let mut appender = tx.appender_to_catalog_and_db("object_version", "s", "main")?;
    for version in versions {
        appender.append_row(params![
            tenant,
            version.kind.as_str(),
            version.id,
            version.display_name,
            version.hash,
            version.body,
            snapshot_id,
            to_sql(recorded),
            None::<String>,
        ])?;
    }
    // Dropping alone would swallow the error.
    appender.flush()?;
    Ok(())
}

fn close(
    tx: &Connection,
    tenant: &str,
    recorded: Timestamp,
    closed: &[(ObjectKind, String)],
) -> Result<(), StoreError> {
    if closed.is_empty() {
        return Ok(());
    }
    tx.execute_batch("CREATE OR REPLACE TEMP TABLE closed (kind VARCHAR, object_id VARCHAR)")?;
    let mut appender = tx.appender_to_catalog_and_db("closed", "temp", "main")?;
    for (kind, id) in closed {
        appender.append_row(params![kind.as_str(), id])?;
    }
    appender.flush()?;
    drop(appender);
    tx.execute(
        "UPDATE object_version SET valid_to = ?
         WHERE tenant = ? AND valid_to IS NULL
           AND snapshot_id IN (SELECT snapshot_id FROM snapshot WHERE tenant = ?)
           AND (kind, object_id) IN (SELECT kind, object_id FROM temp.main.closed)",
        params![to_sql(recorded), tenant, tenant],
    )?;
    Ok(tx.execute_batch("DROP TABLE temp.main.closed")?)
}
