//! One transaction that calls a contract: admission, payment, run, settlement.
//!
//! A block asks [`admit`] whether a transaction can begin at all, prepares its contract, and makes it
//! by [`begin`], [`Begun::run`] and [`Begun::end`], which keeps the state of a success and reverts
//! everything else. A recording was accepted once: [`execute`] does the same work without the
//! admission and leaves the state as the run left it, so that a recorder can look.

use crate::callees::{CalleeRun, Contracts, WithContracts};
use abi::layout::INPUT_MAX;
use abi::{Gas, Schedule};
use bridge::{CallLimits, CallObserver, Cycles, Module, Outcome, Report, Steps, drive};
use hostapi::accounts::Account;
use hostapi::fees::{self, FeeError};
use hostapi::{
    CallContext, ChainView, Failure, Host, NodeError, Requests, SettleRefusal, Transcript, settle,
};
use state::{Checkpoint, Overlay, Place};
use std::sync::Arc;

/// The chain around a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// Its earlier blocks.
    pub past: &'a dyn ChainView,
    /// The contracts that the one called can call; `None` for none.
    pub contracts: Option<&'a dyn Contracts>,
}

/// The payment for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payment {
    /// Our own rules: at most `limit` gas at `price` a gas. Only what was used is taken, after the
    /// run.
    Gas {
        /// The most gas.
        limit: Gas,
        /// The price of one gas, in the smallest unit.
        price: u64,
    },
    /// The old chain's rules: the whole fee is taken before the run.
    Fuel {
        /// The fee, in the smallest unit.
        fee: u64,
        /// The price of a hundred steps, in the smallest unit.
        rate: u64,
    },
}

/// One transaction that calls a contract.
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'a> {
    /// Sender, contract, input, and the place in the chain.
    pub context: CallContext<'a>,
    /// Its payment.
    pub payment: Payment,
    /// Its prices in gas.
    pub schedule: &'a Arc<Schedule>,
    /// Whether its sender must have a key: only queries need none, and recordings, which were
    /// accepted once.
    pub needs_key: bool,
    /// The most machine cycles, beside the limits that the payment sets.
    pub cycles: Cycles,
    /// The most steps, beside the limits that the payment sets.
    pub steps: Steps,
}

/// The reason why a transaction is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The sender's registered id names no account.
    #[error("the sender has no account")]
    UnknownSender,
    /// The sender cannot pay what the transaction may cost.
    #[error("the sender holds {balance}, the transaction may cost {cost}")]
    InsufficientBalance {
        /// The sender's balance.
        balance: u64,
        /// Amount and fee together; the largest number where they do not fit in 64 bits.
        cost: u64,
    },
    /// An account cannot send the amount that an action sends.
    #[error("{account} holds {balance}, {amount} are to be sent")]
    InsufficientFunds {
        /// Its registered id, as text.
        account: String,
        /// Its balance.
        balance: u64,
        /// The amount.
        amount: u64,
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
        /// Its cost before the run.
        needed: Gas,
    },
    /// The sender's account has no key: it is a contract, or belongs to nobody yet.
    #[error("the sender has no key: only an account can send, not a contract")]
    NoKey,
    /// The receiver has no account to hold the amount.
    #[error("the receiver has no account to hold the amount sent")]
    NoAccount,
    /// The contract takes no amounts.
    #[error("the contract takes no amounts: call it without --value")]
    Unpayable,
    /// A transaction has no action, or too many.
    #[error(
        "the transaction has {count} actions, it must have 1 to {most}, with at least one that is not context-free"
    )]
    ActionCount {
        /// Their number, the context-free ones among them.
        count: usize,
        /// The most.
        most: usize,
    },
    /// An action asks for an authority that the sender does not have.
    #[error("action {action} needs the authority of {actor}, which is not the sender")]
    NoAuthority {
        /// The place of the action, counted from 1, the context-free ones first.
        action: usize,
        /// The registered id of the account, as text.
        actor: String,
    },
    /// A context-free action has an amount or somebody's authority.
    #[error("action {action} is context-free: it has no amount and nobody's authority")]
    NotContextFree {
        /// The place of the action, counted from 1.
        action: usize,
    },
    /// The contract's account cannot hold the amount.
    #[error(
        "the contract holds {balance}; with the {amount} sent it would hold more than {most}, the network's most"
    )]
    BalanceOverflow {
        /// The contract's balance.
        balance: u64,
        /// The amount sent.
        amount: u64,
        /// The most that an account may hold.
        most: u64,
    },
    /// What the contract had follow its run did not succeed.
    #[error("what the contract had follow did not succeed")]
    FollowUp,
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

impl From<Rejection> for Failure<Rejection> {
    fn from(rejection: Rejection) -> Self {
        Failure::Contract(rejection)
    }
}

/// The result of a transaction.
#[derive(Debug)]
pub enum TransactionResult {
    /// Its contract was not run.
    Rejected(Rejection),
    /// Its contract was run; that it was accepted is in the [`FinishedRun::verdict`].
    Ran(Box<FinishedRun>),
}

impl TransactionResult {
    /// The run, if there was one.
    #[must_use]
    pub fn run(&self) -> Option<&FinishedRun> {
        match self {
            TransactionResult::Rejected(_) => None,
            TransactionResult::Ran(run) => Some(run),
        }
    }

    /// The reason why the transaction is not accepted, before or after a run.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            TransactionResult::Rejected(rejection) => Some(rejection),
            TransactionResult::Ran(run) => run.verdict.as_ref().err(),
        }
    }

    /// Whether the transaction is accepted.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.rejection().is_none()
    }
}

/// A run that came to its end, and its settlement.
#[derive(Debug)]
pub struct FinishedRun {
    /// The run's report.
    pub report: Report,
    /// The decision over the transaction.
    pub verdict: Result<(), Rejection>,
    /// The contract's requests to its host, and its prints.
    pub requests: Requests,
    /// What it returned and said, the events of a transaction that is accepted, and the frames of the contracts
    /// that it called.
    pub transcript: Transcript,
    /// The runs of those frames, in the same order.
    pub callees: Vec<CalleeRun>,
    /// The steps that the old chain charges, 0 unless it was accepted or only its price was too
    /// high.
    pub steps_charged: u64,
    /// The sender's fee for the run, in the smallest unit.
    pub fee: u64,
}

impl FinishedRun {
    /// The number that the original's VM returns: the step counter, 0 for a refusal, -1 for a
    /// fault.
    #[must_use]
    pub fn returned(&self) -> i64 {
        match self.report.outcome {
            Outcome::Success => self.report.usage.steps,
            Outcome::Refused { .. } => 0,
            Outcome::Fault { .. } => -1,
        }
    }
}

/// A transaction that can begin: the facts that were looked up for that.
#[derive(Clone, Debug)]
pub struct Admitted {
    payer: (Place, Account),
    receiver: Option<Receiver>,
    limits: CallLimits,
}

/// The account of a contract that is sent an amount.
#[derive(Clone, Debug)]
struct Receiver {
    place: Place,
    account: Account,
    /// Its balance with the amount.
    balance: u64,
}

/// Whether `tx` can be in a block at all, whose contract takes `entry` gas before its first
/// instruction. It is asked before anything is done for it, the contract prepared or the transaction
/// hashed, and changes nothing; what is refused here was little work, and nobody pays for it.
///
/// # Errors
/// The rejection, or a failure of the node.
pub fn admit(
    tx: &Transaction<'_>,
    entry: Gas,
    state: &mut Overlay<'_>,
) -> Result<Admitted, Failure<Rejection>> {
    let length = tx.context.input.len();
    if length > INPUT_MAX {
        return Err(Rejection::InputTooLong { length }.into());
    }
    let limits = limits(tx, entry)?;
    let payer = payer(tx, state)?;
    // A contract that sends itself an amount, as a query can, holds it already.
    let receiver = if tx.context.sender == tx.context.contract {
        None
    } else {
        receiver(tx, state)?
    };
    Ok(Admitted {
        payer,
        receiver,
        limits,
    })
}

/// A transaction whose money is moved and whose contract has not run.
#[derive(Debug)]
pub struct Begun {
    before: Checkpoint,
    payer: Place,
    limits: CallLimits,
}

/// Moves the money of `tx`, which was admitted. Since then nothing may have changed in `state`.
pub fn begin(tx: &Transaction<'_>, admitted: Admitted, state: &mut Overlay<'_>) -> Begun {
    let before = state.checkpoint();
    let (payer, _) = admitted.payer;
    match admitted.receiver {
        Some(receiver) => {
            debit(tx, tx.context.pay_amount, admitted.payer, state);
            receiver.credit(state);
        }
        // An amount that a contract sends itself stays where it is.
        None => debit(tx, 0, admitted.payer, state),
    }
    Begun {
        before,
        payer,
        limits: admitted.limits,
    }
}

impl Begun {
    /// Runs the contract and settles the run. What it asked to follow is still to be done.
    ///
    /// # Errors
    /// Only if the node fails.
    pub fn run(
        &self,
        tx: &Transaction<'_>,
        module: &Arc<dyn Module>,
        state: &mut Overlay<'_>,
        chain: &Surroundings<'_>,
        observer: &mut dyn CallObserver,
    ) -> Result<FinishedRun, NodeError> {
        run(tx, self.limits, module, state, chain, observer)
    }

    /// The gas that the runs of the transaction may use in all.
    #[must_use]
    pub const fn gas(&self) -> Gas {
        self.limits.gas
    }

    /// Ends the transaction: keeps its changes if it is accepted; otherwise reverts them all. Under our own rules the
    /// sender pays for what ran either way; under the old chain's a failure leaves no trace.
    pub fn end(self, tx: &Transaction<'_>, run: &mut FinishedRun, state: &mut Overlay<'_>) {
        if run.verdict.is_err() {
            state.revert(self.before);
            if tx.context.semantics.is_dacrs() {
                run.fee = 0;
            }
        }
        if let Payment::Gas { price, .. } = tx.payment
            && let Some(payer) = Account::at(state, self.payer)
        {
            run.fee = run.report.usage.gas_charged().0.saturating_mul(price);
            // Cannot underflow: checked before the run, and contracts cannot debit the sender.
            let left = payer.balance.saturating_sub(run.fee);
            set_balance(state, self.payer, payer, left);
        }
    }
}

/// Runs `tx`, which nobody admitted, and leaves `state` as it then is, with or without a run: the caller keeps or
/// reverts it. What the contract asked to follow is not done.
///
/// # Errors
/// Only if the node fails.
pub fn execute(
    tx: &Transaction<'_>,
    module: &Arc<dyn Module>,
    state: &mut Overlay<'_>,
    chain: &Surroundings<'_>,
    observer: &mut dyn CallObserver,
) -> Result<TransactionResult, NodeError> {
    // In the original's order, because a recording tells what was left of a rejected transaction.
    let limits = match begin_unadmitted(tx, module.entry_gas(), state) {
        Ok(limits) => limits,
        Err(Failure::Contract(rejection)) => return Ok(TransactionResult::Rejected(rejection)),
        Err(Failure::Node(error)) => return Err(error),
    };
    let run = run(tx, limits, module, state, chain, observer)?;
    Ok(TransactionResult::Ran(Box::new(run)))
}

/// Moves the money of a transaction that nobody admitted, and gives the limits of its run.
fn begin_unadmitted(
    tx: &Transaction<'_>,
    entry: Gas,
    state: &mut Overlay<'_>,
) -> Result<CallLimits, Failure<Rejection>> {
    let payer = payer(tx, state)?;
    debit(tx, tx.context.pay_amount, payer, state);
    if let Some(receiver) = receiver(tx, state)? {
        receiver.credit(state);
    }
    Ok(limits(tx, entry)?)
}

/// The gas that `tx` takes before it runs. The old chain has no such price.
pub(crate) fn gas_before(tx: &Transaction<'_>) -> Gas {
    match tx.payment {
        Payment::Gas { .. } => tx
            .schedule
            .call_gas(tx.context.input.len(), tx.context.pay_amount),
        Payment::Fuel { .. } => Gas::ZERO,
    }
}

/// The limits of the run, which pays `entry` of them before its first instruction.
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

/// The fee that `tx` takes from its sender before the run, and the most that it takes in all.
const fn cost(tx: &Transaction<'_>) -> (u64, u64) {
    let (fee_before, at_most) = match tx.payment {
        Payment::Gas { limit, price } => (0, limit.0.saturating_mul(price)),
        Payment::Fuel { fee, .. } => (fee, fee),
    };
    (fee_before, tx.context.pay_amount.saturating_add(at_most))
}

/// The sender's account and its place, if it can pay the most that `tx` may cost.
fn payer(
    tx: &Transaction<'_>,
    state: &mut Overlay<'_>,
) -> Result<(Place, Account), Failure<Rejection>> {
    let (_, cost) = cost(tx);
    let found = Account::of(state, &tx.context.sender)?;
    let (place, account) = found.ok_or(Rejection::UnknownSender)?;
    if tx.needs_key && account.public_key.is_none() {
        return Err(Rejection::NoKey.into());
    }
    let balance = account.balance;
    if balance < cost {
        return Err(Rejection::InsufficientBalance { balance, cost }.into());
    }
    Ok((place, account))
}

/// The contract's account, which can hold the amount sent; none if no amount is sent.
fn receiver(
    tx: &Transaction<'_>,
    state: &mut Overlay<'_>,
) -> Result<Option<Receiver>, Failure<Rejection>> {
    let amount = tx.context.pay_amount;
    if amount == 0 {
        return Ok(None);
    }
    let found = Account::of(state, &tx.context.contract)?;
    let (place, account) = found.ok_or(Rejection::NoAccount)?;
    let most = tx.context.network.max_amount();
    let sum = account.balance.checked_add(amount);
    let Some(balance) = sum.filter(|&sum| sum <= most) else {
        return Err(Rejection::BalanceOverflow {
            balance: account.balance,
            amount,
            most,
        }
        .into());
    };
    Ok(Some(Receiver {
        place,
        account,
        balance,
    }))
}

impl Receiver {
    fn credit(self, state: &mut Overlay<'_>) {
        set_balance(state, self.place, self.account, self.balance);
    }
}

/// Takes `amount` from the payer, and under the old chain's rules the fee.
fn debit(
    tx: &Transaction<'_>,
    amount: u64,
    (place, payer): (Place, Account),
    state: &mut Overlay<'_>,
) {
    let (fee_before, _) = cost(tx);
    let left = payer.balance - amount - fee_before;
    set_balance(state, place, payer, left);
}

/// Runs the contract, whose money was moved, and settles the run.
fn run(
    tx: &Transaction<'_>,
    limits: CallLimits,
    module: &Arc<dyn Module>,
    state: &mut Overlay<'_>,
    chain: &Surroundings<'_>,
    observer: &mut dyn CallObserver,
) -> Result<FinishedRun, NodeError> {
    let call = bridge::Call {
        input: tx.context.input,
        limits,
    };
    let mut host = Host::new(&tx.context, chain.past, state).priced_by(tx.schedule);
    let (mut report, callees) = match chain.contracts {
        Some(contracts) => {
            let mut host = WithContracts::new(&mut host, contracts, tx.schedule);
            let report = drive(module, &call, &mut host, observer)?;
            (report, host.runs)
        }
        None => (drive(module, &call, &mut host, observer)?, Vec::new()),
    };
    let (requests, transcript) = host.finish_frames();
    report.usage.gas = Gas(report.usage.gas.0.saturating_add(gas_before(tx).0));
    let mut run = FinishedRun {
        fee: 0,
        report,
        verdict: Ok(()),
        requests,
        transcript,
        callees,
        steps_charged: 0,
    };
    run.verdict = match settle_run(tx, &mut run, state) {
        Ok(()) => Ok(()),
        Err(Failure::Contract(rejection)) => {
            run.transcript.events.clear();
            // Also where only the settlement failed: what the run freed is put back.
            run.report.usage.refund = Gas::ZERO;
            Err(rejection)
        }
        Err(Failure::Node(error)) => return Err(error),
    };
    run.fee = match tx.payment {
        Payment::Gas { price, .. } => run.report.usage.gas_charged().0.saturating_mul(price),
        Payment::Fuel { fee, .. } => fee,
    };
    Ok(run)
}

/// Decides over a finished run, and makes what a successful one asked for.
fn settle_run(
    tx: &Transaction<'_>,
    run: &mut FinishedRun,
    state: &mut Overlay<'_>,
) -> Result<(), Failure<Rejection>> {
    let outcome = run.report.outcome;
    if !outcome.is_success() {
        return Err(Rejection::Run(outcome).into());
    }
    if let Payment::Fuel { rate, .. } = tx.payment {
        run.steps_charged = fees::counted_steps(run.returned()).map_err(Rejection::Fee)?;
        fees::spend(run.steps_charged, rate).map_err(Rejection::Fee)?;
    }
    settle(&run.requests, state, &tx.context).map_err(|failure| match failure {
        Failure::Contract(refusal) => Rejection::Settle(refusal).into(),
        Failure::Node(error) => error.into(),
    })
}

/// Sets the balance of the account at `place`. One that stays as it was needs no write, and no undo.
fn set_balance(state: &mut Overlay<'_>, place: Place, mut account: Account, balance: u64) {
    if account.balance != balance {
        account.balance = balance;
        account.set(state, place);
    }
}
