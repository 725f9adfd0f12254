//! `cstack whatif`

use serde_json::{Value, json};

use crate::exports::{harbourlight, mfa_for_everybody};
use crate::machine::Machine;

const ADMIN: &str = "adm-priya.raman@harbourlight.onmicrosoft.example";
const NURSE: &str = "khalid.darwish@harbourlight.example";

/// Somebody at Azure DevOps.
fn asked<'a>(user: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let ask = ["whatif", "--tenant", "harbourlight", "--app", "Azure DevOps", "--user", user];
    [&ask[..], more].concat()
}

/// An ordinary sign-in from home.
const AT_HOME: [&str; 8] =
    ["--platform", "windows", "--ip", "192.0.2.9", "--country", "GB", "--device", "unregistered"];

fn policy<'d>(decision: &'d Value, name: &str) -> &'d Value {
    let policies = decision["value"].as_array().unwrap();
    let named = |policy: &&Value| policy["displayName"].as_str().unwrap().starts_with(name);
    policies.iter().find(named).unwrap()
}

#[test]
fn a_decision_is_told_policy_by_policy() {
    insta::assert_snapshot!(harbourlight().told(&asked(ADMIN, &AT_HOME)));
}

#[test]
fn programs_get_the_reason_names_of_microsofts_tool() {
    let decision = harbourlight().json(&asked(ADMIN, &AT_HOME));
    assert_eq!(decision["kind"], "whatIf");
    for (name, applies, reason) in [
        ("CA100", true, "notSet"),
        ("CA001", false, "clientApps"),
        ("CA002", false, "authenticationFlow"),
        ("CA003", false, "devicePlatform"),
        ("CA004", false, "location"),
        ("CA103", false, "application"),
        ("CA104", false, "users"),
        ("CA300", false, "signInRisk"),
        ("CA302", false, "userRisk"),
        ("CA304", false, "insiderRisk"),
        ("CA999", false, "policyNotEnabled"),
    ] {
        let policy = policy(&decision, name);
        assert_eq!(policy["policyApplies"], applies, "{policy}");
        assert_eq!(policy["analysisReasons"], reason, "{policy}");
    }
}

#[test]
fn risk_and_flow_decide_as_told() {
    let machine = harbourlight();
    for (more, outcome, blocking) in [
        (["--signin-risk", "high"], "block", Some("CA300")),
        (["--user-risk", "high"], "block", Some("CA302")),
        (["--insider-risk", "elevated"], "block", Some("CA304")),
        (["--flow", "device-code"], "block", Some("CA002")),
        (["--client", "other"], "block", Some("CA001")),
        (["--signin-risk", "low"], "grant", None),
    ] {
        let decision = machine.json(&asked(NURSE, &[&AT_HOME[..], &more].concat()));
        assert_eq!(decision["outcome"], outcome, "{more:?}");
        if let Some(name) = blocking {
            assert_eq!(policy(&decision, name)["policyApplies"], true, "{more:?}");
        }
    }
}

#[test]
fn what_is_not_told_is_undecided_and_not_guessed() {
    let machine = harbourlight();
    let decision = machine.json(&asked(NURSE, &["--country", "GB"]));
    // Whether the platform is one that CA003 knows, nobody said.
    let platform = policy(&decision, "CA003");
    assert!(platform["policyApplies"].is_null(), "{platform}");
    assert_eq!(decision["outcome"], "unknown", "{decision}");
}

#[test]
fn a_report_only_policy_is_told_apart_and_decides_nothing() {
    let decision = harbourlight().json(&asked(NURSE, &AT_HOME));
    let pilot = policy(&decision, "CA105");
    assert_eq!(pilot["state"], "enabledForReportingButNotEnforced");
    assert_eq!(decision["weakestWays"][0]["authentication"], "mfa");
    assert_eq!(decision["withReportOnly"][0]["authentication"], "phishing-resistant");
}

#[test]
fn report_only_policies_that_have_no_say_are_not_spoken_of() {
    let machine = harbourlight();
    let ask = asked(crate::exports::emergency("ea-north"), &AT_HOME);
    let told = machine.told(&ask);
    assert!(told.contains("Access is granted with a password alone"), "{told}");
    assert!(!told.contains("If the report-only policies were on"), "{told}");
    assert!(machine.json(&ask)["withReportOnly"].is_null());
}

#[test]
fn a_user_may_be_named_by_sign_in_name_id_or_full_name() {
    let machine = harbourlight();
    let id = |name: &str| machine.json(&asked(name, &AT_HOME))["scenario"]["principal"].clone();
    let expected = json!({"kind": "user", "id": "d4690168-5958-423d-a3d6-fbc2ede57169"});
    for name in [NURSE, "D4690168-5958-423d-a3d6-fbc2ede57169", "khalid darwish"] {
        assert_eq!(id(name), expected, "{name}");
    }
}

#[test]
fn whom_and_what_the_tenant_does_not_have_is_named() {
    let machine = harbourlight();
    let user = machine.refused(1, &asked("nobody@harbourlight.example", &[]));
    assert!(user.contains("no user \"nobody@harbourlight.example\""), "{user}");
    let to = |app| ["whatif", "--tenant", "harbourlight", "--user", NURSE, "--app", app];
    let app = machine.refused(1, &to("Abacus"));
    assert!(app.contains("\"Abacus\" is no application id and no known name"), "{app}");
    let tenant = machine
        .refused(1, &["whatif", "--tenant", "nobody", "--user", NURSE, "--app", "Azure DevOps"]);
    assert!(tenant.contains("there is no tenant \"nobody\""), "{tenant}");
}

#[test]
fn wrong_values_are_wrong_usage_and_told_with_the_right_ones() {
    // Nothing is opened before the question makes sense.
    let machine = Machine::new();
    for (flag, value, told) in [
        ("--ip", "300.1.1.1", "invalid IP address"),
        ("--signin-risk", "hgh", "use none, low, medium or high"),
        ("--insider-risk", "severe", "elevated"),
        ("--country", "Britain", "use two letters, such as GB, or unknown"),
        ("--device", "borrowed", "unregistered"),
        ("--device-property", "Surface", "write NAME=VALUE"),
        ("--flow", "magic", "device-code"),
    ] {
        let refused = machine.refused(2, &asked(NURSE, &[flag, value]));
        assert!(refused.contains(value) && refused.contains(told), "{refused}");
    }
    let context = ["whatif", "--tenant", "t", "--user", NURSE, "--auth-context", "c100"];
    assert!(machine.refused(2, &context).contains("use c1 to c99"));
    machine.refused(2, &["whatif", "--tenant", "t", "--user", NURSE]);
    machine.refused(2, &["whatif", "--tenant", "t", "--app", "Azure DevOps"]);
    machine.refused(2, &asked(NURSE, &["--external", "serviceProvider"]));
}

#[test]
fn an_external_kind_that_graph_does_not_have_is_refused_with_those_it_has() {
    let ask =
        ["whatif", "--tenant", "harbourlight", "--external", "visitor", "--app", "Azure DevOps"];
    let told = harbourlight().refused(2, &ask);
    assert!(told.contains("\"visitor\"") && told.contains("b2bDirectConnectUser"), "{told}");
}

#[test]
fn a_display_name_that_two_people_share_is_refused_with_their_sign_in_names() {
    let machine = Machine::new();
    let person = |id: &str| json!({"@odata.type": "#microsoft.graph.user", "id": id, "displayName": "Ida Lindt", "userPrincipalName": format!("{id}@contoso.example")});
    machine.write("tenant.json", &json!([mfa_for_everybody(), person("ida"), person("i.lindt")]));
    machine.told(&["import", "--tenant", "contoso", "tenant.json"]);
    let arguments = ["whatif", "--tenant", "contoso", "--user", "Ida Lindt", "--app", "Office 365"];
    let (_, told) = machine.ended(1, &arguments);
    assert!(told.contains("2 users called \"Ida Lindt\""), "{told}");
    assert!(told.contains("i.lindt@contoso.example"), "{told}");
}
