//! One transaction: limits, money moved, the run, and what the contract asked for.
//!
//! [`execute`] does the work and leaves the state as the run left it, so that a recorder can look;
//! [`apply`] is what a block does: it keeps the state of a success and takes back everything else.

use abi::Gas;
use abi::layout::INPUT_MAX;
use bridge::{CallLimits, CallObserver, Cycles, Module, Outcome, Report, Schedule, Steps, drive};
use hostapi::accounts::Account;
use hostapi::fees::{self, FeeError};
use hostapi::{CallContext, ChainView, Host, NodeError, Requests};
use hostapi::{Failure, SettleRefusal, settle};
use state::{Overlay, Place};
use std::sync::Arc;

/// How a transaction pays for its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payment {
    /// Our own rules: at most `limit` gas at `price` a gas; only what was used is taken, after the run.
    Gas {
        /// The most gas.
        limit: Gas,
        /// What one gas costs, in the smallest unit.
        price: u64,
    },
    /// The old chain's rules: the whole fee is taken before the run.
    Fuel {
        /// The fee, in the smallest unit.
        fee: u64,
        /// What a step costs, in the smallest unit.
        rate: u64,
    },
}

/// One transaction that calls a contract.
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'a> {
    /// Who, whom, when, with what.
    pub context: CallContext<'a>,
    /// How it pays.
    pub payment: Payment,
    /// Its prices in gas.
    pub schedule: &'a Schedule,
    /// Whether its sender must have a key: only queries need none, and recordings, which were accepted once.
    pub needs_key: bool,
    /// Limits beyond those that the payment sets.
    pub cycles: Cycles,
    /// Likewise in steps.
    pub steps: Steps,
}

/// Why a transaction was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The sender's registered id names no account.
    #[error("the sender has no account")]
    UnknownSender,
    /// The sender cannot pay what the transaction may cost.
    #[error("the sender holds {balance}, the transaction may cost {cost}")]
    InsufficientBalance {
        /// What the sender holds.
        balance: u64,
        /// Amount and fee together; the largest number where they do not fit in 64 bits.
        cost: u64,
    },
    /// The contract bytes are longer than any contract can take.
    #[error("the input has {length} bytes, the most is {INPUT_MAX}")]
    InputTooLong {
        /// Their number.
        length: usize,
    },
    /// The gas limit does not pay for being a transaction and for entering the contract.
    #[error("the limit is {limit}, this call takes {needed} before it runs; allow more")]
    GasTooLow {
        /// The limit.
        limit: Gas,
        /// What it costs before it runs.
        needed: Gas,
    },
    /// The sender's account has no key: it is a contract, or belongs to nobody yet.
    #[error("the sender has no key: only an account can send, not a contract")]
    NoKey,
    /// The contract has no account to hold the amount.
    #[error("the contract has no account to hold the amount sent")]
    NoAccount,
    /// The contract's account cannot hold the amount.
    #[error(
        "the contract holds {balance}; with the {amount} sent it would hold more than {most}, the network's most"
    )]
    BalanceOverflow {
        /// What the contract holds.
        balance: u64,
        /// The amount sent.
        amount: u64,
        /// The most that an account may hold.
        most: u64,
    },
    /// The old chain's fee or step rules.
    #[error(transparent)]
    Fee(#[from] FeeError),
    /// The run did not succeed.
    #[error("{0}")]
    Run(Outcome),
    /// The contract asked for something it must not have.
    #[error(transparent)]
    Settle(#[from] SettleRefusal),
}

/// What became of a transaction.
#[derive(Debug)]
pub struct Executed {
    /// Why it was not accepted, if it was not.
    pub rejection: Option<Rejection>,
    /// The run's report, if it ran.
    pub report: Option<Report>,
    /// What the run asked for and printed.
    pub requests: Requests,
    /// The steps that the old chain charges, 0 unless it was accepted or only its price was too high.
    pub steps_charged: u64,
    /// What the sender pays for the run, in the smallest unit.
    pub fee: u64,
    /// Where the account of the sender stands, once it was seen that he can pay.
    payer: Option<Place>,
}

impl Executed {
    fn rejected(rejection: Rejection) -> Self {
        Executed {
            rejection: Some(rejection),
            report: None,
            requests: Requests::default(),
            steps_charged: 0,
            fee: 0,
            payer: None,
        }
    }

    /// Whether the transaction was accepted.
    #[must_use]
    pub const fn accepted(&self) -> bool {
        self.rejection.is_none()
    }

    /// The number that the original's VM returns: the step counter, 0 for a refusal, -1 for a fault.
    #[must_use]
    pub fn returned(&self) -> Option<i64> {
        self.report.as_ref().map(|report| match report.outcome {
            Outcome::Success => report.usage.steps,
            Outcome::Refused { .. } => 0,
            Outcome::Fault { .. } => -1,
        })
    }
}

/// Whether `tx` can be in a block at all, whose contract takes `entry` gas before its first instruction. It is asked
/// before anything is done for it, the contract prepared or the transaction hashed, and changes nothing; what is
/// refused here was little work, and nobody pays for it.
///
/// # Errors
/// Only if the node fails; why it cannot is inside.
pub fn admit(
    tx: &Transaction<'_>,
    entry: Gas,
    state: &mut Overlay<'_>,
) -> Result<Result<(), Rejection>, NodeError> {
    let length = tx.context.input.len();
    if length > INPUT_MAX {
        return Ok(Err(Rejection::InputTooLong { length }));
    }
    if let Err(rejection) = limits(tx, entry) {
        return Ok(Err(rejection));
    }
    if let Err(rejection) = sender_who_can_pay(tx, state)? {
        return Ok(Err(rejection));
    }
    // Nothing was moved yet, so what a contract sends itself, as a query can, is not more than it holds.
    if tx.context.sender == tx.context.contract {
        return Ok(Ok(()));
    }
    Ok(receiver_who_can_hold(tx, state)?.map(|_| ()))
}

/// What `tx` costs before it runs. The old chain has no such price.
const fn gas_before(tx: &Transaction<'_>) -> Gas {
    match tx.payment {
        Payment::Gas { .. } => tx
            .schedule
            .call_gas(tx.context.input.len(), tx.context.pay_amount),
        Payment::Fuel { .. } => Gas::ZERO,
    }
}

/// Runs `tx` and leaves `state` as the run left it, whatever came of it: the caller keeps or takes back.
///
/// # Errors
/// Only if the node fails.
pub fn execute(
    tx: &Transaction<'_>,
    module: &Arc<dyn Module>,
    state: &mut Overlay<'_>,
    chain: &dyn ChainView,
    observer: &mut dyn CallObserver,
) -> Result<Executed, NodeError> {
    let payer = match move_money(tx, state)? {
        Ok(payer) => payer,
        Err(rejection) => return Ok(Executed::rejected(rejection)),
    };
    let limits = match limits(tx, module.entry_gas()) {
        Ok(limits) => limits,
        Err(rejection) => return Ok(Executed::rejected(rejection)),
    };
    let call = bridge::Call {
        input: tx.context.input,
        limits,
    };
    let mut host = Host::new(&tx.context, chain, state);
    let mut report = drive(module, &call, &mut host, observer)?;
    report.usage.gas = Gas(report.usage.gas.0.saturating_add(gas_before(tx).0));
    let requests = host.finish();
    let mut executed = Executed {
        rejection: None,
        report: Some(report),
        requests,
        steps_charged: 0,
        fee: 0,
        payer: Some(payer),
    };
    executed.rejection = judge(tx, &mut executed, state)?;
    Ok(executed)
}

/// Runs `tx` and keeps what it changed if it was accepted; otherwise takes everything back. Under our own
/// rules the sender pays for what ran either way; under the old chain's a failure leaves no trace.
///
/// # Errors
/// Only if the node fails.
pub fn apply(
    tx: &Transaction<'_>,
    module: &Arc<dyn Module>,
    state: &mut Overlay<'_>,
    chain: &dyn ChainView,
    observer: &mut dyn CallObserver,
) -> Result<Executed, NodeError> {
    let before = state.checkpoint();
    let mut executed = execute(tx, module, state, chain, observer)?;
    if !executed.accepted() {
        state.revert(before);
        if tx.context.semantics.is_dacrs() {
            executed.fee = 0;
        }
    }
    if let (Payment::Gas { .. }, Some(payer)) = (tx.payment, executed.payer)
        && let Some(sender) = Account::at(state, payer)
    {
        // It was seen before the run that the sender can pay this, and a run cannot take it from him.
        let left = sender.balance.saturating_sub(executed.fee);
        set_balance(state, payer, sender, left);
    }
    Ok(executed)
}

/// What the run may use, of which it pays `entry` before its first instruction.
fn limits(tx: &Transaction<'_>, entry: Gas) -> Result<CallLimits, Rejection> {
    let (gas, steps) = match tx.payment {
        Payment::Gas { limit, .. } => {
            let before = gas_before(tx).0;
            let needed = Gas(before.saturating_add(entry.0));
            if limit.0 < needed.0 {
                return Err(Rejection::GasTooLow { limit, needed });
            }
            (Gas(limit.0 - before), tx.steps)
        }
        Payment::Fuel { fee, rate } => {
            (Gas::MAX, Steps(fees::max_steps(fee, rate)?.min(tx.steps.0)))
        }
    };
    Ok(CallLimits {
        gas,
        cycles: tx.cycles,
        steps,
    })
}

/// What `tx` takes from its sender before the run, and what at most in all.
const fn cost(tx: &Transaction<'_>) -> (u64, u64) {
    let (taken_now, at_most) = match tx.payment {
        Payment::Gas { limit, price } => (0, limit.0.saturating_mul(price)),
        Payment::Fuel { fee, .. } => (fee, fee),
    };
    (taken_now, tx.context.pay_amount.saturating_add(at_most))
}

/// The account of the sender and its place, if he can pay what `tx` may cost.
fn sender_who_can_pay(
    tx: &Transaction<'_>,
    state: &mut Overlay<'_>,
) -> Result<Result<(Place, Account), Rejection>, NodeError> {
    let (_, cost) = cost(tx);
    let Some((payer, sender)) = Account::of(state, &tx.context.sender)? else {
        return Ok(Err(Rejection::UnknownSender));
    };
    if tx.needs_key && sender.public_key.is_none() {
        return Ok(Err(Rejection::NoKey));
    }
    if sender.balance < cost {
        return Ok(Err(Rejection::InsufficientBalance {
            balance: sender.balance,
            cost,
        }));
    }
    Ok(Ok((payer, sender)))
}

/// Moves the amount to the contract, and under the old chain's rules takes the fee, before the run. Where
/// the sender's account stands.
fn move_money(
    tx: &Transaction<'_>,
    state: &mut Overlay<'_>,
) -> Result<Result<Place, Rejection>, NodeError> {
    let amount = tx.context.pay_amount;
    let (taken_now, _) = cost(tx);
    let (payer, sender) = match sender_who_can_pay(tx, state)? {
        Ok(found) => found,
        Err(rejection) => return Ok(Err(rejection)),
    };
    let left = sender.balance - amount - taken_now;
    set_balance(state, payer, sender, left);
    Ok(match receiver_who_can_hold(tx, state)? {
        Ok(Some((place, contract, balance))) => {
            set_balance(state, place, contract, balance);
            Ok(payer)
        }
        Ok(None) => Ok(payer),
        Err(rejection) => Err(rejection),
    })
}

/// The contract's account, its place, and what it holds with the amount sent; nothing if none is sent.
fn receiver_who_can_hold(
    tx: &Transaction<'_>,
    state: &mut Overlay<'_>,
) -> Result<Result<Option<(Place, Account, u64)>, Rejection>, NodeError> {
    let amount = tx.context.pay_amount;
    if amount == 0 {
        return Ok(Ok(None));
    }
    let Some((place, contract)) = Account::of(state, &tx.context.contract)? else {
        return Ok(Err(Rejection::NoAccount));
    };
    let most = tx.context.network.max_amount();
    let sum = contract.balance.checked_add(amount);
    let Some(balance) = sum.filter(|&sum| sum <= most) else {
        return Ok(Err(Rejection::BalanceOverflow {
            balance: contract.balance,
            amount,
            most,
        }));
    };
    Ok(Ok(Some((place, contract, balance))))
}

/// Decides over a finished run, and makes what a successful one asked for.
fn judge(
    tx: &Transaction<'_>,
    executed: &mut Executed,
    state: &mut Overlay<'_>,
) -> Result<Option<Rejection>, NodeError> {
    let (Some(report), Some(returned)) = (&executed.report, executed.returned()) else {
        return Ok(None);
    };
    let outcome = report.outcome;
    match tx.payment {
        Payment::Gas { price, .. } => {
            executed.fee = report.usage.gas_charged().0.saturating_mul(price);
            if !outcome.is_success() {
                return Ok(Some(Rejection::Run(outcome)));
            }
        }
        Payment::Fuel { fee, rate } => {
            executed.fee = fee;
            if !outcome.is_success() {
                return Ok(Some(Rejection::Run(outcome)));
            }
            match fees::counted_steps(returned) {
                Ok(steps) => executed.steps_charged = steps,
                Err(error) => return Ok(Some(error.into())),
            }
            if let Err(error) = fees::spend(executed.steps_charged, rate) {
                return Ok(Some(error.into()));
            }
        }
    }
    match settle(&executed.requests, state, &tx.context) {
        Ok(()) => Ok(None),
        Err(Failure::Contract(refusal)) => Ok(Some(refusal.into())),
        Err(Failure::Node(error)) => Err(error),
    }
}

/// Sets the balance of the account at `place`. What stays as it was needs no write, and nothing to put back
/// when the block is taken back.
fn set_balance(state: &mut Overlay<'_>, place: Place, mut account: Account, balance: u64) {
    if account.balance != balance {
        account.balance = balance;
        account.set(state, place);
    }
}
