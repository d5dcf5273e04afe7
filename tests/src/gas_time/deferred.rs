//! Rows of deferred actions: sent in one block and executed in the next, and both taken back again. Two blocks without
//! them are the history.

use super::host::long;
use super::script::{self, Calls};
use super::world::{MCS51, SCRIPT, World};
use super::{Case, Error, Part};
use abi::{Gas, method};
use chain::CallRequest;
use chain::session::Payment;

/// Deferred actions in a block.
const MANY: u32 = 100;
/// The most gas of the call that sends them.
const LIMIT: Gas = Gas(1_000_000_000);

/// Every row of this file.
#[must_use]
pub fn cases() -> Vec<Case> {
    let ends: &[u8] = &[0, 0, 0];
    let much = long(ends, 4_000);
    vec![
        row("deferred, without gas", sent(MCS51, 0, 0, ends), None),
        row(
            "deferred, without gas and told of",
            sent(MCS51, 0, 1, ends),
            None,
        ),
        row("deferred, to nobody", sent([0xEE; 6], 0, 0, ends), None),
        row(
            "deferred, an 8051 that ends",
            sent(MCS51, 10_000, 0, ends),
            None,
        ),
        row(
            "deferred, 4,000 bytes of data",
            sent(MCS51, 10_000, 0, &much),
            None,
        ),
        row(
            "deferred, 4,000 bytes of data, cancelled",
            sent(MCS51, 10_000, 0, &much),
            Some(Calls::new(method::CANCEL_DEFERRED, MANY, &[&[0; 8]]).counted(0, 0)),
        ),
    ]
}

/// Calls that send an action to `account`, each under the next id.
fn sent(account: [u8; 6], gas: u64, onerror_gas: u64, data: &[u8]) -> Calls {
    let record = [
        &[0; 8][..],
        &1u32.to_le_bytes(),
        &gas.to_le_bytes(),
        &onerror_gas.to_le_bytes(),
        &account,
        &[0; 16],
    ]
    .concat();
    let by = [&SCRIPT[..], &[0; 8]].concat();
    Calls::new(method::SEND_DEFERRED, MANY, &[&record, &by, data]).counted(0, 0)
}

/// A row of `sent`, and of what `then` does in the same call.
fn row(name: &str, sent: Calls, then: Option<Calls>) -> Case {
    Case::new(name, move |world| {
        let input = script::input([&sent].into_iter().chain(&then))?;
        let is_executed = then.is_none();
        Ok(Box::new(move |part| {
            let mut block = world.chain.begin_block()?;
            let mut gas = 0;
            if part == Part::Whole {
                gas += call(world, &mut block, &input)?;
            }
            block.commit()?;
            let (_, executed) = world.chain.begin_block()?.commit()?;
            let expected = match part {
                Part::Whole if is_executed => MANY as usize,
                _ => 0,
            };
            if executed.len() < expected {
                return Err(format!("{} were executed", executed.len()).into());
            }
            gas += executed.iter().map(|receipt| receipt.gas).sum::<u64>();
            world.chain.rollback(2)?;
            Ok(gas)
        }))
    })
}

/// Calls the script with what the gas of its actions costs.
fn call(world: &World, block: &mut chain::OpenBlock<'_>, input: &[u8]) -> Result<u64, Error> {
    let request = CallRequest {
        sender: world.payer,
        contract: world.script,
        input,
        value: 10_000_000,
        payment: Payment::Gas {
            limit: LIMIT,
            price: world.chain.genesis().gas_price,
        },
    };
    let receipt = block.call(&request, &mut ())?;
    match receipt.verdict.is_success() {
        true => Ok(receipt.gas),
        false => Err(format!("the call does not succeed:\n{receipt}").into()),
    }
}
