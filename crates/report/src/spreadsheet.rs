//! CSV as RFC 4180 has it, safe to open in a spreadsheet.

use std::borrow::Cow;

use crate::clean::clean;

use crate::ReportError;

/// A header and rows, with CR LF line ends.
pub(crate) fn table(
    report: &'static str,
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<String, ReportError> {
    let failed = |reason: String| ReportError::Csv { report, reason };
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(header).map_err(|error| failed(error.to_string()))?;
    for row in rows {
        for cell in &row {
            writer
                .write_field(neutral(cell).as_bytes())
                .map_err(|error| failed(error.to_string()))?;
        }
        writer.write_record(None::<&[u8]>).map_err(|error| failed(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}

/// Several values in one cell.
pub(crate) fn joined<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let mut out = String::new();
    for value in values {
        if !out.is_empty() {
            out.push_str("; ");
        }
        out.push_str(value.as_ref());
    }
    out
}

/// A value that may be absent.
pub(crate) fn optional(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The cell without control characters, and with an apostrophe before what a spreadsheet would
/// take for a formula. Looks behind blanks and removed characters too, which spreadsheets drop.
fn neutral(cell: &str) -> Cow<'_, str> {
    const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let safe = clean(cell);
    let dangerous = cell.starts_with(['\t', '\r', '\n']) || safe.trim_start().starts_with(FORMULA);
    if dangerous { Cow::Owned(format!("'{safe}")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_calculate_gets_an_apostrophe() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("+44", "'+44"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "' =1"),
            ("\rx", "' x"),
            ("\u{200b}=1", "'=1"),
            ("  =1", "'  =1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(neutral(cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn quotes_commas_and_line_ends_follow_rfc_4180() {
        let rows = [vec!["a,b".to_owned(), "say \"x\"".to_owned()]];
        assert_eq!(
            table("the test", &["n", "m"], rows).unwrap(),
            "n,m\r\n\"a,b\",\"say \"\"x\"\"\"\r\n"
        );
    }
}
