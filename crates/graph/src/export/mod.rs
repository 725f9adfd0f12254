//! Export files: what a file holds is recognised from its content, never from its name.
//!
//! Read are single objects, arrays, Graph collections, JSON Lines, batches, objects keyed by kind
//! and folders of such, plain or gzip, UTF-8 with or without a byte-order mark.

mod gather;
mod json;
mod members;
mod notes;
mod recognise;
mod source;
mod spelling;
mod text;
mod walk;

use std::path::PathBuf;

pub use gather::{Gatherer, Reading};
pub(crate) use source::files;
pub use source::{ReadLimits, read_paths};
pub use text::read_bytes;
pub(crate) use text::without_position;

/// Where in an export something stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// File.
    pub file: String,
    /// Line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// JSON path within the file's document; empty for the document itself.
    pub path: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        Ok(())
    }
}

/// Why an export cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file or folder cannot be opened.
    #[error("{path}: cannot be read: {source}", path = .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A path has nothing to read.
    #[error("{path}: has no export files (.json, .jsonl, .ndjson, plain or .gz)", path = .0.display())]
    NothingThere(PathBuf),
    /// Not text that can be read.
    #[error("{place}: {reason}")]
    Encoding {
        /// Where.
        place: Place,
        /// What it is instead, and what to do.
        reason: String,
    },
    /// Not JSON.
    #[error("{place}: not JSON: {reason}")]
    Syntax {
        /// Where.
        place: Place,
        /// What is wrong.
        reason: String,
    },
    /// JSON, but nothing that is known.
    #[error("{place}: {reason}")]
    Unrecognised {
        /// Where.
        place: Place,
        /// What was seen, and what would be known.
        reason: String,
    },
    /// A known object of the wrong shape.
    #[error("{place}: not a valid {kind}: {reason}")]
    Shape {
        /// Where.
        place: Place,
        /// What it was taken for.
        kind: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Two versions of one object.
    #[error(
        "{place}: another version of {kind} {id} than in {other}: import one of them, or use --keep-going to take the later"
    )]
    Conflict {
        /// Where the second stands.
        place: Place,
        /// What it is.
        kind: &'static str,
        /// Its id.
        id: String,
        /// Where the first stands.
        other: Box<Place>,
    },
}
