//! Who slips through and how, in each format's words.

use std::fmt::Write as _;

use model::rule::{NearMiss, PrincipalLabel, Witness};

use crate::layout::{Screen, Span};
use crate::markdown::escape;
use crate::spreadsheet::joined;

/// Principals, ways and near misses that are named before the rest is only counted.
const NAMED: usize = 5;

/// A principal's name, or its id where it has none.
pub(crate) fn name(principal: &PrincipalLabel) -> &str {
    if principal.label.trim().is_empty() { &principal.id } else { &principal.label }
}

/// `a, b and 3 more (5 in all)`
fn people(witness: &Witness, mut show: impl FnMut(&str) -> String) -> String {
    let shown = witness.principals.iter().take(NAMED);
    let names: Vec<_> = shown.map(|principal| show(name(principal))).collect();
    let total = witness.total.max(witness.principals.len());
    match total - names.len() {
        0 => names.join(", "),
        rest if names.is_empty() => rest.to_string(),
        rest => format!("{} and {rest} more ({total} in all)", names.join(", ")),
    }
}

fn near_miss(miss: &NearMiss, mut show: impl FnMut(&str) -> String) -> String {
    format!("{}: {}", show(&miss.display_name), show(&miss.misses))
}

/// Draws witnesses as labelled lines.
pub(crate) fn draw(screen: &mut Screen, indent: usize, witnesses: &[Witness]) {
    let plain = |text: &str| text.to_owned();
    for witness in witnesses.iter().take(NAMED) {
        let mut say = |label, text: String| {
            if !text.is_empty() {
                screen.labelled(indent, label, &Span::new(text));
            }
        };
        say("who", people(witness, plain));
        say("path", witness.path.clone());
        say("enough", witness.enough.clone());
        for miss in witness.near_misses.iter().take(NAMED) {
            say("nearly", near_miss(miss, plain));
        }
        let rest = witness.near_misses.len().saturating_sub(NAMED);
        if rest > 0 {
            say("nearly", format!("and {rest} more policies"));
        }
    }
    let rest = witnesses.len().saturating_sub(NAMED);
    if rest > 0 {
        screen.labelled(indent, "also", &Span::new(format!("{rest} more paths")));
    }
}

/// Witnesses as a Markdown list.
pub(crate) fn list(witnesses: &[Witness]) -> String {
    let mut out = String::new();
    for witness in witnesses.iter().take(NAMED) {
        let _ = writeln!(out, "- **Who**: {}", people(witness, escape));
        for (label, text) in [("Path", &witness.path), ("Enough", &witness.enough)] {
            if !text.is_empty() {
                let _ = writeln!(out, "  - {label}: {}", escape(text));
            }
        }
        for miss in witness.near_misses.iter().take(NAMED) {
            let _ = writeln!(out, "  - Nearly: {}", near_miss(miss, escape));
        }
        let rest = witness.near_misses.len().saturating_sub(NAMED);
        if rest > 0 {
            let _ = writeln!(out, "  - Nearly: and {rest} more policies");
        }
    }
    let rest = witnesses.len().saturating_sub(NAMED);
    if rest > 0 {
        let _ = writeln!(out, "- and {rest} more paths");
    }
    out
}

/// The columns that witnesses fill in CSV.
pub(crate) const COLUMNS: [&str; 5] = ["affectedAtLeast", "who", "path", "enough", "nearMisses"];

/// Witnesses in [`COLUMNS`], several in one cell; every principal that is known is named.
pub(crate) fn cells(witnesses: &[Witness]) -> [String; 5] {
    // A person who slips through by two paths is one person, where all are named.
    let named: std::collections::BTreeSet<_> = witnesses
        .iter()
        .flat_map(|witness| &witness.principals)
        .map(|principal| (name(principal), principal.id.as_str()))
        .collect();
    let most = witnesses.iter().map(|witness| witness.total).max();
    let misses = witnesses
        .iter()
        .flat_map(|witness| &witness.near_misses)
        .map(|miss| near_miss(miss, str::to_owned));
    [
        most.unwrap_or(0).max(named.len()).to_string(),
        joined(named.iter().map(|(name, _)| name)),
        joined(witnesses.iter().map(|witness| witness.path.as_str())),
        joined(witnesses.iter().map(|witness| witness.enough.as_str())),
        joined(misses),
    ]
}
