//! `cstack import`

use std::fs;

use crate::machine::Machine;

const POLICY: &str = r#"{"id":"p1","displayName":"Require MFA","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"clientAppTypes":["all"]},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#;

/// A machine with these files in the folder `export`.
fn machine(files: &[(&str, &str)]) -> Machine {
    let machine = Machine::new();
    fs::create_dir(machine.path("export")).unwrap();
    for (name, text) in files {
        fs::write(machine.path("export").join(name), text).unwrap();
    }
    machine
}

fn import<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["import", "--data-dir", "data", "--tenant", "contoso"];
    arguments.extend(more);
    arguments
}

fn imported(machine: &Machine, more: &[&str]) -> serde_json::Value {
    let mut arguments = import(more);
    arguments.extend(["--format", "json"]);
    let output = machine.cstack(&arguments).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_import_says_what_changed_and_registers_the_tenant() {
    let machine = machine(&[("policies.json", &format!("[{POLICY}]"))]);
    let output = machine.cstack(&import(&["export"])).assert().success().get_output().clone();
    assert_eq!(machine.neutral(&output.stderr), "tenant contoso is registered\n");
    let told = machine.neutral(&output.stdout);
    let lines: Vec<Vec<&str>> =
        told.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["read", "added", "changed", "retired", "unchanged"]);
    assert_eq!(lines[1], ["policies", "1", "1", "0", "0", "0"]);
    assert_eq!(lines[2][0], "Snapshot");
    let again = machine.stdout(&import(&["export"]));
    assert!(again.ends_with("Nothing has changed.\n"), "{again}");
}

#[test]
fn programs_get_the_same_as_json() {
    let machine = machine(&[("policies.json", &format!("[{POLICY}]"))]);
    let told = imported(&machine, &["export", "--taken-at", "2026-03-01T08:00:00Z"]);
    assert_eq!(told["takenAt"], "2026-03-01T08:00:00Z");
    let policies = &told["outcome"]["kinds"]["policy"];
    assert_eq!((&policies["added"], &policies["complete"]), (&1.into(), &true.into()));
    assert_eq!(told["outcome"]["registered"], true);
}

#[test]
fn a_bad_file_is_told_with_file_line_and_path_and_nothing_is_written() {
    let bad = POLICY.replace("[\"All\"]", "\n\"All\"");
    let machine = machine(&[("a.json", POLICY), ("b.json", &bad)]);
    let told = machine.failure(1, &import(&["export"]));
    let place = "error: export/b.json:2 at $.conditions.users.includeUsers: not a valid policy";
    assert!(told.starts_with(place), "{told}");
    assert!(told.contains("nothing was imported"), "{told}");
    assert!(!machine.path("data").exists());
}

#[test]
fn keeping_going_imports_the_rest_and_still_ends_as_a_failure() {
    let machine = machine(&[("a.json", POLICY), ("b.json", "{\"id\":"), ("c.json", "{\"x\":1}")]);
    let output =
        machine.cstack(&import(&["export", "--keep-going"])).assert().code(1).get_output().clone();
    let told = machine.neutral(&output.stdout);
    assert!(told.contains("refused: export/b.json:1") && told.contains("refused: export/c.json:1"));
    assert_eq!(
        machine.neutral(&output.stderr).lines().last(),
        Some("error: 2 refused; the rest is imported")
    );
    assert_eq!(
        imported(&machine, &["export/a.json"])["outcome"]["kinds"]["policy"]["unchanged"],
        1
    );
}

#[test]
fn a_dry_run_leaves_the_database_alone() {
    let machine = machine(&[("a.json", POLICY)]);
    let told = machine.stdout(&import(&["export", "--dry-run"]));
    assert!(told.ends_with("Nothing was written.\n"), "{told}");
    assert!(!machine.path("data").exists());
}

#[test]
fn paths_that_cannot_be_read_are_named() {
    let machine = machine(&[("README.txt", "no export")]);
    fs::create_dir(machine.path("bad")).unwrap();
    fs::write(machine.path("bad/garbage.json.gz"), [0x1f, 0x8b, 8, 1, 2, 3]).unwrap();
    for (path, named) in [
        ("nowhere.json", "nowhere.json"),
        ("export", "no export files"),
        ("bad", "garbage.json.gz"),
    ] {
        let told = machine.failure(1, &import(&[path]));
        assert!(told.contains(named), "{told}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("gone", machine.path("export/dangling.json")).unwrap();
        assert!(machine.failure(1, &import(&["export"])).contains("dangling.json"));
    }
}

#[test]
fn wrong_usage_is_told_as_such() {
    let machine = machine(&[("a.json", POLICY)]);
    machine.failure(2, &["import", "--data-dir", "data", "export"]);
    machine.failure(2, &import(&[]));
    machine.failure(2, &import(&["export", "--partial", "--complete"]));
    machine.failure(2, &import(&["export", "--taken-at", "yesterday"]));
    let told = machine.failure(2, &import(&["export", "--taken-at", "2999-01-01T00:00:00Z"]));
    assert!(told.contains("future"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_fails_the_import() {
    let machine = machine(&[("a.json", POLICY)]);
    // A file in the place of the data folder stops even root.
    fs::write(machine.path("data"), "").unwrap();
    let told = machine.failure(1, &import(&["export"]));
    assert!(told.contains("data"), "{told}");
}

#[test]
fn every_real_policy_is_imported_and_a_second_time_nothing_changes() {
    let shared = std::env::var_os("CSTACK_SHARED_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        std::path::PathBuf::from,
    );
    if !shared.is_dir() {
        println!("skipped: {} is not here", shared.display());
        return;
    }
    let machine = Machine::new();
    let folder = shared.join("ca").display().to_string();
    let first = imported(&machine, &[&folder]);
    let policies = &first["outcome"]["kinds"]["policy"];
    assert!(policies["added"].as_u64().unwrap() > 120, "{policies}");
    assert_eq!(first["outcome"]["refused"], serde_json::json!([]));
    let again = imported(&machine, &[&folder]);
    assert!(again["outcome"]["snapshotId"].is_null());
    assert_eq!(again["outcome"]["kinds"]["policy"]["unchanged"], policies["added"]);
}
