//! Choices that a program is built with, and why an instruction cannot be executed.

/// The result of executing CODE that no segment programmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unprogrammed {
    /// [`CpuFault::Unprogrammed`](CpuFault), when any byte of an instruction is unprogrammed.
    #[default]
    Fault,
    /// Executes the fill byte, as a chip does.
    Execute,
}

/// The effect of the reserved opcode 0xA5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reserved {
    /// [`CpuFault::Reserved`](CpuFault).
    #[default]
    Fault,
    /// Nothing, in one byte and one cycle.
    Nop,
}

/// Why an instruction cannot be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CpuFault {
    /// The reserved opcode 0xA5.
    Reserved,
    /// CODE that no segment programmed.
    Unprogrammed,
    /// The stack would grow beyond IRAM 0xFF and go on at 0x00 (guarded programs only).
    StackOverflow,
}
