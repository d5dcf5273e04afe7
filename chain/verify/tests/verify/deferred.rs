//! Recordings of calls that send deferred actions.

use crate::captures::{deploy, replays};
use crate::common::{PARTIES, in_memory, puppet, script};
use crate::nested::ample;
use abi::{codec, method};
use bridge::EngineId;
use chain::ChainError;
use verify::recording::capture;

/// A call that defers an action and cancels another one is recorded, with the price of their gas; but not while one is
/// due before it.
#[test]
fn deferred_actions_are_recorded_as_sent() {
    let (chain, _) = in_memory();
    for engine in [EngineId::Mcs51, EngineId::Wasm] {
        let contract = deploy(&chain, &puppet(engine));
        let defer = |id: u64| {
            let record = [
                &id.to_le_bytes()[..],
                &1u32.to_le_bytes(),
                &1_000_000u64.to_le_bytes(),
                &[0; 8],
                &PARTIES.bob,
                &[0; 16],
            ]
            .concat();
            let by = [&contract[..], &[0; 8]].concat();
            (method::SEND_DEFERRED, codec::request(&[&record, &by]))
        };
        let cancel = (method::CANCEL_DEFERRED, codec::request(&[&[2; 8]]));
        // The second one lacks the money, so the price of its gas can be told.
        let calls = script(&[defer(1), defer(2), cancel], 1);
        let call = ample(contract, 1_500_000, &calls);
        let row = replays(&chain, &call);
        assert_eq!(row.context.gas_price, Some(chain.genesis().gas_price));
        assert_eq!(row.calls[0].status, Some(1));
        assert_eq!(row.calls[1].status, Some(0));
        let mut block = chain.begin_block().unwrap();
        block.call(&call, &mut ()).unwrap();
        block.commit().unwrap();
        let error = capture(&chain, &call).unwrap_err();
        assert!(
            matches!(error, ChainError::RecordingBehindOthers),
            "{error}"
        );
        chain.begin_block().unwrap().commit().unwrap();
        capture(&chain, &call).unwrap();
    }
}
