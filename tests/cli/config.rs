//! `cstack config` and `cstack paths`.

use std::fs;

use crate::machine::Machine;

#[test]
fn show_prints_every_setting_and_where_it_was_set() {
    let machine = Machine::configured("[audit]\nstale-user-days = 30\n");
    let mut command =
        machine.cstack(&["config", "show", "--origin", "--data-dir", "data", "--quiet"]);
    command.env("CSTACK_STORE_THREADS", "4");
    let output = command.assert().success().get_output().clone();
    // The columns stand as wide apart as the longest path, which is not the same everywhere.
    let lines: Vec<String> = machine
        .neutral(&output.stdout)
        .lines()
        .map(|line| match line.split_once("  #") {
            Some((setting, origin)) => format!("{}  #{origin}", setting.trim_end()),
            None => line.to_owned(),
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn show_gives_programs_the_same_as_a_tree_or_with_origins() {
    let machine = Machine::configured("[audit]\nstale-user-days = 30\n");
    let tree = machine.stdout(&["config", "show", "--format", "json"]);
    let tree: serde_json::Value = serde_json::from_str(&tree).unwrap();
    assert_eq!(tree["audit"]["stale-user-days"], 30);
    assert_eq!(tree["output"]["format"], "json");

    let list = machine.stdout(&["config", "show", "--origin", "--format", "json"]);
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    let entry = list.iter().find(|entry| entry["key"] == "audit.stale-user-days").unwrap();
    assert_eq!(entry["value"], 30);
    assert_eq!(entry["origin"], "~~/home/.config/cstack/config.toml:2");
}

#[test]
fn a_slip_is_wrong_usage_and_told_with_file_line_and_the_nearest_name() {
    let machine = Machine::configured("[store]\nmemroy-limit = \"1GiB\"\n");
    let told = "error: ~~/home/.config/cstack/config.toml:2: unknown key `store.memroy-limit`, \
                did you mean `memory-limit`?\n";
    assert_eq!(machine.failure(2, &["paths"]), told);
    assert_eq!(machine.failure(2, &["config", "show"]), told);
    assert_eq!(machine.failure(2, &["config", "validate"]), told);
}

#[test]
fn a_broken_file_does_not_stop_the_commands_that_help_to_mend_it() {
    let machine = Machine::configured("no toml at all");
    machine.cstack(&["config", "init"]).assert().success();
    machine.cstack(&["config", "schema"]).assert().success();
    machine.cstack(&["completions", "bash"]).assert().success();
}

#[test]
fn validate_checks_one_file_or_all_that_are_in_force() {
    let machine = Machine::new();
    assert_eq!(
        machine.stdout(&["config", "validate"]),
        "no configuration file; defaults are in force\n"
    );
    fs::write(machine.path("new.toml"), "[log]\nlevel = \"info\"\n").unwrap();
    assert_eq!(machine.stdout(&["config", "validate", "new.toml"]), "new.toml: valid\n");
    fs::write(machine.config_file(), "").unwrap();
    assert_eq!(
        machine.stdout(&["config", "validate"]),
        "~~/home/.config/cstack/config.toml: valid\n"
    );
    let missing = machine.failure(2, &["config", "validate", "missing.toml"]);
    assert!(missing.starts_with("error: cannot read the configuration file missing.toml\n"));
    assert!(missing.contains("caused by:"), "{missing}");
}

#[test]
fn init_prints_a_template_and_writes_no_file() {
    let machine = Machine::new();
    insta::assert_snapshot!(machine.stdout(&["config", "init"]));
    assert!(!machine.config_file().exists());
}

#[test]
fn the_schema_is_stable() {
    insta::assert_snapshot!(Machine::new().stdout(&["config", "schema"]));
}

#[test]
fn paths_follow_xdg_then_systemd_then_the_command_line() {
    let machine = Machine::new();
    insta::assert_snapshot!(machine.stdout(&["paths"]));

    let mut service = machine.cstack(&["paths", "--format", "json"]);
    service.env("STATE_DIRECTORY", "/var/lib/cstack").env("LOGS_DIRECTORY", "/var/log/cstack");
    let output = service.assert().success().get_output().clone();
    let paths: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(paths["database"], "/var/lib/cstack/cstack.duckdb");
    assert_eq!(paths["log-dir"], "/var/log/cstack");

    service.args(["--data-dir", "/srv/data"]);
    let output = service.assert().success().get_output().clone();
    let paths: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(paths["database"], "/srv/data/cstack.duckdb");
    assert_eq!(paths["data-dir"], "/srv/data");
}

#[test]
fn a_mistaken_variable_is_reported_unless_quiet() {
    let machine = Machine::new();
    let mut command = machine.cstack(&["paths"]);
    command.env("CSTACK_STORE_THREDS", "4");
    let output = command.assert().success().get_output().clone();
    assert_eq!(
        machine.neutral(&output.stderr),
        "warning: the variable CSTACK_STORE_THREDS is no setting and has no effect; did you mean \
         CSTACK_STORE_THREADS?\n"
    );
    let output = command.arg("--quiet").assert().success().get_output().clone();
    assert!(output.stderr.is_empty());
}

#[test]
fn nothing_is_created_by_looking() {
    let machine = Machine::new();
    for arguments in [&["paths"][..], &["config", "show"], &["config", "validate"], &["--help"]] {
        machine.cstack(arguments).assert().success();
    }
    let folders = |name| fs::read_dir(machine.path(name)).unwrap().count();
    assert_eq!((folders("home"), folders("home/.config/cstack"), folders("system")), (1, 0, 0));
}
