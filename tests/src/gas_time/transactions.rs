//! Rows of whole transactions: made in a block, committed, and taken back again with it. A block without them is the
//! history, so what a row says is what each of them adds to its block, and to taking it back.

use super::world::World;
use super::{Case, Error, Part, chosen};
use abi::layout::INPUT_MAX;
use abi::{Gas, Name, Semantics, method};
use chain::actions::{ACTIVE, SYSTEM};
use chain::session::Payment;
use chain::{
    Action, ActionList, Authorization, CallRequest, ChainError, Contract, ContractFlags, Deploy,
    OpenBlock,
};
use loader::{Image, Segment};
use state::keys::RegId;

/// Transactions in a block.
const MANY: u32 = 100;
/// The most gas of a call.
const LIMIT: Gas = Gas(1_000_000);

/// Every row of this file.
#[must_use]
pub fn cases() -> Vec<Case> {
    let served = u8::try_from(method::HEIGHT).unwrap_or_default();
    let mut longest = vec![served, 0];
    longest.resize(INPUT_MAX, 0x51);
    let too_long = vec![0; INPUT_MAX + 1];
    let least = chosen().call_gas(2, 0);
    vec![
        row("transaction, the smallest call", move |world, block, _| {
            called(block, &call(world, &[served, 0]))
        }),
        row(
            "transaction, a call with the longest input",
            move |world, block, _| called(block, &call(world, &longest)),
        ),
        row(
            "transaction, a call with an amount",
            move |world, block, _| {
                let input = [served, 0];
                let request = CallRequest {
                    value: 1,
                    ..call(world, &input)
                };
                called(block, &request)
            },
        ),
        row("transaction, a call that faults", |world, block, _| {
            called(block, &call(world, &[0xFF, 1]))
        }),
        row(
            "transaction, a call without gas to run",
            move |world, block, _| {
                let before = Gas(least.0 + entry(world, block)?.0);
                called(block, &limited(call(world, &[served, 0]), before))
            },
        ),
        row("transaction, a list of one action", |world, block, _| {
            acted(
                world,
                block,
                vec![native("transfer", paid(&world.payer, 1))],
            )
        }),
        row(
            "transaction, 200 transfers as actions",
            |world, block, _| {
                let transfer = native("transfer", paid(&world.payer, 1));
                acted(world, block, vec![transfer; 200])
            },
        ),
        row(
            "transaction, accounts made by actions",
            |world, block, number| {
                let key = |place: u32| {
                    let mut key = [2; 33];
                    key[..4].copy_from_slice(&number.to_le_bytes());
                    key[4..8].copy_from_slice(&place.to_le_bytes());
                    native("newaccount", key.to_vec())
                };
                acted(world, block, (0..20).map(key).collect())
            },
        ),
        row("transaction, 100 actions that end", |world, block, _| {
            let action = Action {
                account: world.mcs51,
                ..native("", vec![0, 0, 0])
            };
            acted(world, block, vec![action; 100])
        }),
        row("transaction, a new account", |_, block, number| {
            let receipt = block.new_account(&format!("account-{number}"), 1)?;
            Ok(receipt.gas_charged())
        }),
        row(
            "transaction, a deployment of 33 bytes",
            |world, block, _| {
                let deploy = Deploy {
                    sender: world.payer,
                    image: &smallest()?,
                    semantics: Semantics::V1,
                    name: None,
                    flags: ContractFlags::empty(),
                    init: None,
                    abi: None,
                };
                Ok(block.deploy(&deploy)?.gas_charged())
            },
        ),
        row("transaction, a transfer", |world, block, _| {
            let receipt = block.transfer(world.payer, world.payer, 1)?;
            Ok(receipt.gas_charged())
        }),
        row(
            "transaction, a deployment of no contract",
            |world, block, _| {
                let deploy = Deploy {
                    sender: world.payer,
                    image: &Image::bin(&[0x80, 0xFE])?,
                    semantics: Semantics::V1,
                    name: None,
                    flags: ContractFlags::empty(),
                    init: None,
                    abi: None,
                };
                not_deployed(block, &deploy)
            },
        ),
        row(
            "transaction, a module of 30 KB that breaks a rule at its end",
            {
                let image = Image::wasm(broken_module(30_000));
                move |world, block, number| {
                    // It is looked at for milliseconds: a few are enough.
                    if number >= 5 {
                        return Ok(0);
                    }
                    let deploy = Deploy {
                        sender: world.payer,
                        image: &image,
                        semantics: Semantics::V1,
                        name: None,
                        flags: ContractFlags::empty(),
                        init: None,
                        abi: None,
                    };
                    not_deployed(block, &deploy)
                }
            },
        ),
        refused("the limit is too low", move |world, block, _| {
            block.call(
                &limited(call(world, &[served, 0]), Gas(least.0 - 1)),
                &mut (),
            )?;
            Ok(())
        }),
        refused(
            "the limit does not pay for entering",
            move |world, block, _| {
                let too_low = Gas(least.0 + entry(world, block)?.0 - 1);
                block.call(&limited(call(world, &[served, 0]), too_low), &mut ())?;
                Ok(())
            },
        ),
        refused("the sender is too poor", |world, block, _| {
            block.call(&limited(call(world, &[]), Gas::MAX), &mut ())?;
            Ok(())
        }),
        refused("nobody sends it", |world, block, number| {
            let [a, b, c, d] = number.to_le_bytes();
            let request = CallRequest {
                sender: [a, b, c, d, 0xFF, 0xFF],
                ..call(world, &[])
            };
            block.call(&request, &mut ())?;
            Ok(())
        }),
        refused("the input is too long", move |world, block, _| {
            block.call(&call(world, &too_long), &mut ())?;
            Ok(())
        }),
        refused("a deployment that cannot be paid", |world, block, _| {
            let deploy = Deploy {
                sender: world.script, // a contract without money
                image: &smallest()?,
                semantics: Semantics::V1,
                name: None,
                flags: ContractFlags::empty(),
                init: None,
                abi: None,
            };
            block.deploy(&deploy)?;
            Ok(())
        }),
    ]
}

/// A row of [`MANY`] transactions; `make` makes the one of a number and returns its gas.
fn row(
    name: &str,
    make: impl Fn(&World, &mut OpenBlock<'_>, u32) -> Result<u64, Error> + Clone + 'static,
) -> Case {
    Case::new(name, move |world| {
        let make = make.clone();
        Ok(Box::new(move |part| {
            let mut block = world.chain.begin_block()?;
            let mut gas = 0;
            if part == Part::Whole {
                for number in 0..MANY {
                    gas += make(world, &mut block, number)?;
                }
            }
            block.commit()?;
            world.chain.rollback(1)?;
            Ok(gas)
        }))
    })
}

/// A row of transactions that are refused, and cost nobody anything: held against the price of one that is not.
fn refused(
    why: &str,
    make: impl Fn(&World, &mut OpenBlock<'_>, u32) -> Result<(), Error> + Clone + 'static,
) -> Case {
    let name = format!("refused, {why} (gas: of a call)");
    row(&name, move |world, block, number| {
        match make(world, block, number) {
            Err(error) if error.downcast_ref::<ChainError>().is_some_and(rejected) => {
                Ok(chosen().general.gas_per_transaction)
            }
            Err(error) => Err(error),
            Ok(()) => Err("it is not refused".into()),
        }
    })
}

fn rejected(error: &ChainError) -> bool {
    matches!(error, ChainError::Rejected(_))
}

/// A call of the 8051 contract, which makes host calls by number: its method, and how often in 256s.
fn call<'i>(world: &World, input: &'i [u8]) -> CallRequest<'i> {
    let contract: RegId = world.mcs51;
    CallRequest {
        sender: world.payer,
        contract,
        input,
        value: 0,
        payment: Payment::Gas {
            limit: LIMIT,
            price: world.chain.genesis().gas_price,
        },
    }
}

/// What entering that contract takes.
fn entry(world: &World, block: &mut OpenBlock<'_>) -> Result<Gas, Error> {
    let contract = Contract::load(block.state(), &world.mcs51)?.ok_or("it is not deployed")?;
    Ok(contract.entry_gas)
}

fn limited(request: CallRequest<'_>, limit: Gas) -> CallRequest<'_> {
    let price = match request.payment {
        Payment::Gas { price, .. } => price.max(1),
        Payment::Fuel { .. } => 1,
    };
    CallRequest {
        payment: Payment::Gas { limit, price },
        ..request
    }
}

/// Makes a call: its gas, whatever came of it.
fn called(block: &mut OpenBlock<'_>, request: &CallRequest<'_>) -> Result<u64, Error> {
    Ok(block.call(request, &mut ())?.gas)
}

/// Deploys what cannot run: the gas.
fn not_deployed(block: &mut OpenBlock<'_>, deploy: &Deploy<'_>) -> Result<u64, Error> {
    let receipt = block.deploy(deploy)?;
    match receipt.refusal() {
        Some(_) => Ok(receipt.gas),
        None => Err("it can be run".into()),
    }
}

/// A module with one function of so many bytes of code, and without what a contract exports.
fn broken_module(code: usize) -> Vec<u8> {
    let number = |mut n: usize| {
        let mut bytes = Vec::new();
        while n > 0x7F {
            bytes.push((n & 0x7F) as u8 | 0x80);
            n >>= 7;
        }
        bytes.push(n as u8);
        bytes
    };
    let section = |id: u8, content: &[u8]| [&[id][..], &number(content.len()), content].concat();
    // i32.const 0, drop: again and again.
    let mut body = vec![0];
    body.extend([0x41, 0, 0x1A].repeat(code / 3));
    body.push(0x0B);
    let body = [&[1][..], &number(body.len()), &body].concat();
    [
        &b"\0asm\x01\0\0\0"[..],
        &section(1, &[1, 0x60, 0, 0]),
        &section(3, &[1, 0]),
        &section(10, &body),
    ]
    .concat()
}

/// The smallest contract: a header, and an exit with code 0.
fn smallest() -> Result<Image, Error> {
    let text = ".org 0\nLJMP 0x0008\n.org 4\n.db 0, 2, 2\n.org 8\nRET\nRET\n.org 0x12\nRET\nRET\n.org 0x14\n.db 0\n";
    let assembly = emu8051::assemble(text)?;
    let segments = assembly.segments.into_iter();
    let segments: Vec<Segment> = segments
        .map(|(start, bytes)| Segment { start, bytes })
        .collect();
    Ok(loader::load(loader::hex::write(&segments).as_bytes())?.image)
}

/// An action of the chain itself, without an authority.
fn native(name: &str, data: Vec<u8>) -> Action {
    Action {
        account: SYSTEM,
        name: Name::of(name).unwrap_or_default(),
        authorization: Vec::new(),
        value: 0,
        data,
    }
}

/// The data of a transfer.
fn paid(to: &RegId, amount: u64) -> Vec<u8> {
    [&to[..], &amount.to_le_bytes()].concat()
}

/// Executes actions with the payer's authority: the gas used.
fn acted(world: &World, block: &mut OpenBlock<'_>, mut actions: Vec<Action>) -> Result<u64, Error> {
    for action in &mut actions {
        action.authorization.push(Authorization {
            actor: world.payer,
            permission: ACTIVE,
        });
    }
    let list = ActionList {
        sender: world.payer,
        context_free: Vec::new(),
        actions,
        gas_limit: Gas(10_000_000),
        gas_price: 1,
    };
    let receipt = block.transact(&list, &mut ())?;
    assert!(receipt.verdict.is_success(), "{receipt}");
    Ok(receipt.gas)
}
