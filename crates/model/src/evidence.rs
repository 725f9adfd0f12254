//! The facts behind a finding.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::canonical::canonical_json;

/// Facts as canonical JSON: equal facts are equal bytes. Kept as text, since most evidence is
/// hashed and stored, and never looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence(Box<str>);

impl Evidence {
    /// Evidence from facts of any shape.
    ///
    /// # Errors
    /// If they cannot be represented as JSON; see [`canonical_json`].
    pub fn new<T: Serialize>(facts: &T) -> Result<Self, serde_json::Error> {
        Ok(Self(canonical_json(facts)?.into()))
    }

    /// Evidence from types that declare their fields in the order of the names they are written
    /// with, so that what is written first is canonical already.
    ///
    /// # Errors
    /// As [`Evidence::new`].
    pub fn in_order<T: Serialize>(facts: &T) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(facts)?;
        debug_assert_eq!(canonical_json(facts).ok().as_ref(), Some(&text), "fields out of order");
        Ok(Self(text.into()))
    }

    /// Evidence from the text of [`Evidence::as_str`].
    ///
    /// # Errors
    /// If it is not JSON.
    pub fn stored(text: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<serde::de::IgnoredAny>(&text)?;
        Ok(Self(text.into()))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The facts to look into.
    pub fn value(&self) -> Value {
        // Every constructor has seen that it is JSON.
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Evidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let facts = Value::deserialize(deserializer)?;
        Self::new(&facts).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_in_which_facts_are_given_changes_nothing() {
        let one: Value = serde_json::from_str(r#"{"b": 1, "a": [{"d": 2, "c": 3}]}"#).unwrap();
        let other = json!({"a": [{"c": 3, "d": 2}], "b": 1});
        assert_eq!(Evidence::new(&one).unwrap(), Evidence::new(&other).unwrap());
    }

    #[test]
    fn what_was_stored_is_the_same_evidence_again() {
        let evidence = Evidence::new(&json!({"users": ["ida@contoso.example"]})).unwrap();
        assert_eq!(Evidence::stored(evidence.as_str().to_owned()).unwrap(), evidence);
        let text = serde_json::to_string(&evidence).unwrap();
        assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), evidence);
    }

    #[test]
    fn text_that_is_not_json_is_refused() {
        assert!(Evidence::stored("{\"users\": [".to_owned()).is_err());
    }
}
