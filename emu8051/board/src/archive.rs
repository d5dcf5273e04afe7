//! The bytes of a snapshot: how each part of the machine is saved to them and restored from them.
//!
//! A value is an `Archive`. A part with many fields lists them once (`archived_fields!`), and the
//! list both saves and restores.

use std::collections::VecDeque;

use emu8051::{Cycles, Steps};

/// The reason why bytes are not a snapshot of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes end at this offset, within a field.
    #[error("snapshot ends at byte {0}, within a field")]
    Truncated(usize),
    /// Bytes are left over from this offset on.
    #[error("snapshot goes on after its end at byte {0}")]
    TooLong(usize),
    /// They do not begin as a snapshot does.
    #[error("not a snapshot: the first bytes are not those of one")]
    NotASnapshot,
    /// Written in a format this version does not read.
    #[error("snapshot has format {found}, this version reads format {expected}: take it anew")]
    Version {
        /// The format found.
        found: u8,
        /// The format read here.
        expected: u8,
    },
    /// The checksum at the end does not fit the bytes.
    #[error("snapshot is damaged: its checksum does not fit")]
    Checksum,
    /// The field that ends at this offset has a value no machine can have.
    #[error("snapshot is damaged: impossible value before byte {0}")]
    Impossible(usize),
    /// Made on another chip, or with other CODE.
    #[error("snapshot was made on another chip or with other CODE: restore it there")]
    OtherMachine,
}

/// A value that a snapshot holds.
pub(crate) trait Archive: Sized {
    /// Appends the value to `out`.
    fn save(&self, out: &mut Vec<u8>);

    /// The value that [`Archive::save`] wrote.
    fn restore(from: &mut Reader<'_>) -> Result<Self, SnapshotError>;
}

/// The bytes of a snapshot, read from the front.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from offset `at` on.
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Reader<'a> {
        Reader { bytes, at }
    }

    /// The next bytes.
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let rest = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk);
        let taken = *rest.ok_or(SnapshotError::Truncated(self.bytes.len()))?;
        self.at += N;
        Ok(taken)
    }

    /// Refuses what was restored unless `possible`.
    pub(crate) fn check(&self, possible: bool) -> Result<(), SnapshotError> {
        if possible {
            Ok(())
        } else {
            Err(SnapshotError::Impossible(self.at))
        }
    }

    /// Refuses bytes that are left over.
    pub(crate) fn end(&self) -> Result<(), SnapshotError> {
        if self.at < self.bytes.len() {
            Err(SnapshotError::TooLong(self.at))
        } else {
            Ok(())
        }
    }
}

/// Gives a type `save_fields` and `restore_fields`, which save and restore the fields listed, in
/// that order.
macro_rules! archived_fields {
    ($type:ty: $($field:ident),+ $(,)?) => {
        impl $type {
            fn save_fields(&self, out: &mut Vec<u8>) {
                $( $crate::archive::Archive::save(&self.$field, out); )+
            }

            fn restore_fields(
                &mut self,
                from: &mut $crate::archive::Reader<'_>,
            ) -> Result<(), $crate::archive::SnapshotError> {
                $( self.$field = $crate::archive::Archive::restore(from)?; )+
                Ok(())
            }
        }
    };
}
pub(crate) use archived_fields;

macro_rules! integers {
    ($($type:ty),+) => {
        $(impl Archive for $type {
            fn save(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn restore(from: &mut Reader<'_>) -> Result<$type, SnapshotError> {
                from.take().map(<$type>::from_le_bytes)
            }
        })+
    };
}
integers!(u8, u16, u64);

impl Archive for bool {
    fn save(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn restore(from: &mut Reader<'_>) -> Result<bool, SnapshotError> {
        let byte = u8::restore(from)?;
        from.check(byte <= 1)?;
        Ok(byte == 1)
    }
}

impl Archive for Cycles {
    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Cycles, SnapshotError> {
        u64::restore(from).map(Cycles)
    }
}

impl Archive for Steps {
    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Steps, SnapshotError> {
        u64::restore(from).map(Steps)
    }
}

impl<T: Archive, const N: usize> Archive for [T; N] {
    fn save(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.save(out));
    }

    fn restore(from: &mut Reader<'_>) -> Result<[T; N], SnapshotError> {
        let items: Vec<T> = (0..N).map(|_| T::restore(from)).collect::<Result<_, _>>()?;
        items
            .try_into()
            .map_err(|_| SnapshotError::Impossible(from.at))
    }
}

impl<A: Archive, B: Archive> Archive for (A, B) {
    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
        self.1.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<(A, B), SnapshotError> {
        Ok((A::restore(from)?, B::restore(from)?))
    }
}

impl<T: Archive> Archive for Option<T> {
    fn save(&self, out: &mut Vec<u8>) {
        self.is_some().save(out);
        self.iter().for_each(|value| value.save(out));
    }

    fn restore(from: &mut Reader<'_>) -> Result<Option<T>, SnapshotError> {
        let present = bool::restore(from)?;
        present.then(|| T::restore(from)).transpose()
    }
}

/// From the front.
impl<T: Archive> Archive for VecDeque<T> {
    fn save(&self, out: &mut Vec<u8>) {
        (self.len() as u64).save(out);
        self.iter().for_each(|item| item.save(out));
    }

    fn restore(from: &mut Reader<'_>) -> Result<VecDeque<T>, SnapshotError> {
        let count = u64::restore(from)?;
        let mut queue = VecDeque::new(); // grows only as items are found, whatever the count says
        for _ in 0..count {
            queue.push_back(T::restore(from)?);
        }
        Ok(queue)
    }
}

/// FNV-1a over words of eight bytes in four lanes, which are folded together: finds damage, not
/// malice. A step is one to one in what it is given, so no single byte can change unnoticed.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    const BEGIN: u64 = 0xCBF2_9CE4_8422_2325;
    let step = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01B3);
    let (blocks, rest) = bytes.as_chunks::<32>();
    let lanes = blocks.iter().fold([BEGIN; 4], |lanes, block| {
        let words = block.as_chunks::<8>().0;
        std::array::from_fn(|n| step(lanes[n], u64::from_le_bytes(words[n])))
    });
    let whole = lanes.into_iter().fold(bytes.len() as u64, step);
    rest.iter()
        .fold(whole, |hash, byte| step(hash, (*byte).into()))
}
