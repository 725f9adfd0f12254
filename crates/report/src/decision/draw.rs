//! A decision at a terminal.

use model::decision::{Applies, Decision, Outcome, PolicyVerdict};
use model::guarantee::WayIn;

use super::{GROUPS, WhatIf, group, with_report_only, words};
use crate::Style;
use crate::layout::{Paint, Screen, Span};

/// Policies that a small screen shows below the answer.
const SHORT: usize = 4;

/// Draws the decision.
pub(super) fn draw(what_if: &WhatIf<'_>, style: Style) -> String {
    let mut screen = Screen::new(style);
    let decision = what_if.decision;
    screen.paragraph(
        0,
        &Span::painted(
            format!("What if {} signs in to {}?", what_if.principal, what_if.target),
            Paint::Bold,
        ),
    );
    let mut said = vec![format!("tenant: {}", what_if.tenant)];
    let conditions = words::conditions(what_if.scenario).into_iter();
    said.extend(conditions.map(|(label, value)| format!("{label}: {value}")));
    screen.flow(&said, Paint::Dim);
    screen.blank();
    draw_answer(&mut screen, decision);
    for note in &decision.notes {
        screen.labelled(0, "note", &Span::new(note.as_str()));
    }
    if decision.policies.is_empty() {
        screen.blank();
        screen.line(&[Span::new("The tenant has no policy.")]);
    }
    for (applies, title) in GROUPS {
        let policies: Vec<_> = group(decision, applies).collect();
        if policies.is_empty() {
            continue;
        }
        screen.heading(&format!("{title} ({})", policies.len()));
        for policy in policies {
            draw_policy(&mut screen, policy);
        }
    }
    if decision.policies.len() > SHORT {
        // Where the policies have scrolled it away, the answer is the last thing on the screen too.
        screen.blank();
        draw_answer(&mut screen, decision);
    }
    screen.finish()
}

/// The verdict and the ways in.
fn draw_answer(screen: &mut Screen, decision: &Decision) {
    let paint = match decision.outcome {
        Outcome::Block => Paint::Blue,
        Outcome::Grant => Paint::Green,
        Outcome::NoControl => Paint::Red,
        Outcome::Unknown => Paint::Yellow,
    };
    screen.paragraph(0, &Span::painted(words::verdict(decision), paint));
    if decision.outcome != Outcome::NoControl {
        list(screen, &decision.ways);
    }
    if decision.weakest_ways != decision.ways {
        screen.line(&[Span::new("If no undecided policy applied:")]);
        list_or_block(screen, &decision.weakest_ways);
    }
    if let Some(ways) = with_report_only(decision).filter(|ways| *ways != decision.ways) {
        screen.line(&[Span::new("If the report-only policies were on:")]);
        list_or_block(screen, ways);
    }
}

fn list(screen: &mut Screen, ways: &[WayIn]) {
    for way in ways {
        screen.item(2, "- ", &Span::new(words::way(way)));
    }
}

fn list_or_block(screen: &mut Screen, ways: &[WayIn]) {
    if ways.is_empty() {
        screen.item(2, "- ", &Span::new("blocked"));
    }
    list(screen, ways);
}

fn draw_policy(screen: &mut Screen, policy: &PolicyVerdict) {
    let mark = words::mark(&policy.state);
    let mark = mark.map_or_else(String::new, |mark| format!("[{mark}] "));
    let title = format!("{mark}{}", policy.display_name);
    screen.item(2, "", &Span::painted(title, Paint::Bold));
    if policy.policy_applies != Applies::Yes {
        let reason = policy.analysis_reasons;
        let reason = format!("{} ({})", words::reason(reason), reason.as_str());
        screen.labelled(4, "reason", &Span::new(reason));
    }
    for (label, text) in [
        ("because", policy.detail.clone()),
        ("requires", policy.requires.join(", ")),
        ("session", policy.session.join(", ")),
    ] {
        if !text.is_empty() {
            screen.labelled(4, label, &Span::new(text));
        }
    }
}
