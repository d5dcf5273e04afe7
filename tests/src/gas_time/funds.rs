//! Rows of the methods that pay and keep funds.

use super::host::{HISTORY, MANY, counted, long, named, row};
use super::script::{self, Calls};
use super::{Case, Part};
use abi::{Gas, method};

/// Every row of this file.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut rows = Vec::new();
    outputs(&mut rows);
    funds(&mut rows);
    rows
}

fn outputs(rows: &mut Vec<Case>) {
    // One run has fewer than 100 records. Giving nothing to oneself is made like any other payment.
    for (what, calls, records) in [
        ("1 record", 40, 1),
        ("40 records", 2, 40),
        ("33 records, 3 times", 3, 33),
    ] {
        rows.push(Case::new(format!("24 output, {what}"), move |world| {
            let mut record = [0; 48];
            record[0] = 1;
            record[1..7].copy_from_slice(&world.payer);
            record[35] = 1;
            let calls = Calls::new(method::OUTPUT, calls, &[&record.repeat(records)]);
            Case::calls("", vec![], vec![calls]).prepare(world)
        }));
        rows.push(Case::new(
            format!("24 output, {what} to addresses"),
            move |world| {
                let mut all = Vec::new();
                for number in 1..=records as u8 {
                    let address = world.chain.genesis().network.address(&[number; 20]);
                    let mut record = [0; 48];
                    record[0] = 2;
                    record[1..35].copy_from_slice(address.as_bytes());
                    record[35] = 1;
                    all.extend_from_slice(&record);
                }
                let calls = Calls::new(method::OUTPUT, calls, &[&all]);
                Case::calls("", vec![], vec![calls]).prepare(world)
            },
        ));
    }
}

/// A record of method 34: `kind`, height and user are counted or the same.
fn fund(kind: u8, height: u32, user: &[u8], amount: u64) -> [u8; 95] {
    let mut record = [0; 95];
    record[0] = kind;
    record[1..5].copy_from_slice(&height.to_le_bytes());
    record[5..13].copy_from_slice(&amount.to_le_bytes());
    record[13] = user.len() as u8;
    record[14..14 + user.len()].copy_from_slice(user);
    record
}

fn funds(rows: &mut Vec<Case>) {
    /// Far above any height that the chain reaches.
    const FROZEN: u32 = 0x4000_0000;
    let operate = |times, record: &[u8; 95]| Calls::new(method::APP_OPERATE, times, &[record]);
    let user = long(&[4, b'u'], 41);
    let (free, frozen) = (fund(1, 0, b"u", 1), fund(3, FROZEN, b"u", 1));
    let n = method::APP_OPERATE;
    rows.push(named(
        n,
        "the same free amount",
        vec![],
        operate(MANY, &free),
    ));
    rows.push(named(n, "free amounts of many", vec![], {
        operate(MANY, &fund(1, 0, &[9; 40], 1)).counted(0, 14)
    }));
    rows.push(named(
        n,
        "the same frozen fund",
        vec![],
        operate(MANY, &frozen),
    ));
    for funds in [MANY, 10 * MANY] {
        let calls = operate(funds, &frozen).counted(0, 1);
        rows.push(named(
            n,
            &format!("{funds} frozen funds of one user"),
            vec![],
            calls,
        ));
    }
    rows.push(named(n, "frozen funds of many", vec![], {
        operate(MANY, &fund(3, FROZEN, &[9; 40], 1)).counted(0, 14)
    }));
    let records = frozen.repeat(42);
    let calls = Calls::new(n, 20, &[&records]);
    rows.push(named(n, "42 records", vec![], calls));
    // It ends the run: one in each of many transactions, which are measured whole.
    let refused = [&records[95..], &fund(1, 0, b"u", u64::MAX)].concat();
    rows.push(Case::new(
        "34 app_operate, 42 records, the last refused",
        move |world| {
            let input = script::input(&[Calls::new(n, 1, &[&refused])])?;
            Ok(Box::new(move |part| {
                let mut block = world.chain.begin_block()?;
                let mut gas = 0;
                for _ in 0..if part == Part::Whole { 50 } else { 0 } {
                    let limit = Gas(1_000_000);
                    let receipt = world.call_in(&mut block, world.script, &input, limit)?;
                    gas += receipt.gas;
                }
                Ok(gas)
            }))
        },
    ));
    rows.push(counted(
        method::APP_FREE,
        "unknown users",
        &[&long(&[40], 41)],
        0,
    ));
    rows.push(row(method::APP_FREE, "one user", &[&user]));
    rows.push(row(method::APP_FROZEN, "one user", &[&frozen]));
    let calls = Calls::new(method::APP_FROZEN, MANY, &[&fund(3, FROZEN, &[9; 40], 1)]);
    rows.push(named(
        method::APP_FROZEN,
        "unknown users",
        vec![],
        calls.counted(0, 14),
    ));
    // What an earlier call asked for is there: funds frozen for ever, and funds that thaw now.
    for (what, height) in [("10000 frozen funds", FROZEN), ("10000 funds that thaw", 1)] {
        let mut earlier = fund(3, height, b"u", 1);
        earlier[54] = 4; // a tag of four bytes
        let earlier =
            || vec![operate(HISTORY, &earlier).counted(0, if height == 1 { 55 } else { 1 })];
        let free = Calls::new(method::APP_FREE, MANY, &[&user]);
        rows.push(Case::after(
            format!("32 app_free, {what}"),
            earlier(),
            vec![free],
        ));
        let frozen = Calls::new(method::APP_FROZEN, MANY, &[&frozen]);
        rows.push(Case::after(
            format!("33 app_frozen, {what}"),
            earlier(),
            vec![frozen],
        ));
        let one = operate(MANY, &fund(1, 0, b"u", 1));
        rows.push(Case::after(
            format!("34 app_operate, {what}"),
            earlier(),
            vec![one],
        ));
    }
}
