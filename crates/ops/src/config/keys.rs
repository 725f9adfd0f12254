//! The settings one can name, taken from the types themselves.

use serde_json::Value as Json;

use super::settings::Config;

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its section and name.
    pub place: Vec<String>,
    /// The variable that sets it, for example `CSTACK_STORE_MEMORY_LIMIT`.
    pub environment: String,
    /// The values it can have, in words.
    pub kind: String,
    /// What it is for.
    pub about: String,
}

impl Key {
    /// As it is written: `store.memory-limit`.
    pub fn name(&self) -> String {
        self.place.join(".")
    }
}

/// Every setting that is one value or a plain list, and so can be set by a variable.
pub fn environment_keys() -> Vec<Key> {
    let schema = schemars::schema_for!(Config).to_value();
    let mut keys = Vec::new();
    for (section, schema_of_section) in properties(resolve(&schema, &schema)) {
        for (name, property) in properties(resolve(&schema, schema_of_section)) {
            if let Some(kind) = kind(&schema, property) {
                let place = vec![section.clone(), name.clone()];
                keys.push(Key {
                    environment: format!("CSTACK_{}", place.join("_"))
                        .replace('-', "_")
                        .to_uppercase(),
                    kind,
                    about: about(property),
                    place,
                });
            }
        }
    }
    keys
}

fn properties(schema: &Json) -> impl Iterator<Item = (&String, &Json)> {
    schema.get("properties").and_then(Json::as_object).into_iter().flatten()
}

/// Follows a reference to the definition it names, also out of "this or null".
fn resolve<'s>(root: &'s Json, schema: &'s Json) -> &'s Json {
    if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
        return reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
            .map_or(schema, |target| resolve(root, target));
    }
    let choices = schema.get("anyOf").and_then(Json::as_array);
    match choices.and_then(|all| all.iter().find(|one| one.get("$ref").is_some())) {
        Some(choice) => resolve(root, choice),
        None => schema,
    }
}

/// The kind of value in words, or `None` for what one line of text cannot say.
fn kind(root: &Json, property: &Json) -> Option<String> {
    let schema = resolve(root, property);
    let variants = schema.get("oneOf").and_then(Json::as_array);
    if let Some(variants) = variants {
        let words: Vec<_> =
            variants.iter().filter_map(|one| one.get("const")?.as_str()).map(quoted).collect();
        return Some(words.join(", "));
    }
    if let Some(words) = schema.get("enum").and_then(Json::as_array) {
        let words: Vec<_> = words.iter().filter_map(Json::as_str).map(quoted).collect();
        return Some(words.join(", "));
    }
    let name = match schema.get("type")? {
        Json::String(name) => name.as_str(),
        Json::Array(names) => names.iter().filter_map(Json::as_str).find(|name| *name != "null")?,
        _ => return None,
    };
    match name {
        "string" => Some("text".to_owned()),
        "integer" => Some("whole number".to_owned()),
        "number" => Some("number".to_owned()),
        "boolean" => Some("true or false".to_owned()),
        "array" if is_text(schema.get("items")?) => Some("list of texts".to_owned()),
        _ => None,
    }
}

fn is_text(schema: &Json) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("string")
}

fn quoted(word: &str) -> String {
    format!("`{word}`")
}

/// A property's documentation on one line.
fn about(property: &Json) -> String {
    let text = property.get("description").and_then(Json::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plain_setting_has_a_variable_and_says_what_it_is_for() {
        let keys = environment_keys();
        let names: Vec<_> = keys.iter().map(|key| key.environment.as_str()).collect();
        for name in [
            "CSTACK_STORE_PATH",
            "CSTACK_STORE_MEMORY_LIMIT",
            "CSTACK_STORE_LOCK_WAIT",
            "CSTACK_LOG_LEVEL",
            "CSTACK_OUTPUT_COLOR",
            "CSTACK_AUDIT_DISABLE",
            "CSTACK_AUDIT_STALE_USER_DAYS",
            "CSTACK_AUDIT_RESOURCE_EXCLUSION_2026",
        ] {
            assert!(names.contains(&name), "{name} is missing from {names:?}");
        }
        assert!(keys.iter().all(|key| !key.about.is_empty() && !key.kind.is_empty()), "{keys:?}");
    }

    #[test]
    fn tables_and_lists_of_tables_have_none() {
        let names: Vec<_> = environment_keys().iter().map(Key::name).collect();
        assert!(!names.iter().any(|name| name.contains("tenants") || name.contains("segments")));
    }
}
