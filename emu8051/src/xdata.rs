//! 64 KiB of external RAM that knows which of its pages were written.

use std::ops::Range;

use crate::bus::Bus;

/// Bytes in a page: what the high address byte selects.
const PAGE: usize = 256;

/// External RAM, all zero at first. Pages of 256 bytes that were written are remembered, so that clearing, saving and
/// restoring a machine costs as much as the program touched, not 64 KiB.
#[derive(Clone)]
pub struct Xdata {
    bytes: Box<[u8; 65536]>,
    /// For each page: [`WRITTEN`] and [`CHANGED`].
    pages: [u8; 256],
}

/// The page may differ from zero.
const WRITTEN: u8 = 1;
/// The page may differ from the last snapshot taken or restored.
const CHANGED: u8 = 2;

impl Xdata {
    /// RAM full of zeros.
    pub fn new() -> Xdata {
        let Ok(bytes) = vec![0; 65536].into_boxed_slice().try_into() else {
            unreachable!("the slice was made with this length")
        };
        Xdata {
            bytes,
            pages: [0; 256],
        }
    }

    /// The byte at `address`.
    #[inline(always)]
    pub fn read(&self, address: u16) -> u8 {
        self.bytes[address as usize]
    }

    /// Stores a byte.
    #[inline(always)]
    pub fn write(&mut self, address: u16, value: u8) {
        self.bytes[address as usize] = value;
        self.pages[(address >> 8) as usize] = WRITTEN | CHANGED;
    }

    /// The bytes at the addresses in `range`; `None` when it ends before it begins or beyond 0x10000.
    pub fn slice(&self, range: Range<usize>) -> Option<&[u8]> {
        self.bytes.get(range)
    }

    /// Stores `bytes` from `address` on, wrapping around at 0xFFFF.
    pub fn copy_in(&mut self, address: u16, bytes: &[u8]) {
        let mut at = address;
        for byte in bytes {
            self.write(at, *byte);
            at = at.wrapping_add(1);
        }
    }

    /// Makes the bytes at the addresses in `range` zero, touching only pages that were written.
    pub fn zero(&mut self, range: Range<usize>) {
        let end = range.end.min(self.bytes.len());
        let mut at = range.start;
        while at < end {
            let page = at / PAGE;
            let page_end = end.min((page + 1) * PAGE);
            if self.pages[page] & WRITTEN != 0 {
                self.bytes[at..page_end].fill(0);
                self.pages[page] |= CHANGED;
            }
            at = page_end;
        }
    }

    /// All 64 KiB.
    pub fn bytes(&self) -> &[u8; 65536] {
        &self.bytes
    }

    /// Saves its contents into `snapshot`, whose memory is reused, and begins to watch for changes. Only pages that
    /// were ever written are copied.
    pub fn snapshot(&mut self, snapshot: &mut XdataSnapshot) {
        snapshot.bytes.clear();
        snapshot.pages.clear();
        for page in 0..=0xFF_u8 {
            if self.pages[page as usize] & WRITTEN != 0 {
                snapshot.pages.push(page);
                snapshot
                    .bytes
                    .extend_from_slice(&self.bytes[page as usize * PAGE..][..PAGE]);
            }
            self.pages[page as usize] &= WRITTEN;
        }
    }

    /// Makes its contents those of `snapshot`, whatever they were.
    pub fn restore(&mut self, snapshot: &XdataSnapshot) {
        self.restore_pages(snapshot, WRITTEN);
    }

    /// Makes its contents those of `snapshot`, which must be the one last taken from or restored to this RAM: copies
    /// back only the pages written since.
    pub fn restore_changed(&mut self, snapshot: &XdataSnapshot) {
        self.restore_pages(snapshot, CHANGED);
    }

    fn restore_pages(&mut self, snapshot: &XdataSnapshot, touched: u8) {
        let mut saved = snapshot
            .pages
            .iter()
            .zip(snapshot.bytes.as_chunks::<PAGE>().0)
            .peekable();
        for page in 0..=0xFF_u8 {
            let was = saved.next_if(|(at, _)| **at == page);
            let is_touched = self.pages[page as usize] & touched != 0;
            let bytes = &mut self.bytes[page as usize * PAGE..][..PAGE];
            match was {
                Some((_, saved)) if is_touched || touched == WRITTEN => {
                    bytes.copy_from_slice(saved);
                    self.pages[page as usize] = WRITTEN;
                }
                None if is_touched => {
                    bytes.fill(0);
                    self.pages[page as usize] = 0;
                }
                _ => {}
            }
        }
    }

    /// Makes all of it zero again, touching only the pages that were written.
    pub fn clear_dirty(&mut self) {
        for page in 0..256 {
            if self.pages[page] & WRITTEN != 0 {
                self.bytes[page * PAGE..][..PAGE].fill(0);
                // It holds zeros now, which the last snapshot may not.
                self.pages[page] = CHANGED;
            }
        }
    }
}

/// What an [`Xdata`] held at some moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XdataSnapshot {
    /// The pages saved, in order; all others were zero.
    pages: Vec<u8>,
    /// Their contents.
    bytes: Vec<u8>,
}

impl XdataSnapshot {
    /// The pages saved, each with its number (the high address byte) and its 256 bytes, in order.
    pub fn pages(&self) -> impl Iterator<Item = (u8, &[u8; PAGE])> {
        self.pages.iter().copied().zip(self.bytes.as_chunks().0)
    }

    /// The snapshot that holds these pages, whose numbers must rise, and zeros elsewhere.
    pub fn from_pages<'a>(pages: impl IntoIterator<Item = (u8, &'a [u8; PAGE])>) -> XdataSnapshot {
        let mut snapshot = XdataSnapshot::default();
        for (number, bytes) in pages {
            snapshot.pages.push(number);
            snapshot.bytes.extend_from_slice(bytes);
        }
        snapshot
    }
}

impl Default for Xdata {
    fn default() -> Xdata {
        Xdata::new()
    }
}

impl PartialEq for Xdata {
    fn eq(&self, other: &Xdata) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Xdata {}

impl std::fmt::Debug for Xdata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let written = self
            .pages
            .iter()
            .filter(|page| **page & WRITTEN != 0)
            .count();
        f.debug_struct("Xdata")
            .field("pages_written", &written)
            .finish_non_exhaustive()
    }
}

impl Bus for Xdata {
    #[inline(always)]
    fn xread(&mut self, address: u16) -> u8 {
        self.read(address)
    }

    #[inline(always)]
    fn xwrite(&mut self, address: u16, value: u8) {
        self.write(address, value);
    }
}
