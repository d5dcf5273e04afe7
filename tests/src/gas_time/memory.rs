//! What a transaction holds in memory: cases that ask for as much as they can for their gas, and runs under the old
//! rules that ask for as much as they can for their steps.
//!
//! Each is meant for a process of its own, whose peak tells: `gas-memory` is that process.

use super::Error;
use super::script::{self, Calls};
use super::world::{World, machine};
use abi::{Gas, Semantics, method};
use chain::session::Payment;
use chain::{CallRequest, ContractFlags, Deploy};
use hostapi::host::KEPT_MAX;
use state::keys::RegId;

/// What a transaction may hold whatever it pays, in bytes.
const FREE: u64 = 64 << 20;
/// What it may hold beyond that for each gas, in bytes.
const EACH: u64 = 4;
/// What a run under the old rules may hold in bytes, who pays in steps: what it may keep, while a vector of that
/// grows and the receipt has a copy.
const OLD_RULES: u64 = 3 * KEPT_MAX as u64;

/// What a case does.
enum Does {
    /// Makes each of these calls as often as the gas allows; then what they ask for is made, and the block.
    Calls(Vec<Calls>),
    /// The same, on a contract that has [`KEYS`] keys.
    OverKeys(Vec<Calls>),
    /// Makes one call on the 8051, until there is no gas.
    Machine(Machine),
    /// The same under the old rules, until there are no steps or the run is stopped.
    OldRules(Machine),
}

/// A call of a method on the 8051.
struct Machine {
    method: u16,
    /// What is put into the buffer, by place. The rest of it is zero.
    buffer: &'static [(u16, &'static [u8])],
    /// Where in the buffer three bytes are counted.
    counted: u16,
}

/// The keys of the contract for [`Does::OverKeys`].
const KEYS: u32 = 25_000;

/// Every case by name. `own` is the contract that makes the calls.
fn cases(own: &RegId) -> Vec<(&'static str, Does)> {
    let key = &[0xEE, 0, 0, 0x80][..];
    let long_key = [key, &[0x51; 4000]].concat();
    let stored = &[0; 4][..];
    let unknown = &[0, 0, 0, 0x70, 1, 0][..];
    let fund = |kind| {
        let mut record = [9; 95];
        record[0] = kind;
        record[1..5].copy_from_slice(&0x4000_0000u32.to_le_bytes());
        record[5..13].copy_from_slice(&1u64.to_le_bytes());
        (record[13], record[54]) = (40, 40);
        record
    };
    let one = |method, args: &[&[u8]]| Calls::new(method, 1, args).counted(0, 0);
    let calls = |calls| Does::Calls(vec![calls]);
    let operate = |kind| Calls::new(method::APP_OPERATE, 1, &[&fund(kind)]).counted(0, 14);
    let again = |method, buffer, counted| Machine {
        method,
        buffer,
        counted,
    };
    vec![
        ("missing keys", calls(one(method::DB_READ, &[key]))),
        (
            "long missing keys",
            calls(one(method::DB_READ, &[&long_key])),
        ),
        ("new keys", calls(one(method::DB_WRITE, &[key, &[1]]))),
        (
            "long new keys",
            calls(one(method::DB_WRITE, &[&long_key, &[1]])),
        ),
        (
            "new long values",
            calls(one(method::DB_WRITE, &[key, &long_key[4..]])),
        ),
        (
            "another long value each time",
            calls(Calls::new(method::DB_WRITE, 1, &[key, &long_key]).counted(1, 0)),
        ),
        (
            "another small value each time",
            calls(Calls::new(method::DB_WRITE, 1, &[key, &[1; 4]]).counted(1, 0)),
        ),
        (
            "long missing keys deleted",
            calls(one(method::DB_DELETE, &[&long_key])),
        ),
        (
            "keys written and deleted",
            Does::Calls(vec![
                one(method::DB_WRITE, &[key, &[1]]),
                one(method::DB_DELETE, &[key]),
            ]),
        ),
        (
            "stored keys deleted",
            Does::OverKeys(vec![one(method::DB_DELETE, &[stored])]),
        ),
        (
            "stored keys listed",
            Does::OverKeys(vec![
                Calls::new(method::DB_NEXT, 1, &[&[1, 0, 0, 0], stored]).counted(1, 0),
            ]),
        ),
        (
            "long missing keys of a contract",
            calls(Calls::new(method::SCRIPT_DATA, 1, &[own, &long_key]).counted(1, 0)),
        ),
        ("unknown accounts", calls(one(method::BALANCE, &[unknown]))),
        (
            "unknown transactions",
            calls(one(method::TX_HEIGHT, &[&[7; 32]])),
        ),
        (
            "refused calls",
            calls(Calls::new(method::COMPARE, 1, &[&[0x51; 4093]])),
        ),
        (
            "short prints",
            calls(Calls::new(method::PRINT, 1, &[&[0], &[1]])),
        ),
        (
            "long prints",
            calls(Calls::new(method::PRINT, 1, &[&[0], &[1; 4089]])),
        ),
        ("free amounts", calls(operate(1))),
        ("frozen funds", calls(operate(3))),
        (
            "refused calls of the 8051",
            Does::Machine(again(method::COMPARE, &[(0, &[0xFF, 0x0F, 0xFD, 0x0F])], 4)),
        ),
        (
            "old rules, long missing keys",
            Does::OldRules(again(method::DB_READ, &[(0, &[0xFA, 0x0F, 0xF8, 0x0F])], 4)),
        ),
        (
            "old rules, new keys",
            Does::OldRules(again(
                method::DB_WRITE,
                &[(0, &[9, 0, 4, 0]), (8, &[1, 0, 1])],
                4,
            )),
        ),
        (
            "old rules, long new keys",
            Does::OldRules(again(
                method::DB_WRITE,
                &[(0, &[0xA5, 0x0F, 0xA0, 0x0F]), (4004, &[1, 0, 1])],
                4,
            )),
        ),
        (
            "old rules, long prints",
            Does::OldRules(again(
                method::PRINT,
                &[(0, &[0xA5, 0x0F, 1, 0]), (5, &[0xA0, 0x0F])],
                7,
            )),
        ),
    ]
}

/// The names of the cases.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let cases = cases(&RegId::default());
    cases.into_iter().map(|(name, _)| name).collect()
}

/// The most memory that the case called `name` may hold with so much gas, in bytes.
#[must_use]
pub fn most(name: &str, gas: Gas) -> u64 {
    let is_old = cases(&RegId::default())
        .iter()
        .any(|(known, does)| *known == name && matches!(does, Does::OldRules(_)));
    match is_old {
        true => OLD_RULES,
        false => FREE + EACH * gas.0,
    }
}

/// Does the case called `name` with at most `gas`, or as many steps as a run can have: what it paid, and the most
/// memory that the process held beyond what it held before, in bytes.
///
/// # Errors
/// When there is no such case, it cannot be done, or leaves more than a tenth of its gas unused.
pub fn held(name: &str, gas: Gas, on_disk: bool) -> Result<(Gas, u64), Error> {
    let (_, does) = cases(&RegId::default())
        .into_iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("there is no case `{name}`"))?;
    let keys = match does {
        Does::OverKeys(_) => KEYS,
        _ => 0,
    };
    let world = match on_disk {
        true => World::on_disk(keys)?,
        false => World::in_memory(keys)?,
    };
    let (_, does) = cases(&world.script)
        .into_iter()
        .find(|(known, _)| *known == name)
        .ok_or("the cases stay")?;
    match does {
        Does::Calls(calls) | Does::OverKeys(calls) => made(&world, &calls, gas),
        Does::Machine(machine) => {
            let contract = deployed(&world, &machine, Semantics::V1)?;
            let price = world.chain.genesis().gas_price;
            measured(
                &world,
                contract,
                &[],
                Payment::Gas { limit: gas, price },
                gas,
            )
        }
        Does::OldRules(machine) => {
            let contract = deployed(&world, &machine, Semantics::Dacrs2017)?;
            let payment = Payment::Fuel {
                fee: 1_000_000,
                rate: 1,
            };
            measured(&world, contract, &[], payment, Gas::ZERO)
        }
    }
}

/// Makes `calls` as often as `gas` allows, which a small number of them tells.
fn made(world: &World, calls: &[Calls], gas: Gas) -> Result<(Gas, u64), Error> {
    const FEW: u32 = 50;
    let times = |times| -> Result<Vec<u8>, Error> {
        let calls: Vec<Calls> = calls
            .iter()
            .map(|calls| calls.clone().times(times))
            .collect();
        script::input(&calls)
    };
    let few = world.call(world.script, &times(FEW)?)?;
    let more = world.call(world.script, &times(2 * FEW)?)?;
    // A hundredth stays, because prices are not all the same.
    let left = (gas.0 - gas.0 / 100).saturating_sub(few);
    let many = u64::from(FEW) + left * u64::from(FEW) / (more - few);
    let price = world.chain.genesis().gas_price;
    let payment = Payment::Gas { limit: gas, price };
    let input = times(u32::try_from(many)?)?;
    measured(world, world.script, &input, payment, gas)
}

/// Calls `contract` in a block of its own.
fn measured(
    world: &World,
    contract: RegId,
    input: &[u8],
    payment: Payment,
    expected: Gas,
) -> Result<(Gas, u64), Error> {
    let before = status("VmRSS")?;
    let mut block = world.chain.begin_block()?;
    let request = CallRequest {
        sender: world.payer,
        contract,
        input,
        value: 0,
        payment,
    };
    let receipt = block.call(&request, &mut ())?;
    let used = Gas(receipt.gas);
    if used.0 < expected.0 - expected.0 / 10 {
        return Err(format!("it uses {used} of {expected}:\n{receipt}").into());
    }
    block.commit()?;
    Ok((used, status("VmHWM")?.saturating_sub(before)))
}

/// Deploys the contract that makes this call again and again.
fn deployed(world: &World, call: &Machine, semantics: Semantics) -> Result<RegId, Error> {
    const RESULT: u16 = 0xEFFD;
    const BUFFER: u16 = 0xEFFF;
    let mut code = String::from("start: mov r4, #0\n mov r5, #0\n mov r6, #0\nagain:\n");
    let mut put = |at: u16, bytes: &[u8]| {
        code += &format!(" mov dptr, #{at}\n");
        for byte in bytes {
            code += &format!(" mov a, #{byte}\n movx @dptr, a\n inc dptr\n");
        }
    };
    put(RESULT, &call.method.to_le_bytes());
    for (at, bytes) in call.buffer {
        put(BUFFER + at, bytes);
    }
    code += &format!(" mov dptr, #{}\n", BUFFER + call.counted);
    for register in ["r4", "r5", "r6"] {
        code += &format!(" mov a, {register}\n movx @dptr, a\n inc dptr\n");
    }
    code += " lcall 0x12
        inc     r4
        cjne    r4, #0, more
        inc     r5
        cjne    r5, #0, more
        inc     r6
more:   ljmp    again\n";
    let image = machine(&code)?;
    let mut block = world.chain.begin_block()?;
    let contract = block
        .deploy(&Deploy {
            sender: world.payer,
            image: &image,
            semantics,
            name: None,
            flags: ContractFlags::empty(),
            init: None,
            abi: None,
        })?
        .target;
    block.commit()?;
    Ok(contract)
}

/// A figure of this process in bytes, of those that Linux tells in `/proc/self/status`.
fn status(name: &str) -> Result<u64, Error> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib = status
        .lines()
        .find_map(|line| {
            line.strip_prefix(name)?
                .strip_prefix(':')?
                .strip_suffix("kB")
        })
        .ok_or_else(|| format!("/proc/self/status does not tell {name}"))?;
    Ok(kib.trim().parse::<u64>()? << 10)
}
