//! Contracts in C, their prebuilt images, and the SDK they are built with.
//!
//! Everything is compiled in, so that `smart51 build` and `smart51 new` need no files of their own. The recipe is
//! `firmware-samples/Makefile`.

/// The header `smart51.h`, for the 8051 and for WebAssembly.
pub const HEADER: &str = include_str!("../include/smart51.h");
/// The runtime in C, `smart51.c`, for both targets.
pub const RUNTIME: &str = include_str!("../runtime/smart51.c");
/// The runtime's part in assembler, `mcs51.asm`, with the image's header, for the 8051.
pub const MCS51: &str = include_str!("../runtime/mcs51.asm");

/// The SDK in Rust: the files of its folder, by their paths in it.
pub const RUST_SDK: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../rust/sdk/Cargo.toml")),
    ("src/lib.rs", include_str!("../rust/sdk/src/lib.rs")),
    ("src/methods.rs", include_str!("../rust/sdk/src/methods.rs")),
    ("src/records.rs", include_str!("../rust/sdk/src/records.rs")),
];
/// What cargo needs for a contract in Rust: the target, and a stack that leaves room in the one page of memory.
pub const RUST_CONFIG: &str = include_str!("../rust/.cargo/config.toml");

/// What sdcc is given to compile a file of a contract, besides the path of the header.
pub const SDCC_COMPILE: &str = "-mmcs51 --model-large --std-c11 --opt-code-speed";
/// What sdcc is given to link a contract.
pub const SDCC_LINK: &str =
    "-mmcs51 --model-large --code-loc 0x0015 --xram-loc 0x0001 --xram-size 0xEFFC";
/// What sdas8051 is given to assemble [`MCS51`].
pub const SDAS: &str = "-plosgff";
/// What clang is given to compile and link a contract, besides the path of the header.
pub const CLANG: &str = "--target=wasm32 -mbulk-memory -std=c11 -O2 -Wall -Wextra -ffreestanding -nostdlib \
    -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=8192 \
    -Wl,--export=smart51_main -Wl,--export=smart51_buffer";

/// A contract with its source and its image.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The name, also of its folder and files.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// The source in C.
    pub source: &'static str,
    /// The image for the 8051, Intel HEX.
    pub image: &'static [u8],
}

macro_rules! samples {
    ($($name:literal: $about:literal,)+) => {
        /// Every sample, the simplest first.
        pub const SAMPLES: &[Sample] = &[$(Sample {
            name: $name,
            about: $about,
            source: include_str!(concat!("../", $name, "/", $name, ".c")),
            image: include_bytes!(concat!("../", $name, "/", $name, ".ihx")),
        }),+];
    };
}

samples! {
    "hello": "prints a line",
    "echo": "prints its input and keeps it",
    "counter": "adds to a number: one read, one write",
    "token": "a currency of its own: mint, transfer, approve",
    "exchange": "a pool of two tokens that swaps one for the other: calls both",
    "auction": "whoever pays most gets it, and a beaten bid is paid back at once",
    "wallet": "sends money on by inline actions, and a watcher is notified",
    "standing_order": "pays somebody again and again, by deferred actions, until its money ends",
    "factory": "makes contracts of an image that the chain has, and calls them",
    "escrow": "a secured trade: the money waits until buyer, seller or arbiter settle it",
    "bet": "two parties toss a coin that neither can load",
    "redpacket": "a sum in several packets of surprising size, for whoever comes first",
    "anonpay": "a payment of which nobody sees to whom it goes until it is claimed",
    "lottery": "tickets of equal price, one of which wins all that was paid",
    "guarantee": "a trade with an arbiter: the price is frozen for whoever gets it when time runs out",
    "ipo": "shares are sold, the seller is paid in stages, and a share given back is worth the rest",
    "black_halo": "a trade without an arbiter: both deposit more than the price until they agree",
    "lashou": "a group buys cheaper: enough buyers in time, or each has his money back",
    "registry": "names that end at a height, listed in their order and by their ends",
    "nft": "single things that people own: mint, transfer, approve, burn, list by owner",
}

/// The sample of this name.
#[must_use]
pub fn sample(name: &str) -> Option<&'static Sample> {
    SAMPLES.iter().find(|sample| sample.name == name)
}
