//! `cstack demo`: the fleet that a new user sees first.

use serde_json::Value;

use crate::machine::Machine;

fn json(machine: &Machine, arguments: &[&str]) -> Value {
    let output = machine.cstack(arguments).assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

const DATA: [&str; 2] = ["--data-dir", "data"];

#[test]
fn demo_shows_three_audited_tenants_on_a_machine_that_has_nothing() {
    let machine = Machine::new();
    let fleet = json(&machine, &["demo", "--no-signins", "--format", "json", DATA[0], DATA[1]]);
    let tenants = fleet["tenants"].as_array().unwrap();
    let told: Vec<_> = tenants
        .iter()
        .map(|tenant| {
            (
                tenant["tenant"].as_str().unwrap(),
                tenant["users"].as_u64().unwrap(),
                &tenant["worst"],
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("tenant-a", 60, &Value::from("low")),
            ("tenant-b", 400, &Value::from("critical")),
            ("tenant-c", 2000, &Value::from("critical")),
        ]
    );
}

#[test]
fn the_other_name_does_the_same_and_a_second_time_finds_nothing_new() {
    let machine = Machine::new();
    let first = json(&machine, &["fixtures", "load-all", "--format", "json", DATA[0], DATA[1]]);
    let second = json(&machine, &["demo", "--no-signins", "--format", "json", DATA[0], DATA[1]]);
    assert_eq!(first["tenants"], second["tenants"]);
}

#[test]
fn demo_refuses_a_database_with_a_real_tenant_and_names_it() {
    let machine = Machine::new();
    machine.cstack(&["tenant", "add", "contoso", DATA[0], DATA[1]]).assert().success();
    let refused = machine.cstack(&["demo", "--no-signins", DATA[0], DATA[1]]).assert().failure();
    let stderr = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(stderr.contains("contoso") && stderr.contains("--data-dir"), "{stderr}");
}

#[test]
fn what_was_removed_is_gone() {
    let machine = Machine::new();
    machine.cstack(&["demo", "--no-signins", DATA[0], DATA[1]]).assert().success();
    machine.cstack(&["demo", "--remove", DATA[0], DATA[1]]).assert().success();
    let tenants = json(&machine, &["tenant", "list", "--format", "json", DATA[0], DATA[1]]);
    assert_eq!(tenants["tenants"], Value::Array(Vec::new()));
}
