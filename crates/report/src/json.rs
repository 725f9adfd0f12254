//! JSON: one document with its envelope, or one object a line.

use std::fmt::Write as _;

use model::text::sanitize;
use serde::Serialize;

use crate::{Envelope, ReportError};

/// Version of the documents' shape; keys are only ever added within one.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a, T> {
    schema_version: u32,
    kind: &'a str,
    tool: Tool<'a>,
    generated_at: model::Timestamp,
    #[serde(flatten)]
    body: T,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    version: &'a str,
}

/// One indented document.
pub(crate) fn document(
    report: &'static str,
    kind: &str,
    envelope: &Envelope,
    body: impl Serialize,
) -> Result<String, ReportError> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        kind,
        tool: Tool { name: "cstack", version: &envelope.tool_version },
        generated_at: envelope.generated_at,
        body,
    };
    pretty(report, &document)
}

/// A value, indented, with a line break at the end.
pub(crate) fn pretty(report: &'static str, value: &impl Serialize) -> Result<String, ReportError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|source| ReportError::Json { report, source })?;
    Ok(escaped(text) + "\n")
}

/// One object a line.
pub(crate) fn lines<T: Serialize>(
    report: &'static str,
    items: impl IntoIterator<Item = T>,
) -> Result<String, ReportError> {
    let mut out = String::new();
    for item in items {
        let line =
            serde_json::to_string(&item).map_err(|source| ReportError::Json { report, source })?;
        out.push_str(&escaped(line));
        out.push('\n');
    }
    Ok(out)
}

/// Writes as `\u....` what could steer a terminal: the value stays what it is, and the text is safe
/// to look at. Outside strings JSON is ASCII, and in them `serde_json` escapes C0 itself.
fn escaped(text: String) -> String {
    if text.bytes().all(|byte| byte < 0x7f) || text.chars().all(is_harmless) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmless(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

fn is_harmless(c: char) -> bool {
    match c {
        '\u{7f}' => false,
        c if c.is_ascii() => true,
        c => !sanitize(c.encode_utf8(&mut [0; 4])).is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped_and_reads_back_unchanged() {
        let hostile = "a\u{1b}[2J\u{9b}31m\u{202e}b\u{e0041}\u{7f}é";
        let text = pretty("the test", &hostile).unwrap();
        assert_eq!(text, "\"a\\u001b[2J\\u009b31m\\u202eb\\udb40\\udc41\\u007fé\"\n");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }
}
