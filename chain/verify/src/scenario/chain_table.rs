//! The chain of a scenario.

use abi::Schedule;
use chain::FuelRate;
use hostapi::Network;
use serde::Deserialize;
use std::num::NonZeroU16;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ChainTable {
    pub(super) network: String,
    pub(super) height: u32,
    pub(super) time: u64,
    pub(super) block_seconds: u32,
    pub(super) gas_price: u64,
    pub(super) upgrades: bool,
    pub(super) schedule: String,
    pub(super) fuel_rate: Option<FuelTable>,
}

/// How the price of gas follows the use of blocks.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FuelTable {
    pub(super) window: NonZeroU16,
    #[serde(default)]
    pub(super) floor: u64,
}

impl From<FuelTable> for FuelRate {
    fn from(FuelTable { window, floor }: FuelTable) -> FuelRate {
        let window = window.get();
        FuelRate { window, floor }
    }
}

impl Default for ChainTable {
    fn default() -> Self {
        ChainTable {
            network: Network::Test.name().into(),
            height: 10,
            time: 1_735_689_600,
            block_seconds: 10,
            gas_price: 0,
            upgrades: true,
            schedule: Schedule::DATA_SHEET.name().into(),
            fuel_rate: None,
        }
    }
}
