//! What a contract in Rust calls, as `smart51.h` is for one in C.
//!
//! A contract is one function, named to [`contract!`]. When it returns, the call has succeeded; [`exit`] with
//! any code but 1 refuses, and all that was written is undone. Methods and their frames are in docs/abi.md;
//! [`call`] calls any of them, and the most used have functions of their own.
//!
//! ```ignore
//! #![no_std]
//! smart51_sdk::contract!(hello);
//!
//! fn hello() {
//!     smart51_sdk::print(false, b"hello");
//! }
//! ```

#![no_std]

use core::cell::UnsafeCell;

/// The exchange buffer: the input, then requests and replies.
const BUFFER_SIZE: usize = 4097;

/// The buffer's memory.
#[repr(transparent)]
pub struct Buffer(UnsafeCell<[u8; BUFFER_SIZE]>);

// SAFETY: a contract has one thread.
unsafe impl Sync for Buffer {}

/// The buffer where the host puts the input. Contracts use [`input`] and [`call`].
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "the host looks for this name")]
pub static smart51_buffer: Buffer = Buffer(UnsafeCell::new([0; BUFFER_SIZE]));

mod host {
    #[link(wasm_import_module = "smart51")]
    unsafe extern "C" {
        pub(crate) fn call(
            method: u32,
            args: *const u8,
            args_len: usize,
            reply: *mut u8,
            reply_cap: usize,
        ) -> i32;
        pub(crate) safe fn exit(code: u32) -> !;
    }
}

/// The methods that have a function here, by their numbers in docs/abi.md.
mod method {
    pub(crate) const PRINT: u16 = 0x0009;
    pub(crate) const DB_WRITE: u16 = 0x0011;
    pub(crate) const DB_READ: u16 = 0x0013;
    pub(crate) const TX_SENDER: u16 = 0x001B;
}

/// Ends the call at once: 1 for success, any other code to refuse.
pub fn exit(code: u8) -> ! {
    host::exit(code.into())
}

/// Runs `work` on the exchange buffer.
fn with_buffer<T>(work: impl FnOnce(&mut [u8; BUFFER_SIZE]) -> T) -> T {
    // SAFETY: there is one thread, and no `work` of this file reaches for the buffer again.
    work(unsafe { &mut *smart51_buffer.0.get() })
}

/// Copies the first item of `items` to `out` and returns its whole length, 0 if there is none.
fn first_item(items: &[u8], out: &mut [u8]) -> usize {
    let Some((length, rest)) = items.split_first_chunk() else {
        return 0;
    };
    let length = usize::from(u16::from_le_bytes(*length));
    for (to, from) in out.iter_mut().zip(&rest[..length.min(rest.len())]) {
        *to = *from;
    }
    length
}

/// Copies the call's input to `out` and returns its whole length. It must come before any call of a method:
/// the input lies where replies come.
pub fn input(out: &mut [u8]) -> usize {
    with_buffer(|buffer| first_item(buffer, out))
}

/// Calls a method with these arguments; an empty one is left out. Copies the first item of the reply to `out`
/// and returns its whole length, 0 if nothing was answered.
pub fn call(method: u16, args: &[&[u8]], out: &mut [u8]) -> usize {
    with_buffer(|buffer| {
        let mut total = 0;
        for arg in args.iter().filter(|arg| !arg.is_empty()) {
            let end = total + 2 + arg.len();
            // No host accepts a frame that is too long: the call answers nothing.
            let Some(item) = buffer.get_mut(2 + total..2 + end) else {
                return 0;
            };
            let (length, bytes) = item.split_at_mut(2);
            length.copy_from_slice(&(arg.len() as u16).to_le_bytes());
            bytes.copy_from_slice(arg);
            total = end;
        }
        buffer[..2].copy_from_slice(&(total as u16).to_le_bytes());
        let at = buffer.as_mut_ptr();
        // SAFETY: both ranges are the buffer, which is ours; the host writes no more than `reply_cap`.
        let length = unsafe { host::call(method.into(), at, total + 2, at, BUFFER_SIZE - 1) };
        let length = usize::try_from(length).unwrap_or(0);
        first_item(&buffer[..length.min(BUFFER_SIZE)], out)
    })
}

/// Prints bytes, as text or as hex.
pub fn print(hex: bool, bytes: &[u8]) {
    call(method::PRINT, &[&[hex.into()], bytes], &mut []);
}

/// Copies the value of a key of the contract's data to `out` and returns its whole length, 0 if there is none.
pub fn db_read(key: &[u8], out: &mut [u8]) -> usize {
    call(method::DB_READ, &[key], out)
}

/// Writes a key of the contract's data.
pub fn db_write(key: &[u8], value: &[u8]) {
    call(method::DB_WRITE, &[key, value], &mut []);
}

/// The registered id of who sent the call.
pub fn tx_sender() -> [u8; 6] {
    let mut id = [0; 6];
    call(method::TX_SENDER, &[], &mut id);
    id
}

/// Makes a function the contract, and ends the call with success when it returns. A panic is a fault.
#[macro_export]
macro_rules! contract {
    ($function:ident) => {
        /// Where a call begins.
        #[unsafe(no_mangle)]
        pub extern "C" fn smart51_main() {
            $function();
            $crate::exit(1);
        }

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            core::arch::wasm32::unreachable()
        }
    };
}
