//! `smart51 call`.

use crate::args::number;
use crate::engine::EngineArgs;
use crate::error::{Error, Status};
use crate::files::write_recording;
use crate::output::Output;
use crate::receipts::Report;
use crate::store::StoreArgs;
use crate::tree::TreeArgs;
use crate::typed::ActionArgs;
use abi::{Gas, Semantics};
use chain::CallRequest;
use chain::interface::Given;
use chain::session::Payment;
use clap::Args;
use hostapi::fees::{MAX_STEPS, MIN_FEE};
use std::path::PathBuf;
use verify::recording::capture;

/// Call a contract: one transaction in a block of its own. Prints the receipt.
///
/// A contract with an ABI is called by the name of an action, with its arguments; any contract with --input.
///
/// The receipt is printed once the block is on the disk. The status is 1 if the contract refused or faulted.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 call token transfer bob 30 --from alice\n  \
    smart51 call token transfer to=bob amount=30 --from alice\n  \
    smart51 call counter --input 01 --from alice\n  \
    smart51 call token --input u8:2 --input regid:bob --input u64:30 --from alice\n  \
    smart51 call 3-0 --input @input.bin --from alice --value 500 --dry-run"
)]
pub(crate) struct Call {
    /// The contract: its local name, registered id or address.
    contract: String,
    #[command(flatten)]
    call: ActionArgs,
    /// The account that calls and pays.
    #[arg(long, value_name = "ACCOUNT")]
    from: String,
    /// What is sent to the contract, in the smallest unit.
    #[arg(long, value_name = "N", default_value = "0", value_parser = number::<u64>)]
    value: u64,
    #[command(flatten)]
    limits: PaymentArgs,
    /// Show what would happen, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write the call as a recording, which `smart51 replay` runs again from that one file, with the contracts that it
    /// calls. A call that has something follow is not recorded.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    #[command(flatten)]
    tree: TreeArgs,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// How a run is paid for.
#[derive(Args, Debug)]
pub(super) struct PaymentArgs {
    /// The most gas. A call pays for what it uses, and its sender must hold the price of the whole limit. For contracts
    /// under v1 [default: 10000000].
    #[arg(long, value_name = "N", value_parser = number::<u64>)]
    gas: Option<u64>,
    /// The fee, in the smallest unit, of which 10,000 buy nothing. For contracts under the old chain's rules
    /// [default: what buys 12,000,000 steps].
    #[arg(long, value_name = "N", value_parser = number::<u64>, conflicts_with = "gas")]
    fee: Option<u64>,
    /// What a step costs, in the smallest unit. For contracts under the old chain's rules [default: 1].
    #[arg(long, value_name = "N", value_parser = number::<u64>, conflicts_with = "gas")]
    fuel_rate: Option<u64>,
}

/// The most gas of a call that names no limit.
const DEFAULT_GAS: u64 = 10_000_000;

impl PaymentArgs {
    /// The payment for a contract under `semantics`, where a gas costs `price`.
    ///
    /// # Errors
    /// If an option was given that does not go with the rules.
    pub(super) fn payment(&self, semantics: Semantics, price: u64) -> Result<Payment, Error> {
        if semantics.is_dacrs() {
            if self.gas.is_some() {
                let message = format!(
                    "the contract runs under {semantics}: use --fee and --fuel-rate, not --gas"
                );
                return Err(Error::input(message));
            }
            let rate = self.fuel_rate.unwrap_or(1);
            let fee = MIN_FEE.saturating_add((MAX_STEPS / 100).saturating_mul(rate));
            return Ok(Payment::Fuel {
                fee: self.fee.unwrap_or(fee),
                rate,
            });
        }
        if self.fee.or(self.fuel_rate).is_some() {
            let message = format!(
                "the contract runs under {semantics}: use --gas, not --fee and --fuel-rate"
            );
            return Err(Error::input(message));
        }
        Ok(Payment::Gas {
            limit: Gas(self.gas.unwrap_or(DEFAULT_GAS)),
            price,
        })
    }
}

impl Call {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let sources = self.tree.sources()?;
        let chain = if self.dry_run {
            self.store.look()?
        } else {
            self.store.existing()?
        };
        let chain = chain.with_engines(self.engine.engines()?);
        let (contract, record) = chain.contract(&self.contract)?;
        let input = self.call.read(&chain, &self.contract)?;
        let request = CallRequest {
            sender: chain.resolve(&self.from)?,
            contract,
            input: &input,
            value: self.value,
            payment: self.limits.payment(record.semantics, chain.gas_price()?)?,
        };
        if let Some(file) = &self.record {
            write_recording(file, capture(&chain, &request)?)?;
        }
        let mut block = chain.begin_block()?;
        let due = block.receipts().len();
        self.tree.keep(&mut block);
        let receipt = block.call(&request, &mut ())?.clone();
        let given = Given::Input(&input);
        let known = self.tree.known(&chain, &block, &receipt, &sources, given)?;
        let report = Report::new(&receipt, &known, !self.dry_run);
        let report = report.behind(&block.receipts()[..due]);
        if self.dry_run {
            out.print(&report)?;
        } else {
            block.commit()?;
            out.confirm(&report, report.committed());
        }
        Ok(report.status())
    }
}
