//! A decision for a ticket.

use std::fmt::Write as _;

use model::decision::{Applies, Outcome, PolicyVerdict};
use model::guarantee::WayIn;

use super::{GROUPS, WhatIf, group, with_report_only, words};
use crate::markdown::{code, escape, table};

/// The decision.
pub(super) fn write(what_if: &WhatIf<'_>) -> String {
    let decision = what_if.decision;
    let mut out = format!(
        "# What if {} signs in to {}?\n\n- tenant: {}\n",
        escape(what_if.principal),
        escape(what_if.target),
        escape(what_if.tenant.as_str())
    );
    for (label, value) in words::conditions(what_if.scenario) {
        let _ = writeln!(out, "- {label}: {}", escape(&value));
    }
    let _ = writeln!(out, "\n**{}**", words::verdict(decision));
    if decision.outcome != Outcome::NoControl {
        out.push_str(&list("", &decision.ways));
    }
    if decision.weakest_ways != decision.ways {
        out.push_str(&list("If no undecided policy applied:", &decision.weakest_ways));
    }
    if let Some(ways) = with_report_only(decision).filter(|ways| *ways != decision.ways) {
        let title = "If the report-only policies were on:";
        out.push_str(&list(title, ways));
    }
    for note in &decision.notes {
        let _ = writeln!(out, "\nNote: {}", escape(note));
    }
    for (applies, title) in GROUPS {
        let rows: Vec<_> = group(decision, applies).map(row).collect();
        if !rows.is_empty() {
            let _ = writeln!(out, "\n## {title} ({})\n", rows.len());
            let header = ["Policy", "State", "Reason", "Because", "Requires", "Session"];
            out.push_str(&table(&header, &rows));
        }
    }
    out
}

fn list(title: &str, ways: &[WayIn]) -> String {
    let mut out = String::new();
    if !title.is_empty() {
        let _ = writeln!(out, "\n{title}");
        if ways.is_empty() {
            out.push_str("\n- blocked\n");
        }
    }
    if !ways.is_empty() {
        out.push('\n');
    }
    for way in ways {
        let _ = writeln!(out, "- {}", escape(&words::way(way)));
    }
    out
}

fn row(policy: &PolicyVerdict) -> Vec<String> {
    let reason = if policy.policy_applies == Applies::Yes {
        String::new()
    } else {
        let reason = policy.analysis_reasons;
        format!("{} ({})", words::reason(reason), code(reason.as_str()))
    };
    vec![
        escape(&policy.display_name),
        words::mark(&policy.state).map_or_else(|| "on".to_owned(), |mark| escape(&mark)),
        reason,
        escape(&policy.detail),
        escape(&policy.requires.join(", ")),
        escape(&policy.session.join(", ")),
    ]
}
