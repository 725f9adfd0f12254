//! Who changed which register, when and how.

use duckdb::{Connection, params};
use jiff::Timestamp;
use model::tenant::TenantSlug;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::findings::row::{time, unreadable};
use crate::findings::write::new_id;
use crate::times::to_sql;
use crate::{Store, StoreError};

/// A register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Register {
    /// Emergency accounts.
    BreakGlass,
    /// Exceptions.
    Exception,
}

impl Register {
    /// The name in the store and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BreakGlass => "break-glass",
            Self::Exception => "exception",
        }
    }
}

/// What was done to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterAction {
    /// It was added.
    Added,
    /// It says something else.
    Changed,
    /// It was removed.
    Removed,
}

impl RegisterAction {
    /// The name in the store and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// One entry of a register's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterEvent {
    /// Identity (UUIDv7).
    pub id: String,
    /// The tenant.
    pub tenant: TenantSlug,
    /// The register.
    pub register: Register,
    /// The user's or the exception's id.
    pub entry: String,
    /// What was done.
    pub action: RegisterAction,
    /// Who, as claimed.
    pub actor: String,
    /// When.
    pub occurred_at: Timestamp,
    /// The entry after it was added or changed, or as it was when it was removed.
    pub detail: Value,
}

impl Store {
    /// The history of a tenant's registers, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn register_history(&self, tenant: &TenantSlug) -> Result<Vec<RegisterEvent>, StoreError> {
        self.read(|conn| Ok(read(conn, tenant)?))
    }
}

/// What is to be written down.
pub(super) struct Happening<'e, T> {
    pub tenant: &'e TenantSlug,
    pub register: Register,
    pub entry: &'e str,
    pub action: RegisterAction,
    pub actor: &'e str,
    pub at: Timestamp,
    pub detail: &'e T,
}

pub(super) fn append<T: Serialize>(
    conn: &Connection,
    happening: &Happening<'_, T>,
) -> duckdb::Result<()> {
    let detail = model::canonical::canonical_json(happening.detail)
        .map_err(|error| duckdb::Error::ToSqlConversionFailure(Box::new(error)))?;
    conn.execute(
        "INSERT INTO register_event
             (id, tenant, register, entry, action, actor, occurred_at, detail)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            new_id(),
            happening.tenant.as_str(),
            happening.register.as_str(),
            happening.entry,
            happening.action.as_str(),
            happening.actor,
            to_sql(happening.at),
            detail,
        ],
    )?;
    Ok(())
}

fn read(conn: &Connection, tenant: &TenantSlug) -> duckdb::Result<Vec<RegisterEvent>> {
    let mut statement = conn.prepare(
        "SELECT id, register, entry, action, actor, epoch_us(occurred_at), detail
         FROM register_event WHERE tenant = ? ORDER BY id",
    )?;
    let events = statement.query_map([tenant.as_str()], |row| {
        let named = |column| -> duckdb::Result<Value> { Ok(Value::String(row.get(column)?)) };
        Ok(RegisterEvent {
            id: row.get(0)?,
            tenant: tenant.clone(),
            register: serde_json::from_value(named(1)?).map_err(|e| unreadable(1, e))?,
            entry: row.get(2)?,
            action: serde_json::from_value(named(3)?).map_err(|e| unreadable(3, e))?,
            actor: row.get(4)?,
            occurred_at: time(row, 5)?,
            detail: serde_json::from_str(&row.get::<_, String>(6)?)
                .map_err(|e| unreadable(6, e))?,
        })
    })?;
    events.collect()
}
