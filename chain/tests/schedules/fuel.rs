//! The price of gas on a chain whose blocks it follows.

use crate::common::{PARTIES, set_up};
use abi::Schedule;
use chain::{Chain, FuelRate, Genesis};
use state::MemStore;

fn chain(schedule: &Schedule, fuel_rate: Option<FuelRate>) -> Chain {
    let genesis = Genesis {
        schedule: schedule.version,
        gas_price: 100,
        fuel_rate,
        ..Genesis::default()
    };
    let chain = Chain::open(Box::new(MemStore::new()), genesis).unwrap();
    set_up(&chain);
    chain
}

const RATE: FuelRate = FuelRate {
    window: 3,
    floor: 80,
};

/// Blocks that use little: the price goes down by a tenth each, but not before the window is full, nor below the
/// floor; transfers pay it, and blocks that are taken back bring it back.
#[test]
fn price_follows_blocks_and_comes_back_with_them() {
    let chain = chain(&Schedule::DACRS, Some(RATE));
    let mut prices = vec![chain.gas_price().unwrap()];
    for _ in 0..4 {
        let mut block = chain.begin_block().unwrap();
        let price = block.gas_price();
        let moved = block.transfer(PARTIES.alice, PARTIES.bob, 1).unwrap();
        assert_eq!(moved.fee, moved.gas * price);
        block.commit().unwrap();
        prices.push(chain.gas_price().unwrap());
    }
    assert_eq!(prices, [100, 90, 81, 80, 80]);
    assert_eq!(chain.check().unwrap().problems, []);
    chain.rollback(3).unwrap();
    assert_eq!(chain.gas_price().unwrap(), 90);
}

#[test]
fn price_stays_without_the_controller() {
    for (schedule, fuel_rate) in [
        (&Schedule::DATA_SHEET, Some(RATE)),
        (&Schedule::DACRS, None),
    ] {
        let chain = chain(schedule, fuel_rate);
        for _ in 0..5 {
            chain.begin_block().unwrap().commit().unwrap();
        }
        assert_eq!(chain.gas_price().unwrap(), 100);
    }
}

/// A block of `dacrs` has 12,000,000 gas: no transaction begins once it has taken that.
#[test]
fn a_block_that_took_its_gas_is_full() {
    let chain = chain(&Schedule::DACRS, Some(RATE));
    let mut block = chain.begin_block().unwrap();
    let full = loop {
        match block.transfer(PARTIES.alice, PARTIES.bob, 1) {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(
        full.to_string(),
        "the block is full: it has taken the gas of a block"
    );
    let gas: u64 = block.receipts().iter().map(|receipt| receipt.gas).sum();
    let last = block.receipts().last().unwrap().gas;
    assert!((gas - last..=gas).contains(&12_000_000), "{gas}");
    block.commit().unwrap();
    // Two blocks of the window used nothing much, and this one all.
    assert_eq!(chain.gas_price().unwrap(), 90);
    assert_eq!(chain.check().unwrap().problems, []);
}
