//! Incidents of sign-ins: as a list, and one in full.

use std::fmt::Write as _;

use model::finding::FindingState;
use model::incident::{IncidentStory, UsualSignIns};
use model::tenant::TenantSlug;
use serde::Serialize;

use crate::layout::{Column, Grid, Paint, Screen, Span, of_severity};
use crate::markdown::escape;
use crate::{Envelope, Format, ReportError, SINGLE_FORMATS, Style, json, when};

/// An incident with where its finding stands.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedIncident<'a> {
    /// The incident.
    #[serde(flatten)]
    pub story: &'a IncidentStory,
    /// Where its finding stands.
    pub state: Option<FindingState>,
}

/// Writes a tenant's incidents as table, JSON or Markdown; `total` is how many there are with those
/// that are not listed.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for another format; otherwise if a value has no JSON form.
pub fn incidents(
    tenant: &TenantSlug,
    incidents: &[ListedIncident<'_>],
    total: usize,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(Serialize)]
    struct Body<'a> {
        tenant: &'a TenantSlug,
        total: usize,
        incidents: &'a [ListedIncident<'a>],
    }
    const NAME: &str = "the list of incidents";
    match format {
        Format::Table => Ok(draw_list(tenant, incidents, total, *style)),
        Format::Json => {
            json::document(NAME, "incidents", envelope, Body { tenant, total, incidents })
        }
        Format::Markdown => {
            let mut out = format!("# Incidents of {}\n\n", escape(tenant.as_str()));
            for of in incidents {
                let story = of.story;
                let _ = writeln!(
                    out,
                    "- **{}** `{}` {} UTC, {} sign-ins: {}",
                    story.severity,
                    story.id,
                    when::minute(story.first_at),
                    story.count,
                    escape(&story.title)
                );
            }
            Ok(out)
        }
        Format::Ndjson | Format::Csv | Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: SINGLE_FORMATS })
        }
    }
}

/// Writes one incident in full, as table, JSON or Markdown.
///
/// # Errors
/// [`ReportError::NoSuchFormat`] for another format; otherwise if a value has no JSON form.
pub fn incident(
    tenant: &TenantSlug,
    incident: ListedIncident<'_>,
    envelope: &Envelope,
    format: Format,
    style: &Style,
) -> Result<String, ReportError> {
    #[derive(Serialize)]
    struct Body<'a> {
        tenant: &'a TenantSlug,
        incident: ListedIncident<'a>,
    }
    const NAME: &str = "an incident";
    match format {
        Format::Table => Ok(draw(tenant, incident, *style)),
        Format::Json => json::document(NAME, "incident", envelope, Body { tenant, incident }),
        Format::Markdown => Ok(markdown(incident)),
        Format::Ndjson | Format::Csv | Format::Sarif => {
            Err(ReportError::NoSuchFormat { report: NAME, format, known: SINGLE_FORMATS })
        }
    }
}

fn draw_list(
    tenant: &TenantSlug,
    incidents: &[ListedIncident<'_>],
    total: usize,
    style: Style,
) -> String {
    let mut screen = Screen::new(style);
    let many = match total {
        0 => "no incidents".to_owned(),
        1 => "1 incident".to_owned(),
        many if many > incidents.len() => format!("the worst {} of {many}", incidents.len()),
        many => format!("{many} incidents"),
    };
    screen.line(&[Span::painted(format!("{tenant}: {many}"), Paint::Bold)]);
    for of in incidents {
        let story = of.story;
        screen.blank();
        let state = of.state.map_or(String::new(), |state| format!("  {state}"));
        screen.line(&[
            Span::painted(format!("{:<8}", story.severity), of_severity(story.severity)),
            Span::painted(format!(" {}", story.id.get(..8).unwrap_or(&story.id)), Paint::Bold),
            Span::new(format!(
                "  {} UTC  score {:.2}  {} sign-ins{state}",
                when::minute(story.first_at),
                story.score,
                story.count
            )),
        ]);
        screen.paragraph(2, &Span::new(story.title.as_str()));
        for line in reasons(story).into_iter().take(3) {
            screen.item(2, "- ", &Span::painted(line, Paint::Dim));
        }
    }
    screen.finish()
}

/// Why it was told, the strongest reason first: the pattern where one leads, else what contributed.
fn reasons(story: &IncidentStory) -> Vec<String> {
    let patterns = story.patterns.iter().filter(|pattern| pattern.worth > 0.0).map(|pattern| {
        let then = if pattern.followed { ", and somebody got in" } else { "" };
        format!("pattern: {}{then}", pattern.title)
    });
    let parts = story.contributions.iter().map(|part| part.words.clone());
    if story.layers.first().is_some_and(|layer| layer == "pattern") {
        patterns.take(1).chain(parts).collect()
    } else {
        let mut out: Vec<String> = parts.collect();
        out.extend(patterns);
        out
    }
}

fn facts(story: &IncidentStory) -> Vec<(&'static str, String)> {
    let names: Vec<String> = story
        .accounts
        .iter()
        .take(8)
        .map(|account| {
            let mark = if account.privileged { " (administrator)" } else { "" };
            format!("{}{mark}", account.name)
        })
        .collect();
    let more = story.account_count.saturating_sub(names.len());
    let names = match more {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    };
    let outcome = match (story.succeeded, story.right_password) {
        (true, _) => "somebody was let in",
        (false, true) => "the password was right, and something stopped it",
        (false, false) => "nobody was let in",
    };
    vec![
        ("kind", story.kind.clone()),
        ("accounts", names),
        ("from", format!("{} UTC", when::minute(story.first_at))),
        ("to", format!("{} UTC", when::minute(story.last_at))),
        ("told by", format!("{} UTC", when::minute(story.told_at))),
        ("sign-ins", story.count.to_string()),
        ("outcome", outcome.to_owned()),
        (
            "score",
            format!("{:.2} ({:.1} nats, told from {:.1})", story.score, story.nats, story.bar),
        ),
        ("layers", story.layers.join(", ")),
        ("model", format!("version {}", story.model_version)),
    ]
}

fn usual_lines(usual: &UsualSignIns) -> Vec<(String, String)> {
    let mut out = vec![("sign-ins".to_owned(), usual.sign_ins.to_string())];
    for (name, values) in &usual.values {
        let values: Vec<String> =
            values.iter().map(|(value, share)| format!("{value} {:.0}%", share * 100.0)).collect();
        if !values.is_empty() {
            out.push((name.clone(), values.join(", ")));
        }
    }
    if let Some((from, to)) = usual.hours {
        out.push(("hours".to_owned(), format!("mostly {from:02}:00 to {to:02}:00 UTC")));
    }
    out
}

fn draw(tenant: &TenantSlug, of: ListedIncident<'_>, style: Style) -> String {
    let story = of.story;
    let mut screen = Screen::new(style);
    screen.line(&[
        Span::painted(format!("{}", story.severity), of_severity(story.severity)),
        Span::painted(format!("  {}  {tenant}", story.id), Paint::Bold),
        Span::new(of.state.map_or(String::new(), |state| format!("  {state}"))),
    ]);
    screen.paragraph(0, &Span::new(story.title.as_str()));
    screen.blank();
    for (label, value) in facts(story) {
        screen.labelled(2, label, &Span::new(value));
    }
    if !story.contributions.is_empty() {
        screen.heading("What made it strange");
        let columns =
            [Column::left("LAYER"), Column::right("FACTOR"), Column::left("WHAT").wrap(20)];
        let mut grid = Grid::new(&columns);
        for part in story.contributions.iter().chain(&story.forest_contributions) {
            grid.add(vec![
                Span::new(part.layer.as_str()),
                Span::new(format!("x{:.2}", part.factor)),
                Span::new(part.words.as_str()),
            ]);
        }
        screen.grid(&grid);
    }
    if let Some(strangest) = &story.strangest {
        screen.heading("The strangest sign-in");
        screen.labelled(2, "id", &Span::new(strangest.id.as_str()));
        screen.labelled(2, "at", &Span::new(format!("{} UTC", when::minute(strangest.at))));
        for (label, value) in &strangest.facts {
            screen.labelled(2, label, &Span::new(value.as_str()));
        }
    }
    if let Some(usual) = &story.usual {
        screen.heading("What is usual for the account");
        for (label, value) in usual_lines(usual) {
            screen.labelled(2, &label, &Span::new(value));
        }
    }
    for pattern in &story.patterns {
        screen.heading(&pattern.title);
        screen.paragraph(2, &Span::new(pattern.rationale.as_str()));
        screen.labelled(2, "harmless?", &Span::new(pattern.false_positives.as_str()));
        for step in &pattern.remediation {
            screen.item(2, "- ", &Span::new(step.as_str()));
        }
    }
    screen.finish()
}

fn markdown(of: ListedIncident<'_>) -> String {
    let story = of.story;
    let mut out = format!("# {}\n\n", escape(&story.title));
    let _ = writeln!(out, "- severity: {}\n- id: `{}`", story.severity, story.id);
    for (label, value) in facts(story) {
        let _ = writeln!(out, "- {label}: {}", escape(&value));
    }
    if !story.contributions.is_empty() {
        out += "\n## What made it strange\n\n";
        for part in story.contributions.iter().chain(&story.forest_contributions) {
            let _ = writeln!(out, "- {} x{:.2} {}", part.layer, part.factor, escape(&part.words));
        }
    }
    if let Some(strangest) = &story.strangest {
        let _ = write!(out, "\n## The strangest sign-in\n\n- id: `{}`\n", escape(&strangest.id));
        for (label, value) in &strangest.facts {
            let _ = writeln!(out, "- {label}: {}", escape(value));
        }
    }
    if let Some(usual) = &story.usual {
        out += "\n## What is usual for the account\n\n";
        for (label, value) in usual_lines(usual) {
            let _ = writeln!(out, "- {label}: {}", escape(&value));
        }
    }
    for pattern in &story.patterns {
        let _ =
            write!(out, "\n## {}\n\n{}\n\n", escape(&pattern.title), escape(&pattern.rationale));
        let _ = writeln!(out, "May be harmless: {}\n", escape(&pattern.false_positives));
        for step in &pattern.remediation {
            let _ = writeln!(out, "- {}", escape(step));
        }
    }
    out
}
