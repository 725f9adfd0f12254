//! Findings and events as rows.

use duckdb::Row;
use duckdb::types::{FromSqlError, Type};
use jiff::Timestamp;
use model::evidence::Evidence;
use model::finding::{Finding, FindingAction, FindingEvent, FindingState, TrackedFinding};
use model::rule::Severity;
use model::tenant::TenantSlug;

use super::lifecycle::Standing;
use super::sighting::Known;

/// The columns that [`tracked`] reads, in its order.
pub(super) const TRACKED: &str = "fingerprint, content_hash, tenant, rule, category, title, \
     severity, subject, subject_label, evidence, state, epoch_us(until), assignee, note, \
     epoch_us(first_seen), epoch_us(last_seen)";

/// The columns that [`known`] reads, in its order.
pub(super) const KNOWN: &str = "fingerprint, content_hash, rule, category, title, severity, \
     subject, subject_label, state, epoch_us(until), assignee, epoch_us(last_seen)";

/// How many columns [`KNOWN`] has.
pub(super) const KNOWN_COLUMNS: usize = 12;

/// The columns that [`event`] reads, in its order.
pub(super) const EVENT: &str = "id, fingerprint, batch, actor, epoch_us(occurred_at), action, \
     from_state, to_state, epoch_us(until), assignee, note, of_batch";

/// A time that comes back from the store as it went in.
pub(crate) fn whole_microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

pub(crate) fn time(row: &Row<'_>, column: usize) -> duckdb::Result<Timestamp> {
    optional_time(row, column)?.ok_or(duckdb::Error::InvalidColumnType(
        column,
        "a time".to_owned(),
        Type::Null,
    ))
}

pub(crate) fn optional_time(row: &Row<'_>, column: usize) -> duckdb::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    micros.map(Timestamp::from_microsecond).transpose().map_err(|error| unreadable(column, error))
}

/// A column whose content is not what this build wrote.
pub(crate) fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> duckdb::Error {
    duckdb::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

fn word<T>(row: &Row<'_>, column: usize, read: impl Fn(&str) -> Option<T>) -> duckdb::Result<T> {
    let text: String = row.get(column)?;
    read(&text).ok_or_else(|| {
        let unknown = std::io::Error::other(format!("{text:?} is not known to this version"));
        unreadable(column, unknown)
    })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> duckdb::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, error))
}

fn evidence(row: &Row<'_>, column: usize) -> duckdb::Result<Evidence> {
    Evidence::stored(row.get(column)?).map_err(|error| unreadable(column, error))
}

/// A tenant's name.
pub(super) fn tenant(row: &Row<'_>, column: usize) -> duckdb::Result<TenantSlug> {
    word(row, column, |text| TenantSlug::new(text).ok())
}

pub(super) fn severity(row: &Row<'_>, column: usize) -> duckdb::Result<Severity> {
    let rank: u8 = row.get(column)?;
    Severity::ALL
        .into_iter()
        .find(|severity| severity.rank() == rank)
        .ok_or_else(|| unreadable(column, FromSqlError::OutOfRange(rank.into())))
}

pub(super) fn state(row: &Row<'_>, column: usize) -> duckdb::Result<FindingState> {
    word(row, column, |text| text.parse().ok())
}

/// The standing of a [`TRACKED`] row as it is stored, before the clock is asked.
pub(super) fn standing(row: &Row<'_>) -> duckdb::Result<Standing> {
    Ok(Standing { state: state(row, 10)?, until: optional_time(row, 11)?, assignee: row.get(12)? })
}

/// A finding with its life, read at a time.
pub(super) fn tracked(row: &Row<'_>, as_of: Timestamp) -> duckdb::Result<TrackedFinding> {
    let standing = standing(row)?.at(as_of);
    Ok(TrackedFinding {
        finding: Finding {
            fingerprint: row.get(0)?,
            content_hash: row.get(1)?,
            tenant: tenant(row, 2)?,
            rule: row.get(3)?,
            category: row.get(4)?,
            title: row.get(5)?,
            severity: severity(row, 6)?,
            subject: json(row, 7)?,
            subject_label: row.get(8)?,
            evidence: evidence(row, 9)?,
        },
        state: standing.state,
        until: standing.until,
        assignee: standing.assignee,
        note: row.get(13)?,
        first_seen: time(row, 14)?,
        last_seen: time(row, 15)?,
    })
}

pub(super) fn known(row: &Row<'_>) -> duckdb::Result<Known> {
    Ok(Known {
        fingerprint: row.get(0)?,
        content_hash: row.get(1)?,
        rule: row.get(2)?,
        category: row.get(3)?,
        title: row.get(4)?,
        severity: severity(row, 5)?,
        subject: json(row, 6)?,
        subject_label: row.get(7)?,
        standing: Standing {
            state: state(row, 8)?,
            until: optional_time(row, 9)?,
            assignee: row.get(10)?,
        },
        last_seen: time(row, 11)?,
    })
}

pub(super) fn event(row: &Row<'_>) -> duckdb::Result<FindingEvent> {
    Ok(FindingEvent {
        id: row.get(0)?,
        fingerprint: row.get(1)?,
        batch: row.get(2)?,
        actor: row.get(3)?,
        occurred_at: time(row, 4)?,
        action: word(row, 5, |text| {
            FindingAction::ALL.into_iter().find(|action| action.as_str() == text)
        })?,
        from: state(row, 6)?,
        to: state(row, 7)?,
        until: optional_time(row, 8)?,
        assignee: row.get(9)?,
        note: row.get(10)?,
        of_batch: row.get(11)?,
    })
}
