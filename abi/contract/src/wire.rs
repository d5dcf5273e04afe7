//! Bytes in the form of EOS: numbers with their lowest byte first, lengths as `varuint32`.

use crate::error::Problem;

/// Adds a length, seven bits a byte, the lowest ones first.
pub(crate) fn put_varuint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Adds bytes, with their length before them.
///
/// Nothing that is written is longer than 4 GiB: text and bytes come from an input in memory, of at
/// most some megabytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varuint(out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(bytes);
}

/// Bytes and the place up to which they are read.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Reader<'b> {
        Reader { bytes, at: 0 }
    }

    /// How many bytes are read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The bytes from a place up to the present one.
    pub(crate) fn since(&self, start: usize) -> &'b [u8] {
        &self.bytes[start..self.at]
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'b [u8], Problem> {
        let rest = &self.bytes[self.at..];
        let Some(taken) = rest.get(..count) else {
            return Err(Problem::Truncated {
                at: self.bytes.len(),
                wanted: count - rest.len(),
            });
        };
        self.at += count;
        Ok(taken)
    }

    /// The next bytes as an array.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Problem> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Problem> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Problem> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A byte that is 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool, Problem> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Problem::NotCanonical {
                at: self.at - 1,
                what: "flag, which is 0 or 1",
            }),
        }
    }

    /// A length: at most 32 bits, in as few bytes as they take.
    pub(crate) fn varuint(&mut self) -> Result<u32, Problem> {
        let start = self.at;
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                let short = byte != 0 || shift == 0;
                match u32::try_from(value) {
                    Ok(value) if short => return Ok(value),
                    _ => break,
                }
            }
        }
        Err(Problem::NotCanonical {
            at: start,
            what: "number of 32 bits in as few bytes as it takes",
        })
    }

    /// The number of elements of a list, each of which takes at least `least` bytes: never more
    /// than can follow.
    pub(crate) fn count(&mut self, least: usize) -> Result<usize, Problem> {
        let count = self.varuint()? as usize;
        let wanted = count.saturating_mul(least);
        if wanted > self.left() {
            return Err(Problem::Truncated {
                at: self.bytes.len(),
                wanted: wanted - self.left(),
            });
        }
        Ok(count)
    }

    /// Bytes with their length before them.
    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], Problem> {
        let count = self.varuint()? as usize;
        self.take(count)
    }

    /// Text with its length before it.
    pub(crate) fn text(&mut self) -> Result<&'b str, Problem> {
        let start = self.at;
        std::str::from_utf8(self.bytes()?).map_err(|_| Problem::NotCanonical {
            at: start,
            what: "text in UTF-8",
        })
    }

    /// Nothing is left.
    pub(crate) fn end(&self) -> Result<(), Problem> {
        match self.left() {
            0 => Ok(()),
            left => Err(Problem::LeftOver { at: self.at, left }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_take_as_few_bytes_as_they_can() {
        for (bytes, value) in [
            (&[0][..], Some(0)),
            (&[0x7F], Some(127)),
            (&[0x80, 1], Some(128)),
            (&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], Some(u32::MAX)),
            // A zero behind, a 33rd bit, a sixth byte, an end too early.
            (&[0x80, 0], None),
            (&[0xFF, 0xFF, 0xFF, 0xFF, 0x1F], None),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 1], None),
            (&[0x80], None),
        ] {
            assert_eq!(Reader::new(bytes).varuint().ok(), value, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn lengths_read_back(value: u32) {
            let mut out = Vec::new();
            put_varuint(&mut out, value);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.varuint(), Ok(value));
            prop_assert_eq!(reader.left(), 0);
        }
    }
}
