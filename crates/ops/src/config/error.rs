//! What can be wrong with a configuration, told so that it can be put right.

use std::io;
use std::path::PathBuf;

use super::tree::Origin;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file is there but cannot be read, or was named and is not there.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file is not TOML.
    #[error("{}:{line}: not valid TOML: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A key nobody knows.
    #[error("{origin}: unknown key `{key}`{}", meant(.nearest.as_deref()))]
    UnknownKey {
        /// Where it stands.
        origin: Origin,
        /// The key, with its sections.
        key: String,
        /// The name that was probably meant.
        nearest: Option<Box<str>>,
    },
    /// A value that is not one of those a key can have.
    #[error("{origin}: `{key}` cannot be `{value}`{}; it is one of {}", meant(.nearest.as_deref()), .known.join(", "))]
    UnknownValue {
        /// Where it stands.
        origin: Origin,
        /// The key, with its sections.
        key: String,
        /// What was written.
        value: Box<str>,
        /// What can be written.
        known: &'static [&'static str],
        /// The value that was probably meant.
        nearest: Option<Box<str>>,
    },
    /// A value of the wrong type, or out of range, or missing.
    #[error("{origin}: `{key}`: {reason}")]
    Invalid {
        /// Where it stands.
        origin: Origin,
        /// The key, with its sections.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A profile was asked for that no file has.
    #[error("there is no profile `{name}`{}; {}", meant(.nearest.as_deref()), profiles(.known))]
    UnknownProfile {
        /// What was asked for.
        name: String,
        /// The profiles there are.
        known: Vec<String>,
        /// The profile that was probably meant.
        nearest: Option<Box<str>>,
    },
    /// Neither the environment nor the system says where the user's files are.
    #[error("no home folder is known, so there is no place for configuration and data; set HOME")]
    NoHome,
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

fn profiles(known: &[String]) -> String {
    if known.is_empty() {
        "the configuration files have none".to_owned()
    } else {
        format!("the configuration files have {}", known.join(", "))
    }
}
