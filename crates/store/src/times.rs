//! Times as the database keeps them: naive UTC, whole microseconds.

use duckdb::types::{TimeUnit, Value};
use jiff::Timestamp;

/// A time for a statement.
pub(crate) fn to_sql(time: Timestamp) -> Value {
    Value::Timestamp(TimeUnit::Microsecond, time.as_microsecond())
}

/// A time from `epoch_us(column)`; one outside what can be represented reads as the epoch.
pub(crate) fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
