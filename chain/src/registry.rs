//! Contracts as the chain keeps them.

use crate::actions::apply;
use crate::wire::{Reader, Writer};
use abi::{Gas, Name, Semantics};
use bitflags::bitflags;
use bridge::{EngineId, Module};
use hostapi::NodeError;
use hostapi::accounts;
use state::Overlay;
use state::keys::{self, Hash, RegId};
use std::borrow::Cow;

/// A deployed contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// The hash of its image.
    pub code_hash: Hash,
    /// The rules it runs under.
    pub semantics: Semantics,
    /// What runs it.
    pub engine: EngineId,
    /// What each call pays before its first instruction. It is kept here so that nothing is prepared for a call that
    /// does not allow as much.
    pub entry_gas: Gas,
    /// What its deployer chose.
    pub flags: ContractFlags,
}

bitflags! {
    /// What the deployer of a contract chose for it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ContractFlags: u8 {
        /// It can be called while it runs already, by a contract that it has called.
        const REENTRANT = 1;
        /// It runs when it is notified, and finds in front of the data what they belong to: see [`apply`].
        const APPLY = 2;
        /// It is not entered with an amount.
        const UNPAYABLE = 4;
    }
}

impl ContractFlags {
    /// The flags of a contract that is reentrant, has an entry for notifications, and takes amounts, or not.
    #[must_use]
    pub fn new(reentrant: bool, apply: bool, payable: bool) -> ContractFlags {
        let mut flags = ContractFlags::empty();
        flags.set(ContractFlags::REENTRANT, reentrant);
        flags.set(ContractFlags::APPLY, apply);
        flags.set(ContractFlags::UNPAYABLE, !payable);
        flags
    }

    /// Their names, as options have them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (ContractFlags::REENTRANT, "reentrant"),
            (ContractFlags::APPLY, "apply"),
            (ContractFlags::UNPAYABLE, "unpayable"),
        ]
        .into_iter()
        .filter_map(move |(flag, name)| self.contains(flag).then_some(name))
    }
}

impl Contract {
    /// The contract whose image has `code_hash` and was prepared under `semantics` as `module`.
    #[must_use]
    pub fn of(
        code_hash: Hash,
        semantics: Semantics,
        module: &dyn Module,
        flags: ContractFlags,
    ) -> Contract {
        Contract {
            code_hash,
            semantics,
            engine: module.engine(),
            entry_gas: module.entry_gas(),
            flags,
        }
    }

    /// The stored form: code hash 32, semantics 1, engine 1, gas before the first instruction 8,
    /// [`ContractFlags`] 1.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(43);
        w.array(&self.code_hash);
        w.u8(self.semantics.code());
        w.u8(self.engine.code());
        w.u64(self.entry_gas.0);
        w.u8(self.flags.bits());
        w.end()
    }

    /// The contract whose stored form this is.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Contract> {
        let mut r = Reader(bytes);
        let contract = Contract {
            code_hash: r.array()?,
            semantics: Semantics::from_code(r.u8()?)?,
            engine: EngineId::from_code(r.u8()?)?,
            entry_gas: Gas(r.u64()?),
            flags: ContractFlags::from_bits(r.u8()?)?,
        };
        r.end()?;
        Some(contract)
    }

    /// What the contract of this id finds as its input, where it is given `data` of an action of its own, or of none.
    #[must_use]
    pub fn input<'d>(&self, id: &RegId, action: Name, data: &'d [u8]) -> Cow<'d, [u8]> {
        match self.flags.contains(ContractFlags::APPLY) {
            true => apply::input(id, id, action, data).into(),
            false => data.into(),
        }
    }

    /// The contract with this registered id, if there is one.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn load(state: &mut Overlay<'_>, id: &RegId) -> Result<Option<Contract>, NodeError> {
        let key = keys::contract(id);
        let Some(bytes) = state.get(&key)? else {
            return Ok(None);
        };
        Contract::decode(bytes)
            .map(Some)
            .ok_or_else(|| NodeError::damaged(&key, "a contract is expected"))
    }
}

/// Every contract, in order of deployment.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn all(state: &mut Overlay<'_>) -> Result<Vec<(RegId, Contract)>, NodeError> {
    let prefix = [keys::kind::CONTRACT];
    let mut found = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    while let Some((key, value)) = state.next(&prefix, after.as_deref())? {
        let id: Option<RegId> = key[1..].try_into().ok();
        match (id, Contract::decode(&value)) {
            (Some(id), Some(contract)) => found.push((id, contract)),
            _ => return Err(NodeError::damaged(&key, "a contract is expected")),
        }
        after = Some(key);
    }
    let place = |id: &RegId| {
        (
            accounts::regid_height(id),
            u16::from_le_bytes([id[4], id[5]]),
        )
    };
    found.sort_by_key(|(id, _)| place(id));
    Ok(found)
}
