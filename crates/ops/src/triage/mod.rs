//! What people do with findings: find them, decide about them, take it back.

mod moment;

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::finding::{FindingEvent, TrackedFinding};
use report::FindingTally;
use store::{FindingCount, FoundById, Refusal, Target};
use store::{Store, StoreError};

pub use moment::{InvalidMoment, after, before};
pub use store::{
    FindingFilter, FindingPage, FindingSort, LeftAlone, ShortIds, Standing, TriageAction,
    TriageChange, TriageOutcome, TriageRefusal, TriageRequest, WhichBatch,
};

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum TriageError {
    /// The database is busy or broken.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The action itself is wrong, whatever finding it is for.
    #[error(transparent)]
    Action(#[from] Refusal),
    /// No finding has this id.
    #[error("no finding's id begins with {id:?}; `cstack findings list --state all` lists them")]
    NoSuchFinding {
        /// The id.
        id: String,
    },
    /// Several findings' ids begin with it.
    #[error("several findings' ids begin with {id:?}: {}", .candidates.join(", "))]
    Ambiguous {
        /// The id.
        id: String,
        /// Longer ids with what they are: `0123456789 rule.mfa-admins of contoso`.
        candidates: Vec<String>,
    },
    /// The actor has nothing to take back.
    #[error("{actor} has nothing to take back")]
    NothingToUndo {
        /// Who, as claimed.
        actor: String,
    },
    /// The actor has taken nothing back.
    #[error("{actor} has taken nothing back that could be done again")]
    NothingToRedo {
        /// Who, as claimed.
        actor: String,
    },
    /// A batch that is in no history.
    #[error(
        "no finding's history has the batch {batch:?}; `cstack findings history` shows batches"
    )]
    NoSuchBatch {
        /// The batch.
        batch: String,
    },
}

/// The finding that an id means: a fingerprint, or the beginning of one.
///
/// # Errors
/// [`TriageError`] where none or several begin with it.
pub fn find(store: &Store, id: &str, as_of: Timestamp) -> Result<TrackedFinding, TriageError> {
    match store.finding_by_id(id.trim(), as_of)? {
        FoundById::One(finding) => Ok(*finding),
        FoundById::Nothing => Err(TriageError::NoSuchFinding { id: id.to_owned() }),
        FoundById::Several(found, ids) => {
            let named = |tracked: &TrackedFinding| {
                let finding = &tracked.finding;
                let short = ids.of(&finding.fingerprint);
                format!("{short} {} of {}", finding.rule, finding.tenant)
            };
            Err(TriageError::Ambiguous {
                id: id.to_owned(),
                candidates: found.iter().map(named).collect(),
            })
        }
    }
}

/// The findings that ids mean, each once, in the order given.
///
/// # Errors
/// [`TriageError`] for the first id that none or several begin with.
pub fn find_all(
    store: &Store,
    ids: &[String],
    as_of: Timestamp,
) -> Result<Vec<TrackedFinding>, TriageError> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for id in ids {
        let finding = find(store, id, as_of)?;
        if seen.insert(finding.finding.fingerprint.clone()) {
            found.push(finding);
        }
    }
    Ok(found)
}

/// Findings as they stand at a time.
///
/// # Errors
/// [`TriageError`] where the database is busy or broken.
pub fn list(
    store: &Store,
    filter: &FindingFilter,
    as_of: Timestamp,
) -> Result<FindingPage, TriageError> {
    Ok(store.findings(filter, as_of)?)
}

/// How many findings each tenant has, by severity and state.
///
/// # Errors
/// [`TriageError`] where the database is busy or broken.
pub fn tally(
    store: &Store,
    filter: &FindingFilter,
    as_of: Timestamp,
) -> Result<Vec<FindingTally>, TriageError> {
    let counts = store.tally_findings(filter, as_of)?;
    let tally = |count: FindingCount| FindingTally {
        tenant: count.tenant,
        severity: count.severity,
        state: count.state,
        count: count.count,
    };
    Ok(counts.into_iter().map(tally).collect())
}

/// A finding's history, oldest first.
///
/// # Errors
/// [`TriageError`] where the database is busy or broken.
pub fn history(store: &Store, finding: &TrackedFinding) -> Result<Vec<FindingEvent>, TriageError> {
    Ok(store.finding_history(&finding.finding.fingerprint)?)
}

/// Does an action to findings, as long as each still stands as the person saw it.
///
/// # Errors
/// [`TriageError`] where the action is wrong in itself or the database cannot be written. What
/// does not fit a single finding is among the outcome's refusals.
pub fn act(
    store: &Store,
    action: TriageAction,
    findings: &[TrackedFinding],
    actor: &str,
    at: Timestamp,
) -> Result<TriageOutcome, TriageError> {
    action.check(at)?;
    let targets = findings
        .iter()
        .map(|tracked| Target {
            fingerprint: tracked.finding.fingerprint.clone(),
            expected: Some(tracked.state),
        })
        .collect();
    Ok(store.triage(&TriageRequest { action, targets, actor: actor.to_owned(), at })?)
}

/// Takes a batch back: the actor's last, or a given one.
///
/// # Errors
/// [`TriageError`] where there is no such batch or the database cannot be written.
pub fn undo(
    store: &Store,
    which: &WhichBatch,
    actor: &str,
    at: Timestamp,
) -> Result<TriageOutcome, TriageError> {
    let outcome = store.undo_triage(which, actor, at)?;
    if did_something(&outcome) {
        return Ok(outcome);
    }
    Err(match which {
        WhichBatch::Last => TriageError::NothingToUndo { actor: actor.to_owned() },
        WhichBatch::Named(batch) => TriageError::NoSuchBatch { batch: batch.clone() },
    })
}

/// Does a batch again that was taken back: the last that the actor took back, or a given one.
///
/// # Errors
/// [`TriageError`] where there is no such batch or the database cannot be written.
pub fn redo(
    store: &Store,
    which: &WhichBatch,
    actor: &str,
    at: Timestamp,
) -> Result<TriageOutcome, TriageError> {
    let outcome = store.redo_triage(which, actor, at)?;
    if did_something(&outcome) {
        return Ok(outcome);
    }
    Err(match which {
        WhichBatch::Last => TriageError::NothingToRedo { actor: actor.to_owned() },
        WhichBatch::Named(batch) => TriageError::NoSuchBatch { batch: batch.clone() },
    })
}

fn did_something(outcome: &TriageOutcome) -> bool {
    !outcome.changes.is_empty() || !outcome.refused.is_empty()
}
