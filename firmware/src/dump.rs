//! Memory as a run has left it, for people to look at.

use crate::number::number;
use crate::values::{Address, HexBytes};
use board::Board;
use emu8051::sfr;
use serde::Serialize;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Bytes on a line.
const ROW: usize = 16;

/// A memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Iram,
    Xdata,
    Sfr,
}

impl Space {
    const ALL: [(&str, Space, RangeInclusive<u16>); 3] = [
        ("iram", Space::Iram, 0..=0xFF),
        ("xdata", Space::Xdata, 0..=0xFFFF),
        ("sfr", Space::Sfr, 0x80..=0xFF),
    ];

    /// The address in it that `text` is, or names.
    fn address(self, text: &str) -> Result<u16, String> {
        let named = (0x80..=0xFF).find(|at| sfr::name(*at).is_some_and(|name| name == text));
        match named.filter(|_| self == Space::Sfr) {
            Some(address) => Ok(address.into()),
            None => number(text).map_err(|_| match self {
                Space::Sfr => format!("expected an address or a register as P1, found {text:?}"),
                _ => format!("expected an address as 0x30, found {text:?}"),
            }),
        }
    }
}

/// The memory to be shown: all of it, or a part of it, as `iram`, `xdata:0x4000`, `iram:0x30..0x3F` or `sfr:P1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    name: &'static str,
    space: Space,
    range: RangeInclusive<u16>,
}

impl FromStr for Dump {
    type Err = String;

    fn from_str(text: &str) -> Result<Dump, String> {
        let (name, part) = match text.split_once(':') {
            Some((name, part)) => (name, Some(part)),
            None => (text, None),
        };
        let Some((name, space, all)) = Space::ALL.into_iter().find(|(known, ..)| *known == name)
        else {
            return Err(format!(
                "expected iram, xdata or sfr, perhaps with addresses, as iram:0x30..0x3F, found {text:?}"
            ));
        };
        let range = match part.map(|part| part.split_once("..").unwrap_or((part, part))) {
            None => all.clone(),
            Some((first, last)) => space.address(first)?..=space.address(last)?,
        };
        if range.is_empty() || !all.contains(range.start()) || !all.contains(range.end()) {
            return Err(format!(
                "expected addresses from 0x{:02X} to 0x{:02X}, the lower one first, found {text:?}",
                all.start(),
                all.end()
            ));
        }
        Ok(Dump { name, space, range })
    }
}

/// A part of a memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `iram`, `xdata` or `sfr`.
    pub memory: &'static str,
    /// Its first address.
    pub first: Address,
    /// Its bytes.
    pub bytes: HexBytes,
}

impl Dump {
    /// Its bytes, as they are on `board`.
    pub fn of(&self, board: &Board) -> Part {
        let byte = |address: u16| match self.space {
            Space::Iram => board.cpu().iram(address as u8),
            Space::Xdata => board.xdata().read(address),
            Space::Sfr => board.sfr(address as u8),
        };
        Part {
            memory: self.name,
            first: Address(*self.range.start()),
            bytes: HexBytes(self.range.clone().map(byte).collect()),
        }
    }
}

impl fmt::Display for Part {
    /// Rows at multiples of sixteen; registers by name, a line each. Rows of zeros in the middle are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = usize::from(self.first.0);
        if self.memory == "sfr" {
            for (address, byte) in (first..).zip(&self.bytes.0) {
                if let Some(name) = sfr::name(address as u8) {
                    writeln!(f, "sfr 0x{address:02X}      {name}={byte:02X}")?;
                }
            }
            return Ok(());
        }
        let digits = if self.memory == "iram" { 2 } else { 4 };
        let (mut rest, mut at, mut zeros) = (&self.bytes.0[..], first, false);
        while !rest.is_empty() {
            let (row, after) = rest.split_at(rest.len().min(ROW - at % ROW));
            let blank = row.iter().all(|byte| *byte == 0) && at > first && !after.is_empty();
            if !blank {
                let shown: Vec<String> = row.iter().map(|byte| format!("{byte:02X}")).collect();
                let label = format!("{} 0x{at:0digits$X}", self.memory);
                writeln!(f, "{label:<13} {}", shown.join(" "))?;
            } else if !zeros {
                writeln!(f, "...           zeros")?;
            }
            (rest, at, zeros) = (after, at + row.len(), blank);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_a_memory_perhaps_with_addresses() {
        let parsed = |text: &str| text.parse::<Dump>().map(|dump| (dump.name, dump.range));
        assert_eq!(parsed("iram"), Ok(("iram", 0..=0xFF)));
        assert_eq!(parsed("xdata:0x4000"), Ok(("xdata", 0x4000..=0x4000)));
        assert_eq!(parsed("iram:0x30..63"), Ok(("iram", 0x30..=0x3F)));
        assert_eq!(parsed("sfr:0x80..0xFF"), Ok(("sfr", 0x80..=0xFF)));
        assert_eq!(parsed("sfr:P1"), Ok(("sfr", 0x90..=0x90)));
        assert_eq!(parsed("sfr:TCON..TH1"), Ok(("sfr", 0x88..=0x8D)));
        for wrong in [
            "",
            "rom",
            "iram:",
            "iram:0x100",
            "sfr:0x7F..0x80",
            "xdata:2..1",
            "iram:1-2",
            "iram:P1",
            "sfr:P9",
            "sfr:TH1..TCON",
        ] {
            assert!(wrong.parse::<Dump>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn rows_begin_at_multiples_of_sixteen() {
        let mut bytes = vec![0; 0x50];
        (bytes[0], bytes[2], bytes[0x4F]) = (1, 2, 3);
        let part = Part {
            memory: "xdata",
            first: Address(0x400E),
            bytes: HexBytes(bytes),
        };
        assert_eq!(
            part.to_string(),
            "xdata 0x400E  01 00\nxdata 0x4010  02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n\
             ...           zeros\nxdata 0x4050  00 00 00 00 00 00 00 00 00 00 00 00 00 03\n"
        );
    }
}
