//! The host calls that were recorded on the original chain, made again one by one without a processor,
//! and what followed each run.
//!
//! The recordings hold other people's contracts, so they lie beside the repository and are not in it.

use crate::common::Past;
use abi::Semantics;
use abi::codec::{reply_fits, reply_items, scan};
use hostapi::accounts::{Account, contract_key_id, key_id_of};
use hostapi::app_funds::{AppAccount, Fund};
use hostapi::fees::{counted_steps, max_steps, spend};
use hostapi::{
    CallContext, CallEnd, ChainView, Failure, Host, HostApi, HostFault, KnownTx, Network,
    NodeError, Status, data, settle,
};
use serde_json::Value;
use state::keys::{self, Hash, RegId};
use state::{MemStore, Overlay};
use std::path::PathBuf;

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(text(value)).expect("hex")
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("hex of the right length")
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("a number is expected, not {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What a row says of the past.
#[derive(Debug)]
struct RowChain<'r>(&'r Value);

impl RowChain<'_> {
    /// What the row knows of a transaction.
    fn known(&self, hash: &Hash) -> Option<&Value> {
        list(&self.0["known_txs"])
            .iter()
            .find(|tx| array(&tx["hash"]) == *hash)
    }
}

impl ChainView for RowChain<'_> {
    fn block_hash(&self, height: u32) -> Result<Option<Hash>, NodeError> {
        Past.block_hash(height)
    }

    fn transaction(&self, hash: &Hash) -> Result<Option<KnownTx>, NodeError> {
        Ok(self.known(hash).map(|tx| KnownTx {
            sender: array(&tx["src_regid"]),
            height: number(&tx["confirm_height"]) as u32,
        }))
    }

    fn transaction_input(&self, hash: &Hash) -> Result<Option<Vec<u8>>, NodeError> {
        Ok(self.known(hash).map(|tx| bytes(&tx["contract"])))
    }
}

fn context_of<'i>(row: &Value, input: &'i [u8]) -> CallContext<'i> {
    let context = &row["context"];
    let height = number(&context["height"]) as u32;
    let chain_tip = number(&context["chain_tip"]) as u32;
    let time = |height: u32| {
        let block_time = &context["block_time"];
        number(&block_time["base"]) + u64::from(height) * number(&block_time["step"])
    };
    let network = if text(&context["network"]).contains("0x1f") {
        Network::Main
    } else {
        Network::Test
    };
    CallContext {
        semantics: Semantics::Dacrs2017,
        network,
        height,
        chain_tip,
        block_time: time(height),
        tip_time: time(height.min(chain_tip)) as u32,
        tx_hash: array(&context["tx"]["hash"]),
        sender: array(&context["tx"]["src_regid"]),
        contract: array(&context["tx"]["dest_script_id"]),
        input,
        pay_amount: number(&context["tx"]["pay_amount"]),
        gas_price: 1,
        traversal: context["db_traversal_enabled"] == true,
        account_check: context["check_account_flag"] == true,
    }
}

/// The state before the run: the node has moved fee and amount already.
fn state_of<'s>(row: &Value, context: &CallContext<'_>, store: &'s MemStore) -> Overlay<'s> {
    let mut state = Overlay::new(store);
    let told = &row["context"];
    for account in list(&told["accounts"]) {
        let regid: RegId = array(&account["regid"]);
        let public_key = bytes(&account["pubkey"]).try_into().ok();
        let mut balance = number(&account["balance"]);
        if regid == context.sender {
            balance -= number(&told["tx"]["fee"]) + context.pay_amount;
        }
        if regid == context.contract {
            balance += context.pay_amount;
        }
        Account {
            balance,
            regid: Some(regid),
            public_key,
        }
        .register(&mut state, &array(&account["keyid"]));
    }
    let others = list(&told["other_contracts"])
        .iter()
        .map(|other| array(&other["regid"]));
    for contract in others.chain([context.contract]) {
        state.put(&keys::contract(&contract), b"code".as_slice());
    }
    for entry in list(&told["initial_db"]) {
        let contract = array(&entry[0]);
        let place = data::find(&mut state, &contract, &bytes(&entry[1])).unwrap();
        data::set(&mut state, &contract, place, Some(&bytes(&entry[2]))).unwrap();
    }
    for account in list(&told["initial_app_accounts"]) {
        let fund = |fund: &Value| Fund {
            tag: bytes(&fund["tag"]),
            height: number(&fund["height"]) as u32,
            amount: number(&fund["value"]),
        };
        let frozen = list(&account["frozen"]).iter().map(fund).collect();
        AppAccount {
            free: number(&account["free"]),
            frozen,
        }
        .save(
            &mut state,
            &array(&account["script"]),
            &bytes(&account["user"]),
        )
        .unwrap();
    }
    state
}

/// The exchange buffer of a recorded call.
fn window_of(call: &Value) -> Vec<u8> {
    let mut window = if call["args_ok"] == true {
        let items: Vec<_> = list(&call["args"]).iter().map(bytes).collect();
        abi::codec::request(&items.iter().map(Vec::as_slice).collect::<Vec<_>>())
    } else {
        bytes(&call["args_raw"])
    };
    window.resize(4096, 0);
    window
}

/// A call made again, in the terms of the recordings.
struct Made {
    /// 1 served, 0 not served, -1 for a hundredth output record; `None` where the original never came back.
    status: Option<i64>,
    /// The items of the reply, whether it is too large to be delivered, and the step delta; `None` if the run ended.
    answer: Option<(Vec<Vec<u8>>, bool, i64)>,
}

fn make(host: &mut Host<'_, '_>, method: u16, window: &[u8]) -> Made {
    match host.call(method, window) {
        Ok(answer) => {
            let is_done = answer.status == Status::Done;
            let is_dropped = is_done && !reply_fits(Semantics::Dacrs2017, answer.reply.len());
            let reply = reply_items(answer.reply).map(<[u8]>::to_vec).collect();
            Made {
                status: Some(i64::from(is_done)),
                answer: Some((reply, is_dropped, answer.step_delta)),
            }
        }
        Err(Failure::Contract(CallEnd::Fault(fault, _))) => Made {
            status: (fault == HostFault::TooManyOutputs).then_some(-1),
            answer: None,
        },
        Err(error) => panic!("the node failed, or the gas: {error}"),
    }
}

fn assert_call(id: &str, told: &Value, window: &[u8], made: &Made) {
    let place = format!("{id}, call {}", told["n"]);
    assert_eq!(told["status"].as_i64(), made.status, "{place}: status");
    let mut args = Vec::new();
    let is_sound = scan(window, |item| args.push(item.to_vec())).is_ok();
    assert_eq!(told["args_ok"] == true, is_sound, "{place}: frame");
    if is_sound {
        let told: Vec<_> = list(&told["args"]).iter().map(bytes).collect();
        assert_eq!(told, args, "{place}: arguments");
    }
    if let Some((reply, is_dropped, step_delta)) = &made.answer {
        let told_reply: Vec<_> = list(&told["ret"]).iter().map(bytes).collect();
        assert_eq!(told_reply, *reply, "{place}: reply");
        assert_eq!(
            told["step_delta"].as_i64(),
            Some(*step_delta),
            "{place}: step delta"
        );
        assert_eq!(told["ret_dropped"] == true, *is_dropped, "{place}: dropped");
    }
}

fn assert_state(id: &str, row: &Value, state: &mut Overlay<'_>) {
    for told in list(&row["final_accounts"]) {
        let name = text(&told[0]);
        let key_id = match name.strip_prefix("keyid:") {
            Some(key_id) => hex::decode(key_id).unwrap().try_into().unwrap(),
            None => key_id_of(state, &array(&told[0]))
                .unwrap()
                .expect("a registered account"),
        };
        let balance = Account::load(state, &key_id)
            .unwrap()
            .map(|account| account.balance);
        assert_eq!(balance, told[1].as_u64(), "{id}: balance of {name}");
    }
    let told: Vec<Vec<Vec<u8>>> = list(&row["final_db"])
        .iter()
        .map(|entry| list(entry).iter().map(bytes).collect())
        .collect();
    let mut found = Vec::new();
    let mut after = None;
    while let Some((key, value)) = state.next(&[keys::kind::DATA], after.as_deref()).unwrap() {
        found.push(vec![key[1..7].to_vec(), key[7..].to_vec(), value]);
        after = Some(key);
    }
    assert_eq!(told, found, "{id}: data");
    for told in list(&row["final_app_accounts"]) {
        let account =
            AppAccount::load(state, &array(&told["script"]), &bytes(&told["user"])).unwrap();
        assert_eq!(Some(account.free), told["free"].as_u64(), "{id}: free");
        let funds: Vec<_> = list(&told["frozen"])
            .iter()
            .map(|fund| Fund {
                tag: bytes(&fund["tag"]),
                height: number(&fund["height"]) as u32,
                amount: number(&fund["value"]),
            })
            .collect();
        assert_eq!(account.frozen, funds, "{id}: frozen");
    }
}

/// Makes a row's calls again, settles, and compares everything. Returns how many calls there were.
fn replay(row: &Value) -> usize {
    let id = text(&row["id"]);
    let input = bytes(&row["input"]);
    let context = context_of(row, &input);
    let store = MemStore::default();
    let mut state = state_of(row, &context, &store);
    let chain = RowChain(&row["context"]);
    let (fee, fuel_rate) = (
        number(&row["context"]["tx"]["fee"]),
        number(&row["context"]["fuel_rate"]),
    );
    let limit = max_steps(fee, fuel_rate);
    let threw = !row["result"]["threw"].is_null() || !row["undefined_in_original"].is_null();

    let mut host = Host::new(&context, &chain, &mut state);
    let calls = list(&row["calls"]);
    let mut ended = false;
    for told in calls {
        assert!(!ended, "{id}: a run ends with its last call");
        let window = window_of(told);
        let made = make(&mut host, number(&told["method"]) as u16, &window);
        ended = made.answer.is_none();
        if !ended || !threw {
            assert_call(id, told, &window, &made);
        }
    }
    let requests = host.finish();
    if !threw {
        let hexed = |records: Vec<&[u8]>| -> Vec<Value> {
            records
                .iter()
                .map(|record| hex::encode(record).into())
                .collect()
        };
        assert_eq!(
            list(&row["outputs"]),
            hexed(
                requests
                    .outputs
                    .iter()
                    .map(|output| &output.0[..])
                    .collect()
            ),
            "{id}"
        );
        let funds = requests.funds_in_order();
        assert_eq!(
            list(&row["app_ops"]),
            hexed(funds.iter().map(|fund| &fund.0[..]).collect()),
            "{id}"
        );
    }

    let vm_return = row["result"]["vm_return"].as_i64().expect("a number");
    if let Ok(limit) = limit {
        assert_eq!(
            number(&row["context"]["max_steps"]),
            limit,
            "{id}: step limit"
        );
    }
    let ok = !ended
        && limit.is_ok()
        && counted_steps(vm_return).is_ok_and(|steps| {
            settle(&requests, &mut state, &context).is_ok()
                && spend(steps, fuel_rate).is_ok_and(|spend| row["result"]["spend"] == spend)
        });
    assert_eq!(row["result"]["ok"], ok, "{id}: outcome");
    if ok {
        assert_state(id, row, &mut state);
    }
    calls.len()
}

#[test]
fn recorded_calls_answer_as_they_did() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/legacy/recordings.json");
    let Ok(file) = std::fs::read(&path) else {
        eprintln!(
            "SKIPPED: {} is missing; the recordings lie beside the repository",
            path.display()
        );
        return;
    };
    let recordings: Value = serde_json::from_slice(&file).expect("a JSON file");
    let rows = list(&recordings["rows"]);
    let calls: usize = rows.iter().map(replay).sum();
    assert!(
        rows.len() >= 171 && calls >= 2_183,
        "{} rows, {calls} calls",
        rows.len()
    );
}

/// Contract accounts of the recordings have the key ids computed here.
#[test]
fn recorded_contracts_have_the_key_ids_computed_here() {
    assert_eq!(
        hex::encode(contract_key_id(&[1, 0, 0, 0, 1, 0])),
        "b22338ea03388c698936894274c34756d9bacb85"
    );
}
