//! Amounts of a currency: `1.0000 EOS`, with the symbol `4,EOS` and its code `EOS`.

use super::text;
use crate::error::Problem;
use crate::wire::Reader;
use serde_json::Value;

/// The most digits behind the point.
const PRECISION_MAX: u8 = 18;
/// The most letters of a code.
const CODE_MAX: usize = 7;

const CODE: &str = "a code of up to 7 letters `A` to `Z`";
const SYMBOL: &str =
    "a symbol as 4,EOS: up to 18 digits behind the point and 1 to 7 letters `A` to `Z`";
const NO_CODE: &str = "code of letters `A` to `Z` with zeros behind them";
const NO_SYMBOL: &str =
    "symbol of up to 18 digits behind the point and a code of letters `A` to `Z`";
const ASSET: &str = "an amount as 1.0000 EOS";

/// A code: its letters in the bytes, the first one in the lowest.
fn code_of(letters: &str) -> Option<u64> {
    let sound = letters.len() <= CODE_MAX && letters.bytes().all(|byte| byte.is_ascii_uppercase());
    let shift = |code, byte: u8| code << 8 | u64::from(byte);
    sound.then(|| letters.bytes().rev().fold(0, shift))
}

/// A symbol: its precision in the lowest byte, the code above it. The symbol 0 has neither.
fn symbol_of(precision: u8, letters: &str) -> Option<u64> {
    let sound = precision <= PRECISION_MAX && !letters.is_empty() || precision == 0;
    let code = code_of(letters).filter(|_| sound)?;
    Some(code << 8 | u64::from(precision))
}

/// The letters of a code, if it has only letters.
fn letters(code: u64) -> Option<String> {
    let bytes = code.to_le_bytes();
    let length = bytes
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |at| at + 1);
    let letters = bytes[..length]
        .iter()
        .map(|&byte| char::from(byte))
        .collect::<String>();
    (code_of(&letters) == Some(code)).then_some(letters)
}

/// Precision and letters of a symbol.
fn parts(symbol: u64) -> Option<(u8, String)> {
    let (precision, letters) = (symbol as u8, letters(symbol >> 8)?);
    (symbol_of(precision, &letters) == Some(symbol)).then_some((precision, letters))
}

pub(super) fn code(value: &Value) -> Result<u64, Problem> {
    code_of(text(value, CODE)?).ok_or_else(|| Problem::expected(CODE, value))
}

pub(super) fn code_shown(at: &mut Reader<'_>) -> Result<String, Problem> {
    let start = at.at();
    letters(at.u64()?).ok_or(Problem::NotCanonical {
        at: start,
        what: NO_CODE,
    })
}

pub(super) fn symbol(value: &Value) -> Result<u64, Problem> {
    let found = text(value, SYMBOL)?.split_once(',');
    let found = found.and_then(|(precision, letters)| {
        let digits =
            matches!(precision.len(), 1..=2) && precision.bytes().all(|b| b.is_ascii_digit());
        symbol_of(precision.parse().ok().filter(|_| digits)?, letters)
    });
    found.ok_or_else(|| Problem::expected(SYMBOL, value))
}

fn read_symbol(at: &mut Reader<'_>) -> Result<(u8, String), Problem> {
    let start = at.at();
    parts(at.u64()?).ok_or(Problem::NotCanonical {
        at: start,
        what: NO_SYMBOL,
    })
}

pub(super) fn symbol_shown(at: &mut Reader<'_>) -> Result<String, Problem> {
    let (precision, letters) = read_symbol(at)?;
    Ok(format!("{precision},{letters}"))
}

/// The amount in its smallest units, and the symbol.
pub(super) fn asset(value: &Value) -> Result<(i64, u64), Problem> {
    let found = text(value, ASSET)?
        .split_once(' ')
        .and_then(|(amount, letters)| {
            let digits = amount.strip_prefix('-').unwrap_or(amount);
            let (whole, fraction) = match digits.split_once('.') {
                Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
                Some(_) => return None,
                None => (digits, ""),
            };
            let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
                return None;
            }
            let symbol = symbol_of(u8::try_from(fraction.len()).ok()?, letters)?;
            let sign = if digits.len() < amount.len() { "-" } else { "" };
            let units = format!("{sign}{whole}{fraction}").parse().ok();
            Some((units, symbol))
        });
    match found {
        Some((Some(amount), symbol)) => Ok((amount, symbol)),
        Some((None, _)) => Err(Problem::DoesNotFit {
            value: value.to_string(),
            type_name: "asset, whose smallest units are an int64",
        }),
        None => Err(Problem::expected(ASSET, value)),
    }
}

pub(super) fn asset_shown(at: &mut Reader<'_>) -> Result<String, Problem> {
    let amount = i64::from_le_bytes(at.array()?);
    let (precision, letters) = read_symbol(at)?;
    let sign = if amount < 0 { "-" } else { "" };
    let precision = usize::from(precision);
    let digits = format!("{:0>1$}", amount.unsigned_abs(), precision + 1);
    let (whole, fraction) = digits.split_at(digits.len() - precision);
    let point = if precision > 0 { "." } else { "" };
    Ok(format!("{sign}{whole}{point}{fraction} {letters}"))
}
