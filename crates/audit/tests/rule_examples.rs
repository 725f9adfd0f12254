//! Every rule of the catalogue reads, and gives what its own examples say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use std::path::{Path, PathBuf};

use cstack_audit::{AuditOptions, Rule, run_rule_tests};

fn rules_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")
}

fn rules() -> Vec<(PathBuf, Rule)> {
    let root = rules_folder();
    let mut files: Vec<PathBuf> = ["conditional-access", "exclusion"]
        .iter()
        .flat_map(|kind| std::fs::read_dir(root.join(kind)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let snippet =
                |name: &str| std::fs::read_to_string(root.join("snippets").join(name)).ok();
            let rule = Rule::parse(&path.file_name().unwrap().to_string_lossy(), &text, &snippet)
                .unwrap_or_else(|e| panic!("{e}"));
            (path, rule)
        })
        .collect()
}

#[test]
fn every_example_of_every_rule_gives_what_it_says() {
    let options = AuditOptions::at("2026-11-16T06:00:00Z".parse().unwrap());
    let mut wrong = Vec::new();
    for (path, rule) in rules() {
        let folder = path.parent().unwrap().to_owned();
        let file = |name: &str| {
            std::fs::read_to_string(folder.join(name)).map_err(|e| format!("{name}: {e}"))
        };
        for outcome in run_rule_tests(&rule, &options, &file) {
            if !outcome.passed() {
                wrong.push(format!(
                    "{}: {}: expected {:?}, got {:?}: {}",
                    rule.meta.id, outcome.name, outcome.expected, outcome.actual, outcome.reason
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_shows_what_passes_and_what_does_not() {
    for (_, rule) in rules() {
        assert!(rule.tests.len() >= 2, "{} has {} examples", rule.meta.id, rule.tests.len());
    }
}

#[test]
fn no_scuba_control_is_answered_by_two_rules() {
    let mut seen = std::collections::BTreeMap::new();
    for (_, rule) in rules() {
        for reference in rule.meta.references.iter().filter(|r| r.starts_with("scuba:")) {
            if let Some(other) = seen.insert(reference.clone(), rule.meta.id.clone()) {
                panic!("{reference} is answered by {other} and {}", rule.meta.id);
            }
        }
    }
}
