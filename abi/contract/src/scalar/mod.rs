//! The types that are built in: those of EOS, byte for byte, and their values in JSON, as eosjs and
//! nodeos have them.

mod asset;
mod key;
mod number;
mod time;

use crate::error::Problem;
use crate::wire::{Reader, put_bytes, put_varuint};
use abi::Name;
use number::{Int, decode_int, encode_int};
use serde_json::Value;

/// A type that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Bool,
    Int(Int),
    VarInt32,
    VarUint32,
    Float32,
    Float64,
    Float128,
    TimePoint,
    TimePointSec,
    BlockTimestamp,
    Name,
    Bytes,
    String,
    /// Bytes of a fixed number.
    Checksum(usize),
    /// A checksum of 20 bytes to which an account belongs: the type `address` of a contract.
    Address,
    PublicKey,
    Signature,
    Symbol,
    SymbolCode,
    Asset,
}

/// The types by name, each with the fewest bytes of its values and whether all have as many. The
/// struct `extended_asset` is made of them.
pub(crate) const SCALARS: [(&str, Scalar, usize, bool); 30] = [
    ("bool", Scalar::Bool, 1, true),
    ("int8", Scalar::Int(Int::signed(1)), 1, true),
    ("int16", Scalar::Int(Int::signed(2)), 2, true),
    ("int32", Scalar::Int(Int::signed(4)), 4, true),
    ("int64", Scalar::Int(Int::signed(8)), 8, true),
    ("int128", Scalar::Int(Int::signed(16)), 16, true),
    ("uint8", Scalar::Int(Int::unsigned(1)), 1, true),
    ("uint16", Scalar::Int(Int::unsigned(2)), 2, true),
    ("uint32", Scalar::Int(Int::unsigned(4)), 4, true),
    ("uint64", Scalar::Int(Int::unsigned(8)), 8, true),
    ("uint128", Scalar::Int(Int::unsigned(16)), 16, true),
    ("varint32", Scalar::VarInt32, 1, false),
    ("varuint32", Scalar::VarUint32, 1, false),
    ("float32", Scalar::Float32, 4, true),
    ("float64", Scalar::Float64, 8, true),
    ("float128", Scalar::Float128, 16, true),
    ("time_point", Scalar::TimePoint, 8, true),
    ("time_point_sec", Scalar::TimePointSec, 4, true),
    ("block_timestamp_type", Scalar::BlockTimestamp, 4, true),
    ("name", Scalar::Name, 8, true),
    ("bytes", Scalar::Bytes, 1, false),
    ("string", Scalar::String, 1, false),
    ("checksum160", Scalar::Checksum(20), 20, true),
    ("checksum256", Scalar::Checksum(32), 32, true),
    ("checksum512", Scalar::Checksum(64), 64, true),
    ("public_key", Scalar::PublicKey, 34, false),
    ("signature", Scalar::Signature, 66, false),
    ("symbol", Scalar::Symbol, 8, true),
    ("symbol_code", Scalar::SymbolCode, 8, true),
    ("asset", Scalar::Asset, 16, true),
];

const VARINT: Int = Int::signed(4).called("varint32");
const VARUINT: Int = Int::unsigned(4).called("varuint32");

impl Scalar {
    /// Adds the bytes of a value.
    pub(crate) fn encode(self, value: &Value, out: &mut Vec<u8>) -> Result<(), Problem> {
        match self {
            Scalar::Bool => out.push(u8::from(flag(value)?)),
            Scalar::Int(int) => encode_int(int, value, out)?,
            Scalar::VarInt32 => {
                let number = VARINT.read(value)? as i32;
                put_varuint(out, ((number << 1) ^ (number >> 31)) as u32);
            }
            Scalar::VarUint32 => put_varuint(out, VARUINT.read(value)? as u32),
            Scalar::Float32 => out.extend(number::float32(value)?),
            Scalar::Float64 => out.extend(number::float64(value)?),
            Scalar::Float128 => out.extend(fixed::<16>(value, "16 bytes in hexadecimal")?),
            Scalar::TimePoint => out.extend(time::time_point(value)?.to_le_bytes()),
            Scalar::TimePointSec => out.extend(time::seconds(value)?.to_le_bytes()),
            Scalar::BlockTimestamp => out.extend(time::slot(value)?.to_le_bytes()),
            Scalar::Name => out.extend(name(value)?.0.to_le_bytes()),
            Scalar::Bytes => put_bytes(out, &bytes(value)?),
            Scalar::String => put_bytes(out, text(value, "text")?.as_bytes()),
            Scalar::Checksum(20) | Scalar::Address => {
                out.extend(fixed::<20>(value, "20 bytes in hexadecimal")?);
            }
            Scalar::Checksum(32) => out.extend(fixed::<32>(value, "32 bytes in hexadecimal")?),
            Scalar::Checksum(_) => out.extend(fixed::<64>(value, "64 bytes in hexadecimal")?),
            Scalar::PublicKey => key::encode(key::PUBLIC, value, out)?,
            Scalar::Signature => key::encode(key::SIGNATURE, value, out)?,
            Scalar::Symbol => out.extend(asset::symbol(value)?.to_le_bytes()),
            Scalar::SymbolCode => out.extend(asset::code(value)?.to_le_bytes()),
            Scalar::Asset => {
                let (amount, symbol) = asset::asset(value)?;
                out.extend(amount.to_le_bytes());
                out.extend(symbol.to_le_bytes());
            }
        }
        Ok(())
    }

    /// Takes the bytes of a value.
    pub(crate) fn decode(self, at: &mut Reader<'_>) -> Result<Value, Problem> {
        Ok(match self {
            Scalar::Bool => at.flag()?.into(),
            Scalar::Int(int) => decode_int(int, at)?,
            Scalar::VarInt32 => {
                let number = at.varuint()?;
                ((number >> 1) as i32 ^ -((number & 1) as i32)).into()
            }
            Scalar::VarUint32 => at.varuint()?.into(),
            Scalar::Float32 => number::shown32(at.array()?),
            Scalar::Float64 => number::shown64(at.array()?),
            Scalar::Float128 => hex::encode(at.take(16)?).into(),
            Scalar::TimePoint => time::time_point_shown(i64::from_le_bytes(at.array()?)).into(),
            Scalar::TimePointSec => time::seconds_shown(u32::from_le_bytes(at.array()?)).into(),
            Scalar::BlockTimestamp => time::slot_shown(u32::from_le_bytes(at.array()?)).into(),
            Scalar::Name => Name(at.u64()?).to_string().into(),
            Scalar::Bytes => hex::encode(at.bytes()?).into(),
            Scalar::String => at.text()?.into(),
            Scalar::Checksum(size) => hex::encode(at.take(size)?).into(),
            Scalar::Address => hex::encode(at.take(20)?).into(),
            Scalar::PublicKey => key::decode(key::PUBLIC, at)?.into(),
            Scalar::Signature => key::decode(key::SIGNATURE, at)?.into(),
            Scalar::Symbol => asset::symbol_shown(at)?.into(),
            Scalar::SymbolCode => asset::code_shown(at)?.into(),
            Scalar::Asset => asset::asset_shown(at)?.into(),
        })
    }

    /// Whether its values are text of any kind, which is quoted for people.
    pub(crate) fn is_free_text(self) -> bool {
        self == Scalar::String
    }
}

fn text<'v>(value: &'v Value, expected: &'static str) -> Result<&'v str, Problem> {
    value
        .as_str()
        .ok_or_else(|| Problem::expected(expected, value))
}

fn flag(value: &Value) -> Result<bool, Problem> {
    match value {
        Value::Bool(is) => Ok(*is),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(false),
        Value::Number(number) if number.as_u64() == Some(1) => Ok(true),
        _ => Err(Problem::expected("true or false", value)),
    }
}

fn name(value: &Value) -> Result<Name, Problem> {
    let expected = "a name of up to 12 letters `a` to `z`, `1` to `5` and `.`, the last one no `.`";
    let text = text(value, expected)?;
    match Name::of(text) {
        Some(name) if !text.ends_with('.') => Ok(name),
        _ => Err(Problem::expected(expected, value)),
    }
}

/// Bytes in hexadecimal, `0x` before them or not.
fn digits(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()
}

/// Bytes in hexadecimal, or as a list of numbers.
fn bytes(value: &Value) -> Result<Vec<u8>, Problem> {
    let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok());
    let found = match value {
        Value::String(text) => digits(text),
        Value::Array(list) => list.iter().map(byte).collect(),
        _ => None,
    };
    found.ok_or_else(|| Problem::expected("bytes in hexadecimal", value))
}

fn fixed<const N: usize>(value: &Value, expected: &'static str) -> Result<[u8; N], Problem> {
    let found = value.as_str().and_then(digits);
    let found = found.and_then(|bytes| <[u8; N]>::try_from(bytes).ok());
    found.ok_or_else(|| Problem::expected(expected, value))
}
