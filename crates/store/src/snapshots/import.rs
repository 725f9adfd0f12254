//! A snapshot enters the store, whole or not at all.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use duckdb::{Connection, params};
use model::Timestamp;
use model::canonical::{canonical_json, sha256_hex};
use model::object::{ExportedObject, ObjectKind};
use model::tenant::TenantSlug;

use crate::tenants::{self, Registration};
use crate::times::to_sql;
use crate::waiting::Waiting;
use crate::{Store, StoreError, files};

/// Rows that one short section of the lock appends.
const CHUNK: usize = 5_000;

/// A snapshot to take in.
#[derive(Debug, Clone)]
pub struct SnapshotImport {
    /// The tenant.
    pub tenant: TenantSlug,
    /// What becomes of its entry in the registry, in the commit that makes the snapshot visible.
    pub registration: Registration,
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

/// What an import changes.
#[derive(Default)]
struct Difference {
    outcome: SnapshotOutcome,
    versions: Vec<NewVersion>,
    closed: Vec<(ObjectKind, String)>,
    /// Kinds of which this is the first whole listing.
    complete: Vec<ObjectKind>,
    seen: HashSet<(ObjectKind, String)>,
}

/// What the store knows of a tenant before an import.
struct Known {
    hashes: HashMap<(ObjectKind, String), String>,
    complete: BTreeSet<ObjectKind>,
}

/// A snapshot on its way in.
struct Arrival<'i> {
    id: &'i str,
    tenant: &'i TenantSlug,
    recorded: Timestamp,
    taken_at: Timestamp,
    origin: &'i str,
    partial: bool,
    registration: &'i Registration,
}

impl Store {
    /// Takes a snapshot in: what changed is appended in chunks that nobody sees, and one short
    /// commit makes all of it visible, the tenant's entry in the registry with it. Importing the
    /// same again writes nothing.
    ///
    /// # Errors
    /// [`StoreError::UnknownTenant`] where the tenant is not registered, or goes meanwhile;
    /// [`StoreError::TenantExists`] where somebody else registers it meanwhile; [`StoreError`]
    /// where another import runs for long, or the database is busy or cannot be written. What is
    /// visible in the store is then as it was.
    pub fn import_snapshot(&self, import: SnapshotImport) -> Result<SnapshotOutcome, StoreError> {
        self.import_snapshot_while(import, &|| true)
    }

    /// As [`Store::import_snapshot`], and asks before each write, the commit included, whether to
    /// go on.
    ///
    /// # Errors
    /// As there, and [`StoreError::Stopped`] where it may not go on.
    pub fn import_snapshot_while(
        &self,
        import: SnapshotImport,
        go_on: &dyn Fn() -> bool,
    ) -> Result<SnapshotOutcome, StoreError> {
        files::make_folder(self.settings())?;
        // Imports exclude one another, so that a sweep never takes a living one's rows.
        let _lock =
            files::lock(self.settings(), "import.lock", &mut Waiting::new(self.settings()))?;
        let known = self.known(&import)?;
        let SnapshotImport {
            tenant,
            registration,
            taken_at,
            origin,
            partial,
            complete_kinds,
            objects,
        } = import;
        let mut found = compare(&known, objects)?;
        if !partial {
            retire(&mut found, &known, &complete_kinds);
            let new = complete_kinds.difference(&known.complete);
            found.complete = new.copied().collect();
        }
        if found.versions.is_empty() && found.closed.is_empty() && found.complete.is_empty() {
            if registration != Registration::Kept {
                stop_unless(go_on)?;
                self.write(|tx| tenants::register(tx, &tenant, &registration))?;
            }
            return Ok(found.outcome);
        }
        let id = uuid::Uuid::now_v7().to_string();
        let arrival = Arrival {
            id: &id,
            tenant: &tenant,
            recorded: Timestamp::now(),
            taken_at,
            origin: &origin,
            partial,
            registration: &registration,
        };
        if let Err(error) = self.take_in(&arrival, &found, go_on) {
            if let Err(later) = self.write(sweep) {
                tracing::warn!(error = %later, "the next import removes what this one left behind");
            }
            return Err(error);
        }
        found.outcome.snapshot_id = Some(id);
        Ok(found.outcome)
    }

    /// What is there of the tenant, once what an interrupted import left behind is gone.
    fn known(&self, import: &SnapshotImport) -> Result<Known, StoreError> {
        let is_new = matches!(import.registration, Registration::New(_));
        if is_new && !self.exists() {
            return Ok(Known { hashes: HashMap::new(), complete: BTreeSet::new() });
        }
        let tenant = import.tenant.as_str();
        let (known, left_over) = self.read(|conn| {
            if !is_new {
                tenants::must_exist(conn, &import.tenant)?;
            }
            let known = Known {
                hashes: current(conn, tenant)?,
                complete: super::load::complete(conn, tenant, None)?,
            };
            Ok((known, unfinished(conn)?))
        })?;
        if left_over > 0 {
            self.write(sweep)?;
        }
        Ok(known)
    }

    fn take_in(
        &self,
        arrival: &Arrival<'_>,
        found: &Difference,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), StoreError> {
        let mut chunks: Vec<&[NewVersion]> = found.versions.chunks(CHUNK).collect();
        // The last one arrives with the commit, so that most imports are one write.
        let last = chunks.pop().unwrap_or_default();
        for chunk in chunks {
            stop_unless(go_on)?;
            self.write(|tx| append(tx, arrival, chunk))?;
        }
        stop_unless(go_on)?;
        self.write(|tx| commit(tx, arrival, found, last))
    }
}

fn stop_unless(go_on: &dyn Fn() -> bool) -> Result<(), StoreError> {
    if go_on() { Ok(()) } else { Err(StoreError::Stopped) }
}

/// What is new and what changed, by content hash. Of two bodies with one id the first counts.
fn compare(known: &Known, objects: Vec<ExportedObject>) -> Result<Difference, StoreError> {
    let mut found = Difference::default();
    let mut seen: HashSet<(ObjectKind, String)> = HashSet::with_capacity(objects.len());
    for object in objects {
        let key = (object.kind, object.id);
        if seen.contains(&key) {
            continue;
        }
        let body = canonical_json(&object.body)?;
        let hash = sha256_hex(&[body.as_bytes()]);
        let counts = found.outcome.by_kind.entry(object.kind).or_default();
        let before = known.hashes.get(&key);
        if before.is_some_and(|before| *before == hash) {
            counts.unchanged += 1;
        } else {
            if before.is_some() {
                counts.changed += 1;
                found.closed.push(key.clone());
            } else {
                counts.added += 1;
            }
            found.versions.push(NewVersion {
                kind: object.kind,
                id: key.1.clone(),
                display_name: object.display_name,
                hash,
                body,
            });
        }
        seen.insert(key);
    }
    found.seen = seen;
    Ok(found)
}

/// Closes what a whole listing no longer has.
fn retire(found: &mut Difference, known: &Known, complete: &BTreeSet<ObjectKind>) {
    for key in known.hashes.keys() {
        if complete.contains(&key.0) && !found.seen.contains(key) {
            found.outcome.by_kind.entry(key.0).or_default().retired += 1;
            found.closed.push(key.clone());
        }
    }
}

/// Rows that an interrupted import left behind, or that one brings just now.
pub(crate) fn unfinished(conn: &Connection) -> Result<u64, StoreError> {
    let rows: i64 = conn.query_row(
        "SELECT count(*) FROM object_version
         WHERE snapshot_id NOT IN (SELECT snapshot_id FROM snapshot)",
        [],
        |row| row.get(0),
    )?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// Removes what an import that was killed left behind.
fn sweep(tx: &Connection) -> Result<(), StoreError> {
    let swept = tx.execute(
        "DELETE FROM object_version WHERE snapshot_id NOT IN (SELECT snapshot_id FROM snapshot)",
        [],
    )?;
    tracing::info!(rows = swept, "removed what an interrupted import left behind");
    Ok(())
}

/// Makes a snapshot visible: its last rows, the ends of what it replaces, and its own row.
fn commit(
    tx: &Connection,
    arrival: &Arrival<'_>,
    found: &Difference,
    rest: &[NewVersion],
) -> Result<(), StoreError> {
    tenants::register(tx, arrival.tenant, arrival.registration)?;
    append(tx, arrival, rest)?;
    close(tx, arrival, &found.closed)?;
    let tenant = arrival.tenant.as_str();
    for kind in &found.complete {
        tx.execute(
            "INSERT INTO tenant_kind VALUES (?, ?, ?)",
            params![tenant, kind.as_str(), to_sql(arrival.recorded)],
        )?;
    }
    let total = found.outcome.total();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            arrival.id,
            tenant,
            to_sql(arrival.taken_at),
            to_sql(arrival.recorded),
            arrival.origin,
            arrival.partial,
            count(total.added),
            count(total.changed),
            count(total.retired),
        ],
    )?;
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
    arrival: &Arrival<'_>,
    versions: &[NewVersion],
) -> Result<(), StoreError> {
    let mut appender = tx.appender_to_catalog_and_db("object_version", "s", "main")?;
    for version in versions {
        appender.append_row(params![
            arrival.tenant.as_str(),
            version.kind.as_str(),
            version.id,
            version.display_name,
            version.hash,
            version.body,
            arrival.id,
            to_sql(arrival.recorded),
            None::<String>,
        ])?;
    }
    // Dropping alone would swallow the error.
    appender.flush()?;
    Ok(())
}

fn close(
    tx: &Connection,
    arrival: &Arrival<'_>,
    closed: &[(ObjectKind, String)],
) -> Result<(), StoreError> {
    if closed.is_empty() {
        return Ok(());
    }
    let tenant = arrival.tenant.as_str();
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
        params![to_sql(arrival.recorded), tenant, tenant],
    )?;
    Ok(tx.execute_batch("DROP TABLE temp.main.closed")?)
}
