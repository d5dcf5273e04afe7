//! An 8051: the instruction set, and a processor that executes it.
//!
//! What it is: the MCS-51 core with 256 bytes of IRAM, 64 KiB of read-only CODE and 64 KiB of XDATA, exact in
//! registers, flags and machine cycles. What it is not: a chip. Timers, the serial port and interrupts are another
//! [`Bus`] on top of it.
//!
//! | space | size | reached by |
//! |---|---|---|
//! | CODE | 64 KiB | the program counter, `MOVC` |
//! | IRAM | 256 bytes | registers, `direct` below 0x80, `@Ri`, the stack |
//! | SFR | 128 addresses | `direct` from 0x80 on |
//! | XDATA | 64 KiB | `MOVX` |
//!
//! ```
//! use emu8051::{Cpu, Cycles, Limit, Program, Stop, Xdata, run};
//!
//! // MOV A,#2 | ADD A,#3 | LCALL 0x0100, where the run ends.
//! let program = Program::builder().segment(0, &[0x74, 2, 0x24, 3, 0x12, 0x01, 0x00]).trap(0x0100).build();
//! let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
//!
//! let run = run(&mut cpu, &mut xdata, &program, Limit::cycles(1_000));
//!
//! assert_eq!(run.stop, Stop::Trap(0x0100));
//! assert_eq!(run.cycles, Cycles(4));
//! assert_eq!(cpu.a(), 5);
//! ```

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod alu;
mod asm;
mod bus;
mod calls;
mod cost;
mod cpu;
mod datapath;
mod decode;
mod direct;
mod disasm;
mod exec;
mod fusion;
pub mod isa;
mod isa_doc;
mod lower;
mod memory;
mod names;
mod observer;
mod pairs;
mod policy;
mod program;
#[cfg(feature = "reference")]
pub mod reference;
mod regs;
mod run;
pub mod sfr;
mod slot;
mod units;
mod xdata;

pub use asm::{AsmError, AsmErrorKind, Assembly, assemble, assemble_with};
pub use bus::{Bus, Interrupt, Side, XdataAsk};
pub use calls::{CallWatch, Transfer};
pub use cpu::Cpu;
pub use decode::Insn;
pub use disasm::{Line, Listing, disasm, disasm_with, disassemble, disassemble_with};
pub use isa_doc::isa_markdown;
pub use names::{Names8052, SfrNames};
pub use observer::Observer;
pub use policy::{CpuFault, Reserved, Unprogrammed};
pub use program::{Program, ProgramBuilder};
#[cfg(feature = "unmetered")]
pub use run::run_unmetered;
pub use run::{Limit, Run, Stop, run, run_calls, run_exact, run_observed};
pub use sfr::{Psw, SfrSet};
pub use units::{Cycles, Steps};
pub use xdata::{Xdata, XdataSnapshot};
