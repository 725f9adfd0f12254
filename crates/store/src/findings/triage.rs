//! What people decide enters the store: one batch a command, with a check that nobody decided
//! otherwise meanwhile, and back again.

use std::collections::BTreeMap;

use duckdb::{Connection, OptionalExt as _};
use jiff::Timestamp;
use model::finding::{FindingAction, FindingEvent, FindingState, TrackedFinding};

use super::lifecycle::{Refusal, Standing, TriageAction};
use super::replay::{History, Stuck};
use super::row::{self, whole_microseconds};
use super::write::{self, Move, NewEvent, Stamp};
use crate::{Store, StoreError};

/// A finding that is meant, and how it stood when it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The finding.
    pub fingerprint: String,
    /// Its state as the person saw it; where it stands otherwise by now, it is left alone.
    pub expected: Option<FindingState>,
}

/// What a person wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriageRequest {
    /// What.
    pub action: TriageAction,
    /// To which findings; each is taken once.
    pub targets: Vec<Target>,
    /// Who, as claimed.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TriageOutcome {
    /// The batch, by which it can be taken back; absent where nothing was written.
    pub batch: Option<String>,
    /// For undo and redo, the batch that was meant.
    pub of_batch: Option<String>,
    /// What changed.
    pub changes: Vec<TriageChange>,
    /// What was that way already.
    pub unchanged: Vec<TrackedFinding>,
    /// What was left alone, and why.
    pub refused: Vec<TriageRefusal>,
}

/// A finding that was changed.
#[derive(Debug, Clone, PartialEq)]
pub struct TriageChange {
    /// The finding, as it stands after.
    pub finding: TrackedFinding,
    /// How it stood before.
    pub before: Standing,
    /// How it stands after.
    pub after: Standing,
}

/// A finding that was left alone.
#[derive(Debug, Clone, PartialEq)]
pub struct TriageRefusal {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The finding as it stands; absent where there is none.
    pub finding: Option<TrackedFinding>,
    /// Why.
    pub reason: LeftAlone,
}

/// Why a finding was left alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeftAlone {
    /// There is none of that fingerprint.
    #[error("there is no such finding")]
    Unknown,
    /// Somebody was quicker.
    #[error("it was {expected} and is {found} by now")]
    Conflict {
        /// The state that the person saw.
        expected: FindingState,
        /// The state it is in.
        found: FindingState,
    },
    /// The action does not fit.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The batch cannot be taken back or done again here.
    #[error(transparent)]
    Stuck(#[from] Stuck),
}

/// Which batch to take back or do again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichBatch {
    /// The actor's last one.
    Last,
    /// This one, whosever it is.
    Named(String),
}

/// Back or forth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Undo,
    Redo,
}

impl Store {
    /// Does a person's action to findings, as one batch.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written. What does not fit a single
    /// finding is no error, but among the outcome's refusals.
    pub fn triage(&self, request: &TriageRequest) -> Result<TriageOutcome, StoreError> {
        let at = whole_microseconds(request.at);
        self.write(|tx| Ok(act(tx, request, at)?))
    }

    /// Takes a batch of triage back. Where nothing is left to take back, the outcome is empty.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn undo_triage(
        &self,
        which: &WhichBatch,
        actor: &str,
        at: Timestamp,
    ) -> Result<TriageOutcome, StoreError> {
        let at = whole_microseconds(at);
        self.write(|tx| Ok(reverse(tx, Direction::Undo, which, actor, at)?))
    }

    /// Does a batch of triage again that was taken back.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be written.
    pub fn redo_triage(
        &self,
        which: &WhichBatch,
        actor: &str,
        at: Timestamp,
    ) -> Result<TriageOutcome, StoreError> {
        let at = whole_microseconds(at);
        self.write(|tx| Ok(reverse(tx, Direction::Redo, which, actor, at)?))
    }
}

/// A finding with its standing as it is stored, before the clock is asked.
struct Held {
    finding: TrackedFinding,
    stored: Standing,
}

/// A change that is to be written.
struct Decided<'o> {
    held: Held,
    after: Standing,
    action: FindingAction,
    /// What the history says.
    note: &'o str,
    /// What the finding's own note becomes; as it was where absent.
    shown_note: Option<String>,
    of_batch: Option<&'o str>,
}

fn act(conn: &Connection, request: &TriageRequest, at: Timestamp) -> duckdb::Result<TriageOutcome> {
    let targets: BTreeMap<&str, Option<FindingState>> = request
        .targets
        .iter()
        .map(|target| (target.fingerprint.as_str(), target.expected))
        .collect();
    let mut held = hold(conn, targets.keys().copied(), at)?;
    let mut outcome = TriageOutcome::default();
    let mut decided = Vec::new();
    for (fingerprint, expected) in targets {
        let Some(held) = held.remove(fingerprint) else {
            outcome.refuse(fingerprint, None, LeftAlone::Unknown);
            continue;
        };
        let found = held.finding.state;
        if let Some(expected) = expected
            && expected != found
        {
            outcome.refuse(
                fingerprint,
                Some(held.finding),
                LeftAlone::Conflict { expected, found },
            );
            continue;
        }
        match request.action.apply(&held.stored, at) {
            Err(refusal) => outcome.refuse(fingerprint, Some(held.finding), refusal.into()),
            Ok(None) => outcome.unchanged.push(held.finding),
            Ok(Some(after)) => {
                let note = request.action.note();
                decided.push(Decided {
                    held,
                    after,
                    action: request.action.kind(),
                    note,
                    shown_note: (!note.is_empty()).then(|| note.to_owned()),
                    of_batch: None,
                });
            }
        }
    }
    write_batch(conn, decided, &request.actor, at, &mut outcome)?;
    Ok(outcome)
}

fn reverse(
    conn: &Connection,
    direction: Direction,
    which: &WhichBatch,
    actor: &str,
    at: Timestamp,
) -> duckdb::Result<TriageOutcome> {
    let of_batch = match which {
        WhichBatch::Named(batch) => Some(batch.clone()),
        WhichBatch::Last => last_batch(conn, direction, actor)?,
    };
    let mut outcome = TriageOutcome { of_batch, ..TriageOutcome::default() };
    let Some(batch) = outcome.of_batch.clone() else {
        return Ok(outcome);
    };
    let histories = histories_touched_by(conn, &batch)?;
    let mut held = hold(conn, histories.keys().map(String::as_str), at)?;
    let mut decided = Vec::new();
    for (fingerprint, events) in &histories {
        let Some(held) = held.remove(fingerprint) else { continue };
        let history = History::replay(events);
        let (after, action) = match direction {
            Direction::Undo => (history.without(&batch), FindingAction::Undo),
            Direction::Redo => (history.with_again(&batch), FindingAction::Redo),
        };
        match after {
            Err(stuck) => outcome.refuse(fingerprint, Some(held.finding), stuck.into()),
            Ok(after) => {
                let note = note_after(events, action, &batch);
                decided.push(Decided {
                    held,
                    after,
                    action,
                    note: "",
                    shown_note: Some(note),
                    of_batch: Some(&batch),
                });
            }
        }
    }
    write_batch(conn, decided, actor, at, &mut outcome)?;
    Ok(outcome)
}

/// What the finding's note is once the batch is taken back or done again.
fn note_after(events: &[FindingEvent], action: FindingAction, batch: &str) -> String {
    let Some(last) = events.last() else { return String::new() };
    let coming = FindingEvent {
        action,
        of_batch: Some(batch.to_owned()),
        note: String::new(),
        ..last.clone()
    };
    History::replay(events.iter().chain([&coming])).note().to_owned()
}

impl TriageOutcome {
    fn refuse(&mut self, fingerprint: &str, finding: Option<TrackedFinding>, reason: LeftAlone) {
        self.refused.push(TriageRefusal { fingerprint: fingerprint.to_owned(), finding, reason });
    }
}

fn write_batch(
    conn: &Connection,
    decided: Vec<Decided<'_>>,
    actor: &str,
    at: Timestamp,
    outcome: &mut TriageOutcome,
) -> duckdb::Result<()> {
    if decided.is_empty() {
        return Ok(());
    }
    let batch = write::new_id();
    let stamp = Stamp { batch: &batch, actor, at };
    let events = decided.iter().map(|change| NewEvent {
        stamp,
        fingerprint: &change.held.finding.finding.fingerprint,
        tenant: change.held.finding.finding.tenant.as_str(),
        action: change.action,
        from: change.held.finding.state,
        to: &change.after,
        note: change.note,
        of_batch: change.of_batch,
    });
    write::events(conn, events)?;
    let moves: Vec<_> = decided
        .iter()
        .map(|change| Move {
            at,
            fingerprint: change.held.finding.finding.fingerprint.clone(),
            standing: change.after.clone(),
            note: change.shown_note.clone(),
        })
        .collect();
    write::moves(conn, &moves)?;
    outcome.batch = Some(batch);
    outcome.changes = decided.into_iter().map(|change| changed(change, at)).collect();
    Ok(())
}

fn changed(change: Decided<'_>, at: Timestamp) -> TriageChange {
    let mut finding = change.held.finding;
    let before = change.held.stored.at(at);
    let after = change.after.at(at);
    finding.state = after.state;
    finding.until = after.until;
    finding.assignee.clone_from(&after.assignee);
    if let Some(note) = change.shown_note {
        finding.note = note;
    }
    TriageChange { finding, before, after }
}

fn hold<'f>(
    conn: &Connection,
    fingerprints: impl Iterator<Item = &'f str>,
    at: Timestamp,
) -> duckdb::Result<BTreeMap<String, Held>> {
    write::stage_fingerprints(conn, fingerprints)?;
    let held = {
        let mut statement = conn.prepare(&format!(
            "SELECT {} FROM finding
             WHERE fingerprint IN (SELECT fingerprint FROM staged_fingerprint)",
            row::TRACKED
        ))?;
        let rows = statement.query_map([], |row| {
            let held = Held { stored: row::standing(row)?, finding: row::tracked(row, at)? };
            Ok((held.finding.finding.fingerprint.clone(), held))
        })?;
        rows.collect::<duckdb::Result<_>>()?
    };
    write::drop_fingerprints(conn)?;
    Ok(held)
}

/// The whole histories, oldest event first, of the findings that a batch did something to.
fn histories_touched_by(
    conn: &Connection,
    batch: &str,
) -> duckdb::Result<BTreeMap<String, Vec<FindingEvent>>> {
    let mut statement = conn.prepare(&format!(
        "SELECT {} FROM finding_event
         WHERE fingerprint IN (SELECT fingerprint FROM finding_event WHERE batch = ?)
         ORDER BY id",
        row::EVENT
    ))?;
    let mut histories: BTreeMap<String, Vec<FindingEvent>> = BTreeMap::new();
    for event in statement.query_map([batch], row::event)? {
        let event = event?;
        histories.entry(event.fingerprint.clone()).or_default().push(event);
    }
    Ok(histories)
}

/// The actor's batch that was last done (and not taken back since), or last taken back.
fn last_batch(
    conn: &Connection,
    direction: Direction,
    actor: &str,
) -> duckdb::Result<Option<String>> {
    // A batch counts as done from when it was done or, after an undo, done again.
    let chosen = match direction {
        Direction::Undo => "coalesce(m.action, 'redo') = 'redo'",
        Direction::Redo => "m.action = 'undo'",
    };
    conn.query_row(
        &format!(
            "WITH own AS (
                 SELECT batch, fingerprint, max(id) AS id FROM finding_event
                 WHERE actor = ? AND of_batch IS NULL AND action NOT IN
                     ('opened', 'reopened', 'resolved', 'worsened', 'changed', 'expired')
                 GROUP BY ALL),
             mark AS (
                 SELECT of_batch, fingerprint, arg_max(action, id) AS action, max(id) AS id
                 FROM finding_event WHERE of_batch IS NOT NULL GROUP BY ALL)
             SELECT own.batch FROM own
             LEFT JOIN mark AS m ON m.of_batch = own.batch AND m.fingerprint = own.fingerprint
             WHERE {chosen}
             GROUP BY own.batch
             ORDER BY max(coalesce(m.id, own.id)) DESC LIMIT 1"
        ),
        [actor],
        |row| row.get(0),
    )
    .optional()
}
