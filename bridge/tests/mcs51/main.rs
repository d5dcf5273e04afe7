//! The 8051 engine, driven by small hand-assembled contracts against a scripted host.

mod prices;
mod refused;

use abi::layout::{COMMUNICATE, INPUT_MAX};
use abi::{ExitCode, Gas, Semantics, codec};
use bridge::{
    Call, CallLimits, CallObserver, Cpu, Cycles, Engine, Fault, HostCall, Insn, MachineView, Mcs51,
    Module, Observer, Outcome, Report, Rules, Steps, World, drive,
};
use hostapi::{Answer, CallEnd, Failure, HostApi, HostFault, NodeError, Status};
use loader::Image;
use std::ops::ControlFlow::{self, Continue};
use std::sync::Arc;

/// CODE 0x0020: where the code of these contracts begins.
const START: u8 = 0x20;

/// A valid header and `code` at 0x0020.
fn image(code: &[u8]) -> Image {
    let mut rom = vec![0x22; usize::from(START)];
    rom[..3].copy_from_slice(&[0x02, 0x00, START]);
    rom[4..7].copy_from_slice(&[0x00, 0x01, 0x01]);
    rom.extend_from_slice(code);
    loader::load(&rom).expect("a small ROM").image
}

fn prepare(code: &[u8], semantics: Semantics) -> Arc<dyn Module> {
    Mcs51::new()
        .prepare(&image(code), &Rules::v1(semantics))
        .expect("a valid header")
}

/// `MOV DPTR,#address / MOV A,#value / MOVX @DPTR,A`: 3 instructions, 5 machine cycles.
fn store(address: u16, value: u8) -> [u8; 6] {
    let [high, low] = address.to_be_bytes();
    [0x90, high, low, 0x74, value, 0xF0]
}

/// Calls `method`, whose number fits in a byte: 7 instructions up to the trap.
fn call_method(method: u8) -> Vec<u8> {
    [
        &store(0xEFFD, method)[..],
        &store(0xEFFE, 0),
        &[0x12, 0x00, 0x12],
    ]
    .concat()
}

/// Ends with `code`.
fn exit(code: u8) -> Vec<u8> {
    [&store(0xEFFD, code)[..], &[0x12, 0x00, 0x08]].concat()
}

/// Copies XDATA `from` to 0xEFFD and exits: the byte becomes the exit code.
fn exit_with_byte_at(from: u16) -> Vec<u8> {
    let [high, low] = from.to_be_bytes();
    vec![
        0x90, high, low, 0xE0, 0x90, 0xEF, 0xFD, 0xF0, 0x12, 0x00, 0x08,
    ]
}

/// A host that gives one prepared answer to everything.
#[derive(Default)]
struct Scripted {
    reply: Vec<u8>,
    gas: u64,
    refund: u64,
    step_delta: i64,
    fault: Option<HostFault>,
    refuses: bool,
    node_fails: bool,
    seen: Vec<(u16, Vec<u8>)>,
}

impl HostApi for Scripted {
    fn call(&mut self, method: u16, request: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        self.seen.push((method, request.to_vec()));
        if self.node_fails {
            return Err(NodeError::Store(state::StoreError::Injected(1)).into());
        }
        match self.fault {
            Some(fault) => Err(fault.into()),
            None => Ok(Answer {
                status: match self.refuses {
                    true => Status::Refused,
                    false => Status::Done,
                },
                reply: &self.reply,
                step_delta: self.step_delta,
                gas: Gas(self.gas),
                refund: Gas(self.refund),
                reason: None,
            }),
        }
    }
}

impl World for Scripted {}

fn run_with(
    module: &Arc<dyn Module>,
    input: &[u8],
    limits: CallLimits,
    host: &mut Scripted,
) -> Report {
    drive(module, &Call { input, limits }, host, &mut ()).expect("the node works")
}

/// The same, and the processor as it stood at the end.
fn run_to_stop(module: &Arc<dyn Module>, limits: CallLimits, host: &mut Scripted) -> (Report, Cpu) {
    let mut at_end = AtEnd::default();
    let call = Call { input: &[], limits };
    let report = drive(module, &call, host, &mut at_end);
    let (cpu, _) = at_end.0.expect("an 8051 stops");
    (report.expect("the node works"), cpu)
}

fn run(code: &[u8]) -> Report {
    run_with(
        &prepare(code, Semantics::V1),
        &[],
        CallLimits::NONE,
        &mut Scripted::default(),
    )
}

fn framed(item: &[u8]) -> Vec<u8> {
    let mut reply = Vec::new();
    codec::push_item(&mut reply, item);
    reply
}

#[test]
fn exit_code_1_is_success_and_every_other_a_refusal() {
    for code in 0..=255 {
        let expected = if code == 1 {
            Outcome::Success
        } else {
            Outcome::Refused {
                code: ExitCode(code),
            }
        };
        assert_eq!(run(&exit(code)).outcome, expected);
    }
}

/// Usage counts every instruction from reset to the exit vector.
#[test]
fn usage_counts_from_reset_to_the_exit_vector() {
    // LJMP 2, MOV DPTR 2, MOV A 1, MOVX 2, LCALL 2
    let entry = prepare(&exit(1), Semantics::V1).entry_gas();
    let usage = run(&exit(1)).usage;
    assert_eq!(
        (usage.cycles, usage.instructions, usage.steps),
        (Cycles(9), Steps(5), 5)
    );
    assert_eq!(usage.gas, Gas(entry.0 + 9));
}

/// Input stands in the buffer with its length before it.
#[test]
fn the_input_lies_in_communicate_after_its_length() {
    let input: Vec<u8> = (0..INPUT_MAX).map(|i| (i % 251) as u8 + 1).collect();
    let at = |from| {
        let module = prepare(&exit_with_byte_at(from), Semantics::V1);
        let report = run_with(&module, &input, CallLimits::NONE, &mut Scripted::default());
        report.outcome.exit_code().expect("an exit").0
    };
    assert_eq!(
        u16::from_le_bytes([at(COMMUNICATE), at(COMMUNICATE + 1)]),
        INPUT_MAX as u16
    );
    assert_eq!(at(COMMUNICATE + 2), input[0]);
    assert_eq!(at(0xFFFF), input[INPUT_MAX - 1]);
}

/// Input that does not fit faults before the first instruction.
#[test]
fn too_long_an_input_faults_before_it_runs() {
    let module = prepare(&exit(1), Semantics::V1);
    let report = run_with(
        &module,
        &[0; INPUT_MAX + 1],
        CallLimits::NONE,
        &mut Scripted::default(),
    );
    assert_eq!(
        report.outcome,
        Outcome::Fault {
            fault: Fault::InputTooLong {
                length: INPUT_MAX + 1
            }
        }
    );
    assert_eq!(report.usage.cycles, Cycles(0));
}

/// The host sees the method and the buffer and its reply replaces them.
#[test]
fn a_host_call_shows_the_buffer_and_gets_the_reply() {
    let code = [
        &store(COMMUNICATE, 7)[..],
        &store(0xFFFE, 9),
        &call_method(33),
        &exit_with_byte_at(COMMUNICATE + 2),
    ]
    .concat();
    let mut host = Scripted {
        reply: framed(b"\x2Arest"),
        ..Scripted::default()
    };
    let report = run_with(
        &prepare(&code, Semantics::V1),
        &[],
        CallLimits::NONE,
        &mut host,
    );
    let (method, request) = &host.seen[0];
    assert_eq!(
        (*method, request[0], request[4095], request.len()),
        (33, 7, 9, 4097)
    );
    assert_eq!(
        report.outcome,
        Outcome::Refused {
            code: ExitCode(0x2A)
        }
    );
}

#[test]
fn the_buffer_is_zero_behind_a_reply() {
    let code = [
        &store(0xFFFE, 9)[..],
        &call_method(33),
        &exit_with_byte_at(0xFFFE),
    ]
    .concat();
    assert_eq!(run(&code).outcome, Outcome::Refused { code: ExitCode(0) });
    // So is the byte after the buffer, where the end of a reply that fills it is looked for; under
    // the old rules it is an ordinary one, and stays.
    let code = [
        &store(0xFFFF, 9)[..],
        &call_method(33),
        &exit_with_byte_at(0xFFFF),
    ]
    .concat();
    for (semantics, left) in [(Semantics::V1, 0), (Semantics::Dacrs2017, 9)] {
        let mut host = Scripted::default();
        let report = run_with(&prepare(&code, semantics), &[], CallLimits::NONE, &mut host);
        let code = ExitCode(left);
        assert_eq!(report.outcome, Outcome::Refused { code }, "{semantics}");
    }
}

#[test]
fn nothing_of_one_call_is_visible_to_the_next() {
    let engine = Mcs51::new();
    // IRAM 0x30 and 0xF0, R0 of bank 1, SFR P1, XDATA 0x1234 and B hold 0x55 at the end.
    let dirty = [
        &[
            0x75, 0x30, 0x55, 0x78, 0xF0, 0x76, 0x55, 0x75, 0x08, 0x55, 0x75, 0x90, 0x55, 0x75,
            0xF0, 0x55,
        ][..],
        &store(0x1234, 0x55),
        &exit(1),
    ]
    .concat();
    let dirty = engine
        .prepare(&image(&dirty), &Rules::v1(Semantics::V1))
        .expect("valid");
    let clean = engine
        .prepare(&image(&exit(1)), &Rules::v1(Semantics::V1))
        .expect("valid");
    let fresh = Mcs51::new()
        .prepare(&image(&exit(1)), &Rules::v1(Semantics::V1))
        .expect("valid");
    let memories = |module: &Arc<dyn Module>| {
        let mut end = AtEnd::default();
        drive(
            module,
            &Call {
                input: &[1, 2, 3],
                limits: CallLimits::NONE,
            },
            &mut Scripted::default(),
            &mut end,
        )
        .expect("the node works");
        end.0.expect("it ran")
    };
    let expected = memories(&fresh);
    memories(&dirty);
    assert!(
        memories(&clean) == expected,
        "a reused machine differs from a new one"
    );
}

/// Keeps the memories as they stood at the end.
#[derive(Default)]
struct AtEnd(Option<(Cpu, Vec<u8>)>);

impl Observer for AtEnd {
    fn wants_instructions(&self) -> bool {
        false
    }
}

impl CallObserver for AtEnd {
    fn stopped(&mut self, machine: MachineView<'_>) {
        self.0 = Some((machine.cpu.clone(), machine.xdata.bytes().to_vec()));
    }
}

#[test]
fn a_contract_that_never_ends_stops_at_its_limit() {
    let module = prepare(&[0x80, 0xFE], Semantics::V1);
    let limited = |gas, cycles, steps| {
        let limits = CallLimits {
            gas: Gas(gas),
            cycles: Cycles(cycles),
            steps: Steps(steps),
        };
        let report = run_with(&module, &[], limits, &mut Scripted::default());
        (
            report.outcome.fault().expect("it never ends"),
            report.usage.cycles,
            report.usage.instructions,
        )
    };
    let none = u64::MAX;
    let entry = module.entry_gas().0;
    // Each instruction takes 2 machine cycles, so of 1001 the last cannot be used.
    assert_eq!(
        limited(entry + 1001, none, none),
        (Fault::OutOfGas, Cycles(1000), Steps(500))
    );
    assert_eq!(
        limited(entry - 1, none, none),
        (Fault::OutOfGas, Cycles(0), Steps(0)),
        "the entry cannot be paid"
    );
    assert_eq!(
        limited(none, 1001, none),
        (Fault::OutOfCycles, Cycles(1000), Steps(500))
    );
    assert_eq!(
        limited(none, none, 77),
        (Fault::OutOfSteps, Cycles(154), Steps(77))
    );
}

#[test]
fn exit_on_the_last_affordable_cycle_succeeds() {
    let module = prepare(&exit(1), Semantics::V1);
    let with = |cycles| {
        let limits = CallLimits {
            cycles: Cycles(cycles),
            ..CallLimits::NONE
        };
        run_with(&module, &[], limits, &mut Scripted::default()).outcome
    };
    assert_eq!(with(9), Outcome::Success);
    assert_eq!(
        with(8),
        Outcome::Fault {
            fault: Fault::OutOfCycles
        }
    );
}

#[test]
fn unprogrammed_code_faults_where_it_is_reached() {
    let module = prepare(&[0x02, 0x43, 0x21], Semantics::V1);
    let (report, cpu) = run_to_stop(&module, CallLimits::NONE, &mut Scripted::default());
    assert_eq!(
        report.outcome,
        Outcome::Fault {
            fault: Fault::UnprogrammedCode
        }
    );
    assert_eq!(cpu.pc(), 0x4321);
    assert_eq!(report.usage.cycles, Cycles(4));
}

#[test]
fn code_beyond_an_old_image_runs_as_nop() {
    let module = prepare(&[0x02, 0xFF, 0xF0], Semantics::Dacrs2017);
    let limits = CallLimits {
        steps: Steps(20),
        ..CallLimits::NONE
    };
    let (report, cpu) = run_to_stop(&module, limits, &mut Scripted::default());
    // LJMP, LJMP, 16 NOPs up to the end of CODE, LJMP at 0x0000, LJMP at 0x0020.
    assert_eq!(
        report.outcome,
        Outcome::Fault {
            fault: Fault::OutOfSteps
        }
    );
    assert_eq!((cpu.pc(), report.usage.cycles), (0xFFF0, Cycles(24)));
}

/// Reserved opcode faults under our rules and burns every step under the old.
#[test]
fn reserved_opcode_faults_or_burns_every_step() {
    assert_eq!(
        run(&[0xA5]).outcome,
        Outcome::Fault {
            fault: Fault::ReservedOpcode
        }
    );
    let module = prepare(&[0xA5], Semantics::Dacrs2017);
    let limits = CallLimits {
        steps: Steps(1000),
        ..CallLimits::NONE
    };
    let report = run_with(&module, &[], limits, &mut Scripted::default());
    assert_eq!(
        report.outcome,
        Outcome::Fault {
            fault: Fault::OutOfSteps
        }
    );
    assert_eq!(
        (report.usage.steps, report.usage.cycles),
        (1000, Cycles(1001))
    );
}

/// A reply that does not fit faults under our rules and is dropped under the old.
#[test]
fn too_long_a_reply_faults_or_is_dropped() {
    let code = [call_method(19), exit_with_byte_at(COMMUNICATE)].concat();
    let outcome = |semantics, length: usize| {
        let mut host = Scripted {
            reply: framed(&vec![7; length]),
            ..Scripted::default()
        };
        run_with(&prepare(&code, semantics), &[], CallLimits::NONE, &mut host).outcome
    };
    let fits = |length: usize| Outcome::Refused {
        code: ExitCode((length % 256) as u8),
    };
    assert_eq!(outcome(Semantics::V1, 4094), fits(4094));
    assert_eq!(outcome(Semantics::Dacrs2017, 4091), fits(4091));
    let fault = Fault::Host(HostFault::ReplyTooLarge { size: 4097 });
    assert_eq!(
        fault.to_string(),
        "the reply takes 4097 bytes with the lengths of its items, and the buffer has 4096"
    );
    assert_eq!(outcome(Semantics::V1, 4095), Outcome::Fault { fault });
    assert_eq!(
        outcome(Semantics::Dacrs2017, 4092),
        Outcome::Refused { code: ExitCode(0) }
    );
}

#[test]
fn a_fault_of_the_host_ends_the_run() {
    let fault = HostFault::UnknownMethod(0x2425);
    let mut host = Scripted {
        fault: Some(fault),
        ..Scripted::default()
    };
    let module = prepare(&[call_method(0x25), exit(1)].concat(), Semantics::V1);
    let (report, cpu) = run_to_stop(&module, CallLimits::NONE, &mut host);
    assert_eq!(
        report.outcome,
        Outcome::Fault {
            fault: Fault::Host(fault)
        }
    );
    assert_eq!(cpu.pc(), abi::layout::APICALL);
}

#[test]
fn a_failing_node_is_no_outcome() {
    let mut host = Scripted {
        node_fails: true,
        ..Scripted::default()
    };
    let module = prepare(&[call_method(1), exit(1)].concat(), Semantics::V1);
    let result = drive(
        &module,
        &Call {
            input: &[],
            limits: CallLimits::NONE,
        },
        &mut host,
        &mut (),
    );
    assert!(matches!(result, Err(NodeError::Store(_))));
}

#[test]
fn a_call_is_charged_and_what_it_gives_back_is_capped() {
    let mut host = Scripted {
        gas: 1000,
        refund: 5000,
        ..Scripted::default()
    };
    let module = prepare(&[call_method(1), exit(1)].concat(), Semantics::V1);
    let report = run_with(&module, &[], CallLimits::NONE, &mut host);
    // LJMP 2, two stores 5 each, LCALL 2, RET 2, exit 7.
    let whole = module.entry_gas().0 + 1023;
    assert_eq!(
        (report.usage.gas, report.usage.refund),
        (Gas(whole), Gas(whole / 5))
    );
    let limits = CallLimits {
        gas: Gas(1000),
        ..CallLimits::NONE
    };
    let report = run_with(&module, &[], limits, &mut host);
    assert_eq!(
        report.outcome,
        Outcome::Fault {
            fault: Fault::OutOfGas
        }
    );
    assert_eq!(
        (report.usage.gas, report.usage.refund),
        (Gas(1000), Gas::ZERO)
    );
}

/// Old steps leave out the arriving instruction and add the delta.
#[test]
fn old_steps_of_a_host_call_are_its_delta_less_one() {
    let module = prepare(&[call_method(1), exit(1)].concat(), Semantics::Dacrs2017);
    let mut host = Scripted {
        step_delta: -20,
        ..Scripted::default()
    };
    let usage = run_with(&module, &[], CallLimits::NONE, &mut host).usage;
    assert_eq!((usage.instructions, usage.steps), (Steps(13), 13 - 1 - 20));
}

#[test]
fn watching_a_run_changes_nothing() {
    let code = [&store(0x1000, 3)[..], &call_method(1), &exit(1)].concat();
    let module = prepare(&code, Semantics::V1);
    let quiet = run_with(&module, &[], CallLimits::NONE, &mut Scripted::default());
    let mut watch = Counting::default();
    let call = Call {
        input: &[],
        limits: CallLimits::NONE,
    };
    let watched =
        drive(&module, &call, &mut Scripted::default(), &mut watch).expect("the node works");
    assert_eq!(watched, quiet);
    assert_eq!(
        (watch.instructions, watch.arrivals),
        (quiet.usage.instructions.0, vec![(1, 11)])
    );
}

/// Counts instructions, and notes method and steps at each arrival.
#[derive(Default)]
struct Counting {
    instructions: u64,
    arrivals: Vec<(u16, i64)>,
}

impl Observer for Counting {
    fn before(&mut self, _: &Cpu, _: &Insn) -> ControlFlow<()> {
        self.instructions += 1;
        Continue(())
    }
}

impl CallObserver for Counting {
    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        self.arrivals.push((call.method, call.usage.steps));
        Continue(())
    }
}
