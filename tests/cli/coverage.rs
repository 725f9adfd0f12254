//! `cstack coverage`

use std::process::Command;

use serde_json::{Value, json};

use crate::exports::{AS_OF, harbourlight, harbourlight_on, mfa_for_everybody};
use crate::machine::Machine;

const COVERAGE: [&str; 5] = ["coverage", "--tenant", "harbourlight", "--as-of", AS_OF];

fn coverage<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&COVERAGE[..], more].concat()
}

/// The business with an emergency account that nobody declared.
fn neglected() -> Machine {
    let machine = harbourlight();
    let account = crate::exports::emergency("ea-north");
    machine.told(&["tenant", "break-glass", "remove", "harbourlight", account]);
    machine
}

fn cell<'m>(matrix: &'m Value, users: &str, apps: &str) -> &'m Value {
    let cells = matrix["cells"].as_array().unwrap();
    cells.iter().find(|cell| cell["users"] == users && cell["apps"] == apps).unwrap()
}

/// What a command on a terminal of 80 columns shows, and what it writes beside it to a file. There
/// is no answer on a machine without `script`.
fn at_80_columns(machine: &Machine, arguments: &[&str]) -> Option<(String, String)> {
    let run = machine.process(arguments);
    let words = std::iter::once(run.get_program()).chain(run.get_args());
    let line: Vec<String> = words.map(|word| format!("'{}'", word.display())).collect();
    let line = line.join(" ");
    let mut script = Command::new("script");
    script.args([
        "-qec",
        &format!("stty cols 80 rows 24 && {line} && {line} > piped.txt"),
        "/dev/null",
    ]);
    script.current_dir(machine.path("")).env_clear();
    script.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let Ok(output) = script.output() else {
        println!("skipped: there is no `script` here");
        return None;
    };
    assert!(output.status.success(), "{}", machine.neutral(&output.stdout));
    let piped = std::fs::read_to_string(machine.path("piped.txt")).unwrap();
    Some((machine.neutral(&output.stdout).replace('\r', ""), piped))
}

#[test]
fn the_matrix_fits_80_columns_and_the_weak_cells_follow_on_request() {
    let machine = neglected();
    let mut arguments = coverage(&["--data-dir", "data", "--color", "never", "--quiet"]);
    let Some((matrix, _)) = at_80_columns(&machine, &arguments) else { return };
    assert!(matrix.lines().count() < 24, "it fits a screen: {matrix}");
    let mut detailed = arguments.clone();
    detailed.push("--details");
    let (shown, _) = at_80_columns(&machine, &detailed).unwrap();
    let (_, cells) = shown.split_once("\n\nAny admin on All apps\n").unwrap();
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert!(cells.contains("\nPrivileged tier-0 on Legacy authentication\n"), "{cells}");
    insta::assert_snapshot!(matrix);

    arguments.extend(["--cell", "any-admin,all-apps"]);
    let (cell, piped) = at_80_columns(&machine, &arguments).unwrap();
    assert!(cell.lines().all(|line| line.chars().count() <= 80), "{cell}");
    assert!(
        piped.lines().any(|line| line.chars().count() > 80),
        "what goes into a file is not cut to the terminal beside it:\n{piped}"
    );
}

#[test]
fn one_cell_is_told_in_full() {
    insta::assert_snapshot!(neglected().told(&coverage(&["--cell", "any-admin,all-apps"])));
}

#[test]
fn programs_get_every_cell_with_how_many_have_what() {
    let matrix = harbourlight().json(&COVERAGE);
    assert_eq!((&matrix["kind"], &matrix["asOf"]), (&json!("coverage"), &json!(AS_OF)));
    let cells = matrix["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 25);
    for cell in cells {
        let held = cell["distribution"].as_array().unwrap().iter();
        let held: u64 = held.map(|held| held["members"].as_u64().unwrap()).sum();
        assert_eq!(held + cell["undecided"].as_u64().unwrap(), cell["members"].as_u64().unwrap());
    }
    let admins = cell(&matrix, "any-admin", "all-apps");
    assert_eq!((&admins["members"], &admins["weakest"]), (&json!(3), &json!("phishing-resistant")));
    assert_eq!(cell(&matrix, "all-users", "legacy-authentication")["weakest"], "blocked");
}

#[test]
fn one_cell_is_told_to_programs_with_its_witnesses() {
    let told = neglected().json(&coverage(&["--cell", "any-admin, all-apps"]));
    assert_eq!(told["users"], "any-admin", "{told}");
    let witness = &told["witnesses"][0];
    let account = crate::exports::emergency("ea-north");
    assert_eq!(witness["principals"][0]["label"], account, "{told}");
    assert_eq!(witness["total"], 1);
}

#[test]
fn spreadsheets_get_a_line_and_documents_a_table_cell_for_each() {
    let machine = harbourlight();
    let lines = machine.told(&coverage(&["--format", "csv"]));
    assert!(
        lines.starts_with("tenant,users,apps,members,excepted,undecided,weakest,expected,"),
        "{lines}"
    );
    assert_eq!(lines.lines().count(), 26);
    let page = machine.told(&coverage(&["--format", "md"]));
    let heading = "| Users | Members | All apps | Microsoft 365 core | Admin portals | \
                   Legacy authentication | High-risk apps |";
    assert!(page.starts_with("# Conditional Access coverage of harbourlight\n"), "{page}");
    assert!(page.contains(heading), "{page}");
}

#[test]
fn a_cell_that_is_not_there_is_refused_with_those_that_are() {
    let machine = harbourlight();
    let told = machine.refused(2, &coverage(&["--cell", "admins,all-apps"]));
    for known in ["admins,all-apps", "any-admin", "tier-0", "legacy-authentication"] {
        assert!(told.contains(known), "{known} is missing: {told}");
    }
    let told = machine.refused(2, &coverage(&["--cell", "any-admin"]));
    assert!(told.contains("a comma"), "{told}");
    let told = machine.refused(2, &coverage(&["--format", "sarif"]));
    assert!(told.contains("use --format table, json, ndjson, csv, md"), "{told}");
}

#[test]
fn segments_of_the_configuration_take_the_place_of_the_built_in_ones() {
    let machine = Machine::configured(
        "[[audit.user-segments]]\nid = \"staff\"\ntitle = \"Staff\"\nwho = \"members\"\n\
         severity = \"high\"\n\
         [[audit.app-segments]]\nid = \"devops\"\ntitle = \"Azure DevOps\"\n\
         reaching = \"app:499b84ac-1321-427f-aa17-267ca6975798\"\nby = [\"browser\"]\n",
    );
    harbourlight_on(&machine);
    let matrix = machine.json(&COVERAGE);
    assert_eq!(matrix["cells"].as_array().unwrap().len(), 1);
    assert_eq!(cell(&matrix, "staff", "devops")["weakest"], "mfa");
}

#[test]
fn looking_records_nothing() {
    let machine = harbourlight();
    machine.told(&COVERAGE);
    assert_eq!(machine.json(&["findings", "list"])["findings"], json!([]));
}

#[test]
fn a_tenant_that_is_unknown_or_empty_is_named() {
    let machine = Machine::new();
    machine.write("policies.json", &json!([mfa_for_everybody()]));
    machine.told(&["import", "--tenant", "contoso", "policies.json"]);
    machine.told(&["tenant", "add", "empty"]);
    let unknown = machine.refused(1, &["coverage", "--tenant", "nobody"]);
    assert!(unknown.contains("there is no tenant \"nobody\""), "{unknown}");
    let empty = machine.refused(1, &["coverage", "--tenant", "empty"]);
    assert!(empty.contains("`cstack import --tenant empty PATH`"), "{empty}");
}

#[test]
fn without_directory_data_the_matrix_counts_nobody() {
    let machine = crate::policy_files::with(&json!([crate::exports::mfa_for_everybody()]));
    machine.told(&["import", "--tenant", "contoso", "policies.json"]);
    let told = machine.told(&["coverage", "--tenant", "contoso"]);
    assert!(told.contains("Without directory data nobody can be counted"), "{told}");
    let row = told.lines().find(|line| line.starts_with("All users")).unwrap();
    assert!(!row.chars().any(|c| c.is_ascii_digit()), "{row}");
    let cell = machine.told(&["coverage", "--tenant", "contoso", "--cell", "any-admin,all-apps"]);
    assert!(cell.contains("not known without directory data"), "{cell}");
}
