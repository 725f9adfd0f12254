//! What sign-ins a tenant has.

use std::collections::BTreeMap;

use duckdb::{Connection, params};
use model::sign_in::SignInStats;
use model::tenant::TenantSlug;

use super::read::COUNTS;
use crate::times::from_micros;
use crate::{Store, StoreError};

impl Store {
    /// Counts a tenant's sign-ins.
    ///
    /// # Errors
    /// [`StoreError::UnknownTenant`]; [`StoreError`] where the database is busy or cannot be read.
    pub fn sign_in_stats(&self, tenant: &TenantSlug) -> Result<SignInStats, StoreError> {
        self.tenant(tenant)?;
        self.read(|conn| stats(conn, tenant.as_str()))
    }
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn stats(conn: &Connection, tenant: &str) -> Result<SignInStats, StoreError> {
    let mut out = conn.query_row(
        &format!(
            "SELECT count(*), epoch_us(min(happened_at)), epoch_us(max(happened_at)),
                    count(DISTINCT coalesce(account_id, lower(account_name))),
                    count(DISTINCT app_id), count(DISTINCT ip), count(DISTINCT country),
                    count(*) FILTER (code = 0), count(asn), count(latitude), count(session_id),
                    count(risk_during_sign_in)
             FROM sign_in WHERE {COUNTS}"
        ),
        [tenant],
        |row| {
            let times: (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
            Ok(SignInStats {
                total: number(row.get(0)?),
                first_at: times.0.map(from_micros),
                last_at: times.1.map(from_micros),
                accounts: number(row.get(3)?),
                apps: number(row.get(4)?),
                addresses: number(row.get(5)?),
                countries: number(row.get(6)?),
                succeeded: number(row.get(7)?),
                with_asn: number(row.get(8)?),
                with_place: number(row.get(9)?),
                with_session: number(row.get(10)?),
                with_risk: number(row.get(11)?),
                ..SignInStats::default()
            })
        },
    )?;
    out.by_kind = by(conn, tenant, "kind")?;
    out.by_shape = by(conn, tenant, "shape")?;
    let mut statement = conn.prepare(&format!(
        "SELECT code, count(*) AS many FROM sign_in WHERE {COUNTS}
         GROUP BY code ORDER BY many DESC, code LIMIT 20"
    ))?;
    let codes = statement.query_map([tenant], |row| Ok((row.get(0)?, number(row.get(1)?))))?;
    out.codes = codes.collect::<Result<_, _>>()?;
    let (bytes, since): (i64, Option<i64>) = conn.query_row(
        &format!(
            "SELECT coalesce(sum(octet_length(body)), 0)::BIGINT, epoch_us(min(first_at))
             FROM sign_in_raw WHERE {COUNTS}"
        ),
        params![tenant],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    out.raw_bytes = number(bytes);
    out.raw_since = since.map(from_micros);
    Ok(out)
}

fn by(conn: &Connection, tenant: &str, column: &str) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut statement = conn.prepare(&format!(
        "SELECT {column}, count(*) FROM sign_in WHERE {COUNTS} GROUP BY {column}"
    ))?;
    let rows = statement.query_map([tenant], |row| Ok((row.get(0)?, number(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
