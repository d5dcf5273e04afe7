//! App accounts: what a contract keeps for its users, free or frozen (methods 32 to 34).
//!
//! The operations of a run are queued and made after it, user by user.

use crate::accounts::regid_height;
use crate::app_accounts::{Frozen, Head, Thawing};
use crate::context::CallContext;
use crate::failure::Failure;
use crate::refusal::SettleRefusal;
use byteorder::{ByteOrder, LittleEndian};
use state::Overlay;
use state::keys;

/// The size of a fund record in bytes.
pub const FUND_SIZE: usize = 95;
/// The size of a user id with its length byte, in bytes.
pub const USER_SIZE: usize = 1 + NAME_MAX;
/// The longest user id and the longest tag, in bytes.
pub const NAME_MAX: usize = 40;
/// From this height on, the old chain's new contracts freeze funds by time instead of height.
const FREEZE_BY_TIME_HEIGHT: u32 = 600_000;

/// What a fund record asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FundKind {
    /// Kind 1: add to the free amount.
    AddFree,
    /// Kind 2: take from the free amount.
    SubFree,
    /// Kind 3: add to the fund with this tag and height.
    AddFrozen,
    /// Kind 4: take from the fund with this tag and height.
    SubFrozen,
}

/// One fund record, as the contract wrote it: kind (1), height (LE32), amount (LE64), length of the user
/// id (1), user id (40), length of the tag (1), tag (40).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FundRecord(pub [u8; FUND_SIZE]);

impl FundRecord {
    /// What is asked for; `None` for a kind that does not exist.
    #[must_use]
    pub fn kind(&self) -> Option<FundKind> {
        Some(match self.0[0] {
            1 => FundKind::AddFree,
            2 => FundKind::SubFree,
            3 => FundKind::AddFrozen,
            4 => FundKind::SubFrozen,
            _ => return None,
        })
    }

    /// The height (or time) at which the fund thaws.
    #[must_use]
    pub fn height(&self) -> u32 {
        LittleEndian::read_u32(&self.0[1..])
    }

    /// The amount. Operations read it as unsigned, checks as signed.
    #[must_use]
    pub fn amount(&self) -> i64 {
        LittleEndian::read_i64(&self.0[5..])
    }

    /// The user id, 1 to 40 bytes; `None` if the record claims another length.
    #[must_use]
    pub fn user(&self) -> Option<&[u8]> {
        name(&self.0[13..54]).filter(|user| !user.is_empty())
    }

    /// The tag, at most 40 bytes; `None` if the record claims a greater length.
    #[must_use]
    pub fn tag(&self) -> Option<&[u8]> {
        name(&self.0[54..])
    }
}

/// The name in a field of one length byte and 40 bytes; `None` if it claims to be longer.
#[must_use]
pub fn name(field: &[u8]) -> Option<&[u8]> {
    let (&length, bytes) = field.split_first()?;
    bytes.get(..usize::from(length))
}

/// An amount that is not free before a height (or time).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fund {
    /// The contract's name for it, at most 40 bytes.
    pub tag: Vec<u8>,
    /// When it thaws.
    pub height: u32,
    /// How much it is.
    pub amount: u64,
}

/// What a contract keeps for one user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppAccount {
    /// What can be used now.
    pub free: u64,
    /// What is frozen, oldest entry first.
    pub frozen: Vec<Fund>,
}

impl AppAccount {
    /// Makes every fund free whose height (or time) has come; `None` if the sum does not fit in 64 bits.
    #[must_use]
    pub fn thawed(mut self, context: &CallContext<'_>) -> Option<AppAccount> {
        let now = thaw_point(context);
        // The old chain compares as signed numbers.
        let is_frozen = |fund: &Fund| match context.semantics.is_dacrs() {
            true => fund.height.cast_signed() > now.cast_signed(),
            false => fund.height > now,
        };
        for fund in self.frozen.iter().filter(|fund| !is_frozen(fund)) {
            self.free = self.free.checked_add(fund.amount)?;
        }
        self.frozen.retain(is_frozen);
        Some(self)
    }

    /// The fund with exactly this tag and height.
    #[must_use]
    pub fn fund(&self, tag: &[u8], height: u32) -> Option<&Fund> {
        self.frozen
            .iter()
            .find(|fund| fund.tag == tag && fund.height == height)
    }
}

/// Makes what the records of one user ask for, in order, after the funds that have come by now are free.
/// Where it fails, which record it was.
fn operate<'r>(
    records: &[&'r FundRecord],
    user: &[u8],
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), (&'r FundRecord, Failure<FundError>)> {
    let first = records[0];
    let mut head = Head::load(state, &context.contract, user).map_err(|e| (first, e.into()))?;
    thaw(&mut head, user, state, context).map_err(|error| (first, error))?;
    for &record in records {
        change(&mut head, record, user, state, context).map_err(|error| (record, error))?;
    }
    head.save(state, &context.contract, user);
    Ok(())
}

/// Makes every fund free whose height (or time) has come.
fn thaw(
    head: &mut Head,
    user: &[u8],
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), Failure<FundError>> {
    let mut thawing = Thawing::of(context, user);
    while let Some((key, amount)) = thawing.next(state)? {
        head.free = head.free.checked_add(amount).ok_or(FundError::Overflow)?;
        thawing.remove(state, &key)?;
    }
    Ok(())
}

/// Makes one operation.
fn change(
    head: &mut Head,
    record: &FundRecord,
    user: &[u8],
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), Failure<FundError>> {
    let amount = record.amount().cast_unsigned();
    let height = record.height();
    let kind = record.kind().ok_or(FundError::Kind)?;
    match kind {
        FundKind::AddFree => {
            head.free = head.free.checked_add(amount).ok_or(FundError::Overflow)?
        }
        FundKind::SubFree => {
            head.free = head.free.checked_sub(amount).ok_or(FundError::TooLittle)?
        }
        FundKind::AddFrozen | FundKind::SubFrozen => {
            let tag = record.tag().ok_or(FundError::Tag)?;
            if height == 0 {
                return Err(FundError::Height.into());
            }
            let key = keys::app_fund(&context.contract, user, height, tag);
            let (place, known) = Frozen::find(state, &key)?;
            match (kind, known) {
                (FundKind::AddFrozen, Some(_)) if amount == 0 => {
                    return Err(FundError::Nothing.into());
                }
                (FundKind::AddFrozen, Some(fund)) => match fund.amount.checked_add(amount) {
                    Some(amount) => Frozen { amount, ..fund }.set(state, place),
                    // The original notices, leaves the fund as it is, and goes on.
                    None if context.semantics.is_dacrs() => {}
                    None => return Err(FundError::Overflow.into()),
                },
                (FundKind::AddFrozen, None) => {
                    let order = head.funds;
                    head.funds = order.checked_add(1).ok_or(FundError::Overflow)?;
                    Frozen { amount, order }.set(state, place);
                }
                (_, Some(fund)) => match fund.amount.checked_sub(amount) {
                    Some(0) => {
                        state.remove(place, &keys::app_funds(&context.contract, user))?;
                    }
                    Some(amount) => Frozen { amount, ..fund }.set(state, place),
                    None => return Err(FundError::TooLittle.into()),
                },
                (_, None) => return Err(FundError::NoFund.into()),
            }
        }
    }
    Ok(())
}

/// The height or time up to which funds are free now.
pub(crate) fn thaw_point(context: &CallContext<'_>) -> u32 {
    let by_time = context.semantics.is_dacrs()
        && regid_height(&context.contract) >= FREEZE_BY_TIME_HEIGHT
        && context.height >= FREEZE_BY_TIME_HEIGHT;
    if by_time {
        context.tip_time
    } else {
        context.height
    }
}

/// Why an operation on an app account fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FundError {
    /// The kind is none of 1 to 4.
    #[error("the kind must be 1, 2, 3 or 4")]
    Kind,
    /// The user id is empty or longer than 40 bytes.
    #[error("the user id must have 1 to 40 bytes")]
    User,
    /// The tag is longer than 40 bytes.
    #[error("the tag must have at most 40 bytes")]
    Tag,
    /// Funds cannot be frozen until height 0.
    #[error("the height of a frozen fund must not be 0")]
    Height,
    /// Nothing is to be added to a fund that exists.
    #[error("nothing is added to a frozen fund")]
    Nothing,
    /// The sum does not fit in 64 bits.
    #[error("the sum does not fit in 64 bits")]
    Overflow,
    /// There is less than is to be taken.
    #[error("there is less than is to be taken")]
    TooLittle,
    /// There is no fund with this tag and height.
    #[error("there is no fund with this tag and height")]
    NoFund,
}

impl From<FundError> for Failure<FundError> {
    fn from(error: FundError) -> Self {
        Failure::Contract(error)
    }
}

/// The records in the order in which they are made: users in byte order, each one's in order of the calls.
pub(crate) fn in_order(records: &[FundRecord]) -> Vec<&FundRecord> {
    let mut ordered: Vec<_> = records.iter().collect();
    ordered.sort_by_key(|record| record.user());
    ordered
}

/// Makes the operations, after thawing each user's funds.
pub(crate) fn apply(
    records: &[FundRecord],
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), Failure<SettleRefusal>> {
    let ordered = in_order(records);
    for of_user in ordered.chunk_by(|a, b| a.user() == b.user()) {
        let refusal = |record: &FundRecord, error| SettleRefusal::Fund {
            user: hex::encode(record.user().unwrap_or_default()),
            error,
        };
        let Some(user) = of_user[0].user() else {
            return Err(refusal(of_user[0], FundError::User).into());
        };
        operate(of_user, user, state, context).map_err(|(record, failed)| match failed {
            Failure::Contract(error) => refusal(record, error).into(),
            Failure::Node(error) => Failure::Node(error),
        })?;
    }
    Ok(())
}

/// What the operations add minus what they take, frozen or free; `None` if a sum does not fit in an `i64`.
pub(crate) fn net(records: &[FundRecord]) -> Option<i64> {
    let (mut added, mut taken) = (0i64, 0i64);
    for record in records {
        match record.kind() {
            Some(FundKind::AddFree | FundKind::AddFrozen) => {
                added = added.checked_add(record.amount())?
            }
            Some(FundKind::SubFree | FundKind::SubFrozen) => {
                taken = taken.checked_add(record.amount())?
            }
            None => {}
        }
    }
    added.checked_sub(taken)
}
