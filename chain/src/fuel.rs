//! The controller of the original chain's fuel rate: the price of a gas follows the use of blocks.
//!
//! It works where the chain was begun with a [`FuelRate`] and the schedule in force asks for it. After each block the
//! gas of the newest blocks is averaged; below 75 % of what a block may have the price goes down by a tenth, above 85 %
//! it goes up by one. All numbers are whole, rounded down.

use crate::chain::Chain;
use crate::wire::{Reader, Writer};
use abi::Schedule;
use hostapi::NodeError;
use state::keys;

/// Under this name the store keeps the price and the gas of the newest blocks, once there was a block that counts.
pub(crate) const FUEL_NAME: &str = "fuel";

/// The settings of the controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FuelRate {
    /// How many blocks are averaged, at least 1. The price does not change before there are so many.
    pub window: u16,
    /// The least price of a gas, in the smallest unit.
    pub floor: u64,
}

/// The price of a gas, and the gas of the newest blocks, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fuel {
    price: u64,
    used: Vec<u64>,
}

impl Fuel {
    /// The stored form: price 8, and the gas of each block 8.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(8 + 8 * self.used.len());
        w.u64(self.price);
        self.used.iter().for_each(|gas| w.u64(*gas));
        w.end()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Fuel> {
        let mut r = Reader(bytes);
        let price = r.u64()?;
        let mut used = Vec::new();
        while r.end().is_none() {
            used.push(r.u64()?);
        }
        Some(Fuel { price, used })
    }

    /// Whether it can stand on a chain with these settings.
    pub(crate) fn fits(&self, settings: &FuelRate) -> bool {
        self.used.len() <= usize::from(settings.window) && self.price >= settings.floor
    }

    /// Counts a block that took so much gas of the `most` that it may have.
    fn count(&mut self, gas: u64, most: u64, settings: &FuelRate) {
        self.used.push(gas);
        let window = usize::from(settings.window.max(1));
        let surplus = self.used.len().saturating_sub(window);
        self.used.drain(..surplus);
        if self.used.len() < window {
            return;
        }
        let total: u128 = self.used.iter().map(|gas| u128::from(*gas)).sum();
        let average = total / self.used.len() as u128;
        let (used, most) = (100 * average, u128::from(most));
        let price = u128::from(self.price);
        let price = if used < 75 * most {
            price * 9 / 10
        } else if used > 85 * most {
            price * 11 / 10
        } else {
            price
        };
        self.price = u64::try_from(price).unwrap_or(u64::MAX).max(settings.floor);
    }
}

/// The settings, where they count under `schedule`.
fn settings(chain: &Chain, schedule: &Schedule) -> Option<FuelRate> {
    let counts = schedule.general.fuel_rate == 1 && schedule.general.block_gas_max > 0;
    chain.genesis().fuel_rate.filter(|_| counts)
}

/// What stands in the store; before the first block that counts the price that the chain began with.
fn load(chain: &Chain, settings: &FuelRate) -> Result<Fuel, NodeError> {
    let key = keys::meta(FUEL_NAME);
    let damaged =
        || NodeError::damaged(&key, "the price of gas and the gas of blocks are expected");
    match chain.store().get(&key)? {
        None => Ok(Fuel {
            price: chain.genesis().gas_price.max(settings.floor),
            used: Vec::new(),
        }),
        Some(bytes) => Fuel::decode(&bytes).ok_or_else(damaged),
    }
}

/// The price of a gas in the block after the newest one, on which `schedule` is in force.
pub(crate) fn price(chain: &Chain, schedule: &Schedule) -> Result<u64, NodeError> {
    match settings(chain, schedule) {
        None => Ok(chain.genesis().gas_price),
        Some(settings) => Ok(load(chain, &settings)?.price),
    }
}

/// What the store keeps once the block after the newest one has taken so much gas; `None` where that does not count.
pub(crate) fn after(
    chain: &Chain,
    schedule: &Schedule,
    gas: u64,
) -> Result<Option<Vec<u8>>, NodeError> {
    let Some(settings) = settings(chain, schedule) else {
        return Ok(None);
    };
    let mut fuel = load(chain, &settings)?;
    fuel.count(gas, schedule.general.block_gas_max, &settings);
    Ok(Some(fuel.encode()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: FuelRate = FuelRate {
        window: 2,
        floor: 5,
    };

    fn prices(from: u64, blocks: &[u64]) -> Vec<u64> {
        let mut fuel = Fuel {
            price: from,
            used: Vec::new(),
        };
        let count = |gas: &u64| {
            fuel.count(*gas, 1_000, &SETTINGS);
            assert_eq!(Fuel::decode(&fuel.encode()), Some(fuel.clone()));
            assert!(fuel.fits(&SETTINGS));
            fuel.price
        };
        blocks.iter().map(count).collect()
    }

    /// Averages of 749, 750, 850 and 851 of 1,000, each of two blocks.
    #[test]
    fn price_follows_the_average_of_the_window() {
        assert_eq!(prices(100, &[749, 749]), [100, 90]);
        assert_eq!(prices(100, &[749, 751]), [100, 100]);
        assert_eq!(prices(100, &[850, 850]), [100, 100]);
        assert_eq!(prices(100, &[850, 852]), [100, 110]);
        assert_eq!(prices(100, &[0, 0, 1_000, 1_000]), [100, 90, 81, 89]);
    }

    #[test]
    fn price_is_whole_and_never_below_the_floor() {
        assert_eq!(prices(7, &[0, 0, 0, 0]), [7, 6, 5, 5]);
        assert_eq!(prices(9, &[999, 999, 999]), [9, 9, 9]);
        let most = prices(u64::MAX, &[999, 999]);
        assert_eq!(most, [u64::MAX; 2]);
    }
}
