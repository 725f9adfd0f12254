//! Which of the four shapes a record has.

use model::canonical::sha256_hex;
use model::sign_in::RecordShape;
use serde_json::{Map, Value};

use super::wire::Wire;
use super::{Told, diagnostic, log_analytics, unified_audit};

/// Properties under which tools put the record that they carry.
const WRAPPERS: [&str; 6] = ["log", "_source", "event", "record", "body", "data"];

/// Why a record cannot be read: path, reason, and the line within its text.
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) reason: String,
    pub(super) line: usize,
}

/// Reads a record's text.
pub(super) fn read(text: &str) -> Result<Told, Wrong> {
    let mut told = shape(text, true)?;
    if let Told::SignIn(sign_in) = &mut told
        && sign_in.id.is_empty()
    {
        let digest = sha256_hex(&[text.trim().as_bytes()]);
        sign_in.id = format!("derived-{}", digest.get(..32).unwrap_or_default());
    }
    Ok(told)
}

fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> Wrong {
    let path = error.path().to_string();
    Wrong {
        path: if path == "." { String::new() } else { format!(".{path}") },
        reason: crate::export::without_position(error.inner()),
        line: error.inner().line().saturating_sub(1),
    }
}

/// Whether a text has a property of that name somewhere: a look, not a reading.
fn names(text: &str, quoted: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), quoted.as_bytes()).is_some()
}

/// The likely shape first: what a look tells is confirmed by the reading.
fn shape(text: &str, outer: bool) -> Result<Told, Wrong> {
    if !(outer && is_wrapped(text)) {
        if names(text, "\"category\"") && names(text, "\"properties\"") {
            match diagnostic::read(text).map_err(|error| wrong(&error))? {
                // The properties are those of something further in.
                Told::Other(category) if category.is_empty() => {}
                told => return Ok(told),
            }
        }
        if names(text, "\"createdDateTime\"") {
            match graph(text)? {
                // The time is that of something further in.
                Told::Lacking(_) if outer && carries(text) => {}
                told => return Ok(told),
            }
        }
        if names(text, "\"Operation\"") && names(text, "\"CreationTime\"") {
            return unified_audit::read(text).map_err(|error| wrong(&error));
        }
    }
    let fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| Wrong {
        path: String::new(),
        reason: format!("not JSON: {}", crate::export::without_position(&error)),
        line: error.line().saturating_sub(1),
    })?;
    if log_analytics::is_like(&fields) {
        return log_analytics::read(fields).map_err(|error| wrong(&error));
    }
    if let Some(Value::String(data)) = fields.get("AuditData") {
        return unified_audit::read(data).map_err(|error| wrong(&error));
    }
    if outer {
        for name in WRAPPERS {
            if let Some(inner @ Value::Object(_)) = fields.get(name) {
                return shape(&inner.to_string(), false);
            }
        }
    }
    Ok(Told::Other(calls_itself(&fields)))
}

/// Whether the text's beginning names a wrapper before anything else is nested.
fn is_wrapped(text: &str) -> bool {
    /// Tools put a few words before the record.
    const BEGINNING: usize = 2_048;
    let end = (0..=text.len().min(BEGINNING)).rev().find(|end| text.is_char_boundary(*end));
    let text = text.get(..end.unwrap_or(0)).unwrap_or(text);
    // Up to the second brace nothing is nested but lists.
    let mut braces = memchr::memchr_iter(b'{', text.as_bytes());
    let second = braces.nth(1);
    second.and_then(|at| text.get(..at)).is_some_and(|before| {
        let before = before.trim_end();
        WRAPPERS.iter().any(|name| {
            before
                .strip_suffix(':')
                .map(str::trim_end)
                .and_then(|before| before.strip_suffix('"'))
                .and_then(|before| before.strip_suffix(name))
                .is_some_and(|before| before.ends_with('"'))
        })
    })
}

fn graph(text: &str) -> Result<Told, Wrong> {
    let mut input = serde_json::Deserializer::from_str(text);
    // Tracking the path costs a third: only what fails is read again with it.
    let wire: Wire = if let Ok(wire) = serde::Deserialize::deserialize(&mut input) {
        wire
    } else {
        let mut input = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut input).map_err(|error| wrong(&error))?
    };
    Ok(match wire.sign_in(RecordShape::Graph, None) {
        Ok(sign_in) => Told::SignIn(Box::new(diagnostic::no_user_in_workloads(sign_in))),
        Err(lacking) => Told::Lacking(lacking),
    })
}

/// Whether a record has one of the properties under which tools put what they carry.
fn carries(text: &str) -> bool {
    WRAPPERS.iter().any(|name| names(text, &format!("\"{name}\"")))
}

/// What a record that is no sign-in calls itself, for the count.
fn calls_itself(fields: &Map<String, Value>) -> String {
    let named = ["category", "Category", "Operation", "operationName", "Type", "@odata.type"];
    let name = named.iter().find_map(|name| fields.get(*name).and_then(Value::as_str));
    name.map_or_else(|| "of no known kind".to_owned(), str::to_owned)
}
