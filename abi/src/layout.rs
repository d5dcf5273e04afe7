//! Where things lie: the vectors in CODE and the two buffers in XDATA.
//!
//! Source: the original chain's SDK and VM (`__no_init` buffers, `CVm8051::run`).

/// The size of CODE, and so the largest image, in bytes.
pub const CODE_SIZE: usize = 0x1_0000;
/// The size of XDATA in bytes.
pub const XDATA_SIZE: usize = 0x1_0000;

/// CODE: the reset vector, an `LJMP` (3 bytes).
pub const RESET: u16 = 0x0000;
/// CODE: the SDK version the image was built for (3 bytes, most significant first).
pub const VERSION: u16 = 0x0004;
/// CODE: the exit vector (2 bytes). The run ends when PC arrives here; the bytes never run.
pub const EXIT: u16 = 0x0008;
/// CODE: the api vector (2 bytes). When PC arrives the host serves a call, then the bytes run.
pub const APICALL: u16 = 0x0012;
/// CODE: the account-check switch, one byte, 0 or 1, in images of version 00.02.02 and later.
pub const ACCOUNT_CHECK: u16 = 0x0014;
/// The shortest image: every header field lies inside it.
pub const HEADER_SIZE: usize = 0x15;

/// The opcode of `LJMP addr16`, the first byte of every image.
pub const LJMP: u8 = 0x02;
/// The opcode of `RET`; both vectors hold two of them.
pub const RET: u8 = 0x22;

/// XDATA: the result word (2 bytes): method id of a call, or exit code.
pub const RESULT: u16 = 0xEFFD;
/// What the host puts into the result word of an image of version 00.02.03 and later, under our own rules, when it
/// refuses a call. Behind a call that is served the method's number still stands there.
pub const REFUSED_WORD: u16 = 0xFFFF;
/// XDATA: the first byte of the Communicate buffer.
pub const COMMUNICATE: u16 = 0xEFFF;
/// The size of the Communicate buffer in bytes.
pub const COMMUNICATE_SIZE: usize = 0x1000;
/// How much of XDATA a request frame can reach, in bytes: the buffer and the one byte after it, because a
/// frame's total may be 4095 and does not count its own two bytes.
pub const REQUEST_SIZE: usize = COMMUNICATE_SIZE + 1;
/// The longest input of a call in bytes: with its two length bytes it reaches XDATA 0xFFFF.
pub const INPUT_MAX: usize = COMMUNICATE_SIZE - 1;

// The buffers touch but do not overlap, and both lie inside XDATA.
const _: () = assert!(RESULT as usize + 2 == COMMUNICATE as usize);
const _: () = assert!(COMMUNICATE as usize + COMMUNICATE_SIZE <= XDATA_SIZE);
const _: () = assert!(COMMUNICATE as usize + 2 + INPUT_MAX == XDATA_SIZE);
const _: () = assert!(ACCOUNT_CHECK as usize + 1 == HEADER_SIZE);
