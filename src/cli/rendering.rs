//! Reports as this run wants them: format, width, colour, and what each says of its making.

use ops::config::OutputFormat;
use report::{Envelope, Excerpt, Format, Style};

use super::Context;

/// Width where standard output is no terminal: wide enough to cut nothing in a log or a pipe.
const WIDTH_ELSEWHERE: u16 = 160;

/// The report format that was asked for.
pub(super) fn format(context: &Context) -> Format {
    match context.output().format {
        OutputFormat::Table => Format::Table,
        OutputFormat::Json => Format::Json,
        OutputFormat::Csv => Format::Csv,
        OutputFormat::Md => Format::Markdown,
        OutputFormat::Ndjson => Format::Ndjson,
        OutputFormat::Sarif => Format::Sarif,
    }
}

/// What a report says of its making.
pub(super) fn envelope(context: &Context) -> Envelope {
    Envelope { generated_at: context.now(), tool_version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// How tables are drawn. Only a terminal that shows the result has a say: not the one that standard
/// error or input is at while the result goes through a pipe.
pub(super) fn style(context: &Context) -> Style {
    let shown = context.output().file.is_none();
    let terminal = shown.then(|| terminal_size::terminal_size_of(std::io::stdout())).flatten();
    Style {
        width: terminal.map_or(WIDTH_ELSEWHERE, |(width, _)| width.0),
        colour: context.output().colour(),
        excerpt: Excerpt::WHOLE,
    }
}
