//! The text of a file: encoding, documents, lines.

use serde_json::value::RawValue;

use super::gather::Gatherer;
use super::source::ReadLimits;
use super::walk::Walk;
use super::{Place, ReadError, Reading};

/// How a file came to be read; decides what follows from the absence of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Named by itself.
    Explicit,
    /// Found in a folder that was named.
    Folder,
}

/// Reads one file's bytes, uncompressed.
///
/// # Errors
/// The first [`ReadError`] with the place.
pub fn read_bytes(name: &str, bytes: &[u8]) -> Result<Reading, ReadError> {
    let mut gatherer = Gatherer::new(false);
    read_text(&mut gatherer, name, bytes, Origin::Folder, &ReadLimits::default())?;
    Ok(gatherer.finish())
}

pub(super) fn read_text(
    gatherer: &mut Gatherer,
    file: &str,
    bytes: &[u8],
    origin: Origin,
    limits: &ReadLimits,
) -> Result<(), ReadError> {
    let whole = |reason: &str| ReadError::Encoding {
        place: Place { file: file.to_owned(), line: 0, path: String::new() },
        reason: reason.to_owned(),
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(whole("UTF-16; save it as UTF-8 (in PowerShell: -Encoding utf8)"));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| ReadError::Encoding {
        place: Place {
            file: file.to_owned(),
            line: line_at(bytes, error.valid_up_to()),
            path: String::new(),
        },
        reason: "not UTF-8; save it as UTF-8".to_owned(),
    })?;
    if text.trim().is_empty() {
        return Err(whole("empty"));
    }
    // One document, or several after one another: JSON Lines need no case of their own.
    let documents = documents(text, file)?;
    let several = documents.len() > 1;
    let lines = Lines::new(text);
    let mut walk = Walk { gatherer, file, lines: &lines, origin, limits, several };
    for document in documents {
        walk.document(document)?;
    }
    Ok(())
}

fn documents<'t>(text: &'t str, file: &str) -> Result<Vec<&'t RawValue>, ReadError> {
    let mut out = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    loop {
        let at = stream.byte_offset();
        match stream.next() {
            None => return Ok(out),
            Some(Ok(document)) => out.push(document),
            Some(Err(error)) => {
                // The error counts lines from the beginning of the text.
                let line =
                    if error.line() > 0 { error.line() } else { line_at(text.as_bytes(), at) };
                return Err(ReadError::Syntax {
                    place: Place { file: file.to_owned(), line, path: String::new() },
                    reason: without_position(&error),
                });
            }
        }
    }
}

/// The message of an error without the position at its end, which is told apart.
pub(super) fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

fn line_at(bytes: &[u8], offset: usize) -> usize {
    bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// Line numbers of slices of a text.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Offsets at which lines begin.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { text, starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect() }
    }

    /// The line, from 1, on which a slice of the text begins.
    pub(super) fn of(&self, slice: &str) -> usize {
        let offset = (slice.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.starts.partition_point(|start| *start <= offset)
    }
}
