//! A filter as an SQL condition.

use std::fmt::Write as _;

use duckdb::types::Value;
use jiff::Timestamp;
use model::finding::FindingState;

use super::filter::{FindingFilter, FindingSort};
use crate::times::to_sql;

/// How a finding stands at a time; the one parameter is the time.
pub(super) const STATE_AT: &str =
    "CASE WHEN state IN ('snoozed', 'accepted') AND until <= ? THEN 'open' ELSE state END";

/// A condition with its parameters, in order.
#[derive(Debug, Default)]
pub(super) struct Condition {
    sql: String,
    parameters: Vec<Value>,
}

impl Condition {
    /// The condition of a filter at a time, without its limit and order.
    pub fn of(filter: &FindingFilter, as_of: Timestamp) -> Self {
        let mut condition = Self::default();
        condition.any_of("tenant", filter.tenants.iter().map(ToString::to_string));
        if !filter.groups.is_empty() {
            // A tenant's groups are a JSON array; a name with its quotes is one of its elements.
            let tests = vec!["contains(groups, ?)"; filter.groups.len()].join(" OR ");
            condition.and(
                &format!("tenant IN (SELECT slug FROM tenant WHERE {tests})"),
                filter.groups.iter().map(|group| Value::Text(quoted_as_json(group))),
            );
        }
        if let Some(least) = filter.min_severity {
            condition.and("severity >= ?", [Value::UTinyInt(least.rank())]);
        }
        if !filter.severities.is_empty() {
            condition.and(
                &format!("severity IN ({})", places(filter.severities.len())),
                filter.severities.iter().map(|severity| Value::UTinyInt(severity.rank())),
            );
        }
        condition.rules(&filter.rules);
        condition.any_of("category", filter.categories.iter().cloned());
        condition.states(&filter.states(), as_of);
        if let Some(since) = filter.since {
            condition.and("changed_at >= ?", [to_sql(since)]);
        }
        for word in filter.query.iter().flat_map(|query| query.split_whitespace()) {
            condition.and(
                "contains(lower(concat_ws(' ', title, rule, subject_label, subject, tenant)), lower(?))",
                [Value::Text(word.to_owned())],
            );
        }
        condition.any_of("assignee", filter.assignee.iter().cloned());
        if let Some(fingerprints) = &filter.fingerprints {
            // An empty list means none, unlike an absent one.
            condition.and(
                &format!("fingerprint IN ({})", places(fingerprints.len())),
                fingerprints.iter().cloned().map(Value::Text),
            );
        }
        condition
    }

    fn and(&mut self, sql: &str, parameters: impl IntoIterator<Item = Value>) {
        self.sql.push_str(if self.sql.is_empty() { "WHERE " } else { " AND " });
        self.sql.push_str(sql);
        self.parameters.extend(parameters);
    }

    fn any_of(&mut self, column: &str, values: impl Iterator<Item = String>) {
        let values: Vec<_> = values.map(Value::Text).collect();
        if !values.is_empty() {
            self.and(&format!("{column} IN ({})", places(values.len())), values);
        }
    }

    fn rules(&mut self, patterns: &[String]) {
        if patterns.is_empty() {
            return;
        }
        let tests: Vec<_> = patterns
            .iter()
            .map(|pattern| match pattern {
                glob if glob.contains(['*', '?']) => "rule GLOB ?",
                prefix if prefix.ends_with(['.', '-']) => "starts_with(rule, ?)",
                _ => "rule = ?",
            })
            .collect();
        // A bracket is no part of a rule's id; GLOB would read it as a set.
        let values = patterns.iter().map(|pattern| Value::Text(pattern.replace('[', "[[]")));
        self.and(&format!("({})", tests.join(" OR ")), values);
    }

    fn states(&mut self, states: &[FindingState], as_of: Timestamp) {
        if FindingState::ALL.iter().all(|state| states.contains(state)) {
            return;
        }
        let words = states.iter().map(|state| Value::Text(state.as_str().to_owned()));
        self.and(
            &format!("({STATE_AT}) IN ({})", places(states.len())),
            std::iter::once(to_sql(as_of)).chain(words),
        );
    }

    /// A statement with this condition put in the place of `{}`.
    pub fn within(&self, before: &str, after: &str) -> String {
        format!("{before} {} {after}", self.sql)
    }

    /// The parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.parameters.iter()
    }
}

fn quoted_as_json(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// `?, ?, ?`; `NULL`, which nothing equals, for an empty list.
fn places(count: usize) -> String {
    if count == 0 { "NULL".to_owned() } else { vec!["?"; count].join(", ") }
}

/// The order and the slice of a listing.
pub(super) fn order(filter: &FindingFilter) -> String {
    let first = match filter.sort {
        FindingSort::Severity => "severity DESC, tenant, rule",
        FindingSort::Changed => "changed_at DESC, severity DESC, tenant, rule",
        FindingSort::FirstSeen => "first_seen, severity DESC, tenant, rule",
        FindingSort::Tenant => "tenant, severity DESC, rule",
        FindingSort::Rule => "rule, severity DESC, tenant",
    };
    let mut order = format!("ORDER BY {first}, subject_label, fingerprint");
    if let Some(limit) = filter.limit {
        // Writing to a String cannot fail.
        let _ = write!(order, " LIMIT {limit}");
    }
    if filter.offset > 0 {
        let _ = write!(order, " OFFSET {}", filter.offset);
    }
    order
}
