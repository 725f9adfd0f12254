//! Times on the command line.

use jiff::Timestamp;
use ops::triage;

/// A time (2026-12-31T08:00:00Z), or a date for its beginning in UTC.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let is_duration = text.trim_start().chars().take_while(char::is_ascii_digit).count() < 4;
    match triage::before(text, Timestamp::UNIX_EPOCH) {
        Ok(time) if !is_duration => Ok(time),
        _ => Err(format!(
            "{text:?} is neither a date (2026-12-31) nor a time (2026-12-31T08:00:00Z)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_beginning_and_a_duration_is_no_time() {
        assert_eq!(moment("2026-11-16").unwrap().to_string(), "2026-11-16T00:00:00Z");
        assert_eq!(moment("2026-11-16T06:00:00Z").unwrap().to_string(), "2026-11-16T06:00:00Z");
        assert!(moment("7d").is_err() && moment("soon").is_err());
    }
}
