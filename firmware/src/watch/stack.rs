//! Watching the stack: how high it grew, who called whom, and whether it overflowed.

use crate::values::Address;
use emu8051::isa::Attrs;
use emu8051::{Cpu, Insn, Observer};
use serde::Serialize;
use std::fmt::{self, Display};
use std::ops::ControlFlow::{self, Break, Continue};
use symbols::Symbols;

/// The deepest call stack that is kept.
const DEEPEST: usize = 128;

/// Callers that are named in a report.
const SHOWN: usize = 4;

/// Follows the stack through a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackWatch {
    /// The last address of IRAM.
    top: u8,
    before: u8,
    /// The instruction under way.
    pc: u16,
    /// The calls of the routines under way, by their addresses.
    calls: Vec<Address>,
    /// Whether an overflow ends the run.
    ends_run: bool,
    /// The findings so far.
    pub seen: Stack,
}

/// The stack of a run, as reports have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stack {
    /// The highest value SP had after a push.
    pub highest: u8,
    /// The first overflow.
    pub overflow: Option<Overflow>,
}

impl Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "grew to 0x{:02X}", self.highest)?;
        match &self.overflow {
            Some(overflow) => write!(f, " and overflowed at CODE {}", overflow.pc),
            None => Ok(()),
        }
    }
}

/// An instruction that pushed beyond the end of IRAM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overflow {
    /// Its address.
    pub pc: Address,
    /// The calls of the routines under way, by their addresses, the innermost last.
    pub calls: Vec<Address>,
}

impl Overflow {
    /// The place of the overflow and its callers, with the functions that `symbols` knows.
    #[must_use]
    pub fn describe(&self, symbols: &Symbols) -> String {
        let place = |at: &Address| match symbols.function_at(at.0) {
            Some(function) => format!("{at} ({})", function.name),
            None => at.to_string(),
        };
        let callers: Vec<String> = self.calls.iter().rev().take(SHOWN).map(place).collect();
        let called = match callers.as_slice() {
            [] => String::new(),
            callers => {
                let more = match self.calls.len().saturating_sub(SHOWN) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!(", called from {}{more}", callers.join(", "))
            }
        };
        format!("the stack overflows at CODE {}{called}", place(&self.pc))
    }
}

impl StackWatch {
    /// A watch over a chip with that much IRAM.
    #[must_use]
    pub fn new(iram_bytes: u16, sp: u8) -> StackWatch {
        let top = (iram_bytes - 1).min(0xFF) as u8;
        StackWatch {
            top,
            before: sp,
            pc: 0,
            calls: Vec::new(),
            ends_run: false,
            seen: Stack {
                highest: sp,
                overflow: None,
            },
        }
    }

    /// The same, which ends the run behind the instruction that overflows the stack.
    #[must_use]
    pub fn ending_runs(self) -> StackWatch {
        StackWatch {
            ends_run: true,
            ..self
        }
    }

    /// The processor begins anew, with this stack pointer: what was seen is kept, no routine is under way.
    pub fn restart(&mut self, sp: u8) {
        self.before = sp;
        self.calls.clear();
    }

    /// SP is `sp` because the instruction at `pc`, or hardware before it, pushed.
    fn pushed(&mut self, sp: u8, pc: u16) {
        if (sp > self.top || sp < self.before) && self.seen.overflow.is_none() {
            self.seen.overflow = Some(Overflow {
                pc: Address(pc),
                calls: self.calls.clone(),
            });
        }
        self.seen.highest = self.seen.highest.max(sp);
    }

    /// Whether the run goes on.
    fn verdict(&self) -> ControlFlow<()> {
        match &self.seen.overflow {
            Some(_) if self.ends_run => Break(()),
            _ => Continue(()),
        }
    }

    fn called(&mut self, from: u16) {
        if self.calls.len() < DEEPEST {
            self.calls.push(Address(from));
        }
    }
}

impl Observer for StackWatch {
    fn before(&mut self, cpu: &Cpu, _: &Insn) -> ControlFlow<()> {
        let sp = cpu.sp();
        if sp == self.before.wrapping_add(2) {
            // no instruction did this: hardware called the service routine that begins here
            self.pushed(sp, cpu.pc());
            self.called(cpu.pc());
        }
        self.before = sp;
        self.pc = cpu.pc();
        self.verdict()
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
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
        self.verdict()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use board::chips::Chip;
    use board::{Board, BoardConfig};
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
        board.run_with(Cycles(2000), &mut (), &mut watch);
        watch
    }

    #[test]
    fn endless_recursion_is_reported_with_its_callers() {
        let source = "mov SP,#0x70\n first: acall second\n second: acall third\n third: acall second\n sjmp $";
        for chip in ["8051", "8052"] {
            let overflow = watch(chip, source).seen.overflow.expect("it overflows");
            assert_eq!(
                overflow.pc,
                Address(0x05),
                "{chip}: an even number of calls fits"
            );
            assert_eq!(overflow.calls[..3], [0x03, 0x05, 0x07].map(Address));
        }
    }

    /// The highest stack counts pushes calls and interrupts.
    #[test]
    fn highest_stack_counts_pushes_and_interrupts() {
        let source = "ljmp main\n .org 0x0B\n push ACC\n pop ACC\n reti\n .org 0x40
            main: mov IE,#0x82\n acall sub\n sjmp $\n sub: push ACC\n setb TF0\n nop\n nop\n pop ACC\n ret";
        let watch = watch("8051", source);
        assert_eq!(watch.seen.highest, 0x07 + 2 + 1 + 2 + 1);
        assert_eq!(watch.seen.overflow, None);
    }

    #[test]
    fn a_new_stack_is_no_overflow() {
        assert_eq!(
            watch(
                "8052",
                "mov SP,#0xF0\n push ACC\n mov SP,#0x07\n push ACC\n sjmp $"
            )
            .seen
            .overflow,
            None
        );
    }

    #[test]
    fn an_overflow_names_the_functions_that_symbols_know() {
        let overflow = Overflow {
            pc: Address(0x105),
            calls: vec![Address(0x03), Address(0x102)],
        };
        let symbols = symbols::map("C:   00000100  _deep   m\n");
        assert_eq!(
            overflow.describe(&symbols),
            "the stack overflows at CODE 0x0105 (deep), called from 0x0102 (deep), 0x0003"
        );
        let unknown = overflow.describe(&Symbols::default());
        assert_eq!(
            unknown,
            "the stack overflows at CODE 0x0105, called from 0x0102, 0x0003"
        );
    }
}
