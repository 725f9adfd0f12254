//! The state of detection, and what a judgement writes: all of it at once.

use std::path::Path;

use duckdb::{Connection, OptionalExt as _, params};
use model::Timestamp;
use model::tenant::TenantSlug;

use super::incidents::{self, SignInScore, StoredIncident};
use crate::times::to_sql;
use crate::{Store, StoreError};

/// All that the judgement of a tenant's next sign-in needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DetectionState {
    /// The set of features that it was computed with.
    pub feature_set: String,
    /// Imports of which every sign-in was seen.
    pub imports: Vec<String>,
    /// The state, as detection writes it.
    pub body: Vec<u8>,
}

/// What a judgement writes.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// The state after it.
    pub state: DetectionState,
    /// Incidents that are new or went on.
    pub incidents: Vec<StoredIncident>,
    /// Ids of incidents that others have taken in.
    pub absorbed: Vec<String>,
    /// Scores.
    pub scores: Vec<SignInScore>,
    /// From when on scores are judged again: those there are go first.
    pub again_from: Option<Timestamp>,
    /// Which model judged.
    pub model_version: i32,
}

impl Store {
    /// The state of a tenant's detection; `None` where nothing was seen yet.
    ///
    /// # Errors
    /// [`StoreError`] where the database is missing, busy or cannot be read.
    pub fn detection_state(
        &self,
        tenant: &TenantSlug,
    ) -> Result<Option<DetectionState>, StoreError> {
        self.read(|conn| {
            let found: Option<(String, String, Vec<u8>)> = conn
                .query_row(
                    "SELECT feature_set, imports, body FROM detection_state WHERE tenant = ?",
                    [tenant.as_str()],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let Some((feature_set, imports, body)) = found else { return Ok(None) };
            let imports = serde_json::from_str(&imports)?;
            let body = zstd::decode_all(body.as_slice()).map_err(|error| {
                crate::files::failed("cannot unpack", Path::new("detection_state"))(error)
            })?;
            Ok(Some(DetectionState { feature_set, imports, body }))
        })
    }

    /// Keeps a state, and nothing else.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn save_detection_state(
        &self,
        tenant: &TenantSlug,
        state: &DetectionState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = packed(state)?;
        self.write(|tx| save(tx, tenant, state, &body, now))
    }

    /// Imports of a tenant's sign-ins that are finished, the earliest first.
    ///
    /// # Errors
    /// As [`Store::detection_state`].
    pub fn sign_in_imports(&self, tenant: &TenantSlug) -> Result<Vec<String>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare(
                "SELECT import_id FROM sign_in_import WHERE tenant = ? ORDER BY import_id",
            )?;
            let rows = statement.query_map([tenant.as_str()], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Writes what a judgement found: state, incidents and scores, or nothing of it.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn record_judgement(
        &self,
        tenant: &TenantSlug,
        judgement: &Judgement,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = packed(&judgement.state)?;
        self.write(|tx| {
            save(tx, tenant, &judgement.state, &body, now)?;
            if let Some(from) = judgement.again_from {
                tx.execute(
                    "DELETE FROM sign_in_score WHERE tenant = ? AND happened_at >= ?",
                    params![tenant.as_str(), to_sql(from)],
                )?;
                tx.execute(
                    "DELETE FROM incident WHERE tenant = ? AND last_at >= ?",
                    params![tenant.as_str(), to_sql(from)],
                )?;
            }
            incidents::write(tx, tenant, &judgement.incidents, &judgement.absorbed)?;
            incidents::score(tx, tenant, &judgement.scores, judgement.model_version)
        })
    }
}

fn packed(state: &DetectionState) -> Result<Vec<u8>, StoreError> {
    zstd::encode_all(state.body.as_slice(), 1)
        .map_err(|error| crate::files::failed("cannot pack", Path::new("detection_state"))(error))
}

fn save(
    conn: &Connection,
    tenant: &TenantSlug,
    state: &DetectionState,
    body: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.execute("DELETE FROM detection_state WHERE tenant = ?", [tenant.as_str()])?;
    conn.execute(
        "INSERT INTO detection_state VALUES (?, ?, ?, ?, ?)",
        params![
            tenant.as_str(),
            state.feature_set,
            serde_json::to_string(&state.imports)?,
            to_sql(now),
            body,
        ],
    )?;
    Ok(())
}
