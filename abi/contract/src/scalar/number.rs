//! Numbers: integers of 8 to 128 bits, as numbers in JSON up to 32 bits and as text above, and
//! floating point.

use super::digits;
use crate::error::{Problem, quote};
use crate::wire::Reader;
use serde_json::{Number, Value};

/// An integer type of a fixed size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Int {
    bytes: usize,
    is_signed: bool,
    name: &'static str,
}

impl Int {
    pub(crate) const fn signed(bytes: usize) -> Int {
        let name = match bytes {
            1 => "int8",
            2 => "int16",
            4 => "int32",
            8 => "int64",
            _ => "int128",
        };
        Int {
            bytes,
            is_signed: true,
            name,
        }
    }

    pub(crate) const fn bits(self) -> u32 {
        8 * self.bytes as u32
    }

    pub(crate) const fn is_signed(self) -> bool {
        self.is_signed
    }

    pub(crate) const fn unsigned(bytes: usize) -> Int {
        let name = match bytes {
            1 => "uint8",
            2 => "uint16",
            4 => "uint32",
            8 => "uint64",
            _ => "uint128",
        };
        Int {
            bytes,
            is_signed: false,
            name,
        }
    }

    /// The same under another name, for its errors.
    pub(crate) const fn called(self, name: &'static str) -> Int {
        Int { name, ..self }
    }

    /// A number in JSON, or a text of its digits; its bits, a negative number's in two's
    /// complement.
    pub(crate) fn read(self, value: &Value) -> Result<u128, Problem> {
        let (is_negative, magnitude) = integer(value)?;
        let most = match (self.is_signed, self.bytes) {
            (false, 16) => u128::MAX,
            (false, bytes) => (1 << (8 * bytes)) - 1,
            (true, bytes) => (1 << (8 * bytes - 1)) - u128::from(!is_negative),
        };
        match magnitude {
            Some(0) => Ok(0),
            Some(magnitude) if magnitude <= most && (self.is_signed || !is_negative) => {
                Ok(match is_negative {
                    true => magnitude.wrapping_neg(),
                    false => magnitude,
                })
            }
            _ => Err(Problem::DoesNotFit {
                value: match value {
                    Value::String(text) => quote(text),
                    value => value.to_string(),
                },
                type_name: self.name,
            }),
        }
    }
}

/// Whether an integer is negative, and its magnitude, unless that is more than 128 bits.
fn integer(value: &Value) -> Result<(bool, Option<u128>), Problem> {
    let found = match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Some((false, Some(number.into()))),
            (None, Some(number)) => Some((true, Some(number.unsigned_abs().into()))),
            // serde_json reads what is beyond 64 bits as floating point.
            (None, None) => None,
        },
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let sound = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            sound.then(|| (text.len() > digits.len(), digits.parse().ok()))
        }
        _ => None,
    };
    found.ok_or_else(|| Problem::expected("an integer, beyond 64 bits as text", value))
}

pub(super) fn encode_int(int: Int, value: &Value, out: &mut Vec<u8>) -> Result<(), Problem> {
    let bits = int.read(value)?;
    out.extend_from_slice(&bits.to_le_bytes()[..int.bytes]);
    Ok(())
}

pub(super) fn decode_int(int: Int, at: &mut Reader<'_>) -> Result<Value, Problem> {
    let bytes = at.take(int.bytes)?;
    let is_negative = int.is_signed && bytes[int.bytes - 1] & 0x80 != 0;
    let mut whole = [if is_negative { 0xFF } else { 0 }; 16];
    whole[..int.bytes].copy_from_slice(bytes);
    let number = i128::from_le_bytes(whole);
    Ok(match (int.bytes, int.is_signed) {
        (16, false) => (number as u128).to_string().into(),
        (16, true) => number.to_string().into(),
        (8, false) => (number as u64).to_string().into(),
        (8, true) => (number as i64).to_string().into(),
        _ => (number as i64).into(),
    })
}

/// The texts of what JSON has no numbers for. A not-a-number of other bits than these is shown by
/// its bytes.
const INFINITE: &str = "Infinity";
const MINUS_INFINITE: &str = "-Infinity";
const NOT_A_NUMBER: &str = "NaN";

/// A floating-point number in JSON, its digits as text, a text that JSON has no number for, or its
/// bytes.
fn float(value: &Value, size: usize) -> Result<Float, Problem> {
    let found = match value {
        Value::Number(number) => number.as_f64().map(Float::Number),
        Value::String(text) => match text.as_str() {
            INFINITE => Some(Float::Number(f64::INFINITY)),
            MINUS_INFINITE => Some(Float::Number(f64::NEG_INFINITY)),
            NOT_A_NUMBER => Some(Float::NotANumber),
            text if text.starts_with("0x") => digits(text)
                .filter(|bytes| bytes.len() == size)
                .map(Float::Bytes),
            text => {
                let plain = text.bytes().all(|byte| b"+-.0123456789eE".contains(&byte));
                let number = text
                    .parse()
                    .ok()
                    .filter(|number: &f64| plain && number.is_finite());
                number.map(Float::Number)
            }
        },
        _ => None,
    };
    found.ok_or_else(|| Problem::expected("a number, `Infinity`, `-Infinity` or `NaN`", value))
}

enum Float {
    Number(f64),
    NotANumber,
    Bytes(Vec<u8>),
}

pub(super) fn float32(value: &Value) -> Result<[u8; 4], Problem> {
    match float(value, 4)? {
        Float::Number(number) if number.is_finite() && !(number as f32).is_finite() => {
            Err(Problem::DoesNotFit {
                value: value.to_string(),
                type_name: "float32",
            })
        }
        Float::Number(number) => Ok((number as f32).to_le_bytes()),
        Float::NotANumber => Ok(NAN32.to_le_bytes()),
        Float::Bytes(bytes) => bytes
            .try_into()
            .map_err(|_| Problem::expected("4 bytes", value)),
    }
}

pub(super) fn float64(value: &Value) -> Result<[u8; 8], Problem> {
    match float(value, 8)? {
        Float::Number(number) => Ok(number.to_le_bytes()),
        Float::NotANumber => Ok(NAN64.to_le_bytes()),
        Float::Bytes(bytes) => bytes
            .try_into()
            .map_err(|_| Problem::expected("8 bytes", value)),
    }
}

const NAN32: u32 = 0x7FC0_0000;
const NAN64: u64 = 0x7FF8_0000_0000_0000;

pub(super) fn shown32(bytes: [u8; 4]) -> Value {
    let is_nan = u32::from_le_bytes(bytes) == NAN32;
    shown(f32::from_le_bytes(bytes).into(), is_nan, &bytes)
}

pub(super) fn shown64(bytes: [u8; 8]) -> Value {
    let is_nan = u64::from_le_bytes(bytes) == NAN64;
    shown(f64::from_le_bytes(bytes), is_nan, &bytes)
}

fn shown(number: f64, is_nan: bool, bytes: &[u8]) -> Value {
    match Number::from_f64(number) {
        Some(number) => number.into(),
        None if number == f64::INFINITY => INFINITE.into(),
        None if number == f64::NEG_INFINITY => MINUS_INFINITE.into(),
        None if is_nan => NOT_A_NUMBER.into(),
        None => format!("0x{}", hex::encode(bytes)).into(),
    }
}
