//! CSV exports: a header, and rows that are records of Log Analytics or of the audit log.

use std::io::Read;

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::at_line;
use crate::export::ReadError;

/// Reads rows as JSON objects, each with its line; `take` may end it by saying no.
pub(super) fn read<E: From<ReadError>>(
    file: &str,
    input: impl Read,
    mut take: impl FnMut(&str, usize) -> Result<bool, E>,
) -> Result<(), E> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(input);
    let bad =
        |line: usize, reason: String| ReadError::Encoding { place: at_line(file, line), reason };
    let header = reader.headers().map_err(|error| bad(1, error.to_string()))?.clone();
    let names: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    if names.len() < 2 {
        let reason = "neither JSON nor CSV with a header of several columns".to_owned();
        return Err(bad(1, reason).into());
    }
    let mut row = StringRecord::new();
    loop {
        let line = usize::try_from(reader.position().line()).unwrap_or(0);
        match reader.read_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(error) => {
                let line =
                    error.position().map_or(line, |at| usize::try_from(at.line()).unwrap_or(line));
                return Err(bad(line, format!("not CSV: {error}")).into());
            }
        }
        // Cells beyond the header have no name; cells that are missing are absent.
        let cells = names.iter().zip(row.iter()).filter(|(_, cell)| !cell.trim().is_empty());
        let object: Map<String, Value> =
            cells.map(|(name, cell)| (name.clone(), Value::from(cell))).collect();
        if object.is_empty() {
            continue;
        }
        let text = Value::Object(object).to_string();
        let line = row.position().map_or(line, |at| usize::try_from(at.line()).unwrap_or(line));
        if !take(&text, line)? {
            return Ok(());
        }
    }
}
