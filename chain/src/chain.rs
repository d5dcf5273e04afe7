//! [`Chain`]: a store with a chain in it, and the engines to run its contracts.

use crate::block::{Block, Header, ids_of};
use crate::body::{Body, Stored};
use crate::error::ChainError;
use crate::genesis::{GENESIS, Genesis, check_format, first_block};
use crate::head::Head;
use crate::modules::Modules;
use crate::names;
use crate::receipt::Receipt;
use crate::registry::{Contract, ContractRecord};
use crate::schedules::LastRead;
use abi::Schedule;
use bridge::Engine;
use hostapi::deferred::{Deferred, QueuePlace};
use hostapi::{ChainView, KnownTx, NodeError};
use state::keys::{self, Hash, RegId, kind};
use state::{Batch, Overlay, StateStore};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A chain: a store, and the engines that run its contracts.
#[derive(Debug)]
pub struct Chain {
    store: Box<dyn StateStore>,
    genesis: Genesis,
    modules: Modules,
    last_read: LastRead,
    /// Held while the store is changed.
    changing: Mutex<()>,
}

impl Chain {
    /// The chain in `store`. An empty store gets a chain that begins with `genesis`.
    ///
    /// # Errors
    /// [`ChainError::NoSchedule`] for a new chain with an unknown one;
    /// [`ChainError::Format`] for a store that another version of the program wrote; or if the store cannot be
    /// read or written, or holds something else than a chain.
    pub fn open(store: Box<dyn StateStore>, genesis: Genesis) -> Result<Chain, ChainError> {
        match store.get(&keys::meta(GENESIS))? {
            None if store.next(b"", None)?.is_none() => {
                Schedule::of_version(genesis.schedule).ok_or(ChainError::NoSchedule)?;
                store.commit(first_block(&genesis))?;
                Ok(Chain::of(store, genesis))
            }
            stored => Chain::begun_with(store, stored),
        }
    }

    /// The chain in `store`, which must have one. Nothing is written.
    ///
    /// # Errors
    /// [`ChainError::Format`] for a store that another version of the program wrote; or if the store cannot be
    /// read, or holds no chain.
    pub fn existing(store: Box<dyn StateStore>) -> Result<Chain, ChainError> {
        let stored = store.get(&keys::meta(GENESIS))?;
        Chain::begun_with(store, stored)
    }

    /// The chain in `store`, where `stored` is what it keeps of its beginning.
    fn begun_with(
        store: Box<dyn StateStore>,
        stored: Option<Vec<u8>>,
    ) -> Result<Chain, ChainError> {
        let damaged = |expected| NodeError::damaged(&keys::meta(GENESIS), expected);
        let stored = stored.ok_or_else(|| damaged("the chain's first settings are expected"))?;
        check_format(&*store)?;
        let genesis = Genesis::decode(&stored);
        let genesis = genesis.ok_or_else(|| damaged("the chain's first settings are expected"))?;
        Ok(Chain::of(store, genesis))
    }

    fn of(store: Box<dyn StateStore>, genesis: Genesis) -> Chain {
        Chain {
            store,
            genesis,
            modules: Modules::new(),
            last_read: LastRead::default(),
            changing: Mutex::new(()),
        }
    }

    /// The same chain with other engines: of each kind of image the first that runs it. Watched engines are
    /// for queries, never for what makes blocks.
    #[must_use]
    pub fn with_engines(self, engines: Vec<Box<dyn Engine>>) -> Chain {
        Chain {
            modules: Modules::with(engines),
            ..self
        }
    }

    /// What the chain began with.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn StateStore {
        &*self.store
    }

    /// Gives the store back.
    #[must_use]
    pub fn into_store(self) -> Box<dyn StateStore> {
        self.store
    }

    pub(crate) const fn last_read(&self) -> &LastRead {
        &self.last_read
    }

    /// The engines, and what they have prepared.
    pub const fn modules(&self) -> &Modules {
        &self.modules
    }

    /// The state after the newest block, to look at.
    #[must_use]
    pub fn state(&self) -> Overlay<'_> {
        Overlay::new(&*self.store)
    }

    /// The newest block.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn head(&self) -> Result<Head, NodeError> {
        Head::load(&*self.store)
    }

    /// The block at `height`.
    ///
    /// # Errors
    /// [`ChainError::NoBlock`], or if the store cannot be read or holds something else.
    pub fn block(&self, height: u32) -> Result<Block, ChainError> {
        let Some(header) = self.header(height)? else {
            return Err(ChainError::NoBlock {
                asked: height,
                newest: self.head()?.height,
            });
        };
        let body = |id| {
            let body = self.stored(&id, |stored| stored.body())?;
            let key = keys::transaction(&id);
            body.ok_or_else(|| NodeError::damaged(&key, "a transaction is expected"))
        };
        let bodies = self.ids(height)?.into_iter().map(body);
        Ok(Block {
            header,
            bodies: bodies.collect::<Result<_, _>>()?,
        })
    }

    /// The receipt of a transaction.
    ///
    /// # Errors
    /// [`ChainError::NoReceipt`], or if the store cannot be read or holds something else.
    pub fn receipt(&self, id: &Hash) -> Result<Receipt, ChainError> {
        let receipt = self.read(&keys::receipt(id), "a receipt is expected", Receipt::decode)?;
        receipt.ok_or(ChainError::NoReceipt(*id))
    }

    /// The ids that begin with `prefix`, an id's first hex digits; at most two, so that one can see
    /// whether the prefix names one transaction.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn ids_with_prefix(&self, prefix: &[u8]) -> Result<Vec<Hash>, NodeError> {
        let mut found = Vec::new();
        let prefix = [&[kind::TRANSACTION], prefix].concat();
        let mut after: Option<Vec<u8>> = None;
        while found.len() < 2
            && let Some((key, _)) = self.store.next(&prefix, after.as_deref())?
        {
            found.extend(key[1..].first_chunk().copied());
            after = Some(key);
        }
        Ok(found)
    }

    /// The account or contract that `text` stands for: `HEIGHT-INDEX`, a local name, or an address.
    ///
    /// # Errors
    /// [`ChainError::Unknown`], or if the store cannot be read.
    pub fn resolve(&self, text: &str) -> Result<RegId, ChainError> {
        names::resolve(&mut self.state(), self.genesis.network, text)
    }

    /// The contract that `text` stands for.
    ///
    /// # Errors
    /// [`ChainError::Unknown`], [`ChainError::NoContract`], [`ChainError::Undeployed`], or if the store cannot be read.
    pub fn contract(&self, text: &str) -> Result<(RegId, Contract), ChainError> {
        let mut state = self.state();
        let id = names::resolve(&mut state, self.genesis.network, text)?;
        let name = || text.into();
        let record = ContractRecord::load(&mut state, &id)?;
        let record = record.ok_or_else(|| ChainError::NoContract { name: name() })?;
        let contract = record.contract;
        contract
            .map(|contract| (id, contract))
            .ok_or_else(|| ChainError::Undeployed { name: name() })
    }

    /// The deferred actions that wait, in the order in which they will be executed.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn deferred(&self) -> Result<Vec<(QueuePlace, Deferred)>, NodeError> {
        let mut waiting = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        while let Some((key, value)) = self.store.next(&[kind::DEFERRED], after.as_deref())? {
            waiting.push(Deferred::of_pair(&key, &value)?);
            after = Some(key);
        }
        Ok(waiting)
    }

    /// Local names by registered id.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn names(&self) -> Result<BTreeMap<RegId, String>, NodeError> {
        Ok(names::all(&mut self.state())?
            .into_iter()
            .map(|(name, id)| (id, name))
            .collect())
    }

    /// The value of `key`, read by `read`.
    fn read<T>(
        &self,
        key: &[u8],
        expected: &'static str,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, NodeError> {
        let Some(stored) = self.store.get(key)? else {
            return Ok(None);
        };
        read(&stored)
            .map(Some)
            .ok_or_else(|| NodeError::damaged(key, expected))
    }

    fn header(&self, height: u32) -> Result<Option<Header>, NodeError> {
        let key = keys::block(height);
        self.read(&key, "the header of a block is expected", Header::decode)
    }

    /// The ids of the transactions of the block at `height`.
    pub(crate) fn ids(&self, height: u32) -> Result<Vec<Hash>, NodeError> {
        let (key, expected) = (keys::ids(height), "the ids of a block are expected");
        let ids = self.read(&key, expected, |stored| {
            ids_of(stored).map(<[Hash]>::to_vec)
        })?;
        ids.ok_or_else(|| NodeError::damaged(&key, expected))
    }

    /// What the transaction `id` does, if there is one.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn body(&self, id: &Hash) -> Result<Option<Body>, NodeError> {
        self.stored(id, |stored| stored.body())
    }

    /// What `read` makes of the transaction `id`, if there is one.
    fn stored<T>(
        &self,
        id: &Hash,
        read: impl FnOnce(Stored<'_>) -> Option<T>,
    ) -> Result<Option<T>, NodeError> {
        self.read(
            &keys::transaction(id),
            "a transaction is expected",
            |stored| Stored::read(stored).and_then(read),
        )
    }

    /// Commits `batch`, which goes on from the state after `parent`.
    pub(crate) fn commit_after(&self, parent: &Head, batch: Batch) -> Result<(), ChainError> {
        let _alone = self.alone();
        let newest = self.head()?;
        if newest != *parent {
            return Err(ChainError::Overtaken {
                height: parent.height.saturating_add(1),
                newest: newest.height,
            });
        }
        Ok(self.store.commit(batch)?)
    }

    /// Nobody else changes the store as long as this is held.
    pub(crate) fn alone(&self) -> MutexGuard<'_, ()> {
        // Who panicked while holding it has committed a whole batch or nothing.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChainView for Chain {
    fn block_hash(&self, height: u32) -> Result<Option<Hash>, NodeError> {
        Ok(self.header(height)?.map(|header| header.hash()))
    }

    fn transaction(&self, hash: &Hash) -> Result<Option<KnownTx>, NodeError> {
        self.stored(hash, |stored| {
            Some(KnownTx {
                sender: stored.sender()?,
                height: stored.height,
            })
        })
    }

    fn transaction_input(&self, hash: &Hash) -> Result<Option<Vec<u8>>, NodeError> {
        self.stored(hash, |stored| stored.input().map(<[u8]>::to_vec))
    }
}
