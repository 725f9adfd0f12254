//! Incidents, and the scores of single sign-ins.

use duckdb::{Connection, Row, params};
use model::Timestamp;
use model::tenant::TenantSlug;
use serde_json::Value;

use crate::times::{from_micros, to_sql};
use crate::{Store, StoreError};

/// An incident as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredIncident {
    /// Its id: sixteen hexadecimal digits.
    pub id: String,
    /// Its kind: that of its strongest pattern when it was told.
    pub kind: String,
    /// Severity by rank, 0 for info to 4 for critical.
    pub severity_rank: u8,
    /// 0 to 1.
    pub score: f64,
    /// The first suspicious sign-in.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
    /// The sign-in that made it an alert.
    pub told_at: Timestamp,
    /// All that is told of it.
    pub body: Value,
}

/// The score of a sign-in.
#[derive(Debug, Clone, PartialEq)]
pub struct SignInScore {
    /// The sign-in.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// 0 to 1.
    pub score: f32,
    /// The chance of the forest's score.
    pub forest_p: f32,
    /// The chance of the evidence.
    pub evidence_p: f32,
    /// Whether the account's own model judged.
    pub own: bool,
}

const COLUMNS: &str = "id, kind, severity_rank, score, epoch_us(first_at), epoch_us(last_at), \
                       epoch_us(told_at), body";

fn stored(row: &Row<'_>) -> duckdb::Result<StoredIncident> {
    let body: String = row.get(7)?;
    let body = serde_json::from_str(&body).map_err(|error| {
        let kind = duckdb::types::Type::Text;
        duckdb::Error::FromSqlConversionFailure(7, kind, Box::new(error))
    })?;
    Ok(StoredIncident {
        id: row.get(0)?,
        kind: row.get(1)?,
        severity_rank: row.get(2)?,
        score: row.get(3)?,
        first_at: from_micros(row.get(4)?),
        last_at: from_micros(row.get(5)?),
        told_at: from_micros(row.get(6)?),
        body,
    })
}

impl Store {
    /// A tenant's incidents, those with the highest score first.
    ///
    /// # Errors
    /// [`StoreError`] where the database is missing, busy or cannot be read.
    pub fn incidents(&self, tenant: &TenantSlug) -> Result<Vec<StoredIncident>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare(&format!(
                "SELECT {COLUMNS} FROM incident WHERE tenant = ?
                 ORDER BY severity_rank DESC, score DESC, first_at DESC, id"
            ))?;
            let rows = statement.query_map([tenant.as_str()], stored)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// How many of a tenant's sign-ins have a score, and of when the latest is.
    ///
    /// # Errors
    /// As [`Store::incidents`].
    pub fn scored(&self, tenant: &TenantSlug) -> Result<(u64, Option<Timestamp>), StoreError> {
        self.read(|conn| {
            let (count, last): (i64, Option<i64>) = conn.query_row(
                "SELECT count(*), epoch_us(max(happened_at)) FROM sign_in_score WHERE tenant = ?",
                [tenant.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            Ok((u64::try_from(count).unwrap_or(0), last.map(from_micros)))
        })
    }
}

pub(super) fn write(
    conn: &Connection,
    tenant: &TenantSlug,
    incidents: &[StoredIncident],
    absorbed: &[String],
) -> Result<(), StoreError> {
    let mut away = conn.prepare("DELETE FROM incident WHERE tenant = ? AND id = ?")?;
    for id in incidents.iter().map(|incident| &incident.id).chain(absorbed) {
        away.execute(params![tenant.as_str(), id])?;
    }
    let mut insert = conn.prepare("INSERT INTO incident VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    for incident in incidents {
        insert.execute(params![
            tenant.as_str(),
            incident.id,
            incident.kind,
            incident.severity_rank,
            incident.score,
            to_sql(incident.first_at),
            to_sql(incident.last_at),
            to_sql(incident.told_at),
            serde_json::to_string(&incident.body)?,
        ])?;
    }
    Ok(())
}

pub(super) fn score(
    conn: &Connection,
    tenant: &TenantSlug,
    scores: &[SignInScore],
    model_version: i32,
) -> Result<(), StoreError> {
    if scores.is_empty() {
        return Ok(());
    }
    let mut appender = conn.appender_to_catalog_and_db("sign_in_score", "s", "main")?;
    for score in scores {
        appender.append_row(params![
            tenant.as_str(),
            score.id,
            to_sql(score.at),
            score.score,
            score.forest_p,
            score.evidence_p,
            if score.own { "user" } else { "pooled" },
            model_version,
        ])?;
    }
    appender.flush()?;
    Ok(())
}
