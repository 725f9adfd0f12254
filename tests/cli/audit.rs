//! `cstack audit` of tenants, and what configuration makes of it.

use std::fs;

use serde_json::json;

use crate::exports::{
    AS_OF, OWN_RULE, emergency, fixture, harbourlight, mfa_for_everybody, result,
};
use crate::machine::Machine;
use crate::policy_files::{GROUP, configured, of_files, status, with};

#[test]
fn a_severity_and_a_switch_of_the_configuration_hold() {
    let config = "[audit]\ndisable = [\"rule.token-protection\"]\n\
                  [audit.severity]\n\"rule.block-legacy-auth\" = \"info\"\n";
    let mut policy = mfa_for_everybody();
    policy["conditions"]["clientAppTypes"] = json!(["browser"]);
    let report = of_files(&configured(config, &json!([policy])));
    let legacy = result(&report, "rule.block-legacy-auth");
    assert_eq!((&legacy["status"], &legacy["severity"]), (&json!("fail"), &json!("info")));
    let results = report["results"].as_array().unwrap();
    assert!(results.iter().all(|result| result["rule"] != "rule.token-protection"));
}

#[test]
fn a_switch_for_one_tenant_leaves_the_others_alone() {
    let config = "[audit.tenants.contoso]\ndisable = [\"rule.mfa-admins\"]\n";
    let machine = configured(config, &json!([mfa_for_everybody()]));
    for tenant in ["contoso", "fabrikam"] {
        machine.told(&["import", "--tenant", tenant, "policies.json"]);
    }
    let has = |tenant: &str| {
        let report = machine.json(&["audit", "--tenant", tenant, "--dry-run"]);
        report["results"].as_array().unwrap().iter().any(|r| r["rule"] == "rule.mfa-admins")
    };
    assert!(!has("contoso") && has("fabrikam"));
}

#[test]
fn an_own_rule_beside_the_configuration_is_audited_like_any_other() {
    let machine = with(&json!([mfa_for_everybody()]));
    own_rule(&machine, OWN_RULE);
    let report = of_files(&machine);
    let own = result(&report, "rule.mail-managed-device");
    assert_eq!((&own["status"], &own["severity"]), (&json!("fail"), &json!("high")));
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|f| f["rule"] == "rule.mail-managed-device").unwrap();
    assert_eq!(finding["category"], "own");
}

#[test]
fn no_audit_runs_with_a_bad_own_rule_and_file_and_line_are_told() {
    let machine = with(&json!([mfa_for_everybody()]));
    own_rule(&machine, &OWN_RULE.replace("managed-device\"]", "managed-devise\"]"));
    let told = machine.failure(2, &["audit", "--policies", "policies.json"]);
    let place = "error: ~~/home/.config/cstack/rules/mail-managed-device.toml:12: ";
    assert!(told.starts_with(place) && told.contains("\"managed-devise\""), "{told}");
}

fn own_rule(machine: &Machine, text: &str) {
    let folder = machine.path("home/.config/cstack/rules");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mail-managed-device.toml"), text).unwrap();
}

#[test]
fn a_tenant_without_the_licence_is_told_what_it_lacks_and_does_not_fail() {
    let machine = with(&json!([mfa_for_everybody()]));
    let products = fixture("tenant-b/subscribedSkus.json");
    let products = products.to_str().unwrap();
    machine.told(&["import", "--tenant", "northgate", "policies.json", products]);
    let report = machine.json(&["audit", "--tenant", "northgate"]);
    let unlicensed = machine.json(&["audit", "--policies", "policies.json"]);
    for rule in ["rule.high-risk-signins-blocked", "rule.risk-based-user"] {
        assert_eq!(status(&unlicensed, rule), "fail", "{rule}, where no licence is known");
        let result = result(&report, rule);
        assert_eq!(result["status"], "not-applicable", "{result}");
        assert!(result["reason"].as_str().unwrap().contains("needs Entra ID P2"), "{result}");
    }
    assert_eq!(status(&report, "rule.mfa-all-users"), "pass");
}

#[test]
fn an_undeclared_account_that_every_policy_leaves_out_is_a_gap_and_a_declared_one_is_not() {
    let machine = harbourlight();
    let audit = ["audit", "--tenant", "harbourlight", "--as-of", AS_OF, "--dry-run"];
    assert_eq!(status(&machine.json(&audit), "rule.mfa-admins"), "pass");
    let account = emergency("ea-north");
    machine.told(&["tenant", "break-glass", "remove", "harbourlight", account]);
    let report = machine.json(&audit);
    let failed = result(&report, "rule.mfa-admins");
    assert_eq!(failed["status"], "fail");
    assert_eq!(failed["witnesses"][0]["principals"][0]["label"], account);
    assert_eq!(failed["witnesses"][0]["total"], 1, "{failed}");
}

#[test]
fn findings_at_or_above_the_limit_end_with_code_10_and_below_it_with_0() {
    let machine = harbourlight();
    let audit = |code: i32, limit: &str| {
        let (stdout, _) = machine.ended(
            code,
            &["audit", "--tenant", "harbourlight", "--as-of", AS_OF, "--fail-on", limit],
        );
        assert!(stdout.contains("worst medium"), "{stdout}");
    };
    audit(0, "high");
    audit(10, "medium");
    audit(10, "low");
    machine.refused(2, &["audit", "--tenant", "harbourlight", "--fail-on", "dire"]);
}

#[test]
fn a_dry_run_records_nothing_and_what_is_recorded_twice_is_the_same() {
    let machine = harbourlight();
    let audit = ["audit", "--tenant", "harbourlight", "--as-of", AS_OF];
    let listed = || machine.json(&["findings", "list"])["findings"].clone();
    let dry = machine.json(&[&audit[..], &["--dry-run"]].concat());
    assert_eq!(listed(), json!([]));

    let first = machine.json(&audit);
    let recorded = listed();
    assert_eq!(recorded.as_array().unwrap().len(), first["findings"].as_array().unwrap().len());
    let second = machine.json(&audit);
    assert_eq!(listed(), recorded);
    assert_eq!(dry["findings"], first["findings"]);
    assert_eq!(first["findings"], second["findings"]);
}

#[test]
fn what_was_put_right_resolves_its_finding() {
    let mut policy = mfa_for_everybody();
    policy["conditions"]["users"]["excludeGroups"] = json!([GROUP]);
    let machine = with(&json!([policy]));
    let audited = || {
        machine.told(&["import", "--tenant", "contoso", "policies.json"]);
        machine.told(&["audit", "--tenant", "contoso"]);
        let query = ["findings", "list", "--rule", "rule.mfa-all-users", "--state", "all"];
        machine.json(&query)["findings"].clone()
    };
    assert_eq!(audited()[0]["state"], "open");
    machine.write("policies.json", &json!([mfa_for_everybody()]));
    let after = audited();
    assert_eq!(after[0]["state"], "resolved", "{after}");
    assert_eq!(after.as_array().unwrap().len(), 1);
}

#[test]
fn an_unknown_tenant_is_named() {
    let machine = harbourlight();
    let told = machine.refused(1, &["audit", "--tenant", "nobody"]);
    assert!(told.starts_with("error: there is no tenant \"nobody\""), "{told}");
    machine.refused(2, &["audit", "--tenant", "No Body"]);
}

#[test]
fn with_nothing_to_audit_it_says_what_to_do() {
    let told = Machine::new().refused(1, &["audit"]);
    assert!(told.contains("`cstack import --tenant NAME PATH`"), "{told}");
}

#[test]
fn a_tenant_without_data_fails_by_name_and_the_others_are_done() {
    let machine = with(&json!([mfa_for_everybody()]));
    machine.told(&["tenant", "add", "empty"]);
    machine.told(&["import", "--tenant", "contoso", "policies.json"]);
    let (stdout, stderr) = machine.ended(3, &["audit"]);
    assert!(stderr.starts_with("error: tenant empty: nothing was imported"), "{stderr}");
    assert!(stdout.contains("2 tenants   1 failed"), "{stdout}");
    let counted = machine.json(&["findings", "summary"]);
    assert_eq!(counted["tenants"][0]["tenant"], "contoso", "{counted}");
    // A partial result must not be taken for the whole, whatever was found.
    machine.ended(3, &["audit", "--fail-on", "low"]);
}

#[test]
fn a_group_of_tenants_is_audited_as_a_fleet() {
    let machine = with(&json!([mfa_for_everybody()]));
    for tenant in ["contoso", "fabrikam", "northwind"] {
        machine.told(&["import", "--tenant", tenant, "policies.json"]);
    }
    for tenant in ["contoso", "northwind"] {
        machine.told(&["tenant", "group", "add", tenant, "gold"]);
    }
    let table = machine.told(&["audit", "--group", "gold"]);
    assert!(table.contains("contoso") && table.contains("northwind"), "{table}");
    assert!(!table.contains("fabrikam"), "{table}");
    let told = machine.refused(1, &["audit", "--group", "glod"]);
    assert!(told.starts_with("error: no tenant is in the group glod"), "{told}");
}

#[test]
fn a_declared_tier_counts_where_the_products_are_not_known() {
    let machine = Machine::new();
    machine.told(&["tenant", "add", "small", "--licence", "P1"]);
    machine.write("policies.json", &json!([mfa_for_everybody()]));
    machine.told(&["import", "--tenant", "small", "policies.json"]);
    let report = machine.json(&["audit", "--tenant", "small"]);
    let risk = result(&report, "rule.risk-based-user");
    assert_eq!(risk["status"], "not-applicable");
    assert!(risk["reason"].as_str().unwrap().contains("needs Entra ID P2"), "{risk}");
}

#[test]
fn a_declared_tier_tells_nothing_of_products_that_are_sold_beside_it() {
    let machine = Machine::new();
    machine.told(&["tenant", "add", "small", "--licence", "P1"]);
    machine.write(
        "tenant.json",
        &json!([
            mfa_for_everybody(),
            {
                "@odata.type": "#microsoft.graph.servicePrincipal",
                "id": "5a0f0000-0000-4000-8000-0000000000aa",
                "appId": "5a0f0000-0000-4000-8000-0000000000ab",
                "displayName": "Backup job",
                "servicePrincipalType": "Application",
            },
        ]),
    );
    machine.told(&["import", "--tenant", "small", "tenant.json"]);
    let report = machine.json(&["audit", "--tenant", "small"]);
    let workloads = result(&report, "rule.workload-identity-policies");
    assert!(!workloads["reason"].as_str().unwrap().contains("needs Workload"), "{workloads}");
}

#[test]
fn a_rule_that_an_exception_switches_off_is_not_shown_as_a_promise_kept() {
    let machine = with(&json!([mfa_for_everybody()]));
    machine.told(&["import", "--tenant", "small", "policies.json"]);
    machine.told(&[
        "exception",
        "add",
        "--tenant",
        "small",
        "--rule",
        "rule.managed-device-all-users",
        "--reason",
        "no Intune",
        "--owner",
        "Ida",
        "--expires",
        "1y",
    ]);
    let told = machine.told(&["audit", "--tenant", "small"]);
    let (_, passing) = told.split_once("Passing").unwrap();
    let (_, rule) = passing.split_once("rule.managed-device-all-users").unwrap();
    assert!(rule.trim_start().starts_with("declared as intended until"), "{rule}");
}

#[test]
fn a_table_can_be_kept_short_and_says_what_it_leaves_out() {
    let machine = with(&json!([mfa_for_everybody()]));
    let whole = ["audit", "--policies", "policies.json"];
    let brief = [&whole[..], &["--brief", "--severity", "high"]].concat();
    let (told, all) = (machine.told(&brief), machine.told(&whole));
    assert!(told.lines().count() * 2 < all.lines().count(), "{told}");
    assert!(
        told.contains("rule.phishing-resistant-mfa-admins") && told.contains(" below high"),
        "{told}"
    );
    assert!(!told.contains("rule.token-protection"), "{told}");
    let refused = machine.refused(2, &[&brief[..], &["--format", "json"]].concat());
    assert!(refused.contains("--brief and --severity are for tables"), "{refused}");
}
