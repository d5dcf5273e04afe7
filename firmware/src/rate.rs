//! The oscillator and the host's baud rate, as users write them.

use crate::number::number;
use board::line::{BitTime, Rate, RateError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An oscillator, in Hz: never 0. Written as a number, or with a unit: `11.0592MHz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock(pub u64);

impl Default for Clock {
    /// The crystal from which a timer makes all common baud rates.
    fn default() -> Clock {
        Clock(11_059_200)
    }
}

/// The units, longest first: how many decimal places each moves the point.
const UNITS: [(&str, usize); 4] = [("ghz", 9), ("mhz", 6), ("khz", 3), ("hz", 0)];

impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Clock, String> {
        let expected =
            || format!("expected a frequency, as 11059200 or 11.0592MHz, found {text:?}");
        let lower = text.to_ascii_lowercase();
        let with_unit = UNITS
            .iter()
            .find_map(|(unit, places)| Some((lower.strip_suffix(unit)?.trim_end(), *places)));
        let hz = match with_unit {
            Some((number, places)) => scaled(number, places),
            None => number(text).ok(),
        };
        match hz.ok_or_else(expected)? {
            0 => Err("expected a frequency above 0 Hz".into()),
            hz => Ok(Clock(hz)),
        }
    }
}

/// A decimal number with its point moved to the right, if it is a whole number then.
fn scaled(number: &str, places: usize) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || fraction.len() > places {
        return None;
    }
    crate::number::number(&format!("{whole}{fraction:0<places$}"))
        .ok()
        .filter(|_| fraction.bytes().all(|digit| digit.is_ascii_digit()))
        .filter(|_| {
            whole
                .bytes()
                .all(|digit| digit.is_ascii_digit() || digit == b'_')
        })
}

/// The rate of the host on the serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baud {
    /// Whatever the firmware has set.
    Auto,
    /// So many bits in a second.
    Own(u64),
}

impl Default for Baud {
    fn default() -> Baud {
        Baud::Own(9600)
    }
}

impl Baud {
    /// That of recordings from before hosts had a rate.
    pub fn auto() -> Baud {
        Baud::Auto
    }

    /// The rate on a board with this oscillator.
    ///
    /// # Errors
    /// If the oscillator is too slow for it, or too fast.
    pub fn rate(self, clock: Clock) -> Result<Rate, RateError> {
        match self {
            Baud::Auto => Ok(Rate::Auto),
            Baud::Own(baud) => BitTime::new(clock.0, baud).map(Rate::Own),
        }
    }
}

impl FromStr for Baud {
    type Err = String;

    fn from_str(text: &str) -> Result<Baud, String> {
        match (text, number(text)) {
            ("auto", _) => Ok(Baud::Auto),
            (_, Ok(baud)) if baud > 0 => Ok(Baud::Own(baud)),
            _ => Err(format!(
                "expected bits in a second, or auto, found {text:?}"
            )),
        }
    }
}

impl fmt::Display for Baud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Baud::Auto => f.write_str("auto"),
            Baud::Own(baud) => write!(f, "{baud}"),
        }
    }
}

/// A number, or text as on the command line.
#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(u64),
    Text(String),
}

fn read<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: FromStr<Err = String>,
    D: Deserializer<'de>,
{
    let text = match NumberOrText::deserialize(from)? {
        NumberOrText::Number(number) => number.to_string(),
        NumberOrText::Text(text) => text,
    };
    text.parse().map_err(D::Error::custom)
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Clock, D::Error> {
        read(from)
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Baud {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Baud, D::Error> {
        read(from)
    }
}

impl Serialize for Baud {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Baud::Auto => to.serialize_str("auto"),
            Baud::Own(baud) => baud.serialize(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_a_number_or_has_a_unit() {
        for (text, hz) in [
            ("11059200", 11_059_200),
            ("12_000_000", 12_000_000),
            ("0xB71B00", 12_000_000),
            ("11.0592MHz", 11_059_200),
            ("11.059200 MHz", 11_059_200),
            ("12mhz", 12_000_000),
            ("32.768kHz", 32_768),
            ("3579545Hz", 3_579_545),
            ("1_000kHz", 1_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Clock(hz)), "{text}");
        }
        for wrong in [
            "",
            "0",
            "0MHz",
            "MHz",
            ".5MHz",
            "1.5",
            "1.5Hz",
            "1e6",
            "11,0592MHz",
            "-1MHz",
            "1.-5MHz",
            "0x10MHz",
            "99999999999999999999MHz",
            "12MHzz",
        ] {
            assert!(wrong.parse::<Clock>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_baud_rate_is_a_number_or_auto() {
        assert_eq!("9600".parse(), Ok(Baud::Own(9600)));
        assert_eq!("115_200".parse(), Ok(Baud::Own(115_200)));
        assert_eq!("auto".parse(), Ok(Baud::Auto));
        for wrong in ["", "0", "fast", "9600Bd"] {
            assert!(wrong.parse::<Baud>().is_err(), "{wrong}");
        }
    }
}
