//! Transactions of several actions: what they are, and their stored form.
//!
//! An action is something done to an account, by those whose authority it has. A transaction is a list of
//! them, all done or none. [`crate::open_block`] executes them; the order is told in `docs/actions.md`.

pub mod apply;
pub(crate) mod native;

use crate::wire::{Reader, Writer};
use abi::{Gas, Name};
use state::keys::RegId;

pub use native::{SYSTEM, set_schedule};

/// The permission that each account has.
pub const ACTIVE: Name = match Name::of("active") {
    Some(name) => name,
    None => Name::EMPTY,
};

/// Whose authority an action has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The account.
    pub actor: RegId,
    /// Which of its permissions; usually [`ACTIVE`]. Nothing depends on it yet.
    pub permission: Name,
}

/// One action of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The account that it is an action of: its contract runs. [`SYSTEM`] for those of the chain itself.
    pub account: RegId,
    /// Its name.
    pub name: Name,
    /// Whose authority it has: the sender's or nobody's, and nobody's in a context-free action.
    pub authorization: Vec<Authorization>,
    /// The amount that the sender sends with it, in the smallest unit; 0 in a context-free action.
    pub value: u64,
    /// Its data, for the contract.
    pub data: Vec<u8>,
}

/// A transaction of several actions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionList {
    /// The account that sends and pays.
    pub sender: RegId,
    /// The actions that see nothing of the state; they are executed first.
    pub context_free: Vec<Action>,
    /// The actions, in order.
    pub actions: Vec<Action>,
    /// The most gas, for all of them.
    pub gas_limit: Gas,
    /// The price of one gas, in the smallest unit.
    pub gas_price: u64,
}

impl ActionList {
    /// Appends the encoding: sender 6, gas limit 8, gas price 8, then the context-free actions and the actions, each
    /// list with its length in front. An action is account 6, name 8, value 8, the list of its authorizations (actor
    /// 6, permission 8), and its data with its length in front. Lengths are numbers in LEB128, all others
    /// little-endian.
    pub(crate) fn encode(&self, w: &mut Writer) {
        w.array(&self.sender);
        w.u64(self.gas_limit.0);
        w.u64(self.gas_price);
        for actions in [&self.context_free, &self.actions] {
            w.number(actions.len() as u64);
            actions.iter().for_each(|action| action.encode(w));
        }
    }

    /// Reads what [`ActionList::encode`] wrote.
    pub(crate) fn decode(r: &mut Reader<'_>) -> Option<ActionList> {
        let mut list = ActionList {
            sender: r.array()?,
            gas_limit: Gas(r.u64()?),
            gas_price: r.u64()?,
            ..ActionList::default()
        };
        for actions in [&mut list.context_free, &mut list.actions] {
            for _ in 0..r.number()? {
                actions.push(Action::decode(r)?);
            }
        }
        Some(list)
    }

    /// The size of the encoding in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let mut w = Writer::default();
        self.encode(&mut w);
        w.end().len()
    }
}

impl Action {
    fn encode(&self, w: &mut Writer) {
        w.array(&self.account);
        w.u64(self.name.0);
        w.u64(self.value);
        w.number(self.authorization.len() as u64);
        for authorization in &self.authorization {
            w.array(&authorization.actor);
            w.u64(authorization.permission.0);
        }
        w.string(&self.data);
    }

    fn decode(r: &mut Reader<'_>) -> Option<Action> {
        Some(Action {
            account: r.array()?,
            name: Name(r.u64()?),
            value: r.u64()?,
            authorization: {
                let authorizations = (0..r.number()?).map(|_| {
                    Some(Authorization {
                        actor: r.array()?,
                        permission: Name(r.u64()?),
                    })
                });
                authorizations.collect::<Option<_>>()?
            },
            data: r.string()?.to_vec(),
        })
    }
}
