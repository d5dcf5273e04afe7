//! The kinds of items in requests and replies, and the lengths they may have.

use core::fmt;

/// What an item of a request or a reply holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// 8 bytes, little endian, two's complement.
    Int64,
    /// 4 bytes, little endian.
    Int32,
    /// At least 4 bytes, of which the first four are a little-endian number and the rest is ignored.
    Index,
    /// Any bytes, at least one in a request.
    Bytes,
    /// A switch: at least one byte in a request, of which only the first counts; one byte in a reply.
    Flag,
    /// An exit code, one byte.
    Code,
    /// A key of DES (8 bytes) or of triple DES (16 bytes).
    DesKey,
    /// An account: a registered id (6 bytes) or an address as text (34 characters).
    Account,
    /// A registered id: LE32 height, LE16 index.
    Regid,
    /// An address as base58check text, 34 characters.
    Address,
    /// A hash of 32 bytes, in the order in which hashing yields them.
    Hash,
    /// A compressed public key of secp256k1, 33 bytes.
    PublicKey,
    /// The name of an app account: one length byte and 40 bytes, unused ones zero.
    AppUser,
    /// Records of this many bytes each, one after the other.
    Records(u16),
    /// One record of this many bytes.
    Record(u16),
}

/// One item of a request or a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// The name used in documents, in C and in errors.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// Which lengths an item may have, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Length {
    /// This many.
    Exactly(u16),
    /// The one or the other.
    Either(u16, u16),
    /// This many or more.
    AtLeast(u16),
    /// A multiple of this, and not nothing.
    MultipleOf(u16),
}

impl Length {
    /// Whether `length` bytes are right.
    #[must_use]
    pub const fn allows(self, length: usize) -> bool {
        match self {
            Length::Exactly(n) => length == n as usize,
            Length::Either(a, b) => length == a as usize || length == b as usize,
            Length::AtLeast(n) => length >= n as usize,
            Length::MultipleOf(n) => length > 0 && length.is_multiple_of(n as usize),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Exactly(1) => write!(f, "1 byte"),
            Length::Exactly(n) => write!(f, "{n} bytes"),
            Length::Either(a, b) => write!(f, "{a} or {b} bytes"),
            Length::AtLeast(1) => write!(f, "1 byte or more"),
            Length::AtLeast(n) => write!(f, "{n} bytes or more"),
            Length::MultipleOf(n) => write!(f, "a multiple of {n} bytes"),
        }
    }
}

impl Kind {
    /// Which lengths an argument of this kind may have.
    #[must_use]
    pub const fn lengths(self) -> Length {
        match self {
            Kind::Int64 => Length::Exactly(8),
            Kind::Int32 => Length::Exactly(4),
            Kind::Index => Length::AtLeast(4),
            Kind::Bytes | Kind::Flag => Length::AtLeast(1),
            Kind::Code => Length::Exactly(1),
            Kind::DesKey => Length::Either(8, 16),
            Kind::Account => Length::Either(6, 34),
            Kind::Regid => Length::Exactly(6),
            Kind::Address => Length::Exactly(34),
            Kind::Hash => Length::Exactly(32),
            Kind::PublicKey => Length::Exactly(33),
            Kind::AppUser => Length::Exactly(41),
            Kind::Records(size) => Length::MultipleOf(size),
            Kind::Record(size) => Length::Exactly(size),
        }
    }
}
