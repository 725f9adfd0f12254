//! What an export does not tell is never taken for granted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use std::path::Path;

use cstack_audit::{AuditOptions, Catalogue, Rule, audit_tenant};
use model::object::ObjectKind;
use model::rule::RuleStatus;
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;
use serde_json::{Value, json};

const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
const AS_OF: &str = "2026-11-16T06:00:00Z";

fn catalogue() -> Catalogue {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let mut catalogue = Catalogue::default();
    for kind in ["conditional-access", "exclusion"] {
        for entry in std::fs::read_dir(root.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "toml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let snippet =
                    |name: &str| std::fs::read_to_string(root.join("snippets").join(name)).ok();
                catalogue.add(Rule::parse(&path.display().to_string(), &text, &snippet).unwrap());
            }
        }
    }
    catalogue
}

/// A tenant of users, groups and so on, every kind that is given listed whole.
fn tenant(kinds: &[(ObjectKind, Value)]) -> TenantSnapshot {
    let slug = TenantSlug::new("contoso").unwrap();
    let mut out = TenantSnapshot::empty(slug, AS_OF.parse().unwrap());
    for (kind, objects) in kinds {
        for object in objects.as_array().unwrap() {
            out.add(*kind, &object.to_string()).unwrap();
        }
        out.collected.insert(*kind);
    }
    out
}

fn statuses<const N: usize>(snapshot: &TenantSnapshot, rules: [&str; N]) -> [RuleStatus; N] {
    let options = AuditOptions::at(AS_OF.parse().unwrap());
    let report = audit_tenant(snapshot, &catalogue(), &options).unwrap();
    rules.map(|rule| {
        let of_rule = report.results.iter().filter(|result| result.rule == rule);
        let worst = of_rule.map(|result| result.status).min_by_key(|status| match status {
            RuleStatus::Fail => 0,
            RuleStatus::Unknown => 1,
            RuleStatus::Pass => 2,
            RuleStatus::NotApplicable => 3,
        });
        worst.unwrap_or_else(|| panic!("{rule} gave no result"))
    })
}

fn status(snapshot: &TenantSnapshot, rule: &str) -> RuleStatus {
    let [status] = statuses(snapshot, [rule]);
    status
}

#[expect(clippy::needless_pass_by_value, reason = "who it is for is written where it is called")]
fn mfa(users: Value) -> Value {
    json!({
        "id": "p1", "displayName": "MFA", "state": "enabled",
        "conditions": {
            "users": users,
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    })
}

fn user(id: &str) -> Value {
    json!({"id": id, "userPrincipalName": format!("{id}@contoso.example"), "userType": "Member"})
}

const ALL_BUT_ADMINISTRATORS: &str =
    r#"{"includeUsers": ["All"], "excludeRoles": ["62e90394-69f5-4237-9190-012177145e10"]}"#;

fn all_but_administrators() -> Value {
    json!([mfa(serde_json::from_str(ALL_BUT_ADMINISTRATORS).unwrap())])
}

fn assignment(principal: &str) -> Value {
    json!([{
        "id": "a1", "principalId": principal, "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "directoryScopeId": "/",
    }])
}

#[test]
fn a_role_held_by_a_group_whose_members_were_not_collected_may_be_anybodys() {
    let snapshot = tenant(&[
        (ObjectKind::Policy, all_but_administrators()),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::Group, json!([{"id": "g1", "displayName": "Admins"}])),
        (ObjectKind::RoleAssignment, assignment("g1")),
    ]);
    let rules = ["rule.mfa-all-users", "rule.mfa-admins"];
    assert_eq!(statuses(&snapshot, rules), [RuleStatus::Unknown; 2]);
}

#[test]
fn a_role_held_by_somebody_unknown_may_be_a_groups() {
    let snapshot = tenant(&[
        (ObjectKind::Policy, all_but_administrators()),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::RoleAssignment, assignment("unheard-of")),
    ]);
    assert_eq!(status(&snapshot, "rule.mfa-all-users"), RuleStatus::Unknown);
}

#[test]
fn roles_that_are_listed_without_their_members_may_be_anybodys() {
    let role = json!([{"id": "r1", "roleTemplateId": GLOBAL_ADMINISTRATOR, "displayName": "GA"}]);
    let snapshot = tenant(&[
        (ObjectKind::Policy, all_but_administrators()),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::DirectoryRole, role),
    ]);
    assert_eq!(status(&snapshot, "rule.mfa-all-users"), RuleStatus::Unknown);
}

#[test]
fn a_part_of_the_role_assignments_says_nothing_of_who_else_holds_the_role() {
    let mut snapshot = tenant(&[
        (ObjectKind::Policy, all_but_administrators()),
        (ObjectKind::User, json!([user("ida"), user("uma")])),
        (ObjectKind::RoleAssignment, json!([])),
    ]);
    assert_eq!(status(&snapshot, "rule.mfa-all-users"), RuleStatus::Pass);
    snapshot.collected.remove(&ObjectKind::RoleAssignment);
    assert_eq!(status(&snapshot, "rule.mfa-all-users"), RuleStatus::Unknown);
}

#[test]
fn a_part_of_the_users_says_nothing_of_the_others() {
    let everybody = json!([mfa(json!({"includeUsers": ["All"]}))]);
    let mut snapshot = tenant(&[
        (ObjectKind::Policy, everybody),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::RoleAssignment, json!([])),
    ]);
    let rules = ["rule.mfa-all-users", "coverage.all-users-on-all-apps"];
    assert_eq!(statuses(&snapshot, rules), [RuleStatus::Pass; 2]);
    assert_eq!(status(&snapshot, "rule.guest-restrictions"), RuleStatus::NotApplicable);
    snapshot.collected.remove(&ObjectKind::User);
    assert_eq!(statuses(&snapshot, rules), [RuleStatus::Unknown; 2]);
    assert_eq!(status(&snapshot, "rule.guest-restrictions"), RuleStatus::Unknown);
}

#[test]
fn an_external_account_without_its_type_may_be_a_guest_or_a_member() {
    let all_but_guests = json!([mfa(json!({
        "includeUsers": ["All"],
        "excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "b2bCollaborationGuest"},
    }))]);
    let mut guest = user("eve_fabrikam.example#EXT#");
    guest.as_object_mut().unwrap().remove("userType");
    let snapshot = tenant(&[
        (ObjectKind::Policy, all_but_guests),
        (ObjectKind::User, json!([user("ida"), guest])),
        (ObjectKind::RoleAssignment, json!([])),
    ]);
    assert_eq!(status(&snapshot, "rule.mfa-all-users"), RuleStatus::Unknown);
}

#[test]
fn a_name_makes_nobody_a_synchronisation_account_where_roles_are_known() {
    let all_but_one =
        json!([mfa(json!({"includeUsers": ["All"], "excludeUsers": ["sync_manager"]}))]);
    let mut snapshot = tenant(&[
        (ObjectKind::Policy, all_but_one),
        (ObjectKind::User, json!([user("ida"), user("sync_manager")])),
        (ObjectKind::RoleAssignment, json!([])),
    ]);
    assert_eq!(status(&snapshot, "rule.mfa-all-users"), RuleStatus::Fail);
    snapshot.collected.remove(&ObjectKind::RoleAssignment);
    assert_eq!(status(&snapshot, "rule.mfa-all-users"), RuleStatus::Unknown);
}

#[test]
fn device_states_count_under_their_oldest_name_too() {
    let mut policy = mfa(json!({"includeUsers": ["All"]}));
    policy["conditions"]["devices"] = json!({"excludeDevices": ["Compliant", "DomainJoined"]});
    let snapshot = tenant(&[
        (ObjectKind::Policy, json!([policy])),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::RoleAssignment, json!([])),
    ]);
    assert_eq!(status(&snapshot, "rule.mfa-all-users"), RuleStatus::Fail);
}

#[test]
fn a_role_of_the_tenants_own_is_not_enforced() {
    let custom = json!([{"id": "custom", "displayName": "Helpers", "isBuiltIn": false}]);
    let snapshot = tenant(&[
        (ObjectKind::Policy, json!([mfa(json!({"includeRoles": ["custom"]}))])),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::RoleDefinition, custom),
        (
            ObjectKind::RoleAssignment,
            json!([{"id": "a", "principalId": "ida", "roleDefinitionId": "custom"}]),
        ),
    ]);
    assert_eq!(status(&snapshot, "rule.mfa-all-users"), RuleStatus::Fail);
}

#[test]
fn a_role_for_one_application_is_not_enforced() {
    let mut assignments = assignment("ida");
    let held = assignments[0].as_object_mut().unwrap();
    held.remove("directoryScopeId");
    held.insert("appScopeId".into(), json!("/entitlement/catalog-1"));
    let snapshot = tenant(&[
        (ObjectKind::Policy, json!([mfa(json!({"includeRoles": [GLOBAL_ADMINISTRATOR]}))])),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::RoleAssignment, assignments),
    ]);
    assert_eq!(status(&snapshot, "rule.mfa-admins"), RuleStatus::Fail);
}

#[test]
fn legacy_protocols_and_device_code_show_no_device_to_a_filter() {
    let block = |id: &str, conditions: Value| {
        let mut policy = mfa(json!({"includeUsers": ["All"]}));
        policy["id"] = json!(id);
        policy["grantControls"] = json!({"operator": "OR", "builtInControls": ["block"]});
        policy["conditions"]["devices"] = json!({"deviceFilter": {
            "mode": "exclude", "rule": "device.isCompliant -eq True",
        }});
        for (name, value) in conditions.as_object().unwrap() {
            policy["conditions"][name] = value.clone();
        }
        policy
    };
    let snapshot = tenant(&[
        (
            ObjectKind::Policy,
            json!([
                block("legacy", json!({"clientAppTypes": ["exchangeActiveSync", "other"]})),
                block(
                    "code",
                    json!({"authenticationFlows": {"transferMethods": "deviceCodeFlow"}})
                ),
            ]),
        ),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::RoleAssignment, json!([])),
    ]);
    let rules = ["rule.block-legacy-auth", "rule.device-code-flow-blocked"];
    assert_eq!(statuses(&snapshot, rules), [RuleStatus::Pass; 2]);
}

/// A policy for everybody that asks for authentication strengths, both at once.
fn strength(id: &str, combinations: &[&str]) -> (Value, Value) {
    let mut policy = mfa(json!({"includeUsers": ["All"]}));
    policy["id"] = json!(format!("policy-{id}"));
    policy["grantControls"] = json!({"operator": "AND", "authenticationStrength": {"id": id}});
    let strength = json!({"id": id, "displayName": id, "allowedCombinations": combinations});
    (policy, strength)
}

#[test]
fn two_strengths_without_a_common_method_are_met_by_one_of_each_and_block_nobody() {
    let (one, pass) = strength("pass", &["temporaryAccessPassOneTime", "fido2"]);
    let (other, key) = strength("key", &["fido2", "password,sms"]);
    let (third, certificate) = strength("certificate", &["x509CertificateSingleFactor"]);
    let snapshot = tenant(&[
        (ObjectKind::Policy, json!([one, other, third])),
        (ObjectKind::AuthenticationStrength, json!([pass, key, certificate])),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::RoleAssignment, assignment("ida")),
    ]);
    let asked = statuses(&snapshot, ["rule.mfa-all-users", "rule.phishing-resistant-mfa-admins"]);
    assert_eq!(asked, [RuleStatus::Pass, RuleStatus::Fail]);
    assert_eq!(status(&snapshot, "rule.block-legacy-auth"), RuleStatus::Pass);
    assert_eq!(status(&snapshot, "rule.managed-device-all-users"), RuleStatus::Fail);
}

#[test]
fn a_control_that_nobody_knows_does_not_prove_that_legacy_protocols_are_stopped() {
    let mut policy = mfa(json!({"includeUsers": ["All"]}));
    policy["grantControls"]["builtInControls"] = json!(["unknownFutureValue"]);
    let snapshot = tenant(&[
        (ObjectKind::Policy, json!([policy])),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::RoleAssignment, json!([])),
    ]);
    assert_eq!(status(&snapshot, "rule.block-legacy-auth"), RuleStatus::Unknown);
}

#[test]
fn the_retired_approved_app_control_asks_for_nothing() {
    let mut policy = mfa(json!({"includeUsers": ["All"]}));
    policy["grantControls"]["builtInControls"] = json!(["approvedApplication"]);
    let snapshot = tenant(&[
        (ObjectKind::Policy, json!([policy])),
        (ObjectKind::User, json!([user("ida")])),
        (ObjectKind::RoleAssignment, json!([])),
    ]);
    let rules = ["rule.mobile-app-protection", "rule.no-password-only-access"];
    assert_eq!(statuses(&snapshot, rules), [RuleStatus::Fail; 2]);
}
