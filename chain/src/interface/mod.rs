//! The ABI of a contract on the chain: what it calls its actions, and what they are told by.
//!
//! An ABI is kept once, under its hash, as an image is, and the record of a contract names it. What the chain itself
//! needs of it, the selector of each action and whether money can be sent with it, is written out when the ABI is set,
//! so that no execution reads the ABI itself.

mod typed;

use crate::chain::Chain;
use crate::names;
use crate::registry::Contract;
use crate::wire::{Reader, Writer};
use abi::Name;
use contract::{Codec, Dispatch, Names};
use hostapi::NodeError;
use hostapi::hash::blake2b;
use state::Overlay;
use state::keys::{self, Hash};

pub use typed::{Given, Typed, TypedValue};

/// The bytes of an action in the stored form.
const ROW_SIZE: usize = 10;

/// The bit of an action with which money can be sent.
const PAYABLE: u8 = 1;

/// The hash of an ABI in binary form.
#[must_use]
pub fn hash(abi: &[u8]) -> Hash {
    blake2b(abi)
}

/// The ABI of a contract, ready to encode and decode; `None` if it has none.
///
/// # Errors
/// If the store cannot be read, or holds something else.
pub fn codec(state: &mut Overlay<'_>, contract: &Contract) -> Result<Option<Codec>, NodeError> {
    let Some(hash) = &contract.abi else {
        return Ok(None);
    };
    let key = keys::abi(hash);
    let damaged = || NodeError::damaged(&key, "an ABI is expected");
    let stored = state.get(&key)?.ok_or_else(damaged)?;
    let contract = contract::Contract::from_bytes(stored).map_err(|_| damaged())?;
    Codec::new(&contract).map(Some).map_err(|_| damaged())
}

/// Accounts and contracts by local name, registered id or address.
impl Names for Chain {
    fn regid(&self, name: &str) -> Option<(u32, u16)> {
        let id = self.resolve(name).ok()?;
        let (height, index) = id.split_first_chunk()?;
        Some((
            u32::from_le_bytes(*height),
            u16::from_le_bytes(index.try_into().ok()?),
        ))
    }

    fn address(&self, text: &str) -> Option<[u8; 20]> {
        let network = self.genesis().network;
        let account = names::account(&mut self.state(), network, text);
        let known = account.ok().map(|(key_id, _)| key_id);
        known.or_else(|| network.key_id(text.as_bytes()))
    }
}

/// What the chain keeps of the actions of an ABI in binary form: for each its name (LE64), its selector and 1 if money
/// can be sent with it, else 0. Nothing for a contract that is told of actions by name, or has no selectors.
///
/// # Errors
/// Why it is no ABI, in words.
pub fn actions(abi: &[u8]) -> Result<Vec<u8>, String> {
    let contract = contract::Contract::from_bytes(abi).map_err(|error| error.to_string())?;
    let codec = Codec::new(&contract).map_err(|errors| {
        let first = errors.first();
        first.map_or_else(String::new, ToString::to_string)
    })?;
    let mut w = Writer::default();
    let extension = codec.contract().smart51.as_ref();
    let selected = extension.filter(|it| it.dispatch == Dispatch::Selector);
    for action in selected.into_iter().flat_map(|it| &it.actions) {
        w.u64(action.name.0);
        w.u8(action.selector);
        w.u8(if action.payable { PAYABLE } else { 0 });
    }
    Ok(w.end())
}

/// An action as the chain keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    name: Name,
    selector: u8,
    payable: bool,
}

fn rows(stored: &[u8]) -> impl Iterator<Item = Row> {
    let rows = stored.chunks_exact(ROW_SIZE);
    rows.filter_map(|row| {
        let mut r = Reader(row);
        Some(Row {
            name: Name(r.u64()?),
            selector: r.u8()?,
            payable: r.u8()? & PAYABLE != 0,
        })
    })
}

/// How an action is handed to a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// The contract has no selectors: it is given the data as they are.
    Untyped,
    /// The contract is told of the action by this byte in front of the data.
    Selector(u8),
    /// The contract's ABI has no such action.
    NoAction,
}

impl Contract {
    /// How the action of this name is handed to the contract.
    ///
    /// # Errors
    /// If the store cannot be read, or lacks the ABI.
    pub fn select(&self, state: &mut Overlay<'_>, action: Name) -> Result<Selected, NodeError> {
        let Some(stored) = self.actions(state)? else {
            return Ok(Selected::Untyped);
        };
        let found = rows(stored).find(|row| row.name == action);
        Ok(found.map_or(Selected::NoAction, |row| Selected::Selector(row.selector)))
    }

    /// Whether money can be sent with this input: with any, unless the contract was deployed otherwise or its ABI says
    /// otherwise of the action.
    ///
    /// # Errors
    /// As [`Contract::select`].
    pub fn takes_money(&self, state: &mut Overlay<'_>, input: &[u8]) -> Result<bool, NodeError> {
        if self.flags.contains(crate::ContractFlags::UNPAYABLE) {
            return Ok(false);
        }
        let Some(stored) = self.actions(state)? else {
            return Ok(true);
        };
        let selector = input.first();
        Ok(rows(stored).any(|row| row.payable && Some(&row.selector) == selector))
    }

    /// What the chain keeps of its actions; `None` where it has no ABI, or its ABI no selectors.
    fn actions<'s>(&self, state: &'s mut Overlay<'_>) -> Result<Option<&'s [u8]>, NodeError> {
        let Some(hash) = &self.abi else {
            return Ok(None);
        };
        let key = keys::abi_actions(hash);
        let stored = state.get(&key)?;
        let stored =
            stored.ok_or_else(|| NodeError::damaged(&key, "the actions of an ABI are expected"))?;
        Ok(Some(stored).filter(|stored| !stored.is_empty()))
    }
}
