//! Taking back and doing again, from the history alone.
//!
//! Events are only ever appended. Replaying them tells which are in effect: an `undo` takes the
//! events of its batch out, a `redo` puts them back. A batch can be taken back from a finding as
//! long as nothing after it moved the finding; notes, and evidence that changed under an open
//! finding, move nothing.

use model::finding::{FindingAction, FindingEvent};

use super::lifecycle::Standing;

/// An event with the standing around it.
#[derive(Debug, Clone)]
struct Layer<'e> {
    event: &'e FindingEvent,
    before: Standing,
    after: Standing,
}

impl Layer<'_> {
    fn moves(&self) -> bool {
        self.before != self.after
    }
}

/// What a finding's events add up to.
#[derive(Debug, Clone)]
pub struct History<'e> {
    effective: Vec<Layer<'e>>,
    undone: Vec<Layer<'e>>,
    standing: Standing,
}

/// Why a batch cannot be taken back or done again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// The batch did nothing to this finding, or is already taken back (or done again).
    #[error("there is nothing of it here")]
    Nothing,
    /// Something after it moved the finding.
    #[error("{actor} has changed it since ({action})")]
    Moved {
        /// Who moved it.
        actor: String,
        /// How.
        action: &'static str,
    },
    /// What a run found cannot be taken back.
    #[error("what a run found cannot be taken back; a person's action can")]
    ByARun,
}

impl<'e> History<'e> {
    /// Replays a finding's events, oldest first.
    pub fn replay(events: impl IntoIterator<Item = &'e FindingEvent>) -> Self {
        let mut history =
            Self { effective: Vec::new(), undone: Vec::new(), standing: Standing::new() };
        for event in events {
            history.push(event);
        }
        history
    }

    fn push(&mut self, event: &'e FindingEvent) {
        let after =
            Standing { state: event.to, until: event.until, assignee: event.assignee.clone() };
        match (event.action, event.of_batch.as_deref()) {
            (FindingAction::Undo, Some(batch)) => {
                transfer(&mut self.effective, &mut self.undone, batch);
            }
            (FindingAction::Redo, Some(batch)) => {
                transfer(&mut self.undone, &mut self.effective, batch);
            }
            _ => self.effective.push(Layer {
                event,
                before: self.standing.clone(),
                after: after.clone(),
            }),
        }
        self.standing = after;
    }

    /// Where the finding stands after all of them, before the clock is asked.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The last reason or note that a person gave and did not take back.
    pub fn note(&self) -> &'e str {
        self.effective
            .iter()
            .rev()
            .filter(|layer| is_by_a_person(layer.event.action))
            .map(|layer| layer.event.note.as_str())
            .find(|note| !note.is_empty())
            .unwrap_or_default()
    }

    /// Where the finding stands once a batch is taken back.
    ///
    /// # Errors
    /// [`Stuck`] where it cannot be.
    pub fn without(&self, batch: &str) -> Result<Standing, Stuck> {
        let of_batch = |layer: &&Layer<'_>| layer.event.batch == batch;
        let first = self.effective.iter().position(|layer| layer.event.batch == batch);
        let rest = self.effective.get(first.ok_or(Stuck::Nothing)?..).unwrap_or_default();
        if rest.iter().filter(of_batch).any(|layer| !is_by_a_person(layer.event.action)) {
            return Err(Stuck::ByARun);
        }
        let Some(before) = rest.iter().filter(of_batch).find(|layer| layer.moves()) else {
            return Ok(self.standing.clone());
        };
        match rest.iter().find(|layer| layer.event.batch != batch && layer.moves()) {
            Some(later) => Err(Stuck::Moved {
                actor: later.event.actor.clone(),
                action: later.event.action.as_str(),
            }),
            None => Ok(before.before.clone()),
        }
    }

    /// Where the finding stands once a batch that was taken back is done again.
    ///
    /// # Errors
    /// [`Stuck`] where it cannot be.
    pub fn with_again(&self, batch: &str) -> Result<Standing, Stuck> {
        let mut layers = self.undone.iter().filter(|layer| layer.event.batch == batch).peekable();
        layers.peek().ok_or(Stuck::Nothing)?;
        let mut moving = layers.filter(|layer| layer.moves());
        let Some(first) = moving.next() else {
            return Ok(self.standing.clone());
        };
        if first.before == self.standing {
            return Ok(moving.next_back().unwrap_or(first).after.clone());
        }
        let by = self.effective.iter().rev().find(|layer| layer.moves());
        Err(Stuck::Moved {
            actor: by.map_or_else(|| "somebody".to_owned(), |layer| layer.event.actor.clone()),
            action: by.map_or("undo", |layer| layer.event.action.as_str()),
        })
    }
}

fn transfer<'e>(from: &mut Vec<Layer<'e>>, to: &mut Vec<Layer<'e>>, batch: &str) {
    let (moved, kept): (Vec<_>, Vec<_>) =
        from.drain(..).partition(|layer| layer.event.batch == batch);
    *from = kept;
    to.extend(moved);
}

/// Whether people do this, and not runs; undo and redo are of neither.
pub(crate) fn is_by_a_person(action: FindingAction) -> bool {
    use FindingAction as A;
    match action {
        A::Acknowledge
        | A::Confirm
        | A::Snooze
        | A::Accept
        | A::FalsePositive
        | A::Reopen
        | A::Assign
        | A::Note => true,
        A::Opened
        | A::Reopened
        | A::Resolved
        | A::Worsened
        | A::Changed
        | A::Expired
        | A::Undo
        | A::Redo => false,
    }
}
