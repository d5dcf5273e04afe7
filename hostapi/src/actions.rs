//! Actions as hosts see them: what an action gives the frame that runs for it, and what a frame has follow.
//!
//! A contract can have accounts notified of its action, and send actions of its own. Neither runs before
//! the contract's own run has ended well; who executes them, and in which order, is not known here.

use abi::Name;
use state::keys::RegId;
use std::sync::Arc;

/// The account of the chain itself, 0-0, which nobody is registered as.
pub const SYSTEM: RegId = [0; 6];

/// The chain's own action that moves an amount to an account that is no contract.
pub const TRANSFER: Name = match Name::of("transfer") {
    Some(name) => name,
    None => panic!("not a name"),
};

/// Account and amount of the data of a [`TRANSFER`]; `None` if it is none.
#[must_use]
pub fn transfer(data: &[u8]) -> Option<(RegId, u64)> {
    let (to, amount) = data.split_first_chunk()?;
    Some((*to, u64::from_le_bytes(amount.try_into().ok()?)))
}

/// What the outermost frame of an action has that a plain call has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionFrame {
    /// Who began it: the sender of the transaction, the contract that sent the action, or the account that was acted
    /// on, in the frame of one that is notified.
    pub caller: RegId,
    /// The accounts whose authority the action has.
    pub actors: Arc<[RegId]>,
    /// Whether it sees nothing of the state.
    pub is_context_free: bool,
    /// The frames that the transaction has begun before it.
    pub frames_before: usize,
}

/// What a frame has follow its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// The number of the frame that asked for it; the outermost one is 0.
    pub frame: u16,
    /// The contract that ran in it.
    pub by: RegId,
    /// What it asked for.
    pub what: Following,
}

/// See [`FollowUp`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Following {
    /// An account is notified of the running action.
    Notify {
        /// The account.
        account: RegId,
        /// The input of the frame, where that is not the outermost one.
        input: Option<Arc<[u8]>>,
    },
    /// An inline action.
    Inline(SentAction),
    /// A context-free inline action.
    ContextFree(SentAction),
}

/// An action that a contract sends. The authority with it is the contract's own, or nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentAction {
    /// The account that it is an action of.
    pub account: RegId,
    /// Its name.
    pub name: Name,
    /// The amount that goes with it, in the smallest unit.
    pub value: u64,
    /// The permission of each authorization, whose actor is the contract.
    pub permissions: Vec<Name>,
    /// Its data.
    pub data: Vec<u8>,
}

/// The size of the record of an action in bytes: account 6, name 8, amount 8.
const ACTION_SIZE: usize = 22;
/// The size of the record of an authorization in bytes: actor 6, permission 8.
const AUTHORIZATION_SIZE: usize = 14;

impl SentAction {
    /// What leaves the account of its sender when it is executed: its amount, or that of the chain's own transfer.
    #[must_use]
    pub fn leaving(&self) -> u64 {
        let transferred = match (self.account, self.name) {
            (SYSTEM, TRANSFER) => transfer(&self.data),
            _ => None,
        };
        let transferred = transferred.map_or(0, |(_, amount)| amount);
        self.value.saturating_add(transferred)
    }

    /// The action of a record and its data, which `by` sends with these authorizations; `None` where it cannot.
    pub(crate) fn read(
        by: &RegId,
        action: &[u8; ACTION_SIZE],
        authorization: &[[u8; AUTHORIZATION_SIZE]],
        data: Option<&[u8]>,
    ) -> Option<SentAction> {
        let (account, rest) = action.split_first_chunk::<6>()?;
        let (name, value) = rest.split_first_chunk::<8>()?;
        let permissions = authorization.iter().map(|authorization| {
            let (actor, permission) = authorization.split_first_chunk::<6>()?;
            let permission = permission.try_into().ok()?;
            (actor == by).then_some(Name(u64::from_le_bytes(permission)))
        });
        Some(SentAction {
            account: *account,
            name: Name(u64::from_le_bytes(*name)),
            value: u64::from_le_bytes(value.try_into().ok()?),
            permissions: permissions.collect::<Option<_>>()?,
            data: data.unwrap_or_default().to_vec(),
        })
    }
}
