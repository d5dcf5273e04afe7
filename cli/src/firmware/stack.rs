//! Watching the stack: how high it grew, who called whom, and whether it overflowed.

use emu8051::isa::Attrs;
use emu8051::{Cpu, Insn, Observer};

/// The deepest call stack that is kept.
const DEEPEST: usize = 128;

/// What is known of the stack after watching a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StackWatch {
    /// The last address of IRAM.
    top: u8,
    before: u8,
    /// The instruction under way.
    pc: u16,
    /// The highest value SP had after an instruction.
    pub(crate) highest: u8,
    /// Where the routines under way were called.
    calls: Vec<u16>,
    /// The first overflow.
    pub(crate) overflow: Option<Overflow>,
}

/// An instruction that pushed beyond the end of IRAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overflow {
    /// Its address.
    pub(crate) pc: u16,
    /// Where the routines under way had been called, the innermost last.
    pub(crate) calls: Vec<u16>,
}

impl std::fmt::Display for Overflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the stack overflows at CODE 0x{:04X}", self.pc)?;
        for (n, call) in self.calls.iter().rev().take(8).enumerate() {
            write!(
                f,
                "{} 0x{call:04X}",
                if n == 0 { ", called from" } else { "," }
            )?;
        }
        Ok(())
    }
}

impl StackWatch {
    /// A watch over a chip with that much IRAM.
    pub(crate) fn new(iram_bytes: u16, sp: u8) -> StackWatch {
        let top = (iram_bytes - 1).min(0xFF) as u8;
        StackWatch {
            top,
            before: sp,
            pc: 0,
            highest: sp,
            calls: Vec::new(),
            overflow: None,
        }
    }
}

impl StackWatch {
    /// SP is `sp` because the instruction at `pc`, or hardware before it, pushed.
    fn pushed(&mut self, sp: u8, pc: u16) {
        if (sp > self.top || sp < self.before) && self.overflow.is_none() {
            self.overflow = Some(Overflow {
                pc,
                calls: self.calls.clone(),
            });
        }
        self.highest = self.highest.max(sp);
    }

    fn called(&mut self, from: u16) {
        if self.calls.len() < DEEPEST {
            self.calls.push(from);
        }
    }
}

impl Observer for StackWatch {
    fn before(&mut self, cpu: &Cpu, _: &Insn) {
        let sp = cpu.sp();
        if sp == self.before.wrapping_add(2) {
            // no instruction did this: hardware called the service routine that begins here
            self.pushed(sp, cpu.pc());
            self.called(cpu.pc());
        }
        self.before = sp;
        self.pc = cpu.pc();
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) {
        let info = insn.info();
        if info.attrs.contains(Attrs::CALL) {
            self.pushed(cpu.sp(), self.pc);
            self.called(self.pc);
        } else if info.mnemonic == "PUSH" {
            self.pushed(cpu.sp(), self.pc);
        } else if info.attrs.contains(Attrs::RET) {
            self.calls.pop();
        }
        self.before = cpu.sp();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use emu8051::hw::board::{Board, BoardConfig};
    use emu8051::hw::chip::Chip;
    use emu8051::{Cycles, assemble};

    fn watch(chip: &str, source: &str) -> StackWatch {
        let chip = Chip::named(chip).expect("listed");
        let assembly = assemble(source).expect("assembles");
        let segments = assembly
            .segments
            .iter()
            .map(|(at, bytes)| (*at, bytes.as_slice()));
        let mut board = Board::new(&BoardConfig::new(chip), segments).expect("fits");
        let mut watch = StackWatch::new(chip.iram_bytes, board.cpu().sp());
        board.run_observed(Cycles(2000), &mut (), &mut watch);
        watch
    }

    #[test]
    fn endless_recursion_is_reported_with_its_callers() {
        let source = "mov SP,#0x70\n first: acall second\n second: acall third\n third: acall second\n sjmp $";
        for chip in ["8051", "8052"] {
            let overflow = watch(chip, source).overflow.expect("it overflows");
            assert_eq!(overflow.pc, 0x05, "{chip}: an even number of calls fits");
            assert_eq!(overflow.calls[..3], [0x03, 0x05, 0x07]);
        }
    }

    #[test]
    fn the_highest_stack_counts_pushes_calls_and_interrupts() {
        let source = "ljmp main\n .org 0x0B\n push ACC\n pop ACC\n reti\n .org 0x40
            main: mov IE,#0x82\n acall sub\n sjmp $\n sub: push ACC\n setb TF0\n nop\n nop\n pop ACC\n ret";
        let watch = watch("8051", source);
        assert_eq!(watch.highest, 0x07 + 2 + 1 + 2 + 1);
        assert_eq!(watch.overflow, None);
    }

    #[test]
    fn a_new_stack_is_no_overflow() {
        assert_eq!(
            watch(
                "8052",
                "mov SP,#0xF0\n push ACC\n mov SP,#0x07\n push ACC\n sjmp $"
            )
            .overflow,
            None
        );
    }
}
