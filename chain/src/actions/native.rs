//! The actions of the chain itself.

use super::{ACTIVE, Action, Authorization};
use crate::names::RegIdText;
use crate::registry::ContractFlags;
use crate::session::Rejection;
use abi::Name;
use hostapi::Failure;
use hostapi::accounts::{Account, PublicKey};
use hostapi::actions::{self, TRANSFER};
use state::Overlay;
use state::keys::{Hash, RegId};

pub use hostapi::actions::SYSTEM;

/// An action of the chain itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Native {
    /// `transfer`: moves an amount from the actor to an account that is no contract. Data: account 6, amount LE64.
    Transfer {
        /// Who gets it.
        to: RegId,
        /// How much, in the smallest unit.
        amount: u64,
    },
    /// `newaccount`: makes an account with this public key, without a name and with what was paid to its address
    /// before.
    /// Data: the key, 33.
    NewAccount {
        /// Its key.
        public_key: PublicKey,
    },
    /// `setcode`: sets the code of a contract to an image that the chain has, under `v1`, or makes a new contract
    /// with it, of which the actor is notified. Data: contract 6 (0-0 for a new one), code hash 32 (zeros to remove
    /// the code), flags 1, and where it has an ABI that the chain has, its hash 32.
    SetCode {
        /// The contract; [`SYSTEM`] for a new one.
        contract: RegId,
        /// The hash of the image; `None` to remove it.
        code_hash: Option<Hash>,
        /// What is chosen for it.
        flags: ContractFlags,
        /// The hash of its ABI.
        abi: Option<Hash>,
    },
    /// `setschedule`: has a gas schedule hold from a later height on, instead of another one that would hold from
    /// there. Only the chain's first account can. Data: height LE32, hash of the schedule 32.
    SetSchedule {
        /// The height of the first block in which it holds.
        from: u32,
        /// The hash of its byte form.
        hash: Hash,
    },
}

impl Native {
    /// The action of a name and its data; `None` where there is none.
    #[must_use]
    pub(crate) fn read(name: Name, data: &[u8]) -> Option<Native> {
        match name {
            TRANSFER => {
                let (to, amount) = actions::transfer(data)?;
                Some(Native::Transfer { to, amount })
            }
            NEW_ACCOUNT => Some(Native::NewAccount {
                public_key: data.try_into().ok()?,
            }),
            SET_CODE => {
                let (contract, rest) = data.split_first_chunk()?;
                let (code_hash, flags) = rest.split_first_chunk()?;
                let (flags, abi) = flags.split_first()?;
                let abi = match abi {
                    [] => None,
                    hash => Some(hash.try_into().ok()?),
                };
                Some(Native::SetCode {
                    contract: *contract,
                    code_hash: (*code_hash != Hash::default()).then_some(*code_hash),
                    flags: ContractFlags::from_bits(*flags)?,
                    abi,
                })
            }
            SET_SCHEDULE => {
                let (from, hash) = data.split_first_chunk()?;
                Some(Native::SetSchedule {
                    from: u32::from_le_bytes(*from),
                    hash: hash.try_into().ok()?,
                })
            }
            _ => None,
        }
    }
}

/// The action that has a gas schedule hold from the block at `from` on.
#[must_use]
pub fn set_schedule(by: RegId, from: u32, hash: &Hash) -> Action {
    Action {
        account: SYSTEM,
        name: SET_SCHEDULE,
        authorization: vec![Authorization {
            actor: by,
            permission: ACTIVE,
        }],
        value: 0,
        data: [&from.to_le_bytes()[..], hash].concat(),
    }
}

const SET_CODE: Name = named("setcode");
const SET_SCHEDULE: Name = named("setschedule");
const NEW_ACCOUNT: Name = named("newaccount");

const fn named(text: &str) -> Name {
    match Name::of(text) {
        Some(name) => name,
        None => panic!("not a name"),
    }
}

/// Moves `amount` between two accounts, neither of which may hold more than `most`; between an account and itself
/// nothing moves.
///
/// # Errors
/// [`Failure::Contract`] where one does not hold the amount, there is none, or the other cannot hold it; the state
/// is as it was.
pub(crate) fn send(
    state: &mut Overlay<'_>,
    from: &RegId,
    to: &RegId,
    amount: u64,
    most: u64,
) -> Result<(), Failure<Rejection>> {
    let (payer_at, mut payer) = Account::of(state, from)?.ok_or(Rejection::UnknownSender)?;
    let (payee_at, mut payee) = Account::of(state, to)?.ok_or(Rejection::NoAccount)?;
    let Some(left) = payer.balance.checked_sub(amount) else {
        return Err(Rejection::InsufficientFunds {
            account: RegIdText(*from).to_string(),
            balance: payer.balance,
            amount,
        }
        .into());
    };
    if payer_at == payee_at {
        return Ok(());
    }
    let sum = payee.balance.checked_add(amount).filter(|&sum| sum <= most);
    let Some(sum) = sum else {
        return Err(Rejection::BalanceOverflow {
            balance: payee.balance,
            amount,
            most,
        }
        .into());
    };
    (payer.balance, payee.balance) = (left, sum);
    payer.set(state, payer_at);
    payee.set(state, payee_at);
    Ok(())
}
