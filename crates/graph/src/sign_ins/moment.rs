//! Times as logs write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A time with or without offset (UTC then): RFC 3339 with up to nine digits of a fraction, with a
/// blank for the `T`, or the American dates of CSV exports (`4/28/2021, 7:45:24.719 AM`).
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Ok(time) = text.parse::<DateTime>() {
        return utc(time);
    }
    american(text)
}

fn utc(time: DateTime) -> Option<Timestamp> {
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn american(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once([',', ' '])?;
    let mut date = date.split('/');
    let (month, day, year) = (date.next()?, date.next()?, date.next()?);
    let time = time.trim();
    let (clock, half) = time.rsplit_once(' ').unwrap_or((time, ""));
    let mut clock = clock.split(':');
    let mut hour: i8 = clock.next()?.parse().ok()?;
    let minute: i8 = clock.next()?.parse().ok()?;
    let (second, fraction) = match clock.next() {
        None => ("0", ""),
        Some(second) => second.split_once('.').unwrap_or((second, "")),
    };
    hour = match (half.to_ascii_uppercase().as_str(), hour) {
        ("AM", 12) => 0,
        ("PM", 1..=11) => hour + 12,
        ("AM" | "PM" | "", _) => hour,
        _ => return None,
    };
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanosecond = digits.parse().ok()?;
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let time = DateTime::new(year, month, day, hour, minute, second.parse().ok()?, nanosecond);
    utc(time.ok()?)
}

#[cfg(test)]
mod tests {
    use super::moment;

    fn read(text: &str) -> String {
        moment(text).map_or_else(|| "none".to_owned(), |time| time.to_string())
    }

    #[test]
    fn seven_digits_and_offsets_are_read() {
        assert_eq!(read("2021-04-28T14:45:24.7195234Z"), "2021-04-28T14:45:24.7195234Z");
        assert_eq!(read("2021-04-28T09:45:24-05:00"), "2021-04-28T14:45:24Z");
    }

    #[test]
    fn a_time_without_an_offset_is_utc() {
        assert_eq!(read("2020-05-20T18:19:04.423"), "2020-05-20T18:19:04.423Z");
        assert_eq!(read("2025-01-15 09:30:45.123"), "2025-01-15T09:30:45.123Z");
    }

    #[test]
    fn american_dates_are_read() {
        assert_eq!(read("4/28/2021, 7:45:24.719 AM"), "2021-04-28T07:45:24.719Z");
        assert_eq!(read("4/19/2021, 12:13:19.483 PM"), "2021-04-19T12:13:19.483Z");
        assert_eq!(read("12/31/2021 12:00:00 AM"), "2021-12-31T00:00:00Z");
        assert_eq!(read("1/2/2021, 11:05:06.000 PM"), "2021-01-02T23:05:06Z");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "yesterday", "13/13/2021, 1:00 AM", "2021-02-30T00:00:00", "1/1/2021, 25:00"]
        {
            assert_eq!(read(text), "none", "{text}");
        }
    }
}
