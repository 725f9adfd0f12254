//! The catalogue of rules, as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::rule::RuleMeta;

use super::{detail::subject, licence};
use crate::counted;
use crate::markdown::{block, code, escape, table};

/// Categories in the order of the catalogue and their titles; others follow by name.
const CATEGORIES: [(&str, &str); 5] = [
    ("conditional-access", "Conditional Access"),
    ("coverage", "Coverage"),
    ("exclusion", "Exclusion hygiene"),
    ("sign-in", "Sign-ins"),
    ("own", "Your own rules"),
];

/// The catalogue (`docs/RULES.md`): an overview, then a section a rule, by category, worst first.
/// The same rules in any order give the same text.
pub fn rules_markdown(rules: &[RuleMeta]) -> String {
    let mut categories: BTreeMap<(usize, &str), Vec<&RuleMeta>> = BTreeMap::new();
    for rule in rules {
        let place = CATEGORIES.iter().position(|(id, _)| *id == rule.category);
        let key = (place.unwrap_or(CATEGORIES.len()), rule.category.as_str());
        categories.entry(key).or_default().push(rule);
    }
    for rules in categories.values_mut() {
        rules.sort_by_key(|rule| (std::cmp::Reverse(rule.severity), rule.id.as_str()));
    }
    let mut out = format!(
        "# Rules\n\n{} in {}. Every rule gives each tenant one of `pass`, `fail`, `unknown` and \
         `not-applicable`, with a reason.\n",
        counted(rules.len(), "rule", "rules"),
        counted(categories.len(), "category", "categories"),
    );
    for ((place, id), rules) in &categories {
        let title =
            CATEGORIES.get(*place).map_or_else(|| escape(id), |(_, title)| (*title).to_owned());
        let _ = writeln!(out, "\n## {title}\n");
        let rows: Vec<_> = rules
            .iter()
            .map(|rule| {
                vec![
                    format!("[{}](#{})", code(&rule.id), anchor(&rule.id)),
                    rule.severity.to_string(),
                    licence(rule).to_owned(),
                    escape(&rule.title),
                ]
            })
            .collect();
        out.push_str(&table(&["Rule", "Severity", "Licence", "Title"], &rows));
        for rule in rules {
            let _ = write!(out, "\n{}", section("###", rule));
        }
    }
    out
}

/// The fragment that GitHub gives a heading.
fn anchor(id: &str) -> String {
    let lower = id.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c));
    kept.collect()
}

/// One rule under a heading of the level given.
pub(super) fn section(level: &str, rule: &RuleMeta) -> String {
    let mut out = format!("{level} {}\n\n", code(&rule.id));
    let _ = writeln!(out, "**{}**\n", escape(&rule.title));
    let _ = writeln!(out, "- Severity: {}", rule.severity);
    let _ = writeln!(out, "- Judges: {}", subject(rule.subject));
    let _ = writeln!(out, "- Needs: {}", rule.licence.words());
    for (title, ids) in
        [("References", &rule.references), ("The same elsewhere", &rule.equivalents)]
    {
        if !ids.is_empty() {
            let ids: Vec<_> = ids.iter().map(|id| reference(id)).collect();
            let _ = writeln!(out, "- {title}: {}", ids.join(", "));
        }
    }
    if !rule.rationale.is_empty() {
        let _ = writeln!(out, "\n{}", escape(&rule.rationale));
    }
    if !rule.false_positives.is_empty() {
        let text = escape(&rule.false_positives);
        let _ = writeln!(out, "\n*When a failure may be intended:* {text}");
    }
    if !rule.remediation.is_empty() {
        out.push_str("\nWhat to do:\n\n");
        for (step, text) in (1..).zip(&rule.remediation) {
            let _ = writeln!(out, "{step}. {}", escape(text));
        }
    }
    if let Some(snippet) = &rule.snippet {
        let _ = write!(out, "\n{}", block("powershell", snippet));
    }
    out
}

/// A control's id as code; a secure link as a link.
fn reference(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#=&%+".contains(c);
    if id.starts_with("https://") && id.chars().all(plain) { format!("<{id}>") } else { code(id) }
}
