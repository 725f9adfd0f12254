//! Settings as a tree in which every value knows where it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of a file.
    File {
        /// The file.
        path: Arc<PathBuf>,
        /// The line, from 1.
        line: usize,
        /// The profile it belongs to, if it stands in one.
        profile: Option<Arc<str>>,
    },
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// Whether the value was given as bare text, and so becomes whatever its key needs.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Environment(_) | Self::Flag(_))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, profile: None } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line, profile: Some(name) } => {
                write!(f, "{}:{line} (profile {name})", path.display())
            }
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value and its origin.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// What TOML can say, less dates, which no setting needs: they are kept as text.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Whole(i64),
    Real(f64),
    Flag(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

impl Node {
    pub(super) fn table(origin: Origin) -> Self {
        Self { value: Value::Table(BTreeMap::new()), origin }
    }

    pub(super) fn text(text: impl Into<String>, origin: Origin) -> Self {
        Self { value: Value::Text(text.into()), origin }
    }

    /// The same settings as JSON, for showing.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Text(text) => text.as_str().into(),
            Value::Whole(number) => (*number).into(),
            Value::Real(number) => (*number).into(),
            Value::Flag(flag) => (*flag).into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(entries) => {
                entries.iter().map(|(key, node)| (key.clone(), node.to_json())).collect()
            }
        }
    }

    /// A tree of values nobody set, from what serde makes of a type's defaults.
    pub(super) fn from_json(json: &serde_json::Value) -> Option<Self> {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => return None,
            Json::Bool(flag) => Value::Flag(*flag),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Value::Whole(whole),
                None => Value::Real(number.as_f64()?),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(items.iter().filter_map(Self::from_json).collect()),
            Json::Object(entries) => Value::Table(
                entries
                    .iter()
                    .filter_map(|(key, json)| Some((key.clone(), Self::from_json(json)?)))
                    .collect(),
            ),
        };
        Some(Self { value, origin: Origin::Default })
    }

    /// Lays a stronger layer over this one: tables merge, everything else is replaced.
    pub(super) fn overlay(&mut self, stronger: Node) {
        match (&mut self.value, stronger) {
            (Value::Table(ours), Node { value: Value::Table(theirs), origin }) => {
                self.origin = origin;
                for (key, node) in theirs {
                    match ours.get_mut(&key) {
                        Some(present) => present.overlay(node),
                        None => {
                            ours.insert(key, node);
                        }
                    }
                }
            }
            (_, stronger) => *self = stronger,
        }
    }

    /// Sets the value at a dotted place, making tables on the way.
    pub(super) fn set(&mut self, place: &[String], node: Node) {
        let Some((first, rest)) = place.split_first() else {
            *self = node;
            return;
        };
        if !matches!(self.value, Value::Table(_)) {
            self.value = Value::Table(BTreeMap::new());
        }
        if let Value::Table(entries) = &mut self.value {
            entries
                .entry(first.clone())
                .or_insert_with(|| Node::table(node.origin.clone()))
                .set(rest, node);
        }
    }

    /// Takes an entry out of a table.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        match &mut self.value {
            Value::Table(entries) => entries.remove(key),
            _ => None,
        }
    }

    /// Calls `visit` with every value that is not a table, and its place.
    pub(super) fn each_leaf<'n>(
        &'n self,
        place: &mut Vec<&'n str>,
        visit: &mut impl FnMut(&[&str], &'n Node),
    ) {
        match &self.value {
            Value::Table(entries) => {
                for (key, node) in entries {
                    place.push(key);
                    node.each_leaf(place, visit);
                    place.pop();
                }
            }
            _ => visit(place, self),
        }
    }

    /// Calls `visit` with every node below this one that the pattern names; `*` is any key, and a
    /// list stands for its items.
    pub(super) fn each_match(&mut self, pattern: &[&str], visit: &mut impl FnMut(&mut Node)) {
        let Some((first, rest)) = pattern.split_first() else {
            match &mut self.value {
                Value::List(items) => items.iter_mut().for_each(visit),
                _ => visit(self),
            }
            return;
        };
        if let Value::Table(entries) = &mut self.value {
            for (key, node) in entries {
                if *first == "*" || key == first {
                    node.each_match(rest, visit);
                }
            }
        }
    }
}
