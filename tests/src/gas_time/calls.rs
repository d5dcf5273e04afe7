//! Rows of calls between contracts, and of what contracts say to those outside.

use super::Case;
use super::host::{long, row};
use super::script::{self, Calls};
use super::world::{CALLEE, MCS51};
use abi::method;

/// Every row of this file.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut rows = vec![row(method::CALLER, "nothing to look at", &[])];
    let record = |id: &[u8; 6], gas: u64| [&id[..], &[0; 8], &gas.to_le_bytes()].concat();
    let callee = record(&MCS51, 0);
    for method in [method::CALL_CONTRACT, method::STATIC_CALL] {
        // It makes no call, and ends.
        rows.push(row(method, "an 8051 that ends", &[&callee, &[0, 0, 0]]));
        rows.push(row(
            method,
            "4,000 bytes of input",
            &[&callee, &long(&[0, 0, 0], 4_000)],
        ));
        rows.push(row(method, "no contract", &[&record(&[0xEE; 6], 0)]));
        rows.push(row(method, "itself", &[&record(&super::world::SCRIPT, 0)]));
        rows.push(row(method, "too little gas", &[&record(&MCS51, 1)]));
    }
    // What a callee did before it was at fault, each time again.
    let overflows = Calls::new(method::UNPACK, 1, &[&long(&[], 4_090)]);
    let mut funds = vec![[0; 95]; 40];
    for (fund, amount) in funds.iter_mut().zip((1..40).chain([-1i64])) {
        fund[0] = 1;
        fund[5..13].copy_from_slice(&amount.to_le_bytes());
        fund[13..15].copy_from_slice(&[1, b'u']);
    }
    let negative = Calls::new(method::APP_OPERATE, 1, &[funds.as_flattened()]);
    for (what, calls) in [
        ("a callee whose reply is too large", overflows),
        ("a callee that asks for a negative amount", negative),
    ] {
        let input = script::input(&[calls]).expect("it fits into an input");
        rows.push(row(
            method::CALL_CONTRACT,
            what,
            &[&record(&CALLEE, 0), &input],
        ));
    }
    let event = |topics: usize| {
        let mut records = vec![0; 32 * (1 + topics)];
        records[..4].copy_from_slice(b"done");
        records
    };
    rows.push(row(method::EMIT, "a name", &[&event(0)]));
    rows.push(row(method::EMIT, "4 topics", &[&event(4)]));
    rows.push(row(
        method::EMIT,
        "4,000 bytes",
        &[&event(0), &long(&[], 4_000)],
    ));
    rows.push(row(method::RETURN_DATA, "1 byte", &[&[1]]));
    rows.push(row(
        method::RETURN_DATA,
        "4,079 bytes",
        &[&long(&[], 4_079)],
    ));
    rows
}
