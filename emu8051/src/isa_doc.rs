//! The instruction table as the Markdown of `docs/isa.md`.

use std::fmt::Write;

use crate::isa::{Attrs, OPCODES, OpInfo};

/// All of `docs/isa.md`: a row for each kind of instruction, in order of opcode.
pub fn isa_markdown() -> String {
    let mut text = String::from(
        "# The instruction set

Generated from the table in `emu8051/src/isa.rs` by `cargo run -p smart51-emu8051 --example isa`; do not edit.

A machine cycle is 12 clocks. *Flags* are those written among CY, AC and OV; P always follows ACC. *Control* says whether
an instruction calls, returns, jumps or branches, and *latch* that it reads a port's latch instead of its pins, because it
writes the value back.

| opcodes | instruction | bytes | cycles | flags | control |
|---|---|--:|--:|---|---|
",
    );
    for (opcode, info) in OPCODES
        .iter()
        .enumerate()
        .filter(|(opcode, info)| usize::from(info.base) == *opcode)
    {
        let form = if opcode == 0xA5 {
            "reserved".to_owned()
        } else {
            format!("`{}`", info.form())
        };
        let mut flags: Vec<&str> = info.flags.iter_names().map(|(name, _)| name).collect();
        flags.reverse();
        let (len, cycles) = (info.len, info.cycles);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {form} | {len} | {cycles} | {} | {} |",
            opcodes(info),
            flags.join(" "),
            control(info.attrs)
        );
    }
    text
}

/// `24`, `26..27`, `28..2F`, or for pages `01, 21, .. E1`.
fn opcodes(info: &OpInfo) -> String {
    let same: Vec<usize> = (0..256)
        .filter(|opcode| OPCODES[*opcode].base == info.base)
        .collect();
    match same[..] {
        [one] => format!("{one:02X}"),
        [first, second, .., last] if second == first + 0x20 => {
            format!("{first:02X}, {second:02X}, .. {last:02X}")
        }
        [first, .., last] => format!("{first:02X}..{last:02X}"),
        [] => String::new(),
    }
}

fn control(attrs: Attrs) -> String {
    let words = [
        (Attrs::CALL, "call"),
        (Attrs::RET, "return"),
        (Attrs::JUMP, "jump"),
        (Attrs::BRANCH, "branch"),
        (Attrs::RMW, "latch"),
    ];
    let named: Vec<&str> = words
        .iter()
        .filter(|(attr, _)| attrs.contains(*attr))
        .map(|(_, word)| *word)
        .collect();
    named.join(", ")
}
