//! Times: `2020-01-31T12:00:00.500`, always UTC.

use super::text;
use crate::error::Problem;
use serde_json::Value;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// The beginning of the year 2000, from which `block_timestamp_type` counts, in microseconds from
/// 1970.
const SLOT_EPOCH: i64 = 946_684_800 * SECOND;
/// The length of a slot in microseconds.
const SLOT: i64 = SECOND / 2;

/// The days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March here, so that a leap day is its last one.
    let year = if month > 2 { year } else { year - 1 };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

/// The date of a day: year, month, day.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// The microseconds from 1970 of `YYYY-MM-DDThh:mm:ss`, with up to six digits behind a point and
/// `Z` or not.
fn parse(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (whole, rest) = text.split_at_checked(19)?;
    let form = b"0000-00-00T00:00:00";
    let alike = |(&found, &form): (&u8, &u8)| match form {
        b'0' => found.is_ascii_digit(),
        form => found == form,
    };
    if !whole
        .bytes()
        .zip(form)
        .all(|(found, form)| alike((&found, form)))
    {
        return None;
    }
    let number = |from: usize, to: usize| whole[from..to].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let at = days(year, month, day);
    let is_date = (1..=12).contains(&month) && date(at) == (year, month, day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = match rest.strip_prefix('.') {
        None if rest.is_empty() => 0,
        Some(digits)
            if (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) =>
        {
            format!("{digits:0<6}").parse().ok()?
        }
        _ => return None,
    };
    Some(at * DAY + ((hour * 60 + minute) * 60 + second) * SECOND + fraction)
}

/// The text of a time; `None` outside the years 0 to 9999.
fn shown(at: i64) -> Option<(String, i64)> {
    let (year, month, day) = date(at.div_euclid(DAY));
    if !(0..=9999).contains(&year) {
        return None;
    }
    let within = at.rem_euclid(DAY);
    let second = within / SECOND;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let second = second % 60;
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    Some((text, within % SECOND))
}

/// A number, in JSON or as digits.
fn number<T: TryFrom<i64> + std::str::FromStr>(value: &Value) -> Option<T> {
    match value {
        Value::Number(number) => T::try_from(number.as_i64()?).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Microseconds from 1970.
pub(super) fn time_point(value: &Value) -> Result<i64, Problem> {
    let expected = "a time as 2020-01-31T12:00:00.000, or microseconds";
    if let Some(number) = number(value) {
        return Ok(number);
    }
    parse(text(value, expected)?).ok_or_else(|| Problem::expected(expected, value))
}

pub(super) fn time_point_shown(at: i64) -> String {
    match shown(at) {
        Some((text, fraction)) if fraction % 1000 == 0 => format!("{text}.{:03}", fraction / 1000),
        Some((text, fraction)) => format!("{text}.{fraction:06}"),
        None => at.to_string(),
    }
}

/// Seconds from 1970.
pub(super) fn seconds(value: &Value) -> Result<u32, Problem> {
    let expected = "a time from 1970 to 2106 as 2020-01-31T12:00:00, or seconds";
    if let Some(number) = number(value) {
        return Ok(number);
    }
    let at = parse(text(value, expected)?).filter(|at| at % SECOND == 0);
    let found = at.and_then(|at| u32::try_from(at / SECOND).ok());
    found.ok_or_else(|| Problem::expected(expected, value))
}

pub(super) fn seconds_shown(at: u32) -> String {
    let at = i64::from(at) * SECOND;
    shown(at).map_or_else(String::new, |(text, _)| text)
}

/// Half seconds from 2000.
pub(super) fn slot(value: &Value) -> Result<u32, Problem> {
    let expected = "a time from 2000 to 2068 as 2020-01-31T12:00:00.500, or half seconds";
    if let Some(number) = number(value) {
        return Ok(number);
    }
    let at = parse(text(value, expected)?).map(|at| at - SLOT_EPOCH);
    let at = at.filter(|at| at % SLOT == 0);
    let found = at.and_then(|at| u32::try_from(at / SLOT).ok());
    found.ok_or_else(|| Problem::expected(expected, value))
}

pub(super) fn slot_shown(slot: u32) -> String {
    time_point_shown(i64::from(slot) * SLOT + SLOT_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (text, at) in [
            ("1970-01-01T00:00:00.000", 0),
            ("2000-02-29T00:00:00.000", 951_782_400 * SECOND),
            ("2038-01-19T03:14:08.000", 2_147_483_648 * SECOND),
            ("1969-12-31T23:59:59.999999", -1),
            ("0000-03-01T00:00:00.000", -62_162_035_200 * SECOND),
            ("9999-12-31T23:59:59.000", 253_402_300_799 * SECOND),
        ] {
            assert_eq!(time_point_shown(at), text);
            assert_eq!(time_point(&json!(text)), Ok(at));
        }
        for text in [
            "2019-02-29T00:00:00",
            "2019-13-01T00:00:00",
            "2019-00-01T00:00:00",
            "2019-01-01T24:00:00",
            "2019-01-01 00:00:00",
            "2019-01-01T00:00:00.",
            "2019-01-01T00:00:00.0000000",
            "2019-01-01",
            "",
            "é019-01-01T00:00:00",
        ] {
            assert!(time_point(&json!(text)).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn times_read_back(at: i64, second: u32) {
            prop_assert_eq!(time_point(&json!(time_point_shown(at))), Ok(at));
            prop_assert_eq!(seconds(&json!(seconds_shown(second))), Ok(second));
            prop_assert_eq!(slot(&json!(slot_shown(second))), Ok(second));
        }
    }
}
