//! Writing findings and events: staged in a temporary table, then merged in one statement.

use duckdb::{Connection, params};
use jiff::Timestamp;
use model::finding::{Finding, FindingAction, FindingState};

use super::lifecycle::Standing;
use crate::times::to_sql;

/// Which run or command writes, and when.
#[derive(Clone, Copy)]
pub(super) struct Stamp<'s> {
    /// Shared by the events of one run or command.
    pub batch: &'s str,
    pub actor: &'s str,
    pub at: Timestamp,
}

/// What a run writes of one finding.
pub(super) struct Sighting<'f> {
    pub stamp: Stamp<'f>,
    pub finding: &'f Finding,
    pub standing: &'f Standing,
    /// Whether an event goes with it; a new title alone is none.
    pub has_event: bool,
}

/// A finding of which only the time it was last seen moves on.
pub(super) struct SeenAgain<'f> {
    pub stamp: Stamp<'f>,
    pub fingerprint: &'f str,
}

/// Where a finding stands now; the note stays as it is where it is absent.
pub(super) struct Move {
    pub at: Timestamp,
    pub fingerprint: String,
    pub standing: Standing,
    pub note: Option<String>,
}

/// Writes what a run saw: new rows whole, known rows anew but for when they were first seen.
pub(super) fn sightings(conn: &Connection, sightings: &[Sighting<'_>]) -> duckdb::Result<()> {
    if sightings.is_empty() {
        return Ok(());
    }
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE staged_sighting (
             fingerprint VARCHAR, content_hash VARCHAR, tenant VARCHAR, rule VARCHAR,
             category VARCHAR, title VARCHAR, severity UTINYINT, subject VARCHAR,
             subject_label VARCHAR, evidence VARCHAR, state VARCHAR, until TIMESTAMP,
             assignee VARCHAR, has_event BOOLEAN, run VARCHAR, seen TIMESTAMP)",
    )?;
    let mut appender = conn.appender_to_catalog_and_db("staged_sighting", "temp", "main")?;
    for Sighting { stamp, finding, standing, has_event } in sightings {
        appender.append_row(params![
            finding.fingerprint,
            finding.content_hash,
            finding.tenant.as_str(),
            finding.rule,
            finding.category,
            finding.title,
            finding.severity.rank(),
            text_of(&finding.subject)?,
            finding.subject_label,
            finding.evidence.as_str(),
            standing.state.as_str(),
            standing.until.map(to_sql),
            standing.assignee,
            has_event,
            stamp.batch,
            to_sql(stamp.at),
        ])?;
    }
    appender.flush()?;
    drop(appender);
    conn.execute_batch(
        "MERGE INTO finding AS f USING staged_sighting AS s ON f.fingerprint = s.fingerprint
         WHEN MATCHED THEN UPDATE SET
             content_hash = s.content_hash, category = s.category, title = s.title,
             severity = s.severity, subject_label = s.subject_label, evidence = s.evidence,
             state = s.state, until = s.until, assignee = s.assignee,
             last_seen = s.seen, last_run = s.run,
             changed_at = CASE WHEN s.has_event THEN s.seen ELSE f.changed_at END
         WHEN NOT MATCHED THEN INSERT
             (fingerprint, content_hash, tenant, rule, category, title, severity, subject,
              subject_label, evidence, state, until, assignee, note, first_seen, last_seen,
              last_run, changed_at)
         VALUES
             (s.fingerprint, s.content_hash, s.tenant, s.rule, s.category, s.title, s.severity,
              s.subject, s.subject_label, s.evidence, s.state, s.until, s.assignee, '', s.seen,
              s.seen, s.run, s.seen);
         DROP TABLE temp.main.staged_sighting",
    )
}

/// Moves on when findings were last seen.
pub(super) fn seen_again(conn: &Connection, seen: &[SeenAgain<'_>]) -> duckdb::Result<()> {
    if seen.is_empty() {
        return Ok(());
    }
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE staged_seen (
             fingerprint VARCHAR, run VARCHAR, seen TIMESTAMP)",
    )?;
    let mut appender = conn.appender_to_catalog_and_db("staged_seen", "temp", "main")?;
    for SeenAgain { stamp, fingerprint } in seen {
        appender.append_row(params![fingerprint, stamp.batch, to_sql(stamp.at)])?;
    }
    appender.flush()?;
    drop(appender);
    conn.execute_batch(
        "MERGE INTO finding AS f USING staged_seen AS s ON f.fingerprint = s.fingerprint
         WHEN MATCHED THEN UPDATE SET last_seen = s.seen, last_run = s.run;
         DROP TABLE temp.main.staged_seen",
    )
}

/// Writes where findings stand now.
pub(super) fn moves(conn: &Connection, moves: &[Move]) -> duckdb::Result<()> {
    if moves.is_empty() {
        return Ok(());
    }
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE staged_move (
             fingerprint VARCHAR, state VARCHAR, until TIMESTAMP, assignee VARCHAR, note VARCHAR,
             moved TIMESTAMP)",
    )?;
    let mut appender = conn.appender_to_catalog_and_db("staged_move", "temp", "main")?;
    for Move { at, fingerprint, standing, note } in moves {
        appender.append_row(params![
            fingerprint,
            standing.state.as_str(),
            standing.until.map(to_sql),
            standing.assignee,
            note,
            to_sql(*at),
        ])?;
    }
    appender.flush()?;
    drop(appender);
    conn.execute_batch(
        "MERGE INTO finding AS f USING staged_move AS s ON f.fingerprint = s.fingerprint
         WHEN MATCHED THEN UPDATE SET
             state = s.state, until = s.until, assignee = s.assignee,
             note = coalesce(s.note, f.note), changed_at = s.moved;
         DROP TABLE temp.main.staged_move",
    )
}

/// An event before it has an id.
pub(super) struct NewEvent<'e> {
    pub stamp: Stamp<'e>,
    pub fingerprint: &'e str,
    pub tenant: &'e str,
    pub action: FindingAction,
    pub from: FindingState,
    pub to: &'e Standing,
    pub note: &'e str,
    pub of_batch: Option<&'e str>,
}

/// Appends events to the history.
pub(super) fn events<'e>(
    conn: &Connection,
    events: impl IntoIterator<Item = NewEvent<'e>>,
) -> duckdb::Result<()> {
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE staged_event (
             id VARCHAR, fingerprint VARCHAR, tenant VARCHAR, batch VARCHAR, actor VARCHAR,
             occurred_at TIMESTAMP, action VARCHAR, from_state VARCHAR, to_state VARCHAR,
             until TIMESTAMP, assignee VARCHAR, note VARCHAR, of_batch VARCHAR)",
    )?;
    let mut appender = conn.appender_to_catalog_and_db("staged_event", "temp", "main")?;
    for event in events {
        appender.append_row(params![
            new_id(),
            event.fingerprint,
            event.tenant,
            event.stamp.batch,
            event.stamp.actor,
            to_sql(event.stamp.at),
            event.action.as_str(),
            event.from.as_str(),
            event.to.state.as_str(),
            event.to.until.map(to_sql),
            event.to.assignee,
            event.note,
            event.of_batch,
        ])?;
    }
    appender.flush()?;
    drop(appender);
    conn.execute_batch(
        "INSERT INTO finding_event
             (id, fingerprint, tenant, batch, actor, occurred_at, action, from_state, to_state,
              until, assignee, note, of_batch)
         SELECT id, fingerprint, tenant, batch, actor, occurred_at, action, from_state, to_state,
              until, assignee, note, of_batch
         FROM staged_event;
         DROP TABLE temp.main.staged_event",
    )
}

/// Keeps fingerprints in `staged_fingerprint`, for a statement that is about them.
pub(super) fn stage_fingerprints<'f>(
    conn: &Connection,
    fingerprints: impl Iterator<Item = &'f str>,
) -> duckdb::Result<()> {
    conn.execute_batch("CREATE OR REPLACE TEMP TABLE staged_fingerprint (fingerprint VARCHAR)")?;
    let mut appender = conn.appender_to_catalog_and_db("staged_fingerprint", "temp", "main")?;
    for fingerprint in fingerprints {
        appender.append_row([fingerprint])?;
    }
    appender.flush()
}

/// Forgets them.
pub(super) fn drop_fingerprints(conn: &Connection) -> duckdb::Result<()> {
    conn.execute_batch("DROP TABLE temp.main.staged_fingerprint")
}

/// An id that sorts by time.
pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn text_of(value: &impl serde::Serialize) -> duckdb::Result<String> {
    model::canonical::canonical_json(value)
        .map_err(|error| duckdb::Error::ToSqlConversionFailure(Box::new(error)))
}
