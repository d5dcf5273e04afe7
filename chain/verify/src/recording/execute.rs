//! Runs what a recording describes, on a state made from its context.

use super::callees::Callees;
use super::format::{AppAccountRow, Context, FrozenRow, Hex, ResultRow, Row};
use super::prepared::Prepared;
use super::said::Said;
use super::watch::{CALLS_ROOM, Watch};
use abi::{Gas, Schedule, Semantics};
use bridge::{CallObserver, Cycles, EngineId, Fault, Rules, Steps};
use chain::error::ChainError;
use chain::modules::Modules;
use chain::session::{self, FinishedRun, Payment, Surroundings, Transaction, TransactionResult};
use hostapi::accounts::Account;
use hostapi::app_funds::{AppAccount, Fund, NAME_MAX};
use hostapi::context::KnownTx;
use hostapi::data;
use hostapi::hash::double_sha256;
use hostapi::network::Network;
use hostapi::{CallContext, ChainView, HostFault, NodeError};
use loader::Image;
use state::keys::{Hash, kind};
use state::{MemStore, Overlay, Pair};
use std::sync::Arc;

/// The most machine cycles of a run on the 8051 whose recording names no limit of its own: some seconds of our time.
pub const DEFAULT_CYCLES: u64 = 2_000_000_000;

/// The most gas of such a run of WebAssembly: likewise.
pub const DEFAULT_GAS: u64 = 2_000_000_000;

/// How many times the recorded gas a run may use that was recorded under another gas schedule.
const OTHER_GAS: u64 = 16;

/// Why a row could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// A field has the wrong length.
    #[error("{field} must have {expected} bytes, it has {found}")]
    Length {
        /// The field, as a path.
        field: &'static str,
        /// The bytes it must have.
        expected: usize,
        /// The bytes it has.
        found: usize,
    },
    /// A field is longer than it can be.
    #[error("{field} has at most {most} bytes, this one has {found}")]
    TooLong {
        /// The field, as a path.
        field: &'static str,
        /// The most bytes.
        most: usize,
        /// The bytes it has.
        found: usize,
    },
    /// A field holds a name that is not known.
    #[error("{field} is `{found}`, which is not known")]
    Unknown {
        /// The field, as a path.
        field: &'static str,
        /// What it holds.
        found: String,
    },
    /// The run ended for want of gas under another gas schedule, and nothing else says where.
    #[error(
        "the call ended for want of gas under {}, and this version has gas schedule {ours}: it cannot be ended at \
        the same place",
        .recorded.map_or("an unnamed gas schedule".into(), |recorded| format!("gas schedule {recorded}"))
    )]
    OtherSchedule {
        /// The schedule of the recording, if it names one.
        recorded: Option<u16>,
        /// This version's.
        ours: u16,
    },
    /// The call calls others, was recorded under another gas schedule, and what it did may depend on gas.
    #[error(
        "the call calls other contracts, which see how much gas there is, under another gas schedule than this \
        version's {ours}: it cannot be compared"
    )]
    OtherScheduleOfCalls {
        /// This version's.
        ours: u16,
    },
    /// An image of a contract that is called cannot be used.
    #[error("context.codes[{at}] cannot be used: {reason}")]
    Code {
        /// Its place, counted from 0.
        at: usize,
        /// Why.
        reason: String,
    },
    /// The image cannot be run.
    #[error(transparent)]
    Image(#[from] ChainError),
    /// The node failed.
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// A finished run of a row.
#[derive(Debug)]
pub struct Replay {
    /// The row that the run gives.
    pub row: Row,
    /// The result of the transaction.
    pub result: TransactionResult,
    /// The machine cycles on arrival at each call.
    pub call_cycles: Vec<u64>,
    /// How many calls came after those in the row: it holds only as many as [`CALLS_ROOM`] has room for.
    pub calls_left_out: u64,
}

impl Replay {
    /// Whether the row holds all of the call.
    ///
    /// # Errors
    /// [`ChainError::RecordingTooLarge`] where it made more host calls than there is room for,
    /// [`ChainError::RecordingOfFollowUps`] where something follows it.
    pub fn is_whole(&self) -> Result<(), ChainError> {
        let run = self.result.run().filter(|_| self.result.accepted());
        if self.calls_left_out > 0 {
            Err(ChainError::RecordingTooLarge)
        } else if run.is_some_and(|run| !run.requests.follow_ups.is_empty()) {
            Err(ChainError::RecordingOfFollowUps)
        } else {
            Ok(())
        }
    }
}

impl Row {
    /// A row that has not run yet: `image` under `semantics`, called with `input` in `context`.
    #[must_use]
    pub fn new(
        id: String,
        image: &Image,
        semantics: Semantics,
        context: Context,
        input: Vec<u8>,
    ) -> Row {
        let generation = if semantics == Semantics::Dacrs2014 {
            "2014"
        } else {
            "final"
        };
        Row {
            id,
            note: String::new(),
            image: String::new(),
            rom_sha256: image.code_hash().into(),
            rom_len: image.code_bytes(),
            abi: generation.into(),
            semantics: Some(semantics.name().into()),
            schedule: (!semantics.is_dacrs()).then_some(Schedule::DATA_SHEET.version),
            code: Some(image.encode().into()),
            context,
            input: input.into(),
            calls: Vec::new(),
            result: ResultRow::default(),
            said: None,
            outputs: Vec::new(),
            app_ops: Vec::new(),
            final_db: Vec::new(),
            final_app_accounts: Vec::new(),
            final_accounts: Vec::new(),
            cpu_flags_as_hardware: true,
            undefined_in_original: None,
            hardware_core_result: None,
        }
    }
}

/// The rules that a row's run follows: those it names, or the old chain's of its generation.
///
/// # Errors
/// If the name is not known.
pub fn semantics_of(row: &Row) -> Result<Semantics, ExecuteError> {
    match (&row.semantics, row.abi.as_str()) {
        (Some(name), _) => name.parse().map_err(|_| ExecuteError::Unknown {
            field: "semantics",
            found: name.clone(),
        }),
        (None, "final") => Ok(Semantics::Dacrs2017),
        (None, _) => Ok(Semantics::Dacrs2014),
    }
}

/// The rules that `row` runs under: by the gas schedule that it names, or where this version of the program has none of
/// that version by `data-sheet`.
///
/// # Errors
/// As [`semantics_of`].
pub(super) fn rules_of(row: &Row) -> Result<Rules, ExecuteError> {
    let semantics = semantics_of(row)?;
    Ok(match row.schedule.and_then(Schedule::of_version) {
        Some(schedule) => Rules::by(&Arc::new(*schedule), semantics),
        None => Rules::v1(semantics),
    })
}

/// The version of the gas schedule of `rules`; the old chain has none.
fn version(rules: &Rules) -> Option<u16> {
    (!rules.semantics.is_dacrs()).then_some(rules.schedule.version)
}

/// What the run of `row` may use besides its payment: gas, and machine cycles. Under another gas schedule than
/// the recording's the gas says nothing about where a run ends, so it is held by what it recorded instead.
///
/// # Errors
/// [`ExecuteError::OtherSchedule`] where that says nothing either: a WebAssembly run without gas;
/// [`ExecuteError::OtherScheduleOfCalls`] where contracts that are called could tell.
fn limits(row: &Row, engine: EngineId, rules: &Rules) -> Result<(Gas, Cycles), ExecuteError> {
    let (context, result) = (&row.context, &row.result);
    let calls = !context.codes.is_empty();
    // A run that nothing limits might never end, nor one of a contract that is called, which may be WebAssembly.
    let (gas, cycles) = match engine {
        EngineId::Wasm => (DEFAULT_GAS, u64::MAX),
        EngineId::Mcs51 if calls => (DEFAULT_GAS, u64::MAX),
        EngineId::Mcs51 if context.gas_limit.or(context.step_limit).is_none() => {
            (u64::MAX, DEFAULT_CYCLES)
        }
        EngineId::Mcs51 => (u64::MAX, u64::MAX),
    };
    let gas = context.gas_limit.unwrap_or(gas);
    let cycles = context.cycle_limit.unwrap_or(cycles);
    if row.schedule == version(rules) {
        return Ok((Gas(gas), Cycles(cycles)));
    }
    if calls {
        return Err(ExecuteError::OtherScheduleOfCalls {
            ours: rules.schedule.version,
        });
    }
    let for_want_of_gas = !result.ok && result.gas == context.gas_limit;
    // A call of the host that the gas left did not pay for was not served: no count of cycles ends a run there.
    let in_a_call = row.calls.last().is_some_and(|call| call.status.is_none());
    if engine == EngineId::Mcs51 && !(for_want_of_gas && in_a_call) {
        return Ok((Gas::MAX, Cycles(cycles.min(result.machine_cycles))));
    }
    if for_want_of_gas {
        return Err(ExecuteError::OtherSchedule {
            recorded: row.schedule,
            ours: rules.schedule.version,
        });
    }
    // It ends by itself; a limit is for files that say otherwise.
    Ok((Gas(gas.saturating_mul(OTHER_GAS)), Cycles(cycles)))
}

/// Runs what `row` describes with `image`, by the engines that a chain has unasked; see [`execute_by`].
///
/// # Errors
/// If the row or the image cannot be used, or the node fails.
pub fn execute(
    row: &Row,
    image: &Image,
    digests: bool,
    observer: &mut dyn CallObserver,
) -> Result<Replay, ExecuteError> {
    let prepared = Prepared::with(image, &rules_of(row)?, Modules::new())?;
    execute_by(&prepared, row, digests, observer)
}

/// Runs what `row` describes with its image, which is prepared, shows it to `observer`, and gives the row that
/// came of it. `digests` asks for the digests over every instruction, which make a run some ten times slower.
/// Registers and memory are in the new row only where the old one's are the hardware's, and so compared.
///
/// # Errors
/// If the row or the image cannot be used, or the node fails.
pub fn execute_by(
    prepared: &Prepared,
    row: &Row,
    digests: bool,
    observer: &mut dyn CallObserver,
) -> Result<Replay, ExecuteError> {
    let semantics = semantics_of(row)?;
    let module = &prepared.module;
    let rules = module.rules();
    let callees = Callees::prepare(&row.context, rules, &prepared.modules)?;
    let past = Past::new(&row.context)?;
    let limits = limits(row, module.engine(), rules)?;
    let check = module.account_check();
    let transaction = transaction(row, rules, limits, check, &past)?;
    let store = MemStore::new();
    let mut state = Overlay::new(&store);
    write_state(&row.context, &mut state)?;
    let watch = Watch::new(digests, row.cpu_flags_as_hardware, CALLS_ROOM);
    let mut watched = (observer, watch);
    let around = Surroundings {
        past: &past,
        // The old chain's contracts know of no others.
        contracts: (!semantics.is_dacrs()).then_some(&callees),
    };
    let result = session::execute(&transaction, module, &mut state, &around, &mut watched)?;
    let mut watch = watched.1;
    let run = result.run();
    let fault = run.and_then(|run| run.report.outcome.fault());
    if fault == Some(Fault::Host(HostFault::TooManyOutputs)) {
        watch.last_call_was_fatal();
    }
    let mut after = row.clone();
    after.schedule = version(rules);
    after.result = result_row(&watch, &result, &transaction);
    after.said = (!semantics.is_dacrs()).then(|| Said::of(&result, &watch));
    after.outputs = Vec::new();
    after.app_ops = Vec::new();
    if let Some(FinishedRun { requests, .. }) = run {
        let outputs = requests.outputs.iter();
        after.outputs = outputs.map(|output| output.0.into()).collect();
        let funds = requests.funds_in_order().into_iter();
        after.app_ops = funds.map(|record| record.0.into()).collect();
    }
    read_state(&mut after, &mut state)?;
    after.calls = watch.calls;
    Ok(Replay {
        row: after,
        result,
        call_cycles: watch.cycles,
        calls_left_out: watch.left_out,
    })
}

/// The transaction that `row` tells of; `check` is whether its image switches the account check on.
fn transaction<'a>(
    row: &'a Row,
    rules: &'a Rules,
    (gas, cycles): (Gas, Cycles),
    check: bool,
    past: &Past<'_>,
) -> Result<Transaction<'a>, ExecuteError> {
    let semantics = rules.semantics;
    let context = &row.context;
    let tx = &context.tx;
    let payment = if semantics.is_dacrs() {
        Payment::Fuel {
            fee: tx.fee,
            rate: context.fuel_rate,
        }
    } else {
        Payment::Gas {
            limit: gas,
            price: 0,
        }
    };
    let context = CallContext {
        semantics,
        network: network(context)?,
        height: context.height,
        chain_tip: context.chain_tip,
        block_time: context
            .time
            .unwrap_or_else(|| past.time(context.height).into()),
        tip_time: context
            .tip_time
            .unwrap_or_else(|| past.time(context.chain_tip.min(context.height))),
        tx_hash: array("context.tx.hash", &tx.hash)?,
        sender: array("context.tx.src_regid", &tx.src_regid)?,
        contract: array("context.tx.dest_script_id", &tx.dest_script_id)?,
        input: &row.input.0,
        pay_amount: tx.pay_amount,
        gas_price: context.gas_price.unwrap_or_default(),
        traversal: context.db_traversal_enabled,
        account_check: context.check_account_flag.unwrap_or(check),
    };
    let limit = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    Ok(Transaction {
        context,
        payment,
        schedule: &rules.schedule,
        needs_key: false,
        cycles,
        steps: Steps(limit(row.context.step_limit)),
    })
}

pub(super) fn network(context: &Context) -> Result<Network, ExecuteError> {
    // Recordings say `testnet (address version 0x5b)`: the first word is the name, with or without its `net`.
    let name = context
        .network
        .split_whitespace()
        .next()
        .unwrap_or_default();
    name.parse()
        .or_else(|_| name.trim_end_matches("net").parse())
        .map_err(|_| ExecuteError::Unknown {
            field: "context.network",
            found: context.network.clone(),
        })
}

/// The chain before the run, as far as the row tells.
#[derive(Debug)]
struct Past<'a> {
    context: &'a Context,
    known: Vec<(Hash, KnownTx, &'a [u8])>,
}

impl<'a> Past<'a> {
    fn new(context: &'a Context) -> Result<Self, ExecuteError> {
        let known = context.known_txs.iter().map(|tx| {
            let sender = array("context.known_txs.src_regid", &tx.src_regid)?;
            let known = KnownTx {
                sender,
                height: tx.confirm_height,
            };
            let hash = array("context.known_txs.hash", &tx.hash)?;
            Ok((hash, known, &tx.contract.0[..]))
        });
        Ok(Past {
            context,
            known: known.collect::<Result<_, ExecuteError>>()?,
        })
    }

    fn known(&self, hash: &Hash) -> Option<&(Hash, KnownTx, &'a [u8])> {
        self.known.iter().find(|(known, ..)| known == hash)
    }

    /// The time of the block at `height`, in seconds since 1970.
    fn time(&self, height: u32) -> u32 {
        let time = self.context.block_time;
        time.base.saturating_add(height.saturating_mul(time.step))
    }
}

impl ChainView for Past<'_> {
    fn block_hash(&self, height: u32) -> Result<Option<Hash>, NodeError> {
        if height > self.context.chain_tip {
            return Ok(None);
        }
        let recorded = self.context.block_hashes.get(&height).and_then(Hex::array);
        Ok(Some(recorded.unwrap_or_else(|| {
            double_sha256(format!("block{height}").as_bytes())
        })))
    }

    fn transaction(&self, hash: &Hash) -> Result<Option<KnownTx>, NodeError> {
        Ok(self.known(hash).map(|&(_, tx, _)| tx))
    }

    fn transaction_input(&self, hash: &Hash) -> Result<Option<Vec<u8>>, NodeError> {
        Ok(self.known(hash).map(|(.., input)| input.to_vec()))
    }
}

/// Puts the state that a row's run began with into `state`.
fn write_state(context: &Context, state: &mut Overlay<'_>) -> Result<(), ExecuteError> {
    for row in &context.accounts {
        let account = Account {
            regid: optional("context.accounts.regid", &row.regid)?,
            public_key: optional("context.accounts.pubkey", &row.pubkey)?,
            balance: row.balance,
        };
        account.register(state, &array::<20>("context.accounts.keyid", &row.keyid)?);
    }
    for (contract, key, value) in &context.initial_db {
        let contract = array("context.initial_db", contract)?;
        let place = data::find(state, &contract, &key.0)?;
        data::set(state, &contract, place, Some(&value.0))?;
    }
    for row in &context.initial_app_accounts {
        let contract = array("context.initial_app_accounts.script", &row.script)?;
        let account = AppAccount {
            free: row.free,
            frozen: row
                .frozen
                .iter()
                .map(|fund| {
                    Ok(Fund {
                        tag: name("context.initial_app_accounts.frozen.tag", &fund.tag)?.into(),
                        height: fund.height,
                        amount: fund.value,
                    })
                })
                .collect::<Result<_, ExecuteError>>()?,
        };
        let user = name("context.initial_app_accounts.user", &row.user)?;
        account.save(state, &contract, user)?;
    }
    for (key, value) in &context.state {
        state.put(&key.0, value.0.clone());
    }
    Ok(())
}

/// Reads the state after the run into the fields of `row` that hold it.
fn read_state(row: &mut Row, state: &mut Overlay<'_>) -> Result<(), ExecuteError> {
    row.final_db = Vec::new();
    row.final_app_accounts = Vec::new();
    row.final_accounts = Vec::new();
    for (key, value) in entries(state, kind::DATA)? {
        if let Some((contract, key)) = key.split_first_chunk::<6>() {
            row.final_db
                .push(((*contract).into(), key.into(), value.into()));
        }
    }
    for (key, _) in entries(state, kind::APP_ACCOUNT)? {
        let Some((contract, user)) = key.split_first_chunk::<6>() else {
            continue;
        };
        let account = AppAccount::load(state, contract, user)?;
        let frozen = account.frozen.into_iter().map(|fund| FrozenRow {
            tag: fund.tag.into(),
            height: fund.height,
            value: fund.amount,
        });
        row.final_app_accounts.push(AppAccountRow {
            script: (*contract).into(),
            user: user.into(),
            free: account.free,
            frozen: frozen.collect(),
        });
    }
    for (key_id, value) in entries(state, kind::ACCOUNT)? {
        if let Some(account) = Account::decode(&value) {
            let name = account
                .regid
                .map_or_else(|| format!("keyid:{}", hex::encode(key_id)), hex::encode);
            row.final_accounts.push((name, account.balance));
        }
    }
    Ok(())
}

/// Every entry under a one-byte prefix, the prefix taken off its key.
fn entries(state: &mut Overlay<'_>, prefix: u8) -> Result<Vec<Pair>, NodeError> {
    let mut found = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    while let Some((key, value)) = state.next(&[prefix], after.as_deref())? {
        found.push((key[1..].to_vec(), value));
        after = Some(key);
    }
    Ok(found)
}

fn result_row(watch: &Watch, result: &TransactionResult, tx: &Transaction<'_>) -> ResultRow {
    let accepted = result.accepted();
    let run = result.run();
    let usage = run.map(|run| run.report.usage);
    let steps_charged = run.map_or(0, |run| run.steps_charged);
    ResultRow {
        ok: accepted,
        message: result
            .rejection()
            .map_or_else(|| "accepted".into(), ToString::to_string),
        threw: None,
        vm_return: run.map_or(-999, FinishedRun::returned),
        exit_byte: watch.exit_byte,
        final_step: usage.map_or(-1, |usage| usage.steps),
        insns: usage.map_or(0, |usage| usage.instructions.0),
        machine_cycles: usage.map_or(0, |usage| usage.cycles.0),
        run_step: steps_charged,
        spend: match tx.payment {
            Payment::Fuel { rate, .. } if accepted => steps_charged.saturating_mul(rate),
            _ => 0,
        },
        gas: usage
            .filter(|_| !tx.context.semantics.is_dacrs())
            .map(|usage| usage.gas.0),
        pc_fnv64: watch.pc_fnv64(),
        cpu_fnv64: watch.cpu_fnv64(),
        final_cpu: watch.final_cpu.clone(),
    }
}

fn array<const N: usize>(field: &'static str, bytes: &Hex) -> Result<[u8; N], ExecuteError> {
    bytes.array().ok_or(ExecuteError::Length {
        field,
        expected: N,
        found: bytes.0.len(),
    })
}

/// The name of a user or of a fund.
fn name<'a>(field: &'static str, bytes: &'a Hex) -> Result<&'a [u8], ExecuteError> {
    if bytes.0.len() > NAME_MAX {
        return Err(ExecuteError::TooLong {
            field,
            most: NAME_MAX,
            found: bytes.0.len(),
        });
    }
    Ok(&bytes.0)
}

fn optional<const N: usize>(
    field: &'static str,
    bytes: &Hex,
) -> Result<Option<[u8; N]>, ExecuteError> {
    if bytes.0.is_empty() {
        Ok(None)
    } else {
        array(field, bytes).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recording of our own rules need not name a limit: its run ends all the same.
    #[test]
    fn a_recording_without_limits_has_an_end() {
        let image = Image::bin(&[0x80, 0xFE]).expect("a ROM");
        let limits = |engine, gas_limit, cycle_limit, step_limit| {
            let context = Context {
                gas_limit,
                cycle_limit,
                step_limit,
                ..Context::default()
            };
            let row = Row::new("loop".into(), &image, Semantics::V1, context, vec![]);
            let (gas, cycles) =
                limits(&row, engine, &Rules::v1(Semantics::V1)).expect("its own schedule");
            (gas.0, cycles.0)
        };
        let none = u64::MAX;
        for (given, on_8051, in_wasm) in [
            (
                (None, None, None),
                (none, DEFAULT_CYCLES),
                (DEFAULT_GAS, none),
            ),
            ((Some(5), None, None), (5, none), (5, none)),
            ((None, Some(none), None), (none, none), (DEFAULT_GAS, none)),
            ((None, None, Some(7)), (none, none), (DEFAULT_GAS, none)),
        ] {
            let (gas, cycles, steps) = given;
            assert_eq!(limits(EngineId::Mcs51, gas, cycles, steps), on_8051);
            assert_eq!(limits(EngineId::Wasm, gas, cycles, steps), in_wasm);
        }
        // What an 8051 calls may be WebAssembly, which no machine cycles limit.
        let calls = Context {
            codes: vec![Hex::default()],
            cycle_limit: Some(7),
            ..Context::default()
        };
        let row = Row::new("calls".into(), &image, Semantics::V1, calls, vec![]);
        let found = super::limits(&row, EngineId::Mcs51, &Rules::v1(Semantics::V1))
            .expect("its own schedule");
        assert_eq!((found.0.0, found.1.0), (DEFAULT_GAS, 7));
    }
}
