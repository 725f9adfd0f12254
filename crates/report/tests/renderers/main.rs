//! What each renderer writes, in each format that it has.
#![expect(
    clippy::unwrap_used,
    reason = "a test may fail this way; clippy.toml sees the test functions, not their data"
)]

// The name that every other crate knows it by.
extern crate cstack_report as report;

mod audit;
mod coverage;
mod fields;
mod findings;
mod fleet;
mod rules;
mod safety;
mod tenants;
mod what_if;

use report::{Envelope, Excerpt, Style};

/// The terminal that everything must read well on.
const NARROW: Style = Style { width: 80, colour: false, excerpt: Excerpt::WHOLE };
/// A wide one.
const WIDE: Style = Style { width: 120, colour: false, excerpt: Excerpt::WHOLE };
/// A narrow one with colour.
const COLOUR: Style = Style { width: 80, colour: true, excerpt: Excerpt::WHOLE };

fn envelope() -> Envelope {
    Envelope {
        generated_at: fields::time("2026-11-23T07:04:38Z"),
        tool_version: "0.1.0".to_owned(),
    }
}

/// Snapshots of every format, named for what is written.
macro_rules! snapshots {
    ($name:literal, [$($format:ident),+], $write:expr) => {{
        let write = $write;
        $(
            let text: String = write(Format::$format, &$crate::NARROW);
            insta::assert_snapshot!(
                concat!($name, "_", stringify!($format)),
                text.replace('\r', "␍")
            );
        )+
        insta::assert_snapshot!(
            concat!($name, "_Table_120"),
            write(Format::Table, &$crate::WIDE)
        );
        let colour: String = write(Format::Table, &$crate::COLOUR);
        insta::assert_snapshot!(
            concat!($name, "_Table_colour"),
            colour.replace('\u{1b}', "␛")
        );
    }};
}
pub(crate) use snapshots;
