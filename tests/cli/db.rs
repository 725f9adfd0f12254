//! `cstack db`

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::exports::mfa_for_everybody;
use crate::fleet::fleet;
use crate::machine::Machine;

const DATABASE: &str = "data/cstack.duckdb";

fn rows(info: &Value, table: &str) -> u64 {
    let tables = info["tables"].as_array().unwrap();
    let of = tables.iter().find(|of| of["table"] == table).unwrap_or_else(|| panic!("no {table}"));
    of["rows"].as_u64().unwrap()
}

fn mode(machine: &Machine, name: &str) -> u32 {
    fs::metadata(machine.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn info_tells_file_schema_and_rows() {
    let machine = fleet();
    let info = machine.json(&["db", "info"]);
    assert_eq!(rows(&info, "tenant"), 2);
    assert_eq!(rows(&info, "finding"), 5);
    assert_eq!(info["schema"], info["knownSchema"]);
    assert_eq!(info["bytes"], fs::metadata(machine.path(DATABASE)).unwrap().len());
    let text = machine.told(&["db", "info"]);
    assert!(
        text.contains("data/cstack.duckdb\n") && text.contains("5 rows of finding\n"),
        "{text}"
    );
}

#[test]
fn a_sound_database_is_told_as_such_with_what_was_looked_at() {
    let told = fleet().told(&["db", "check"]);
    assert!(told.contains("hashes of 3 versions of objects"), "{told}");
    assert!(told.ends_with("\nthe database is sound\n"), "{told}");
}

#[test]
fn a_database_that_others_can_read_is_unsound_and_the_remedy_is_told() {
    let machine = fleet();
    assert_eq!((mode(&machine, "data"), mode(&machine, DATABASE)), (0o700, 0o600));
    fs::set_permissions(machine.path(DATABASE), fs::Permissions::from_mode(0o644)).unwrap();
    let (stdout, stderr) = machine.ended(1, &["db", "check"]);
    assert!(stdout.contains("can be used by others (mode 0644); chmod 600 "), "{stdout}");
    assert_eq!(stderr, "error: one thing is wrong with the database\n");
    let (stdout, _) = machine.ended(1, &["db", "check", "--format", "json"]);
    let check: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(check["troubles"].as_array().unwrap().len(), 1);
}

#[test]
fn a_backup_is_a_whole_database_that_only_its_owner_can_read() {
    let machine = fleet();
    assert_eq!(machine.told(&["db", "backup", "copy.duckdb"]), "copy.duckdb\n");
    assert_eq!(mode(&machine, "copy.duckdb"), 0o600);
    fs::create_dir(machine.path("elsewhere")).unwrap();
    fs::copy(machine.path("copy.duckdb"), machine.path("elsewhere/cstack.duckdb")).unwrap();
    let list = ["findings", "list", "--format", "csv", "--data-dir"];
    let of = |folder: &str| machine.stdout(&[&list[..], &[folder]].concat());
    assert_eq!(of("elsewhere"), of("data"));
}

#[test]
fn a_backup_overwrites_nothing() {
    let machine = fleet();
    fs::write(machine.path("copy.duckdb"), "precious").unwrap();
    let told = machine.refused(1, &["db", "backup", "copy.duckdb"]);
    assert!(told.starts_with("error: will not overwrite copy.duckdb"), "{told}");
    assert_eq!(fs::read_to_string(machine.path("copy.duckdb")).unwrap(), "precious");
    let told = machine.refused(1, &["db", "backup", DATABASE]);
    assert!(told.contains("will not overwrite"), "{told}");
    machine.told(&["db", "check"]);
}

#[test]
fn a_backup_without_a_name_is_dated_and_lies_beside_the_database() {
    let machine = fleet();
    let told = machine.json(&["db", "backup"]);
    let file = told["file"].as_str().unwrap();
    let name = file.rsplit('/').next().unwrap();
    assert!(name.starts_with("cstack-20") && name.ends_with("Z.duckdb"), "{file}");
    assert_eq!(mode(&machine, &format!("data/backups/{name}")), 0o600);
}

#[test]
fn vacuum_gives_space_back_and_loses_nothing() {
    let machine = fleet();
    for run in 0..2 {
        let slug = format!("passing-{run}");
        machine.told(&["tenant", "add", &slug]);
        machine.told(&["tenant", "remove", &slug, "--yes"]);
    }
    let list = ["findings", "list", "--format", "csv"];
    let before = machine.told(&list);
    let sizes = machine.json(&["db", "vacuum"]);
    assert!(sizes["bytes"].as_u64() <= sizes["bytesBefore"].as_u64(), "{sizes}");
    assert_eq!(machine.told(&list), before);
    assert!(machine.told(&["db", "vacuum"]).ends_with(" bytes now\n"));
    machine.told(&["db", "check"]);
}

#[test]
fn every_table_is_exported_to_a_file_of_its_own() {
    let machine = fleet();
    let info = machine.json(&["db", "info"]);
    for (kind, starts) in [("parquet", "PAR1"), ("csv", "")] {
        let told = machine.json(&["db", "export", kind, "--as", kind]);
        let files = told["files"].as_array().unwrap();
        assert_eq!(files.len(), info["tables"].as_array().unwrap().len());
        for file in files {
            let file = file.as_str().unwrap();
            let bytes = fs::read(machine.path(file)).unwrap();
            assert!(bytes.starts_with(starts.as_bytes()) && !bytes.is_empty(), "{file}");
            assert_eq!(mode(&machine, file), 0o600, "{file}");
        }
    }
    let findings = fs::read_to_string(machine.path("csv/finding.csv")).unwrap();
    assert!(findings.lines().next().unwrap().contains("fingerprint"), "{findings}");
    assert_eq!(findings.matches("rule.mfa-all-users").count(), 1);
}

#[test]
fn an_export_overwrites_nothing_and_then_writes_nothing() {
    let machine = fleet();
    fs::create_dir(machine.path("out")).unwrap();
    fs::write(machine.path("out/tenant.csv"), "precious").unwrap();
    let told = machine.refused(1, &["db", "export", "out", "--as", "csv"]);
    assert!(told.starts_with("error: will not overwrite out/tenant.csv"), "{told}");
    assert_eq!(fs::read_to_string(machine.path("out/tenant.csv")).unwrap(), "precious");
    assert_eq!(fs::read_dir(machine.path("out")).unwrap().count(), 1);
}

#[test]
fn the_list_of_exported_files_goes_whole_into_a_file() {
    let machine = fleet();
    machine.told(&["db", "export", "out", "-o", "list.txt"]);
    let listed = fs::read_to_string(machine.path("list.txt")).unwrap();
    assert_eq!(listed.lines().count(), fs::read_dir(machine.path("out")).unwrap().count());
}

#[test]
fn a_damaged_database_is_named_by_every_command_and_left_as_it_is() {
    let machine = fleet();
    machine.write("policies.json", &json!([mfa_for_everybody()]));
    let whole = fs::read(machine.path(DATABASE)).unwrap();
    for damaged in [&whole[..whole.len() / 2], &whole[..5000], b"no database", b""] {
        fs::write(machine.path(DATABASE), damaged).unwrap();
        for command in [
            &["findings", "list"][..],
            &["audit"],
            &["import", "--tenant", "contoso", "policies.json"],
        ] {
            let (stdout, stderr) = machine.ended(1, command);
            assert_eq!(stdout, "", "{command:?}");
            let told = "~~/data/cstack.duckdb cannot be read as a database";
            assert!(stderr.contains(told), "{command:?}: {stderr}");
            assert!(stderr.contains("backups"), "{command:?}: {stderr}");
        }
        let (stdout, _) = machine.ended(1, &["db", "check"]);
        assert!(stdout.contains("; restore a backup"), "{stdout}");
        assert_eq!(fs::read(machine.path(DATABASE)).unwrap(), damaged, "it is left as it is");
    }
}

#[test]
fn a_backup_put_in_the_place_of_a_damaged_database_works() {
    let machine = fleet();
    machine.told(&["db", "backup", "copy.duckdb"]);
    let before = machine.told(&["findings", "summary"]);
    fs::write(machine.path(DATABASE), "no database").unwrap();
    machine.refused(1, &["findings", "summary"]);
    fs::copy(machine.path("copy.duckdb"), machine.path(DATABASE)).unwrap();
    assert_eq!(machine.told(&["findings", "summary"]), before);
}

#[test]
fn without_a_database_each_command_says_what_makes_one() {
    let machine = Machine::new();
    for command in [&["info"][..], &["check"], &["backup", "b"], &["vacuum"], &["export", "out"]] {
        let told = machine.refused(1, &[&["db"], command].concat());
        assert!(told.contains("there is no database at ~~/data/cstack.duckdb yet"), "{told}");
        assert!(told.contains("`cstack import`"), "{told}");
    }
    assert!(!machine.path("out").exists() && !machine.path("data").exists());
}
