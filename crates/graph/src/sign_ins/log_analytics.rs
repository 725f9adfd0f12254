//! Log Analytics: tables whose columns have names of their own, and objects inside texts.

use std::borrow::Cow;

use model::sign_in::RecordShape;
use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::Told;
use super::diagnostic::{code, kind_of, no_user_in_workloads};
use super::python_repr;
use super::wire::Wire;

/// Columns whose names differ from Graph's by more than a capital.
const NAMES: &[(&str, &str)] = &[
    ("Id", "id"),
    ("IPAddress", "ipAddress"),
    ("LocationDetails", "location"),
    ("ConditionalAccessPolicies", "appliedConditionalAccessPolicies"),
    ("ResourceIdentity", "resourceId"),
    ("RiskEventTypes_V2", "riskEventTypes_v2"),
];

/// Columns that say something else than Graph's property of that name.
const OTHERS: &[&str] = &["Location", "ResourceId", "Status", "Type", "Category"];

/// Whether a record's columns are those of a table of sign-ins.
pub(super) fn is_like(fields: &Map<String, Value>) -> bool {
    let has = |name: &str| fields.keys().any(|key| base(key).0 == name);
    has("ResultType") && (has("TimeGenerated") || has("CreatedDateTime") || has("AppDisplayName"))
}

/// A column's name without the marks of exporters: `[UTC]`, `_dynamic`, `_string`.
fn base(name: &str) -> (&str, &str) {
    let name = name.trim().trim_start_matches('\u{feff}');
    let name = name.split_once(" [").map_or(name, |(name, _)| name);
    for mark in ["_dynamic", "_string"] {
        if let Some(name) = name.strip_suffix(mark) {
            return (name, mark);
        }
    }
    (name, "")
}

/// Reads a row.
pub(super) fn read(
    row: Map<String, Value>,
) -> Result<Told, serde_path_to_error::Error<serde_json::Error>> {
    let mut wire = Map::new();
    let (mut kind, mut result, mut generated) = (None, None, None);
    let (mut reason, mut other, mut status) = (None, None, None);
    for (name, value) in row {
        let (name, mark) = base(&name);
        let text = value.as_str().map(str::trim);
        if value.is_null() || text == Some("") {
            continue;
        }
        match name {
            "ResultType" => result = Some(value.clone()),
            "ResultDescription" => reason = Some(value.clone()),
            "TimeGenerated" => generated = Some(value.clone()),
            "Status" => status = Some(nested(value.clone())),
            "Category" | "Type" => {
                let found = text.and_then(kind_of);
                kind = kind.or(found);
                if found.is_none() && name == "Category" {
                    other = text.map(str::to_owned);
                }
            }
            _ => {}
        }
        if OTHERS.contains(&name) {
            continue;
        }
        let graph = NAMES
            .iter()
            .find(|(column, _)| *column == name)
            .map_or_else(|| lower_first(name), |(_, graph)| Cow::Borrowed(*graph));
        // Of a pair, one of the two is empty; what is an object wins over its text.
        if mark == "_string" && wire.contains_key(graph.as_ref()) {
            continue;
        }
        wire.insert(graph.into_owned(), nested(value));
    }
    if let (None, Some(other)) = (kind, other) {
        return Ok(Told::Other(other));
    }
    if !wire.contains_key("createdDateTime")
        && let Some(generated) = generated
    {
        wire.insert("createdDateTime".to_owned(), generated);
    }
    let told = result.and_then(|result| match result {
        Value::String(text) => code(&text),
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().and_then(|number| code(&format!("{number:.0}")))),
        _ => None,
    });
    let mut status = match status {
        Some(Value::Object(status)) => status,
        _ => Map::new(),
    };
    if let Some(code) = told {
        status.insert("errorCode".to_owned(), code.into());
    }
    if let (Some(reason), false) = (reason, status.contains_key("failureReason")) {
        status.insert("failureReason".to_owned(), reason);
    }
    wire.insert("status".to_owned(), Value::Object(status));
    let wire: Wire = serde_path_to_error::deserialize(Value::Object(wire))?;
    Ok(match wire.sign_in(RecordShape::LogAnalytics, kind) {
        Ok(sign_in) => Told::SignIn(Box::new(no_user_in_workloads(sign_in))),
        Err(lacking) => Told::Lacking(lacking),
    })
}

/// `UserPrincipalName` as `userPrincipalName`.
fn lower_first(name: &str) -> Cow<'_, str> {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) if first.is_ascii_uppercase() => {
            Cow::Owned(first.to_ascii_lowercase().to_string() + chars.as_str())
        }
        _ => Cow::Borrowed(name),
    }
}

/// An object or list that stands in a text, as JSON or as Python prints it.
fn nested(value: Value) -> Value {
    let Some(text) = value.as_str().map(str::trim) else { return value };
    if !text.starts_with(['{', '[']) {
        return value;
    }
    serde_json::from_str(text).ok().or_else(|| python_repr::parse(text)).unwrap_or(Value::Null)
}

/// Rows of a query's result: `{"tables": [{"columns": [{"name": ..}], "rows": [[..]]}]}`.
pub(super) fn rows_of_table(table: &Value) -> Option<Vec<Map<String, Value>>> {
    let columns = Vec::<Value>::deserialize(table.get("columns")?).ok()?;
    let names: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = column.get("name").or_else(|| column.get("ColumnName")).unwrap_or(column);
            name.as_str().unwrap_or_default().to_owned()
        })
        .collect();
    let rows = table.get("rows")?.as_array()?;
    let row = |row: &Value| {
        let cells = row.as_array()?;
        Some(names.iter().cloned().zip(cells.iter().cloned()).collect())
    };
    rows.iter().map(row).collect()
}
