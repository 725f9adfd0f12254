//! `cstack audit --policies`: files alone, without store and directory.

use std::fs;

use serde_json::{Value, json};

use crate::exports::{AS_OF, mfa_for_everybody, result};
use crate::machine::Machine;

/// A group that no file has.
pub(crate) const GROUP: &str = "9e0f0000-0000-4000-8000-000000000009";

/// A machine with these policies in `policies.json`.
pub(crate) fn with(policies: &Value) -> Machine {
    configured("", policies)
}

/// The same, of a user with this configuration.
pub(crate) fn configured(config: &str, policies: &Value) -> Machine {
    let machine = Machine::configured(config);
    machine.write("policies.json", policies);
    machine
}

/// The audit of that file alone.
pub(crate) fn of_files(machine: &Machine) -> Value {
    machine.json(&["audit", "--policies", "policies.json"])
}

/// The status of a rule about the whole tenant.
pub(crate) fn status<'r>(report: &'r Value, rule: &str) -> &'r str {
    result(report, rule)["status"].as_str().unwrap()
}

#[test]
fn policy_files_alone_give_every_rule_and_cell_a_result_with_a_reason() {
    let machine = with(&json!([mfa_for_everybody()]));
    let report = of_files(&machine);
    assert_eq!((&report["kind"], &report["tenant"]), (&json!("audit"), &json!("files")));
    let rules = machine.json(&["rules", "list"]);
    for rule in rules["rules"].as_array().unwrap() {
        result(&report, rule["id"].as_str().unwrap());
    }
    let results = report["results"].as_array().unwrap();
    let cells = results.iter().filter(|r| r["rule"].as_str().unwrap().starts_with("coverage."));
    assert_eq!(cells.count(), 25);
    for result in results {
        let status = result["status"].as_str().unwrap();
        assert!(["pass", "fail", "not-applicable", "unknown"].contains(&status), "{result}");
        assert!(!result["reason"].as_str().unwrap().is_empty(), "{result}");
        assert!(!result["severity"].as_str().unwrap().is_empty(), "{result}");
        assert!(result["references"].is_array() && result["witnesses"].is_array(), "{result}");
    }
    assert!(!machine.path("data").exists(), "no store is made");
}

#[test]
fn a_result_names_the_controls_it_answers() {
    let report = of_files(&with(&json!([mfa_for_everybody()])));
    let references = &result(&report, "rule.block-legacy-auth")["references"];
    assert!(references.as_array().unwrap().contains(&json!("scuba:MS.AAD.1.1v1")), "{references}");
}

#[test]
fn everybody_asked_everywhere_passes_and_one_group_left_out_does_not() {
    let mut policy = mfa_for_everybody();
    assert_eq!(status(&of_files(&with(&json!([policy]))), "rule.mfa-all-users"), "pass");

    policy["conditions"]["users"]["excludeGroups"] = json!([GROUP]);
    let report = of_files(&with(&json!([policy])));
    let failed = result(&report, "rule.mfa-all-users");
    assert_eq!(failed["status"], "fail");
    let witness = &failed["witnesses"][0];
    let who = witness["principals"][0]["label"].as_str().unwrap();
    assert!(who.ends_with(&format!("in group {GROUP}")), "{who}");
    assert_eq!(witness["nearMisses"][0]["displayName"], "Require MFA", "{witness}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("groups, roles and lists that policies name count as not empty"));
    assert_assumed(failed);
}

fn assert_assumed(result: &Value) {
    let reason = result["reason"].as_str().unwrap();
    let assumed = format!("; group {GROUP} cannot be looked up and counts as some people");
    assert!(reason.contains(&assumed), "{reason}");
}

#[test]
fn a_group_that_cannot_be_resolved_does_not_cover_everybody() {
    let mut policy = mfa_for_everybody();
    policy["conditions"]["users"] = json!({"includeGroups": [GROUP]});
    let report = of_files(&with(&json!([policy])));
    assert_eq!(status(&report, "rule.mfa-all-users"), "fail");
    assert_assumed(result(&report, "rule.mfa-all-users"));
}

#[test]
fn an_emergency_account_named_for_policy_files_may_be_left_out() {
    let account = "ea0f0000-0000-4000-8000-000000000001";
    let mut policy = mfa_for_everybody();
    policy["conditions"]["users"]["excludeUsers"] = json!([account]);
    let machine = with(&json!([policy]));
    assert_eq!(status(&of_files(&machine), "rule.mfa-all-users"), "fail");
    let declared =
        machine.json(&["audit", "--policies", "policies.json", "--break-glass", account]);
    assert_eq!(status(&declared, "rule.mfa-all-users"), "pass");
}

#[test]
fn a_condition_that_this_build_does_not_know_is_told_and_makes_the_answer_unknown() {
    let mut policy = mfa_for_everybody();
    policy["conditions"]["moonPhases"] = json!({"includePhases": ["full"]});
    let machine = with(&json!([policy]));
    let (stdout, stderr) =
        machine.ended(0, &["audit", "--policies", "policies.json", "--format", "json"]);
    let place = "note: policies.json:1 at $[0]: policy \"Require MFA\"";
    assert!(stderr.starts_with(place) && stderr.contains("conditions.moonPhases"), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(status(&report, "rule.mfa-all-users"), "unknown");
    let told = result(&report, "rule.unknown-conditions");
    assert_eq!(told["status"], "fail");
    assert!(told["reason"].as_str().unwrap().contains("moonPhases"), "{told}");
}

#[test]
fn truncated_json_is_refused_with_file_and_line() {
    let machine = Machine::new();
    let text = serde_json::to_string_pretty(&json!([mfa_for_everybody()])).unwrap();
    let cut: Vec<&str> = text.lines().take(9).collect();
    fs::write(machine.path("policies.json"), cut.join("\n")).unwrap();
    let told = machine.failure(1, &["audit", "--policies", "policies.json"]);
    assert!(told.starts_with("error: policies.json:9: not JSON: EOF"), "{told}");
}

#[test]
fn a_file_that_is_not_there_is_named_once() {
    let told = Machine::new().failure(1, &["audit", "--policies", "nowhere.json"]);
    assert!(told.starts_with("error: nowhere.json: cannot be read: No such file"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn policy_files_are_audited_without_tenants() {
    let machine = with(&json!([mfa_for_everybody()]));
    for more in [["--tenant", "contoso"], ["--group", "gold"]] {
        machine.failure(2, &["audit", "--policies", "policies.json", more[0], more[1]]);
    }
    machine.failure(2, &["audit", "--break-glass", "ea0f0000-0000-4000-8000-000000000001"]);
}

#[test]
fn the_time_taken_as_now_decides_what_has_become_old() {
    let mut policy = mfa_for_everybody();
    policy["state"] = json!("enabledForReportingButNotEnforced");
    let machine = with(&json!([policy]));
    let at = |time: &str| machine.json(&["audit", "--policies", "policies.json", "--as-of", time]);
    let early = at("2026-03-01T00:00:00Z");
    assert_eq!(early["asOf"], "2026-03-01T00:00:00Z");
    assert_eq!(status(&early, "rule.report-only-graduated"), "pass");
    assert_eq!(status(&at("2026-12-01T00:00:00Z"), "rule.report-only-graduated"), "fail");
    machine.failure(2, &["audit", "--policies", "policies.json", "--as-of", "yesterday"]);
}

#[test]
fn spreadsheets_and_documents_get_every_result_too() {
    let machine = with(&json!([mfa_for_everybody()]));
    let results = of_files(&machine)["results"].as_array().unwrap().len();
    let audit =
        |format| machine.told(&["audit", "--policies", "policies.json", "--format", format]);
    let lines = audit("csv");
    assert!(lines.starts_with("tenant,asOf,rule,title,status,severity,subject,reason,"), "{lines}");
    assert_eq!(lines.lines().count(), results + 1);
    let lines = audit("ndjson");
    assert_eq!(lines.lines().count(), results);
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines}");
    let page = audit("md");
    assert!(page.starts_with("# Conditional Access audit of files\n"), "{page}");
    assert!(page.contains("rule.block-legacy-auth"), "{page}");
}

#[test]
fn a_report_is_written_whole_although_findings_end_the_audit_with_code_10() {
    let machine = with(&json!([mfa_for_everybody()]));
    let audit = ["audit", "--policies", "policies.json", "--fail-on", "low", "-o", "report.md"];
    let (stdout, _) = machine.ended(10, &[&audit[..], &["--format", "md"]].concat());
    assert_eq!(stdout, "");
    let page = fs::read_to_string(machine.path("report.md")).unwrap();
    assert!(page.starts_with("# Conditional Access audit of files\n"), "{page}");
}

#[test]
fn a_folder_a_collection_and_several_files_are_read_alike() {
    let machine = with(&json!([mfa_for_everybody()]));
    fs::create_dir(machine.path("export")).unwrap();
    machine.write("export/one.json", &mfa_for_everybody());
    machine.write("export/collection.json", &json!({"value": [], "@odata.nextLink": "https://x"}));
    fs::write(machine.path("export/README.txt"), "no export").unwrap();
    let time = ["--as-of", AS_OF];
    let results = |paths: &[&str]| {
        let report = machine.json(&[&["audit", "--policies"], paths, &time].concat());
        report["results"].clone()
    };
    let alone = results(&["policies.json"]);
    assert_eq!(results(&["export"]), alone);
    assert_eq!(results(&["policies.json", "export/one.json"]), alone, "one id counts once");
}

#[test]
fn sarif_has_a_result_for_each_finding_and_the_rule_it_broke() {
    let machine = with(&json!([mfa_for_everybody()]));
    let findings = of_files(&machine)["findings"].as_array().unwrap().len();
    let sarif = machine.told(&["audit", "--policies", "policies.json", "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), findings);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn a_name_from_a_policy_cannot_steer_the_terminal() {
    let mut policy = mfa_for_everybody();
    policy["displayName"] = json!("\u{1b}]0;owned\u{7}\u{202e}Require MFA");
    policy["conditions"]["users"]["excludeGroups"] = json!([GROUP]);
    let machine = with(&json!([policy]));
    let (stdout, stderr) = machine.ended(0, &["audit", "--policies", "policies.json"]);
    assert!(stdout.contains("Require MFA"), "{stdout}");
    assert!(!(stdout + &stderr).contains(['\u{1b}', '\u{7}', '\u{202e}']));
}
