//! Fixed little-endian encodings of everything that is hashed or stored.

use byteorder::{ByteOrder, LittleEndian};

/// Writes fields one after the other, by the names that [`Reader`] reads them by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    /// A writer with room for so many bytes before its memory grows.
    pub(crate) fn with_capacity(bytes: usize) -> Writer {
        Writer(Vec::with_capacity(bytes))
    }

    pub(crate) fn array<const N: usize>(&mut self, field: &[u8; N]) {
        self.0.extend_from_slice(field);
    }

    pub(crate) fn u8(&mut self, field: u8) {
        self.0.push(field);
    }

    pub(crate) fn u16(&mut self, field: u16) {
        self.array(&field.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, field: u32) {
        self.array(&field.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, field: u64) {
        self.array(&field.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, field: i64) {
        self.array(&field.to_le_bytes());
    }

    /// The bytes with their length in front (LE32).
    ///
    /// # Panics
    /// If there are 4 GiB or more of them; callers hold far less.
    pub(crate) fn bytes(&mut self, field: &[u8]) {
        self.u32(u32::try_from(field.len()).expect("what is stored is far below 4 GiB"));
        self.0.extend_from_slice(field);
    }

    /// The text's bytes with their length in front (LE32).
    pub(crate) fn text(&mut self, field: &str) {
        self.bytes(field.as_bytes());
    }

    /// All that was written.
    pub(crate) fn end(self) -> Vec<u8> {
        self.0
    }
}

/// Reads fields one after the other; each is `None` where the bytes do not hold one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array::<2>()
            .map(|field| LittleEndian::read_u16(&field))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array::<4>()
            .map(|field| LittleEndian::read_u32(&field))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array::<8>()
            .map(|field| LittleEndian::read_u64(&field))
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.u64().map(u64::cast_signed)
    }

    /// Bytes with their length in front (LE32).
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    /// A text with its length in front (LE32).
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    /// `Some` at the end of the bytes.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
