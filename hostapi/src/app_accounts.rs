//! App accounts as they are stored: one key for what is free, and one for each frozen fund, by height and tag.
//!
//! So a read, an operation and a fund that thaws cost what they touch, however many funds a user has.

use crate::app_funds::{AppAccount, Fund, NAME_MAX, thaw_point};
use crate::context::CallContext;
use crate::host::NodeError;
use state::keys::{self, Key, RegId};
use state::{Overlay, Place};

/// The size of a stored head and of a stored fund in bytes.
const STORED: usize = 16;

/// Two numbers as 16 bytes; `None` if `bytes` is anything else.
fn pair(bytes: &[u8]) -> Option<[u64; 2]> {
    let (numbers, []) = bytes.as_chunks::<8>() else {
        return None;
    };
    Some(<[_; 2]>::try_from(numbers).ok()?.map(u64::from_le_bytes))
}

fn stored(numbers: [u64; 2]) -> [u8; STORED] {
    let mut out = [0; STORED];
    out.as_chunks_mut::<8>()
        .0
        .copy_from_slice(&numbers.map(u64::to_le_bytes));
    out
}

/// What stands under the key of the account itself: what is free (LE64), and how many funds were ever
/// frozen (LE64), which orders the next one behind them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) free: u64,
    pub(crate) funds: u64,
}

impl Head {
    /// What `contract` keeps for `user`; nothing if it never kept anything.
    pub(crate) fn load(
        state: &mut Overlay<'_>,
        contract: &RegId,
        user: &[u8],
    ) -> Result<Head, NodeError> {
        let key = keys::app_account(contract, user);
        let Some(bytes) = state.get(&key)? else {
            return Ok(Head::default());
        };
        match pair(bytes) {
            Some([free, funds]) => Ok(Head { free, funds }),
            None => Err(NodeError::damaged(&key, "an app account is expected")),
        }
    }

    pub(crate) fn save(&self, state: &mut Overlay<'_>, contract: &RegId, user: &[u8]) {
        let key = keys::app_account(contract, user);
        state.put(&key, stored([self.free, self.funds]));
    }
}

/// What stands under the key of a fund: its amount (LE64), and its place in the order of freezing (LE64).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frozen {
    pub(crate) amount: u64,
    pub(crate) order: u64,
}

impl Frozen {
    fn decode(key: &[u8], bytes: &[u8]) -> Result<Frozen, NodeError> {
        match pair(bytes) {
            Some([amount, order]) => Ok(Frozen { amount, order }),
            None => Err(NodeError::damaged(key, "a frozen fund is expected")),
        }
    }

    /// The fund of this height and tag, if there is one, and where it stands.
    pub(crate) fn find(
        state: &mut Overlay<'_>,
        key: &Key,
    ) -> Result<(Place, Option<Frozen>), NodeError> {
        let place = state.find(key)?;
        let fund = state.value(place);
        Ok((
            place,
            fund.map(|bytes| Frozen::decode(key, bytes)).transpose()?,
        ))
    }

    pub(crate) fn set(&self, state: &mut Overlay<'_>, place: Place) {
        state.set(place, Some(&stored([self.amount, self.order])));
    }
}

/// The height and the tag in the key of a fund, behind its prefix.
fn height_and_tag(rest: &[u8]) -> Option<(u32, &[u8])> {
    let (height, tag) = rest.split_first_chunk()?;
    (tag.len() <= NAME_MAX).then_some((u32::from_be_bytes(*height), tag))
}

/// Whether a key (without the letter of its kind) and a value are those of an app account.
#[must_use]
pub fn is_account(name: &[u8], value: &[u8]) -> bool {
    name.len() > 6 && name.len() <= 6 + NAME_MAX && pair(value).is_some()
}

/// Whether a key (without the letter of its kind) and a value are those of a frozen fund.
#[must_use]
pub fn is_fund(name: &[u8], value: &[u8]) -> bool {
    let rest = name
        .get(6..)
        .and_then(|rest| rest.split_first())
        .filter(|&(&length, _)| (1..=NAME_MAX).contains(&usize::from(length)))
        .and_then(|(&length, rest)| rest.get(usize::from(length)..));
    rest.and_then(height_and_tag).is_some() && pair(value).is_some()
}

/// The funds of one user from a height on, in order of height and tag.
#[derive(Debug)]
struct Walk {
    prefix: Key,
    after: Option<Vec<u8>>,
}

/// A fund with its key.
type Found = (Vec<u8>, u32, Frozen);

impl Walk {
    fn from(contract: &RegId, user: &[u8], height: u32) -> Walk {
        let prefix = keys::app_funds(contract, user);
        // Behind every fund of the height before.
        let after = height.checked_sub(1).map(|before| {
            let mut key = prefix.to_vec();
            key.extend_from_slice(&before.to_be_bytes());
            key.extend_from_slice(&[u8::MAX; NAME_MAX + 1]);
            key
        });
        Walk { prefix, after }
    }

    fn next(&mut self, state: &mut Overlay<'_>) -> Result<Option<Found>, NodeError> {
        let Some((key, value)) = state.next(&self.prefix, self.after.as_deref())? else {
            return Ok(None);
        };
        let (height, _) = key
            .get(self.prefix.len()..)
            .and_then(height_and_tag)
            .ok_or_else(|| NodeError::damaged(&key, "a height and a tag are expected"))?;
        self.after = Some(key.clone());
        let fund = Frozen::decode(&key, &value)?;
        Ok(Some((key, height, fund)))
    }
}

/// The funds of one user whose height (or time) has come.
#[derive(Debug)]
pub(crate) struct Thawing {
    walk: Walk,
    end: u32,
    /// Where to go on after `end`: the old chain compares heights as signed numbers, and the negative ones
    /// lie behind the others.
    then: Option<Walk>,
}

impl Thawing {
    pub(crate) fn of(context: &CallContext<'_>, user: &[u8]) -> Thawing {
        const NEGATIVE: u32 = 1 << 31;
        let now = thaw_point(context);
        let from = |height| Walk::from(&context.contract, user, height);
        let (first, then) = match (context.semantics.is_dacrs(), now < NEGATIVE) {
            (false, _) => (0, None),
            (true, true) => (0, Some(from(NEGATIVE))),
            (true, false) => (NEGATIVE, None),
        };
        Thawing {
            walk: from(first),
            end: now,
            then,
        }
    }

    /// The key and the amount of the next one.
    pub(crate) fn next(
        &mut self,
        state: &mut Overlay<'_>,
    ) -> Result<Option<(Vec<u8>, u64)>, NodeError> {
        loop {
            match self.walk.next(state)? {
                Some((key, height, fund)) if height <= self.end => {
                    return Ok(Some((key, fund.amount)));
                }
                _ => match self.then.take() {
                    Some(walk) => (self.walk, self.end) = (walk, u32::MAX),
                    None => return Ok(None),
                },
            }
        }
    }

    /// Removes the fund of this key.
    pub(crate) fn remove(&self, state: &mut Overlay<'_>, key: &[u8]) -> Result<(), NodeError> {
        let place = state.find(key)?;
        Ok(state.remove(place, &self.walk.prefix)?)
    }
}

impl AppAccount {
    /// What `contract` keeps for `user`, with all funds; an empty account if it never kept anything, as for a name
    /// that no user can have.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn load(
        state: &mut Overlay<'_>,
        contract: &RegId,
        user: &[u8],
    ) -> Result<AppAccount, NodeError> {
        if user.len() > NAME_MAX {
            return Ok(AppAccount::default());
        }
        let free = Head::load(state, contract, user)?.free;
        let mut walk = Walk::from(contract, user, 0);
        let mut frozen = Vec::new();
        while let Some((key, height, fund)) = walk.next(state)? {
            let tag = key[walk.prefix.len() + 4..].to_vec();
            let amount = fund.amount;
            frozen.push((
                fund.order,
                Fund {
                    tag,
                    height,
                    amount,
                },
            ));
        }
        frozen.sort_by_key(|&(order, _)| order);
        let frozen = frozen.into_iter().map(|(_, fund)| fund).collect();
        Ok(AppAccount { free, frozen })
    }

    /// Stores what `contract` keeps for `user`, in place of what it kept. Tags are cut to 40 bytes.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn save(
        &self,
        state: &mut Overlay<'_>,
        contract: &RegId,
        user: &[u8],
    ) -> Result<(), NodeError> {
        let mut walk = Walk::from(contract, user, 0);
        while let Some((key, ..)) = walk.next(state)? {
            state.delete(&key);
        }
        let mut funds = 0;
        for fund in &self.frozen {
            let tag = &fund.tag[..fund.tag.len().min(NAME_MAX)];
            let key = keys::app_fund(contract, user, fund.height, tag);
            state.put(&key, stored([fund.amount, funds]));
            funds += 1;
        }
        let free = self.free;
        Head { free, funds }.save(state, contract, user);
        Ok(())
    }
}
