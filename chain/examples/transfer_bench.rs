//! Measures token transfers on the 8051: warm in memory, and as durable blocks in sled.
//!
//! ```text
//! cargo run --release -p smart51-chain --example transfer_bench [memory | sled]
//! ```
//!
//! With `count N` it makes N blocks in memory and measures nothing: two runs under callgrind with
//! different N tell the host instructions of a block of 100 transfers.

use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, Genesis};
use state::keys::RegId;
use state::{Batch, MemStore, Pair, SledStore, StateStore, StoreError};
use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Transfers in a block.
const TRANSFERS: usize = 100;
/// Durable blocks.
const BLOCKS: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let only = std::env::args().nth(1);
    if only.as_deref() == Some("count") {
        let blocks = std::env::args().nth(2).ok_or("how many blocks?")?;
        return counted(blocks.parse()?);
    }
    if only.as_deref() != Some("sled") {
        memory()?;
    }
    if only.as_deref() == Some("memory") {
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("smart51-bench-{}", std::process::id()));
    let result = sled(&folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

/// Who takes part in the transfers.
struct Token {
    alice: RegId,
    bob: RegId,
    token: RegId,
}

impl Token {
    fn deploy(chain: &Chain) -> Result<Token, Box<dyn Error>> {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/token/token.ihx");
        let image = loader::load(&std::fs::read(path)?)?.image;
        let mut block = chain.begin_block()?;
        let alice = block.new_account("alice", 1_000_000_000_000)?.target;
        let bob = block.new_account("bob", 0)?.target;
        let deploy = Deploy {
            sender: alice,
            image: &image,
            semantics: abi::Semantics::V1,
            name: None,
            flags: ContractFlags::empty(),
            init: None,
            abi: None,
        };
        let token = block.deploy(&deploy)?.target;
        let token = Token { alice, bob, token };
        token.call(&mut block, 1, alice, 1 << 40)?;
        block.commit()?;
        Ok(token)
    }

    /// Calls the token: action 1 mints, action 2 transfers.
    fn call(
        &self,
        block: &mut chain::OpenBlock<'_>,
        action: u8,
        to: RegId,
        amount: u64,
    ) -> Result<(), Box<dyn Error>> {
        let input = [&[action][..], &to, &amount.to_le_bytes()].concat();
        let request = CallRequest {
            sender: self.alice,
            contract: self.token,
            input: &input,
            value: 0,
            payment: Payment::Gas {
                limit: abi::Gas(1_000_000),
                price: 1,
            },
        };
        let receipt = block.call(&request, &mut ())?;
        if receipt.verdict.is_success() {
            Ok(())
        } else {
            Err(format!("the transfer did not succeed:\n{receipt}").into())
        }
    }

    /// Makes one block of transfers.
    fn block(&self, chain: &Chain) -> Result<(), Box<dyn Error>> {
        let mut block = chain.begin_block()?;
        for _ in 0..TRANSFERS {
            self.call(&mut block, 2, self.bob, 1)?;
        }
        block.commit()?;
        Ok(())
    }
}

/// Makes so many blocks of transfers in memory.
fn counted(blocks: u32) -> Result<(), Box<dyn Error>> {
    let chain = Chain::open(Box::new(MemStore::new()), Genesis::default())?;
    let token = Token::deploy(&chain)?;
    for _ in 0..blocks {
        token.block(&chain)?;
    }
    Ok(())
}

fn memory() -> Result<(), Box<dyn Error>> {
    let chain = Chain::open(Box::new(MemStore::new()), Genesis::default())?;
    let token = Token::deploy(&chain)?;
    token.block(&chain)?;
    let mut best = Duration::MAX;
    for _ in 0..200 {
        let start = Instant::now();
        token.block(&chain)?;
        best = best.min(start.elapsed());
    }
    let each = best.as_secs_f64() / TRANSFERS as f64;
    println!(
        "memory: {:.2} us a transfer, {:.0} a second (best of 200 blocks of {TRANSFERS})",
        each * 1e6,
        1.0 / each
    );
    Ok(())
}

fn sled(folder: &Path) -> Result<(), Box<dyn Error>> {
    let store = Arc::new(Weighed::new(SledStore::open(&folder.join("store"))?));
    let chain = Chain::open(Box::new(Arc::clone(&store)), Genesis::default())?;
    let token = Token::deploy(&chain)?;
    let mut times = Times::default();
    // What durability costs is measured in turn with the blocks: as many bytes appended to a file on the
    // same disk, and fdatasync. The disk is shared and changes its mind from one second to the next.
    let mut probe = File::create(folder.join("probe"))?;
    for _ in 0..BLOCKS {
        let (start, used) = (Instant::now(), processor_time());
        token.block(&chain)?;
        let block = start.elapsed();
        times.processor.push(processor_time().saturating_sub(used));
        let bytes = vec![0x51; store.weight()];
        let start = Instant::now();
        probe.write_all(&bytes)?;
        probe.sync_data()?;
        let probe = start.elapsed();
        times.blocks.push(block);
        times.probes.push(probe);
        times.beyond.push(block.saturating_sub(probe));
    }
    println!(
        "sled:   {:.2} ms a block of {TRANSFERS} ({} KiB), {:.2} ms the same bytes appended with fdatasync, \
         {:.2} ms beyond it, {:.2} ms of processor time in all threads (medians of {BLOCKS})",
        median(times.blocks),
        store.weight() / 1024,
        median(times.probes),
        median(times.beyond),
        median(times.processor),
    );
    Ok(())
}

/// What each block took, what the probe after it took, the difference, and the block's processor time: what
/// is our own whatever the disk and the other programs on the machine do.
#[derive(Default)]
struct Times {
    blocks: Vec<Duration>,
    probes: Vec<Duration>,
    beyond: Vec<Duration>,
    processor: Vec<Duration>,
}

/// The processor time that this process has used, its threads and the system's work for it together.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// The median in milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// A store that says how many bytes the last commit gave it.
#[derive(Debug)]
struct Weighed {
    inner: SledStore,
    weight: AtomicUsize,
}

impl Weighed {
    const fn new(inner: SledStore) -> Weighed {
        Weighed {
            inner,
            weight: AtomicUsize::new(0),
        }
    }

    fn weight(&self) -> usize {
        self.weight.load(Ordering::Relaxed)
    }
}

impl StateStore for Weighed {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(key)
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        self.inner.next(prefix, after)
    }

    fn prev(&self, prefix: &[u8], before: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        self.inner.prev(prefix, before)
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let pairs = batch.iter();
        let weight = pairs.map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len));
        self.weight.store(weight.sum(), Ordering::Relaxed);
        self.inner.commit(batch)
    }
}
