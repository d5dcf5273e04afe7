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

    /// A number in LEB128: seven bits a byte, the lowest first; all bytes but the last have the highest
    /// bit.
    #[inline(always)]
    pub(crate) fn number(&mut self, mut field: u64) {
        while field >= 0x80 {
            self.u8(field as u8 | 0x80);
            field >>= 7;
        }
        self.u8(field as u8);
    }

    /// A number with a sign, which goes to the lowest bit: 0, -1, 1, -2 are 0, 1, 2, 3.
    pub(crate) fn signed(&mut self, field: i64) {
        self.number((field << 1 ^ field >> 63).cast_unsigned());
    }

    /// The bytes with their length in front (LEB128).
    pub(crate) fn string(&mut self, field: &[u8]) {
        self.number(field.len() as u64);
        self.0.extend_from_slice(field);
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

    /// A byte that is 0 or 1.
    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
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

    /// What [`Writer::number`] writes, in no more bytes than that.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits || byte == 0 && shift > 0 {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// What [`Writer::number`] writes of a smaller type.
    pub(crate) fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        self.number()?.try_into().ok()
    }

    /// What [`Writer::signed`] writes.
    pub(crate) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Bytes with their length in front (LEB128).
    pub(crate) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.small()?;
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    /// A text with its length in front (LEB128).
    pub(crate) fn string_of_text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.string()?).ok()
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Numbers of all sizes.
    fn number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64).prop_map(|(number, shift)| number >> shift)
    }

    proptest! {
        #[test]
        fn numbers_read_back(number in number()) {
            let mut w = Writer::default();
            w.number(number);
            w.signed(number.cast_signed());
            let mut r = Reader(&w.0);
            prop_assert_eq!(r.number(), Some(number));
            prop_assert_eq!(r.signed(), Some(number.cast_signed()));
            prop_assert_eq!(r.end(), Some(()));
        }

        #[test]
        fn a_number_has_one_form(bytes: [u8; 11], small: bool) {
            let bytes = if small { bytes.map(|byte| byte & 0x81) } else { bytes };
            let mut r = Reader(&bytes);
            if let Some(number) = r.number() {
                let mut w = Writer::default();
                w.number(number);
                prop_assert_eq!(&w.0[..], &bytes[..bytes.len() - r.0.len()]);
            }
        }
    }

    #[test]
    fn a_number_has_at_most_64_bits() {
        let longest = [[0xFF; 9].as_slice(), &[1]].concat();
        assert_eq!(Reader(&longest).number(), Some(u64::MAX));
        let beyond = [[0xFF; 9].as_slice(), &[2]].concat();
        assert_eq!(Reader(&beyond).number(), None);
        assert_eq!(Reader(&[0x80; 12]).number(), None);
        assert_eq!(Reader(&[0x80, 0]).number(), None);
    }
}
