//! A tenant as it is, or as it was.

use std::collections::{BTreeSet, HashSet};

use duckdb::{Connection, Row, params, params_from_iter};
use model::Timestamp;
use model::object::ObjectKind;
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;

use crate::findings::row::unreadable;
use crate::times::{from_micros, to_sql};
use crate::{Store, StoreError, registers};

/// Tenants whose objects one query reads: few enough to bound memory.
const TOGETHER: usize = 32;

/// A recorded snapshot.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotRecord {
    /// Identity.
    pub id: String,
    /// When the export was made.
    pub taken_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Where it came from.
    pub origin: String,
    /// Whether it retired nothing.
    pub partial: bool,
    /// Objects added.
    pub added: u32,
    /// Objects changed.
    pub changed: u32,
    /// Objects retired.
    pub retired: u32,
}

impl Store {
    /// The tenant as it is; nothing where no snapshot was taken.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn load_snapshot(&self, tenant: &TenantSlug) -> Result<Option<TenantSnapshot>, StoreError> {
        let mut out = None;
        self.for_each_batch(std::slice::from_ref(tenant), |batch| {
            out = batch.into_iter().next().flatten();
            Ok::<_, StoreError>(())
        })?;
        Ok(out)
    }

    /// The tenant as a snapshot left it; declared accounts and exceptions are today's.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn load_snapshot_at(
        &self,
        tenant: &TenantSlug,
        record: &SnapshotRecord,
    ) -> Result<TenantSnapshot, StoreError> {
        self.read(|conn| {
            let mut out = TenantSnapshot::empty(tenant.clone(), record.taken_at);
            out.snapshot_id.clone_from(&record.id);
            out.collected = complete(conn, tenant.as_str(), Some(record.recorded_at))?;
            let mut statement = conn.prepare(
                "SELECT kind, object_id, body FROM object_version
                 WHERE tenant = ?1 AND valid_from <= ?2 AND (valid_to IS NULL OR valid_to > ?2)
                   AND snapshot_id IN (SELECT snapshot_id FROM snapshot WHERE tenant = ?1)
                 ORDER BY kind, display_name, object_id",
            )?;
            let mut rows = statement.query(params![tenant.as_str(), to_sql(record.recorded_at)])?;
            while let Some(row) = rows.next()? {
                add(&mut out, text(row, 0)?, text(row, 1)?, text(row, 2)?)?;
            }
            registers::load_into(conn, &mut out)?;
            Ok(out)
        })
    }

    /// Tenants as they are, a few at a time, in their order: what bounds memory.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read, and what `take` gives: both end it.
    pub fn for_each_batch<E: From<StoreError>>(
        &self,
        tenants: &[TenantSlug],
        mut take: impl FnMut(Vec<Option<TenantSnapshot>>) -> Result<(), E>,
    ) -> Result<(), E> {
        for some in tenants.chunks(TOGETHER) {
            // Read first, work later: the database is not held while somebody audits.
            take(self.read(|conn| load(conn, some))?)?;
        }
        Ok(())
    }

    /// The tenant's snapshots, latest first.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn snapshots(&self, tenant: &TenantSlug) -> Result<Vec<SnapshotRecord>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare(
                "SELECT snapshot_id, epoch_us(taken_at), epoch_us(recorded_at), origin, partial,
                        added, changed, retired
                 FROM snapshot WHERE tenant = ? ORDER BY recorded_at DESC, snapshot_id DESC",
            )?;
            let rows = statement.query_map([tenant.as_str()], |row| {
                Ok(SnapshotRecord {
                    id: row.get(0)?,
                    taken_at: from_micros(row.get(1)?),
                    recorded_at: from_micros(row.get(2)?),
                    origin: row.get(3)?,
                    partial: row.get(4)?,
                    added: row.get(5)?,
                    changed: row.get(6)?,
                    retired: row.get(7)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Kinds of which the whole listing was imported, by a time or ever.
pub(super) fn complete(
    conn: &Connection,
    tenant: &str,
    by: Option<Timestamp>,
) -> Result<BTreeSet<ObjectKind>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT DISTINCT kind FROM tenant_kind
         WHERE tenant = ?1 AND (?2 IS NULL OR collected_at <= ?2)",
    )?;
    let rows =
        statement.query_map(params![tenant, by.map(to_sql)], |row| row.get::<_, String>(0))?;
    let names = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(names.iter().filter_map(|name| ObjectKind::from_name(name)).collect())
}

fn load(
    conn: &Connection,
    tenants: &[TenantSlug],
) -> Result<Vec<Option<TenantSnapshot>>, StoreError> {
    let marks = vec!["?"; tenants.len()].join(", ");
    let names = || params_from_iter(tenants.iter().map(TenantSlug::as_str));
    let position = |name: &str| tenants.iter().position(|tenant| tenant.as_str() == name);
    let mut out: Vec<Option<TenantSnapshot>> = vec![None; tenants.len()];

    let mut statement = conn.prepare(&format!(
        "SELECT tenant, arg_max(snapshot_id, recorded_at), epoch_us(max(taken_at))
         FROM snapshot WHERE tenant IN ({marks}) GROUP BY tenant"
    ))?;
    let mut rows = statement.query(names())?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let Some((tenant, slot)) =
            position(&name).and_then(|at| tenants.get(at).zip(out.get_mut(at)))
        else {
            continue;
        };
        let mut snapshot = TenantSnapshot::empty(tenant.clone(), from_micros(row.get(2)?));
        snapshot.snapshot_id = row.get(1)?;
        *slot = Some(snapshot);
    }
    drop(rows);
    // Most tenants have no entry: ask once who has.
    let mut statement =
        conn.prepare("SELECT tenant FROM break_glass UNION SELECT tenant FROM exception")?;
    let with_entries: HashSet<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for snapshot in out.iter_mut().flatten() {
        if with_entries.contains(snapshot.tenant.as_str()) {
            registers::load_into(conn, snapshot)?;
        }
    }

    let mut statement =
        conn.prepare(&format!("SELECT tenant, kind FROM tenant_kind WHERE tenant IN ({marks})"))?;
    let mut rows = statement.query(names())?;
    while let Some(row) = rows.next()? {
        let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
        if let Some(Some(snapshot)) = position(&name).and_then(|at| out.get_mut(at)) {
            snapshot.collected.extend(ObjectKind::from_name(&kind));
        }
    }
    drop(rows);

    // DuckDB skips what lies outside a range of rows without looking; a tenant's rows lie together.
    let range: (Option<i64>, Option<i64>) = conn.query_row(
        &format!(
            "SELECT min(rowid), max(rowid) FROM object_version
             WHERE tenant IN ({marks}) AND valid_to IS NULL"
        ),
        names(),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let (Some(first), Some(last)) = range else { return Ok(out) };
    let mut statement = conn.prepare(&format!(
        "SELECT tenant, kind, object_id, body FROM object_version
         WHERE rowid BETWEEN {first} AND {last} AND tenant IN ({marks}) AND valid_to IS NULL
           AND snapshot_id IN (SELECT snapshot_id FROM snapshot)
         ORDER BY tenant, kind, display_name, object_id"
    ))?;
    let mut rows = statement.query(names())?;
    let mut at = None;
    while let Some(row) = rows.next()? {
        let name = text(row, 0)?;
        // One tenant after the other.
        if at.and_then(|at: usize| tenants.get(at)).is_none_or(|known| known.as_str() != name) {
            at = position(name);
        }
        if let Some(Some(snapshot)) = at.and_then(|at| out.get_mut(at)) {
            add(snapshot, text(row, 1)?, text(row, 2)?, text(row, 3)?)?;
        }
    }
    Ok(out)
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    Ok(row.get_ref(column)?.as_str().map_err(|error| unreadable(column, error))?)
}

fn add(snapshot: &mut TenantSnapshot, kind: &str, id: &str, body: &str) -> Result<(), StoreError> {
    let Some(known) = ObjectKind::from_name(kind) else { return Ok(()) };
    let tenant = snapshot.tenant.to_string();
    snapshot.add(known, body).map_err(|cause| StoreError::Object {
        tenant,
        kind: kind.to_owned(),
        id: id.to_owned(),
        cause,
    })
}
