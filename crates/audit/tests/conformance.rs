//! The conformance cases of ../shared/data/conformance: every case gives the verdict its source
//! asserts, but for those in docs/conformance.toml, each with a witness why effect says otherwise.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cstack_audit::{AuditOptions, Catalogue, Rule, audit_tenant};
use model::object::ObjectKind;
use model::rule::RuleStatus;
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    control: String,
    #[serde(rename = "case_name")]
    name: String,
    policies: Vec<Value>,
    #[serde(default)]
    other_inputs: BTreeMap<String, Value>,
    expected_pass: Option<bool>,
}

#[derive(Deserialize)]
struct Differences {
    difference: Vec<Difference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    control: String,
    case: String,
    ours: RuleStatus,
    witness: String,
}

fn shared() -> PathBuf {
    std::env::var_os("CSTACK_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    )
}

fn catalogue() -> Catalogue {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let mut catalogue = Catalogue::default();
    for entry in std::fs::read_dir(root.join("conditional-access")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let snippet =
                |name: &str| std::fs::read_to_string(root.join("snippets").join(name)).ok();
            catalogue.add(Rule::parse(&path.to_string_lossy(), &text, &snippet).unwrap());
        }
    }
    catalogue
}

fn snapshot(case: &Case) -> TenantSnapshot {
    let now = "2026-11-16T06:00:00Z".parse().unwrap();
    let mut out = TenantSnapshot::empty(TenantSlug::new("conformance").unwrap(), now);
    out.collected.insert(ObjectKind::Policy);
    for policy in &case.policies {
        out.add(ObjectKind::Policy, &policy.to_string()).unwrap();
    }
    let list = |value: &Value| -> Vec<Value> {
        match value {
            Value::Array(items) => items.clone(),
            Value::Object(by_id) => by_id.values().cloned().collect(),
            _ => Vec::new(),
        }
    };
    if let Some(groups) = case.other_inputs.get("groups") {
        for group in list(groups) {
            let graph = serde_json::json!({
                "id": group["id"], "displayName": group["name"],
                "isManagementRestricted": group["is_management_restricted"],
                "isAssignableToRole": group["is_assignable_to_role"],
            });
            out.add(ObjectKind::Group, &graph.to_string()).unwrap();
        }
    }
    if let Some(locations) = case.other_inputs.get("named_locations") {
        for location in list(locations) {
            let graph = serde_json::json!({
                "@odata.type": "#microsoft.graph.ipNamedLocation",
                "id": location["id"], "displayName": location["name"],
                "isTrusted": location["is_trusted"],
                "ipRanges": [{"cidrAddress": "203.0.113.0/24"}],
            });
            out.add(ObjectKind::NamedLocation, &graph.to_string()).unwrap();
        }
        out.collected.insert(ObjectKind::NamedLocation);
    }
    out
}

/// Each case: control, case, expected, and our status with the reason.
fn verdicts() -> Vec<(String, String, bool, RuleStatus, String)> {
    let folder = shared().join("conformance/prowler");
    let catalogue = catalogue();
    let mut options = AuditOptions::at("2026-11-16T06:00:00Z".parse().unwrap());
    // The cases judge the policies given, and not what Microsoft enforces beside them.
    options.compile.platform_mfa = false;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    let mut out = Vec::new();
    for path in files {
        let case: Case = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let Some(expected) = case.expected_pass else { continue };
        let equivalent = format!("prowler:{}", case.control);
        let rule = catalogue
            .rules()
            .iter()
            .find(|rule| rule.meta.equivalents.contains(&equivalent))
            .unwrap_or_else(|| panic!("no rule is equivalent to {equivalent}"));
        let report = audit_tenant(&snapshot(&case), &catalogue, &options).unwrap();
        let result = report
            .results
            .iter()
            .filter(|result| result.rule == rule.meta.id)
            .min_by_key(|result| match result.status {
                RuleStatus::Fail => 0,
                RuleStatus::Unknown => 1,
                RuleStatus::Pass => 2,
                RuleStatus::NotApplicable => 3,
            })
            .unwrap();
        out.push((
            case.control,
            case.name,
            expected,
            result.status,
            format!("{}: {}", result.rule, result.reason),
        ));
    }
    out
}

#[test]
fn every_conformance_case_gives_its_verdict_or_a_documented_difference() {
    if !shared().join("conformance").is_dir() {
        println!("skipped: {} is not here", shared().join("conformance").display());
        return;
    }
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance.toml"),
    )
    .unwrap();
    let known: Differences = toml::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    let mut used = 0;
    for (control, case, expected, status, reason) in verdicts() {
        let agrees = match status {
            RuleStatus::Pass | RuleStatus::NotApplicable => expected,
            RuleStatus::Fail => !expected,
            RuleStatus::Unknown => false,
        };
        let difference = known.difference.iter().find(|d| d.control == control && d.case == case);
        match difference {
            Some(d) if !agrees && d.ours == status => {
                assert!(d.witness.len() > 40, "{control} {case}: the witness says too little");
                used += 1;
            }
            Some(_) => wrong.push(format!(
                "{control} {case}: listed as a difference, but we say {status:?}: {reason}"
            )),
            None if agrees => {}
            None => wrong.push(format!(
                "{control} {case}: expected pass={expected}, we say {status:?}: {reason}"
            )),
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(used, known.difference.len(), "a listed difference has no case");
}
