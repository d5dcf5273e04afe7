//! [`OpenBlock`]: a block being made. Nothing of it is in the store before [`OpenBlock::commit`].
//!
//! | module | holds |
//! |---|---|
//! | `account`, `transfer`, `deploy`, `call` | a transaction of each kind, with its receipt |
//! | `actions` | a transaction of several actions, and what follows the run of a contract |
//! | `deferred` | the deferred actions that are due |
//! | `reserve` | the fee of a transaction of actions, taken before it |
//! | `dry_run` | a call with another image, reverted |
//! | `again` | a stored transaction, executed again |
//! | `outcome` | the receipt of a finished transaction |
//! | `commit` | the finished block, written in one batch |

mod account;
mod actions;
pub(crate) mod again;
mod call;
mod commit;
mod deferred;
mod deploy;
mod dry_run;
mod frames;
mod outcome;
mod reserve;
mod transfer;

use crate::body::Body;
use crate::chain::Chain;
use crate::error::ChainError;
use crate::fuel;
use crate::head::Head;
use crate::hostlog::{HostCalls, Kept};
use crate::receipt::Receipt;
use crate::registry::Contract;
use abi::{Schedule, Semantics};
use bridge::{Module, Rules};
use hostapi::accounts;
use hostapi::hash::blake2b;
use state::Overlay;
use state::keys::{Hash, RegId};
use std::sync::Arc;

pub use call::CallRequest;
pub use deploy::{Deploy, Init, SetCode};
pub use dry_run::DryRun;

impl Chain {
    /// Begins the block after the newest one. The deferred actions that are due are its first transactions.
    ///
    /// # Errors
    /// If the node fails, or there is no higher height.
    pub fn begin_block(&self) -> Result<OpenBlock<'_>, ChainError> {
        let head = self.head()?;
        let seconds = self.genesis().block_seconds;
        let time = head.time.saturating_add(u64::from(seconds));
        let mut block = OpenBlock::begin(self, head, time)?;
        block.execute_due()?;
        Ok(block)
    }

    /// Begins the block after the newest one, at a time of the caller's choice.
    ///
    /// # Errors
    /// As [`Chain::begin_block`], and [`ChainError::TimeBeforeParent`].
    pub fn begin_block_at(&self, time: u64) -> Result<OpenBlock<'_>, ChainError> {
        let head = self.head()?;
        if time < head.time {
            return Err(ChainError::TimeBeforeParent {
                time,
                parent: head.time,
            });
        }
        let mut block = OpenBlock::begin(self, head, time)?;
        block.execute_due()?;
        Ok(block)
    }

    /// Begins a block that there was, without any of its transactions.
    pub(crate) fn begin_again(&self, time: u64) -> Result<OpenBlock<'_>, ChainError> {
        OpenBlock::begin(self, self.head()?, time)
    }
}

/// The most bytes that a block keeps, between transactions, of keys that were only looked at.
const READS_KEPT: usize = 4 << 20;

/// The transactions of a block that there is room for at first.
const USUAL_TRANSACTIONS: usize = 128;

/// A transaction with its id and its stored form.
#[derive(Debug)]
struct NewTransaction {
    id: Hash,
    body: Body,
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
    transactions: Vec<NewTransaction>,
    receipts: Vec<Receipt>,
    /// The accounts and contracts made so far.
    registered: u32,
    /// The steps charged so far, which the old chain limits.
    steps: u64,
    /// The prices in force.
    schedule: Arc<Schedule>,
    /// The price of a gas, in the smallest unit.
    gas_price: u64,
    /// The buffer of host-call logs and write sets.
    log: Vec<u8>,
    /// The host calls of the last call, where they are asked for.
    kept: Option<Kept>,
    /// The contract last called, ready to run: one is mostly called again.
    ready: Option<(RegId, Contract, Arc<dyn Module>)>,
}

impl<'c> OpenBlock<'c> {
    fn begin(chain: &'c Chain, parent: Head, time: u64) -> Result<Self, ChainError> {
        let height = parent.height.checked_add(1).ok_or(ChainError::LastHeight)?;
        let schedule = chain.schedule_at(height)?.schedule;
        Ok(OpenBlock {
            chain,
            state: chain.state(),
            height,
            gas_price: fuel::price(chain, &schedule)?,
            schedule,
            parent,
            time,
            transactions: Vec::with_capacity(USUAL_TRANSACTIONS),
            receipts: Vec::with_capacity(USUAL_TRANSACTIONS),
            registered: 0,
            steps: 0,
            log: Vec::new(),
            kept: None,
            ready: None,
        })
    }

    /// What contracts of `semantics` are run under.
    fn rules(&self, semantics: Semantics) -> Rules {
        Rules::by(&self.schedule, semantics)
    }

    /// Refuses one more transaction where the block has taken the gas that it may.
    fn check_room(&self) -> Result<(), ChainError> {
        match self.is_full() {
            true => Err(ChainError::BlockFull("it has taken the gas of a block")),
            false => Ok(()),
        }
    }

    /// Whether the block has taken the gas that it may.
    fn is_full(&self) -> bool {
        match self.schedule.general.block_gas_max {
            0 => false,
            most => self.gas() >= most,
        }
    }

    /// The gas of its transactions so far.
    fn gas(&self) -> u64 {
        let gas = self.receipts.iter().map(|receipt| receipt.gas);
        gas.fold(0, u64::saturating_add)
    }

    /// The prices in force in it.
    #[must_use]
    pub const fn schedule(&self) -> &Arc<Schedule> {
        &self.schedule
    }

    /// What a gas costs in it, in the smallest unit.
    #[must_use]
    pub const fn gas_price(&self) -> u64 {
        self.gas_price
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
    /// [`hostlog::USUAL_ROOM`](crate::hostlog::USUAL_ROOM). By default a block keeps none.
    pub fn keep_host_calls(&mut self, room: usize) {
        self.kept = Some(Kept::new(room));
    }

    /// The host calls of the last call; none where [`OpenBlock::keep_host_calls`] did not ask for them.
    #[must_use]
    pub fn host_calls(&self) -> HostCalls {
        self.kept.as_ref().map(Kept::calls).unwrap_or_default()
    }

    /// The writes of its transactions so far, in order of key; `None` where a key was removed.
    #[must_use]
    pub fn writes(&self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        self.state.writes().into_iter().collect()
    }

    /// A transaction that does this as the next one, with its id.
    fn identify(&self, body: Body) -> Result<NewTransaction, ChainError> {
        let stored = body.stored(self.height, self.next_index()?);
        Ok(NewTransaction {
            id: blake2b(&stored),
            body,
            stored,
        })
    }

    fn next_index(&self) -> Result<u16, ChainError> {
        u16::try_from(self.receipts.len())
            .map_err(|_| ChainError::BlockFull("it has 65,536 transactions"))
    }

    /// The registered id of the next account or contract that is made: they are counted in each block.
    fn next_regid(&self) -> Result<RegId, ChainError> {
        let place = u16::try_from(self.registered)
            .map_err(|_| ChainError::BlockFull("65,536 accounts and contracts were made in it"))?;
        Ok(accounts::regid(self.height, place))
    }

    /// Gives up what is kept of keys that were only looked at, if that is much: nobody pays for what
    /// a refused transaction looks at, and a block can refuse any number of them.
    fn forget_reads(&mut self) {
        if self.state.reads_size() > READS_KEPT {
            self.state.forget_reads();
        }
    }
}
