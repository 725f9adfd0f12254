//! Model versions, aliases and what was done with them.

use duckdb::{Connection, OptionalExt as _, Row, params};
use model::Timestamp;
use model::tenant::TenantSlug;
use serde_json::Value;

use crate::times::{from_micros, to_sql};
use crate::{Store, StoreError};

/// A trained model, without its artefact.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelVersion {
    /// From 1, by tenant.
    pub version: i32,
    /// When it was trained.
    pub trained_at: Timestamp,
    /// Data, parameters and metrics.
    pub training: Value,
}

/// Where an alias points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelAlias {
    /// `champion` or `challenger`.
    pub alias: String,
    /// The version.
    pub version: i32,
    /// Since when.
    pub set_at: Timestamp,
    /// By whom.
    pub actor: String,
}

/// Something that was done with a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelEvent {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// `trained`, `promoted`, `refused`, `rolled-back`.
    pub action: String,
    /// Which version.
    pub version: i32,
    /// What came of it.
    pub detail: Value,
}

fn json(row: &Row<'_>, column: usize) -> duckdb::Result<Value> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        let kind = duckdb::types::Type::Text;
        duckdb::Error::FromSqlConversionFailure(column, kind, Box::new(error))
    })
}

fn version(row: &Row<'_>) -> duckdb::Result<ModelVersion> {
    Ok(ModelVersion {
        version: row.get(0)?,
        trained_at: from_micros(row.get(1)?),
        training: json(row, 2)?,
    })
}

fn note(conn: &Connection, tenant: &TenantSlug, event: &ModelEvent) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO model_event VALUES (?, ?, ?, ?, ?, ?)",
        params![
            tenant.as_str(),
            to_sql(event.at),
            event.actor,
            event.action,
            event.version,
            serde_json::to_string(&event.detail)?,
        ],
    )?;
    Ok(())
}

impl Store {
    /// Keeps a trained model; gives its version. It becomes the challenger.
    ///
    /// # Errors
    /// [`StoreError`] where the tenant is unknown or the database is busy or cannot be written.
    pub fn add_model(
        &self,
        tenant: &TenantSlug,
        training: &Value,
        artefact: &[u8],
        actor: &str,
        now: Timestamp,
    ) -> Result<i32, StoreError> {
        self.tenant(tenant)?;
        self.write(|tx| {
            let version: i32 = tx.query_row(
                "SELECT coalesce(max(version), 0)::INTEGER + 1 FROM model_version WHERE tenant = ?",
                [tenant.as_str()],
                |row| row.get(0),
            )?;
            tx.execute(
                "INSERT INTO model_version VALUES (?, ?, ?, ?, ?)",
                params![
                    tenant.as_str(),
                    version,
                    to_sql(now),
                    serde_json::to_string(training)?,
                    artefact
                ],
            )?;
            point(tx, tenant, "challenger", version, actor, now)?;
            let (actor, action) = (actor.to_owned(), "trained".to_owned());
            let event = ModelEvent { at: now, actor, action, version, detail: Value::Null };
            note(tx, tenant, &event)?;
            Ok(version)
        })
    }

    /// A tenant's models, the latest first.
    ///
    /// # Errors
    /// [`StoreError`] where the database is missing, busy or cannot be read.
    pub fn models(&self, tenant: &TenantSlug) -> Result<Vec<ModelVersion>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare(
                "SELECT version, epoch_us(trained_at), training FROM model_version
                 WHERE tenant = ? ORDER BY version DESC",
            )?;
            let rows = statement.query_map([tenant.as_str()], version)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// A model's artefact; `None` where there is no such version.
    ///
    /// # Errors
    /// As [`Store::models`].
    pub fn model_artefact(
        &self,
        tenant: &TenantSlug,
        version: i32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|conn| {
            let found = conn.query_row(
                "SELECT artefact FROM model_version WHERE tenant = ? AND version = ?",
                params![tenant.as_str(), version],
                |row| row.get(0),
            );
            Ok(found.optional()?)
        })
    }

    /// A tenant's aliases, by name.
    ///
    /// # Errors
    /// As [`Store::models`].
    pub fn model_aliases(&self, tenant: &TenantSlug) -> Result<Vec<ModelAlias>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare(
                "SELECT alias, version, epoch_us(set_at), actor FROM model_alias
                 WHERE tenant = ? ORDER BY alias",
            )?;
            let rows = statement.query_map([tenant.as_str()], |row| {
                Ok(ModelAlias {
                    alias: row.get(0)?,
                    version: row.get(1)?,
                    set_at: from_micros(row.get(2)?),
                    actor: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Makes a version the champion, and notes it; a challenger of that version is none any more.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn set_champion(&self, tenant: &TenantSlug, event: &ModelEvent) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "DELETE FROM model_alias WHERE tenant = ? AND alias = 'challenger' AND version = ?",
                params![tenant.as_str(), event.version],
            )?;
            point(tx, tenant, "champion", event.version, &event.actor, event.at)?;
            note(tx, tenant, event)
        })
    }

    /// Notes what was done with a model and changed nothing.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn note_model(&self, tenant: &TenantSlug, event: &ModelEvent) -> Result<(), StoreError> {
        self.write(|tx| note(tx, tenant, event))
    }

    /// What was done with a tenant's models, the latest first.
    ///
    /// # Errors
    /// As [`Store::models`].
    pub fn model_events(&self, tenant: &TenantSlug) -> Result<Vec<ModelEvent>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare(
                "SELECT epoch_us(done_at), actor, action, version, detail FROM model_event
                 WHERE tenant = ? ORDER BY done_at DESC, version DESC",
            )?;
            let rows = statement.query_map([tenant.as_str()], |row| {
                Ok(ModelEvent {
                    at: from_micros(row.get(0)?),
                    actor: row.get(1)?,
                    action: row.get(2)?,
                    version: row.get(3)?,
                    detail: json(row, 4)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn point(
    conn: &Connection,
    tenant: &TenantSlug,
    alias: &str,
    version: i32,
    actor: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(
        "DELETE FROM model_alias WHERE tenant = ? AND alias = ?",
        params![tenant.as_str(), alias],
    )?;
    conn.execute(
        "INSERT INTO model_alias VALUES (?, ?, ?, ?, ?)",
        params![tenant.as_str(), alias, version, to_sql(now), actor],
    )?;
    Ok(())
}
