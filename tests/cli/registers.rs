//! `cstack exception` and `cstack registers`

use std::fs;

use crate::fleet::fleet;
use crate::machine::Machine;

const ADD: [&str; 14] = [
    "exception",
    "add",
    "--tenant",
    "contoso",
    "--principal",
    "scanner@contoso.example",
    "--reason",
    "the scanner cannot do MFA",
    "--owner",
    "Facilities",
    "--expires",
    "2099-01-01",
    "--format",
    "json",
];

fn added(machine: &Machine, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&machine.told(arguments)).unwrap()
}

#[test]
fn an_exception_is_added_by_name_renewed_and_removed() {
    let machine = fleet();
    let entry = added(&machine, &ADD);
    assert_eq!(
        entry["subject"],
        serde_json::json!({"kind": "principal", "id": "11111111-0000-4000-8000-000000000003"})
    );
    assert_eq!(entry["addedBy"], "dana");
    let id = entry["id"].as_str().unwrap();
    let renewed =
        machine.told(&["exception", "renew", id, "-t", "contoso", "--expires", "2100-01-01"]);
    assert!(renewed.ends_with("ends 2100-01-01\n"), "{renewed}");
    let listed = machine.told(&["exception", "list", "-t", "contoso"]);
    assert!(listed.contains("ends 2100-01-01  Facilities: the scanner cannot do MFA"), "{listed}");
    let end = &id[id.len() - 6..];
    machine.told(&["exception", "remove", end, "-t", "contoso"]);
    assert_eq!(machine.told(&["exception", "list", "-t", "contoso"]), "No exceptions.\n");
}

#[test]
fn a_second_exception_for_the_same_is_refused_with_what_to_do() {
    let machine = fleet();
    machine.told(&ADD);
    let refused = machine.refused(1, &ADD);
    assert!(refused.contains("in force until 2099-01-01T00:00:00Z"), "{refused}");
    assert!(refused.contains("cstack exception renew"), "{refused}");
}

#[test]
fn an_exception_must_be_for_something_that_is_there_and_end_later() {
    let machine = fleet();
    let with = |place: usize, value: &'static str| {
        let mut arguments = ADD;
        arguments[place] = value;
        arguments
    };
    let nobody = machine.refused(1, &with(5, "nobody"));
    assert!(nobody.contains("has no user, group, role or service principal"), "{nobody}");
    let past = machine.refused(1, &with(11, "2020-01-01"));
    assert!(past.contains("is not after"), "{past}");
    let elsewhere = machine.refused(1, &with(3, "nowhere"));
    assert!(elsewhere.contains("there is no tenant \"nowhere\""), "{elsewhere}");
    let mut misspelt = ADD.to_vec();
    misspelt.extend(["--rule", "rule.mfa-admin"]);
    let unknown = machine.refused(2, &misspelt);
    assert!(unknown.contains("there is no rule \"rule.mfa-admin\""), "{unknown}");
    machine.refused(
        2,
        &["exception", "add", "-t", "contoso", "--reason", "x", "--owner", "y", "--expires", "7d"],
    );
}

#[test]
fn registers_travel_as_toml_and_importing_them_twice_changes_nothing() {
    let machine = fleet();
    machine.told(&ADD);
    machine.told(&["tenant", "break-glass", "add", "contoso", "breakglass1@contoso.example"]);
    machine.told(&["registers", "export", "registers.toml"]);
    let text = fs::read_to_string(machine.path("registers.toml")).unwrap();

    let other = Machine::new();
    fs::write(other.path("registers.toml"), &text).unwrap();
    let import = ["registers", "import", "registers.toml"];
    assert_eq!(other.told(&import), "4 added, 0 changed, 0 as before\n");
    assert_eq!(other.told(&import), "0 added, 0 changed, 4 as before\n");
    assert_eq!(other.told(&["registers", "export"]), text);
}

#[test]
fn a_bad_register_file_is_refused_with_file_and_line_and_nothing_is_taken_in() {
    let machine = Machine::new();
    let text = "version = 1\n\n[[tenant]]\nname = \"contoso\"\nlicense = \"P1\"\n";
    fs::write(machine.path("bad.toml"), text).unwrap();
    let refused = machine.refused(1, &["registers", "import", "bad.toml"]);
    assert!(refused.contains("bad.toml:5: unknown field `license`"), "{refused}");
    assert!(!machine.path("data").exists(), "not even a database");
}
