//! The Communicate buffer: requests and replies as lists of items.
//!
//! A request is `LE16 total` and then items `LE16 length, bytes`; `total` counts the items with their
//! length fields but not itself. A reply is the items alone. Source: `GetData` and the reply loop of the
//! original VM.

use crate::Semantics;
use crate::layout::COMMUNICATE_SIZE;
use alloc::vec;
use alloc::vec::Vec;
use byteorder::{ByteOrder, LittleEndian};
use core::fmt;

/// Why a request frame could not be read. Positions are offsets from the start of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameError {
    /// The total is 0, or the buffer is too short to hold one.
    Empty,
    /// The total is `total`, but it must be below 4096 and lie inside the buffer.
    TotalTooLarge {
        /// The total found.
        total: u16,
    },
    /// The item at `offset` has length 0.
    EmptyItem {
        /// Where the item's length field lies.
        offset: u16,
    },
    /// The item at `offset` claims `length` bytes where only `left` are left.
    ItemTooLong {
        /// Where the item's length field lies.
        offset: u16,
        /// The length claimed.
        length: u16,
        /// The bytes left after the length field.
        left: u16,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            FrameError::Empty => write!(f, "request frame is empty"),
            FrameError::TotalTooLarge { total } => {
                write!(
                    f,
                    "request frame claims {total} bytes, the most is {}",
                    COMMUNICATE_SIZE - 1
                )
            }
            FrameError::EmptyItem { offset } => write!(f, "item at offset {offset} has length 0"),
            FrameError::ItemTooLong {
                offset,
                length,
                left,
            } => {
                write!(
                    f,
                    "item at offset {offset} claims {length} bytes, {left} are left"
                )
            }
        }
    }
}

impl core::error::Error for FrameError {}

/// As many items as any method takes, and one; a frame with more is counted but not kept.
pub(crate) const KEPT: usize = 4;

/// The items of a request, borrowed from the buffer. Reading never allocates.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    items: [&'a [u8]; KEPT],
    count: usize,
}

impl<'a> Args<'a> {
    /// No items.
    pub const NONE: Args<'static> = Args {
        items: [&[]; KEPT],
        count: 0,
    };

    /// Reads a request frame from the start of `window`.
    ///
    /// # Errors
    /// A [`FrameError`] with the offset of the first thing that is wrong.
    pub fn read(window: &'a [u8]) -> Result<Args<'a>, FrameError> {
        let mut args = Args::NONE;
        args.add(window)?;
        Ok(args)
    }

    /// Adds the items of the request frame at the start of `window`.
    ///
    /// # Errors
    /// A [`FrameError`] with the offset of the first thing that is wrong; the items before it have been added.
    pub fn add(&mut self, window: &'a [u8]) -> Result<(), FrameError> {
        scan(window, |item| {
            if let Some(slot) = self.items.get_mut(self.count) {
                *slot = item;
            }
            self.count += 1;
        })
    }

    /// How many items the frame holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no items.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first items, at most 4 of them.
    #[must_use]
    pub fn items(&self) -> &[&'a [u8]] {
        &self.items[..self.count.min(KEPT)]
    }
}

/// The bytes that the request frame at the start of `window` claims to have behind its total; 0 where no frame can
/// have as many. Nothing behind the total is looked at.
#[must_use]
pub fn claimed(window: &[u8]) -> usize {
    let total = window.first_chunk().copied().map_or(0, u16::from_le_bytes);
    match usize::from(total) {
        COMMUNICATE_SIZE.. => 0,
        total => total,
    }
}

/// Hands the items of the request frame at the start of `window` to `each`, one by one.
///
/// # Errors
/// A [`FrameError`] with the offset of the first thing that is wrong; the items before it have been handed over.
pub fn scan<'a>(window: &'a [u8], mut each: impl FnMut(&'a [u8])) -> Result<(), FrameError> {
    let Some((head, body)) = window.split_at_checked(2) else {
        return Err(FrameError::Empty);
    };
    let total = LittleEndian::read_u16(head);
    if total == 0 {
        return Err(FrameError::Empty);
    }
    let too_large = FrameError::TotalTooLarge { total };
    if usize::from(total) >= COMMUNICATE_SIZE {
        return Err(too_large);
    }
    let mut rest = body.get(..usize::from(total)).ok_or(too_large)?;
    let mut offset = 2u16;
    while !rest.is_empty() {
        let Some((length, tail)) = rest.split_at_checked(2) else {
            return Err(FrameError::ItemTooLong {
                offset,
                length: 0,
                left: 0,
            });
        };
        let length = LittleEndian::read_u16(length);
        if length == 0 {
            return Err(FrameError::EmptyItem { offset });
        }
        let Some((item, next)) = tail.split_at_checked(usize::from(length)) else {
            let left = u16::try_from(tail.len()).unwrap_or(u16::MAX);
            return Err(FrameError::ItemTooLong {
                offset,
                length,
                left,
            });
        };
        each(item);
        offset = offset.saturating_add(2).saturating_add(length);
        rest = next;
    }
    Ok(())
}

/// Appends one item, `LE16 length, bytes`, to a request or reply.
///
/// # Panics
/// If the item is longer than 65,535 bytes; callers bound their items by the buffer.
#[inline]
pub fn push_item(out: &mut Vec<u8>, item: &[u8]) {
    let length = u16::try_from(item.len()).expect("an item is bounded by the 4 KiB buffer");
    out.reserve(2 + item.len());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(item);
}

/// A whole request frame, `LE16 total` and the items. The inverse of [`Args::read`].
///
/// # Panics
/// If the items do not fit in 65,535 bytes.
#[must_use]
pub fn request(items: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0, 0];
    for item in items {
        push_item(&mut out, item);
    }
    let total = u16::try_from(out.len() - 2).expect("a request is bounded by the 4 KiB buffer");
    LittleEndian::write_u16(&mut out[..2], total);
    out
}

/// The items of a framed reply, as [`push_item`] wrote them.
pub fn reply_items(mut reply: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        let (length, rest) = reply.split_first_chunk::<2>()?;
        let (item, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        reply = rest;
        Some(item)
    })
}

/// Whether framed reply items of `length` bytes in all fit in the buffer. Under our own rules they may fill it, so
/// that every key and value that a request can bring can also be answered. The original wants two bytes more to stay
/// below 4096, so one item of 4091 bytes is the largest there.
#[must_use]
pub const fn reply_fits(semantics: Semantics, length: usize) -> bool {
    if semantics.is_dacrs() {
        length + 2 < COMMUNICATE_SIZE
    } else {
        length <= COMMUNICATE_SIZE
    }
}
