//! Sign-in records: Graph, diagnostic, Log Analytics and Unified Audit Log, recognised from their
//! content, read as a stream so that a file of millions needs little memory.
//!
//! A record without an id gets one that starts with `derived-`: the head of the SHA-256 of its
//! text, so that the same record read again is the same sign-in.

mod address;
mod csv_rows;
mod diagnostic;
mod lenient;
mod log_analytics;
mod moment;
mod python_repr;
mod recognise;
mod scan;
mod stream;
mod unified_audit;
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::sign_in::SignIn;

use crate::export::{Place, ReadError, ReadLimits};

pub use stream::read_sign_ins;

/// A sign-in with the record that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct SignInRecord {
    /// What was read.
    pub sign_in: SignIn,
    /// The record's text; of a CSV file, the row as JSON.
    pub raw: Box<str>,
}

/// What was read, beside the sign-ins themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInReading {
    /// Sign-ins.
    pub read: u64,
    /// Records that are no sign-ins, by what they call themselves.
    pub others: BTreeMap<String, u64>,
    /// What was refused, with the place; empty unless reading went on.
    pub refused: Vec<String>,
    /// How much was refused; `refused` names the first of it.
    pub refusals: u64,
}

/// How sign-ins are to be read.
#[derive(Debug, Clone, Copy)]
pub struct SignInOptions {
    /// Whether to go on where a record cannot be read.
    pub keep_going: bool,
    /// Bounds on files and records.
    pub limits: ReadLimits,
}

/// How far a reading has come.
#[derive(Debug, Clone, Copy)]
pub struct Step<'s> {
    /// The file that is being read.
    pub file: &'s Path,
    /// Bytes of it that were read, as they are on disk.
    pub bytes: u64,
}

/// What a record is.
#[derive(Debug)]
enum Told {
    /// A sign-in.
    SignIn(Box<SignIn>),
    /// Something else, by what it calls itself.
    Other(String),
    /// A sign-in that lacks what it must have.
    Lacking(wire::Lacking),
}

/// The size of what is to be read, as it is on disk; for progress.
///
/// # Errors
/// [`ReadError`] where a path cannot be looked at or has nothing to read.
pub fn size(paths: &[PathBuf]) -> Result<u64, ReadError> {
    let mut total = 0;
    for path in paths {
        for file in stream::files(path)? {
            total += std::fs::metadata(&file).map_or(0, |found| found.len());
        }
    }
    Ok(total)
}

/// The files that a reading of these paths reads, in its order.
///
/// # Errors
/// As [`size`].
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ReadError> {
    let mut out = Vec::new();
    for path in paths {
        out.extend(stream::files(path)?);
    }
    Ok(out)
}

fn at_line(file: &str, line: usize) -> Place {
    Place { file: file.to_owned(), line, path: String::new() }
}

#[cfg(test)]
mod tests;
