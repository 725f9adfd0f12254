//! Runs: what was done, when, and what came of it.

use duckdb::{Row, params};
use model::Timestamp;
use model::run::RunRecord;
use model::tenant::TenantSlug;
use serde_json::Value;

use crate::times::{from_micros, to_sql};
use crate::{Store, StoreError};

/// Which runs.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Of one tenant.
    pub tenant: Option<TenantSlug>,
    /// Of one stage.
    pub stage: Option<String>,
    /// At most so many, latest first; 0 for all.
    pub limit: usize,
}

fn record(row: &Row<'_>) -> duckdb::Result<RunRecord> {
    let failed = |column: usize, error: Box<dyn std::error::Error + Send + Sync>| {
        duckdb::Error::FromSqlConversionFailure(column, duckdb::types::Type::Text, error)
    };
    let tenant: String = row.get(1)?;
    let detail: String = row.get(6)?;
    Ok(RunRecord {
        id: row.get(0)?,
        tenant: TenantSlug::new(&tenant).map_err(|e| failed(1, Box::new(e)))?,
        stage: row.get(2)?,
        started_at: from_micros(row.get(3)?),
        ended_at: row.get::<_, Option<i64>>(4)?.map(from_micros),
        outcome: row.get(5)?,
        detail: serde_json::from_str(&detail).map_err(|e| failed(6, Box::new(e)))?,
    })
}

impl Store {
    /// Records that a run began; gives its id.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn start_run(
        &self,
        tenant: &TenantSlug,
        stage: &str,
        at: Timestamp,
    ) -> Result<String, StoreError> {
        let id = uuid::Uuid::now_v7().to_string();
        self.write(|tx| {
            tx.execute(
                "INSERT INTO run VALUES (?, ?, ?, ?, NULL, 'running', '{}')",
                params![id, tenant.as_str(), stage, to_sql(at)],
            )?;
            Ok(())
        })?;
        Ok(id)
    }

    /// Records how a run ended.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn finish_run(
        &self,
        id: &str,
        at: Timestamp,
        ok: bool,
        detail: &Value,
    ) -> Result<(), StoreError> {
        let outcome = if ok { "ok" } else { "failed" };
        self.write(|tx| {
            tx.execute(
                "UPDATE run SET ended_at = ?, outcome = ?, detail = ? WHERE id = ?",
                params![to_sql(at), outcome, serde_json::to_string(detail)?, id],
            )?;
            Ok(())
        })
    }

    /// Records runs that are over already, in one go.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn record_runs(&self, runs: &[RunRecord]) -> Result<(), StoreError> {
        if runs.is_empty() {
            return Ok(());
        }
        self.write(|tx| {
            let mut statement = tx.prepare("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)")?;
            for run in runs {
                statement.execute(params![
                    run.id,
                    run.tenant.as_str(),
                    run.stage,
                    to_sql(run.started_at),
                    run.ended_at.map(to_sql),
                    run.outcome,
                    serde_json::to_string(&run.detail)?,
                ])?;
            }
            Ok(())
        })
    }

    /// Recorded runs, latest first.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, StoreError> {
        self.read(|conn| {
            let limit = if filter.limit == 0 {
                i64::MAX
            } else {
                i64::try_from(filter.limit).unwrap_or(i64::MAX)
            };
            let mut statement = conn.prepare(
                "SELECT id, tenant, stage, epoch_us(started_at), epoch_us(ended_at), outcome, detail
                 FROM run
                 WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR stage = ?2)
                 ORDER BY started_at DESC, id DESC LIMIT ?3",
            )?;
            let tenant = filter.tenant.as_ref().map(TenantSlug::as_str);
            let rows = statement.query_map(params![tenant, filter.stage, limit], record)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
