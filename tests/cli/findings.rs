//! `cstack findings`

use crate::fleet::{contoso, fleet, run, store_of};
use crate::machine::Machine;

fn id(rule: &str) -> String {
    let found = contoso().into_iter().find(|finding| finding.rule == rule).unwrap();
    found.short_id().to_owned()
}

fn rules(listed: &str) -> Vec<String> {
    let listed: serde_json::Value = serde_json::from_str(listed).unwrap();
    let findings = listed["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_list_shows_what_asks_for_attention_worst_first() {
    insta::assert_snapshot!(fleet().told(&["findings", "list"]));
}

#[test]
fn a_list_can_be_filtered_in_every_way_at_once() {
    let machine = fleet();
    let listed = machine.told(&[
        "findings",
        "list",
        "--tenant",
        "contoso",
        "--group",
        "gold",
        "--severity",
        "medium+",
        "--category",
        "exclusion",
        "--state",
        "all",
        "--query",
        "EXCLUDED stale",
        "--format",
        "json",
    ]);
    assert_eq!(rules(&listed), ["exclusion.stale-user"]);
}

#[test]
fn a_severity_is_exact_and_a_plus_means_and_worse() {
    let machine = fleet();
    let of = |severity: &str| {
        rules(&machine.told(&["findings", "list", "--severity", severity, "--format", "json"]))
    };
    assert_eq!(of("high"), ["rule.mfa-all-users"]);
    assert_eq!(of("high+"), ["rule.mfa-admins", "rule.mfa-all-users"]);
    assert_eq!(of("low,critical"), ["rule.mfa-admins", "rule.report-only-graduated"]);
}

#[test]
fn a_table_that_is_cut_says_so_on_standard_error() {
    let machine = fleet();
    assert_eq!(
        machine.remarked(&["findings", "list", "--limit", "2"]),
        "2 of 5 findings; --limit 0 lists all\n"
    );
    assert_eq!(machine.remarked(&["findings", "list", "--limit", "0"]), "");
}

#[test]
fn a_summary_counts_by_tenant() {
    insta::assert_snapshot!(fleet().told(&["findings", "summary"]));
}

#[test]
fn an_acceptance_can_be_shown_with_its_history_and_taken_back() {
    let machine = fleet();
    let id = id("exclusion.creep");
    let reason = "the vendor ends support in May";
    let until = "2099-05-01";
    let told = machine.told(&["findings", "accept", &id, "--until", until, "--reason", reason]);
    assert_eq!(
        told,
        format!(
            "{id}  exclusion.creep  contoso  Require MFA: open -> accepted until 2099-05-01 00:00 UTC\n"
        )
    );
    let shown = machine.told(&["findings", "show", &id]);
    for part in [reason, "accepted", "j.ryan", "dana", "opened"] {
        assert!(shown.contains(part), "{part:?} is missing:\n{shown}");
    }
    assert!(machine.told(&["findings", "undo"]).ends_with("accepted -> open\n"));
    assert!(machine.told(&["findings", "redo"]).contains("open -> accepted until 2099-05-01"));
    let history = machine.told(&["findings", "history", &id, "--format", "csv"]);
    let actions: Vec<_> = history.lines().skip(1).map(|l| l.split(',').nth(3).unwrap()).collect();
    assert_eq!(actions, ["opened", "accept", "undo", "redo"]);
}

#[test]
fn a_finding_is_shown_with_what_to_do_about_it() {
    let machine = fleet();
    let shown = machine.told(&["findings", "show", &id("rule.mfa-admins")]);
    for part in ["Why it matters", "What to do", "Snippet", "mitre:T1078.004"] {
        assert!(shown.contains(part), "{part:?} is missing:\n{shown}");
    }
}

#[test]
fn deciding_by_filter_asks_and_without_a_terminal_refuses() {
    let machine = fleet();
    let refused = machine.refused(2, &["findings", "ack", "--rule", "exclusion."]);
    assert!(refused.contains("--yes"), "{refused}");
    let told = machine.told(&["findings", "ack", "--rule", "exclusion.", "--yes"]);
    assert_eq!(told.lines().count(), 2, "{told}");
    let reopened =
        machine.told(&["findings", "list", "--state", "acknowledged", "--format", "json"]);
    assert_eq!(rules(&reopened).len(), 2);
}

#[test]
fn deciding_needs_to_be_told_about_what() {
    let machine = fleet();
    let nothing = machine.refused(2, &["findings", "confirm"]);
    assert!(nothing.contains("no finding is named"), "{nothing}");
    let both = machine.refused(2, &["findings", "confirm", "abc", "--tenant", "contoso"]);
    assert!(both.contains("one or the other"), "{both}");
    let none = machine.refused(1, &["findings", "confirm", "--rule", "no.such*", "--yes"]);
    assert!(none.contains("let no finding through"), "{none}");
}

#[test]
fn a_snooze_into_the_past_and_an_empty_reason_are_wrong_usage() {
    let machine = fleet();
    let id = id("exclusion.creep");
    let past = machine.refused(2, &["findings", "snooze", &id, "--until", "2020-01-01"]);
    assert!(past.contains("is not after"), "{past}");
    let soon = machine.refused(2, &["findings", "snooze", &id, "--until", "soon"]);
    assert!(soon.contains("--until: \"soon\" is not a time"), "{soon}");
    let empty = machine.refused(2, &["findings", "false-positive", &id, "--reason", " "]);
    assert!(empty.contains("needs a reason"), "{empty}");
}

#[test]
fn what_fits_one_finding_and_not_another_is_done_and_told() {
    let machine = fleet();
    let passed = vec![("exclusion.creep".to_owned(), vec!["Require MFA".to_owned()])];
    let store = store_of(&machine);
    store.merge_run(store::MergeRun { passed, ..run("contoso", Vec::new()) }).unwrap();
    let (resolved, open) = (id("exclusion.creep"), id("exclusion.stale-user"));
    let output = machine
        .cstack(&["findings", "ack", &resolved, &open, "--data-dir", "data"])
        .assert()
        .code(1)
        .get_output()
        .clone();
    let (stdout, stderr) = (machine.neutral(&output.stdout), machine.neutral(&output.stderr));
    assert!(stdout.ends_with("open -> acknowledged\n"), "{stdout}");
    assert!(stderr.contains("it is resolved; reopen it first"), "{stderr}");
    assert!(stderr.contains("1 of 2 findings were left alone"), "{stderr}");
}

#[test]
fn an_unknown_id_is_told_with_how_to_find_the_right_one() {
    let refused = fleet().refused(1, &["findings", "show", "ffffffffffff"]);
    assert!(refused.contains("no finding's id begins with \"ffffffffffff\""), "{refused}");
}

#[test]
fn undo_with_nothing_to_undo_says_so() {
    let refused = fleet().refused(1, &["findings", "undo"]);
    assert!(refused.contains("nothing to take back"), "{refused}");
}

#[test]
fn without_a_database_a_list_says_what_makes_one() {
    let refused = Machine::new().refused(1, &["findings", "list"]);
    assert!(refused.contains("cstack import"), "{refused}");
}

#[test]
fn a_title_from_a_tenant_cannot_steer_the_terminal() {
    let machine = fleet();
    let mut findings = contoso();
    for finding in &mut findings {
        finding.title = "\u{1b}[2J\u{202e}evil".into();
        finding.subject_label = "\u{1b}]0;x\u{7}label".into();
    }
    let store = store_of(&machine);
    store.merge_run(run("contoso", findings)).unwrap();
    let ack = ["findings", "ack", "--tenant", "contoso", "--yes"];
    for arguments in [&["findings", "list"][..], &ack[..]] {
        let told = machine.told(arguments);
        assert!(!told.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{told:?}");
    }
}

#[test]
fn a_filter_that_names_nothing_there_is_refused_with_what_may_be_meant() {
    let machine = fleet();
    for (arguments, meant) in [
        (["--tenant", "contosso"], "contoso"),
        (["--rule", "rule.mfa-admin"], "rule.mfa-admins"),
        (["--category", "exclusions"], "exclusion"),
    ] {
        let [option, name] = arguments;
        let told = machine.refused(2, &["findings", "list", option, name]);
        let expected = format!("{option}: there is no {name:?}; did you mean {meant:?}?");
        assert!(told.contains(&expected), "{told}");
    }
}
