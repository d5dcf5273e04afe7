//! Where the cases take place: a chain with a rich account and a contract that makes any host calls.

use super::Error;
use super::script::{self, Calls};
use abi::{Gas, Semantics, method};
use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, OpenBlock, Receipt};
use loader::{Image, Segment};
use state::keys::{self, Hash, RegId};
use state::{MemStore, SledStore, StateStore};
use std::path::Path;
use tempfile::TempDir;

/// The registered id of the contract that makes the host calls of most rows.
pub const SCRIPT: RegId = [1, 0, 0, 0, 1, 0];
/// The registered id of the one on the 8051.
pub const MCS51: RegId = [1, 0, 0, 0, 2, 0];
/// The registered id of another contract that makes any host calls, to be called.
pub const CALLEE: RegId = [1, 0, 0, 0, 3, 0];
/// What a call may use.
const GAS: Gas = Gas(2_000_000_000);
/// As many keys are put into the store in one batch.
const BATCH: u32 = 10_000;

/// A chain with what the cases need.
#[derive(Debug)]
pub struct World {
    /// The chain. Nothing that a case does stays in it.
    pub chain: Chain,
    /// Who pays.
    pub payer: RegId,
    /// Makes the host calls that its input lists (`tests/data/contracts/script.wat`).
    pub script: RegId,
    /// Makes host calls without arguments on the 8051: the method's number, and LE16 how often in 256s.
    pub mcs51: RegId,
    /// A call with a long input, in a block of many such.
    pub known: Hash,
    /// Where the store lies, if on disk.
    _folder: Option<TempDir>,
}

impl World {
    /// A world in memory, in which the contract has `keys` keys of data.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn in_memory(keys: u32) -> Result<World, Error> {
        World::new(Box::new(MemStore::new()), keys, None)
    }

    /// A world on disk, in which the contract has `keys` keys of data; they are in the page cache then.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn on_disk(keys: u32) -> Result<World, Error> {
        let folder = tempfile::tempdir()?;
        let store = SledStore::open(folder.path())?;
        World::new(Box::new(store), keys, Some(folder))
    }

    fn new(store: Box<dyn StateStore>, keys: u32, folder: Option<TempDir>) -> Result<World, Error> {
        let chain = Chain::open(store, super::genesis())?;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/contracts/script.wat");
        let image = loader::load(&std::fs::read(path)?)?.image;
        let mut block = chain.begin_block()?;
        let most = chain.genesis().network.max_amount();
        let payer = block.new_account("payer", most)?.target;
        let script = block
            .deploy(&Deploy {
                sender: payer,
                image: &image,
                semantics: Semantics::V1,
                name: Some("script"),
                flags: ContractFlags::empty(),
                init: None,
                abi: None,
            })?
            .target;
        let mcs51 = block
            .deploy(&Deploy {
                sender: payer,
                image: &mcs51()?,
                semantics: Semantics::V1,
                name: Some("mcs51"),
                flags: ContractFlags::empty(),
                init: None,
                abi: None,
            })?
            .target;
        let callee = block
            .deploy(&Deploy {
                sender: payer,
                image: &image,
                semantics: Semantics::V1,
                name: None,
                flags: ContractFlags::empty(),
                init: None,
                abi: None,
            })?
            .target;
        block.commit()?;
        assert_eq!(
            (script, mcs51, callee),
            (SCRIPT, MCS51, CALLEE),
            "rows name them"
        );
        let mut world = World {
            chain,
            payer,
            script,
            mcs51,
            known: Hash::default(),
            _folder: folder,
        };
        world.known = world.past()?;
        let chain = &world.chain;
        for first in (0..keys).step_by(BATCH as usize) {
            let last = keys.min(first.saturating_add(BATCH));
            let mut batch: state::Batch = (first..last)
                .map(|number| (stored_key(&script, number), Some(vec![7; 8])))
                .collect();
            batch.insert(
                keys::data_count(&script).to_vec(),
                Some(last.to_le_bytes().to_vec()),
            );
            chain.store().commit(batch)?;
        }
        Ok(world)
    }

    /// Makes a block of calls that have long inputs and do nothing: the id of one of them.
    fn past(&self) -> Result<Hash, Error> {
        const CALLS: u32 = 200;
        let mut block = self.chain.begin_block()?;
        let mut id = Hash::default();
        for number in 0..CALLS {
            let noise = (0..4000)
                .map(|at: u32| (at % 251 + number % 5) as u8)
                .collect();
            let input = script::input(&[Calls::framed(method::SIGN, 0, noise)])?;
            id = self.call_in(&mut block, self.script, &input, GAS)?.id;
        }
        block.commit()?;
        Ok(id)
    }

    /// Calls `contract` with `input` in a block that is dropped: the gas used.
    ///
    /// # Errors
    /// When the call does not succeed.
    pub fn call(&self, contract: RegId, input: &[u8]) -> Result<u64, Error> {
        self.in_a_block(contract, &[input])
    }

    /// Calls the script with one input after the other in a block that is dropped: the gas used.
    ///
    /// # Errors
    /// When a call does not succeed.
    pub fn calls(&self, inputs: &[Vec<u8>]) -> Result<u64, Error> {
        self.in_a_block(self.script, inputs)
    }

    fn in_a_block(&self, contract: RegId, inputs: &[impl AsRef<[u8]>]) -> Result<u64, Error> {
        let mut block = self.chain.begin_block()?;
        let mut gas = 0;
        for input in inputs {
            let receipt = self.call_in(&mut block, contract, input.as_ref(), GAS)?;
            if !receipt.verdict.is_success() {
                return Err(format!("the call does not succeed:\n{receipt}").into());
            }
            gas += receipt.gas;
        }
        Ok(gas)
    }

    /// Calls `contract` in `block` with at most `limit` gas: the receipt, whatever came of it.
    ///
    /// # Errors
    /// When the call cannot begin.
    pub fn call_in<'b>(
        &self,
        block: &'b mut OpenBlock<'_>,
        contract: RegId,
        input: &[u8],
        limit: Gas,
    ) -> Result<&'b Receipt, Error> {
        let request = CallRequest {
            sender: self.payer,
            contract,
            input,
            value: 0,
            payment: Payment::Gas {
                limit,
                price: self.chain.genesis().gas_price,
            },
        };
        Ok(block.call(&request, &mut ())?)
    }
}

/// The store's key of the contract's key `number`: four bytes, little-endian, as [`super::script`] counts.
fn stored_key(script: &RegId, number: u32) -> Vec<u8> {
    keys::data(script, &number.to_le_bytes()).to_vec()
}

/// The image of [`World::mcs51`].
fn mcs51() -> Result<Image, Error> {
    machine(
        "start:  mov     dptr, #0xF001   ; the input, behind its length: method, LE16 how often in 256s
        movx    a, @dptr
        mov     r5, a
        inc     dptr
        movx    a, @dptr
        mov     r7, a
        mov     r6, #0
        mov     dptr, #0xEFFD
        mov     a, r5
        movx    @dptr, a
        mov     a, r7
        jz      done
again:  lcall   0x12
        djnz    r6, again
        djnz    r7, again
done:   mov     a, #1
        movx    @dptr, a
        ljmp    8
",
    )
}

/// A contract on the 8051 that begins at the label `start` of `code`.
///
/// # Errors
/// When `code` cannot be assembled.
pub fn machine(code: &str) -> Result<Image, Error> {
    let vectors = "        .org 0
        ljmp    start
        .org 4
        .db     0, 2, 2
        .org 8
        .db     0x22, 0x22
        .org 0x12
        .db     0x22, 0x22
        .org 0x14
        .db     0
";
    let assembly = emu8051::assemble(&format!("{vectors}{code}"))?;
    let segments = assembly.segments.into_iter();
    let segments: Vec<Segment> = segments
        .map(|(start, bytes)| Segment { start, bytes })
        .collect();
    Ok(loader::load(loader::hex::write(&segments).as_bytes())?.image)
}
