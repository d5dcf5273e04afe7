//! Measures a warm call of the counter sample on the 8051: engine, host and overlay, on a store in memory.
//!
//! ```text
//! cargo run --release -p smart51-chain --example call_bench
//! ```
//!
//! With `count FILE N` it calls the image in FILE N times and measures nothing: two runs under
//! callgrind with different N tell the host instructions of a call.

use abi::Semantics;
use bridge::{Call, CallLimits, Engine, Mcs51, Rules, Wasmi, drive};
use hostapi::network::Network;
use hostapi::{CallContext, ChainView, Host, NodeError};
use state::keys::Hash;
use state::{MemStore, Overlay};
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Calls in a round; the fastest of the rounds counts, because a loaded machine only makes them slower.
const CALLS: u32 = 1000;
const ROUNDS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [count, file, calls] = &args[..]
        && count == "count"
    {
        return counted(Path::new(file), calls.parse()?);
    }
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/counter/counter.ihx");
    let image = loader::load(&std::fs::read(path)?)?.image;
    let module = Mcs51::new().prepare(&image, &Rules::v1(Semantics::V1))?;
    let store = MemStore::new();
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let mut state = Overlay::new(&store);
        let start = Instant::now();
        for _ in 0..CALLS {
            let mut host = Host::new(&CONTEXT, &NoPast, &mut state);
            let call = Call {
                input: &[],
                limits: CallLimits::NONE,
            };
            let report = drive(&module, &call, &mut host, &mut ())?;
            assert!(report.outcome.is_success());
        }
        best = best.min(start.elapsed() / CALLS);
    }
    let text = format!(
        "a warm call of counter: {:.2} us; the prepared contract holds {} KiB\n",
        best.as_secs_f64() * 1e6,
        module.size() / 1024
    );
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Calls the image at `path` so many times, on one machine and one overlay.
fn counted(path: &Path, calls: u32) -> Result<(), Box<dyn Error>> {
    let image = loader::load(&std::fs::read(path)?)?.image;
    let rules = Rules::v1(Semantics::V1);
    let module = if image.as_wasm().is_some() {
        Wasmi::new().prepare(&image, &rules)?
    } else {
        Mcs51::new().prepare(&image, &rules)?
    };
    let store = MemStore::new();
    let mut state = Overlay::new(&store);
    for _ in 0..calls {
        let mut host = Host::new(&CONTEXT, &NoPast, &mut state);
        let call = Call {
            input: &[],
            limits: CallLimits::NONE,
        };
        let report = drive(&module, &call, &mut host, &mut ())?;
        assert!(report.outcome.is_success());
    }
    Ok(())
}

const CONTEXT: CallContext<'static> = CallContext {
    semantics: Semantics::V1,
    network: Network::Test,
    height: 1,
    chain_tip: 0,
    block_time: 0,
    tip_time: 0,
    tx_hash: [0; 32],
    sender: [0, 0, 0, 0, 1, 0],
    contract: [1, 0, 0, 0, 1, 0],
    input: &[],
    pay_amount: 0,
    gas_price: 0,
    traversal: true,
    account_check: false,
};

/// A chain without a past: the counter asks nothing of it.
#[derive(Debug)]
struct NoPast;

impl ChainView for NoPast {
    fn block_hash(&self, _: u32) -> Result<Option<Hash>, NodeError> {
        Ok(None)
    }

    fn transaction(&self, _: &Hash) -> Result<Option<hostapi::context::KnownTx>, NodeError> {
        Ok(None)
    }

    fn transaction_input(&self, _: &Hash) -> Result<Option<Vec<u8>>, NodeError> {
        Ok(None)
    }
}
