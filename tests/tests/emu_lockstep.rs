//! Every recorded step of the lockstep corpora: random programs with the state after each instruction.
//! `random_v1` was read back from the simulator s51; `intel_only_v1` holds what the manual says where s51 differs.

use std::collections::BTreeMap;
use std::io::Read;

use emu8051::{
    Bus, Cpu, Limit, Program, Psw, Reserved, Stop, Unprogrammed, Xdata, run, run_exact, sfr,
};
use flate2::read::GzDecoder;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    id: u32,
    init: Init,
    rom: BTreeMap<String, String>,
    xram: BTreeMap<String, String>,
    t: Vec<String>,
    xfinal: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Init {
    pc: u16,
    a: u8,
    b: u8,
    psw: u8,
    sp: u8,
    dptr: u16,
    p2: u8,
    iram: String,
}

/// A recorded state: `PPPPAABBWWSSDDDDc[:aavv...][xAAAAVV...]`.
struct Step<'a> {
    registers: &'a str,
    cycles: u64,
    iram: Vec<(u8, u8)>,
    xdata: Vec<(u16, u8)>,
}

fn hex8(text: &str) -> u8 {
    u8::from_str_radix(text, 16).expect("two hex digits")
}

fn hex16(text: &str) -> u16 {
    u16::from_str_radix(text, 16).expect("four hex digits")
}

impl Step<'_> {
    fn parse(text: &str) -> Step<'_> {
        let (registers, rest) = text.split_at(16);
        let (cycles, rest) = rest.split_at(1);
        let (iram, xdata) = match rest.strip_prefix(':') {
            None => ("", ""),
            Some(changes) => changes.split_once('x').unwrap_or((changes, "")),
        };
        let pieces = |text: &str, len: usize| -> Vec<String> {
            text.as_bytes()
                .chunks(len)
                .map(|piece| String::from_utf8_lossy(piece).into_owned())
                .collect()
        };
        Step {
            registers,
            cycles: cycles.parse().expect("a digit"),
            iram: pieces(iram, 4)
                .iter()
                .map(|p| (hex8(&p[..2]), hex8(&p[2..])))
                .collect(),
            xdata: pieces(xdata, 6)
                .iter()
                .map(|p| (hex16(&p[..4]), hex8(&p[4..])))
                .collect(),
        }
    }
}

impl Case {
    fn program(&self) -> Program {
        // s51 treats 0xA5 as a no-operation, but the corpora never execute it.
        let mut builder = Program::builder()
            .unprogrammed(Unprogrammed::Execute)
            .reserved(Reserved::Fault);
        for (at, bytes) in &self.rom {
            builder = builder.segment(hex16(at), &hex::decode(bytes).expect("hex digits"));
        }
        builder.build()
    }

    fn machine(&self) -> (Cpu, Xdata) {
        let mut cpu = Cpu::new();
        let iram = hex::decode(&self.init.iram).expect("hex digits");
        for (address, value) in iram.iter().enumerate() {
            cpu.set_iram(address as u8, *value);
        }
        cpu.set_pc(self.init.pc);
        cpu.set_a(self.init.a);
        cpu.set_b(self.init.b);
        cpu.set_psw(Psw::from_bits_retain(self.init.psw));
        cpu.set_sp(self.init.sp);
        cpu.set_dptr(self.init.dptr);
        cpu.set_sfr(sfr::P2, self.init.p2);
        let mut xdata = Xdata::new();
        for (at, value) in &self.xram {
            xdata.write(hex16(at), hex8(value));
        }
        (cpu, xdata)
    }
}

/// XDATA that remembers what was written.
struct Logged {
    ram: Xdata,
    writes: Vec<(u16, u8)>,
}

impl Bus for Logged {
    fn xread(&mut self, address: u16) -> u8 {
        self.ram.read(address)
    }

    fn xwrite(&mut self, address: u16, value: u8) {
        self.ram.write(address, value);
        self.writes.push((address, value));
    }
}

fn registers(cpu: &Cpu) -> String {
    format!(
        "{:04x}{:02x}{:02x}{:02x}{:02x}{:04x}",
        cpu.pc(),
        cpu.a(),
        cpu.b(),
        cpu.psw().bits(),
        cpu.sp(),
        cpu.dptr()
    )
}

fn corpus(packed: &[u8]) -> Vec<Case> {
    let mut text = String::new();
    GzDecoder::new(packed)
        .read_to_string(&mut text)
        .expect("the corpus is gzip");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a case per line"))
        .collect()
}

/// Compares everything after every instruction, and the end of a run by blocks; returns how many instructions
/// there were.
fn follow(case: &Case) -> usize {
    let program = case.program();
    follow_by_blocks(case, &program);
    let (mut cpu, ram) = case.machine();
    let mut bus = Logged {
        ram,
        writes: Vec::new(),
    };
    for (index, text) in case.t.iter().enumerate() {
        let expected = Step::parse(text);
        let mut iram = cpu.iram_all();
        let at = format!(
            "program {}, step {index}, instruction {:?}",
            case.id,
            program.insn_at(cpu.pc())
        );
        bus.writes.clear();
        let ran = run_exact(&mut cpu, &mut bus, &program, Limit::steps(1));
        assert_eq!(ran.stop, Stop::OutOfSteps, "{at}");
        assert_eq!(registers(&cpu), expected.registers, "{at}");
        assert_eq!(ran.cycles.0, expected.cycles, "{at}");
        for (address, value) in expected.iram {
            iram[address as usize] = value;
        }
        assert_eq!(cpu.iram_all(), iram, "{at}");
        assert_eq!(bus.writes, expected.xdata, "{at}");
    }
    for (address, value) in &case.xfinal {
        assert_eq!(
            bus.ram.read(hex16(address)),
            hex8(value),
            "program {}, XDATA {address}",
            case.id
        );
    }
    case.t.len()
}

/// Runs all steps at once in the block loop and compares the end.
fn follow_by_blocks(case: &Case, program: &Program) {
    let (mut cpu, mut xdata) = case.machine();
    let ran = run(
        &mut cpu,
        &mut xdata,
        program,
        Limit::steps(case.t.len() as u64),
    );
    let (mut exact_cpu, mut exact_xdata) = case.machine();
    let exact = run_exact(
        &mut exact_cpu,
        &mut exact_xdata,
        program,
        Limit::steps(case.t.len() as u64),
    );
    assert_eq!(
        (ran, &cpu, &xdata),
        (exact, &exact_cpu, &exact_xdata),
        "program {}",
        case.id
    );
    let last = Step::parse(case.t.last().expect("programs have steps"));
    assert_eq!(registers(&cpu), last.registers, "program {}", case.id);
}

#[test]
fn every_step_recorded_from_s51_comes_out_equal() {
    let cases = corpus(include_bytes!("../data/lockstep/random_v1.jsonl.gz"));
    assert_eq!(cases.iter().map(follow).sum::<usize>(), 100_000);
}

/// Every step where the manual overrules s51 comes out as the manual says.
#[test]
fn every_step_overruled_by_the_manual_is_equal() {
    let cases = corpus(include_bytes!("../data/lockstep/intel_only_v1.jsonl.gz"));
    assert_eq!(cases.iter().map(follow).sum::<usize>(), 20_000);
}
