//! `CSTACK_*` variables.

use std::collections::BTreeMap;

use super::keys::environment_keys;
use super::nearest::nearest;
use super::tree::{Node, Origin};

/// Variables that are not settings of the configuration file and are read elsewhere.
const OTHERS: [&str; 3] = ["CSTACK_CONFIG", "CSTACK_PROFILE", "CSTACK_ACTOR"];

/// Beginnings of variables that belong to other parts of the product.
const FAMILIES: [&str; 2] = ["CSTACK_LLM_", "CSTACK_MLFLOW_"];

/// The process's environment, as a value that tests can make up.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// What this process was started with; variables that are not Unicode are not ours.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The layer of settings, and what looks like one but is not.
    pub(super) fn layer(&self) -> (Node, Vec<String>) {
        let mut tree = Node::table(Origin::Default);
        let mut strangers = Vec::new();
        let ours: Vec<_> = self.0.iter().filter(|(name, _)| name.starts_with("CSTACK_")).collect();
        if ours.is_empty() {
            return (tree, strangers);
        }
        let keys = environment_keys();
        for (name, value) in ours {
            if let Some(key) = keys.iter().find(|key| key.environment == *name) {
                if !value.is_empty() {
                    let node = Node::text(value, Origin::Environment(name.clone()));
                    tree.set(&key.place, node);
                }
            } else if !OTHERS.contains(&name.as_str())
                && !FAMILIES.iter().any(|family| name.starts_with(family))
            {
                let known = keys.iter().map(|key| key.environment.as_str()).chain(OTHERS);
                let hint = nearest(name, known)
                    .map_or_else(String::new, |near| format!("; did you mean {near}?"));
                strangers
                    .push(format!("the variable {name} is no setting and has no effect{hint}"));
            }
        }
        (tree, strangers)
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(pairs: [(&str, &str); N]) -> Self {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
