//! What a transaction holds in memory: at most 64 MiB and 4 bytes a gas, whatever it does, and under the
//! old rules not much more than a run may keep.

use abi::Gas;
use std::process::Command;
use tests::gas_time::memory;
use tests::tool;

/// Every case with the default limit of a call in memory, and with twice that on disk.
#[test]
fn no_transaction_holds_more_than_its_gas_allows() {
    let mut above = Vec::new();
    for (gas, disk) in [(10_000_000, None), (20_000_000, Some("--disk"))] {
        for case in memory::names() {
            let mut command = Command::new(env!("CARGO_BIN_EXE_gas-memory"));
            command.args([case, "--gas", &format!("{gas}")]).args(disk);
            let said = tool::output(&mut command).expect("the case runs");
            let said = String::from_utf8(said).expect("text");
            let (_, held) = said.trim().split_once(' ').expect("gas and bytes");
            let held: u64 = held.parse().expect("a number");
            let line = format!("{case}, {gas} gas: {} KiB", held >> 10);
            println!("{line}");
            if held > memory::most(case, Gas(gas)) {
                above.push(line);
            }
        }
    }
    assert!(above.is_empty(), "{above:#?}");
}
