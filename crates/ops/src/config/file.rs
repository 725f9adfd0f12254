//! Reading one configuration file into a tree with line numbers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::tree::{Node, Origin, Value};

/// The settings that are paths: a relative one is taken from the file's own folder.
const PATHS: [&[&str]; 6] = [
    &["store", "path"],
    &["log", "file"],
    &["audit", "rules-dir"],
    &["geoip", "asn-db"],
    &["geoip", "city-db"],
    &["sources", "*", "paths"],
];

/// The tables whose keys are rule ids. An id has a dot, and `rule.mfa-admins = "high"` without
/// quotes would otherwise be a table called `rule`.
const BY_RULE: [&[&str]; 3] = [
    &["audit", "severity"],
    &["audit", "tenants", "*", "severity"],
    &["audit", "groups", "*", "severity"],
];

/// Reads a file, or `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Node>, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => parse(&text, path).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    }
}

/// The tree of a file's text.
pub(super) fn parse(text: &str, path: &Path) -> Result<Node, ConfigError> {
    // A byte order mark is what Windows editors leave behind.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Source { text, path: Arc::new(path.to_owned()) };
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: source.line(error.span().map_or(0, |span| span.start)),
        reason: error.message().to_owned(),
    })?;
    let mut root = Node { value: source.table(table.get_ref()), origin: source.origin(0) };
    let folder = path.parent().unwrap_or(Path::new(""));
    for_root_and_profiles(&mut root, &mut |node| {
        for pattern in PATHS {
            node.each_match(pattern, &mut |node| anchor(node, folder));
        }
        for pattern in BY_RULE {
            node.each_match(pattern, &mut flatten);
        }
    });
    if let Value::Table(entries) = &mut root.value
        && let Some(Node { value: Value::Table(profiles), .. }) = entries.get_mut("profile")
    {
        for (name, node) in profiles {
            mark(node, &Arc::from(name.as_str()));
        }
    }
    Ok(root)
}

fn for_root_and_profiles(root: &mut Node, change: &mut impl FnMut(&mut Node)) {
    change(root);
    root.each_match(&["profile", "*"], change);
}

/// Records on every node below which profile it belongs to.
fn mark(node: &mut Node, name: &Arc<str>) {
    if let Origin::File { profile, .. } = &mut node.origin {
        *profile = Some(Arc::clone(name));
    }
    match &mut node.value {
        Value::Table(entries) => entries.values_mut().for_each(|node| mark(node, name)),
        Value::List(items) => items.iter_mut().for_each(|node| mark(node, name)),
        _ => {}
    }
}

/// Makes a relative path absolute from the file's folder, and `~/` the user's home.
fn anchor(node: &mut Node, folder: &Path) {
    if let Value::Text(text) = &mut node.value
        && !text.is_empty()
    {
        let home = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
        let path = match text.strip_prefix("~/").and_then(|rest| Some(home()?.join(rest))) {
            Some(at_home) => at_home,
            None => folder.join(PathBuf::from(text.as_str())),
        };
        *text = path.to_string_lossy().into_owned();
    }
}

/// Joins nested keys back into one with dots.
fn flatten(node: &mut Node) {
    if let Value::Table(entries) = &mut node.value {
        let mut flat = BTreeMap::new();
        for (key, node) in std::mem::take(entries) {
            node_into(&mut flat, key, node);
        }
        *entries = flat;
    }
}

fn node_into(flat: &mut BTreeMap<String, Node>, key: String, node: Node) {
    match node.value {
        Value::Table(entries) => {
            for (rest, node) in entries {
                node_into(flat, format!("{key}.{rest}"), node);
            }
        }
        _ => {
            flat.insert(key, node);
        }
    }
}

struct Source<'t> {
    text: &'t str,
    path: Arc<PathBuf>,
}

impl Source<'_> {
    fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    fn origin(&self, offset: usize) -> Origin {
        Origin::File { path: Arc::clone(&self.path), line: self.line(offset), profile: None }
    }

    fn table(&self, table: &DeTable<'_>) -> Value {
        Value::Table(
            table
                .iter()
                .map(|(key, value)| {
                    let node = Node {
                        value: self.value(value.get_ref()),
                        origin: self.origin(key.span().start),
                    };
                    (key.get_ref().to_string(), node)
                })
                .collect(),
        )
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Value::Text(number.to_string()), Value::Whole),
            DeValue::Float(number) => number
                .as_str()
                .parse()
                .map_or_else(|_| Value::Text(number.to_string()), Value::Real),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Array(items) => {
                Value::List(items.iter().map(|item| self.item(item)).collect())
            }
            DeValue::Table(table) => self.table(table),
        }
    }

    fn item(&self, item: &Spanned<DeValue<'_>>) -> Node {
        Node { value: self.value(item.get_ref()), origin: self.origin(item.span().start) }
    }
}
