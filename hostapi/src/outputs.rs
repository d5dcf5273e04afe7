//! Output records: the payments a contract asks for (method 24), checked and made after its run.

use crate::accounts::{Account, key_id_of};
use crate::context::CallContext;
use crate::failure::Failure;
use crate::host::NodeError;
use crate::network::ADDRESS_LENGTH;
use crate::refusal::SettleRefusal;
use byteorder::{ByteOrder, LittleEndian};
use state::Overlay;
use state::keys::{KeyId, RegId};

/// The size of an output record in bytes.
pub const OUTPUT_SIZE: usize = 48;
/// The size of the 2014 SDK's output record in bytes.
pub const OUTPUT_SIZE_2014: usize = 19;
/// A run may ask for fewer records than this.
pub const OUTPUTS_END: usize = 100;

/// The account is named by its registered id, in the first 6 of 34 bytes.
const BY_REGID: u8 = 1;
/// The account is named by its address, 34 characters.
const BY_ADDRESS: u8 = 2;
/// The amount is added to the account.
const PLUS: u8 = 1;
/// The amount is taken from the account.
const MINUS: u8 = 2;

/// One output record, as the contract wrote it: kind of account (1), account (34), operation (1), height
/// (4, not used), amount (LE64).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Output(pub [u8; OUTPUT_SIZE]);

impl Output {
    /// The record that a record of the 2014 SDK stands for: registered id (6), operation (1), height (4),
    /// amount (LE64).
    #[must_use]
    pub fn from_2014(old: &[u8; OUTPUT_SIZE_2014]) -> Output {
        let mut new = [0; OUTPUT_SIZE];
        new[0] = BY_REGID;
        new[1..7].copy_from_slice(&old[..6]);
        new[35..].copy_from_slice(&old[6..]);
        Output(new)
    }

    /// The amount, in the smallest unit.
    #[must_use]
    pub fn amount(&self) -> u64 {
        LittleEndian::read_u64(&self.0[40..])
    }

    /// Whether the amount is taken from the account.
    #[must_use]
    pub fn is_minus(&self) -> bool {
        self.0[35] == MINUS
    }

    /// Who is meant. An address is followed to its registered id, where it has one; the id 0-0 stands for
    /// none.
    fn payee(
        &self,
        state: &mut Overlay<'_>,
        context: &CallContext<'_>,
    ) -> Result<Option<Payee>, NodeError> {
        let account = &self.0[1..][..ADDRESS_LENGTH];
        let regid = || account.first_chunk().copied().map(Payee::Registered);
        match self.0[0] {
            BY_REGID => Ok(regid()),
            BY_ADDRESS => {
                let Some(key_id) = context.network.key_id(account) else {
                    return Ok(Some(Payee::Nobody));
                };
                let regid = Account::load(state, &key_id)?.and_then(|account| account.regid);
                Ok(Some(
                    regid
                        .filter(|id| *id != RegId::default())
                        .map_or(Payee::Key(key_id), Payee::Registered),
                ))
            }
            _ => Ok(None),
        }
    }
}

/// The account that a record names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payee {
    Registered(RegId),
    /// An address without a registered id, and perhaps without an account.
    Key(KeyId),
    /// A text that is no address of this network.
    Nobody,
}

/// Checks the records in order: a contract may only spend from its own account, and exactly what it
/// hands out (the original's `CheckOperate`).
pub(crate) fn check(
    outputs: &[Output],
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), Failure<SettleRefusal>> {
    let (mut plus, mut minus) = (0u64, 0u64);
    for (record, output) in outputs.iter().enumerate() {
        let payee = output
            .payee(state, context)?
            .ok_or(SettleRefusal::AccountKind {
                record,
                kind: output.0[0],
            })?;
        let sum = match output.0[35] {
            PLUS => &mut plus,
            MINUS => &mut minus,
            operation => return Err(SettleRefusal::Operation { record, operation }.into()),
        };
        *sum = sum
            .checked_add(output.amount())
            .ok_or(SettleRefusal::SumOverflow { record })?;
        match payee {
            Payee::Registered(id) => {
                if id == RegId::default()
                    || key_id_of(state, &id)?.is_none_or(|key| key == KeyId::default())
                {
                    return Err(SettleRefusal::UnknownAccount {
                        record,
                        regid: hex::encode(id),
                    }
                    .into());
                }
                if output.is_minus() && id != context.contract {
                    return Err(SettleRefusal::ForeignDebit { record }.into());
                }
            }
            Payee::Key(_) | Payee::Nobody if output.is_minus() => {
                return Err(SettleRefusal::ForeignDebit { record }.into());
            }
            Payee::Key(_) | Payee::Nobody => {}
        }
    }
    if plus != minus {
        return Err(SettleRefusal::Unbalanced { plus, minus }.into());
    }
    Ok(())
}

/// Makes the payments in order, each on the balance that the last one left.
pub(crate) fn apply(
    outputs: &[Output],
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), Failure<SettleRefusal>> {
    let most = context.network.max_amount();
    for (record, output) in outputs.iter().enumerate() {
        let key_id = match output.payee(state, context)? {
            Some(Payee::Registered(id)) => key_id_of(state, &id)?,
            Some(Payee::Key(key_id)) => Some(key_id),
            Some(Payee::Nobody) | None => None,
        };
        let key_id = key_id
            .filter(|key_id| *key_id != KeyId::default())
            .ok_or(SettleRefusal::NoAddress { record })?;
        let amount = output.amount();
        let mut account = Account::load(state, &key_id)?.unwrap_or_default();
        let held = account.balance;
        let overflow = SettleRefusal::BalanceOverflow { record, most };
        if amount > most {
            return Err(overflow.into());
        }
        let balance = if output.is_minus() {
            let insufficient = SettleRefusal::InsufficientBalance {
                record,
                balance: held,
                amount,
            };
            held.checked_sub(amount).ok_or(insufficient)?
        } else {
            let sum = held.checked_add(amount);
            sum.filter(|&sum| sum <= most || amount == 0)
                .ok_or(overflow)?
        };
        account.balance = balance;
        account.save(state, &key_id);
    }
    Ok(())
}

/// What the contract takes from its own account; `None` if it does not fit in an `i64`.
pub(crate) fn own_debits(
    outputs: &[Output],
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<Option<i64>, NodeError> {
    let mut sum = Some(0i64);
    for output in outputs.iter().filter(|output| output.is_minus()) {
        if output.payee(state, context)? == Some(Payee::Registered(context.contract)) {
            let amount = i64::try_from(output.amount()).ok();
            sum = sum
                .zip(amount)
                .and_then(|(sum, amount)| sum.checked_add(amount));
        }
    }
    Ok(sum)
}
