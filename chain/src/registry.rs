//! Contracts as the chain keeps them.

use crate::wire::{Reader, Writer};
use abi::{Gas, Semantics};
use bridge::{EngineId, Module};
use hostapi::NodeError;
use hostapi::accounts;
use state::Overlay;
use state::keys::{self, Hash, RegId};

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
    /// Whether it can be called while it runs already.
    pub reentrant: bool,
}

impl Contract {
    /// The contract whose image has `code_hash` and was prepared under `semantics` as `module`.
    #[must_use]
    pub fn of(
        code_hash: Hash,
        semantics: Semantics,
        module: &dyn Module,
        reentrant: bool,
    ) -> Contract {
        Contract {
            code_hash,
            semantics,
            engine: module.engine(),
            entry_gas: module.entry_gas(),
            reentrant,
        }
    }

    /// The stored form: code hash 32, semantics 1, engine 1, gas before the first instruction 8,
    /// flags 1 (1: reentrant).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(43);
        w.array(&self.code_hash);
        w.u8(self.semantics.code());
        w.u8(self.engine.code());
        w.u64(self.entry_gas.0);
        w.u8(u8::from(self.reentrant));
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
            reentrant: r.flag()?,
        };
        r.end()?;
        Some(contract)
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
