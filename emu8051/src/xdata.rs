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
        Xdata {
            bytes: zeros(),
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
        for page in marked(&self.pages, WRITTEN | CHANGED) {
            if self.pages[page] & WRITTEN != 0 {
                snapshot.bytes[page * PAGE..][..PAGE]
                    .copy_from_slice(&self.bytes[page * PAGE..][..PAGE]);
            }
            self.pages[page] &= WRITTEN;
        }
        snapshot.pages = self.pages;
    }

    /// Makes its contents those of `snapshot`, whatever they were.
    pub fn restore(&mut self, snapshot: &XdataSnapshot) {
        for page in marked(&snapshot.pages, WRITTEN) {
            self.restore_page(snapshot, page);
        }
        for page in marked(&self.pages, WRITTEN) {
            if snapshot.pages[page] & WRITTEN == 0 {
                self.restore_page(snapshot, page);
            }
        }
    }

    /// Makes its contents those of `snapshot`, which must be the one last taken from or restored to this RAM: copies
    /// back only the pages written since.
    pub fn restore_changed(&mut self, snapshot: &XdataSnapshot) {
        for page in marked(&self.pages, CHANGED) {
            self.restore_page(snapshot, page);
        }
    }

    fn restore_page(&mut self, snapshot: &XdataSnapshot, page: usize) {
        let bytes = &mut self.bytes[page * PAGE..][..PAGE];
        if snapshot.pages[page] & WRITTEN != 0 {
            bytes.copy_from_slice(&snapshot.bytes[page * PAGE..][..PAGE]);
        } else {
            bytes.fill(0);
        }
        self.pages[page] = snapshot.pages[page];
    }

    /// Makes all of it zero again, touching only the pages that were written.
    pub fn clear_dirty(&mut self) {
        for page in marked(&self.pages, WRITTEN) {
            self.bytes[page * PAGE..][..PAGE].fill(0);
            // It holds zeros now, which the last snapshot may not.
            self.pages[page] = CHANGED;
        }
    }
}

/// What an [`Xdata`] held at some moment.
#[derive(Clone)]
pub struct XdataSnapshot {
    /// Which pages were saved; all others were zero.
    pages: [u8; 256],
    bytes: Box<[u8; 65536]>,
}

impl XdataSnapshot {
    /// The pages saved, in order, with their contents; all others were zero.
    pub fn pages(&self) -> impl Iterator<Item = (u8, &[u8; 256])> {
        let contents = self.bytes.as_chunks::<PAGE>().0;
        marked(&self.pages, WRITTEN).map(|page| (page as u8, &contents[page]))
    }

    /// A snapshot of RAM that holds these pages and zeros elsewhere.
    pub fn from_pages<'a>(pages: impl IntoIterator<Item = (u8, &'a [u8; 256])>) -> XdataSnapshot {
        let mut snapshot = XdataSnapshot::default();
        for (page, bytes) in pages {
            snapshot.pages[usize::from(page)] = WRITTEN;
            snapshot.bytes[usize::from(page) * PAGE..][..PAGE].copy_from_slice(bytes);
        }
        snapshot
    }
}

/// Equal when they restore the same contents.
impl PartialEq for XdataSnapshot {
    fn eq(&self, other: &XdataSnapshot) -> bool {
        self.pages()
            .filter(|(_, bytes)| bytes[..] != [0; PAGE])
            .eq(other.pages().filter(|(_, bytes)| bytes[..] != [0; PAGE]))
    }
}

impl Eq for XdataSnapshot {}

impl Default for XdataSnapshot {
    /// All zeros.
    fn default() -> XdataSnapshot {
        XdataSnapshot {
            pages: [0; 256],
            bytes: zeros(),
        }
    }
}

impl std::fmt::Debug for XdataSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("XdataSnapshot")
            .field("pages_saved", &marked(&self.pages, WRITTEN).count())
            .finish_non_exhaustive()
    }
}

/// The pages with one of the marks, eight looked at in one go: most have none.
fn marked(pages: &[u8; 256], marks: u8) -> impl Iterator<Item = usize> + use<> {
    let pages = *pages;
    let mask = u64::from_le_bytes([marks; 8]);
    (0..pages.len() / 8)
        .filter(move |eight| u64::from_le_bytes(pages.as_chunks::<8>().0[*eight]) & mask != 0)
        .flat_map(|eight| eight * 8..eight * 8 + 8)
        .filter(move |page| pages[*page] & marks != 0)
}

/// 64 KiB of zeros.
fn zeros() -> Box<[u8; 65536]> {
    match vec![0; 65536].into_boxed_slice().try_into() {
        Ok(bytes) => bytes,
        Err(_) => unreachable!("the slice was made with this length"),
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
