//! Rows of calls between contracts, and of what contracts say to those outside.

use super::Case;
use super::host::{counted, long, row};
use super::script::{self, Calls};
use super::world::{CALLEE, MCS51, SCRIPT};
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
        rows.push(row(method, "itself", &[&record(&SCRIPT, 0)]));
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
    actions(&mut rows);
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

/// What follows a run: 300 of each, which run nothing or an 8051 that ends, or are given much data.
fn actions(rows: &mut Vec<Case>) {
    rows.push(row(method::HAS_AUTH, "of nobody", &[&[0xEE; 6]]));
    let nobody = [0xEE, 0, 0, 0x80, 0, 0];
    rows.push(counted(
        method::NOTIFY,
        "accounts that are none",
        &[&nobody],
        0,
    ));
    rows.push(row(method::NOTIFY, "the same again", &[&nobody]));
    let action = [&MCS51[..], &[0; 16]].concat();
    let by = [&SCRIPT[..], &[0; 8]].concat();
    let ends: &[u8] = &[0, 0, 0];
    for (what, data) in [
        ("an 8051 that ends", ends),
        ("4,000 bytes of data", &long(ends, 4_000)),
    ] {
        let args: &[&[u8]] = &[&action, &by, data];
        rows.push(row(method::SEND_ACTION, what, args));
    }
    let free: &[&[u8]] = &[&action, ends];
    rows.push(row(method::SEND_CONTEXT_FREE, "an 8051 that ends", free));
}
