//! Canonical JSON and content hashes.
//!
//! `serde_json`'s map is ordered by key in this workspace (no `preserve_order`), so that a value's
//! compact rendering is canonical: equal facts give equal bytes.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::open::is_annotation;

/// A SHA-256 digest in lower-case hexadecimal.
pub fn sha256_hex(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // A length prefix keeps ("ab", "c") and ("a", "bc") apart.
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

/// Lower-case hexadecimal of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)] as char);
        out.push(DIGITS[usize::from(byte & 15)] as char);
    }
    out
}

/// The canonical bytes of a serialisable value: compact JSON with sorted keys.
///
/// # Errors
/// If the value cannot be represented as JSON (a map with keys that are not text).
pub fn canonical_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    // Through `Value`, whose maps are sorted; a struct alone would keep its field order.
    serde_json::to_string(&serde_json::to_value(value)?)
}

/// Drops `OData` annotations at every depth, except `@odata.type`, which tells kinds apart.
pub fn without_annotations(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(name, _)| name == "@odata.type" || !is_annotation(name))
                .map(|(name, inner)| (name, without_annotations(inner)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_annotations).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn key_order_does_not_change_the_canonical_form() {
        let a: Value = serde_json::from_str(r#"{"b":1,"a":{"y":2,"x":3}}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"a":{"x":3,"y":2},"b":1}"#).unwrap();
        assert_eq!(canonical_json(&a).unwrap(), canonical_json(&b).unwrap());
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(sha256_hex(&[b"ab", b"c"]), sha256_hex(&[b"a", b"bc"]));
    }

    #[test]
    fn annotations_go_but_the_type_stays() {
        let value = json!({"@odata.context":"x","@odata.type":"#microsoft.graph.ipNamedLocation","a":[{"b@odata.type":"c","d":1}]});
        assert_eq!(
            without_annotations(value),
            json!({"@odata.type":"#microsoft.graph.ipNamedLocation","a":[{"d":1}]})
        );
    }
}
