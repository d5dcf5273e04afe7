//! Measures what a call of another contract takes, what an event takes, and what the tree of the transaction adds.
//!
//! ```text
//! cargo run --release -p smart51-chain --example nested_bench
//! ```
//!
//! A script in WebAssembly calls a contract that does nothing a thousand times in one transaction. A line says what
//! each call takes, beside a warm call of the same contract by a transaction's driver alone, and how much longer the
//! transaction takes with its tree. With `count 8051 N` (or `count wasm N`) it makes one transaction of N calls and
//! measures nothing: two runs under callgrind tell the host instructions of a call.

use abi::codec::request;
use abi::{Gas, Semantics, method};
use bridge::{Call, CallLimits, Engine, Mcs51, Rules, Wasmi, drive};
use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, Genesis, OpenBlock};
use hostapi::Host;
use loader::Image;
use state::keys::RegId;
use state::{MemStore, Overlay};
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Calls in a transaction.
const CALLS: u32 = 1000;
/// The fastest of the rounds counts, because a loaded machine only makes them slower.
const ROUNDS: usize = 60;

/// It ends with success.
const EMPTY_ASM: &str = "
        .org 0
        ljmp start
        .org 4
        .db 0, 2, 3
        .org 8
        .db 0x22, 0x22
        .org 0x12
        .db 0x22, 0x22
        .org 0x14
        .db 0
start:  mov dptr, #0xEFFD
        mov a, #1
        movx @dptr, a
        ljmp 8
";
const EMPTY_WAT: &str = r#"(module
  (import "smart51" "exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (global (export "smart51_buffer") i32 (i32.const 0))
  (func (export "smart51_main") (call $exit (i32.const 1))))"#;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [count, machine, calls] = &args[..]
        && count == "count"
    {
        let bench = Bench::new(&empty(machine == "wasm")?)?;
        let mut block = bench.chain.begin_block()?;
        return bench.transaction(&mut block, &bench.calls(calls.parse()?));
    }
    let mut text = String::new();
    for (name, is_wasm) in [("an 8051", false), ("a wasm", true)] {
        let image = empty(is_wasm)?;
        let bench = Bench::new(&image)?;
        let one = bench.each(&bench.calls(CALLS), None)?;
        let with_tree = bench.each(&bench.calls(CALLS), Some(0))?;
        let nothing = bench.each(&[], None)?;
        let warm = warm(&image, is_wasm)?;
        let each = micros(one.saturating_sub(nothing)) / f64::from(CALLS);
        text += &format!(
            "a call into {name} contract that does nothing: {each:.2} us; a warm call of it alone: {:.2} us; \
             with the tree the transaction takes {:.2} times as long\n",
            micros(warm),
            with_tree.as_secs_f64() / one.as_secs_f64()
        );
    }
    let bench = Bench::new(&empty(false)?)?;
    let (events, nothing) = (bench.each(&events(CALLS), None)?, bench.each(&[], None)?);
    let each = micros(events.saturating_sub(nothing)) / f64::from(CALLS);
    text += &format!("an event: {each:.2} us\n");
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn empty(is_wasm: bool) -> Result<Image> {
    if is_wasm {
        return Ok(loader::load(EMPTY_WAT.as_bytes())?.image);
    }
    let segments = emu8051::assemble(EMPTY_ASM)?.segments.into_iter();
    let segments: Vec<_> = segments
        .map(|(start, bytes)| loader::Segment { start, bytes })
        .collect();
    Ok(loader::load(loader::hex::write(&segments).as_bytes())?.image)
}

/// The input that has the script make so many calls of a method.
fn script(method: u16, times: u32, frame: &[u8]) -> Vec<u8> {
    let length = frame.len() as u16;
    let numbers = [u16::MAX, 4096, length, 0, 0, 0].map(u16::to_le_bytes);
    [
        &method.to_le_bytes()[..],
        &times.to_le_bytes(),
        numbers.as_flattened(),
        frame,
    ]
    .concat()
}

fn events(times: u32) -> Vec<u8> {
    let mut name = [0; 32];
    name[..4].copy_from_slice(b"done");
    script(method::EMIT, times, &request(&[&name]))
}

/// A chain with the script and a contract that it calls.
struct Bench {
    chain: Chain,
    sender: RegId,
    script: RegId,
    callee: RegId,
}

impl Bench {
    fn new(callee: &Image) -> Result<Bench> {
        let chain = Chain::open(Box::new(MemStore::new()), Genesis::default())?;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/contracts/script.wat");
        let script = loader::load(&std::fs::read(path)?)?.image;
        let mut block = chain.begin_block()?;
        let sender = block.new_account("alice", 1_000_000_000_000)?.target;
        let [script, callee] = [&script, callee].map(|image| {
            let deploy = Deploy {
                sender,
                image,
                semantics: Semantics::V1,
                name: None,
                flags: ContractFlags::empty(),
                init: None,
                abi: None,
            };
            block.deploy(&deploy).map(|receipt| receipt.target)
        });
        let (script, callee) = (script?, callee?);
        block.commit()?;
        Ok(Bench {
            chain,
            sender,
            script,
            callee,
        })
    }

    /// The input that has the script call the other contract so often.
    fn calls(&self, times: u32) -> Vec<u8> {
        let record = [&self.callee[..], &[0; 16]].concat();
        script(method::CALL_CONTRACT, times, &request(&[&record]))
    }

    fn transaction(&self, block: &mut OpenBlock<'_>, input: &[u8]) -> Result<()> {
        let request = CallRequest {
            sender: self.sender,
            contract: self.script,
            input,
            value: 0,
            payment: Payment::Gas {
                limit: Gas(100_000_000_000),
                price: 1,
            },
        };
        let receipt = block.call(&request, &mut ())?;
        match receipt.verdict.is_success() {
            true => Ok(()),
            false => Err(format!("the call did not succeed:\n{receipt}").into()),
        }
    }

    /// The time of a transaction with this input; with room for host calls, that of what its tree needs and of drawing
    /// it too.
    fn each(&self, input: &[u8], tree: Option<usize>) -> Result<Duration> {
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS {
            let mut block = self.chain.begin_block()?;
            if let Some(room) = tree {
                block.keep_host_calls(room);
            }
            let start = Instant::now();
            self.transaction(&mut block, input)?;
            if tree.is_some()
                && let Some(receipt) = block.receipts().last()
            {
                std::hint::black_box(receipt.tree(&()));
            }
            best = best.min(start.elapsed());
        }
        Ok(best)
    }
}

/// The time of a warm call of a contract by the driver.
fn warm(image: &Image, is_wasm: bool) -> Result<Duration> {
    let rules = Rules::v1(Semantics::V1);
    let module = match is_wasm {
        true => Wasmi::new().prepare(image, &rules)?,
        false => Mcs51::new().prepare(image, &rules)?,
    };
    let chain = Chain::open(Box::new(MemStore::new()), Genesis::default())?;
    let store = MemStore::new();
    let mut best = Duration::MAX;
    let context = hostapi::CallContext {
        semantics: Semantics::V1,
        network: hostapi::Network::Test,
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
    for _ in 0..ROUNDS {
        let mut state = Overlay::new(&store);
        let start = Instant::now();
        for _ in 0..CALLS {
            let mut host = Host::new(&context, &chain, &mut state);
            let call = Call {
                input: &[],
                limits: CallLimits::NONE,
            };
            drive(&module, &call, &mut host, &mut ())?;
        }
        best = best.min(start.elapsed() / CALLS);
    }
    Ok(best)
}
