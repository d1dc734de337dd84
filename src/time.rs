//! Dates and durations as they are written, in seconds UTC. Nothing here reads the clock.

use toml::value::Datetime;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The first second that a lower bound includes: of a date alone, midnight UTC before that day. `None` for a time of day
/// without a date. A time without an offset is UTC.
pub(crate) fn from_bound(written: &Datetime) -> Option<i64> {
    let date = written.date?;
    let midnight = days(i64::from(date.year), i64::from(date.month), i64::from(date.day)) * DAY;
    let Some(time) = written.time else { return Some(midnight) };
    let second = i64::from(time.second.unwrap_or(0));
    let offset = match written.offset {
        Some(toml::value::Offset::Custom { minutes }) => i64::from(minutes) * MINUTE,
        Some(toml::value::Offset::Z) | None => 0,
    };
    Some(midnight + i64::from(time.hour) * HOUR + i64::from(time.minute) * MINUTE + second - offset)
}

/// The first second that an upper bound excludes: of a date alone, midnight UTC after that day, so that the whole day is
/// included; else the moment itself.
pub(crate) fn until_bound(written: &Datetime) -> Option<i64> {
    let moment = from_bound(written)?;
    Some(if written.time.is_none() { moment + DAY } else { moment })
}

/// A moment as RFC 3339 has it, UTC and to the second: `2027-03-31T12:05:09Z`.
pub(crate) fn rfc3339(moment: i64) -> String {
    let second = moment.rem_euclid(DAY);
    let (hour, minute, second) = (second / HOUR, second % HOUR / MINUTE, second % MINUTE);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", date(moment.div_euclid(DAY)))
}

/// The moment that RFC 3339 text names, with date, time and offset; `None` for anything else.
pub(crate) fn from_rfc3339(text: &str) -> Option<i64> {
    let written: Datetime = text.parse().ok()?;
    let is_whole = written.date.is_some() && written.time.is_some() && written.offset.is_some();
    is_whole.then(|| from_bound(&written)).flatten()
}

/// Days from 1970-01-01 in the Gregorian calendar, by Howard Hinnant's `days_from_civil`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// An upper bound as it is written: its last day where that is whole, else the moment.
pub(crate) fn shown_until(until: i64) -> String {
    match until.rem_euclid(DAY) {
        0 => date(until.div_euclid(DAY) - 1),
        _ => rfc3339(until),
    }
}

/// A duration in the largest unit that leaves no rest, in words.
pub(crate) fn shown_duration(seconds: i64) -> String {
    let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds % unit == 0).unwrap_or((1, "second"));
    let count = seconds / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// The date of a day counted from 1970-01-01, by Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn date(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The seconds of `90s`, `30m`, `72h`, `3d` or `2w`; `None` for anything else, and for nothing at all.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count: i64 = plain.then(|| digits.parse().ok()).flatten()?;
    count.checked_mul(unit).filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Datetime {
        text.parse().unwrap()
    }

    #[test]
    fn a_date_alone_includes_its_whole_day() {
        assert_eq!(from_bound(&written("1970-01-01")), Some(0));
        assert_eq!(until_bound(&written("1970-01-01")), Some(DAY));
        assert_eq!(until_bound(&written("2027-03-31")), Some(1_806_537_600));
    }

    #[test]
    fn a_moment_is_that_moment() {
        for (text, seconds) in [
            ("2027-03-31T00:00:00Z", 1_806_451_200),
            ("2027-03-31T00:00:00", 1_806_451_200),
            ("2027-03-31T02:00:00+02:00", 1_806_451_200),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("1969-12-31T23:59:59Z", -1),
        ] {
            assert_eq!(from_bound(&written(text)), Some(seconds), "{text}");
            assert_eq!(until_bound(&written(text)), Some(seconds), "{text}");
        }
        assert_eq!(from_bound(&written("07:32:00")), None);
    }

    #[test]
    fn what_is_shown_is_what_was_written() {
        for text in ["1970-01-01", "2027-03-31", "2000-02-29", "1999-12-31", "2028-02-29", "2100-03-01"] {
            assert_eq!(shown_until(until_bound(&written(text)).unwrap()), text);
        }
        assert_eq!(
            shown_until(until_bound(&written("2027-03-31T12:05:09Z")).unwrap()),
            "2027-03-31T12:05:09Z"
        );
        for (seconds, shown) in
            [(86_400, "1 day"), (259_200, "3 days"), (7_200, "2 hours"), (90, "90 seconds")]
        {
            assert_eq!(shown_duration(seconds), shown);
        }
    }

    #[test]
    fn a_moment_comes_back_as_it_went_out() {
        for (moment, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_806_451_200, "2027-03-31T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(moment), text);
            assert_eq!(from_rfc3339(text), Some(moment));
        }
        for text in ["", "2027-03-31", "2027-03-31T00:00:00", "12:00:00", "now"] {
            assert_eq!(from_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn durations_have_one_unit() {
        for (text, seconds) in [("72h", 259_200), ("3d", 259_200), ("1w", 604_800), ("5m", 300), ("1s", 1)] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for text in ["", "h", "72", "0h", "-3d", "+3d", "3 d", "1.5h", "3dd", "3é", "99999999999999999999d"]
        {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
