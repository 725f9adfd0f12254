//! The life of a finding as a state machine: where it stands, and where a person's action takes it.
//!
//! Pure: the time is an argument, nothing is stored. What runs do is in [`super::sighting`], taking
//! back and doing again in [`super::replay`].

use jiff::Timestamp;
use model::finding::{FindingAction, FindingState};
use serde::{Deserialize, Serialize};

/// Where a finding stands: what its events add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The state.
    pub state: FindingState,
    /// End of a snooze or acceptance; absent in every other state.
    pub until: Option<Timestamp>,
    /// Who it is assigned to.
    pub assignee: Option<String>,
}

impl Standing {
    /// Where a finding stands that a run has just seen for the first time.
    pub fn new() -> Self {
        Self { state: FindingState::Open, until: None, assignee: None }
    }

    /// The same finding in another state that has no end.
    #[must_use]
    pub fn moved_to(&self, state: FindingState) -> Self {
        Self { state, until: None, assignee: self.assignee.clone() }
    }

    /// Whether a snooze or acceptance has run out at a time.
    pub fn has_ended(&self, at: Timestamp) -> bool {
        matches!(self.state, FindingState::Snoozed | FindingState::Accepted)
            && self.until.is_some_and(|until| until <= at)
    }

    /// How it reads at a time: an ended snooze or acceptance is open, even before a run says so.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Self {
        if self.has_ended(at) { self.moved_to(FindingState::Open) } else { self.clone() }
    }
}

impl Default for Standing {
    fn default() -> Self {
        Self::new()
    }
}

/// What a person can do with a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum TriageAction {
    /// Take it up.
    Acknowledge,
    /// Say that it is true.
    Confirm,
    /// Put it to sleep.
    Snooze {
        /// When it wakes; after the time of the action.
        until: Timestamp,
    },
    /// Accept the risk.
    Accept {
        /// When the acceptance ends; after the time of the action.
        until: Timestamp,
        /// Why; not empty.
        reason: String,
    },
    /// Say that it is wrong.
    FalsePositive {
        /// Why; not empty.
        reason: String,
    },
    /// Open it again.
    Reopen,
    /// Give it to somebody.
    Assign {
        /// To whom; nobody when absent.
        to: Option<String>,
    },
    /// Write something down.
    Note {
        /// What; not empty.
        text: String,
    },
}

/// Why an action cannot be done to a finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A run looked and no longer sees it.
    #[error("it is resolved; reopen it first")]
    Resolved,
    /// A snooze or acceptance that would end before it begins.
    #[error("it would end at {until}, which is not after {at}")]
    EndsBeforeItBegins {
        /// The end that was asked for.
        until: Timestamp,
        /// The time of the action.
        at: Timestamp,
    },
    /// A reason or a note is missing.
    #[error("{} needs {}", .action.as_str(), if *.action == FindingAction::Note { "a text" } else { "a reason" })]
    NoReason {
        /// What was asked for.
        action: FindingAction,
    },
}

impl TriageAction {
    /// The name under which it enters the history.
    pub fn kind(&self) -> FindingAction {
        match self {
            Self::Acknowledge => FindingAction::Acknowledge,
            Self::Confirm => FindingAction::Confirm,
            Self::Snooze { .. } => FindingAction::Snooze,
            Self::Accept { .. } => FindingAction::Accept,
            Self::FalsePositive { .. } => FindingAction::FalsePositive,
            Self::Reopen => FindingAction::Reopen,
            Self::Assign { .. } => FindingAction::Assign,
            Self::Note { .. } => FindingAction::Note,
        }
    }

    /// The reason or text that goes with it; empty where it has none.
    pub fn note(&self) -> &str {
        match self {
            Self::Accept { reason, .. } | Self::FalsePositive { reason } => reason,
            Self::Note { text } => text,
            _ => "",
        }
    }

    /// What is wrong with the action itself, whatever finding it is for.
    ///
    /// # Errors
    /// [`Refusal`] where a reason is missing or an end is not after `at`.
    pub fn check(&self, at: Timestamp) -> Result<(), Refusal> {
        if let Self::Accept { .. } | Self::FalsePositive { .. } | Self::Note { .. } = self
            && self.note().trim().is_empty()
        {
            return Err(Refusal::NoReason { action: self.kind() });
        }
        match self {
            Self::Snooze { until } | Self::Accept { until, .. } if *until <= at => {
                Err(Refusal::EndsBeforeItBegins { until: *until, at })
            }
            _ => Ok(()),
        }
    }

    /// Where the action takes a finding, or `None` where it changes nothing. A note moves nothing,
    /// and yet is an entry in the history: it gives the standing back.
    ///
    /// # Errors
    /// [`Refusal`] where the action does not fit the finding.
    pub fn apply(&self, standing: &Standing, at: Timestamp) -> Result<Option<Standing>, Refusal> {
        self.check(at)?;
        let now = standing.at(at);
        let judges = !matches!(self, Self::Reopen | Self::Assign { .. } | Self::Note { .. });
        if judges && now.state == FindingState::Resolved {
            return Err(Refusal::Resolved);
        }
        let after = match self {
            Self::Acknowledge => now.moved_to(FindingState::Acknowledged),
            Self::Confirm => now.moved_to(FindingState::Confirmed),
            Self::FalsePositive { .. } => now.moved_to(FindingState::FalsePositive),
            Self::Reopen => now.moved_to(FindingState::Open),
            Self::Snooze { until } => {
                Standing { until: Some(*until), ..now.moved_to(FindingState::Snoozed) }
            }
            Self::Accept { until, .. } => {
                Standing { until: Some(*until), ..now.moved_to(FindingState::Accepted) }
            }
            Self::Assign { to } => Standing { assignee: to.clone(), ..now.clone() },
            Self::Note { .. } => return Ok(Some(now)),
        };
        Ok((after != now).then_some(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn noon() -> Timestamp {
        time("2026-11-23T12:00:00Z")
    }

    fn accepted_until(until: &str) -> Standing {
        let accept = TriageAction::Accept {
            until: time(until),
            reason: "the vendor ends support in May".into(),
        };
        let open = Standing { assignee: Some("dana".into()), ..Standing::new() };
        accept.apply(&open, time("2026-11-01T00:00:00Z")).unwrap().unwrap()
    }

    #[test]
    fn an_acceptance_that_has_ended_reads_as_open_and_keeps_its_assignee() {
        let accepted = accepted_until("2026-11-23T12:00:00Z");
        assert_eq!(accepted.at(time("2026-11-23T11:59:59Z")), accepted);
        assert_eq!(
            accepted.at(noon()),
            Standing { state: FindingState::Open, until: None, assignee: Some("dana".into()) }
        );
    }

    #[test]
    fn acknowledging_twice_changes_nothing_the_second_time() {
        let once = TriageAction::Acknowledge.apply(&Standing::new(), noon()).unwrap().unwrap();
        assert_eq!(once.state, FindingState::Acknowledged);
        assert_eq!(TriageAction::Acknowledge.apply(&once, noon()), Ok(None));
    }

    #[test]
    fn a_judgement_ends_a_snooze_with_its_end() {
        let snooze = TriageAction::Snooze { until: time("2026-12-01T00:00:00Z") };
        let asleep = snooze.apply(&Standing::new(), noon()).unwrap().unwrap();
        let confirmed = TriageAction::Confirm.apply(&asleep, noon()).unwrap().unwrap();
        assert_eq!((confirmed.state, confirmed.until), (FindingState::Confirmed, None));
    }

    #[test]
    fn a_resolved_finding_can_be_reopened_and_annotated_but_not_judged() {
        let resolved = Standing::new().moved_to(FindingState::Resolved);
        assert_eq!(TriageAction::Confirm.apply(&resolved, noon()), Err(Refusal::Resolved));
        let note = TriageAction::Note { text: "fixed by ticket 4711".into() };
        assert_eq!(note.apply(&resolved, noon()), Ok(Some(resolved.clone())));
        assert_eq!(TriageAction::Reopen.apply(&resolved, noon()), Ok(Some(Standing::new())));
    }

    #[test]
    fn accepting_and_judging_wrong_need_a_reason() {
        for action in [
            TriageAction::Accept { until: time("2027-01-01T00:00:00Z"), reason: " ".into() },
            TriageAction::FalsePositive { reason: String::new() },
            TriageAction::Note { text: "\n".into() },
        ] {
            let refused = action.apply(&Standing::new(), noon());
            assert_eq!(refused, Err(Refusal::NoReason { action: action.kind() }));
        }
        assert_eq!(
            Refusal::NoReason { action: FindingAction::Accept }.to_string(),
            "accept needs a reason"
        );
    }

    #[test]
    fn a_snooze_cannot_end_before_it_begins() {
        let snooze = TriageAction::Snooze { until: noon() };
        assert_eq!(
            snooze.apply(&Standing::new(), noon()),
            Err(Refusal::EndsBeforeItBegins { until: noon(), at: noon() })
        );
    }

    #[test]
    fn assigning_leaves_the_state_alone() {
        let asleep = accepted_until("2027-01-01T00:00:00Z");
        let given = TriageAction::Assign { to: None }.apply(&asleep, noon()).unwrap().unwrap();
        assert_eq!(given, Standing { assignee: None, ..asleep });
    }
}
