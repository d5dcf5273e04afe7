//! The fast loops against the slow, obvious interpreter, on random CODE from random states.

use emu8051::{
    Bus, Cpu, Cycles, Limit, Program, Psw, Reserved, Run, Steps, Stop, Unprogrammed, Xdata,
    reference, run, run_exact, sfr,
};
use proptest::prelude::*;

/// A processor in any state, XDATA with something in it, and CODE of any bytes.
#[derive(Clone, Debug)]
struct Machine {
    cpu: Cpu,
    xdata: Xdata,
    code: Vec<u8>,
}

fn machines() -> impl Strategy<Value = Machine> {
    let cpu =
        (any::<[u8; 256]>(), any::<[u8; 128]>(), any::<u16>()).prop_map(|(iram, sfrs, pc)| {
            let mut cpu = Cpu::new();
            for (address, value) in (0..=0xFF).zip(iram) {
                cpu.set_iram(address, value);
            }
            for (address, value) in (0x80..=0xFF).zip(sfrs) {
                cpu.set_sfr(address, value);
            }
            cpu.set_pc(pc);
            cpu
        });
    // Bytes that name ACC, PSW and SP occur more often than chance would have it.
    let byte =
        prop_oneof![8 => any::<u8>(), 1 => Just(sfr::ACC), 1 => Just(sfr::PSW), 1 => Just(sfr::SP)];
    (cpu, prop::collection::vec(byte, 4096)).prop_map(|(cpu, code)| {
        let mut xdata = Xdata::new();
        for (at, byte) in code.iter().enumerate() {
            xdata.write(at as u16 * 16, *byte);
        }
        Machine { cpu, xdata, code }
    })
}

impl Machine {
    fn program(&self) -> Program {
        let mut builder = Program::builder()
            .unprogrammed(Unprogrammed::Execute)
            .reserved(Reserved::Nop);
        for at in (0..16).map(|n| n * 4096) {
            builder = builder.segment(at, &self.code);
        }
        builder.build()
    }

    /// The same by the reference, instruction by instruction.
    fn by_reference(&mut self, program: &Program, limit: Limit) -> Run {
        let (mut cycles, mut steps) = (Cycles::ZERO, Steps::ZERO);
        loop {
            let before = (self.cpu.clone(), self.xdata.clone());
            let cost = Cycles(reference::step(
                &mut self.cpu,
                &mut self.xdata,
                program.code(),
            ));
            let stop = match () {
                () if cycles + cost > limit.cycles => Stop::OutOfCycles,
                () if steps + Steps(1) > limit.steps => Stop::OutOfSteps,
                () => {
                    cycles += cost;
                    steps += Steps(1);
                    continue;
                }
            };
            (self.cpu, self.xdata) = before;
            return Run {
                cycles,
                steps,
                stop,
            };
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn fast_and_exact_loops_equal_the_reference(machine in machines(), steps in 0_u64..400, cycles in 0_u64..500) {
        let program = machine.program();
        let limit = Limit { cycles: Cycles(cycles), steps: Steps(steps) };
        let (mut fast, mut exact, mut reference) = (machine.clone(), machine.clone(), machine);
        let expected = reference.by_reference(&program, limit);
        prop_assert_eq!(run(&mut fast.cpu, &mut fast.xdata, &program, limit), expected);
        prop_assert_eq!(run_exact(&mut exact.cpu, &mut exact.xdata, &program, limit), expected);
        prop_assert_eq!(&fast.cpu, &reference.cpu);
        prop_assert_eq!(&exact.cpu, &reference.cpu);
        prop_assert!(fast.xdata == reference.xdata && exact.xdata == reference.xdata);
    }

    #[test]
    fn a_run_in_pieces_equals_one_without(machine in machines(), pieces in prop::collection::vec(0_u64..60, 1..20)) {
        let program = machine.program();
        let (mut whole, mut pieced) = (machine.clone(), machine);
        let mut used = (Cycles::ZERO, Steps::ZERO);
        let mut steps = 0;
        for piece in pieces {
            steps += piece;
            let part = run(&mut pieced.cpu, &mut pieced.xdata, &program, Limit::steps(piece));
            used = (used.0 + part.cycles, used.1 + part.steps);
        }
        let all = run(&mut whole.cpu, &mut whole.xdata, &program, Limit::steps(steps));
        prop_assert_eq!((all.cycles, all.steps), used);
        prop_assert_eq!(&whole.cpu, &pieced.cpu);
        prop_assert!(whole.xdata == pieced.xdata);
    }
}

/// Straight-line code of the instructions that are predecoded in pairs, each with operands of any value.
fn pairs() -> impl Strategy<Value = Vec<u8>> {
    let opcodes = prop::sample::select(vec![
        0xA3, 0xE0, 0xF0, 0x90, 0xF8, 0xFB, 0xE8, 0xEB, 0xF5, 0xE5, 0x74, 0x24, 0x34, 0x2A, 0x3A,
        0x13, 0x33, 0xC3, 0xC0, 0xD0, 0x89, 0x85, 0xAC, 0xE4,
    ]);
    let insn = (opcodes, any::<[u8; 2]>()).prop_map(|(opcode, operands): (u8, _)| {
        let len = emu8051::isa::OPCODES[opcode as usize].len as usize;
        [opcode, operands[0], operands[1]][..len].to_vec()
    });
    prop::collection::vec(insn, 60).prop_map(|insns| insns.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn pairs_equal_the_reference_from_either_instruction(
        machine in machines(),
        code in pairs(),
        start in 0_u16..20,
        steps in 0_u64..60,
    ) {
        let program = Program::builder().segment(0, &code).unprogrammed(Unprogrammed::Execute).reserved(Reserved::Nop).fill(0).build();
        let (mut fast, mut reference) = (machine.clone(), machine);
        fast.cpu.set_pc(start);
        reference.cpu.set_pc(start);
        let expected = reference.by_reference(&program, Limit::steps(steps));
        prop_assert_eq!(run(&mut fast.cpu, &mut fast.xdata, &program, Limit::steps(steps)), expected);
        prop_assert_eq!(&fast.cpu, &reference.cpu);
        prop_assert!(fast.xdata == reference.xdata);
    }
}

/// XDATA that answers from the address, so that every read is checked.
struct Echo;

impl Bus for Echo {
    fn xread(&mut self, address: u16) -> u8 {
        (address ^ address >> 8) as u8
    }

    fn xwrite(&mut self, _: u16, _: u8) {}
}

/// Every opcode with every first operand equals the reference.
#[test]
fn every_opcode_equals_the_reference() {
    for bank in [0, Psw::RS0.bits(), Psw::RS1.bits() | Psw::CY.bits()] {
        for opcode in 0..=0xFF_u8 {
            let mut code = vec![0; 65536];
            for operand in 0..=0xFF_usize {
                let at = operand * 256 + 0xFD;
                (code[at], code[at + 1]) = (opcode, operand as u8);
                code[(at + 2) % 65536] = opcode.wrapping_mul(31) ^ operand as u8;
            }
            let program = Program::builder()
                .segment(0, &code)
                .reserved(Reserved::Nop)
                .build();
            for operand in 0..=0xFF_u16 {
                let mut cpu = Cpu::new();
                for address in 0..=0xFF {
                    cpu.set_iram(address, address.wrapping_mul(167).wrapping_add(opcode));
                    cpu.set_sfr(address, address.wrapping_mul(73) ^ opcode);
                }
                cpu.set_psw(Psw::from_bits_retain(bank));
                cpu.set_pc(operand * 256 + 0xFD);
                let (mut fast, mut reference) = (cpu.clone(), cpu);
                let ran = run(&mut fast, &mut Echo, &program, Limit::steps(1));
                let cycles = reference::step(&mut reference, &mut Echo, program.code());
                let text = emu8051::disasm(program.code(), operand * 256 + 0xFD);
                assert_eq!(ran.cycles, Cycles(cycles), "{text}");
                assert_eq!(fast, reference, "{text}");
            }
        }
    }
}
