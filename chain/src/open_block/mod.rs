//! [`OpenBlock`]: a block being made. Nothing of it is in the store before [`OpenBlock::commit`].

mod transfer;

use crate::action::Action;
use crate::block::{Block, Header, hash_of_hashes};
use crate::chain::Chain;
use crate::error::ChainError;
use crate::head::{HEAD, Head};
use crate::hostlog::{HostCalls, HostLog, Kept};
use crate::identity;
use crate::names;
use crate::receipt::{ActionReceipt, CallReceipt, Receipt, Verdict};
use crate::registry::Contract;
use crate::rollback;
use crate::session::{self, Executed, Payment, Rejection, Transaction};
use abi::Semantics;
use bridge::{CallObserver, Cycles, Module, Rules, Steps};
use hostapi::CallContext;
use hostapi::accounts::{self, Account};
use hostapi::fees::MAX_STEPS;
use hostapi::hash::{blake2b, blake2b_each, key_hash};
use loader::Image;
use state::Overlay;
use state::keys::{self, Hash, KeyId, RegId};
use std::sync::Arc;

mod deploy;

pub use deploy::Deploy;

/// A contract to call.
#[derive(Clone, Copy, Debug)]
pub struct CallRequest<'a> {
    /// Who calls and pays.
    pub sender: RegId,
    /// The contract.
    pub contract: RegId,
    /// The contract bytes, at most [`abi::layout::INPUT_MAX`].
    pub input: &'a [u8],
    /// What is sent with it, in the smallest unit.
    pub value: u64,
    /// How the run is paid for. Under the old chain's rules it must be by fuel, under ours by gas.
    pub payment: Payment,
}

/// What came of a call that was taken back.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The receipt it would have had, or why it did not begin.
    pub receipt: Result<Box<CallReceipt>, String>,
    /// What the contract and its host said to each other, where the block keeps that.
    pub host_calls: HostCalls,
    /// What the block had written after it, in order of key.
    pub writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// What a block keeps between transactions of keys that were only looked at, in bytes.
const READS_KEPT: usize = 4 << 20;

/// A transaction with its id and its stored form.
#[derive(Debug)]
struct Identified {
    id: Hash,
    action: Action,
    stored: Vec<u8>,
}

/// A block being made: its transactions see each other's changes. Dropped, it leaves no trace.
#[derive(Debug)]
pub struct OpenBlock<'c> {
    chain: &'c Chain,
    state: Overlay<'c>,
    parent: Head,
    height: u32,
    time: u64,
    /// Its transactions so far.
    transactions: Vec<Identified>,
    receipts: Vec<Receipt>,
    /// The steps charged so far, which the old chain limits.
    steps: u64,
    /// The buffer of host-call logs.
    log: Vec<u8>,
    /// The host calls of the last call, where they are asked for.
    kept: Option<Kept>,
    /// The contract last called, ready to run: one is mostly called again.
    ready: Option<(RegId, Contract, Arc<dyn Module>)>,
}

impl<'c> OpenBlock<'c> {
    pub(crate) fn new(chain: &'c Chain, parent: Head, time: u64) -> Result<Self, ChainError> {
        Ok(OpenBlock {
            chain,
            state: chain.state(),
            height: parent.height.checked_add(1).ok_or(ChainError::LastHeight)?,
            parent,
            time,
            transactions: Vec::new(),
            receipts: Vec::new(),
            steps: 0,
            log: Vec::new(),
            kept: None,
            ready: None,
        })
    }

    /// The rules of transactions that run no contract.
    pub(super) const fn rules(&self) -> Rules {
        self.chain.rules(Semantics::V1)
    }

    /// Its height.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Its time in seconds since 1970.
    #[must_use]
    pub const fn time(&self) -> u64 {
        self.time
    }

    /// The state with the changes of its transactions so far.
    pub const fn state(&mut self) -> &mut Overlay<'c> {
        &mut self.state
    }

    /// The receipts of its transactions so far.
    #[must_use]
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Keeps the host calls of each call that comes, in so many bytes of memory; usually
    /// [`hostlog::USUAL_ROOM`](crate::hostlog::USUAL_ROOM). Unasked a block keeps none.
    pub fn keep_host_calls(&mut self, room: usize) {
        self.kept = Some(Kept::new(room));
    }

    /// The host calls of the last call; none where [`OpenBlock::keep_host_calls`] did not ask for them.
    #[must_use]
    pub fn host_calls(&self) -> HostCalls {
        self.kept.as_ref().map(Kept::calls).unwrap_or_default()
    }

    /// Makes an account with the development key of `name`. Its money comes from nowhere, so nobody pays a fee;
    /// the receipt names the gas. What was paid to its address before is added.
    ///
    /// # Errors
    /// If the name cannot be used, the balance is larger than the network allows, or the node fails.
    pub fn new_account(&mut self, name: &str, balance: u64) -> Result<&Receipt, ChainError> {
        let id = self.next_regid()?;
        self.check_free(name)?;
        let public_key = identity::public_key(name);
        let key_id = key_hash(&public_key);
        let account = Account {
            balance,
            regid: Some(id),
            public_key: Some(public_key),
        };
        let account = self.with_paid(&key_id, account)?;
        account.register(&mut self.state, &key_id);
        self.state.put(&keys::name(name), id);
        let transaction = self.identify(Action::NewAccount {
            name: name.into(),
            balance,
            public_key,
        })?;
        let gas = self.rules().schedule.account_gas(name.len()).0;
        Ok(self.finish_transaction(transaction, (id, id), 0, ActionReceipt::NewAccount { gas }))
    }

    /// Calls a contract. Whatever the contract does, there is a receipt and the sender pays by the rules;
    /// its changes are kept only after a success.
    ///
    /// # Errors
    /// If the call cannot begin (no such contract, a sender who cannot pay), or the node fails. The block
    /// is then as it was.
    pub fn call(
        &mut self,
        request: &CallRequest<'_>,
        observer: &mut dyn CallObserver,
    ) -> Result<&Receipt, ChainError> {
        let before = self.state.checkpoint();
        match self.run(request, None, true, observer) {
            Ok((transaction, receipt, fee)) => {
                let parties = (request.sender, request.contract);
                Ok(
                    self.finish_transaction(
                        transaction,
                        parties,
                        fee,
                        ActionReceipt::Call(receipt),
                    ),
                )
            }
            Err(error) => {
                self.state.revert(before);
                Err(error)
            }
        }
    }

    /// Makes a call that is no transaction, and takes back all that came of it: its receipt as if it had been one.
    /// Nobody signs a query, so anybody can be named as its sender, also a contract.
    ///
    /// # Errors
    /// As [`OpenBlock::call`].
    pub fn query(
        &mut self,
        request: &CallRequest<'_>,
        observer: &mut dyn CallObserver,
    ) -> Result<Receipt, ChainError> {
        let (before, steps) = (self.state.checkpoint(), self.steps);
        let result = self.run(request, None, false, observer);
        self.state.revert(before);
        self.steps = steps;
        let (transaction, receipt, fee) = result?;
        Ok(Receipt {
            id: transaction.id,
            height: self.height,
            index: self.next_index()?,
            sender: request.sender,
            target: request.contract,
            fee,
            action: ActionReceipt::Call(receipt),
        })
    }

    /// Makes the call with `image` in place of the contract's own, and takes back all that came of it.
    ///
    /// # Errors
    /// If `image` cannot be run, or the node fails. That the call cannot begin is in the trial.
    pub fn try_with(
        &mut self,
        request: &CallRequest<'_>,
        image: &Image,
    ) -> Result<Trial, ChainError> {
        let (before, steps) = (self.state.checkpoint(), self.steps);
        let result = self.run(request, Some(image), true, &mut ());
        if result.is_err() {
            self.state.revert(before);
        }
        let receipt = match result {
            Ok((_, receipt, _)) => Ok(receipt),
            Err(error @ (ChainError::Image(_) | ChainError::NoEngine(_))) => return Err(error),
            Err(error) if error.is_node() => return Err(error),
            Err(error) => Err(error.to_string()),
        };
        let trial = Trial {
            receipt,
            host_calls: self.host_calls(),
            writes: self.writes(),
        };
        self.state.revert(before);
        self.steps = steps;
        Ok(trial)
    }

    /// What its transactions have written so far, in order of key; `None` where a key was removed.
    #[must_use]
    pub fn writes(&self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        self.state.writes().into_iter().collect()
    }

    /// Runs a call on this block's state, with the contract's own image if it is given no other: its
    /// id and action, receipt and fee. Nothing is prepared or hashed for a call that cannot be paid. A transaction
    /// needs a sender with a key.
    fn run(
        &mut self,
        request: &CallRequest<'_>,
        image: Option<&Image>,
        needs_key: bool,
        observer: &mut dyn CallObserver,
    ) -> Result<(Identified, Box<CallReceipt>, u64), ChainError> {
        let CallRequest {
            sender,
            contract: id,
            input,
            value,
            payment,
        } = *request;
        self.forget_reads();
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
        let contract = self.contract(&id)?;
        let Contract {
            code_hash,
            semantics,
            ..
        } = contract;
        let rules = self.chain.rules(semantics);
        let mut transaction = Transaction {
            schedule: &rules.schedule,
            context: CallContext {
                semantics,
                network: self.chain.genesis().network,
                height: self.height,
                chain_tip: self.parent.height,
                block_time: self.time,
                tip_time: u32::try_from(self.parent.time).unwrap_or(u32::MAX),
                tx_hash: Hash::default(),
                sender,
                contract: id,
                input,
                pay_amount: value,
                traversal: true,
                account_check: false,
            },
            payment,
            needs_key,
            cycles: Cycles(u64::MAX),
            steps: Steps(u64::MAX),
        };
        session::admit(&transaction, contract.entry_gas, &mut self.state)??;
        let prepared = match image {
            Some(image) => self.chain.modules().prepare(image, &rules)?,
            None => self.ready(&id, &contract)?,
        };
        let action = self.identify(Action::Call {
            sender,
            contract: id,
            input: input.to_vec(),
            value,
            payment,
        })?;
        transaction.context.tx_hash = action.id;
        transaction.context.account_check = prepared.account_check();
        let buffer = std::mem::take(&mut self.log);
        let mut watched = (HostLog::new(buffer, self.kept.as_mut()), observer);
        let executed = session::apply(
            &transaction,
            &prepared,
            &mut self.state,
            self.chain,
            &mut watched,
        )?;
        let (host_calls, host_log, buffer) = watched.0.finish();
        self.log = buffer;
        let Executed {
            rejection,
            report,
            requests,
            steps_charged,
            fee,
            ..
        } = executed;
        let Some(report) = report else {
            // Without a run there was a reason not to run.
            return Err(rejection.unwrap_or(Rejection::UnknownSender).into());
        };
        self.charge_steps(steps_charged)?;
        let usage = report.usage;
        let receipt = CallReceipt {
            semantics,
            engine: prepared.engine(),
            schedule: rules.schedule.version,
            code_hash,
            input_hash: blake2b(input),
            value,
            verdict: match rejection {
                None => Verdict::Success,
                Some(Rejection::Run(outcome)) => outcome.into(),
                Some(other) => Verdict::SettlementFailed {
                    reason: other.to_string(),
                },
            },
            cycles: usage.cycles.0,
            instructions: usage.instructions.0,
            steps: usage.steps,
            gas: usage.gas.0,
            refund: usage.refund.0,
            host_calls,
            host_log,
            prints: requests.prints,
        };
        Ok((action, Box::new(receipt), fee))
    }

    /// The contract of this id. What is deployed stays as it is.
    fn contract(&mut self, id: &RegId) -> Result<Contract, ChainError> {
        if let Some((last, contract, _)) = &self.ready
            && last == id
        {
            return Ok(*contract);
        }
        Contract::load(&mut self.state, id)?.ok_or_else(|| ChainError::NoContract {
            name: names::RegIdText(*id).to_string(),
        })
    }

    /// `contract`, whose id this is, ready to run.
    fn ready(&mut self, id: &RegId, contract: &Contract) -> Result<Arc<dyn Module>, ChainError> {
        if let Some((last, _, prepared)) = &self.ready
            && last == id
        {
            return Ok(prepared.clone());
        }
        let modules = self.chain.modules();
        let rules = self.chain.rules(contract.semantics);
        let prepared = modules.get(&mut self.state, &contract.code_hash, &rules)?;
        self.ready = Some((*id, *contract, prepared.clone()));
        Ok(prepared)
    }

    /// Writes the block into the store: transactions, receipts and all changes, or nothing. It is durable
    /// when this returns.
    ///
    /// # Errors
    /// [`ChainError::Overtaken`] where the block before it is no longer the newest, or if the store fails.
    pub fn commit(mut self) -> Result<(Block, Vec<Receipt>), ChainError> {
        let ids: Vec<Hash> = self.transactions.iter().map(|t| t.id).collect();
        let encoded: Vec<Vec<u8>> = self.receipts.iter().map(Receipt::encode).collect();
        let header = Header {
            height: self.height,
            time: self.time,
            parent: self.parent.hash,
            transactions: hash_of_hashes(&ids),
            receipts: hash_of_hashes(&blake2b_each(encoded.iter().map(Vec::as_slice))),
        };
        let head = Head {
            height: self.height,
            time: self.time,
            hash: header.hash(),
        };
        self.state.put(&keys::meta(HEAD), head.encode());
        // Blocks, transactions, receipts and undo records are new keys: taking them back is removing them.
        let undo = rollback::encode(&self.state.replaced()?);
        let mut batch = self.state.writes();
        batch.insert(keys::undo(self.height).into(), Some(undo));
        batch.insert(keys::block(self.height).into(), Some(header.encode()));
        let ids_stored = ids.as_flattened().to_vec();
        batch.insert(keys::ids(self.height).into(), Some(ids_stored));
        let mut actions = Vec::with_capacity(ids.len());
        for (transaction, receipt) in self.transactions.into_iter().zip(encoded) {
            let Identified { id, action, stored } = transaction;
            batch.insert(keys::transaction(&id).into(), Some(stored));
            batch.insert(keys::receipt(&id).into(), Some(receipt));
            actions.push(action);
        }
        self.chain.commit_after(&self.parent, batch)?;
        Ok((Block { header, actions }, self.receipts))
    }

    /// Adds a transaction and its receipt to the block.
    fn finish_transaction(
        &mut self,
        transaction: Identified,
        (sender, target): (RegId, RegId),
        fee: u64,
        action: ActionReceipt,
    ) -> &Receipt {
        let index = u16::try_from(self.receipts.len()).expect("checked when the transaction began");
        let receipt = Receipt {
            id: transaction.id,
            height: self.height,
            index,
            sender,
            target,
            fee,
            action,
        };
        self.transactions.push(transaction);
        self.receipts.push(receipt);
        &self.receipts[usize::from(index)]
    }

    /// `action` as the next transaction, with its id.
    fn identify(&self, action: Action) -> Result<Identified, ChainError> {
        let stored = action.stored(self.height, self.next_index()?);
        Ok(Identified {
            id: blake2b(&stored),
            action,
            stored,
        })
    }

    fn next_index(&self) -> Result<u16, ChainError> {
        u16::try_from(self.receipts.len())
            .map_err(|_| ChainError::BlockFull("it has 65,536 transactions"))
    }

    /// The registered id of what the next transaction makes.
    fn next_regid(&self) -> Result<RegId, ChainError> {
        Ok(accounts::regid(self.height, self.next_index()?))
    }

    fn check_free(&mut self, name: &str) -> Result<(), ChainError> {
        names::check_name(name)?;
        match names::named(&mut self.state, name)? {
            Some(_) => Err(ChainError::NameTaken { name: name.into() }),
            None => Ok(()),
        }
    }

    /// `account`, which is to be registered under `key_id`, with what was paid to its address before.
    fn with_paid(&mut self, key_id: &KeyId, account: Account) -> Result<Account, ChainError> {
        let paid = Account::load(&mut self.state, key_id)?.unwrap_or_default();
        if let Some(id) = paid.regid {
            return Err(ChainError::AddressTaken {
                regid: names::RegIdText(id).to_string(),
            });
        }
        let most = self.chain.genesis().network.max_amount();
        let balance = account.balance.saturating_add(paid.balance);
        if balance > most {
            return Err(ChainError::AmountTooLarge {
                amount: balance,
                most,
            });
        }
        Ok(Account { balance, ..account })
    }

    /// Gives up what is kept of keys that were only looked at, if that is much: nobody pays for what a refused
    /// transaction looks at, and a block can refuse any number of them.
    fn forget_reads(&mut self) {
        if self.state.reads_size() > READS_KEPT {
            self.state.forget_reads();
        }
    }

    fn pay(&mut self, sender: &RegId, cost: u64) -> Result<(), ChainError> {
        self.forget_reads();
        let account = Account::of(&mut self.state, sender)?;
        let (place, mut account) = account.ok_or(Rejection::UnknownSender)?;
        if account.public_key.is_none() {
            return Err(Rejection::NoKey.into());
        }
        let balance = account.balance;
        account.balance = balance
            .checked_sub(cost)
            .ok_or(Rejection::InsufficientBalance { balance, cost })?;
        account.set(&mut self.state, place);
        Ok(())
    }

    /// Counts the steps of a call that was accepted under the old chain's rules.
    fn charge_steps(&mut self, steps: u64) -> Result<(), ChainError> {
        let total = self.steps.saturating_add(steps);
        if total > MAX_STEPS {
            return Err(ChainError::BlockFull("its calls took 12,000,000 steps"));
        }
        self.steps = total;
        Ok(())
    }
}
