use model::finding::FindingState;
use model::rule::Severity;
use model::run::MergeCounts;
use serde_json::json;

use super::*;

#[test]
fn a_finding_seen_for_the_first_time_is_opened() {
    let folder = store();
    let counts =
        folder.store.merge_run(run("2026-11-01T02:00:00Z", vec![admins(facts())])).unwrap();
    assert_eq!(counts, MergeCounts { opened: 1, ..MergeCounts::default() });

    let seen = folder.one(&admins(facts()).fingerprint, "2026-11-02T00:00:00Z");
    assert_eq!(seen.finding, admins(facts()));
    assert_eq!(seen.state, FindingState::Open);
    assert_eq!(seen.first_seen, time("2026-11-01T02:00:00Z"));
    assert_eq!(folder.events(&seen.finding.fingerprint), ["opened open>open"]);
}

#[test]
fn the_same_run_twice_writes_nothing() {
    let folder = store();
    let once = run("2026-11-01T02:00:00.123456789Z", vec![admins(facts())]);
    folder.store.merge_run(once.clone()).unwrap();
    let before = folder.store.revision().unwrap();

    let counts = folder.store.merge_run(once).unwrap();
    assert_eq!(counts, MergeCounts { unchanged: 1, ..MergeCounts::default() });
    assert_eq!(folder.store.revision().unwrap(), before);
}

#[test]
fn a_later_run_that_sees_the_same_moves_on_only_when_it_was_last_seen() {
    let folder = store();
    let id = folder.with("2026-11-01T02:00:00Z", admins(facts()));
    folder.with("2026-11-02T02:00:00Z", admins(facts()));
    let seen = folder.one(&id, "2026-11-03T00:00:00Z");
    assert_eq!(seen.first_seen, time("2026-11-01T02:00:00Z"));
    assert_eq!(seen.last_seen, time("2026-11-02T02:00:00Z"));
    assert_eq!(folder.events(&id), ["opened open>open"]);
}

#[test]
fn a_pass_resolves_and_a_return_reopens() {
    let folder = store();
    let id = folder.with("2026-11-01T02:00:00Z", admins(facts()));
    let passed = passing("2026-11-02T02:00:00Z", "rule.mfa-admins", "tenant");
    assert_eq!(folder.store.merge_run(passed).unwrap().resolved, 1);
    assert_eq!(folder.one(&id, "2026-11-02T03:00:00Z").state, FindingState::Resolved);

    let back = folder.store.merge_run(run("2026-11-03T02:00:00Z", vec![admins(facts())])).unwrap();
    assert_eq!(back, MergeCounts { reopened: 1, ..MergeCounts::default() });
    assert_eq!(
        folder.events(&id),
        ["opened open>open", "resolved open>resolved", "reopened resolved>open"]
    );
}

#[test]
fn a_pass_seen_twice_resolves_once() {
    let folder = store();
    folder.with("2026-11-01T02:00:00Z", admins(facts()));
    for day in ["2026-11-02T02:00:00Z", "2026-11-03T02:00:00Z"] {
        folder.store.merge_run(passing(day, "rule.mfa-admins", "tenant")).unwrap();
    }
    assert_eq!(folder.events(&admins(facts()).fingerprint).len(), 2);
}

#[test]
fn a_run_that_could_not_tell_resolves_nothing() {
    let folder = store();
    let id = folder.with("2026-11-01T02:00:00Z", admins(facts()));
    let counts = folder.store.merge_run(run("2026-11-02T02:00:00Z", Vec::new())).unwrap();
    assert_eq!(counts, MergeCounts::default());
    let still = folder.one(&id, "2026-11-02T03:00:00Z");
    assert_eq!(still.state, FindingState::Open);
    assert_eq!(still.last_seen, time("2026-11-01T02:00:00Z"), "it was not seen again");
}

#[test]
fn a_pass_of_another_subject_or_another_tenant_resolves_nothing() {
    let folder = store();
    let id = folder.with(
        "2026-11-01T02:00:00Z",
        finding("rule.report-only-graduated", Severity::Low, "p1", facts()),
    );
    folder
        .store
        .merge_run(passing("2026-11-02T02:00:00Z", "rule.report-only-graduated", "p2"))
        .unwrap();
    let elsewhere = MergeRun {
        tenant: tenant("fabrikam"),
        ..passing("2026-11-02T02:00:00Z", "rule.report-only-graduated", "p1")
    };
    folder.store.merge_run(elsewhere).unwrap();
    assert_eq!(folder.one(&id, "2026-11-02T03:00:00Z").state, FindingState::Open);
}

#[test]
fn a_subject_that_is_gone_from_the_tenant_resolves_its_findings() {
    let folder = store();
    let id = folder.with(
        "2026-11-01T02:00:00Z",
        finding("rule.disabled-policies-old", Severity::Info, "p1", facts()),
    );
    let mut gone = run("2026-11-02T02:00:00Z", Vec::new());
    gone.retired_subjects.insert("p1".into());
    assert_eq!(folder.store.merge_run(gone).unwrap().resolved, 1);
    let events = folder.store.finding_history(&id).unwrap();
    assert_eq!(events[1].note, "its subject is gone from the tenant");
    assert_eq!(events[1].actor, "run");
}

#[test]
fn changed_evidence_of_an_open_finding_is_noted_and_leaves_it_where_it_stands() {
    let folder = store();
    let id = folder.with("2026-11-01T02:00:00Z", admins(facts()));
    folder.act("2026-11-01T09:00:00Z", "dana", TriageAction::Acknowledge, &[&id]);
    let more = admins(json!({"uncovered": ["a.smith", "b.jones", "c.brown"]}));
    let counts = folder.store.merge_run(run("2026-11-02T02:00:00Z", vec![more.clone()])).unwrap();
    assert_eq!(counts, MergeCounts { changed: 1, ..MergeCounts::default() });
    let now = folder.one(&id, "2026-11-02T03:00:00Z");
    assert_eq!((now.state, &now.finding), (FindingState::Acknowledged, &more));
}

#[test]
fn changed_evidence_under_an_acceptance_a_snooze_or_a_judgement_opens_it_again() {
    let until = time("2027-01-01T00:00:00Z");
    for action in [
        accept("2027-01-01T00:00:00Z"),
        TriageAction::Snooze { until },
        TriageAction::FalsePositive { reason: "tested by hand".into() },
    ] {
        let folder = store();
        let id = folder.with("2026-11-01T02:00:00Z", admins(facts()));
        folder.act("2026-11-01T09:00:00Z", "dana", action, &[&id]);
        let unchanged = folder.store.merge_run(run("2026-11-02T02:00:00Z", vec![admins(facts())]));
        assert_eq!(unchanged.unwrap(), MergeCounts { unchanged: 1, ..MergeCounts::default() });

        let more = admins(json!({"uncovered": ["everyone"]}));
        let counts = folder.store.merge_run(run("2026-11-03T02:00:00Z", vec![more])).unwrap();
        assert_eq!(counts, MergeCounts { worsened: 1, ..MergeCounts::default() });
        let now = folder.one(&id, "2026-11-03T03:00:00Z");
        assert_eq!((now.state, now.until), (FindingState::Open, None));
    }
}

#[test]
fn a_raised_severity_is_a_worsening_that_says_from_what_to_what() {
    let folder = store();
    let id = folder
        .with("2026-11-01T02:00:00Z", finding("exclusion.creep", Severity::Medium, "p1", facts()));
    let raised = finding("exclusion.creep", Severity::High, "p1", facts());
    let counts = folder.store.merge_run(run("2026-11-02T02:00:00Z", vec![raised])).unwrap();
    assert_eq!(counts, MergeCounts { worsened: 1, ..MergeCounts::default() });
    let events = folder.store.finding_history(&id).unwrap();
    assert_eq!(events[1].note, "severity medium to high");
    assert_eq!(folder.one(&id, "2026-11-02T03:00:00Z").finding.severity, Severity::High);
}

#[test]
fn an_ended_snooze_is_written_down_once_by_the_next_run() {
    let folder = store();
    let id = folder.with("2026-11-01T02:00:00Z", admins(facts()));
    let snooze = TriageAction::Snooze { until: time("2026-11-08T00:00:00Z") };
    folder.act("2026-11-01T09:00:00Z", "dana", snooze, &[&id]);
    for day in ["2026-11-08T02:00:00Z", "2026-11-09T02:00:00Z"] {
        folder.store.merge_run(run(day, vec![admins(facts())])).unwrap();
    }
    assert_eq!(
        folder.events(&id),
        ["opened open>open", "snooze open>snoozed", "expired snoozed>open"]
    );
}

#[test]
fn of_several_findings_with_one_fingerprint_the_worst_is_kept() {
    let folder = store();
    let twice = vec![
        finding("exclusion.creep", Severity::High, "p1", json!({"excluded": 40})),
        finding("exclusion.creep", Severity::Low, "p1", json!({"excluded": 12})),
        finding("exclusion.creep", Severity::High, "p1", json!({"excluded": 40})),
    ];
    let counts = folder.store.merge_run(run("2026-11-01T02:00:00Z", twice)).unwrap();
    assert_eq!(counts.opened, 1);
    let page =
        folder.store.findings(&FindingFilter::everything(), time("2026-11-02T00:00:00Z")).unwrap();
    assert_eq!(page.findings.len(), 1);
    assert_eq!(page.findings[0].finding.severity, Severity::High);
}

#[test]
fn a_new_title_is_shown_without_an_entry_in_the_history() {
    let folder = store();
    let id = folder.with("2026-11-01T02:00:00Z", admins(facts()));
    let renamed = Finding { title: "2 of 4 admins need no MFA".into(), ..admins(facts()) };
    folder.with("2026-11-02T02:00:00Z", renamed);
    assert_eq!(folder.one(&id, "2026-11-03T00:00:00Z").finding.title, "2 of 4 admins need no MFA");
    assert_eq!(folder.events(&id).len(), 1);
}

#[test]
fn a_tenant_with_another_name_keeps_its_findings_and_their_history() {
    let folder = store();
    folder.store.add_tenant(&registered("contoso")).unwrap();
    let old = folder.with("2026-11-01T02:00:00Z", admins(facts()));
    folder.act("2026-11-01T09:00:00Z", "dana", accept("2027-01-01T00:00:00Z"), &[&old]);
    folder.store.rename_tenant(&tenant("contoso"), &tenant("northwind")).unwrap();

    let seen = finding_of("northwind", "rule.mfa-admins", Severity::Critical, "tenant", facts());
    let again =
        MergeRun { tenant: tenant("northwind"), ..run("2026-11-02T02:00:00Z", vec![seen.clone()]) };
    let counts = folder.store.merge_run(again).unwrap();
    assert_eq!(counts, MergeCounts { unchanged: 1, ..MergeCounts::default() });
    assert_eq!(folder.one(&seen.fingerprint, "2026-11-03T00:00:00Z").state, FindingState::Accepted);
    assert_eq!(folder.events(&seen.fingerprint), ["opened open>open", "accept open>accepted"]);
}
