//! The benchmark programs: exact totals, and block charging against exact charging for every budget.
//! `cycles.json` holds what the simulator s51 and an independent interpreter counted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use emu8051::{Cpu, Cycles, Limit, Program, Run, Steps, Stop, Xdata, run, run_exact};
use serde::Deserialize;

#[derive(Deserialize)]
struct Recorded {
    workloads: BTreeMap<String, Totals>,
}

#[derive(Deserialize)]
struct Totals {
    instructions: u64,
    machine_cycles: u64,
    checksum: Option<u32>,
}

fn data(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("data/workloads")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The image, trapped where it ends.
fn program(name: &str) -> Program {
    let text = data(&format!("{name}.ihx"));
    let image = text.lines().fold(Program::builder(), |builder, line| {
        let bytes = hex::decode(&line.trim()[1..]).expect("hex digits");
        match bytes[3] {
            0 => builder.segment(
                u16::from_be_bytes([bytes[1], bytes[2]]),
                &bytes[4..4 + bytes[0] as usize],
            ),
            _ => builder,
        }
    });
    image.trap(0x0008).build()
}

const SHORT: [&str; 6] = [
    "sieve-s", "sha256-s", "crc32-s", "dhry-s", "matmul-s", "qsort-s",
];

#[test]
fn totals_equal_those_of_s51() {
    let recorded: Recorded = serde_json::from_str(&data("cycles.json")).expect("cycles.json");
    assert_eq!(recorded.workloads.len(), 12);
    for (name, totals) in recorded.workloads {
        let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
        let ran = run(&mut cpu, &mut xdata, &program(&name), Limit::NONE);
        let expected = Run {
            cycles: Cycles(totals.machine_cycles),
            steps: Steps(totals.instructions),
            stop: Stop::Trap(0x0008),
        };
        assert_eq!(ran, expected, "{name}");
        if let Some(checksum) = totals.checksum {
            assert_eq!(
                xdata.slice(0xEFFF..0xF003),
                Some(&checksum.to_le_bytes()[..]),
                "{name}"
            );
        }
    }
}

/// A machine under way in one of the two loops.
#[derive(Clone)]
struct Machine {
    cpu: Cpu,
    xdata: Xdata,
}

impl Machine {
    fn new() -> Machine {
        Machine {
            cpu: Cpu::new(),
            xdata: Xdata::new(),
        }
    }

    fn run(&mut self, program: &Program, limit: Limit) -> Run {
        run(&mut self.cpu, &mut self.xdata, program, limit)
    }

    fn run_exact(&mut self, program: &Program, limit: Limit) -> Run {
        run_exact(&mut self.cpu, &mut self.xdata, program, limit)
    }

    fn assert_equals(&self, other: &Machine, what: &str) {
        assert_eq!(self.cpu, other.cpu, "{what}");
        assert!(self.xdata == other.xdata, "XDATA differs: {what}");
    }
}

/// Every budget stops both loops at the same instruction.
#[test]
fn budgets_stop_both_loops_alike() {
    for name in SHORT {
        let program = program(name);
        // The exact loop is carried from budget to budget: it stops where a run of that budget would.
        for limit in [Limit::cycles as fn(u64) -> Limit, Limit::steps] {
            let mut exact = Machine::new();
            let (mut cycles, mut steps) = (Cycles::ZERO, Steps::ZERO);
            let mut blocks = Machine::new();
            for budget in 0..=4000 {
                let what = format!("{name}, {:?}", limit(budget));
                let spent = if limit(1).cycles == Cycles(1) {
                    cycles.0
                } else {
                    steps.0
                };
                let more = exact.run_exact(&program, limit(budget - spent));
                cycles += more.cycles;
                steps += more.steps;
                blocks.cpu = Cpu::new();
                blocks.xdata.clear_dirty();
                let ran = blocks.run(&program, limit(budget));
                assert_eq!(
                    ran,
                    Run {
                        cycles,
                        steps,
                        stop: more.stop
                    },
                    "{what}"
                );
                blocks.assert_equals(&exact, &what);
            }
        }
    }
}

/// In cycles and in steps, at the same instruction.
#[test]
fn large_budgets_stop_both_loops_alike() {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for name in SHORT {
        let program = program(name);
        for _ in 0..40 {
            let limit = Limit {
                cycles: Cycles(random(200_000)),
                steps: Steps(random(150_000)),
            };
            let (mut blocks, mut exact) = (Machine::new(), Machine::new());
            assert_eq!(
                blocks.run(&program, limit),
                exact.run_exact(&program, limit),
                "{name}, {limit:?}"
            );
            blocks.assert_equals(&exact, &format!("{name}, {limit:?}"));
        }
    }
}

/// A run can be stopped at any cycle and continued.
#[test]
fn stopped_and_continued_equals_not_stopped() {
    for name in SHORT {
        let program = program(name);
        let mut whole = Machine::new();
        let all = whole.run(&program, Limit::NONE);
        for piece in [1_009, 7_919, 32_767, 32_768, 65_535] {
            let mut pieces = Machine::new();
            let (mut cycles, mut steps) = (Cycles::ZERO, Steps::ZERO);
            let stop = loop {
                let part = pieces.run(&program, Limit::cycles(piece));
                cycles += part.cycles;
                steps += part.steps;
                if part.stop != Stop::OutOfCycles {
                    break part.stop;
                }
            };
            assert_eq!(
                Run {
                    cycles,
                    steps,
                    stop
                },
                all,
                "{name} in pieces of {piece} cycles"
            );
            pieces.assert_equals(&whole, name);
        }
    }
}
