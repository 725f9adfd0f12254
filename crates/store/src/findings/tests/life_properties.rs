//! Whatever people and runs do to a finding, in whatever order: its history is only added to,
//! adds up to where it stands, and what was done last can be taken back and done again exactly.

use jiff::{SignedDuration, Timestamp};
use model::finding::{FindingAction, FindingEvent, FindingState};
use model::run::MergeCounts;
use proptest::prelude::*;

use super::{admins, facts, time};
use crate::findings::replay::is_by_a_person;
use crate::findings::sighting::{Known, MergeRun, plan};
use crate::findings::{History, Standing, TriageAction};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    Person(usize, Deed),
    Run(Sight),
    /// Hours pass.
    Wait(i64),
    Undo(usize),
    Redo(usize),
}

#[derive(Debug, Clone)]
enum Deed {
    Acknowledge,
    Confirm,
    Snooze(i64),
    Accept(i64),
    FalsePositive,
    Reopen,
    Assign(Option<u8>),
    Note,
}

#[derive(Debug, Clone, Copy)]
enum Sight {
    Same,
    Changed,
    Passed,
    CouldNotTell,
}

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        Just(Deed::Acknowledge),
        Just(Deed::Confirm),
        (1..72_i64).prop_map(Deed::Snooze),
        (1..72_i64).prop_map(Deed::Accept),
        Just(Deed::FalsePositive),
        Just(Deed::Reopen),
        proptest::option::of(0..3_u8).prop_map(Deed::Assign),
        Just(Deed::Note),
    ]
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let sights = prop_oneof![
        Just(Sight::Same),
        Just(Sight::Changed),
        Just(Sight::Passed),
        Just(Sight::CouldNotTell)
    ];
    let one = prop_oneof![
        6 => (0..2_usize, deeds()).prop_map(|(who, deed)| Happening::Person(who, deed)),
        2 => sights.prop_map(Happening::Run),
        2 => (1..48_i64).prop_map(Happening::Wait),
        3 => (0..8_usize).prop_map(Happening::Undo),
        2 => (0..8_usize).prop_map(Happening::Redo),
    ];
    proptest::collection::vec(one, 0..40)
}

/// One finding's life in memory, by the same rules as in the store.
struct Life {
    now: Timestamp,
    events: Vec<FindingEvent>,
    evidence: usize,
}

impl Life {
    fn begin() -> Self {
        let mut life = Self { now: time("2026-11-01T02:00:00Z"), events: Vec::new(), evidence: 0 };
        life.add("batch-0".into(), "run", FindingAction::Opened, &Standing::new(), None);
        life
    }

    fn standing(&self) -> Standing {
        History::replay(&self.events).standing().clone()
    }

    fn add(
        &mut self,
        batch: String,
        actor: &str,
        action: FindingAction,
        to: &Standing,
        of: Option<String>,
    ) {
        self.events.push(FindingEvent {
            id: format!("{:04}", self.events.len()),
            fingerprint: String::new(),
            batch,
            actor: actor.into(),
            occurred_at: self.now,
            action,
            from: self.standing().at(self.now).state,
            to: to.state,
            until: to.until,
            assignee: to.assignee.clone(),
            note: String::new(),
            of_batch: of,
        });
    }

    fn next_batch(&self) -> String {
        format!("batch-{}", self.events.len())
    }

    fn act(&mut self, who: usize, deed: &Deed) -> Option<String> {
        let in_hours = |hours: i64| self.now + SignedDuration::from_hours(hours);
        let action = match deed {
            Deed::Acknowledge => TriageAction::Acknowledge,
            Deed::Confirm => TriageAction::Confirm,
            Deed::Snooze(hours) => TriageAction::Snooze { until: in_hours(*hours) },
            Deed::Accept(hours) => {
                TriageAction::Accept { until: in_hours(*hours), reason: "r".into() }
            }
            Deed::FalsePositive => TriageAction::FalsePositive { reason: "r".into() },
            Deed::Reopen => TriageAction::Reopen,
            Deed::Assign(to) => TriageAction::Assign { to: to.map(|n| format!("person-{n}")) },
            Deed::Note => TriageAction::Note { text: "n".into() },
        };
        let after = action.apply(&self.standing(), self.now).ok()??;
        let batch = self.next_batch();
        self.add(batch.clone(), &format!("person-{who}"), action.kind(), &after, None);
        Some(batch)
    }

    fn run(&mut self, sight: Sight) -> MergeCounts {
        let mut seen = admins(facts());
        let known = Known {
            fingerprint: seen.fingerprint.clone(),
            content_hash: self.evidence.to_string(),
            rule: seen.rule.clone(),
            category: seen.category.clone(),
            title: seen.title.clone(),
            severity: seen.severity,
            subject: seen.subject.clone(),
            subject_label: seen.subject_label.clone(),
            standing: self.standing(),
            last_seen: self.now,
        };
        if matches!(sight, Sight::Changed) {
            self.evidence += 1;
        }
        seen.content_hash = self.evidence.to_string();
        let passed = vec![(seen.rule.clone(), seen.subject.clone())];
        let run = MergeRun {
            tenant: seen.tenant.clone(),
            run_id: self.next_batch(),
            as_of: self.now,
            findings: if matches!(sight, Sight::Same | Sight::Changed) {
                vec![seen]
            } else {
                Vec::new()
            },
            passed: if matches!(sight, Sight::Passed) { passed } else { Vec::new() },
            retired_subjects: std::collections::BTreeSet::new(),
        };
        let plan = plan(&[known], &run);
        for step in &plan.steps {
            self.add(run.run_id.clone(), "run", step.action, &step.to, None);
        }
        plan.counts
    }

    /// Takes back the batch of the event with this number, counted from the newest.
    fn undo(&mut self, back: usize) {
        let Some(batch) = self.events.iter().rev().nth(back).map(|event| event.batch.clone())
        else {
            return;
        };
        if let Ok(after) = History::replay(&self.events).without(&batch) {
            self.add(self.next_batch(), "person-0", FindingAction::Undo, &after, Some(batch));
        }
    }

    fn redo(&mut self, back: usize) {
        let undone = self.events.iter().rev().filter(|event| event.action == FindingAction::Undo);
        let Some(batch) = undone.filter_map(|event| event.of_batch.clone()).nth(back) else {
            return;
        };
        if let Ok(after) = History::replay(&self.events).with_again(&batch) {
            self.add(self.next_batch(), "person-0", FindingAction::Redo, &after, Some(batch));
        }
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Person(who, deed) => drop(self.act(*who, deed)),
            Happening::Run(sight) => drop(self.run(*sight)),
            Happening::Wait(hours) => self.now += SignedDuration::from_hours(*hours),
            Happening::Undo(back) => self.undo(*back),
            Happening::Redo(back) => self.redo(*back),
        }
    }

    fn after(happenings: &[Happening]) -> Self {
        let mut life = Self::begin();
        for happening in happenings {
            life.happen(happening);
        }
        life
    }
}

proptest! {
    #[test]
    fn history_is_only_ever_added_to(happenings in happenings()) {
        let mut life = Life::begin();
        for happening in &happenings {
            let before = life.events.clone();
            life.happen(happening);
            prop_assert_eq!(&life.events[..before.len()], &before[..]);
        }
    }

    #[test]
    fn only_a_snooze_or_an_acceptance_has_an_end(happenings in happenings()) {
        let standing = Life::after(&happenings).standing();
        let may_end = matches!(standing.state, FindingState::Snoozed | FindingState::Accepted);
        prop_assert_eq!(standing.until.is_some(), may_end);
    }

    #[test]
    fn undo_of_the_last_deed_restores_where_the_finding_stood(happenings in happenings(), deed in deeds()) {
        let mut life = Life::after(&happenings);
        let before = life.standing().at(life.now);
        if life.act(0, &deed).is_some() {
            life.undo(0);
            prop_assert_eq!(life.standing().at(life.now), before);
            prop_assert_eq!(life.events.last().map(|event| event.action), Some(FindingAction::Undo));
        }
    }

    #[test]
    fn undo_and_then_redo_is_as_if_nothing_had_happened(happenings in happenings(), deed in deeds()) {
        let mut life = Life::after(&happenings);
        if life.act(0, &deed).is_some() {
            let done = life.standing();
            life.undo(0);
            life.redo(0);
            prop_assert_eq!(life.standing(), done);
            prop_assert_eq!(life.events.last().map(|event| event.action), Some(FindingAction::Redo));
        }
    }

    #[test]
    fn all_deeds_since_a_point_can_be_taken_back_to_it(
        happenings in happenings(),
        deeds in proptest::collection::vec(deeds(), 1..8),
    ) {
        let mut life = Life::after(&happenings);
        let start = life.standing().at(life.now);
        let batches: Vec<_> = deeds.iter().filter_map(|deed| life.act(0, deed)).collect();
        for batch in batches.iter().rev() {
            let after = History::replay(&life.events).without(batch);
            prop_assert!(after.is_ok(), "{:?}", after);
            let after = after.unwrap();
            life.add(life.next_batch(), "person-0", FindingAction::Undo, &after, Some(batch.clone()));
        }
        prop_assert_eq!(life.standing().at(life.now), start);
    }

    #[test]
    fn a_batch_is_never_taken_back_twice(happenings in happenings(), deed in deeds()) {
        let mut life = Life::after(&happenings);
        if let Some(batch) = life.act(0, &deed) {
            life.undo(0);
            prop_assert!(History::replay(&life.events).without(&batch).is_err());
        }
    }

    #[test]
    fn what_runs_found_is_never_taken_back(happenings in happenings()) {
        let life = Life::after(&happenings);
        let by_person = |batch: &str| {
            life.events.iter().any(|event| event.batch == batch && is_by_a_person(event.action))
        };
        for event in life.events.iter().filter(|event| event.action == FindingAction::Undo) {
            prop_assert!(by_person(event.of_batch.as_deref().unwrap_or_default()));
        }
    }

    #[test]
    fn the_same_run_again_finds_nothing_to_do(happenings in happenings()) {
        let mut life = Life::after(&happenings);
        for sight in [Sight::Same, Sight::Passed, Sight::CouldNotTell] {
            life.run(sight);
            let events = life.events.len();
            life.run(sight);
            prop_assert_eq!(life.events.len(), events);
        }
    }
}
