//! `cstack rules`

use std::fs;

use serde_json::{Value, json};

use crate::exports::{OWN_RULE, emergency, harbourlight, mfa_for_everybody};
use crate::machine::Machine;

/// The examples of [`OWN_RULE`].
const EXAMPLES: &str = r#"
[[test]]
name = "MFA is not a managed device"
policies = "mfa.json"
status = "fail"
"#;

fn own() -> String {
    format!("{OWN_RULE}{EXAMPLES}")
}

/// A machine with the rule, its example, and slips of it: a word that is none, a field that is
/// none, and no TOML.
fn with_files() -> Machine {
    let machine = Machine::new();
    machine.write("mfa.json", &json!([mfa_for_everybody()]));
    for (name, text) in [
        ("good.toml", own()),
        ("word.toml", own().replace("\"office365\"", "\"ofice365\"")),
        ("field.toml", own().replace("severity", "severty")),
        ("torn.toml", own().replace("subject = \"tenant\"", "subject = \"tenant")),
    ] {
        fs::write(machine.path(name), text).unwrap();
    }
    machine
}

fn own_folder(machine: &Machine) -> std::path::PathBuf {
    let folder = machine.path("home/.config/cstack/rules");
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_list_has_every_rule_in_force_with_what_it_needs() {
    let machine = Machine::new();
    let listed = machine.json(&["rules", "list"]);
    let rules = listed["rules"].as_array().unwrap();
    let find = |id: &str| rules.iter().find(|rule| rule["id"] == id).unwrap();
    assert_eq!(find("rule.mfa-admins")["severity"], "critical");
    assert_eq!(find("rule.risk-based-user")["licence"], "entra-id-p2");
    assert_eq!(find("exclusion.stale-user")["category"], "exclusion");
    let table = machine.told(&["rules", "list"]);
    assert!(table.ends_with(&format!("\n\n{} rules\n", rules.len())), "{table}");
}

#[test]
fn own_rules_are_listed_and_one_with_a_built_in_id_takes_its_place() {
    let machine = Machine::new();
    let count =
        |machine: &Machine| machine.json(&["rules", "list"])["rules"].as_array().unwrap().len();
    let before = count(&machine);
    let folder = own_folder(&machine);
    fs::write(folder.join("mail-managed-device.toml"), own()).unwrap();
    fs::write(folder.join("mfa-admins.toml"), own().replace("mail-managed-device", "mfa-admins"))
        .unwrap();
    assert_eq!(count(&machine), before + 1);
    let shown = machine.json(&["rules", "show", "rule.mfa-admins"]);
    assert_eq!(shown["rule"]["title"], "Mail is reached from managed devices only", "{shown}");
}

#[test]
fn a_rule_is_shown_with_why_and_what_to_do() {
    insta::assert_snapshot!(Machine::new().told(&[
        "rules",
        "show",
        "rule.trusted-locations-defined"
    ]));
}

#[test]
fn a_rule_may_be_named_in_short_and_an_unknown_one_is_told_with_the_nearest() {
    let machine = Machine::new();
    assert_eq!(
        machine.told(&["rules", "show", "mfa-admins"]),
        machine.told(&["rules", "show", "rule.mfa-admins"])
    );
    let told = machine.refused(2, &["rules", "show", "rule.mfa-admin"]);
    assert_eq!(told, "error: there is no rule \"rule.mfa-admin\"; did you mean rule.mfa-admins?\n");
}

#[test]
fn a_snippet_is_filled_in_for_a_tenant() {
    let machine = harbourlight();
    let bare = machine.told(&["rules", "show", "mfa-admins", "--snippet"]);
    assert!(bare.contains("{{break_glass_ids}}") && bare.contains("{{tenant}}"), "{bare}");
    let filled =
        machine.told(&["rules", "show", "mfa-admins", "--snippet", "--tenant", "harbourlight"]);
    let users = fs::read_to_string(crate::exports::fixture("tenant-a/users.json")).unwrap();
    let users: Value = serde_json::from_str(&users).unwrap();
    for name in ["ea-north", "ea-south"] {
        let users = users["value"].as_array().unwrap();
        let user = users.iter().find(|user| user["userPrincipalName"] == emergency(name)).unwrap();
        assert!(filled.contains(user["id"].as_str().unwrap()), "{filled}");
    }
    assert!(!filled.contains("{{"), "{filled}");
    let told = machine.refused(1, &["rules", "show", "mfa-admins", "--tenant", "nobody"]);
    assert!(told.contains("there is no tenant \"nobody\""), "{told}");
}

#[test]
fn a_well_written_rule_is_told_as_such() {
    assert_eq!(
        with_files().told(&["rules", "check", "good.toml"]),
        "good.toml: rule.mail-managed-device is well written\n"
    );
}

#[test]
fn the_first_mistake_of_each_bad_file_is_told_with_file_and_line() {
    let machine = with_files();
    let (stdout, stderr) = machine.ended(
        2,
        &["rules", "check", "word.toml", "good.toml", "field.toml", "torn.toml", "no.toml"],
    );
    assert_eq!(stdout, "good.toml: rule.mail-managed-device is well written\n");
    let told: Vec<&str> = stderr.lines().collect();
    assert!(told[0].starts_with("error: word.toml:11: \"ofice365\""), "{stderr}");
    assert!(told[1].starts_with("error: field.toml:3: unknown field `severty`"), "{stderr}");
    assert!(told[2].starts_with("error: torn.toml:5: "), "{stderr}");
    assert!(told[3].starts_with("error: cannot read no.toml"), "{stderr}");
}

#[test]
fn a_snippet_that_is_not_there_is_a_mistake() {
    let machine = Machine::new();
    let steps = "steps = [\"Enrol the device, or end the access.\"]";
    let text = own().replace(steps, &format!("{steps}\nsnippet = \"enrol.ps1\""));
    fs::write(machine.path("rule.toml"), text).unwrap();
    let told = machine.refused(2, &["rules", "check", "rule.toml"]);
    assert!(told.contains("rule.toml:") && told.contains("enrol.ps1"), "{told}");
    fs::write(machine.path("enrol.ps1"), "# enrol\n").unwrap();
    machine.told(&["rules", "check", "rule.toml"]);
}

#[test]
fn a_bad_rule_does_not_stop_the_command_that_finds_it() {
    let machine = Machine::new();
    let file = own_folder(&machine).join("bad.toml");
    fs::write(&file, "id = 1\n").unwrap();
    machine.refused(2, &["rules", "list"]);
    let told = machine.refused(2, &["rules", "check", file.to_str().unwrap()]);
    assert!(told.starts_with("error: ~~/home/.config/cstack/rules/bad.toml:1: "), "{told}");
}

#[test]
fn every_built_in_rule_gives_what_its_examples_promise() {
    let told = Machine::new().told(&["rules", "test"]);
    let (passed, rest) = told.split_once(' ').unwrap();
    assert_eq!(rest, "examples as expected, 0 not\n", "{told}");
    assert!(passed.parse::<usize>().unwrap() > 130, "every rule has a pass and a near miss");
}

#[test]
fn an_own_example_that_gives_another_result_is_told_with_the_reason() {
    let machine = with_files();
    assert_eq!(machine.told(&["rules", "test", "good.toml"]), "1 examples as expected, 0 not\n");

    fs::write(machine.path("wrong.toml"), own().replace("status = \"fail\"", "status = \"pass\""))
        .unwrap();
    let (stdout, stderr) = machine.ended(1, &["rules", "test", "wrong.toml"]);
    let first = stdout.lines().next().unwrap();
    let start = "rule.mail-managed-device: MFA is not a managed device: expected pass, got fail: ";
    assert!(first.starts_with(start) && first.contains("MFA is enough"), "{stdout}");
    assert!(stdout.ends_with("0 examples as expected, 1 not\n"), "{stdout}");
    assert!(stderr.starts_with("error: "), "{stderr}");

    fs::remove_file(machine.path("mfa.json")).unwrap();
    let (stdout, _) = machine.ended(1, &["rules", "test", "good.toml"]);
    assert!(stdout.contains("mfa.json: No such file"), "{stdout}");
}
