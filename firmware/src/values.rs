//! Values as reports and recordings hold them: addresses, bytes, registers.

use crate::number::number;
use emu8051::Cpu;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::{self, Display};

/// An address, `0x0012` in text and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub u16);

impl Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04X}", self.0)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        let text = String::deserialize(deserializer)?;
        number(&text).map(Address).map_err(D::Error::custom)
    }
}

/// HexBytes, as lower-case hex in text and in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

impl Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HexBytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(HexBytes).map_err(D::Error::custom)
    }
}

/// The registers of an 8051, as reports have them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registers {
    /// ACC.
    pub a: u8,
    /// B.
    pub b: u8,
    /// PSW.
    pub psw: u8,
    /// SP.
    pub sp: u8,
    /// DPTR.
    pub dptr: u16,
    /// R0 to R7 of the bank in use.
    pub r: [u8; 8],
}

impl Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Registers {
            a,
            b,
            psw,
            sp,
            dptr,
            r,
        } = self;
        write!(
            f,
            "A={a:02X} B={b:02X} PSW={psw:02X} SP={sp:02X} DPTR={dptr:04X} R0-7={r:02X?}"
        )
    }
}

impl From<&Cpu> for Registers {
    fn from(cpu: &Cpu) -> Self {
        let r = [0, 1, 2, 3, 4, 5, 6, 7].map(|n| cpu.r(n));
        Registers {
            a: cpu.a(),
            b: cpu.b(),
            psw: cpu.psw().bits(),
            sp: cpu.sp(),
            dptr: cpu.dptr(),
            r,
        }
    }
}
