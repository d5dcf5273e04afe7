//! NAME: counts up to a limit.
//!
//! Input: the number to add, little endian, up to 4 bytes; no input adds 1.
//! Refuses with code 2, and changes nothing, when the count would pass the limit.

#![no_std]

use smart51_sdk::{contract, db_read, db_write, exit, input, print};

contract!(count);

const LIMIT: u32 = 1000;
const OVER_THE_LIMIT: u8 = 2;

fn count() {
    let mut step = [0; 4];
    let step = match input(&mut step) {
        0 => 1,
        _ => u32::from_le_bytes(step),
    };
    let mut count = [0; 4];
    db_read(b"count", &mut count);
    let count = u32::from_le_bytes(count);
    if step > LIMIT - count {
        exit(OVER_THE_LIMIT);
    }
    db_write(b"count", &(count + step).to_le_bytes());
    print(false, b"counted");
}
