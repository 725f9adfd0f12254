//! The tenant registry.

use duckdb::{Connection, Row, params};
use model::Timestamp;
use model::tenant::{Tenant, TenantSlug, TenantSource};

use crate::times::{from_micros, to_sql};
use crate::{Store, StoreError};

/// Tables that have rows of tenants, by the name of their tenant column.
pub(crate) const TENANT_TABLES: &[(&str, &str)] = &[
    ("tenant", "slug"),
    ("snapshot", "tenant"),
    ("object_version", "tenant"),
    ("tenant_kind", "tenant"),
    ("run", "tenant"),
    ("finding", "tenant"),
    ("finding_event", "tenant"),
    ("break_glass", "tenant"),
    ("exception", "tenant"),
    ("register_event", "tenant"),
    ("sign_in", "tenant"),
    ("sign_in_import", "tenant"),
    ("sign_in_arrival", "tenant"),
    ("sign_in_raw", "tenant"),
    ("model_version", "tenant"),
    ("model_alias", "tenant"),
    ("model_event", "tenant"),
    ("detection_state", "tenant"),
    ("incident", "tenant"),
    ("sign_in_score", "tenant"),
];

/// What removing a tenant takes with it: table and rows.
pub type Removed = (String, usize);

/// What would go, or went, with a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRemoval {
    /// Rows by table, tables without rows left out.
    pub rows: Vec<Removed>,
}

/// What an import does to the registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Registration {
    /// Nothing: the tenant is registered and stays as it is.
    #[default]
    Kept,
    /// Registers the tenant, which must be new.
    New(Box<Tenant>),
    /// Replaces the entry, which must be there.
    Changed(Box<Tenant>),
}

/// How much there is of a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantCounts {
    /// Users.
    pub users: usize,
    /// Policies.
    pub policies: usize,
    /// Snapshots.
    pub snapshots: usize,
    /// When the latest one was taken.
    pub last_taken_at: Option<Timestamp>,
}

const COLUMNS: &str = "slug, display_name, tenant_id, groups, licence_tier, source, \
     epoch_us(added_at), epoch_us(as_of)";

fn tenant(row: &Row<'_>) -> duckdb::Result<Tenant> {
    let failed = |column: usize, error: Box<dyn std::error::Error + Send + Sync>| {
        duckdb::Error::FromSqlConversionFailure(column, duckdb::types::Type::Text, error)
    };
    let slug: String = row.get(0)?;
    let groups: String = row.get(3)?;
    let source: String = row.get(5)?;
    Ok(Tenant {
        slug: TenantSlug::new(&slug).map_err(|e| failed(0, Box::new(e)))?,
        display_name: row.get(1)?,
        tenant_id: row.get(2)?,
        groups: serde_json::from_str(&groups).map_err(|e| failed(3, Box::new(e)))?,
        licence_tier: row.get(4)?,
        source: TenantSource::ALL
            .into_iter()
            .find(|known| known.as_str() == source)
            .unwrap_or(TenantSource::Files),
        added_at: from_micros(row.get(6)?),
        as_of: row.get::<_, Option<i64>>(7)?.map(from_micros),
    })
}

fn find(conn: &Connection, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError> {
    let mut statement = conn.prepare(&format!("SELECT {COLUMNS} FROM tenant WHERE slug = ?"))?;
    let mut rows = statement.query_map([slug.as_str()], tenant)?;
    Ok(rows.next().transpose()?)
}

fn insert(tx: &Connection, tenant: &Tenant) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO tenant VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            tenant.slug.as_str(),
            tenant.display_name,
            tenant.tenant_id,
            serde_json::to_string(&tenant.groups)?,
            tenant.licence_tier,
            tenant.source.as_str(),
            to_sql(tenant.added_at),
            tenant.as_of.map(to_sql),
        ],
    )?;
    Ok(())
}

/// Refuses a tenant that is not registered.
pub(crate) fn must_exist(conn: &Connection, slug: &TenantSlug) -> Result<(), StoreError> {
    let unknown = || StoreError::UnknownTenant(slug.to_string());
    find(conn, slug)?.map(|_| ()).ok_or_else(unknown)
}

/// Writes the tenant's entry as the import has it.
pub(crate) fn register(
    tx: &Connection,
    tenant: &TenantSlug,
    registration: &Registration,
) -> Result<(), StoreError> {
    match registration {
        Registration::Kept => must_exist(tx, tenant),
        Registration::New(entry) => add(tx, entry),
        Registration::Changed(entry) => replace(tx, entry),
    }
}

/// Registers a tenant, which must be new.
pub(crate) fn add(tx: &Connection, tenant: &Tenant) -> Result<(), StoreError> {
    if find(tx, &tenant.slug)?.is_some() {
        return Err(StoreError::TenantExists(tenant.slug.to_string()));
    }
    insert(tx, tenant)
}

/// Changes a tenant's entry, which must be there.
pub(crate) fn replace(tx: &Connection, tenant: &Tenant) -> Result<(), StoreError> {
    let gone = tx.execute("DELETE FROM tenant WHERE slug = ?", [tenant.slug.as_str()])?;
    if gone == 0 {
        return Err(StoreError::UnknownTenant(tenant.slug.to_string()));
    }
    insert(tx, tenant)
}

impl Store {
    /// Registers a tenant.
    ///
    /// # Errors
    /// [`StoreError::TenantExists`] where the name is taken.
    pub fn add_tenant(&self, tenant: &Tenant) -> Result<(), StoreError> {
        self.write(|tx| add(tx, tenant))
    }

    /// Every tenant, by name; none where there is no database yet.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        if !self.exists() {
            return Ok(Vec::new());
        }
        self.read(|conn| {
            let mut statement =
                conn.prepare(&format!("SELECT {COLUMNS} FROM tenant ORDER BY slug"))?;
            let rows = statement.query_map([], tenant)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// A tenant by name.
    ///
    /// # Errors
    /// [`StoreError::UnknownTenant`] where there is none.
    pub fn tenant(&self, slug: &TenantSlug) -> Result<Tenant, StoreError> {
        let unknown = || StoreError::UnknownTenant(slug.to_string());
        if !self.exists() {
            return Err(unknown());
        }
        self.read(|conn| find(conn, slug)?.ok_or_else(unknown))
    }

    /// Changes a tenant's entry; its name stays.
    ///
    /// # Errors
    /// [`StoreError::UnknownTenant`] where there is none.
    pub fn update_tenant(&self, tenant: &Tenant) -> Result<(), StoreError> {
        self.write(|tx| replace(tx, tenant))
    }

    /// Gives a tenant another name, everywhere.
    ///
    /// # Errors
    /// [`StoreError::UnknownTenant`] or [`StoreError::TenantExists`].
    pub fn rename_tenant(&self, from: &TenantSlug, to: &TenantSlug) -> Result<(), StoreError> {
        self.write(|tx| {
            if find(tx, from)?.is_none() {
                return Err(StoreError::UnknownTenant(from.to_string()));
            }
            if find(tx, to)?.is_some() {
                return Err(StoreError::TenantExists(to.to_string()));
            }
            // A finding's identity holds its tenant's name.
            crate::findings::rename::rename_tenant(tx, from, to)?;
            for (table, column) in TENANT_TABLES {
                tx.execute(
                    &format!("UPDATE {table} SET {column} = ? WHERE {column} = ?"),
                    [to.as_str(), from.as_str()],
                )?;
            }
            Ok(())
        })
    }

    /// What would go with a tenant.
    ///
    /// # Errors
    /// [`StoreError::UnknownTenant`] where there is none.
    pub fn removal_of(&self, slug: &TenantSlug) -> Result<TenantRemoval, StoreError> {
        self.tenant(slug)?;
        self.read(|conn| {
            let mut rows = Vec::new();
            for (table, column) in TENANT_TABLES {
                let count: i64 = conn.query_row(
                    &format!("SELECT count(*) FROM {table} WHERE {column} = ?"),
                    [slug.as_str()],
                    |row| row.get(0),
                )?;
                let count = usize::try_from(count).unwrap_or(0);
                if count > 0 {
                    rows.push(((*table).to_owned(), count));
                }
            }
            Ok(TenantRemoval { rows })
        })
    }

    /// Removes a tenant and everything of it.
    ///
    /// # Errors
    /// [`StoreError::UnknownTenant`] where there is none.
    pub fn remove_tenant(&self, slug: &TenantSlug) -> Result<TenantRemoval, StoreError> {
        self.write(|tx| {
            if find(tx, slug)?.is_none() {
                return Err(StoreError::UnknownTenant(slug.to_string()));
            }
            let mut rows = Vec::new();
            for (table, column) in TENANT_TABLES {
                let gone = tx
                    .execute(&format!("DELETE FROM {table} WHERE {column} = ?"), [slug.as_str()])?;
                if gone > 0 {
                    rows.push(((*table).to_owned(), gone));
                }
            }
            Ok(TenantRemoval { rows })
        })
    }

    /// How much there is of each tenant that has anything, by name.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn tenant_counts(
        &self,
    ) -> Result<std::collections::BTreeMap<String, TenantCounts>, StoreError> {
        if !self.exists() {
            return Ok(std::collections::BTreeMap::new());
        }
        self.read(|conn| {
            let mut out: std::collections::BTreeMap<String, TenantCounts> =
                std::collections::BTreeMap::new();
            let mut statement = conn.prepare(
                "SELECT tenant, kind, count(*), NULL FROM object_version
                 WHERE valid_to IS NULL AND kind IN ('user', 'policy')
                   AND snapshot_id IN (SELECT snapshot_id FROM snapshot)
                 GROUP BY ALL
                 UNION ALL
                 SELECT tenant, 'snapshot', count(*), epoch_us(arg_max(taken_at, recorded_at))
                 FROM snapshot GROUP BY ALL",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let counts = out.entry(row.get(0)?).or_default();
                let kind: String = row.get(1)?;
                let count = usize::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
                match kind.as_str() {
                    "user" => counts.users = count,
                    "policy" => counts.policies = count,
                    _ => {
                        counts.snapshots = count;
                        counts.last_taken_at = row.get::<_, Option<i64>>(3)?.map(from_micros);
                    }
                }
            }
            Ok(out)
        })
    }
}
