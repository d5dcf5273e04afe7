//! Contracts as the chain keeps them.

use crate::actions::apply;
use crate::names::RegIdText;
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
    /// The hash of its ABI, if it has one: see [`interface`](crate::interface).
    pub abi: Option<Hash>,
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
        /// Its code can never be set again, nor removed.
        const FIXED = 8;
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
            (ContractFlags::FIXED, "fixed"),
        ]
        .into_iter()
        .filter_map(move |(flag, name)| self.contains(flag).then_some(name))
    }
}

/// What the code of a contract is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeChoice {
    /// The hash of the image.
    pub code_hash: Hash,
    /// The rules that it shall run under.
    pub semantics: Semantics,
    /// What is chosen for it.
    pub flags: ContractFlags,
    /// The hash of its ABI.
    pub abi: Option<Hash>,
}

impl Contract {
    /// The contract whose image has `code_hash` and was prepared under `semantics` as `module`.
    #[must_use]
    pub fn of(
        code_hash: Hash,
        semantics: Semantics,
        module: &dyn Module,
        flags: ContractFlags,
        abi: Option<Hash>,
    ) -> Contract {
        Contract {
            code_hash,
            semantics,
            engine: module.engine(),
            entry_gas: module.entry_gas(),
            flags,
            abi,
        }
    }

    fn encode(&self, w: &mut Writer) {
        w.array(&self.code_hash);
        w.u8(self.semantics.code());
        w.u8(self.engine.code());
        w.u64(self.entry_gas.0);
        w.u8(self.flags.bits());
        if let Some(abi) = &self.abi {
            w.array(abi);
        }
    }

    fn decode(r: &mut Reader<'_>) -> Option<Contract> {
        Some(Contract {
            code_hash: r.array()?,
            semantics: Semantics::from_code(r.u8()?)?,
            engine: EngineId::from_code(r.u8()?)?,
            entry_gas: Gas(r.u64()?),
            flags: ContractFlags::from_bits(r.u8()?)?,
            abi: match r.0 {
                [] => None,
                _ => Some(r.array()?),
            },
        })
    }

    /// What the contract of this id finds as its input, where it is given `data` of an action of its own, or of none.
    #[must_use]
    pub fn input<'d>(&self, id: &RegId, action: Name, data: &'d [u8]) -> Cow<'d, [u8]> {
        match self.flags.contains(ContractFlags::APPLY) {
            true => apply::input(id, id, action, data).into(),
            false => data.into(),
        }
    }

    /// The contract with this registered id, if there is one that has code.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn load(state: &mut Overlay<'_>, id: &RegId) -> Result<Option<Contract>, NodeError> {
        Ok(ContractRecord::load(state, id)?.and_then(|record| record.contract))
    }
}

/// What the chain keeps of a contract, with code or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractRecord {
    /// The account that deployed it, and alone sets its code.
    pub owner: RegId,
    /// How often its code was set or removed.
    pub sequence: u32,
    /// Its code, and what belongs to it; `None` where it was removed.
    pub contract: Option<Contract>,
}

impl ContractRecord {
    /// The stored form: owner 6, sequence 4, and where there is code: code hash 32, semantics 1, engine 1, gas before
    /// the first instruction 8, [`ContractFlags`] 1, and where it has an ABI its hash 32.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(85);
        w.array(&self.owner);
        w.u32(self.sequence);
        if let Some(contract) = &self.contract {
            contract.encode(&mut w);
        }
        w.end()
    }

    /// The record whose stored form this is.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<ContractRecord> {
        let mut r = Reader(bytes);
        let record = ContractRecord {
            owner: r.array()?,
            sequence: r.u32()?,
            contract: match r.0 {
                [] => None,
                _ => Some(Contract::decode(&mut r)?),
            },
        };
        r.end()?;
        Some(record)
    }

    /// The record of the contract with this registered id, if there is one.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn load(state: &mut Overlay<'_>, id: &RegId) -> Result<Option<ContractRecord>, NodeError> {
        let key = keys::contract(id);
        let Some(bytes) = state.get(&key)? else {
            return Ok(None);
        };
        ContractRecord::decode(bytes)
            .map(Some)
            .ok_or_else(|| NodeError::damaged(&key, "a contract is expected"))
    }

    /// Whether `sender` may set the code to this, or remove it.
    ///
    /// # Errors
    /// Why that must not be.
    pub fn may_set(&self, sender: &RegId, code: Option<CodeChoice>) -> Result<(), CodeRefusal> {
        let had = self.contract.map(|it| CodeChoice {
            code_hash: it.code_hash,
            semantics: it.semantics,
            flags: it.flags,
            abi: it.abi,
        });
        let is_fixed = had.is_some_and(|had| had.flags.contains(ContractFlags::FIXED));
        if *sender != self.owner {
            Err(CodeRefusal::NotOwner {
                owner: RegIdText(self.owner).to_string(),
                sender: RegIdText(*sender).to_string(),
            })
        } else if is_fixed {
            Err(CodeRefusal::Fixed)
        } else if had == code {
            Err(match had {
                None => CodeRefusal::NoCode,
                Some(_) => CodeRefusal::SameCode,
            })
        } else if self.sequence == u32::MAX {
            Err(CodeRefusal::TooOften)
        } else {
            Ok(())
        }
    }

    /// The record once the code is set to `contract`, or removed.
    #[must_use]
    pub const fn with_code(&self, contract: Option<Contract>) -> ContractRecord {
        ContractRecord {
            owner: self.owner,
            sequence: self.sequence.saturating_add(1),
            contract,
        }
    }
}

/// Why the code of a contract is not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeRefusal {
    /// Somebody else owns it.
    #[error("the contract belongs to {owner}, not to {sender}: only its owner sets its code")]
    NotOwner {
        /// Whose it is, as text.
        owner: String,
        /// Who wants to set its code, as text.
        sender: String,
    },
    /// Its deployer said that its code stays.
    #[error("the contract was deployed with --fixed: its code can never be set again")]
    Fixed,
    /// The chain allows it for no contract.
    #[error("on this chain the code of a contract can never be set again")]
    NoUpgrades,
    /// It has this code, and is run in the same way.
    #[error("the contract runs this code already")]
    SameCode,
    /// There is none to be removed.
    #[error("the contract has no code")]
    NoCode,
    /// The chain has no image of this hash.
    #[error("no contract of this chain has code of this hash")]
    UnknownCode,
    /// The chain has no ABI of this hash.
    #[error("no contract of this chain has an ABI of this hash")]
    UnknownAbi,
    /// Its sequence is at the last number there is.
    #[error("the code was set too often")]
    TooOften,
}

/// Every contract, with code or without, in order of deployment.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn all(state: &mut Overlay<'_>) -> Result<Vec<(RegId, ContractRecord)>, NodeError> {
    let prefix = [keys::kind::CONTRACT];
    let mut found = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    while let Some((key, value)) = state.next(&prefix, after.as_deref())? {
        let id: Option<RegId> = key[1..].try_into().ok();
        match (id, ContractRecord::decode(&value)) {
            (Some(id), Some(record)) => found.push((id, record)),
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
