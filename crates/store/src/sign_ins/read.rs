//! Reading sign-ins: in the order of time, or one by its id.

use std::collections::HashSet;

use duckdb::{Connection, OptionalExt as _, params};
use model::Timestamp;
use model::sign_in::SignIn;
use model::tenant::TenantSlug;

use super::columns::{self, SignInFields};
use super::raw;
use crate::times::{from_micros, to_sql};
use crate::{Store, StoreError};

/// Sign-ins that one read gives at most, but for those of one instant.
const TOGETHER: u64 = 50_000;

/// Whose rows count.
pub(super) const COUNTS: &str =
    "tenant = ?1 AND import_id IN (SELECT import_id FROM sign_in_import WHERE tenant = ?1)";

/// Times from the first, which counts, to the second, which does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInSpan {
    /// From then on.
    pub from: Timestamp,
    /// Until before then.
    pub to: Timestamp,
}

impl SignInSpan {
    /// All times.
    pub const ALWAYS: Self = Self { from: Timestamp::MIN, to: Timestamp::MAX };
}

/// A sign-in as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSignIn {
    /// The sign-in.
    pub sign_in: SignIn,
    /// The record that it was read from, while that is kept.
    pub raw: Option<String>,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// Where it came from.
    pub origin: String,
}

impl Store {
    /// A tenant's sign-ins in the order of time (then of id), some at a time: what bounds memory.
    /// The database is not held while `take` works.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read, and what `take` gives: both end
    /// it.
    pub fn sign_ins<E: From<StoreError>>(
        &self,
        tenant: &TenantSlug,
        span: SignInSpan,
        fields: SignInFields,
        take: impl FnMut(Vec<SignIn>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.sign_ins_but(tenant, span, &[], fields, take)
    }

    /// The same without those of some imports: what has come since they were read.
    ///
    /// # Errors
    /// As [`Store::sign_ins`].
    pub fn sign_ins_but<E: From<StoreError>>(
        &self,
        tenant: &TenantSlug,
        span: SignInSpan,
        without: &[String],
        fields: SignInFields,
        mut take: impl FnMut(Vec<SignIn>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.exists() {
            return Ok(());
        }
        let planned = self.read(|conn| {
            let Some((counts, span)) = counting(conn, tenant, span, without)? else {
                return Ok(None);
            };
            let mut windows = windows(conn, tenant, span, &counts)?.into_iter();
            let first = windows.next().map(|window| load(conn, tenant, window, fields, &counts));
            Ok(Some((counts, first.transpose()?, windows)))
        })?;
        let Some((counts, first, others)) = planned else { return Ok(()) };
        let others =
            others.map(|window| self.read(|conn| load(conn, tenant, window, fields, &counts)));
        for some in first.map(Ok).into_iter().chain(others) {
            let some = some?;
            if !some.is_empty() {
                take(some)?;
            }
        }
        Ok(())
    }

    /// One sign-in by its id.
    ///
    /// # Errors
    /// [`StoreError`] where the database is missing, busy or cannot be read.
    pub fn sign_in(
        &self,
        tenant: &TenantSlug,
        id: &str,
    ) -> Result<Option<StoredSignIn>, StoreError> {
        self.read(|conn| one(conn, tenant, id))
    }
}

/// Whose rows count, without those of some imports, and when those that remain happened; none where
/// none remain. The imports are named and the times bound, so that the database looks only at the
/// blocks of rows that may have them: an hour's reading does not touch a year's.
fn counting(
    conn: &Connection,
    tenant: &TenantSlug,
    span: SignInSpan,
    without: &[String],
) -> Result<Option<(String, SignInSpan)>, StoreError> {
    if without.is_empty() {
        return Ok(Some((COUNTS.to_owned(), span)));
    }
    let mut statement = conn.prepare(
        "SELECT import_id, epoch_us(first_at), epoch_us(last_at) FROM sign_in_import
         WHERE tenant = ?1 AND first_at IS NOT NULL",
    )?;
    let imports = statement
        .query_map([tenant.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<(String, i64, i64)>, _>>()?;
    let known: HashSet<&str> = without.iter().map(String::as_str).collect();
    let new: Vec<_> = imports.iter().filter(|(id, ..)| !known.contains(id.as_str())).collect();
    let first = new.iter().map(|(_, first, _)| *first).min();
    let last = new.iter().map(|(.., last)| *last).max();
    let Some((first, last)) = first.zip(last) else { return Ok(None) };
    let ids: Vec<String> =
        new.iter().map(|(id, ..)| format!("'{}'", id.replace('\'', "''"))).collect();
    let span = SignInSpan {
        from: span.from.max(from_micros(first)),
        to: span.to.min(from_micros(last.saturating_add(1))),
    };
    Ok(Some((format!("tenant = ?1 AND import_id IN ({})", ids.join(", ")), span)))
}

/// Spans that follow one another, each with about as many sign-ins.
fn windows(
    conn: &Connection,
    tenant: &TenantSlug,
    span: SignInSpan,
    counts: &str,
) -> Result<Vec<SignInSpan>, StoreError> {
    let (from, to) = (to_sql(span.from), to_sql(span.to));
    let count: i64 = conn.query_row(
        &format!(
            "SELECT count(*) FROM sign_in WHERE {counts} AND happened_at >= ?2 AND happened_at < ?3"
        ),
        params![tenant.as_str(), from, to],
        |row| row.get(0),
    )?;
    let parts = u64::try_from(count).unwrap_or(0).div_ceil(TOGETHER);
    if parts <= 1 {
        return Ok(if count > 0 { vec![span] } else { Vec::new() });
    }
    let shares: Vec<String> = (1..parts).map(|part| format!("{part}::DOUBLE / {parts}")).collect();
    let mut statement = conn.prepare(&format!(
        "SELECT DISTINCT epoch_us(bound) AS bound FROM (
           SELECT unnest(quantile_disc(happened_at, [{}])) AS bound FROM sign_in
           WHERE {counts} AND happened_at >= ?2 AND happened_at < ?3) ORDER BY bound",
        shares.join(", ")
    ))?;
    let bounds = statement
        .query_map(params![tenant.as_str(), from, to], |row| row.get::<_, i64>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut out = Vec::with_capacity(bounds.len() + 1);
    let mut from = span.from;
    for bound in bounds.into_iter().map(from_micros).filter(|bound| *bound > span.from) {
        out.push(SignInSpan { from, to: bound });
        from = bound;
    }
    out.push(SignInSpan { from, to: span.to });
    Ok(out)
}

fn load(
    conn: &Connection,
    tenant: &TenantSlug,
    span: SignInSpan,
    fields: SignInFields,
    counts: &str,
) -> Result<Vec<SignIn>, StoreError> {
    let mut statement = conn.prepare(&format!(
        "SELECT {} FROM sign_in WHERE {counts} AND happened_at >= ?2 AND happened_at < ?3",
        fields.select()
    ))?;
    let batches =
        statement.query_arrow(params![tenant.as_str(), to_sql(span.from), to_sql(span.to)])?;
    let mut out = Vec::new();
    for batch in batches {
        columns::sign_ins(&batch, &mut out)?;
    }
    // Sorted here: DuckDB would carry every column through its sort.
    out.sort_unstable_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
    // One writer at a time has no duplicates; a reader tolerates them all the same.
    out.dedup_by(|a, b| a.at == b.at && a.id == b.id);
    Ok(out)
}

fn one(
    conn: &Connection,
    tenant: &TenantSlug,
    id: &str,
) -> Result<Option<StoredSignIn>, StoreError> {
    let place: Option<(String, Option<i64>, Option<u32>)> = conn
        .query_row(
            &format!(
                "SELECT import_id, raw_block, raw_line FROM sign_in WHERE {COUNTS} AND id = ?2
                 LIMIT 1"
            ),
            params![tenant.as_str(), id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((import_id, block, line)) = place else { return Ok(None) };
    let mut statement = conn.prepare(&format!(
        "SELECT {} FROM sign_in WHERE tenant = ?1 AND import_id = ?2 AND id = ?3 LIMIT 1",
        SignInFields::All.select()
    ))?;
    let mut found = Vec::new();
    for batch in statement.query_arrow(params![tenant.as_str(), import_id, id])? {
        columns::sign_ins(&batch, &mut found)?;
    }
    let raw = block.zip(line).map(|at| raw::record(conn, tenant.as_str(), &import_id, at));
    let raw = raw.transpose()?.flatten();
    let (imported_at, origin) = conn.query_row(
        "SELECT epoch_us(imported_at), origin FROM sign_in_import WHERE import_id = ?",
        [&import_id],
        |row| Ok((from_micros(row.get(0)?), row.get(1)?)),
    )?;
    Ok(found.pop().map(|sign_in| StoredSignIn { sign_in, raw, imported_at, origin }))
}
