//! The exception register.

use duckdb::{Connection, params};
use jiff::Timestamp;
use model::exception::{ExceptionEntry, ExceptionSubject};
use model::tenant::TenantSlug;

use super::Declared;
use super::history::{Happening, Register, RegisterAction, append};
use crate::findings::row::{time, unreadable, whole_microseconds};
use crate::times::to_sql;
use crate::{Store, StoreError};

/// What came of adding an exception.
#[derive(Debug, Clone, PartialEq)]
pub enum AddedException {
    /// It is in the register.
    Added(ExceptionEntry),
    /// One for the same subject and rule is in force already; nothing was written.
    InForce(ExceptionEntry),
}

impl Store {
    /// A tenant's exceptions, ended ones included, those that end first first.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn exceptions(&self, tenant: &TenantSlug) -> Result<Vec<ExceptionEntry>, StoreError> {
        self.read(|conn| Ok(read(conn, tenant)?))
    }

    /// Adds an exception, unless one for the same subject and rule is in force.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn add_exception(
        &self,
        tenant: &TenantSlug,
        entry: &ExceptionEntry,
    ) -> Result<AddedException, StoreError> {
        self.write(|tx| Ok(add(tx, tenant, entry)?))
    }

    /// Puts an exception under its own id as it is given, whatever was there: what an import does.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn put_exception(
        &self,
        tenant: &TenantSlug,
        entry: &ExceptionEntry,
        actor: &str,
        at: Timestamp,
    ) -> Result<Declared, StoreError> {
        self.write(|tx| Ok(put(tx, tenant, entry, actor, whole_microseconds(at))?))
    }

    /// Gives an exception another end, and where told another reason. Gives the entry as it is
    /// then, or `None` where the tenant has none of that id.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn renew_exception(
        &self,
        tenant: &TenantSlug,
        id: &str,
        expires_at: Timestamp,
        reason: Option<&str>,
        actor: &str,
        at: Timestamp,
    ) -> Result<Option<ExceptionEntry>, StoreError> {
        self.write(|tx| {
            let Some(held) = find(tx, tenant, id)? else { return Ok(None) };
            let renewed = ExceptionEntry {
                expires_at,
                reason: reason.map_or_else(|| held.reason.clone(), str::to_owned),
                ..held
            };
            put(tx, tenant, &renewed, actor, whole_microseconds(at))?;
            Ok(find(tx, tenant, id)?)
        })
    }

    /// Takes an exception out of the register, and gives it where there was one.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn remove_exception(
        &self,
        tenant: &TenantSlug,
        id: &str,
        actor: &str,
        at: Timestamp,
    ) -> Result<Option<ExceptionEntry>, StoreError> {
        self.write(|tx| Ok(remove(tx, tenant, id, actor, whole_microseconds(at))?))
    }
}

pub(super) fn read(conn: &Connection, tenant: &TenantSlug) -> duckdb::Result<Vec<ExceptionEntry>> {
    let mut statement = conn.prepare(
        "SELECT id, subject_kind, subject_id, rule, reason, owner, added_by,
             epoch_us(added_at), epoch_us(expires_at)
         FROM exception WHERE tenant = ? ORDER BY expires_at, id",
    )?;
    let entries = statement.query_map([tenant.as_str()], |row| {
        let (kind, id): (String, String) = (row.get(1)?, row.get(2)?);
        let subject = ExceptionSubject::from_parts(&kind, &id).ok_or_else(|| {
            unreadable(1, std::io::Error::other(format!("{kind:?} is not known to this version")))
        })?;
        Ok(ExceptionEntry {
            id: row.get(0)?,
            subject,
            rule: row.get(3)?,
            reason: row.get(4)?,
            owner: row.get(5)?,
            added_by: row.get(6)?,
            added_at: time(row, 7)?,
            expires_at: time(row, 8)?,
        })
    })?;
    entries.collect()
}

fn add(
    conn: &Connection,
    tenant: &TenantSlug,
    entry: &ExceptionEntry,
) -> duckdb::Result<AddedException> {
    let same = read(conn, tenant)?.into_iter().find(|held| {
        held.subject == entry.subject && held.rule == entry.rule && held.is_in_force(entry.added_at)
    });
    if let Some(held) = same {
        return Ok(AddedException::InForce(held));
    }
    put(conn, tenant, entry, &entry.added_by, whole_microseconds(entry.added_at))?;
    Ok(AddedException::Added(stored(entry)))
}

fn put(
    conn: &Connection,
    tenant: &TenantSlug,
    entry: &ExceptionEntry,
    actor: &str,
    at: Timestamp,
) -> duckdb::Result<Declared> {
    let wanted = stored(entry);
    let held = find(conn, tenant, &wanted.id)?;
    if held.as_ref() == Some(&wanted) {
        return Ok(Declared::Unchanged);
    }
    delete(conn, tenant, &wanted.id)?;
    conn.execute(
        "INSERT INTO exception
             (id, tenant, subject_kind, subject_id, rule, reason, owner, added_by, added_at,
              expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            wanted.id,
            tenant.as_str(),
            wanted.subject.kind(),
            wanted.subject.id(),
            wanted.rule,
            wanted.reason,
            wanted.owner,
            wanted.added_by,
            to_sql(wanted.added_at),
            to_sql(wanted.expires_at),
        ],
    )?;
    let (declared, action) = match held {
        None => (Declared::Added, RegisterAction::Added),
        Some(_) => (Declared::Changed, RegisterAction::Changed),
    };
    note(conn, tenant, &wanted, action, actor, at)?;
    Ok(declared)
}

fn remove(
    conn: &Connection,
    tenant: &TenantSlug,
    id: &str,
    actor: &str,
    at: Timestamp,
) -> duckdb::Result<Option<ExceptionEntry>> {
    let held = find(conn, tenant, id)?;
    if let Some(held) = &held {
        delete(conn, tenant, id)?;
        note(conn, tenant, held, RegisterAction::Removed, actor, at)?;
    }
    Ok(held)
}

/// The entry as it comes back from the store.
fn stored(entry: &ExceptionEntry) -> ExceptionEntry {
    ExceptionEntry {
        added_at: whole_microseconds(entry.added_at),
        expires_at: whole_microseconds(entry.expires_at),
        ..entry.clone()
    }
}

fn find(
    conn: &Connection,
    tenant: &TenantSlug,
    id: &str,
) -> duckdb::Result<Option<ExceptionEntry>> {
    Ok(read(conn, tenant)?.into_iter().find(|entry| entry.id == id))
}

fn delete(conn: &Connection, tenant: &TenantSlug, id: &str) -> duckdb::Result<usize> {
    conn.execute("DELETE FROM exception WHERE tenant = ? AND id = ?", params![tenant.as_str(), id])
}

fn note(
    conn: &Connection,
    tenant: &TenantSlug,
    entry: &ExceptionEntry,
    action: RegisterAction,
    actor: &str,
    at: Timestamp,
) -> duckdb::Result<()> {
    append(
        conn,
        &Happening {
            tenant,
            register: Register::Exception,
            entry: &entry.id,
            action,
            actor,
            at,
            detail: entry,
        },
    )
}
