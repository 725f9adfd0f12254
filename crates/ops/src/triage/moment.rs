//! Times as people type them: a time, a date, or how long from now.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a time: use a date (2026-12-31), a time (2026-12-31T08:00:00Z) or a duration \
     (12h, 7d, 2w, 3mo, 1y)"
)]
pub struct InvalidMoment {
    text: String,
}

/// The time that a text means when it looks ahead: `7d` is in seven days. A date is its beginning
/// in UTC. Days, weeks, months and years are the calendar's, in UTC.
///
/// # Errors
/// [`InvalidMoment`] where the text is no time, or one beyond the calendar.
pub fn after(text: &str, now: Timestamp) -> Result<Timestamp, InvalidMoment> {
    read(text, now, false)
}

/// The same when it looks back: `7d` is seven days ago.
///
/// # Errors
/// [`InvalidMoment`] where the text is no time, or one beyond the calendar.
pub fn before(text: &str, now: Timestamp) -> Result<Timestamp, InvalidMoment> {
    read(text, now, true)
}

fn read(text: &str, now: Timestamp, back: bool) -> Result<Timestamp, InvalidMoment> {
    let invalid = || InvalidMoment { text: text.to_owned() };
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let utc = TimeZone::UTC;
    // Only what is a date and nothing else: jiff would take the date out of a longer text.
    if text.len() == "2026-12-31".len()
        && let Ok(date) = text.parse::<Date>()
    {
        return date.to_zoned(utc).map(|day| day.timestamp()).map_err(|_| invalid());
    }
    let span: Span = text.parse().map_err(|_| invalid())?;
    if span.is_negative() {
        return Err(invalid());
    }
    let now = now.to_zoned(utc);
    let moment = if back { now.checked_sub(span) } else { now.checked_add(span) };
    moment.map(|moment| moment.timestamp()).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        time("2026-11-23T12:00:00Z")
    }

    #[test]
    fn a_duration_counts_from_now_in_the_direction_asked_for() {
        for (text, ahead, back) in [
            ("12h", "2026-11-24T00:00:00Z", "2026-11-23T00:00:00Z"),
            ("7d", "2026-11-30T12:00:00Z", "2026-11-16T12:00:00Z"),
            ("2w", "2026-12-07T12:00:00Z", "2026-11-09T12:00:00Z"),
            ("3mo", "2027-02-23T12:00:00Z", "2026-08-23T12:00:00Z"),
            ("1y", "2027-11-23T12:00:00Z", "2025-11-23T12:00:00Z"),
            ("1d 6h", "2026-11-24T18:00:00Z", "2026-11-22T06:00:00Z"),
        ] {
            assert_eq!(after(text, now()), Ok(time(ahead)), "{text}");
            assert_eq!(before(text, now()), Ok(time(back)), "{text}");
        }
    }

    #[test]
    fn a_date_is_its_beginning_in_utc() {
        assert_eq!(after("2026-12-31", now()), Ok(time("2026-12-31T00:00:00Z")));
    }

    #[test]
    fn a_time_is_itself_in_either_direction() {
        let text = "2026-12-31T08:00:00+01:00";
        assert_eq!(after(text, now()), Ok(time("2026-12-31T07:00:00Z")));
        assert_eq!(before(text, now()), Ok(time("2026-12-31T07:00:00Z")));
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_is() {
        for text in ["", "soon", "7", "-7d", "2026-13-01", "2026-12-31 08:00", "9999999y"] {
            let refused = after(text, now()).unwrap_err().to_string();
            assert!(refused.contains("2026-12-31T08:00:00Z"), "{text:?}: {refused}");
        }
    }
}
