//! Standard output, standard error, files and signals.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::machine::Machine;

#[test]
fn help_and_version_are_data_and_success() {
    let machine = Machine::new();
    let help = machine.stdout(&["--help"]);
    for code in ["0", "1", "2", "3", "4", "10", "75", "130", "143"] {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(&format!("{code}  "))),
            "the help explains exit code {code}"
        );
    }
    assert!(machine.stdout(&["--version"]).starts_with("cstack "));
}

#[test]
fn the_readme_has_the_same_exit_codes_as_the_program() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let page = Machine::new().stdout(&["docs-markdown", "cli"]);
    let (_, rest) = page.split_once("## Exit codes\n\n").unwrap();
    let (table, _) = rest.split_once("\n\n").unwrap();
    assert!(readme.contains(table), "README.md lacks\n{table}");
}

#[test]
fn wrong_usage_is_told_on_standard_error_with_code_2() {
    let machine = Machine::new();
    assert!(machine.failure(2, &["pahts"]).contains("similar subcommand exists: 'paths'"));
    assert!(machine.failure(2, &["paths", "--format", "yaml"]).contains("possible values"));
    assert_eq!(
        machine.failure(2, &["paths", "--format", "csv"]),
        "error: this command does not write csv; use --format table, json\n"
    );
    machine.failure(2, &["paths", "--color", "always", "--no-color"]);
    machine.failure(2, &[]);
}

#[test]
fn a_file_takes_the_place_of_standard_output() {
    let machine = Machine::new();
    assert_eq!(machine.stdout(&["paths", "-o", "paths.txt"]), "");
    let written = fs::read(machine.path("paths.txt")).unwrap();
    assert_eq!(machine.neutral(&written), machine.stdout(&["paths"]));

    let told = machine.failure(1, &["paths", "-o", "no/such/folder/paths.txt"]);
    assert!(told.starts_with("error: cannot write no/such/folder/paths.txt\n"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_and_not_silence() {
    let machine = Machine::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = machine.process(&["config", "schema"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(machine.neutral(&output.stderr).contains("No space left"));
    assert_eq!(machine.process(&["paths", "-o", "/dev/full"]).status().unwrap().code(), Some(1));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let machine = Machine::new();
    let mut child = machine
        .process(&["config", "schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", machine.neutral(&output.stderr));
    assert!(output.stderr.is_empty());
}

#[test]
fn the_log_goes_to_standard_error_or_a_file_with_the_run_on_every_line() {
    let machine = Machine::new();
    let logged = |arguments: &[&str]| {
        let output = machine.cstack(arguments).assert().success().get_output().clone();
        machine.neutral(&output.stderr)
    };
    let text = logged(&["paths", "--log-level", "debug"]);
    assert!(!text.is_empty() && text.lines().all(|line| line.contains(" run=")), "{text}");
    assert!(!text.contains('\u{1b}'), "no colour away from a terminal");

    let forced =
        machine.cstack(&["paths", "--log-level", "debug"]).env("CLICOLOR_FORCE", "1").output();
    assert!(machine.neutral(&forced.unwrap().stderr).contains('\u{1b}'));

    let arguments = ["paths", "--log-level", "debug", "--log-format", "json", "--log-file", "log"];
    assert_eq!(logged(&arguments), "");
    assert_eq!(logged(&arguments), "");
    let text = fs::read_to_string(machine.path("log")).unwrap();
    let runs: std::collections::BTreeSet<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["run"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(runs.len(), 2, "the file is appended to, and each run has an id of its own");
}

/// What was done is done: whoever sees success knows that it counts.
#[cfg(unix)]
#[test]
fn a_signal_that_comes_too_late_leaves_success_and_says_so() {
    let machine = Machine::new();
    let pipe = machine.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let child = machine
        .process(&["config", "validate", "pipe"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let other_end = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let kill = format!("kill -TERM {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    drop(other_end);
    let output = child.wait_with_output().unwrap();
    let told = machine.neutral(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("the work was done"), "{told}");
}

#[test]
fn completions_come_for_every_shell() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(machine.stdout(&["completions", shell]).contains("cstack"), "{shell}");
    }
}

/// A command that waits for the other end of a pipe, so that a signal finds it at work.
#[cfg(unix)]
#[test]
fn a_signal_stops_work_with_nothing_written_and_the_exit_code_tells_it() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let machine = Machine::new();
        let pipe = machine.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let child = machine
            .process(&["import", "--tenant", "contoso", "pipe"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Opening waits until the command reads, and by then it listens for signals.
        let mut other_end = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        let kill = format!("kill -{signal} {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        other_end
            .write_all(br#"{"id":"a","displayName":"A","state":"enabled","conditions":{}}"#)
            .unwrap();
        drop(other_end);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", machine.neutral(&output.stderr));
        assert_eq!(machine.stdout(&["tenant", "list", "--format", "csv"]).lines().count(), 1);
    }
}
