//! [`Image`]: what every form of file becomes, and how it is stored and named.

use crate::{LoadError, hex};
use abi::layout::CODE_SIZE;
use sha2::{Digest, Sha256};
use std::fmt;
use thiserror::Error;

/// The form of file an image came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Intel HEX.
    Hex,
    /// A raw ROM.
    Bin,
    /// A ROM in the original chain's container.
    Container,
    /// A wasm module, binary or text.
    Wasm,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Hex, Kind::Bin, Kind::Container, Kind::Wasm];

    /// The name used on the command line and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Hex => "hex",
            Kind::Bin => "bin",
            Kind::Container => "container",
            Kind::Wasm => "wasm",
        }
    }

    /// The first byte of an image as it is stored. None is the first byte of a ROM or a wasm module.
    const fn tag(self) -> u8 {
        match self {
            Kind::Hex => b'H',
            Kind::Bin => b'B',
            Kind::Container => b'C',
            Kind::Wasm => b'W',
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Programmed bytes of CODE, one after the other. Never empty, never beyond 0xFFFF.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// The address of the first byte.
    pub start: u16,
    /// The bytes, 1 to 65,536 of them.
    pub bytes: Vec<u8>,
}

impl Segment {
    /// The address after the last byte, at most 0x10000.
    #[must_use]
    pub fn end(&self) -> usize {
        usize::from(self.start) + self.bytes.len()
    }
}

/// A contract's code: what 8051 CODE is programmed with, or a wasm module.
///
/// An 8051 image keeps its gaps. A byte in a gap is unprogrammed, which isn't the same as programmed with
/// the value a read of it gives: a contract that runs into a gap faults.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Image {
    kind: Kind,
    body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Body {
    /// Sorted by address; between two segments is at least one unprogrammed byte.
    Code(Vec<Segment>),
    Wasm(Vec<u8>),
}

/// Why stored bytes are not an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There are no bytes, or the first is no kind's.
    #[error("stored image: no kind has tag {found:02X?}")]
    Kind {
        /// The first byte.
        found: Option<u8>,
    },
    /// A segment is cut short.
    #[error("stored image: ends within the segment at offset {offset}")]
    Truncated {
        /// Where the segment starts in the stored bytes.
        offset: usize,
    },
    /// A segment touches the one before it or runs beyond CODE.
    #[error("stored image: segment at offset {offset} can't start at CODE 0x{start:04X}")]
    Misplaced {
        /// Where the segment starts in the stored bytes.
        offset: usize,
        /// The address of its first byte.
        start: u16,
    },
    /// The kind says that every byte from 0 on is programmed, but the segments don't.
    #[error("stored image: {kind} without exactly one segment from CODE 0x0000")]
    NotRom {
        /// The kind.
        kind: Kind,
    },
}

impl Image {
    /// An image of a raw ROM, which programs every byte from 0 on.
    ///
    /// # Errors
    /// [`LoadError::Empty`], or [`LoadError::RomTooLarge`] if it is longer than CODE.
    pub fn bin(rom: &[u8]) -> Result<Image, LoadError> {
        Image::rom(Kind::Bin, rom)
    }

    /// The same for a ROM from a file of `kind`.
    pub(crate) fn rom(kind: Kind, rom: &[u8]) -> Result<Image, LoadError> {
        match rom.len() {
            0 => Err(LoadError::Empty),
            1..=CODE_SIZE => Ok(Image::code(
                kind,
                vec![Segment {
                    start: 0,
                    bytes: rom.to_vec(),
                }],
            )),
            found => Err(LoadError::RomTooLarge { found }),
        }
    }

    /// An image of segments as [`merge`] leaves them.
    pub(crate) fn code(kind: Kind, segments: Vec<Segment>) -> Image {
        Image {
            kind,
            body: Body::Code(segments),
        }
    }

    /// An image of a wasm module's binary form, which is not looked into.
    #[must_use]
    pub fn wasm(module: Vec<u8>) -> Image {
        Image {
            kind: Kind::Wasm,
            body: Body::Wasm(module),
        }
    }

    /// The form of file it came from.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The programmed parts of CODE, sorted, with at least one unprogrammed byte between two of them.
    /// None for a wasm module.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        match &self.body {
            Body::Code(segments) => segments,
            Body::Wasm(_) => &[],
        }
    }

    /// The wasm module's bytes, if it is one.
    #[must_use]
    pub fn as_wasm(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Code(_) => None,
            Body::Wasm(module) => Some(module),
        }
    }

    /// How many bytes are programmed, or the size of the wasm module.
    #[must_use]
    pub fn code_bytes(&self) -> usize {
        self.as_wasm().map_or_else(
            || self.segments().iter().map(|s| s.bytes.len()).sum(),
            <[u8]>::len,
        )
    }

    /// The byte at `address` of CODE, or `None` if it is not programmed.
    #[must_use]
    pub fn byte(&self, address: u16) -> Option<u8> {
        let after = self.segments().partition_point(|s| s.start <= address);
        let below = self.segments().get(after.checked_sub(1)?)?;
        below.bytes.get(usize::from(address - below.start)).copied()
    }

    /// CODE from 0 to the last programmed byte, with `fill` in the gaps; for a wasm module, its bytes.
    #[must_use]
    pub fn flat(&self, fill: u8) -> Vec<u8> {
        let mut rom = Vec::new();
        for segment in self.segments() {
            rom.resize(usize::from(segment.start), fill);
            rom.extend_from_slice(&segment.bytes);
        }
        self.as_wasm().map_or(rom, <[u8]>::to_vec)
    }

    /// The hash that names this code on the chain, 32 bytes.
    ///
    /// Equal hashes mean equal behaviour, so the kind doesn't count and the gaps do:
    /// * without gaps it is SHA-256 of the ROM, from whatever form of file it came, and of a wasm module
    ///   SHA-256 of its bytes;
    /// * with gaps, SHA-256 of the stored form ([`Image::encode`]). That starts with a byte no contract's
    ///   ROM or wasm module starts with, so no file can be made to share a hash.
    #[must_use]
    pub fn code_hash(&self) -> [u8; 32] {
        match &self.body {
            Body::Wasm(module) => Sha256::digest(module).into(),
            Body::Code(segments) => match &segments[..] {
                [Segment { start: 0, bytes }] => Sha256::digest(bytes).into(),
                _ => Sha256::digest(self.encode()).into(),
            },
        }
    }

    /// The stored form: the kind's tag, then for each segment `LE16 start, LE16 length - 1, bytes`, or the
    /// wasm module. Equal images have equal stored forms.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.kind.tag()];
        for segment in self.segments() {
            out.extend_from_slice(&segment.start.to_le_bytes());
            out.extend_from_slice(&((segment.bytes.len() - 1) as u16).to_le_bytes());
            out.extend_from_slice(&segment.bytes);
        }
        out.extend_from_slice(self.as_wasm().unwrap_or_default());
        out
    }

    /// The image whose stored form this is.
    ///
    /// # Errors
    /// A [`DecodeError`] for any bytes that [`Image::encode`] doesn't make.
    pub fn decode(stored: &[u8]) -> Result<Image, DecodeError> {
        let found = stored.first().copied();
        let kind = Kind::ALL
            .into_iter()
            .find(|k| Some(k.tag()) == found)
            .ok_or(DecodeError::Kind { found })?;
        let mut rest = stored.get(1..).unwrap_or_default();
        if kind == Kind::Wasm {
            return Ok(Image::wasm(rest.to_vec()));
        }
        let mut segments: Vec<Segment> = Vec::new();
        while !rest.is_empty() {
            let offset = stored.len() - rest.len();
            let truncated = DecodeError::Truncated { offset };
            let (&[start_low, start_high, last_low, last_high], tail) =
                rest.split_first_chunk().ok_or(truncated)?;
            let start = u16::from_le_bytes([start_low, start_high]);
            let length = usize::from(u16::from_le_bytes([last_low, last_high])) + 1;
            let (bytes, tail) = tail.split_at_checked(length).ok_or(truncated)?;
            let segment = Segment {
                start,
                bytes: bytes.to_vec(),
            };
            let apart = segments
                .last()
                .is_none_or(|before| before.end() < usize::from(start));
            if !apart || segment.end() > CODE_SIZE {
                return Err(DecodeError::Misplaced { offset, start });
            }
            segments.push(segment);
            rest = tail;
        }
        if kind != Kind::Hex && !matches!(segments[..], [Segment { start: 0, .. }]) {
            return Err(DecodeError::NotRom { kind });
        }
        Ok(Image::code(kind, segments))
    }

    /// The image as Intel HEX, or `None` for a wasm module.
    #[must_use]
    pub fn write_hex(&self) -> Option<String> {
        self.as_wasm()
            .is_none()
            .then(|| hex::write(self.segments()))
    }
}

/// Joins pieces that touch. The pieces come sorted and don't overlap.
pub(crate) fn merge(pieces: impl Iterator<Item = Segment>) -> Vec<Segment> {
    let mut merged: Vec<Segment> = Vec::new();
    for piece in pieces {
        match merged.last_mut() {
            Some(last) if last.end() == usize::from(piece.start) => last.bytes.extend(piece.bytes),
            _ => merged.push(piece),
        }
    }
    merged
}
