//! 64 KiB of external RAM that knows which of its pages were written.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    /// The snapshot last taken or restored, which pages without [`CHANGED`] agree with.
    origin: u64,
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
            origin: XdataSnapshot::ZEROS,
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
        let (mut at, mut rest) = (usize::from(address), bytes);
        while !rest.is_empty() {
            let (page, room) = (at / PAGE, PAGE - at % PAGE);
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.bytes[at..at + now.len()].copy_from_slice(now);
            self.pages[page] = WRITTEN | CHANGED;
            at = (page + 1) % 256 * PAGE;
            rest = later;
        }
    }

    /// Whether any page that `range` has a part of was written; not one beyond 0xFFFF.
    #[inline(always)]
    pub fn is_written(&self, range: Range<usize>) -> bool {
        let pages = self.pages.get(range.start / PAGE..range.end.div_ceil(PAGE));
        // All of them without a branch: this is asked for each host call.
        pages.is_some_and(|pages| pages.iter().fold(0, |all, page| all | page) & WRITTEN != 0)
    }

    /// Makes the bytes at the addresses in `range` zero, touching only pages that were written.
    #[inline(always)]
    pub fn zero(&mut self, range: Range<usize>) {
        let end = range.end.min(self.bytes.len());
        let start = range.start.min(end);
        for page in start / PAGE..end.div_ceil(PAGE) {
            if self.pages[page] & WRITTEN != 0 {
                self.bytes[start.max(page * PAGE)..end.min((page + 1) * PAGE)].fill(0);
                self.pages[page] |= CHANGED;
            }
        }
    }

    /// All 64 KiB.
    pub fn bytes(&self) -> &[u8; 65536] {
        &self.bytes
    }

    /// Saves its contents into `snapshot`, whose memory is reused. Only pages that were ever written are copied, and if
    /// `snapshot` is the one last taken or restored, only those written since.
    pub fn snapshot(&mut self, snapshot: &mut XdataSnapshot) {
        let (written, changed) = (self.marked(WRITTEN), self.marked(CHANGED));
        if snapshot.id != self.origin || snapshot.saved != written {
            let contents = Arc::make_mut(&mut snapshot.contents);
            contents.clear();
            for run in written.runs() {
                contents.extend_from_slice(&self.bytes[run.start * PAGE..run.end * PAGE]);
            }
            snapshot.saved = written;
        } else if changed.is_empty() {
            return;
        } else {
            let contents = Arc::make_mut(&mut snapshot.contents);
            for run in changed.and(written).runs() {
                let bytes = &self.bytes[run.start * PAGE..run.end * PAGE];
                contents[written.before(run.start) * PAGE..][..bytes.len()].copy_from_slice(bytes);
            }
        }
        snapshot.id = XdataSnapshot::fresh_id();
        self.origin = snapshot.id;
        for page in &mut self.pages {
            *page &= WRITTEN;
        }
    }

    /// Makes its contents those of `snapshot`, whatever they were. If it is the one last taken or restored, only pages
    /// written since are copied back.
    pub fn restore(&mut self, snapshot: &XdataSnapshot) {
        let saved = snapshot.saved;
        let differing = if snapshot.id == self.origin {
            self.marked(CHANGED)
        } else {
            self.marked(WRITTEN).or(saved)
        };
        for run in differing.and(saved).runs() {
            let bytes = &mut self.bytes[run.start * PAGE..run.end * PAGE];
            bytes.copy_from_slice(
                &snapshot.contents[saved.before(run.start) * PAGE..][..bytes.len()],
            );
            self.pages[run].fill(WRITTEN);
        }
        for run in differing.and(saved.not()).runs() {
            self.bytes[run.start * PAGE..run.end * PAGE].fill(0);
            self.pages[run].fill(0);
        }
        if snapshot.id != self.origin {
            self.origin = snapshot.id;
            for page in &mut self.pages {
                *page &= WRITTEN;
            }
        }
    }

    fn marked(&self, mark: u8) -> PageSet {
        PageSet::marked(&self.pages, mark)
    }

    /// Makes all of it zero again, touching only the pages that were written.
    pub fn clear_dirty(&mut self) {
        for run in self.marked(WRITTEN).runs() {
            self.bytes[run.start * PAGE..run.end * PAGE].fill(0);
            self.pages[run].fill(CHANGED); // it holds zeros now, which the last snapshot may not
        }
    }
}

/// What an [`Xdata`] held at some moment. Copies of it share their memory.
#[derive(Clone)]
pub struct XdataSnapshot {
    /// Tells these contents from others. Only ever compared, so that its value changes no result.
    id: u64,
    /// The pages saved; all others were zero.
    saved: PageSet,
    /// Their bytes, in order.
    contents: Arc<Vec<u8>>,
}

impl XdataSnapshot {
    /// The id of RAM full of zeros.
    const ZEROS: u64 = 0;

    /// An id nobody has.
    fn fresh_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(XdataSnapshot::ZEROS + 1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// The pages saved, in order, with their contents; all others were zero.
    pub fn pages(&self) -> impl Iterator<Item = (u8, &[u8; 256])> {
        let numbers = self.saved.runs().flatten().map(|page| page as u8);
        numbers.zip(self.contents.as_chunks::<PAGE>().0)
    }

    /// A snapshot of RAM that holds these pages and zeros elsewhere.
    pub fn from_pages<'a>(pages: impl IntoIterator<Item = (u8, &'a [u8; 256])>) -> XdataSnapshot {
        let (mut xdata, mut snapshot) = (Xdata::new(), XdataSnapshot::default());
        for (page, bytes) in pages {
            xdata.copy_in(u16::from(page) << 8, bytes);
        }
        xdata.snapshot(&mut snapshot);
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
            id: XdataSnapshot::ZEROS,
            saved: PageSet::default(),
            contents: Arc::default(),
        }
    }
}

impl std::fmt::Debug for XdataSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("XdataSnapshot")
            .field("pages_saved", &(self.contents.len() / PAGE))
            .finish_non_exhaustive()
    }
}

/// A set of pages, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PageSet([u64; 4]);

impl PageSet {
    /// The pages with the mark, which is a single bit.
    fn marked(pages: &[u8; 256], mark: u8) -> PageSet {
        let mut set = PageSet::default();
        for (n, eight) in pages.as_chunks::<8>().0.iter().enumerate() {
            let ones = u64::from_le_bytes(*eight) >> mark.trailing_zeros() & 0x0101_0101_0101_0101;
            if ones == 0 {
                continue; // nearly always
            }
            let bits = ones.wrapping_mul(0x0102_0408_1020_4080) >> 56; // the eight ones side by side
            set.0[n / 8] |= bits << (n % 8 * 8);
        }
        set
    }

    fn is_empty(self) -> bool {
        self == PageSet::default()
    }

    fn and(self, other: PageSet) -> PageSet {
        PageSet(std::array::from_fn(|n| self.0[n] & other.0[n]))
    }

    fn or(self, other: PageSet) -> PageSet {
        PageSet(std::array::from_fn(|n| self.0[n] | other.0[n]))
    }

    fn not(self) -> PageSet {
        PageSet(self.0.map(|word| !word))
    }

    /// How many pages below `page`, which is at most 255, are in the set.
    fn before(self, page: usize) -> usize {
        let whole: u32 = self.0[..page / 64]
            .iter()
            .map(|word| word.count_ones())
            .sum();
        let rest = self.0[page / 64] & !(u64::MAX << (page % 64));
        (whole + rest.count_ones()) as usize
    }

    /// The first page from `from` on that is in the set; 256 if none is.
    fn first_from(self, from: usize) -> usize {
        let above = |n: usize| u64::MAX << from.saturating_sub(n * 64);
        (from / 64..4)
            .map(|n| (n, self.0[n] & above(n)))
            .find(|(_, word)| *word != 0)
            .map_or(256, |(n, word)| n * 64 + word.trailing_zeros() as usize)
    }

    /// The longest stretches of pages in the set, in order.
    fn runs(self) -> impl Iterator<Item = Range<usize>> {
        let mut end = 0;
        std::iter::from_fn(move || {
            let start = self.first_from(end);
            end = self.not().first_from(start);
            (start < 256).then_some(start..end)
        })
    }
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
        let written: usize = self.marked(WRITTEN).runs().map(|run| run.len()).sum();
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
