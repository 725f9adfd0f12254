//! What serde finds wrong with a setting, in words for the person who wrote it.

use std::fmt::{self, Display};

use serde::de::{self, Unexpected};

use super::error::ConfigError;
use super::nearest::nearest;
use super::tree::{Node, Origin};

/// What serde found wrong, and then where.
#[derive(Debug)]
pub(super) struct Fault {
    what: What,
    origin: Option<Origin>,
    key: Vec<String>,
}

#[derive(Debug)]
pub(super) enum What {
    UnknownKey { name: String, known: &'static [&'static str] },
    UnknownValue { value: String, known: &'static [&'static str] },
    Other(String),
}

impl Fault {
    pub(super) fn new(what: What) -> Self {
        Self { what, origin: None, key: Vec::new() }
    }

    /// The innermost place is the one to tell.
    pub(super) fn at(mut self, node: &Node) -> Self {
        self.origin.get_or_insert_with(|| node.origin.clone());
        self
    }

    pub(super) fn inside(mut self, key: &str) -> Self {
        self.key.push(key.to_owned());
        self
    }

    pub(super) fn into_config_error(self) -> ConfigError {
        let origin = self.origin.unwrap_or(Origin::Default);
        let key = self.key.into_iter().rev().collect::<Vec<_>>().join(".");
        match self.what {
            What::UnknownKey { name, known } => {
                let nearest = nearest(&name, known.iter().copied()).map(Box::from);
                ConfigError::UnknownKey { origin, key, nearest }
            }
            What::UnknownValue { value, known } => ConfigError::UnknownValue {
                nearest: nearest(&value, known.iter().copied()).map(Box::from),
                value: value.into(),
                known,
                origin,
                key,
            },
            What::Other(reason) => ConfigError::Invalid { origin, key, reason },
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(What::Other(message.to_string()))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let wanted = match expected.to_string().as_str() {
            "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number".to_owned(),
            "a nonzero u16" => "a whole number from 1 on".to_owned(),
            "f64" => "a number".to_owned(),
            "a boolean" => "true or false".to_owned(),
            "a sequence" => "a list".to_owned(),
            "a string" | "path string" => "text in quotes".to_owned(),
            other if other == "a map" || other.starts_with("struct ") => "a table".to_owned(),
            other => other.to_owned(),
        };
        let found = match unexpected {
            Unexpected::Map => "a table".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Str(text) => format!("the text \"{text}\""),
            Unexpected::Signed(number) => format!("the number {number}"),
            Unexpected::Float(number) => format!("the number {number}"),
            Unexpected::Bool(flag) => flag.to_string(),
            other => other.to_string(),
        };
        Self::new(What::Other(format!("this is {found}, but should be {wanted}")))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        match unexpected {
            Unexpected::Signed(number) if number < 0 => {
                Self::new(What::Other(format!("{number} is negative, which makes no sense here")))
            }
            Unexpected::Signed(0) => Self::new(What::Other("0 makes no sense here".to_owned())),
            Unexpected::Signed(number) => {
                Self::new(What::Other(format!("{number} is out of range")))
            }
            other => Self::invalid_type(other, expected),
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Other(format!("`{field}` is missing")))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownKey { name: field.to_owned(), known })
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownValue { value: variant.to_owned(), known })
    }
}
