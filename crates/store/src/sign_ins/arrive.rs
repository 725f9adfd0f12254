//! Sign-ins enter the store: each once, whole or not at all, in short sections of the lock.

use duckdb::{Connection, OptionalExt as _, params};
use model::Timestamp;
use model::sign_in::SignIn;
use model::tenant::TenantSlug;

use super::columns::{self, Row};
use super::raw::{self, Packer};
use super::seen::Seen;
use crate::tenants::Registration;
use crate::times::{from_micros, to_sql};
use crate::waiting::Waiting;
use crate::{Store, StoreError, files};

/// A sign-in on its way in.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrivingSignIn {
    /// What was read.
    pub sign_in: SignIn,
    /// The record that it was read from; kept compressed.
    pub raw: Option<Box<str>>,
}

/// Where sign-ins come from.
#[derive(Debug, Clone, Copy)]
pub struct SignInOrigin<'o> {
    /// Whose they are.
    pub tenant: &'o TenantSlug,
    /// What becomes of the tenant's entry in the registry, in the commit that makes them count.
    pub registration: &'o Registration,
    /// In a word or a path.
    pub words: &'o str,
    /// What tells the same files from others: an import of them that was stopped goes on.
    pub fingerprint: &'o str,
}

/// What an import of sign-ins did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInOutcome {
    /// Sign-ins that came.
    pub read: u64,
    /// Those that were new.
    pub added: u64,
    /// Those that an interrupted import of the same files had brought.
    pub resumed: u64,
    /// When the earliest new one happened.
    pub first_at: Option<Timestamp>,
    /// When the latest new one happened.
    pub last_at: Option<Timestamp>,
}

/// An import of sign-ins under way. Nobody sees its rows before [`SignInArrival::finish`]; dropped
/// without, it leaves them for the same files to go on from, and the next other import removes them.
pub struct SignInArrival<'s> {
    store: &'s Store,
    tenant: TenantSlug,
    registration: Registration,
    import_id: String,
    origin: String,
    seen: Seen,
    packer: Packer,
    rows: Vec<Row>,
    read: u64,
    written: u64,
    _lock: files::SidecarLock,
}

/// Rows that one section of the lock appends: a whole group.
const CHUNK: usize = crate::connection::ROW_GROUP;

impl Store {
    /// Begins an import, or goes on with that of the same files. Imports exclude one another.
    ///
    /// # Errors
    /// [`StoreError::UnknownTenant`]; [`StoreError`] where another import runs for long, or the
    /// database is busy or cannot be written.
    pub fn begin_sign_ins(
        &self,
        origin: SignInOrigin<'_>,
    ) -> Result<SignInArrival<'_>, StoreError> {
        files::make_folder(self.settings())?;
        let lock = files::lock(self.settings(), "import.lock", &mut Waiting::new(self.settings()))?;
        if !matches!(origin.registration, Registration::New(_)) {
            self.tenant(origin.tenant)?;
        }
        let tenant = origin.tenant.as_str();
        let (import_id, next_block) = self.write(|tx| {
            sweep(tx, tenant, origin.fingerprint)?;
            let known: Option<String> = tx
                .query_row("SELECT import_id FROM sign_in_arrival", [], |row| row.get(0))
                .optional()?;
            if let Some(known) = known {
                let next = tx.query_row(
                    "SELECT coalesce(max(block), -1) + 1 FROM sign_in_raw WHERE import_id = ?",
                    [&known],
                    |row| row.get(0),
                )?;
                return Ok((known, next));
            }
            let new = uuid::Uuid::now_v7().to_string();
            tx.execute(
                "INSERT INTO sign_in_arrival VALUES (?, ?, ?)",
                params![new, tenant, origin.fingerprint],
            )?;
            Ok((new, 0_i64))
        })?;
        Ok(SignInArrival {
            store: self,
            tenant: origin.tenant.clone(),
            registration: origin.registration.clone(),
            import_id,
            origin: origin.words.to_owned(),
            seen: Seen::default(),
            packer: Packer::new(next_block),
            rows: Vec::with_capacity(CHUNK),
            read: 0,
            written: 0,
            _lock: lock,
        })
    }
}

impl SignInArrival<'_> {
    /// Takes sign-ins in, in any order; those whose id is known are left out.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn add(&mut self, sign_ins: Vec<ArrivingSignIn>) -> Result<(), StoreError> {
        self.learn(&sign_ins)?;
        for arriving in sign_ins {
            let ArrivingSignIn { sign_in, raw } = arriving;
            self.read += 1;
            if !self.seen.note(Seen::day_of(sign_in.at), &sign_in.id) {
                continue;
            }
            let raw = raw.map(|record| self.packer.add(sign_in.at, &record)).transpose()?;
            self.rows.push(Row { sign_in, raw });
            if self.rows.len() >= CHUNK {
                self.append()?;
            }
        }
        self.seen.forget();
        Ok(())
    }

    /// Makes all of it count.
    ///
    /// # Errors
    /// [`StoreError::UnknownTenant`] where the tenant went meanwhile, [`StoreError::TenantExists`]
    /// where it was to be new and came; [`StoreError`] where the database is busy or cannot be
    /// written. Then nothing counts.
    pub fn finish(mut self, now: Timestamp) -> Result<SignInOutcome, StoreError> {
        let new = self.append()?;
        let tenant = self.tenant.as_str();
        let (id, origin, read) = (self.import_id.as_str(), self.origin.as_str(), self.read);
        self.store.write(|tx| {
            crate::tenants::register(tx, &self.tenant, &self.registration)?;
            let (added, first, last): (i64, Option<i64>, Option<i64>) = tx.query_row(
                "SELECT count(*), epoch_us(min(happened_at)), epoch_us(max(happened_at))
                 FROM sign_in WHERE import_id = ?",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            let (first_at, last_at) = (first.map(from_micros), last.map(from_micros));
            if added > 0 {
                tx.execute(
                    "INSERT INTO sign_in_import VALUES (?, ?, ?, ?, ?, ?, ?)",
                    params![
                        id,
                        tenant,
                        to_sql(now),
                        origin,
                        added,
                        first_at.map(to_sql),
                        last_at.map(to_sql),
                    ],
                )?;
            }
            tx.execute("DELETE FROM sign_in_arrival WHERE import_id = ?", [id])?;
            let added = u64::try_from(added).unwrap_or(0);
            let resumed = added.saturating_sub(new);
            Ok(SignInOutcome { read, added, resumed, first_at, last_at })
        })
    }

    /// Loads the ids of the days that the sign-ins are of.
    fn learn(&mut self, sign_ins: &[ArrivingSignIn]) -> Result<(), StoreError> {
        let mut days: Vec<i64> = sign_ins
            .iter()
            .map(|arriving| Seen::day_of(arriving.sign_in.at))
            .filter(|day| !self.seen.knows(*day))
            .collect();
        days.sort_unstable();
        days.dedup();
        if days.is_empty() {
            return Ok(());
        }
        // What waits to be written is not in the store, and its day must not be forgotten.
        self.append()?;
        let (store, seen) = (self.store, &mut self.seen);
        store.read(|conn| {
            days.iter()
                .try_for_each(|day| seen.load(conn, self.tenant.as_str(), &self.import_id, *day))
        })
    }

    /// Writes what waits; how many sign-ins this import has brought in all.
    fn append(&mut self) -> Result<u64, StoreError> {
        if self.rows.is_empty() {
            return Ok(self.written);
        }
        self.packer.close()?;
        let tenant = self.tenant.as_str();
        let batch = columns::batch(tenant, &self.import_id, &self.rows)?;
        let blocks = std::mem::take(&mut self.packer.closed);
        self.store.write(|tx| {
            let mut appender = tx.appender_to_catalog_and_db("sign_in", "s", "main")?;
            appender.append_record_batch(batch)?;
            // Dropping alone would swallow the error.
            appender.flush()?;
            raw::append(tx, tenant, &self.import_id, &blocks)
        })?;
        self.written += u64::try_from(self.rows.len()).unwrap_or(0);
        self.rows.clear();
        Ok(self.written)
    }
}

/// Removes what other imports left behind when they were stopped.
fn sweep(tx: &Connection, tenant: &str, fingerprint: &str) -> Result<(), StoreError> {
    let gone = tx.execute(
        "DELETE FROM sign_in_arrival WHERE NOT (tenant = ? AND fingerprint = ?)",
        params![tenant, fingerprint],
    )?;
    if gone == 0 {
        return Ok(());
    }
    for table in ["sign_in", "sign_in_raw"] {
        let rows = tx.execute(
            &format!(
                "DELETE FROM {table} WHERE import_id NOT IN
                   (SELECT import_id FROM sign_in_import
                    UNION ALL SELECT import_id FROM sign_in_arrival)"
            ),
            [],
        )?;
        tracing::info!(rows, table, "removed what an interrupted import left behind");
    }
    Ok(())
}
