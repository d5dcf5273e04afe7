//! Recordings of calls that call others, and of those that something follows.

use crate::captures::{deploy, request};
use crate::common::{PARTIES, in_memory, puppet, script};
use abi::{codec, method};
use bridge::EngineId;
use chain::ChainError;
use verify::recording::capture;

type Call = (u16, Vec<u8>);

fn notify() -> Call {
    (method::NOTIFY, codec::request(&[&PARTIES.bob]))
}

/// What follows a call is in no recording; a call that fails has nothing follow.
#[test]
fn a_call_that_something_follows_is_not_recorded() {
    let (chain, _) = in_memory();
    let record = [&PARTIES.bob[..], &[0; 16]].concat();
    for engine in [EngineId::Mcs51, EngineId::Wasm] {
        let contract = deploy(&chain, &puppet(engine));
        let authorization = [&contract[..], &[0; 8]].concat();
        let asks = [
            notify(),
            (
                method::SEND_ACTION,
                codec::request(&[&record, &authorization, b"data"]),
            ),
            (
                method::SEND_CONTEXT_FREE,
                codec::request(&[&record, b"data"]),
            ),
        ];
        for ask in asks {
            let ask = [ask];
            let error = capture(&chain, &request(contract, &script(&ask, 1))).unwrap_err();
            assert!(matches!(error, ChainError::RecordingOfFollowUps), "{error}");
            assert!(error.to_string().contains("smart51 trace"), "{error}");
            let failing = capture(&chain, &request(contract, &script(&ask, 2)));
            assert!(!failing.expect("nothing follows").result.ok);
        }
    }
}
