//! Records a call of the local chain, so that it can be run again from one file.
//!
//! The call is made on a block that is dropped. What it read of the state becomes the recording's context,
//! and the recording is then run from that context alone: it holds what anybody will see who replays it,
//! and it is given out only if that is what the chain did.

use super::execute::{self, execute};
use super::format::{Context, Hex, KnownTxRow, Row, Tx};
use super::said::{EndRow, EventRow, FrameRow, Said};
use super::watch::CALLS_ROOM;
use abi::{Name, Semantics, codec, method};
use bridge::{CallObserver, HostCall, Observer, Rules};
use chain::chain::Chain;
use chain::error::ChainError;
use chain::open_block::CallRequest;
use chain::receipt::{Frame, Receipt, RunReceipt, Work};
use chain::registry::Contract;
use chain::session::Payment;
use hostapi::{ChainView, NodeError};
use loader::Image;
use state::Overlay;
use state::keys::{self, Hash, kind};
use std::collections::BTreeSet;
use std::ops::ControlFlow::{self, Continue};

/// The most blocks and transactions of the past that a recording holds.
const PAST_MAX: usize = 1 << 16;

/// Records the call that `request` would make in the next block of `chain`; nothing is changed.
///
/// # Errors
/// If the call cannot begin, [`ChainError::RecordingTooLarge`] where it makes more host calls than a recording
/// holds, [`ChainError::RecordingOfFollowUps`] where something follows it, [`ChainError::RecordingBehindOthers`] where
/// deferred actions come first, or if the node fails.
pub fn capture(chain: &Chain, request: &CallRequest<'_>) -> Result<Row, ChainError> {
    let mut block = chain.begin_block()?;
    if !block.receipts().is_empty() {
        return Err(ChainError::RecordingBehindOthers);
    }
    let (height, time) = (block.height(), block.time());
    let contract = Contract::load(block.state(), &request.contract)?;
    let mut asked = Asked::new(contract.map_or_else(Semantics::default, |c| c.semantics));
    let receipt = block.call(request, &mut asked)?.clone();
    let contract = contract.ok_or(ChainError::RecordingDiffers { what: "contract" })?;
    let image = image(block.state(), &contract.code_hash)?;
    let codes = codes(block.state(), &receipt)?;
    let rules = Rules::by(block.schedule(), contract.semantics);
    let modules = chain.modules();
    let module = modules.get(block.state(), &contract.code_hash, &rules)?;
    // The image stands in the recording already, and blocks are asked through the chain.
    let told = |key: &[u8]| {
        !matches!(
            key.first(),
            Some(&(kind::CODE | kind::BLOCK | kind::IDS | kind::TRANSACTION | kind::RECEIPT))
        )
    };
    if block.state().has_forgotten() {
        return Err(ChainError::RecordingLooksTooFar);
    }
    let reads = block.state().reads().filter(|(key, _)| told(key));
    let state = reads
        .filter_map(|(key, value)| Some((key.into(), value?.into())))
        .collect();
    let head = chain.head()?;
    let (fee, fuel_rate, gas_limit) = match request.payment {
        Payment::Gas { limit, .. } => (0, 0, Some(limit.0)),
        Payment::Fuel { fee, rate } => (fee, rate, None),
    };
    let mut context = Context {
        network: chain.genesis().network.name().into(),
        height,
        chain_tip: head.height,
        time: Some(time),
        tip_time: Some(u32::try_from(head.time).unwrap_or(u32::MAX)),
        tx: Tx {
            src_regid: request.sender.into(),
            dest_script_id: request.contract.into(),
            valid_height: height,
            fee,
            pay_amount: request.value,
            hash: receipt.id.into(),
        },
        fuel_rate,
        check_account_flag: Some(module.account_check()),
        accounts: Vec::new(),
        gas_limit,
        gas_price: asked.defers.then_some(block.gas_price()),
        state,
        codes,
        ..Context::default()
    };
    asked.answer(chain, &mut context)?;
    let id = hex::encode(receipt.id);
    let mut row = Row::new(
        id,
        &image,
        contract.semantics,
        context,
        contract
            .input(&request.contract, Name::EMPTY, request.input)
            .into(),
    );
    // The old chain's rules have none.
    row.schedule = row.schedule.map(|_| block.schedule().version);
    let run = execute(&row, &image, true, &mut ()).map_err(|error| match error {
        execute::ExecuteError::Image(error) => error,
        execute::ExecuteError::Node(error) => error.into(),
        _ => ChainError::RecordingDiffers { what: "context" },
    })?;
    run.is_whole()?;
    agrees(&receipt, &run.row).map(|()| run.row)
}

/// The image of this hash.
fn image(state: &mut Overlay<'_>, hash: &Hash) -> Result<Image, NodeError> {
    let key = keys::code(hash);
    let stored = state.get(&key)?.unwrap_or_default();
    Image::decode(stored).map_err(|_| NodeError::damaged(&key, "an image is expected"))
}

/// The images of the contracts that a call entered.
fn codes(state: &mut Overlay<'_>, receipt: &Receipt) -> Result<Vec<Hex>, ChainError> {
    let called = receipt
        .frames
        .iter()
        .filter(|frame| frame.kind.is_waited_for());
    let hashes: BTreeSet<Hash> = called
        .filter_map(|frame| Some(run_of(frame)?.code_hash))
        .collect();
    let mut room = CALLS_ROOM;
    let mut codes = Vec::new();
    for hash in hashes {
        let code = image(state, &hash)?.encode();
        let left = room.checked_sub(code.len());
        room = left.ok_or(ChainError::RecordingTooLarge)?;
        codes.push(code.into());
    }
    Ok(codes)
}

/// The run of a contract in this frame.
const fn run_of(frame: &Frame) -> Option<&RunReceipt> {
    match &frame.work {
        Work::Run(run) => Some(run),
        _ => None,
    }
}

/// Notes what a call asks of earlier blocks.
struct Asked {
    semantics: Semantics,
    /// Whether the call sends deferred actions.
    defers: bool,
    transactions: BTreeSet<Hash>,
    heights: BTreeSet<u32>,
}

impl Asked {
    const fn new(semantics: Semantics) -> Asked {
        Asked {
            semantics,
            defers: false,
            transactions: BTreeSet::new(),
            heights: BTreeSet::new(),
        }
    }

    /// Writes the answers into `context`.
    fn answer(self, chain: &Chain, context: &mut Context) -> Result<(), ChainError> {
        if self.transactions.len() + self.heights.len() > PAST_MAX {
            return Err(ChainError::RecordingTooLarge);
        }
        for hash in self.transactions {
            known(chain, &hash, context)?;
        }
        for height in self.heights {
            if let Some(hash) = chain.block_hash(height)? {
                context.block_hashes.insert(height, hash.into());
            }
        }
        Ok(())
    }
}

impl Observer for Asked {
    fn wants_instructions(&self) -> bool {
        false
    }
}

impl CallObserver for Asked {
    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        let method = method::spec_under(self.semantics, call.method).map(|spec| spec.id);
        self.defers |= method == Some(method::SEND_DEFERRED);
        if self.transactions.len() + self.heights.len() > PAST_MAX {
            return Continue(());
        }
        let which = match method {
            Some(
                method::TX_CONTRACT | method::TX_ACCOUNT | method::TX_HEIGHT | method::BLOCK_HASH,
            ) => 0,
            Some(method::TX_UNPACK) => 1,
            _ => return Continue(()),
        };
        // A frame that cannot be read asks for nothing; items before the error do no harm here.
        let mut at = 0;
        let _ = codec::scan(call.request, |item| {
            if at == which {
                if let Ok(hash) = Hash::try_from(item) {
                    self.transactions.insert(hash);
                } else if let Ok(height) = item.try_into().map(u32::from_le_bytes) {
                    self.heights.insert(height);
                }
            }
            at += 1;
        });
        Continue(())
    }
}

/// Writes what is known of a transaction into `context`.
fn known(chain: &Chain, hash: &Hash, context: &mut Context) -> Result<(), NodeError> {
    if let Some(tx) = chain.transaction(hash)?
        && let Some(input) = chain.transaction_input(hash)?
    {
        context.known_txs.push(KnownTxRow {
            hash: (*hash).into(),
            src_regid: tx.sender.into(),
            contract: input.into(),
            confirm_height: tx.height,
        });
    }
    Ok(())
}

/// Whether a recording tells what the receipt tells.
fn agrees(receipt: &Receipt, row: &Row) -> Result<(), ChainError> {
    let meters = &receipt.meters;
    let same = [
        (receipt.verdict.is_success() == row.result.ok, "verdict"),
        (meters.cycles == row.result.machine_cycles, "machine cycles"),
        (meters.instructions == row.result.insns, "instructions"),
        (meters.host_calls as usize == row.calls.len(), "host calls"),
        (row.result.gas.is_none_or(|gas| gas == receipt.gas), "gas"),
    ];
    let differs = same.iter().find(|(same, _)| !same).map(|(_, what)| *what);
    let said = row.said.as_ref().and_then(|said| differs_in(receipt, said));
    match differs.or(said) {
        Some(what) => Err(ChainError::RecordingDiffers { what }),
        None => Ok(()),
    }
}

/// In what the recording says something else than the receipt, if in anything.
fn differs_in(receipt: &Receipt, said: &Said) -> Option<&'static str> {
    let run = receipt.run();
    let error = receipt.error.as_ref().map(|error| error.bytes());
    let events = receipt.events.iter().map(|event| EventRow {
        frame: event.frame(),
        name: String::from_utf8_lossy(event.name()).into_owned(),
        topics: event.topics().iter().map(|&topic| topic.into()).collect(),
        data: event.data().into(),
    });
    let frames = receipt.frames.get(1..).unwrap_or_default();
    let same = [
        (said.refund == receipt.refund, "refund"),
        (
            said.error.as_ref().map(|error| &error.0[..]) == error,
            "error text",
        ),
        (
            run.is_some_and(|run| run.returned == said.returned.0),
            "returned data",
        ),
        (events.eq(said.events.iter().cloned()), "events"),
        (frames.len() == said.frames.len(), "number of calls"),
        (
            frames
                .iter()
                .zip(&said.frames)
                .all(|(frame, row)| is_of(frame, row)),
            "calls of other contracts",
        ),
    ];
    same.iter().find(|(same, _)| !same).map(|(_, what)| *what)
}

/// Whether a row tells what a receipt has of its frame.
fn is_of(frame: &Frame, row: &FrameRow) -> bool {
    let Some(run) = run_of(frame) else {
        return false;
    };
    let ended = EndRow {
        outcome: run.verdict.name().into(),
        code: run.verdict.exit_code(),
        fault: run.verdict.fault().map(Into::into),
    };
    // A run that succeeded and was refused what it asked for is a success of the run's.
    let refused = row.ended.code == Some(1) && !row.kept;
    frame.parent == Some(row.parent)
        && frame.receiver == row.contract.0[..]
        && frame.caller == row.caller.0[..]
        && frame.value == row.value
        && run.code_hash == row.rom_sha256.0[..]
        && run.gas == row.gas
        && run.returned == row.returned.0
        && run.error.as_ref().map(|error| error.bytes()) == row.error.as_ref().map(|e| &e.0[..])
        && run.verdict.is_success() == row.kept
        && (refused || ended == row.ended)
}
