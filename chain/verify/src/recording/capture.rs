//! Records a call of the local chain, so that it can be run again from one file.
//!
//! The call is made on a block that is dropped. What it read of the state becomes the recording's context,
//! and the recording is then run from that context alone: it holds what anybody will see who replays it,
//! and it is given out only if that is what the chain did.

use super::execute::{self, execute};
use super::format::{Context, KnownTxRow, Row, Tx};
use abi::{Name, Semantics, codec, method};
use bridge::{CallObserver, HostCall, Observer};
use chain::chain::Chain;
use chain::error::ChainError;
use chain::open_block::CallRequest;
use chain::receipt::Receipt;
use chain::registry::Contract;
use chain::session::Payment;
use hostapi::{ChainView, NodeError};
use loader::Image;
use state::keys::{self, Hash, kind};
use std::collections::BTreeSet;
use std::ops::ControlFlow::{self, Continue};

/// The most blocks and transactions of the past that a recording holds.
const PAST_MAX: usize = 1 << 16;

/// Records the call that `request` would make in the next block of `chain`; nothing is changed.
///
/// # Errors
/// If the call cannot begin, [`ChainError::RecordingTooLarge`] where it makes more host calls than a recording
/// holds, [`ChainError::RecordingOfFollowUps`] where something follows it, or if the node fails.
pub fn capture(chain: &Chain, request: &CallRequest<'_>) -> Result<Row, ChainError> {
    let mut block = chain.begin_block()?;
    let (height, time) = (block.height(), block.time());
    let contract = Contract::load(block.state(), &request.contract)?;
    let mut asked = Asked::new(contract.map_or_else(Semantics::default, |c| c.semantics));
    let receipt = block.call(request, &mut asked)?.clone();
    if asked.others {
        return Err(ChainError::RecordingOfCalls);
    }
    let contract = contract.ok_or(ChainError::RecordingDiffers { what: "contract" })?;
    let code_key = keys::code(&contract.code_hash);
    let code = block
        .state()
        .get(&code_key)?
        .map(<[u8]>::to_vec)
        .unwrap_or_default();
    let image =
        Image::decode(&code).map_err(|_| NodeError::damaged(&code_key, "an image is expected"))?;
    let module = chain.modules().get(
        block.state(),
        &contract.code_hash,
        &chain.rules(contract.semantics),
    )?;
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
        state,
        ..Context::default()
    };
    asked.answer(chain, &mut context)?;
    let id = hex::encode(receipt.id);
    let row = Row::new(
        id,
        &image,
        contract.semantics,
        context,
        contract
            .input(&request.contract, Name::EMPTY, request.input)
            .into(),
    );
    let run = execute(&row, &image, true, &mut ()).map_err(|error| match error {
        execute::ExecuteError::Image(error) => error,
        execute::ExecuteError::Node(error) => error.into(),
        _ => ChainError::RecordingDiffers { what: "context" },
    })?;
    run.is_whole()?;
    agrees(&receipt, &run.row).map(|()| run.row)
}

/// Notes what a call asks of earlier blocks and of other contracts.
struct Asked {
    semantics: Semantics,
    /// Whether it called another contract; one that was not entered was looked at.
    others: bool,
    transactions: BTreeSet<Hash>,
    heights: BTreeSet<u32>,
}

impl Asked {
    const fn new(semantics: Semantics) -> Asked {
        Asked {
            semantics,
            others: false,
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
        self.others |= matches!(method, Some(method::CALL_CONTRACT | method::STATIC_CALL));
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
    match same.iter().find(|(same, _)| !same) {
        Some((_, what)) => Err(ChainError::RecordingDiffers { what }),
        None => Ok(()),
    }
}
