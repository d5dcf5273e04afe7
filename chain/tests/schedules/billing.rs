//! What runs are billed by each schedule.

use crate::common::{PARTIES, TRANSFER, call, input, set_up};
use abi::{Schedule, Semantics};
use bridge::{Call, CallLimits, Cycles, Engine, Mcs51, Outcome, Rules, Steps, Wasmi, drive};
use chain::{Chain, Genesis};
use hostapi::{Answer, CallEnd, Failure, HostApi, HostFault};
use state::MemStore;
use std::sync::Arc;

struct Nobody;

impl HostApi for Nobody {
    fn call(&mut self, method: u16, _: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        Err(HostFault::UnknownMethod(method).into())
    }
}

impl bridge::World for Nobody {}

fn rules(schedule: &Schedule) -> Rules {
    Rules::by(&Arc::new(*schedule), Semantics::V1)
}

fn limited(gas: u64) -> CallLimits {
    CallLimits {
        gas: abi::Gas(gas),
        ..CallLimits::NONE
    }
}

/// Under a schedule that counts steps, gas ends a run at the same instruction as a limit of steps does.
#[test]
fn dacrs_bills_a_gas_an_instruction() {
    let image = crate::common::token_image();
    let rules = rules(&Schedule::DACRS);
    let module = Mcs51::new().prepare(&image, &rules).unwrap();
    let entry = module.entry_gas().0;
    let run = |limits| {
        let input = input(TRANSFER, PARTIES.bob, 1);
        let call = Call {
            input: &input,
            limits,
        };
        drive(&module, &call, &mut Nobody, &mut ()).unwrap()
    };
    let free = run(CallLimits::NONE);
    assert_eq!(free.usage.gas.0, entry + free.usage.instructions.0);
    assert!(free.usage.cycles.0 > free.usage.instructions.0);
    for steps in [0, 1, 7, 20] {
        let by_gas = run(limited(entry + steps));
        let by_steps = run(CallLimits {
            steps: Steps(steps),
            cycles: Cycles(u64::MAX),
            ..CallLimits::NONE
        });
        assert_eq!(by_gas.usage.instructions, by_steps.usage.instructions);
        assert_eq!(by_gas.usage.cycles, by_steps.usage.cycles);
        let fault = |outcome: Outcome| outcome.fault().map(|fault| fault.name());
        assert_eq!(fault(by_gas.outcome), Some("out_of_gas"), "{steps} steps");
        assert_eq!(fault(by_steps.outcome), Some("out_of_steps"));
    }
}

const MODULE: &str = r#"(module
  (import "smart51" "call" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "smart51" "exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (global (export "smart51_buffer") i32 (i32.const 0))
  (func (export "smart51_main")
    (drop (i32.clz (i32.mul (i32.const 3) (i32.shl (i32.const 5) (i32.const 1)))))
    (drop (memory.grow (i32.const 0)))
    (if (i32.eqz (i32.load (i32.const 0))) (then (call $exit (i32.const 1))))
    (call $exit (i32.const 2))))"#;

/// The operators that the module runs until it ends, by the table of each schedule.
#[test]
fn operators_are_billed_by_their_classes() {
    let image = loader::load(MODULE.as_bytes()).expect("a module").image;
    for schedule in Schedule::PRESETS {
        let module = Wasmi::new().prepare(&image, &rules(schedule)).unwrap();
        let call = Call {
            input: &[],
            limits: CallLimits::NONE,
        };
        let report = drive(&module, &call, &mut Nobody, &mut ()).unwrap();
        assert_eq!(report.outcome, Outcome::Success);
        let w = &schedule.wasm;
        let ran = 6 * w.constant
            + w.shift
            + w.multiply
            + w.count_zeros
            + 2 * w.pick
            + w.grow
            + w.access
            + w.simple
            + w.r#if
            + w.call;
        let gas = report.usage.gas.0 - module.entry_gas().0;
        assert_eq!(gas, u64::from(ran), "{}", schedule.name());
        // With a gas less it does not come to its end.
        let call = Call {
            limits: limited(report.usage.gas.0 - 1),
            ..call
        };
        let report = drive(&module, &call, &mut Nobody, &mut ()).unwrap();
        assert!(!report.outcome.is_success(), "{}", schedule.name());
    }
}

/// A transfer of the token on a chain of each schedule.
#[test]
fn receipts_name_the_schedule_that_billed_them() {
    for schedule in Schedule::PRESETS {
        let genesis = Genesis {
            schedule: schedule.version,
            ..Genesis::default()
        };
        let chain = Chain::open(Box::new(MemStore::new()), genesis).unwrap();
        set_up(&chain);
        let mut block = chain.begin_block().unwrap();
        let input = input(TRANSFER, PARTIES.bob, 10);
        let receipt = call(&mut block, PARTIES.alice, &input).unwrap();
        assert!(receipt.verdict.is_success(), "{receipt}");
        assert_eq!(receipt.schedule, schedule.version);
        block.commit().unwrap();
        assert_eq!(chain.check().unwrap().problems, []);
    }
}

/// Under the old chain's rules steps limit a run, whatever the schedule says of gas.
#[test]
fn old_rules_are_counted_alike_under_every_schedule() {
    for semantics in [Semantics::Dacrs2014, Semantics::Dacrs2017] {
        let image = crate::common::token_image();
        let reports = Schedule::PRESETS.iter().map(|schedule| {
            let rules = Rules::by(&Arc::new(**schedule), semantics);
            let module = Mcs51::new().prepare(&image, &rules).unwrap();
            let call = Call {
                input: &[9; 16],
                limits: CallLimits {
                    steps: Steps(10_000),
                    ..CallLimits::NONE
                },
            };
            drive(&module, &call, &mut Nobody, &mut ()).unwrap()
        });
        let mut reports = reports.collect::<Vec<_>>();
        reports.dedup();
        assert_eq!(reports.len(), 1, "{semantics}");
    }
}
