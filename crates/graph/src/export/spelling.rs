//! The spelling of Microsoft's PowerShell SDK: `Get-Mg... | ConvertTo-Json` writes `DisplayName`,
//! writes every property that is not set, and keeps what it has no type for apart.

use model::open::carries_meaning;
use serde_json::{Map, Value};

/// Where the SDK keeps what it has no type for; Graph's own spelling within.
const ADDITIONAL: &str = "AdditionalProperties";

/// Whether an object with these properties is spelled that way.
pub(super) fn is_powershell<'n>(names: impl Iterator<Item = &'n str>) -> bool {
    let mut identified = false;
    for name in names.filter(|name| !name.starts_with(['@', '#'])) {
        if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return false;
        }
        identified |= name == "Id";
    }
    identified
}

/// The object in Graph's spelling; what is not set is null.
pub(super) fn as_graph(object: Value) -> Value {
    match object {
        Value::Object(fields) => Value::Object(respelled(fields)),
        other => other,
    }
}

fn respelled(fields: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in fields {
        if name == ADDITIONAL {
            if let Value::Object(inner) = value {
                out.extend(inner);
            }
            continue;
        }
        out.insert(lowered(&name), graph_value(value));
    }
    out
}

fn graph_value(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = Value::Object(respelled(fields));
            // An object whose every property is not set is not set itself.
            if carries_meaning(&fields) { fields } else { Value::Null }
        }
        Value::Array(items) => Value::Array(items.into_iter().map(graph_value).collect()),
        other => other,
    }
}

fn lowered(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_ascii_lowercase().to_string() + chars.as_str(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_sdk_writes_reads_as_graph_writes_it() {
        let sdk = json!({
            "Id": "p", "DisplayName": "Require MFA", "State": "enabled",
            "Conditions": {"Users": {"IncludeUsers": ["All"]},
                           "Devices": {"DeviceFilter": {"Mode": null, "Rule": null}}},
            "AdditionalProperties": {"@odata.context": "x"},
        });
        let fields = sdk.as_object().unwrap();
        assert!(is_powershell(fields.keys().map(String::as_str)));
        let graph = json!({
            "id": "p", "displayName": "Require MFA", "state": "enabled",
            "conditions": {"users": {"includeUsers": ["All"]}, "devices": null},
            "@odata.context": "x",
        });
        assert_eq!(as_graph(sdk.clone()), graph);
        assert!(!is_powershell(graph.as_object().unwrap().keys().map(String::as_str)));
    }
}
