use model::finding::FindingState;
use model::rule::Severity;

use super::*;
use crate::findings::{LeftAlone, Refusal, Standing, Stuck, WhichBatch};

const MORNING: &str = "2026-11-02T09:00:00Z";
const NOON: &str = "2026-11-02T12:00:00Z";

fn two(folder: &Folder) -> (String, String) {
    let one = finding("rule.mfa-admins", Severity::Critical, "p1", facts());
    let other = finding("rule.mfa-admins", Severity::Critical, "p2", facts());
    let ids = (one.fingerprint.clone(), other.fingerprint.clone());
    folder.store.merge_run(run("2026-11-01T02:00:00Z", vec![one, other])).unwrap();
    ids
}

#[test]
fn an_acceptance_keeps_reason_end_actor_and_time() {
    let folder = store();
    let (id, _) = two(&folder);
    let outcome = folder.act(MORNING, "dana", accept("2027-05-01T00:00:00Z"), &[&id]);
    let change = &outcome.changes[0];
    assert_eq!(change.before, Standing::new());
    assert_eq!(change.after.until, Some(time("2027-05-01T00:00:00Z")));
    assert_eq!(change.finding, folder.one(&id, MORNING));
    assert_eq!(change.finding.note, "the scanner cannot do MFA before May");

    let event = folder.store.finding_history(&id).unwrap().remove(1);
    assert_eq!((event.actor.as_str(), event.occurred_at), ("dana", time(MORNING)));
    assert_eq!(Some(event.batch), outcome.batch);
}

#[test]
fn an_ended_acceptance_reads_as_open_before_any_run() {
    let folder = store();
    let (id, _) = two(&folder);
    folder.act(MORNING, "dana", accept("2026-12-01T00:00:00Z"), &[&id]);
    assert_eq!(folder.one(&id, "2026-11-30T23:59:59Z").state, FindingState::Accepted);
    let ended = folder.one(&id, "2026-12-01T00:00:00Z");
    assert_eq!((ended.state, ended.until), (FindingState::Open, None));
}

#[test]
fn a_finding_that_was_decided_otherwise_meanwhile_is_left_alone() {
    let folder = store();
    let (one, other) = two(&folder);
    folder.act(MORNING, "eli", TriageAction::Confirm, &[&one]);
    let expected = Some(FindingState::Open);
    let outcome = folder
        .store
        .triage(&TriageRequest {
            action: TriageAction::Acknowledge,
            targets: [&one, &other].map(|id| Target { fingerprint: id.clone(), expected }).to_vec(),
            actor: "dana".into(),
            at: time(NOON),
        })
        .unwrap();
    assert_eq!(outcome.changes.len(), 1);
    assert_eq!(outcome.refused[0].fingerprint, one);
    assert_eq!(outcome.refused[0].reason.to_string(), "it was open and is confirmed by now");
    assert_eq!(folder.one(&one, NOON).state, FindingState::Confirmed);
}

#[test]
fn what_is_that_way_already_is_reported_and_not_written() {
    let folder = store();
    let (id, _) = two(&folder);
    folder.act(MORNING, "dana", TriageAction::Acknowledge, &[&id]);
    let again = folder.act(NOON, "dana", TriageAction::Acknowledge, &[&id]);
    assert_eq!((again.batch, again.unchanged.len()), (None, 1));
    assert_eq!(folder.events(&id).len(), 2);
}

#[test]
fn unknown_and_unfitting_findings_do_not_stop_the_others() {
    let folder = store();
    let (one, other) = two(&folder);
    folder.store.merge_run(passing(MORNING, "rule.mfa-admins", "p1")).unwrap();
    let outcome = folder.act(NOON, "dana", TriageAction::Confirm, &[&one, &other, "ffff"]);
    assert_eq!(outcome.changes.len(), 1);
    let mut reasons: Vec<_> = outcome.refused.into_iter().map(|refused| refused.reason).collect();
    reasons.sort_by_key(ToString::to_string);
    assert_eq!(reasons, [LeftAlone::Refused(Refusal::Resolved), LeftAlone::Unknown]);
}

#[test]
fn undo_takes_back_the_actors_last_batch_whole() {
    let folder = store();
    let (one, other) = two(&folder);
    folder.act(MORNING, "dana", TriageAction::Acknowledge, &[&one]);
    folder.act(MORNING, "dana", accept("2027-05-01T00:00:00Z"), &[&one, &other]);
    folder.act(MORNING, "eli", TriageAction::Note { text: "seen in the portal".into() }, &[&one]);

    let undone = folder.store.undo_triage(&WhichBatch::Last, "dana", time(NOON)).unwrap();
    assert_eq!(undone.changes.len(), 2);
    assert_eq!(folder.one(&one, NOON).state, FindingState::Acknowledged);
    assert_eq!(folder.one(&other, NOON).state, FindingState::Open);
    assert_eq!(folder.one(&one, NOON).note, "seen in the portal", "eli's note stands");
    assert_eq!(folder.one(&other, NOON).note, "", "the reason went with its acceptance");
}

#[test]
fn undo_walks_back_and_redo_forth_again() {
    let folder = store();
    let (id, _) = two(&folder);
    folder.act(MORNING, "dana", TriageAction::Acknowledge, &[&id]);
    folder.act(MORNING, "dana", TriageAction::Confirm, &[&id]);
    let states = |folder: &Folder| folder.one(&id, NOON).state;
    let undo = || folder.store.undo_triage(&WhichBatch::Last, "dana", time(NOON)).unwrap();
    let redo = || folder.store.redo_triage(&WhichBatch::Last, "dana", time(NOON)).unwrap();

    undo();
    assert_eq!(states(&folder), FindingState::Acknowledged);
    undo();
    assert_eq!(states(&folder), FindingState::Open);
    assert_eq!(undo().batch, None, "nothing is left");
    redo();
    assert_eq!(states(&folder), FindingState::Acknowledged);
    redo();
    assert_eq!(states(&folder), FindingState::Confirmed);
    assert_eq!(redo().batch, None, "nothing is left");
    undo();
    assert_eq!(states(&folder), FindingState::Acknowledged);
}

#[test]
fn what_somebody_moved_since_is_not_undone() {
    let folder = store();
    let (one, other) = two(&folder);
    let batch =
        folder.act(MORNING, "dana", TriageAction::Acknowledge, &[&one, &other]).batch.unwrap();
    folder.act(MORNING, "eli", TriageAction::Confirm, &[&one]);
    let undone =
        folder.store.undo_triage(&WhichBatch::Named(batch.clone()), "dana", time(NOON)).unwrap();
    assert_eq!(undone.changes.len(), 1);
    assert_eq!(
        undone.refused[0].reason,
        LeftAlone::Stuck(Stuck::Moved { actor: "eli".into(), action: "confirm" })
    );
    assert_eq!(folder.one(&one, NOON).state, FindingState::Confirmed);

    folder.store.undo_triage(&WhichBatch::Last, "eli", time(NOON)).unwrap();
    folder.store.undo_triage(&WhichBatch::Named(batch), "dana", time(NOON)).unwrap();
    assert_eq!(folder.one(&one, NOON).state, FindingState::Open);
}

#[test]
fn what_a_run_found_is_not_undone() {
    let folder = store();
    let (id, _) = two(&folder);
    let run = folder.store.finding_history(&id).unwrap().remove(0).batch;
    let outcome = folder.store.undo_triage(&WhichBatch::Named(run), "dana", time(NOON)).unwrap();
    assert!(outcome.changes.is_empty());
    assert!(
        outcome.refused.iter().all(|refused| refused.reason == LeftAlone::Stuck(Stuck::ByARun))
    );
}

#[test]
fn undo_touches_nobody_elses_batch() {
    let folder = store();
    let (id, _) = two(&folder);
    folder.act(MORNING, "eli", TriageAction::Confirm, &[&id]);
    let outcome = folder.store.undo_triage(&WhichBatch::Last, "dana", time(NOON)).unwrap();
    assert_eq!((outcome.of_batch, outcome.batch), (None, None));
    assert_eq!(folder.one(&id, NOON).state, FindingState::Confirmed);
}

#[test]
fn an_assignment_can_be_taken_back_like_a_state() {
    let folder = store();
    let (id, _) = two(&folder);
    folder.act(MORNING, "dana", TriageAction::Assign { to: Some("eli".into()) }, &[&id]);
    assert_eq!(folder.one(&id, NOON).assignee.as_deref(), Some("eli"));
    folder.store.undo_triage(&WhichBatch::Last, "dana", time(NOON)).unwrap();
    assert_eq!(folder.one(&id, NOON).assignee, None);
}
