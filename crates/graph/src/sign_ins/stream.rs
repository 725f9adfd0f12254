//! Files as streams of records.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use serde::de::IgnoredAny;

use super::recognise::{self, Wrong};
use super::{
    SignInOptions, SignInReading, SignInRecord, Step, Told, at_line, csv_rows, log_analytics,
};
use crate::export::{Place, ReadError};

/// Refusals that are named; the rest is counted.
const NAMED: usize = 100;
/// Records between two looks at whether to go on.
const BETWEEN: u64 = 1_024;

/// The files of a path: itself, or in a folder every file whose name says JSON or CSV.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    crate::export::files(path, &[".json", ".jsonl", ".ndjson", ".csv", ".log"])
}

/// Counts the bytes that are taken from a file.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.count.set(self.count.get() + got as u64);
        Ok(got)
    }
}

/// Reads files and folders of sign-in records in any of the four shapes, plain or gzip: JSON Lines,
/// lists, collections (`value`, `records`), query results (`tables`) and CSV. `take` gets each
/// sign-in; `each` is told now and then how far it is, and may stop the reading by saying no.
///
/// # Errors
/// The first [`ReadError`], unless the options say to keep going; what `take` gives ends it always.
pub fn read_sign_ins<E: From<ReadError>>(
    paths: &[PathBuf],
    options: &SignInOptions,
    mut each: impl FnMut(Step<'_>) -> bool,
    mut take: impl FnMut(SignInRecord) -> Result<(), E>,
) -> Result<SignInReading, E> {
    let mut reading = SignInReading::default();
    for path in paths {
        for file in files(path)? {
            let count = Rc::new(Cell::new(0));
            if !each(Step { file: &file, bytes: 0 }) {
                return Ok(reading);
            }
            let name = file.display().to_string();
            let input = open(&file, &count)
                .map_err(|source| ReadError::File { path: file.clone(), source });
            let mut stopped = false;
            let done = input.map_err(E::from).and_then(|input| {
                let mut seen = 0_u64;
                records(&name, input, options, |text, line| {
                    seen += 1;
                    if seen.is_multiple_of(BETWEEN)
                        && !each(Step { file: &file, bytes: count.get() })
                    {
                        stopped = true;
                        return Ok(false);
                    }
                    one(&mut reading, options, &name, text, line, &mut take)?;
                    Ok(true)
                })
            });
            done?;
            if stopped {
                return Ok(reading);
            }
        }
    }
    Ok(reading)
}

/// Takes one record.
fn one<E: From<ReadError>>(
    reading: &mut SignInReading,
    options: &SignInOptions,
    file: &str,
    text: &str,
    line: usize,
    take: &mut impl FnMut(SignInRecord) -> Result<(), E>,
) -> Result<(), E> {
    let (path, reason, within) = match recognise::read(text) {
        Ok(Told::SignIn(sign_in)) => {
            reading.read += 1;
            return take(SignInRecord { sign_in: *sign_in, raw: text.into() });
        }
        Ok(Told::Other(kind)) => {
            *reading.others.entry(kind).or_default() += 1;
            return Ok(());
        }
        Ok(Told::Lacking(lacking)) => (lacking.path.to_owned(), lacking.reason, 0),
        Err(Wrong { path, reason, line }) => (path, reason, line),
    };
    let place = Place { file: file.to_owned(), line: line + within, path: format!("${path}") };
    refuse(reading, options, ReadError::Shape { place, kind: "sign-in", reason })?;
    Ok(())
}

fn refuse(
    reading: &mut SignInReading,
    options: &SignInOptions,
    error: ReadError,
) -> Result<(), ReadError> {
    if !options.keep_going {
        return Err(error);
    }
    reading.refusals += 1;
    if reading.refused.len() < NAMED {
        reading.refused.push(error.to_string());
    }
    Ok(())
}

/// A file's bytes, inflated where it begins as gzip does.
fn open(path: &Path, count: &Rc<Cell<u64>>) -> io::Result<Box<dyn BufRead>> {
    let file = Counted { inner: File::open(path)?, count: Rc::clone(count) };
    let mut input = BufReader::with_capacity(1 << 18, file);
    let gzip = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzip {
        Box::new(BufReader::with_capacity(1 << 18, MultiGzDecoder::new(input)))
    } else {
        Box::new(input)
    })
}

/// Splits a file into its records.
fn records<E: From<ReadError>>(
    file: &str,
    mut input: impl BufRead,
    options: &SignInOptions,
    mut take: impl FnMut(&str, usize) -> Result<bool, E>,
) -> Result<(), E> {
    let failed = |source| ReadError::File { path: file.into(), source };
    let mut first = Vec::new();
    let mut blank = 0;
    // The first line that is not blank tells what the file is.
    loop {
        first.clear();
        let limit = options.limits.object_bytes as u64;
        let got = (&mut input).take(limit).read_until(b'\n', &mut first).map_err(failed)?;
        if got == 0 {
            let reason = "empty".to_owned();
            return Err(ReadError::Encoding { place: at_line(file, 0), reason }.into());
        }
        if blank == 0 && (first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff])) {
            let reason = "UTF-16; save it as UTF-8 (in PowerShell: -Encoding utf8)".to_owned();
            return Err(ReadError::Encoding { place: at_line(file, 0), reason }.into());
        }
        if first.starts_with(&[0xef, 0xbb, 0xbf]) {
            first.drain(..3);
        }
        if !first.trim_ascii().is_empty() {
            break;
        }
        blank += 1;
    }
    let start = first.trim_ascii_start();
    if !start.starts_with(b"{") && !start.starts_with(b"[") {
        return csv_rows::read(file, Cursor::new(first).chain(input), take);
    }
    let is_line = start.starts_with(b"{")
        && serde_json::from_slice::<IgnoredAny>(&first).is_ok()
        && !holds_records(&first);
    if is_line {
        return lines(file, first, blank, input, options, take);
    }
    let mut scanner = super::scan::Scanner::new(options.limits.object_bytes);
    let mut line = blank;
    let mut rest = Cursor::new(first).chain(input);
    loop {
        let chunk = rest.fill_buf().map_err(failed)?;
        if chunk.is_empty() {
            break;
        }
        let length = chunk.len();
        let go_on = scanner.feed(chunk, |record, at| {
            let text = text_of(file, record, blank + at)?;
            if let Some(rows) = table(text) {
                for row in rows {
                    if !take(&serde_json::Value::Object(row).to_string(), blank + at)? {
                        return Ok(false);
                    }
                }
                return Ok(true);
            }
            take(text, blank + at)
        });
        line = blank + scanner.line();
        rest.consume(length);
        match go_on {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    if let Some(reason) = scanner.ended() {
        return Err(ReadError::Syntax { place: at_line(file, line), reason }.into());
    }
    Ok(())
}

/// Whether a document on one line is a wrapper of many records.
fn holds_records(document: &[u8]) -> bool {
    let head = document.get(..document.len().min(4_096)).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    ["\"value\"", "\"records\"", "\"tables\""].iter().any(|name| {
        head.match_indices(name).any(|(at, _)| {
            let before = head.get(..at).unwrap_or_default();
            let depth =
                before.matches(['{', '[']).count() == before.matches(['}', ']']).count() + 1;
            let after = head.get(at + name.len()..).unwrap_or_default().trim_start();
            depth && after.strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with('['))
        })
    })
}

/// The rows of a query's result, where a record is one.
fn table(text: &str) -> Option<Vec<serde_json::Map<String, serde_json::Value>>> {
    let head = text.get(..text.len().min(512)).unwrap_or(text);
    if !(head.contains("\"columns\"") || head.contains("\"Columns\"")) {
        return None;
    }
    log_analytics::rows_of_table(&serde_json::from_str(text).ok()?)
}

fn text_of<'b>(file: &str, bytes: &'b [u8], line: usize) -> Result<&'b str, ReadError> {
    std::str::from_utf8(bytes).map_err(|_| ReadError::Encoding {
        place: at_line(file, line),
        reason: "not UTF-8; save it as UTF-8".to_owned(),
    })
}

/// JSON Lines: a record a line.
fn lines<E: From<ReadError>>(
    file: &str,
    mut line: Vec<u8>,
    blank: usize,
    mut input: impl BufRead,
    options: &SignInOptions,
    mut take: impl FnMut(&str, usize) -> Result<bool, E>,
) -> Result<(), E> {
    let mut number = blank + 1;
    let most = options.limits.object_bytes;
    loop {
        let record = line.trim_ascii();
        if record.len() >= most {
            let reason = format!("a record larger than {most} bytes");
            return Err(ReadError::Unrecognised { place: at_line(file, number), reason }.into());
        }
        if !record.is_empty() && !take(text_of(file, record, number)?, number)? {
            return Ok(());
        }
        line.clear();
        let got = (&mut input)
            .take(most as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(|source| ReadError::File { path: file.into(), source })?;
        if got == 0 {
            return Ok(());
        }
        number += 1;
    }
}
