//! Times as people read them: UTC, to the minute.

use model::Timestamp;

/// `2026-11-23 07:04`
pub(crate) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `2026-11-23`
pub(crate) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}
