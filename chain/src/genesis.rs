//! [`Genesis`]: the settings a chain begins with, its first block, and the version of its store.

use crate::block::{Header, hash_of_hashes};
use crate::error::ChainError;
use crate::fuel::FuelRate;
use crate::head::{HEAD, Head};
use crate::wire::{Reader, Writer};
use abi::Schedule;
use hostapi::NodeError;
use hostapi::network::Network;
use state::keys::{self, Hash};
use state::{Batch, StateStore};

/// The version of the key schema and of all stored forms. Version 1 kept a block's transactions in the block
/// and had no version under its name; version 2 did not keep what entering a contract costs; receipts of version 3
/// had one call at most; version 4 had no lists of actions, and took registered ids from the places of transactions.
pub const FORMAT: u16 = 5;
/// Under this name the store keeps [`FORMAT`] (LE16).
pub(crate) const FORMAT_NAME: &str = "format";
/// Under this name the store keeps [`Genesis`].
pub(crate) const GENESIS: &str = "genesis";

/// What a chain begins with. It never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// Which network's addresses and amounts hold.
    pub network: Network,
    /// The height of the first block.
    pub height: u32,
    /// The time of the first block, in seconds since 1970.
    pub time: u64,
    /// How many seconds lie between two blocks.
    pub block_seconds: u32,
    /// What one gas costs, in the smallest unit.
    pub gas_price: u64,
    /// Whether the owner of a contract can set its code again, and remove it.
    pub upgrades: bool,
    /// The version of the gas schedule that is in force first, one of [`Schedule::PRESETS`].
    pub schedule: u16,
    /// How the price of gas follows the use of blocks, under a schedule that lets it.
    pub fuel_rate: Option<FuelRate>,
}

impl Default for Genesis {
    /// A local chain: the test network's addresses, a block every ten seconds from 2025-01-01 on, a gas
    /// costs one unit, and owners can upgrade their contracts.
    fn default() -> Self {
        Genesis {
            network: Network::Test,
            height: 0,
            time: 1_735_689_600,
            block_seconds: 10,
            gas_price: 1,
            upgrades: true,
            schedule: Schedule::DATA_SHEET.version,
            fuel_rate: None,
        }
    }
}

impl Genesis {
    /// The stored form: place in [`Network::ALL`] 1, height 4, time 8, seconds 4, gas price 8, upgrades 1, and unless
    /// all is as usual: version of the schedule 2, window of the fuel rate 2 (0 for none), its floor 8.
    fn encode(&self) -> Vec<u8> {
        let network = Network::ALL
            .iter()
            .position(|network| *network == self.network);
        let network = u8::try_from(network.unwrap_or_default()).expect("there are few networks");
        let mut w = Writer::with_capacity(26);
        w.u8(network);
        w.u32(self.height);
        w.u64(self.time);
        w.u32(self.block_seconds);
        w.u64(self.gas_price);
        w.u8(u8::from(self.upgrades));
        let usual = Genesis::default();
        if (self.schedule, self.fuel_rate) != (usual.schedule, usual.fuel_rate) {
            w.u16(self.schedule);
            let FuelRate { window, floor } = self.fuel_rate.unwrap_or_default();
            w.u16(window);
            w.u64(floor);
        }
        w.end()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Genesis> {
        let mut r = Reader(bytes);
        let mut genesis = Genesis {
            network: *Network::ALL.get(usize::from(r.u8()?))?,
            height: r.u32()?,
            time: r.u64()?,
            block_seconds: r.u32()?,
            gas_price: r.u64()?,
            upgrades: r.flag()?,
            ..Genesis::default()
        };
        if r.end().is_none() {
            genesis.schedule = r.u16()?;
            let (window, floor) = (r.u16()?, r.u64()?);
            genesis.fuel_rate = (window > 0).then_some(FuelRate { window, floor });
        }
        r.end()?;
        Some(genesis)
    }
}

/// Refuses a store of another version than [`FORMAT`].
pub(crate) fn check_format(store: &dyn StateStore) -> Result<(), ChainError> {
    let key = keys::meta(FORMAT_NAME);
    let found = match store.get(&key)? {
        None => 1, // it had no version yet
        Some(stored) => {
            let stored = stored.try_into().map(u16::from_le_bytes);
            stored.map_err(|_| NodeError::damaged(&key, "a version is expected"))?
        }
    };
    if found == FORMAT {
        Ok(())
    } else {
        Err(ChainError::Format {
            found,
            ours: FORMAT,
        })
    }
}

/// What a new store begins with: the settings, the prices, and a block without transactions. A schedule that this
/// version of the program does not have is `data-sheet`; [`Chain::open`](crate::Chain::open) begins no chain with it.
pub(crate) fn first_block(genesis: &Genesis) -> Batch {
    let schedule = Schedule::of_version(genesis.schedule).unwrap_or(&Schedule::DATA_SHEET);
    let none = hash_of_hashes(&[]);
    let header = Header {
        height: genesis.height,
        time: genesis.time,
        parent: Hash::default(),
        transactions: none,
        receipts: none,
    };
    let head = Head {
        height: header.height,
        time: header.time,
        hash: header.hash(),
    };
    Batch::from([
        (
            keys::schedule(genesis.height).to_vec(),
            Some(schedule.encode()),
        ),
        (keys::meta(FORMAT_NAME), Some(FORMAT.to_le_bytes().into())),
        (keys::meta(GENESIS), Some(genesis.encode())),
        (keys::meta(HEAD), Some(head.encode())),
        (keys::block(genesis.height).to_vec(), Some(header.encode())),
        (keys::ids(genesis.height).to_vec(), Some(Vec::new())),
    ])
}
