//! A run's findings enter the store.

use std::collections::{BTreeSet, HashSet};

use duckdb::Connection;
use model::finding::FindingState;
use model::run::MergeCounts;
use model::tenant::TenantSlug;

use super::row::{self, whole_microseconds};
use super::sighting::{Known, MergeRun, Plan, plan};
use super::write::{self, Move, NewEvent, Sighting};
use crate::{Store, StoreError};

/// Who stands in the history for what runs find.
pub const RUN_ACTOR: &str = "run";

impl Store {
    /// Takes a run's findings in: opens new ones, reopens and changes known ones, resolves those
    /// whose rule passes or whose subject is gone. The same run twice writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn merge_run(&self, mut run: MergeRun) -> Result<MergeCounts, StoreError> {
        run.as_of = whole_microseconds(run.as_of);
        // First without the writer's lock: most runs of a well-kept tenant change nothing.
        if self.exists() {
            let counts = self.read(|conn| {
                let known = known(conn, &run.tenant)?;
                let plan = plan(&known, &run);
                Ok(plan.is_empty().then_some(plan.counts))
            })?;
            if let Some(counts) = counts {
                return Ok(counts);
            }
        }
        self.write(|tx| {
            let known = known(tx, &run.tenant)?;
            let plan = plan(&known, &run);
            carry_out(tx, &plan, &run)?;
            Ok(plan.counts)
        })
    }

    /// The subjects of a tenant's findings that are not resolved, each with its rule: what a
    /// caller compares with a complete snapshot to tell which are gone.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn unresolved_subjects(
        &self,
        tenant: &TenantSlug,
    ) -> Result<BTreeSet<(String, Vec<String>)>, StoreError> {
        self.read(|conn| {
            Ok(known(conn, tenant)?
                .into_iter()
                .filter(|row| row.standing.state != FindingState::Resolved)
                .map(|row| (row.rule, row.subject))
                .collect())
        })
    }
}

fn known(conn: &Connection, tenant: &TenantSlug) -> duckdb::Result<Vec<Known>> {
    let mut statement =
        conn.prepare(&format!("SELECT {} FROM finding WHERE tenant = ?", row::KNOWN))?;
    statement.query_map([tenant.as_str()], row::known)?.collect()
}

fn carry_out(conn: &Connection, plan: &Plan<'_>, run: &MergeRun) -> duckdb::Result<()> {
    let with_event: HashSet<_> = plan.steps.iter().map(|step| step.fingerprint.as_str()).collect();
    let sightings: Vec<_> = plan
        .written
        .iter()
        .map(|(finding, standing)| Sighting {
            finding,
            standing,
            has_event: with_event.contains(finding.fingerprint.as_str()),
        })
        .collect();
    let moves: Vec<_> = plan
        .moved
        .iter()
        .map(|(fingerprint, standing)| Move {
            fingerprint: fingerprint.clone(),
            standing: standing.clone(),
            note: None,
        })
        .collect();
    write::sightings(conn, &sightings, &run.run_id, run.as_of)?;
    write::seen_again(conn, &plan.seen_again, &run.run_id, run.as_of)?;
    write::moves(conn, &moves, run.as_of)?;
    if plan.steps.is_empty() {
        return Ok(());
    }
    let events = plan.steps.iter().map(|step| NewEvent {
        fingerprint: &step.fingerprint,
        tenant: run.tenant.as_str(),
        action: step.action,
        from: step.from,
        to: &step.to,
        note: &step.note,
        of_batch: None,
    });
    write::events(conn, &run.run_id, RUN_ACTOR, run.as_of, events)
}
