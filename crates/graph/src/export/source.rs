//! Files and folders, plain or gzip.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::ReadError;
use super::gather::{Gatherer, Reading};
use super::text::{Origin, read_text};

/// Bounds on what is read, so that a compressed bomb ends in an error and not in the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of one file after inflating.
    pub file_bytes: u64,
    /// Bytes of one object.
    pub object_bytes: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { file_bytes: 4 << 30, object_bytes: 16 << 20 }
    }
}

/// Reads files and folders. `each` is told of every file before it is read and may stop the work
/// by saying no. With `keep_going`, what cannot be read is gathered in [`Reading::errors`];
/// otherwise the first such thing ends the reading.
///
/// # Errors
/// The first [`ReadError`], unless `keep_going`.
pub fn read_paths(
    paths: &[PathBuf],
    limits: &ReadLimits,
    keep_going: bool,
    mut each: impl FnMut(&Path) -> bool,
) -> Result<Reading, ReadError> {
    let mut gatherer = Gatherer::new(keep_going);
    for path in paths {
        let folder = path.is_dir();
        let files = match files(path, &[".json", ".jsonl", ".ndjson"]) {
            Ok(files) => files,
            Err(error) => {
                gatherer.refuse(error)?;
                continue;
            }
        };
        for file in files {
            if !each(&file) {
                return Ok(gatherer.finish());
            }
            let origin = if folder { Origin::Folder } else { Origin::Explicit };
            let done = fit_to_open(&file, origin)
                .and_then(|()| {
                    open(&file).map_err(|source| ReadError::File { path: file.clone(), source })
                })
                .and_then(|input| {
                    read_text(&mut gatherer, &file.display().to_string(), input, origin, limits)
                });
            if let Err(error) = done {
                gatherer.refuse(error)?;
            }
        }
    }
    Ok(gatherer.finish())
}

/// The files of a path: itself, or in a folder every file with one of these endings, plain or gzip.
pub(crate) fn files(path: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, ReadError> {
    let failed = |source| ReadError::File { path: path.to_owned(), source };
    let kind = std::fs::metadata(path).map_err(failed)?;
    if !kind.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut out = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        let failed = |source| ReadError::File { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            if name.starts_with('.') {
                continue;
            }
            let kind = entry.file_type().map_err(failed)?;
            let plain = name.strip_suffix(".gz").unwrap_or(&name);
            if kind.is_dir() {
                open.push(entry.path());
            } else if endings.iter().any(|end| plain.ends_with(end)) {
                out.push(entry.path());
            }
        }
    }
    out.sort();
    if out.is_empty() {
        return Err(ReadError::NothingThere(path.to_owned()));
    }
    Ok(out)
}

/// A pipe or a device in a folder would keep whoever opens it waiting; one that is named is meant,
/// as in `cstack import <(command)`.
fn fit_to_open(path: &Path, origin: Origin) -> Result<(), ReadError> {
    if matches!(origin, Origin::Explicit) {
        return Ok(());
    }
    let failed = |source| ReadError::File { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.is_file() {
        return Ok(());
    }
    let reason = "it is a pipe, a socket or a device, and not a file";
    Err(failed(io::Error::new(io::ErrorKind::InvalidInput, reason)))
}

/// A file's bytes, inflated where it begins as gzip does.
fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut input = BufReader::new(File::open(path)?);
    let gzip = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzip { Box::new(MultiGzDecoder::new(input)) } else { Box::new(input) })
}
