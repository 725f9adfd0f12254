//! Exports to try commands on: policies written here, and the demonstration's small business.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::fleet::DATA;
use crate::machine::Machine;

/// The time that the small business is looked at.
pub(crate) const AS_OF: &str = "2026-11-16T06:00:00Z";

/// The small business's folder of exports.
pub(crate) fn harbourlight_folder() -> String {
    fixture("tenant-a").display().to_string()
}

/// A file of the demonstration.
pub(crate) fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// A machine to which the small business was imported as `harbourlight`, its two emergency
/// accounts declared.
pub(crate) fn harbourlight() -> Machine {
    let machine = Machine::new();
    harbourlight_on(&machine);
    machine
}

/// The same on a machine that is there.
pub(crate) fn harbourlight_on(machine: &Machine) {
    let folder = harbourlight_folder();
    machine.told(&["import", "--tenant", "harbourlight", &folder, "--taken-at", AS_OF, "--quiet"]);
    let mut declare = vec!["tenant", "break-glass", "add", "harbourlight", "--monitored", "yes"];
    declare.extend(["ea-north", "ea-south"].map(emergency));
    machine.told(&declare);
}

/// An emergency account of the small business.
pub(crate) fn emergency(name: &str) -> &'static str {
    match name {
        "ea-north" => "ea-north@harbourlight.onmicrosoft.example",
        _ => "ea-south@harbourlight.onmicrosoft.example",
    }
}

/// A policy that asks everybody for MFA everywhere.
pub(crate) fn mfa_for_everybody() -> Value {
    json!({
        "id": "5a0f0000-0000-4000-8000-000000000001",
        "displayName": "Require MFA",
        "state": "enabled",
        "createdDateTime": "2026-01-01T08:00:00Z",
        "modifiedDateTime": "2026-01-01T08:00:00Z",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    })
}

/// The result about a whole tenant of one rule.
pub(crate) fn result<'r>(report: &'r Value, rule: &str) -> &'r Value {
    let results = report["results"].as_array().unwrap();
    results.iter().find(|result| result["rule"] == rule).unwrap_or_else(|| panic!("no {rule}"))
}

impl Machine {
    /// Writes a file in Graph's shape.
    pub(crate) fn write(&self, name: &str, value: &Value) {
        fs::write(self.path(name), value.to_string()).unwrap();
    }

    /// What a command that succeeds on the data folder tells programs.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        serde_json::from_str(&self.told(&all)).unwrap()
    }

    /// Standard output and standard error of a command on the data folder that ends with this
    /// code.
    pub(crate) fn ended(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let mut all = arguments.to_vec();
        all.extend(["--data-dir", DATA]);
        let output = self.cstack(&all).assert().code(code).get_output().clone();
        (self.neutral(&output.stdout), self.neutral(&output.stderr))
    }
}

/// A rule of an operator's own, without examples.
pub(crate) const OWN_RULE: &str = r#"id = "rule.mail-managed-device"
title = "Mail is reached from managed devices only"
severity = "high"
category = "own"
subject = "tenant"
licence = "entra-id-p1"
rationale = "Devices of one's own are not ours to patch."

[expect]
who = "all-users"
reaching = "office365"
must = ["managed-device"]

[remediation]
steps = ["Enrol the device, or end the access."]
"#;
