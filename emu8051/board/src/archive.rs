//! The bytes of a snapshot: each part of the machine lists its fields once, and the list both saves and restores.

use std::collections::VecDeque;

use emu8051::Cycles;

/// Why bytes are not a snapshot of this machine.
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

/// Saves fields to bytes or restores them from bytes, according to which of the two it is.
#[derive(Debug)]
pub(crate) enum Carrier<'a> {
    Save(Vec<u8>),
    Restore { bytes: &'a [u8], at: usize },
}

/// Something with fields to save and restore.
pub(crate) trait Fields {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError>;
}

impl Carrier<'_> {
    pub(crate) fn bytes(&mut self, field: &mut [u8]) -> Result<(), SnapshotError> {
        match self {
            Carrier::Save(out) => out.extend_from_slice(field),
            Carrier::Restore { bytes, at } => {
                let from = bytes.get(*at..).and_then(|rest| rest.get(..field.len()));
                field.copy_from_slice(from.ok_or(SnapshotError::Truncated(bytes.len()))?);
                *at += field.len();
            }
        }
        Ok(())
    }

    /// Refuses what was restored unless `possible`.
    pub(crate) fn check(&self, possible: bool) -> Result<(), SnapshotError> {
        match self {
            Carrier::Restore { at, .. } if !possible => Err(SnapshotError::Impossible(*at)),
            _ => Ok(()),
        }
    }

    pub(crate) fn u8(&mut self, field: &mut u8) -> Result<(), SnapshotError> {
        self.bytes(std::slice::from_mut(field))
    }

    pub(crate) fn u16(&mut self, field: &mut u16) -> Result<(), SnapshotError> {
        let mut bytes = field.to_le_bytes();
        self.bytes(&mut bytes)?;
        *field = u16::from_le_bytes(bytes);
        Ok(())
    }

    pub(crate) fn u64(&mut self, field: &mut u64) -> Result<(), SnapshotError> {
        let mut bytes = field.to_le_bytes();
        self.bytes(&mut bytes)?;
        *field = u64::from_le_bytes(bytes);
        Ok(())
    }

    pub(crate) fn bool(&mut self, field: &mut bool) -> Result<(), SnapshotError> {
        let mut byte = u8::from(*field);
        self.u8(&mut byte)?;
        self.check(byte <= 1)?;
        *field = byte == 1;
        Ok(())
    }

    pub(crate) fn cycles(&mut self, field: &mut Cycles) -> Result<(), SnapshotError> {
        self.u64(&mut field.0)
    }

    /// A field that may be absent; `blank` is what its own fields are restored into.
    pub(crate) fn option<T: Clone>(
        &mut self,
        field: &mut Option<T>,
        blank: T,
        each: impl FnOnce(&mut Self, &mut T) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError> {
        let mut present = field.is_some();
        self.bool(&mut present)?;
        *field = if present {
            let mut value = field.clone().unwrap_or(blank);
            each(self, &mut value)?;
            Some(value)
        } else {
            None
        };
        Ok(())
    }

    /// A queue, restored from the front.
    pub(crate) fn queue<T: Clone>(
        &mut self,
        field: &mut VecDeque<T>,
        blank: T,
        each: impl Fn(&mut Self, &mut T) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError> {
        let mut count = field.len() as u64;
        self.u64(&mut count)?;
        if let Carrier::Save(_) = self {
            return field.iter_mut().try_for_each(|item| each(self, item));
        }
        field.clear(); // grows only as items are found, whatever the count says
        for _ in 0..count {
            let mut item = blank.clone();
            each(self, &mut item)?;
            field.push_back(item);
        }
        Ok(())
    }
}
