//! `cstack run`

use std::fs;

use serde_json::{Value, json};

use crate::exports::{harbourlight_folder, mfa_for_everybody};
use crate::machine::Machine;

const RUN: [&str; 3] = ["--config", "night.toml", "run"];

/// A machine with this configuration in `night.toml`, which names the files beside it: a folder
/// `alpha` with a policy, and a file `beta.json` that is torn.
fn night(config: &str) -> Machine {
    let machine = Machine::new();
    fs::create_dir(machine.path("alpha")).unwrap();
    machine.write("alpha/policies.json", &json!([mfa_for_everybody()]));
    fs::write(machine.path("beta.json"), "[{\"id\":").unwrap();
    fs::write(machine.path("night.toml"), config).unwrap();
    machine
}

const ALPHA: &str = "[sources.alpha]\npaths = [\"alpha\"]\n";
const BETA: &str = "[sources.beta]\npaths = [\"beta.json\"]\n";

fn tenants(fleet: &Value) -> Vec<&str> {
    let tenants = fleet["tenants"].as_array().unwrap();
    tenants.iter().map(|tenant| tenant["tenant"].as_str().unwrap()).collect()
}

fn all(more: &[&'static str]) -> Vec<&'static str> {
    [&RUN[..], more].concat()
}

#[test]
fn configured_sources_are_imported_audited_and_reported_in_one_go() {
    let config = format!("{ALPHA}[sources.harbourlight]\npaths = [{:?}]\n", harbourlight_folder());
    let machine = night(&config);
    let fleet = machine.json(&all(&["--all"]));
    assert_eq!(fleet["kind"], "fleet");
    assert_eq!(tenants(&fleet), ["alpha", "harbourlight"]);
    assert_eq!(fleet["tenants"][1]["users"], 60);
    assert!(fleet["totals"]["results"]["fail"].as_u64().unwrap() > 0, "{fleet}");
    let recorded = machine.json(&["findings", "list", "--tenant", "alpha"]);
    let found = fleet["tenants"][0]["findings"].as_object().unwrap().values();
    let found: u64 = found.map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(recorded["findings"].as_array().unwrap().len() as u64, found);
}

#[test]
fn a_second_night_finds_the_same() {
    let machine = night(ALPHA);
    let first = machine.remarked(&RUN);
    assert!(first.contains(" opened, 0 reopened, 0 worsened, 0 resolved, 0 changed, 0 as before"));
    let second = machine.remarked(&RUN);
    assert!(second.starts_with("0 opened, 0 reopened, 0 worsened, 0 resolved, 0 changed, "));
}

#[test]
fn a_tenant_that_fails_stops_no_other_and_is_told_with_the_reason() {
    let machine = night(&format!("{ALPHA}{BETA}"));
    let (stdout, stderr) = machine.ended(3, &RUN);
    assert!(stderr.starts_with("error: tenant beta: beta.json:1: not JSON"), "{stderr}");
    assert!(stdout.contains("\nalpha "), "{stdout}");
    let (_, quiet) = machine.ended(3, &all(&["--quiet"]));
    assert_eq!(quiet.lines().count(), 1, "errors stay, remarks go: {quiet}");
}

#[test]
fn a_tenant_whose_import_fails_is_audited_as_it_was() {
    let machine = night(ALPHA);
    machine.told(&RUN);
    fs::write(machine.path("alpha/policies.json"), "[{\"id\":").unwrap();
    let (stdout, stderr) = machine.ended(3, &all(&["--format", "json"]));
    assert!(stderr.contains("error: tenant alpha: alpha/policies.json:1: not JSON"), "{stderr}");
    let fleet: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(fleet["tenants"][0]["policies"], 1);
    assert!(fleet["tenants"][0]["error"].is_null(), "{fleet}");
}

#[test]
fn the_summary_shows_who_failed_and_why() {
    let machine = night(ALPHA);
    machine.told(&["tenant", "add", "empty", "--display-name", "Empty Ltd"]);
    let (stdout, _) = machine.ended(3, &RUN);
    insta::assert_snapshot!(stdout);
}

#[test]
fn a_tenant_that_is_not_asked_for_is_left_alone() {
    let machine = night(&format!("{ALPHA}{BETA}"));
    assert_eq!(tenants(&machine.json(&all(&["--tenant", "alpha"]))), ["alpha"]);
    machine.told(&["tenant", "group", "add", "alpha", "gold"]);
    assert_eq!(tenants(&machine.json(&all(&["--group", "gold"]))), ["alpha"]);
}

#[test]
fn findings_end_a_run_with_code_10_and_a_failed_tenant_outranks_them() {
    let machine = night(ALPHA);
    machine.ended(10, &all(&["--fail-on", "high"]));
    fs::write(machine.path("night.toml"), format!("{ALPHA}{BETA}")).unwrap();
    machine.ended(3, &all(&["--fail-on", "high"]));
}

#[test]
fn what_vanished_from_a_source_is_retired_unless_the_source_is_a_part() {
    let machine = night(ALPHA);
    let mut second = mfa_for_everybody();
    second["id"] = json!("5a0f0000-0000-4000-8000-000000000002");
    let both = json!([mfa_for_everybody(), second]);
    let policies = |config: &str, policies: &Value| {
        fs::write(machine.path("night.toml"), config).unwrap();
        machine.write("alpha/policies.json", policies);
        machine.json(&RUN)["tenants"][0]["policies"].clone()
    };
    assert_eq!(policies(ALPHA, &both), 2);
    assert_eq!(policies(&format!("{ALPHA}partial = true\n"), &json!([mfa_for_everybody()])), 2);
    assert_eq!(policies(ALPHA, &json!([mfa_for_everybody()])), 1);
}

#[test]
fn a_tenant_or_group_that_nobody_knows_is_named_and_no_quiet_night() {
    let machine = night(ALPHA);
    let tenant = machine.refused(1, &all(&["--tenant", "nobody"]));
    assert!(tenant.contains("there is no tenant \"nobody\""), "{tenant}");
    let group = machine.refused(1, &all(&["--group", "glod"]));
    assert!(group.starts_with("error: no tenant is in the group glod"), "{group}");
}

#[test]
fn a_run_with_nothing_to_do_says_so() {
    let (stdout, _) = Machine::new().ended(0, &["run"]);
    assert_eq!(stdout, "The fleet has no tenant.\n");
}

#[test]
fn a_source_that_was_never_imported_is_a_failed_tenant_and_the_others_are_done() {
    let machine = night(&format!("{ALPHA}{BETA}"));
    let named = all(&["--tenant", "alpha", "--tenant", "beta", "--format", "json"]);
    for arguments in [named, all(&["--format", "json"])] {
        let (stdout, _) = machine.ended(3, &arguments);
        let fleet: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(tenants(&fleet), ["alpha", "beta"]);
        assert_eq!(fleet["totals"]["failed"], 1);
        let why = fleet["tenants"][1]["error"].as_str().unwrap();
        assert!(why.starts_with("beta.json:1: not JSON"), "{why}");
    }
}

#[test]
fn only_those_asked_for_are_audited_even_if_none_of_them_could_be_imported() {
    let machine = night(&format!("{ALPHA}{BETA}"));
    machine.ended(3, &RUN);
    let (stdout, _) = machine.ended(3, &all(&["--tenant", "beta", "--format", "json"]));
    let fleet: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(tenants(&fleet), ["beta"]);
}

#[test]
fn the_summary_says_which_audits_are_of_an_earlier_snapshot() {
    let machine = night(ALPHA);
    machine.told(&RUN);
    fs::write(machine.path("alpha/policies.json"), "[{\"id\":").unwrap();
    let (stdout, _) = machine.ended(3, &RUN);
    assert!(stdout.contains("Not imported, and audited as they were\n"), "{stdout}");
    let (json, _) = machine.ended(3, &all(&["--format", "json"]));
    let fleet: Value = serde_json::from_str(&json).unwrap();
    assert!(fleet["tenants"][0]["importError"].as_str().unwrap().contains("not JSON"));
}

#[test]
fn a_source_under_a_name_that_no_tenant_can_have_is_refused_with_its_line() {
    let machine = night("[sources.\"Bad Name\"]\npaths = [\"alpha\"]\n");
    let (_, stderr) = machine.ended(2, &RUN);
    assert!(stderr.contains("night.toml:1: ") && stderr.contains("Bad Name"), "{stderr}");
}

#[test]
fn a_rule_that_is_misspelt_in_the_settings_is_refused_with_the_nearest_name() {
    for setting in ["disable = [\"rule.mfa-admin\"]", "severity = { \"rule.mfa-admin\" = \"low\" }"]
    {
        let machine = night(&format!("[audit]\n{setting}\n{ALPHA}"));
        for arguments in [&RUN[..], &["--config", "night.toml", "config", "validate"]] {
            let (_, stderr) = machine.ended(2, arguments);
            assert!(stderr.contains("did you mean \"rule.mfa-admins\""), "{stderr}");
        }
    }
}
