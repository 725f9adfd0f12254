//! The settings in force, one by one.

use super::load::Loaded;
use super::tree::{Node, Origin, Value};

/// A setting in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its place, a section and a name or more.
    pub place: Vec<String>,
    /// Its value.
    pub value: serde_json::Value,
    /// The value as TOML.
    pub toml: String,
    /// Where it was set.
    pub origin: Origin,
}

impl Loaded {
    /// All settings in force. A value that an environment variable or a flag gave is shown in the
    /// type it was understood as.
    pub fn settings(&self) -> Vec<Setting> {
        let typed = serde_json::to_value(&self.config).unwrap_or_default();
        let mut settings = Vec::new();
        self.tree.each_leaf(&mut Vec::new(), &mut |place, node| {
            let understood = place.iter().try_fold(&typed, |json, key| json.get(key));
            let value = understood.cloned().unwrap_or_else(|| node.to_json());
            let toml = Node::from_json(&value).map_or_else(String::new, |node| to_toml(&node));
            settings.push(Setting {
                place: place.iter().map(ToString::to_string).collect(),
                value,
                toml,
                origin: node.origin.clone(),
            });
        });
        settings
    }
}

/// A key as TOML writes it: bare where it can be.
pub(super) fn key_to_toml(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { text_to_toml(key) }
}

fn text_to_toml(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A value as TOML on one line.
pub(super) fn to_toml(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => text_to_toml(text),
        Value::Whole(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(to_toml).collect::<Vec<_>>().join(", "))
        }
        Value::Table(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, node)| format!("{} = {}", key_to_toml(key), to_toml(node)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

impl Setting {
    /// Its section as a TOML header names it.
    pub fn section(&self) -> String {
        let sections = self.place.len().saturating_sub(1);
        self.place.iter().take(sections).map(|key| key_to_toml(key)).collect::<Vec<_>>().join(".")
    }

    /// The setting as a line of TOML.
    pub fn line(&self) -> String {
        let name = self.place.last().map_or_else(String::new, |key| key_to_toml(key));
        format!("{name} = {}", self.toml)
    }
}
