//! Records for [`crate::output`], [`crate::app_operate`], [`crate::app_free`] and [`crate::app_frozen`], for searches
//! among keys, and for objects.

use crate::{output, script_id};

/// An output that gives `amount` to the account of a registered id.
pub fn give(regid: &[u8; 6], amount: i64) -> [u8; 48] {
    record(1, regid, 1, amount)
}

/// An output that gives `amount` to an address, which need not have an account yet.
pub fn give_to_address(address: &[u8; 34], amount: i64) -> [u8; 48] {
    record(2, address, 1, amount)
}

/// An output that takes `amount` from the contract's own registered id.
pub fn take(regid: &[u8; 6], amount: i64) -> [u8; 48] {
    record(1, regid, 2, amount)
}

/// Kind of account, account, operation, a height that nobody looks at, amount.
fn record(kind: u8, account: &[u8], operation: u8, amount: i64) -> [u8; 48] {
    let mut out = [0; 48];
    out[0] = kind;
    out[1..][..account.len()].copy_from_slice(account);
    out[35] = operation;
    out[40..].copy_from_slice(&amount.to_le_bytes());
    out
}

/// Asks for `amount` to move from this contract to the account of this registered id, when the call succeeds.
pub fn pay(regid: &[u8; 6], amount: i64) {
    output(&[give(regid, amount), take(&script_id(), amount)]);
}

/// What a fund record asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fund {
    /// Add to the free amount.
    AddFree = 1,
    /// Take from the free amount.
    SubFree = 2,
    /// Add to the fund with this tag and height.
    AddFrozen = 3,
    /// Take from the fund with this tag and height.
    SubFrozen = 4,
}

/// A name of 1 to 40 bytes as the host takes it; one that is longer keeps its length, and the host refuses it.
pub fn user(name: &[u8]) -> [u8; 41] {
    let mut out = [0; 41];
    out[0] = u8::try_from(name.len()).unwrap_or(u8::MAX);
    for (to, from) in out[1..].iter_mut().zip(name) {
        *to = *from;
    }
    out
}

/// A change of a user's free amount; for a frozen fund without a tag, set its height with [`frozen_fund`].
pub fn fund(kind: Fund, user: &[u8], amount: i64) -> [u8; 95] {
    frozen_fund(kind, user, amount, 0, b"")
}

/// A change of a user's fund with this tag, frozen until this height.
pub fn frozen_fund(kind: Fund, name: &[u8], amount: i64, height: u32, tag: &[u8]) -> [u8; 95] {
    let mut out = [0; 95];
    out[0] = kind as u8;
    out[1..5].copy_from_slice(&height.to_le_bytes());
    out[5..13].copy_from_slice(&amount.to_le_bytes());
    out[13..54].copy_from_slice(&user(name));
    out[54..].copy_from_slice(&user(tag));
    out
}

/// Where a search among keys begins, and which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The first from the bound on.
    From = 0,
    /// The first behind it.
    After = 1,
    /// The last before it.
    Before = 2,
    /// The last up to it.
    UpTo = 3,
}

/// A search for [`crate::db_seek`]: each key begins with the first `prefix` bytes of the bound.
pub fn seek(way: Way, prefix: u8) -> [u8; 2] {
    [way as u8, prefix]
}

/// A search for [`crate::db_range`], for at most `limit` keys.
pub fn range(way: Way, prefix: u8, limit: u16) -> [u8; 4] {
    let [low, high] = limit.to_le_bytes();
    [way as u8, prefix, low, high]
}

/// An index of rows by the number that lies in their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its number, of the contract's choice.
    pub index: u8,
    /// Where in a value the number lies: 8 bytes, from its lowest on, without a sign.
    pub at: u8,
}

impl Index {
    /// The record of [`crate::row_write`] and [`crate::row_delete`].
    pub fn record(self) -> [u8; 2] {
        [self.index, self.at]
    }

    /// A search from `number` on, for [`crate::index_seek`].
    pub fn seek(self, way: Way, number: u64) -> [u8; 11] {
        let mut out = [0; 11];
        out[..3].copy_from_slice(&[self.index, self.at, way as u8]);
        out[3..].copy_from_slice(&number.to_le_bytes());
        out
    }

    /// An entry of it, for [`crate::index_delete`].
    pub fn entry(self, number: u64) -> [u8; 9] {
        let mut out = [self.index; 9];
        out[1..].copy_from_slice(&number.to_le_bytes());
        out
    }
}

/// An object for [`crate::object_owner`] and [`crate::object_get`]: the contract that made it, and its id.
pub fn object(contract: &[u8; 6], id: i64) -> [u8; 14] {
    let mut out = [0; 14];
    out[..6].copy_from_slice(contract);
    out[6..].copy_from_slice(&id.to_le_bytes());
    out
}
