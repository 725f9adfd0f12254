//! Declared emergency accounts.

use duckdb::{Connection, params};
use jiff::Timestamp;
use model::exception::BreakGlassAccount;
use model::tenant::TenantSlug;

use super::Declared;
use super::history::{Happening, Register, RegisterAction, append};
use crate::findings::row::{time, whole_microseconds};
use crate::times::to_sql;
use crate::{Store, StoreError};

impl Store {
    /// A tenant's declared emergency accounts, by label.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn break_glass_accounts(
        &self,
        tenant: &TenantSlug,
    ) -> Result<Vec<BreakGlassAccount>, StoreError> {
        self.read(|conn| Ok(read(conn, tenant)?))
    }

    /// Declares an emergency account. One that is declared already keeps who declared it and when;
    /// its label changes, and its monitoring where the new declaration tells of it.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn declare_break_glass(
        &self,
        tenant: &TenantSlug,
        account: &BreakGlassAccount,
        actor: &str,
        at: Timestamp,
    ) -> Result<Declared, StoreError> {
        self.write(|tx| Ok(declare(tx, tenant, account, actor, whole_microseconds(at))?))
    }

    /// Takes an emergency account out of the register, and gives it where there was one.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn remove_break_glass(
        &self,
        tenant: &TenantSlug,
        user_id: &str,
        actor: &str,
        at: Timestamp,
    ) -> Result<Option<BreakGlassAccount>, StoreError> {
        self.write(|tx| Ok(remove(tx, tenant, user_id, actor, whole_microseconds(at))?))
    }
}

pub(super) fn read(
    conn: &Connection,
    tenant: &TenantSlug,
) -> duckdb::Result<Vec<BreakGlassAccount>> {
    let mut statement = conn.prepare(
        "SELECT user_id, label, declared_by, epoch_us(declared_at), monitored
         FROM break_glass WHERE tenant = ? ORDER BY label, user_id",
    )?;
    let accounts = statement.query_map([tenant.as_str()], |row| {
        Ok(BreakGlassAccount {
            user_id: row.get(0)?,
            label: row.get(1)?,
            declared_by: row.get(2)?,
            declared_at: time(row, 3)?,
            monitored: row.get(4)?,
        })
    })?;
    accounts.collect()
}

fn declare(
    conn: &Connection,
    tenant: &TenantSlug,
    account: &BreakGlassAccount,
    actor: &str,
    at: Timestamp,
) -> duckdb::Result<Declared> {
    let held = find(conn, tenant, &account.user_id)?;
    let (wanted, outcome) = match &held {
        None => {
            let declared_at = whole_microseconds(account.declared_at);
            (BreakGlassAccount { declared_at, ..account.clone() }, Declared::Added)
        }
        Some(held) => {
            let wanted = BreakGlassAccount {
                label: account.label.clone(),
                monitored: account.monitored.or(held.monitored),
                ..held.clone()
            };
            (wanted, Declared::Changed)
        }
    };
    if held.as_ref() == Some(&wanted) {
        return Ok(Declared::Unchanged);
    }
    delete(conn, tenant, &account.user_id)?;
    conn.execute(
        "INSERT INTO break_glass (tenant, user_id, label, declared_by, declared_at, monitored)
         VALUES (?, ?, ?, ?, ?, ?)",
        params![
            tenant.as_str(),
            wanted.user_id,
            wanted.label,
            wanted.declared_by,
            to_sql(wanted.declared_at),
            wanted.monitored,
        ],
    )?;
    let action = match outcome {
        Declared::Added => RegisterAction::Added,
        Declared::Changed | Declared::Unchanged => RegisterAction::Changed,
    };
    note(conn, tenant, &wanted, action, actor, at)?;
    Ok(outcome)
}

fn remove(
    conn: &Connection,
    tenant: &TenantSlug,
    user_id: &str,
    actor: &str,
    at: Timestamp,
) -> duckdb::Result<Option<BreakGlassAccount>> {
    let held = find(conn, tenant, user_id)?;
    if let Some(held) = &held {
        delete(conn, tenant, user_id)?;
        note(conn, tenant, held, RegisterAction::Removed, actor, at)?;
    }
    Ok(held)
}

fn find(
    conn: &Connection,
    tenant: &TenantSlug,
    user_id: &str,
) -> duckdb::Result<Option<BreakGlassAccount>> {
    Ok(read(conn, tenant)?.into_iter().find(|account| account.user_id == user_id))
}

fn delete(conn: &Connection, tenant: &TenantSlug, user_id: &str) -> duckdb::Result<usize> {
    conn.execute(
        "DELETE FROM break_glass WHERE tenant = ? AND user_id = ?",
        params![tenant.as_str(), user_id],
    )
}

fn note(
    conn: &Connection,
    tenant: &TenantSlug,
    account: &BreakGlassAccount,
    action: RegisterAction,
    actor: &str,
    at: Timestamp,
) -> duckdb::Result<()> {
    append(
        conn,
        &Happening {
            tenant,
            register: Register::BreakGlass,
            entry: &account.user_id,
            action,
            actor,
            at,
            detail: account,
        },
    )
}
