//! A run's findings enter the store.

use std::collections::{BTreeSet, HashMap, HashSet};

use duckdb::{Connection, params_from_iter};
use model::finding::FindingState;
use model::run::MergeCounts;
use model::tenant::TenantSlug;

use super::row::{self, whole_microseconds};
use super::sighting::{Known, MergeRun, Plan, plan};
use super::write::{self, Move, NewEvent, SeenAgain, Sighting, Stamp};
use crate::{Store, StoreError};

/// Who stands in the history for what runs find.
pub const RUN_ACTOR: &str = "run";

/// Subjects of findings, each with its rule.
pub type Subjects = BTreeSet<(String, Vec<String>)>;

impl Store {
    /// Takes a run's findings in: opens new ones, reopens and changes known ones, resolves those
    /// whose rule passes or whose subject is gone. The same run twice writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn merge_run(&self, run: MergeRun) -> Result<MergeCounts, StoreError> {
        Ok(self.merge_runs(vec![run])?.into_iter().next().unwrap_or_default())
    }

    /// The same for runs of several tenants, each tenant once, in one write: all of them are taken
    /// in or none. Gives what came of each, in the order of the runs.
    ///
    /// # Errors
    /// As [`Store::merge_run`].
    pub fn merge_runs(&self, mut runs: Vec<MergeRun>) -> Result<Vec<MergeCounts>, StoreError> {
        for run in &mut runs {
            run.as_of = whole_microseconds(run.as_of);
        }
        // First without the writer's lock: most runs of a well-kept tenant change nothing.
        if self.exists() {
            let counts = self.read(|conn| {
                let plans = plans(conn, &runs)?;
                let nothing = plans.iter().all(Plan::is_empty);
                Ok(nothing.then(|| plans.into_iter().map(|plan| plan.counts).collect()))
            })?;
            if let Some(counts) = counts {
                return Ok(counts);
            }
        }
        self.write(|tx| {
            let plans = plans(tx, &runs)?;
            carry_out(tx, &plans, &runs)?;
            Ok(plans.into_iter().map(|plan| plan.counts).collect())
        })
    }

    /// The subjects of tenants' findings that are not resolved, each with its rule: what a caller
    /// compares with a complete snapshot to tell which are gone.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn unresolved_subjects(
        &self,
        tenants: &[TenantSlug],
    ) -> Result<HashMap<TenantSlug, Subjects>, StoreError> {
        self.read(|conn| {
            let unresolved = |rows: Vec<Known>| {
                rows.into_iter()
                    .filter(|row| row.standing.state != FindingState::Resolved)
                    .map(|row| (row.rule, row.subject))
                    .collect()
            };
            let known = known(conn, tenants)?;
            Ok(known.into_iter().map(|(tenant, rows)| (tenant, unresolved(rows))).collect())
        })
    }
}

/// What is known of tenants' findings; a tenant without any is absent.
fn known(
    conn: &Connection,
    tenants: &[TenantSlug],
) -> duckdb::Result<HashMap<TenantSlug, Vec<Known>>> {
    let mut out: HashMap<TenantSlug, Vec<Known>> = HashMap::with_capacity(tenants.len());
    if tenants.is_empty() {
        return Ok(out);
    }
    let marks = vec!["?"; tenants.len()].join(", ");
    let mut statement = conn.prepare(&format!(
        "SELECT {}, tenant FROM finding WHERE tenant IN ({marks})",
        row::KNOWN
    ))?;
    let mut rows = statement.query(params_from_iter(tenants.iter().map(TenantSlug::as_str)))?;
    while let Some(row) = rows.next()? {
        out.entry(row::tenant(row, row::KNOWN_COLUMNS)?).or_default().push(row::known(row)?);
    }
    Ok(out)
}

fn plans<'r>(conn: &Connection, runs: &'r [MergeRun]) -> duckdb::Result<Vec<Plan<'r>>> {
    let tenants: Vec<_> = runs.iter().map(|run| run.tenant.clone()).collect();
    let known = known(conn, &tenants)?;
    let of = |run: &MergeRun| known.get(&run.tenant).map(Vec::as_slice).unwrap_or_default();
    Ok(runs.iter().map(|run| plan(of(run), run)).collect())
}

fn carry_out(conn: &Connection, plans: &[Plan<'_>], runs: &[MergeRun]) -> duckdb::Result<()> {
    let mut sightings = Vec::new();
    let mut seen_again = Vec::new();
    let mut moves = Vec::new();
    let mut events = Vec::new();
    for (plan, run) in plans.iter().zip(runs) {
        let stamp = Stamp { batch: &run.run_id, actor: RUN_ACTOR, at: run.as_of };
        let with_event: HashSet<_> =
            plan.steps.iter().map(|step| step.fingerprint.as_str()).collect();
        sightings.extend(plan.written.iter().map(|(finding, standing)| Sighting {
            stamp,
            finding,
            standing,
            has_event: with_event.contains(finding.fingerprint.as_str()),
        }));
        seen_again
            .extend(plan.seen_again.iter().map(|fingerprint| SeenAgain { stamp, fingerprint }));
        moves.extend(plan.moved.iter().map(|(fingerprint, standing)| Move {
            at: run.as_of,
            fingerprint: fingerprint.clone(),
            standing: standing.clone(),
            note: None,
        }));
        events.extend(plan.steps.iter().map(|step| NewEvent {
            stamp,
            fingerprint: &step.fingerprint,
            tenant: run.tenant.as_str(),
            action: step.action,
            from: step.from,
            to: &step.to,
            note: &step.note,
            of_batch: None,
        }));
    }
    write::sightings(conn, &sightings)?;
    write::seen_again(conn, &seen_again)?;
    write::moves(conn, &moves)?;
    if events.is_empty() { Ok(()) } else { write::events(conn, events) }
}
