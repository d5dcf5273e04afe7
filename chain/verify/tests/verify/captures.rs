//! Recordings of calls on the local chain: each runs again from its one file.

use crate::common::{MINT, PARTIES, TRANSFER, asks, in_memory, input, succeeds};
use abi::codec;
use abi::method;
use chain::session::Payment;
use chain::{CallRequest, Chain, ChainError, ContractFlags, Deploy};
use loader::Image;
use state::keys::RegId;
use verify::recording::{ExecuteError, File, Row, capture, differences, execute};

/// What `request` records, after it has been through JSON, run again: it must come out the same.
pub(crate) fn replays(chain: &Chain, request: &CallRequest<'_>) -> Row {
    let row = capture(chain, request).expect("the call can be recorded");
    let file = File::new("a test".into(), vec![row]);
    let text = serde_json::to_string(&file).expect("JSON");
    let file: File = serde_json::from_str(&text).expect("the same file");
    assert_eq!(file.check(), Ok(()));
    let row = file.rows.into_iter().next().expect("one row");
    let image = Image::decode(&row.code.as_ref().expect("it holds its image").0).expect("an image");
    let run = execute(&row, &image, true, &mut ()).expect("it runs");
    assert_eq!(differences(&row, &run.row), []);
    row
}

/// `image`, deployed by Alice in a block of its own.
pub(crate) fn deploy(chain: &Chain, image: &Image) -> RegId {
    deploy_with(chain, image, ContractFlags::empty())
}

/// The same with these flags.
pub(crate) fn deploy_with(chain: &Chain, image: &Image, flags: ContractFlags) -> RegId {
    let mut block = chain.begin_block().expect("a block");
    let deploy = Deploy {
        sender: PARTIES.alice,
        image,
        semantics: abi::Semantics::V1,
        name: None,
        flags,
        init: None,
        abi: None,
    };
    let contract = block.deploy(&deploy).expect("a contract").target;
    block.commit().expect("durable");
    contract
}

pub(crate) fn request<'a>(contract: [u8; 6], input: &'a [u8]) -> CallRequest<'a> {
    let payment = Payment::Gas {
        limit: abi::Gas(100_000),
        price: 1,
    };
    CallRequest {
        sender: PARTIES.alice,
        contract,
        input,
        value: 0,
        payment,
    }
}

#[test]
fn a_recorded_call_replays_and_changes_nothing() {
    let (chain, _) = in_memory();
    let before = chain.head().expect("a head");
    let transfer = input(TRANSFER, PARTIES.bob, 10);
    let row = replays(&chain, &request(PARTIES.token, &transfer));
    assert!(row.result.ok, "{}", row.result.message);
    assert_eq!(chain.head().expect("a head"), before);
    // A refused call is a recording too.
    let mint = input(MINT, PARTIES.bob, 10);
    let from_bob = CallRequest {
        sender: PARTIES.bob,
        ..request(PARTIES.token, &mint)
    };
    assert!(!replays(&chain, &from_bob).result.ok);
}

#[test]
fn what_a_call_asks_of_the_past_is_in_its_recording() {
    let (chain, _) = in_memory();
    let transfer = input(TRANSFER, PARTIES.bob, 10);
    let mut block = chain.begin_block().expect("a block");
    let tx = block
        .call(&request(PARTIES.token, &transfer), &mut ())
        .expect("a call")
        .id;
    block.commit().expect("durable");
    let image = asks(&[
        (method::TX_CONTRACT, codec::request(&[&tx])),
        (method::TX_ACCOUNT, codec::request(&[&tx])),
        (method::TX_HEIGHT, codec::request(&[&tx])),
        (method::BLOCK_HASH, codec::request(&[&1i32.to_le_bytes()])),
        (method::SCRIPT_DATA, codec::request(&[&PARTIES.token, b"o"])),
        (method::DB_SIZE, Vec::new()),
        (method::DB_NEXT, codec::request(&[&0i32.to_le_bytes()])),
        (method::BALANCE, codec::request(&[&PARTIES.bob])),
        (method::BLOCK_TIME, Vec::new()),
    ]);
    let contract = deploy(&chain, &image);
    let row = replays(&chain, &request(contract, &[]));
    assert!(row.result.ok, "{}", row.result.message);
    assert_eq!(row.calls[0].ret[0].0, transfer);
    assert_eq!(row.calls[1].ret[0].0, PARTIES.alice);
    assert_eq!(row.calls[3].ret[0].0.len(), 32);
    assert_eq!(row.calls[8].ret[0].0.len(), 8);
}

/// A contract that asks for a key of 4,000 bytes without end.
#[test]
fn a_call_too_long_to_record_is_refused() {
    let (chain, _) = in_memory();
    let image = succeeds(
        "again: MOV DPTR,#0xEFFF\nMOV A,#0xA2\nMOVX @DPTR,A\nINC DPTR\nMOV A,#0x0F\nMOVX @DPTR,A\n\
         INC DPTR\nMOV A,#0xA0\nMOVX @DPTR,A\nINC DPTR\nMOV A,#0x0F\nMOVX @DPTR,A\n\
         MOV DPTR,#0xEFFD\nMOV A,#19\nMOVX @DPTR,A\nLCALL 0x0012\nSJMP again\n",
    );
    let contract = deploy(&chain, &image);
    let call = |gas| CallRequest {
        payment: Payment::Gas {
            limit: abi::Gas(gas),
            price: 1,
        },
        ..request(contract, &[])
    };
    let few = replays(&chain, &call(100_000));
    assert_eq!(few.calls[0].args[0].0.len(), 4000);
    let error = capture(&chain, &call(30_000_000)).unwrap_err();
    assert!(matches!(error, ChainError::RecordingTooLarge), "{error}");
}

/// Contracts that are not entered, for want of funds or gas, are not in the recording but in its answers.
#[test]
fn a_contract_that_is_not_entered_is_recorded() {
    let (chain, _) = in_memory();
    for (value, gas, reason) in [(5u64, 0u64, 4), (0, 1, 5)] {
        let record = [&PARTIES.token[..], &value.to_le_bytes(), &gas.to_le_bytes()].concat();
        let image = asks(&[(method::CALL_CONTRACT, codec::request(&[&record]))]);
        let contract = deploy(&chain, &image);
        let row = replays(&chain, &request(contract, &[]));
        assert_eq!(row.calls[0].ret[0].0[..2], [4, reason]);
        assert_eq!(row.context.codes, []);
        assert_eq!(row.said.expect("format 2").frames, []);
    }
}

/// What `row` differs in when it is run again.
pub(crate) fn again(row: &Row) -> Result<Vec<String>, ExecuteError> {
    let image = Image::decode(&row.code.as_ref().expect("its image").0).expect("an image");
    let run = execute(row, &image, true, &mut ())?;
    let differences = differences(row, &run.row).into_iter();
    Ok(differences.map(|difference| difference.field).collect())
}

#[test]
fn gas_is_compared_under_its_own_schedule_only() {
    let (chain, _) = in_memory();
    let transfer = input(TRANSFER, PARTIES.bob, 10);
    let whole = replays(&chain, &request(PARTIES.token, &transfer));
    assert_eq!(whole.schedule, Some(abi::Schedule::DATA_SHEET.version));
    let gas = whole.result.gas.expect("under our rules");
    let cut = |less| {
        let call = CallRequest {
            payment: Payment::Gas {
                limit: abi::Gas(gas - less),
                price: 1,
            },
            ..request(PARTIES.token, &transfer)
        };
        let row = replays(&chain, &call);
        assert!(!row.result.ok);
        row
    };
    // Where a call of the host was not paid for, nothing but gas ends the run.
    let mut in_a_call = cut(500);
    assert_eq!(in_a_call.calls.last().and_then(|call| call.status), None);
    in_a_call.schedule = None;
    let error = again(&in_a_call).expect_err("it has no end");
    assert!(
        matches!(error, ExecuteError::OtherSchedule { .. }),
        "{error}"
    );
    let cut = cut(10);
    for row in [whole, cut] {
        let mut other = row.clone();
        other.result.gas = Some(7);
        assert_eq!(again(&other).expect("it runs"), ["result.gas"]);
        for schedule in [None, Some(999)] {
            other.schedule = schedule;
            other.context.gas_limit = Some(3);
            assert_eq!(again(&other).expect("it runs"), [""; 0], "{schedule:?}");
            let mut longer = other.clone();
            longer.result.insns += 1;
            assert_eq!(again(&longer).expect("it runs"), ["result.insns"]);
        }
    }
}

/// Wasm without gas needs the schedule of its recording.
#[test]
fn wasm_without_gas_needs_its_own_schedule() {
    let (chain, _) = in_memory();
    let module = br#"(module (import "smart51" "exit" (func (param i32)))
        (memory (export "memory") 1) (global (export "smart51_buffer") i32 (i32.const 0))
        (func (export "smart51_main") (if (i32.eqz (i32.load8_u (i32.const 2)))
            (then (loop $again (br $again)))) (call 0 (i32.const 1))))"#;
    let image = loader::load(module).expect("a module").image;
    let contract = deploy(&chain, &image);
    for (input, ends) in [([0], false), ([1], true)] {
        let mut row = replays(&chain, &request(contract, &input));
        assert_eq!(row.result.ok, ends);
        row.schedule = Some(999);
        let found = again(&row);
        if ends {
            assert_eq!(found.expect("it runs"), [""; 0]);
        } else {
            let error = found.expect_err("nobody knows where it ended");
            assert!(error.to_string().contains("gas schedule 999"), "{error}");
        }
    }
}

/// What a contract says, and how it ends by a method, replays as anything else.
#[test]
fn what_a_contract_says_is_recorded() {
    let (chain, _) = in_memory();
    let mut name = [0; 32];
    name[..4].copy_from_slice(b"said");
    let says = [
        (method::CALLER, Vec::new()),
        (method::EMIT, codec::request(&[&name, b"data"])),
        (method::RETURN_DATA, codec::request(&[b"returned"])),
    ];
    let ends = [
        None,
        Some((method::FAIL, codec::request(&[&[7], b"no"]))),
        Some((method::ABORT, codec::request(&[&[7], b"no"]))),
        Some((method::FAIL, codec::request(&[&[1]]))),
        Some((method::EMIT, codec::request(&[b"none"]))),
    ];
    for end in ends {
        let calls: Vec<_> = says.iter().cloned().chain(end.clone()).collect();
        let contract = deploy(&chain, &asks(&calls));
        let row = replays(&chain, &request(contract, &[]));
        assert_eq!(row.result.ok, end.is_none(), "{}", row.result.message);
    }
}
