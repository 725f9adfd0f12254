//! Files and folders, plain or gzip.

use std::fs::File;
use std::io::{Read, Seek as _};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

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
        let files = match files(path) {
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
            let done = contents(&file, limits).and_then(|bytes| {
                read_text(&mut gatherer, &file.display().to_string(), &bytes, origin, limits)
            });
            if let Err(error) = done {
                gatherer.refuse(error)?;
            }
        }
    }
    Ok(gatherer.finish())
}

/// The export files of a path: itself, or in a folder every file whose name says JSON.
fn files(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let failed = |source| ReadError::File { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
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
            } else if [".json", ".jsonl", ".ndjson"].iter().any(|end| plain.ends_with(end)) {
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

/// A file's bytes, inflated where it begins as gzip does.
fn contents(path: &Path, limits: &ReadLimits) -> Result<Vec<u8>, ReadError> {
    let failed = |source| ReadError::File { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut magic = [0_u8; 2];
    let seen = file.read(&mut magic).map_err(failed)?;
    file.rewind().map_err(failed)?;
    let mut bytes = Vec::new();
    let limit = limits.file_bytes + 1;
    if seen == 2 && magic == [0x1f, 0x8b] {
        MultiGzDecoder::new(file).take(limit).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    }
    if bytes.len() as u64 > limits.file_bytes {
        let reason = format!("larger than {} bytes; split it", limits.file_bytes);
        return Err(failed(std::io::Error::new(std::io::ErrorKind::FileTooLarge, reason)));
    }
    Ok(bytes)
}
