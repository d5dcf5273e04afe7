//! What a contract in Rust calls, as `smart51.h` is for one in C.
//!
//! A contract is one function, named to [`contract!`]. When it returns, the call has succeeded; [`exit`] with
//! any code but 1 refuses, and all that was written is undone. Each method of docs/abi.md is a function of its own
//! ([`methods`]). Those that have no answer are served or end the call: the host faults on a request that it does not
//! take.
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

pub mod methods;
mod records;

pub use methods::*;
pub use records::*;

/// The exchange buffer: the input, then requests and replies.
const BUFFER_SIZE: usize = 4097;
/// The total of a request that does not fit: no host accepts it, and whoever asked learns of it.
const TOO_LONG: usize = 4096;

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

/// Ends the call at once: 1 for success, any other code to refuse.
pub fn exit(code: u8) -> ! {
    host::exit(code.into())
}

/// Runs `work` on the exchange buffer.
fn with_buffer<T>(work: impl FnOnce(&mut [u8; BUFFER_SIZE]) -> T) -> T {
    // SAFETY: there is one thread, and no `work` of this file reaches for the buffer again.
    work(unsafe { &mut *smart51_buffer.0.get() })
}

/// Copies the first item of `items` to `out`: its whole length, 0 if there is none, and what comes after it.
fn next_item<'i>(items: &'i [u8], out: &mut [u8]) -> (usize, &'i [u8]) {
    let Some((length, rest)) = items.split_first_chunk() else {
        return (0, &[]);
    };
    let length = usize::from(u16::from_le_bytes(*length));
    let (item, rest) = rest.split_at(length.min(rest.len()));
    for (to, from) in out.iter_mut().zip(item) {
        *to = *from;
    }
    (length, rest)
}

/// Copies the call's input to `out` and returns its whole length. It must come before any call of a method:
/// the input lies where replies come. [`methods::input`] does the same at any time, for the price of a call.
pub fn input(out: &mut [u8]) -> usize {
    with_buffer(|buffer| next_item(buffer, out).0)
}

/// Calls a method with these arguments; an empty one is left out. Copies the first item of the reply to `out`
/// and returns its whole length, 0 if nothing was answered.
pub fn call(method: u16, args: &[&[u8]], out: &mut [u8]) -> usize {
    let [length] = call_items(method, args, [out]);
    length
}

/// Calls a method as [`call`] does, and copies the items of its reply, one to each of `outs`.
pub fn call_items<const N: usize>(method: u16, args: &[&[u8]], outs: [&mut [u8]; N]) -> [usize; N] {
    with_buffer(|buffer| {
        let mut total = 0;
        for arg in args.iter().filter(|arg| !arg.is_empty()) {
            let end = total + 2 + arg.len();
            let Some(item) = buffer.get_mut(2 + total..2 + end) else {
                total = TOO_LONG;
                break;
            };
            let (length, bytes) = item.split_at_mut(2);
            length.copy_from_slice(&(arg.len() as u16).to_le_bytes());
            bytes.copy_from_slice(arg);
            total = end;
        }
        buffer[..2].copy_from_slice(&(total as u16).to_le_bytes());
        let at = buffer.as_mut_ptr();
        let shown = BUFFER_SIZE.min(total + 2);
        // SAFETY: both ranges are the buffer, which is ours; the host writes no more than `reply_cap`.
        let length = unsafe { host::call(method.into(), at, shown, at, BUFFER_SIZE - 1) };
        let mut items = &buffer[..usize::try_from(length).unwrap_or(0).min(BUFFER_SIZE)];
        outs.map(|out| {
            let (length, rest) = next_item(items, out);
            items = rest;
            length
        })
    })
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
