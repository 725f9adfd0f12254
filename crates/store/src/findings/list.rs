//! Reading findings: lists, counts, one by its id, and histories.

use duckdb::{Connection, params_from_iter};
use jiff::Timestamp;
use model::finding::{FindingEvent, FindingState, TrackedFinding};
use model::rule::Severity;
use model::tenant::TenantSlug;

use super::condition::{Condition, STATE_AT, order};
use super::filter::FindingFilter;
use super::row;
use super::short_id::{self, ShortIds};
use crate::times::to_sql;
use crate::{Store, StoreError};

/// A slice of a listing.
#[derive(Debug, Clone, Default)]
pub struct FindingPage {
    /// The findings of this slice, in the filter's order.
    pub findings: Vec<TrackedFinding>,
    /// How many there are without limit and offset.
    pub total: usize,
    /// How to call them.
    pub short_ids: ShortIds,
}

/// What an id on the command line means.
#[derive(Debug, Clone)]
pub enum FoundById {
    /// One finding.
    One(Box<TrackedFinding>),
    /// Several that begin with it, at most [`CANDIDATES`], with ids that tell them apart.
    Several(Vec<TrackedFinding>, ShortIds),
    /// None.
    Nothing,
}

/// How many candidates an ambiguous id is answered with.
pub const CANDIDATES: usize = 20;

/// How many findings of a tenant have one severity and one state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingCount {
    /// The tenant.
    pub tenant: TenantSlug,
    /// Severity.
    pub severity: Severity,
    /// State at the time of asking.
    pub state: FindingState,
    /// How many; not 0.
    pub count: usize,
}

impl Store {
    /// Lists findings as they stand at a time.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn findings(
        &self,
        filter: &FindingFilter,
        as_of: Timestamp,
    ) -> Result<FindingPage, StoreError> {
        self.read(|conn| Ok(list(conn, filter, as_of)?))
    }

    /// How many findings a filter lets through, without its limit and offset.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn count_findings(
        &self,
        filter: &FindingFilter,
        as_of: Timestamp,
    ) -> Result<usize, StoreError> {
        self.read(|conn| Ok(count(conn, &Condition::of(filter, as_of))?))
    }

    /// The finding whose fingerprint begins with `id` (at least one character; case does not
    /// matter), in whatever state.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn finding_by_id(&self, id: &str, as_of: Timestamp) -> Result<FoundById, StoreError> {
        let id = id.to_ascii_lowercase();
        self.read(|conn| Ok(by_id(conn, &id, as_of)?))
    }

    /// A finding's history, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn finding_history(&self, fingerprint: &str) -> Result<Vec<FindingEvent>, StoreError> {
        self.read(|conn| Ok(history(conn, fingerprint)?))
    }

    /// The last events of the tenants (of all where none is named), newest first.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn latest_events(
        &self,
        tenants: &[TenantSlug],
        limit: usize,
    ) -> Result<Vec<FindingEvent>, StoreError> {
        self.read(|conn| Ok(latest(conn, tenants, limit)?))
    }

    /// Counts findings by tenant, severity and state as they stand at a time. The filter's states
    /// do not limit; its other parts do.
    ///
    /// # Errors
    /// [`StoreError`] where the database is busy or cannot be read.
    pub fn tally_findings(
        &self,
        filter: &FindingFilter,
        as_of: Timestamp,
    ) -> Result<Vec<FindingCount>, StoreError> {
        self.read(|conn| Ok(tally(conn, filter, as_of)?))
    }
}

pub(crate) fn list(
    conn: &Connection,
    filter: &FindingFilter,
    as_of: Timestamp,
) -> duckdb::Result<FindingPage> {
    let condition = Condition::of(filter, as_of);
    let select = format!("SELECT {} FROM finding", row::TRACKED);
    let mut statement = conn.prepare(&condition.within(&select, &order(filter)))?;
    let findings: Vec<_> = statement
        .query_map(params_from_iter(condition.parameters()), |row| row::tracked(row, as_of))?
        .collect::<duckdb::Result<_>>()?;
    let total = if filter.limit.is_none() && filter.offset == 0 {
        findings.len()
    } else {
        count(conn, &condition)?
    };
    Ok(FindingPage { findings, total, short_ids: short_id::read(conn)? })
}

fn count(conn: &Connection, condition: &Condition) -> duckdb::Result<usize> {
    let sql = condition.within("SELECT count(*) FROM finding", "");
    let count: i64 =
        conn.query_row(&sql, params_from_iter(condition.parameters()), |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

fn by_id(conn: &Connection, id: &str, as_of: Timestamp) -> duckdb::Result<FoundById> {
    if id.is_empty() {
        return Ok(FoundById::Nothing);
    }
    let mut statement = conn.prepare(&format!(
        "SELECT {} FROM finding WHERE starts_with(fingerprint, ?) ORDER BY fingerprint LIMIT {CANDIDATES}",
        row::TRACKED
    ))?;
    let mut found: Vec<_> = statement
        .query_map([id], |row| row::tracked(row, as_of))?
        .collect::<duckdb::Result<_>>()?;
    Ok(match found.len() {
        0 => FoundById::Nothing,
        1 => found.pop().map_or(FoundById::Nothing, |one| FoundById::One(Box::new(one))),
        _ => FoundById::Several(found, short_id::read(conn)?),
    })
}

pub(super) fn history(conn: &Connection, fingerprint: &str) -> duckdb::Result<Vec<FindingEvent>> {
    let mut statement = conn.prepare(&format!(
        "SELECT {} FROM finding_event WHERE fingerprint = ? ORDER BY id",
        row::EVENT
    ))?;
    statement.query_map([fingerprint], row::event)?.collect()
}

fn latest(
    conn: &Connection,
    tenants: &[TenantSlug],
    limit: usize,
) -> duckdb::Result<Vec<FindingEvent>> {
    let filter = FindingFilter { tenants: tenants.to_vec(), ..FindingFilter::everything() };
    let condition = Condition::of(&filter, Timestamp::UNIX_EPOCH);
    let select = format!("SELECT {} FROM finding_event", row::EVENT);
    let mut statement =
        conn.prepare(&condition.within(&select, &format!("ORDER BY id DESC LIMIT {limit}")))?;
    statement.query_map(params_from_iter(condition.parameters()), row::event)?.collect()
}

fn tally(
    conn: &Connection,
    filter: &FindingFilter,
    as_of: Timestamp,
) -> duckdb::Result<Vec<FindingCount>> {
    let filter = FindingFilter { states: FindingState::ALL.to_vec(), ..filter.clone() };
    let condition = Condition::of(&filter, as_of);
    let select = format!("SELECT tenant, severity, {STATE_AT} AS now, count(*) FROM finding");
    let mut statement = conn.prepare(&condition.within(&select, "GROUP BY ALL"))?;
    let at = to_sql(as_of);
    let parameters = std::iter::once(&at).chain(condition.parameters());
    let mut counts: Vec<_> = statement
        .query_map(params_from_iter(parameters), |row| {
            Ok(FindingCount {
                tenant: row::tenant(row, 0)?,
                severity: row::severity(row, 1)?,
                state: row::state(row, 2)?,
                count: usize::try_from(row.get::<_, i64>(3)?).unwrap_or_default(),
            })
        })?
        .collect::<duckdb::Result<_>>()?;
    counts.sort_unstable();
    Ok(counts)
}
