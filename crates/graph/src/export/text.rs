//! The text of a file: encoding, documents, lines.

use std::io::{self, Read};

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

/// Bytes read at a time, unless one document is longer.
const CHUNK: usize = 1 << 20;

/// Reads one file's bytes, uncompressed.
///
/// # Errors
/// The first [`ReadError`] with the place.
pub fn read_bytes(name: &str, bytes: &[u8]) -> Result<Reading, ReadError> {
    let mut gatherer = Gatherer::new(false);
    read_text(&mut gatherer, name, bytes, Origin::Folder, &ReadLimits::default())?;
    Ok(gatherer.finish())
}

/// Reads a file's documents one after the other. Of JSON Lines a chunk is in memory at a time, of
/// a single document the whole.
pub(super) fn read_text(
    gatherer: &mut Gatherer,
    file: &str,
    mut input: impl Read,
    origin: Origin,
    limits: &ReadLimits,
) -> Result<(), ReadError> {
    let failed = |source| ReadError::File { path: file.into(), source };
    let mut buffer = Vec::new();
    let (mut total, mut before, mut several, mut empty) = (0_u64, 0, false, true);
    loop {
        // As much again as is there: a long document is looked at a few times, not once a chunk.
        let wanted = CHUNK.max(buffer.len());
        let got = input.by_ref().take(wanted as u64).read_to_end(&mut buffer).map_err(failed)?;
        let ended = got < wanted;
        if total == 0 {
            check_mark(file, &mut buffer)?;
        }
        total += got as u64;
        if total > limits.file_bytes {
            let reason = format!("larger than {} bytes; split it", limits.file_bytes);
            return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, reason)));
        }
        let text = valid(&buffer, ended).map_err(|at| ReadError::Encoding {
            place: at_line(file, before + line_at(&buffer, at)),
            reason: "not UTF-8; save it as UTF-8".to_owned(),
        })?;
        let Documents { found, used, error } = documents(text);
        several |= found.len() > 1;
        empty &= found.is_empty() && error.is_none();
        let cut_off = error.as_ref().is_some_and(serde_json::Error::is_eof);
        if !ended && (error.is_none() || cut_off) && !several {
            // Whether this is the only document is not known yet.
            continue;
        }
        let lines = Lines::new(text, before);
        let mut walk = Walk { gatherer, file, lines: &lines, origin, limits, several, depth: 0 };
        for document in found {
            walk.document(document)?;
        }
        if let Some(error) = error.filter(|_| ended || !cut_off) {
            return Err(ReadError::Syntax {
                place: at_line(file, before + error.line().max(1)),
                reason: without_position(&error),
            });
        }
        before += line_at(&buffer, used) - 1;
        buffer.drain(..used);
        if ended {
            break;
        }
    }
    if empty {
        return Err(ReadError::Encoding { place: at_line(file, 0), reason: "empty".to_owned() });
    }
    Ok(())
}

fn at_line(file: &str, line: usize) -> Place {
    Place { file: file.to_owned(), line, path: String::new() }
}

/// Passes the byte-order mark of UTF-8 and refuses UTF-16.
fn check_mark(file: &str, start: &mut Vec<u8>) -> Result<(), ReadError> {
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        let reason = "UTF-16; save it as UTF-8 (in PowerShell: -Encoding utf8)".to_owned();
        return Err(ReadError::Encoding { place: at_line(file, 0), reason });
    }
    if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        start.drain(..3);
    }
    Ok(())
}

/// The text of some bytes, but for a character that the next chunk may complete; where it is
/// none, the offset.
fn valid(bytes: &[u8], ended: bool) -> Result<&str, usize> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) if error.error_len().is_none() && !ended => {
            let whole = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(whole).map_err(|error| error.valid_up_to())
        }
        Err(error) => Err(error.valid_up_to()),
    }
}

struct Documents<'t> {
    found: Vec<&'t RawValue>,
    /// Bytes up to the end of the last of them.
    used: usize,
    error: Option<serde_json::Error>,
}

fn documents(text: &str) -> Documents<'_> {
    let mut found = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    loop {
        let used = stream.byte_offset();
        match stream.next() {
            None => return Documents { found, used: text.len(), error: None },
            Some(Ok(document)) => found.push(document),
            Some(Err(error)) => return Documents { found, used, error: Some(error) },
        }
    }
}

/// The message of an error without the position at its end, which is told apart.
pub(crate) fn without_position(error: &serde_json::Error) -> String {
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
    /// Lines before the text.
    before: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str, before: usize) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            text,
            starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect(),
            before,
        }
    }

    /// The line, from 1, on which a slice of the text begins.
    pub(super) fn of(&self, slice: &str) -> usize {
        let offset = (slice.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.before + self.starts.partition_point(|start| *start <= offset)
    }
}
