//! Recordings of calls that call others, and of those that something follows.

use crate::captures::{again, deploy, deploy_with, replays, request};
use crate::common::{PARTIES, TRANSFER, in_memory, input, puppet, script};
use abi::layout::INPUT_MAX;
use abi::{Gas, codec, method};
use bridge::EngineId;
use chain::receipt::Work;
use chain::session::Payment;
use chain::{CallRequest, Chain, ChainError, ContractFlags};
use loader::Image;
use state::keys::RegId;
use verify::recording::{ExecuteError, File, FormatError, Hex, Row, capture, execute};

type Call = (u16, Vec<u8>);

/// What is done to a row.
type Change = fn(&mut Row);

const BOTH: [EngineId; 2] = [EngineId::Mcs51, EngineId::Wasm];

fn notify() -> Call {
    (method::NOTIFY, codec::request(&[&PARTIES.bob]))
}

/// A call of `to` with an amount and all gas.
fn call(to: RegId, value: u64, input: &[u8]) -> Call {
    let record = [&to[..], &value.to_le_bytes(), &[0; 8]].concat();
    (method::CALL_CONTRACT, codec::request(&[&record, input]))
}

/// The same call, which must change nothing.
fn static_call(to: RegId, input: &[u8]) -> Call {
    let (_, request) = call(to, 0, input);
    (method::STATIC_CALL, request)
}

fn write(key: &[u8]) -> Call {
    (method::DB_WRITE, codec::request(&[key, b"1"]))
}

fn emit(data: &[u8]) -> Call {
    let mut records = [0; 64];
    records[..4].copy_from_slice(b"said");
    records[32] = 7;
    (method::EMIT, codec::request(&[&records, data]))
}

fn return_data(data: &[u8]) -> Call {
    (method::RETURN_DATA, codec::request(&[data]))
}

fn fail(code: u8, text: &[u8]) -> Call {
    (method::FAIL, codec::request(&[&[code], text]))
}

/// A call by Alice with an amount and plenty of gas.
pub(crate) fn ample<'a>(contract: RegId, value: u64, input: &'a [u8]) -> CallRequest<'a> {
    CallRequest {
        value,
        payment: Payment::Gas {
            limit: Gas(5_000_000),
            price: 1,
        },
        ..request(contract, input)
    }
}

/// Puppets for these engines, deployed.
fn puppets<const N: usize>(chain: &Chain, engines: [EngineId; N]) -> [RegId; N] {
    engines.map(|engine| deploy(chain, &puppet(engine)))
}

/// What `row` says of each frame: its end, whether it was kept, and its error text.
fn ends(row: &Row) -> Vec<(String, bool, Option<Hex>)> {
    let said = row.said.as_ref().expect("format 2");
    let end = |row: &verify::recording::said::FrameRow| {
        (row.ended.outcome.clone(), row.kept, row.error.clone())
    };
    said.frames.iter().map(end).collect()
}

/// A contract calls another one with an amount; what the callee does is kept. In all four mixtures of machines.
#[test]
fn a_call_of_another_contract_replays_with_it() {
    for (outer, inner) in BOTH.into_iter().flat_map(|a| BOTH.map(|b| (a, b))) {
        let (chain, _) = in_memory();
        let [caller, callee] = puppets(&chain, [outer, inner]);
        let inside = [write(b"inside"), emit(b"in"), return_data(b"answer")];
        let does = [
            emit(b"before"),
            call(callee, 5, &script(&inside, 1)),
            write(b"after"),
            return_data(b"whole"),
        ];
        let does = script(&does, 1);
        let request = ample(caller, 9, &does);
        let row = replays(&chain, &request);
        let receipt = chain
            .begin_block()
            .expect("a block")
            .call(&request, &mut ())
            .expect("a call")
            .clone();

        let said = row.said.as_ref().expect("format 2");
        assert_eq!(said.returned.0, b"whole");
        let events: Vec<_> = said
            .events
            .iter()
            .map(|it| (it.frame, &it.data.0[..]))
            .collect();
        assert_eq!(events, [(0, &b"before"[..]), (1, b"in")]);
        assert_eq!(said.events[0].topics[0].0[0], 7);
        let [frame] = &said.frames[..] else {
            panic!("{said:?}");
        };
        assert_eq!((frame.contract.0.clone(), frame.value), (callee.into(), 5));
        assert_eq!(frame.returned.0, b"answer");
        assert_eq!(frame.final_cpu.is_some(), inner == EngineId::Mcs51);
        assert_eq!(row.result.final_cpu.is_some(), outer == EngineId::Mcs51);
        let Work::Run(run) = &receipt.frames[1].work else {
            panic!("{receipt}");
        };
        assert_eq!((frame.gas, row.result.gas), (run.gas, Some(receipt.gas)));
        let calls: Vec<_> = row.calls.iter().map(|call| call.frame).collect();
        assert_eq!(calls, [0, 0, 1, 1, 1, 0, 0], "{outer} {inner}");
        // Status and data of the callee are the answer to its caller's call, though it came later.
        assert_eq!(row.calls[1].ret[0].0[..2], [1, 1]);
        assert_eq!(row.calls[1].ret[1].0, b"answer");
        assert_eq!(row.context.codes.len(), 1);
    }
}

/// A callee that fails, by each way there is, leaves nothing, and its caller goes on; one that aborts ends both.
#[test]
fn a_callee_that_fails_replays_with_its_words() {
    let refused = || "refused".to_owned();
    for (outer, inner) in BOTH.into_iter().flat_map(|a| BOTH.map(|b| (a, b))) {
        let (chain, _) = in_memory();
        let [caller, callee] = puppets(&chain, [outer, inner]);
        let text = Some(Hex::from(b"no".to_vec()));
        let unpaid = [&[1; 1][..], &[0; 47]].concat();
        for (last, ended, error, ok) in [
            (fail(7, b"no"), refused(), text.clone(), true),
            (
                (method::ABORT, codec::request(&[&[7], b"no"])),
                "fault".into(),
                text,
                false,
            ),
            ((0x7777, Vec::new()), "fault".into(), None, true),
            (
                (method::OUTPUT, codec::request(&[&unpaid])),
                "success".into(),
                None,
                true,
            ),
        ] {
            let inside = [write(b"inside"), emit(b"in"), last];
            let does = script(&[call(callee, 3, &script(&inside, 1)), write(b"after")], 1);
            let row = replays(&chain, &ample(caller, 3, &does));
            assert_eq!(row.result.ok, ok, "{}", row.result.message);
            assert_eq!(ends(&row), [(ended, false, error.clone())]);
            let said = row.said.expect("format 2");
            assert_eq!(said.events, []);
            assert_eq!(
                said.error,
                error.filter(|_| !ok),
                "an aborted call has the words of who aborted it"
            );
        }
        // A callee that ends by itself with another code than 1.
        let does = script(&[call(callee, 0, &script(&[], 9))], 1);
        let row = replays(&chain, &ample(caller, 0, &does));
        assert_eq!(ends(&row), [(refused(), false, None)]);
        assert_eq!(row.calls[0].ret[0].0[..2], [2, 9]);
    }
}

/// In a static call a write ends the callee, and a read is answered.
#[test]
fn a_static_call_replays() {
    for (outer, inner) in BOTH.into_iter().flat_map(|a| BOTH.map(|b| (a, b))) {
        let (chain, _) = in_memory();
        let [caller, callee] = puppets(&chain, [outer, inner]);
        let reads = [
            (method::DB_READ, codec::request(&[b"key"])),
            (method::BALANCE, codec::request(&[&callee])),
        ];
        let does = [
            static_call(callee, &script(&reads, 1)),
            static_call(callee, &script(&[write(b"key")], 1)),
        ];
        let row = replays(&chain, &ample(caller, 0, &script(&does, 1)));
        assert!(row.result.ok, "{}", row.result.message);
        let frames = &row.said.as_ref().expect("format 2").frames;
        assert!(frames.iter().all(|frame| frame.is_static));
        assert!(frames[0].kept);
        assert_eq!(frames.len(), 2);
    }
}

/// Three contracts deep, two calls at the deepest, one of which finds no contract and one no gas.
#[test]
fn calls_three_deep_replay() {
    for engines in
        [[0, 1, 0], [1, 0, 1], [0, 0, 1], [1, 1, 0]].map(|it| it.map(|at: usize| BOTH[at]))
    {
        let (chain, _) = in_memory();
        let [first, second, third] = puppets(&chain, engines);
        let transfer = input(TRANSFER, PARTIES.bob, 10);
        let little = [&PARTIES.token[..], &[0; 8], &100u64.to_le_bytes()].concat();
        let deepest = [
            call(PARTIES.token, 0, &transfer),
            call([0xAA; 6], 0, b"none"),
            (method::CALL_CONTRACT, codec::request(&[&little, &transfer])),
            call(first, 0, b"runs already"),
            (method::CALLER, Vec::new()),
        ];
        let middle = [call(third, 2, &script(&deepest, 1)), emit(b"middle")];
        let does = [
            call(second, 4, &script(&middle, 1)),
            static_call(third, &script(&[], 1)),
        ];
        let does = script(&does, 1);
        let row = replays(&chain, &ample(first, 8, &does));
        assert!(row.result.ok, "{}", row.result.message);
        let said = row.said.as_ref().expect("format 2");
        let tree: Vec<_> = said
            .frames
            .iter()
            .map(|it| (it.parent, it.contract.0[4]))
            .collect();
        let place = |id: RegId| id[4];
        let tree_of = [(0, second), (1, third), (2, PARTIES.token), (0, third)];
        assert_eq!(tree, tree_of.map(|(parent, id)| (parent, place(id))));
        let of_the_deepest = row.calls.iter().filter(|call| call.frame == 2);
        let answers: Vec<_> = of_the_deepest
            .filter(|call| call.method == method::CALL_CONTRACT)
            .map(|call| call.ret[0].0[..2].to_vec())
            .collect();
        assert_eq!(answers, [[2, 4], [4, 1], [4, 5], [4, 3]]);
        assert_eq!(row.calls.last().map(|call| call.frame), Some(0));
    }
}

/// What follows a call is in no recording; a call that fails has nothing follow.
#[test]
fn a_call_that_something_follows_is_not_recorded() {
    let (chain, _) = in_memory();
    let record = [&PARTIES.bob[..], &[0; 16]].concat();
    for engine in [EngineId::Mcs51, EngineId::Wasm] {
        let contract = deploy(&chain, &puppet(engine));
        let authorization = [&contract[..], &[0; 8]].concat();
        let asks = [
            notify(),
            (
                method::SEND_ACTION,
                codec::request(&[&record, &authorization, b"data"]),
            ),
            (
                method::SEND_CONTEXT_FREE,
                codec::request(&[&record, b"data"]),
            ),
        ];
        for ask in asks {
            let ask = [ask];
            let error = capture(&chain, &request(contract, &script(&ask, 1))).unwrap_err();
            assert!(matches!(error, ChainError::RecordingOfFollowUps), "{error}");
            assert!(error.to_string().contains("smart51 trace"), "{error}");
            let failing = capture(&chain, &request(contract, &script(&ask, 2)));
            assert!(!failing.expect("nothing follows").result.ok);
        }
    }
}

/// A recording of a call that calls another contract, by machines `outer` and `inner`.
fn nested(outer: EngineId, inner: EngineId) -> Row {
    let (chain, _) = in_memory();
    let [caller, callee] = puppets(&chain, [outer, inner]);
    let inside = [
        (method::DB_READ, codec::request(&[b"key"])),
        (method::BALANCE, codec::request(&[&callee])),
        emit(b"in"),
        return_data(b"answer"),
    ];
    let does = [
        call(callee, 5, &script(&inside, 1)),
        call(callee, 0, &script(&[fail(7, b"no")], 1)),
        return_data(b"whole"),
    ];
    capture(&chain, &ample(caller, 9, &script(&does, 1))).expect("it can be recorded")
}

/// Whatever is otherwise than recorded is found out, in the call itself and in the contracts that it calls.
#[test]
fn what_a_callee_does_otherwise_is_found_out() {
    let changes: [(&str, Change); 17] = [
        ("said.ended", |row| said(row).ended = None),
        ("said.refund", |row| said(row).refund += 1),
        ("said.returned", |row| said(row).returned.0[0] ^= 1),
        ("said.error", |row| {
            said(row).error = Some(b"no".to_vec().into())
        }),
        ("said.events.length", |row| drop(said(row).events.pop())),
        ("said.events[0]", |row| said(row).events[0].data.0[0] ^= 1),
        ("said.events[0]", |row| said(row).events[0].frame = 2),
        ("said.frames.length", |row| drop(said(row).frames.pop())),
        ("said.frames[1].value", |row| said(row).frames[0].value += 1),
        ("said.frames[1].gas", |row| said(row).frames[0].gas += 1),
        ("said.frames[1].gas_limit", |row| {
            said(row).frames[0].gas_limit += 1
        }),
        ("said.frames[1].returned", |row| {
            said(row).frames[0].returned.0[0] ^= 1
        }),
        ("said.frames[2].error", |row| {
            said(row).frames[1].error = None
        }),
        ("said.frames[2].ended", |row| {
            said(row).frames[1].ended.code = Some(8)
        }),
        ("said.frames[2].kept", |row| said(row).frames[1].kept = true),
        ("calls[2].frame", |row| row.calls[1].frame = 0),
        ("calls[3].ret", |row| row.calls[2].ret[0].0[0] ^= 1),
    ];
    for row in BOTH.into_iter().flat_map(|a| BOTH.map(|b| nested(a, b))) {
        assert_eq!(again(&row).expect("it runs"), [""; 0]);
        for (field, change) in changes {
            let mut changed = row.clone();
            change(&mut changed);
            assert_eq!(again(&changed).expect("it runs"), [field]);
        }
        // The state that the callee reads belongs to the recording.
        let mut changed = row.clone();
        changed
            .context
            .state
            .retain(|(key, _)| key.0[0] != state::keys::kind::CONTRACT);
        let found = again(&changed).expect("it runs");
        assert!(
            found.contains(&"said.frames.length".to_owned()),
            "{found:?}"
        );
        assert!(
            found.contains(&"said.returned".to_owned())
                || found.contains(&"calls[1].ret".to_owned()),
            "{found:?}"
        );
    }
}

fn said(row: &mut Row) -> &mut verify::recording::Said {
    row.said.as_mut().expect("format 2")
}

/// The code of a contract that is called is in the recording, and no other is taken for it.
#[test]
fn a_recording_without_a_callee_says_so() {
    let row = nested(EngineId::Mcs51, EngineId::Wasm);
    let hash = said(&mut row.clone()).frames[0].rom_sha256.to_string();
    let mut without = row.clone();
    without.context.codes.clear();
    let error = again(&without).expect_err("it is called");
    assert!(matches!(error, ExecuteError::Node(_)), "{error}");
    assert!(error.to_string().contains(&hash), "{error}");
    let mut damaged = row.clone();
    damaged.context.codes.insert(0, vec![1, 2, 3].into());
    let error = again(&damaged).expect_err("it is no image");
    assert!(
        error.to_string().starts_with("context.codes[0] "),
        "{error}"
    );
    let other = Image::bin(&[0x80, 0xFE]).expect("an image");
    let mut another = row.clone();
    another.context.codes = vec![other.encode().into()];
    assert!(again(&another).is_err());
}

/// Contracts that are called see how much gas there is, so under another schedule nothing is compared.
#[test]
fn nested_calls_need_their_own_gas_schedule() {
    let mut row = nested(EngineId::Wasm, EngineId::Mcs51);
    for schedule in [None, Some(999)] {
        row.schedule = schedule;
        let error = again(&row).expect_err("it cannot be compared");
        assert!(
            matches!(error, ExecuteError::OtherScheduleOfCalls { .. }),
            "{error}"
        );
    }
}

/// A callee that takes all its gas does so again.
#[test]
fn an_endless_callee_replays() {
    let endless = br#"(module (memory (export "memory") 1) (global (export "smart51_buffer") i32 (i32.const 0))
        (func (export "smart51_main") (loop $again (br $again))))"#;
    let (chain, _) = in_memory();
    let callee = deploy(&chain, &loader::load(endless).expect("a module").image);
    let [caller] = puppets(&chain, [EngineId::Mcs51]);
    let does = script(&[call(callee, 0, b"in")], 1);
    let row = replays(&chain, &ample(caller, 0, &does));
    assert_eq!(ends(&row), [("fault".to_owned(), false, None)]);
}

/// A file says the oldest format that holds its rows, and what only the newer one has is refused in the older.
#[test]
fn a_file_has_the_format_of_its_rows() {
    let row = nested(EngineId::Mcs51, EngineId::Mcs51);
    let mut file = File::new("a test".into(), vec![row.clone()]);
    assert_eq!((file.format, file.check()), (2, Ok(())));
    let strips: [(&str, Change); 3] = [
        ("context.codes", |row| row.context.codes.clear()),
        ("calls.frame", |row| {
            row.calls.iter_mut().for_each(|call| call.frame = 0)
        }),
        ("said", |row| row.said = None),
    ];
    file.format = 1;
    file.rows.insert(0, row);
    strips
        .iter()
        .for_each(|(_, strip)| strip(&mut file.rows[0]));
    for (field, strip) in strips {
        let refused = FormatError::TooNew { row: 1, field };
        assert_eq!(file.check(), Err(refused));
        strip(&mut file.rows[1]);
    }
    assert_eq!(file.check(), Ok(()));
    let text = serde_json::to_string(&file).expect("JSON");
    for word in ["said", "codes", "frame\""] {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!(File::new(String::new(), file.rows.clone()).format, 1);
    for format in [0, 3, u32::MAX] {
        file.format = format;
        assert_eq!(file.check(), Err(FormatError::Unknown(format)));
    }
}

/// A recording under our own rules from before there was format 2 says nothing of what was said: nothing is compared.
#[test]
fn a_row_of_the_first_format_replays() {
    let (chain, _) = in_memory();
    for engine in BOTH {
        let contract = deploy(&chain, &puppet(engine));
        let does = script(&[emit(b"data"), return_data(b"data"), write(b"key")], 1);
        let mut row = replays(&chain, &request(contract, &does));
        row.said = None;
        let file = File::new("a test".into(), vec![row.clone()]);
        assert_eq!((file.format, file.check()), (1, Ok(())));
        assert_eq!(again(&row).expect("it runs"), [""; 0]);
        row.calls[1].args.clear();
        assert_eq!(again(&row).expect("it runs"), ["calls[2].args"]);
    }
}

/// Damaged anywhere, a recording is refused with a reason or runs to some end.
#[test]
fn damaged_recordings_end_in_an_error_or_a_run() {
    let mut outcomes = [0; 3];
    for (outer, inner) in [
        (EngineId::Mcs51, EngineId::Wasm),
        (EngineId::Wasm, EngineId::Mcs51),
    ] {
        let file = File::new("a test".into(), vec![nested(outer, inner)]);
        let text = serde_json::to_vec(&file).expect("JSON");
        for (at, turn) in (0..text.len()).step_by(19).zip(0..) {
            let mut damaged = text.clone();
            match turn % 4 {
                // A digit becomes another, a letter nearly always no digit.
                0 => damaged[at] ^= 1,
                1 => damaged[at] = b'9',
                2 => drop(damaged.remove(at)),
                _ => damaged.truncate(at),
            }
            let Ok(file) = serde_json::from_slice::<File>(&damaged) else {
                outcomes[0] += 1;
                continue;
            };
            let Some(row) = file.rows.first().filter(|_| file.check().is_ok()) else {
                continue;
            };
            let code = row.code.as_ref().map(|code| Image::decode(&code.0));
            let Some(Ok(image)) = code else {
                outcomes[1] += 1;
                continue;
            };
            match execute(row, &image, true, &mut ()) {
                Ok(_) => outcomes[2] += 1,
                Err(error) => {
                    assert!(error.to_string().len() > 10, "{error}");
                    outcomes[1] += 1;
                }
            }
        }
    }
    // Each way was gone.
    assert!(outcomes.iter().all(|&often| often > 20), "{outcomes:?}");
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % most
    }

    /// What a puppet does, with calls of `ids` at most so deep.
    fn script(&mut self, ids: &[RegId], deep: u64) -> Vec<u8> {
        let mut calls = Vec::new();
        for _ in 0..1 + self.below(4) {
            let key = [b"a", b"b", b"c"][self.below(3) as usize];
            calls.push(match self.below(12) {
                0 => write(key),
                1 => (method::DB_READ, codec::request(&[key])),
                2 => emit(key),
                3 => return_data(key),
                4 => (method::DB_DELETE, codec::request(&[key])),
                _ if deep == 0 => (method::BALANCE, codec::request(&[&ids[0]])),
                which => {
                    let to = ids[self.below(ids.len() as u64) as usize];
                    let gas = [0, 0, 10_000, 200_000][self.below(4) as usize];
                    let value = [0, 0, 1, 50][self.below(4) as usize];
                    let record =
                        [&to[..], &u64::to_le_bytes(value), &u64::to_le_bytes(gas)].concat();
                    let id = [method::CALL_CONTRACT, method::STATIC_CALL][usize::from(which == 11)];
                    (id, codec::request(&[&record, &self.script(ids, deep - 1)]))
                }
            });
        }
        match self.below(12) {
            0 => calls.push(fail(7, b"no")),
            1 => calls.push((method::ABORT, codec::request(&[&[7], b"no"]))),
            2 => calls.push((0x7777, Vec::new())),
            _ => {}
        }
        let code = if self.below(9) == 0 { 5 } else { 1 };
        script(&calls, code)
    }
}

/// Trees of calls between puppets of both machines, some reentrant, some short of gas or of funds.
#[test]
fn random_trees_of_calls_replay() {
    let (chain, _) = in_memory();
    let mut ids = Vec::new();
    for flags in [ContractFlags::empty(), ContractFlags::REENTRANT] {
        ids.extend(BOTH.map(|engine| deploy_with(&chain, &puppet(engine), flags)));
    }
    ids.push([0xAA; 6]);
    let mut numbers = Numbers(1);
    let (mut frames, mut kept, mut accepted) = (0, 0, 0);
    for at in 0..200 {
        let does = numbers.script(&ids, 4);
        if does.len() > INPUT_MAX {
            continue;
        }
        let row = replays(&chain, &ample(ids[at % 4], 60, &does));
        let ends = ends(&row);
        frames += ends.len();
        kept += ends.iter().filter(|(_, kept, _)| *kept).count();
        accepted += usize::from(row.result.ok);
    }
    assert!(
        frames > 100 && kept > 50 && frames - kept > 20,
        "{frames} frames, {kept} kept"
    );
    assert!((30..190).contains(&accepted), "{accepted}");
}
