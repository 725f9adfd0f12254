//! What holds for every report: nothing foreign steers a terminal, and nothing is wider than it.

use report::{Coverage, Excerpt, FindingDetail, Format, Style, WhatIf};
use unicode_width::UnicodeWidthStr as _;

use crate::{envelope, fields, fleet, tenants, what_if};

/// Every report of hostile data in one format; none where it does not have the format.
fn everything(format: Format, style: Style) -> Vec<String> {
    let (audit, rules, list) = (fields::audit(), fields::rules(), fields::tracked());
    let (history, matrix) = (fields::history(), fields::coverage());
    let tenant = fields::slug("contoso");
    let coverage = Coverage { tenant: &tenant, as_of: audit.as_of, matrix: &matrix };
    let detail =
        FindingDetail { finding: &list[1], rule: rules.first(), snippet: None, history: &history };
    let (scenario, decision) = (what_if::scenario(), what_if::granted());
    let what_if = WhatIf {
        tenant: &tenant,
        principal: fields::ESCAPES,
        target: fields::MARKUP,
        scenario: &scenario,
        decision: &decision,
    };
    let envelope = envelope();
    [
        report::audit(&audit, &envelope, format, &style),
        report::coverage(&coverage, &envelope, format, &style),
        report::coverage_cell(&coverage, "any-admin", "all-apps", &envelope, format, &style),
        report::findings(&list, &envelope, format, &style),
        report::finding(&detail, &envelope, format, &style),
        report::finding_history(&history, &envelope, format, &style),
        report::fleet(&fleet::rows(), &envelope, format, &style),
        report::rules(&rules, &envelope, format, &style),
        report::tenants(&tenants::rows(), &envelope, format, &style),
        report::decision(&what_if, &envelope, format, &style),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn no_report_in_any_format_lets_a_control_character_through() {
    let style = Style { width: 80, colour: false, excerpt: Excerpt::WHOLE };
    for format in Format::ALL {
        let texts = everything(format, style);
        assert!(!texts.is_empty());
        for text in texts {
            let hostile = |c: char| {
                (c.is_control() && c != '\n' && c != '\r') || matches!(c, '\u{200b}' | '\u{202e}')
            };
            assert!(!text.contains(hostile), "{format}: {text:?}");
        }
    }
}

#[test]
fn no_table_is_wider_than_its_terminal() {
    for width in [40, 60, 80, 100, 120, 200] {
        let style = Style { width, colour: false, excerpt: Excerpt::WHOLE };
        for text in everything(Format::Table, style) {
            for line in text.lines() {
                assert!(line.width() <= usize::from(width), "{width}: {line}");
                assert_eq!(line.trim_end(), line, "no blanks at the end");
            }
        }
    }
}

#[test]
fn colour_changes_no_character() {
    let plain = Style { width: 80, colour: false, excerpt: Excerpt::WHOLE };
    let colour = Style { colour: true, ..plain };
    let without = |text: &str| {
        let mut parts = text.split('\u{1b}');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            out.push_str(part.split_once('m').unwrap().1);
        }
        out
    };
    for (plain, colour) in
        everything(Format::Table, plain).iter().zip(everything(Format::Table, colour))
    {
        assert_ne!(*plain, colour);
        assert_eq!(*plain, without(&colour));
    }
}
