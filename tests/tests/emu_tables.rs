//! The instruction table and the arithmetic against what others say: the summary of opcodes, and every result of the
//! ALU read back from the simulator s51.

use std::io::Read;
use std::path::PathBuf;

use emu8051::isa::OPCODES;
use emu8051::{Cpu, Limit, Program, Psw, Xdata, assemble, disasm, run, run_exact};
use flate2::read::GzDecoder;

/// `0x24 ADD A,#data` as the fixture names registers: by number, and `(reserved)`.
fn name(opcode: u8) -> String {
    let form = OPCODES[opcode as usize].form();
    match opcode {
        0xA5 => "(reserved)".to_owned(),
        _ => form
            .replace("@Ri", &format!("@R{}", opcode & 1))
            .replace("Rn", &format!("R{}", opcode & 7)),
    }
}

/// Flag names from the high bit down.
fn flags(psw: Psw) -> String {
    let mut names: Vec<&str> = psw.iter_names().map(|(name, _)| name).collect();
    names.reverse();
    names.join(" ")
}

#[test]
fn the_table_says_what_the_summary_of_opcodes_says() {
    let summary = include_str!("../data/opcodes.tsv");
    let mut rows = 0;
    for (opcode, line) in (0..=0xFF_u8).zip(summary.lines().skip(1)) {
        let info = &OPCODES[opcode as usize];
        let ours = format!(
            "{opcode:02X}\t{}\t{}\t{}\t{}",
            name(opcode),
            info.len,
            info.cycles,
            flags(info.flags)
        );
        assert_eq!(ours, line);
        rows += 1;
    }
    assert_eq!(rows, 256);
}

/// Results by operands: index `A << 8 | operand`, or for instructions on A alone `CY << 9 | AC << 8 | A`.
struct Table {
    what: String,
    results: Vec<u8>,
}

impl Table {
    fn read(what: &str, entries: usize) -> Table {
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("data/alu/{what}.bin.gz"));
        let packed =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut results = Vec::new();
        GzDecoder::new(&packed[..])
            .read_to_end(&mut results)
            .expect("the table is gzip");
        assert_eq!(results.len(), entries, "{what}");
        Table {
            what: what.to_owned(),
            results,
        }
    }

    fn check(&self, index: usize, ours: u8) {
        assert_eq!(
            ours, self.results[index],
            "{} at index 0x{index:04X}",
            self.what
        );
    }
}

/// Executes one instruction in the block loop and in the exact loop, and returns where both end.
fn execute(program: &Program, cpu: &Cpu) -> Cpu {
    let (mut fast, mut exact) = (cpu.clone(), cpu.clone());
    let mut xdata = Xdata::new();
    run(&mut fast, &mut xdata, program, Limit::NONE);
    run_exact(&mut exact, &mut xdata, program, Limit::NONE);
    assert_eq!(fast, exact, "{}", disasm(program.code(), cpu.pc()));
    fast
}

/// A program of one instruction, a trap behind it and where it may jump.
fn single(source: &str) -> Program {
    assemble(source)
        .expect("the instruction is right")
        .program()
        .segment(3, &[0; 8])
        .trap(2)
        .trap(1)
        .trap(3)
        .build()
}

/// A byte of the result: what a table has, taken from the processor.
type Part = fn(&Cpu) -> u8;

const C4: Psw = Psw::CY.union(Psw::AC).union(Psw::OV);

/// Every sum, difference, product, quotient and comparison.
#[test]
fn every_arithmetic_result_equals_s51() {
    let mut checked = 0;
    let mut sweep = |source: &str, name: &str, psw: Psw, parts: &[(&str, Part)]| {
        let program = single(source);
        let tables: Vec<(Table, Part)> = parts
            .iter()
            .map(|(part, of)| (Table::read(&format!("{name}.{part}"), 65536), *of))
            .collect();
        let mut cpu = Cpu::new();
        for index in 0..65536_usize {
            cpu.set_psw(psw);
            cpu.set_a((index >> 8) as u8);
            cpu.set_b(index as u8);
            let after = execute(&program, &cpu);
            for (table, of) in &tables {
                table.check(index, of(&after));
                checked += 1;
            }
        }
    };
    let a: (&str, fn(&Cpu) -> u8) = ("a", Cpu::a);
    let b: (&str, fn(&Cpu) -> u8) = ("b", Cpu::b);
    let psw: (&str, fn(&Cpu) -> u8) = ("psw", |cpu| cpu.psw().bits());
    for (name, source) in [
        ("add", "ADD A,B"),
        ("addc", "ADDC A,B"),
        ("subb", "SUBB A,B"),
    ] {
        sweep(source, &format!("{name}_c0"), Psw::empty(), &[a, psw]);
        sweep(source, &format!("{name}_c1"), Psw::CY, &[a, psw]);
    }
    sweep("MUL AB", "mul", C4, &[a, b, psw]);
    sweep("DIV AB", "div", C4, &[a, b, psw]);
    sweep("CJNE A,B,3", "cjne", Psw::empty(), &[psw]);
    assert_eq!(checked, 19 * 65536);
}

#[test]
fn every_result_of_instructions_on_a_alone_equals_s51() {
    let instructions = [
        "DA A", "RLC A", "RRC A", "RL A", "RR A", "SWAP A", "INC A", "DEC A", "CPL A",
    ];
    for source in instructions {
        let name = source.split(' ').next().unwrap_or_default().to_lowercase();
        let (a, psw) = (
            Table::read(&format!("{name}.a"), 1024),
            Table::read(&format!("{name}.psw"), 1024),
        );
        let program = single(source);
        let mut cpu = Cpu::new();
        for index in 0..1024_usize {
            let mut flags = Psw::empty();
            flags.set(Psw::CY, index & 0x200 != 0);
            flags.set(Psw::AC, index & 0x100 != 0);
            cpu.set_psw(flags);
            cpu.set_a(index as u8);
            let after = execute(&program, &cpu);
            a.check(index, after.a());
            psw.check(index, after.psw().bits());
        }
    }
}
