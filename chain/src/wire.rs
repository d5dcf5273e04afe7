//! Fixed little-endian encodings: what is hashed or stored is written and read here.

use byteorder::{ByteOrder, LittleEndian};

/// Appends `bytes` with their length in front (LE32).
///
/// # Panics
/// If there are 4 GiB or more of them; callers hold far less.
pub(crate) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("what is stored is far below 4 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
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

    /// What [`push_bytes`] wrote.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    /// What [`push_bytes`] wrote of a text.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    /// `Some` at the end of the bytes.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
