//! The bounds of what is loaded.

/// The largest file taken, packed or unpacked, in bytes. Even HEX text with one byte in each of 65,536
/// records fits.
pub const FILE_MAX: usize = 1 << 20;

/// The longest record of a HEX file: `:`, then 255 data bytes and five others as two digits each.
pub(crate) const LINE_MAX: usize = 1 + 2 * (255 + 5);
