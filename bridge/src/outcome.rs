//! How a run ends: [`Outcome`], and [`Fault`] for the runs that could not go on; [`Trap`] for those of WebAssembly.

use abi::ExitCode;
use core::fmt;
use hostapi::{Failure, HostFault};

/// How a contract's run ended. The node's own failures are not in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The contract ended with exit code 1.
    Success,
    /// The contract ended with another exit code: its writes are dropped.
    Refused {
        /// The code it ended with.
        code: ExitCode,
    },
    /// The contract could not go on: its writes are dropped.
    Fault {
        /// Why.
        fault: Fault,
    },
}

impl Outcome {
    /// The outcome's name in JSON and receipts: `success`, `refused` or `fault`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Refused { .. } => "refused",
            Outcome::Fault { .. } => "fault",
        }
    }

    /// Whether the contract succeeded.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Outcome::Success)
    }

    /// The exit code, where the contract reached its exit.
    #[must_use]
    pub const fn exit_code(&self) -> Option<ExitCode> {
        match self {
            Outcome::Success => Some(ExitCode::SUCCESS),
            Outcome::Refused { code } => Some(*code),
            Outcome::Fault { .. } => None,
        }
    }

    /// The fault, where there was one.
    #[must_use]
    pub const fn fault(&self) -> Option<Fault> {
        match self {
            Outcome::Fault { fault } => Some(*fault),
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Success => write!(f, "success"),
            Outcome::Refused { code } => write!(f, "refused with exit code {code}"),
            Outcome::Fault { fault } => write!(f, "fault: {fault}"),
        }
    }
}

impl From<Fault> for Failure<Outcome> {
    fn from(fault: Fault) -> Self {
        Failure::Contract(Outcome::Fault { fault })
    }
}

/// Why a contract could not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The gas limit is used up.
    OutOfGas,
    /// The limit on machine cycles is used up.
    OutOfCycles,
    /// The limit on steps is used up.
    OutOfSteps,
    /// The input does not fit in the Communicate buffer.
    InputTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The 8051 came to opcode 0xA5, which Intel reserves.
    ReservedOpcode,
    /// The 8051 came to CODE that the image does not program.
    UnprogrammedCode,
    /// The stack of an 8051 contract would grow beyond IRAM 0xFF and go on at 0x00, over the registers. Not a fault
    /// under the old rules.
    StackOverflow,
    /// A WebAssembly contract did what it may not.
    Wasm(Trap),
    /// A call into the host cannot be answered.
    Host(HostFault),
}

impl Fault {
    /// Whether it ends the whole transaction, and not only the frame.
    #[must_use]
    pub const fn aborts(&self) -> bool {
        matches!(self, Fault::Host(HostFault::Aborted(_)))
    }

    /// The fault's name in JSON and receipts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Fault::OutOfGas => "out_of_gas",
            Fault::OutOfCycles => "out_of_cycles",
            Fault::OutOfSteps => "out_of_steps",
            Fault::InputTooLong { .. } => "input_too_long",
            Fault::ReservedOpcode => "reserved_opcode",
            Fault::UnprogrammedCode => "unprogrammed_code",
            Fault::StackOverflow => "stack_overflow",
            Fault::Wasm(trap) => trap.name(),
            Fault::Host(fault) => fault.name(),
        }
    }
}

impl From<Trap> for Fault {
    fn from(trap: Trap) -> Self {
        Fault::Wasm(trap)
    }
}

impl From<Fault> for Failure<Fault> {
    fn from(fault: Fault) -> Self {
        Failure::Contract(fault)
    }
}

impl From<HostFault> for Fault {
    fn from(fault: HostFault) -> Self {
        Fault::Host(fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::OutOfGas => write!(f, "out of gas"),
            Fault::OutOfCycles => write!(f, "the limit on machine cycles is used up"),
            Fault::OutOfSteps => write!(f, "the limit on steps is used up"),
            Fault::InputTooLong { length } => {
                write!(
                    f,
                    "the input has {length} bytes, the most is {}",
                    abi::layout::INPUT_MAX
                )
            }
            Fault::ReservedOpcode => write!(f, "reserved opcode 0xA5"),
            Fault::UnprogrammedCode => write!(f, "CODE that the image does not program"),
            Fault::StackOverflow => write!(
                f,
                "the stack would grow beyond IRAM 0xFF: call less deeply, or keep less on it"
            ),
            Fault::Wasm(trap) => write!(f, "{trap}"),
            Fault::Host(fault) => write!(f, "{fault}"),
        }
    }
}

/// Why a WebAssembly contract could not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trap {
    /// It ran into `unreachable`.
    Unreachable,
    /// It read or wrote outside of its memory.
    MemoryOutOfBounds,
    /// It called through the table, outside of it.
    TableOutOfBounds,
    /// It called through an element of the table that holds no function.
    IndirectCallToNull,
    /// It called a function of another type through the table.
    BadSignature,
    /// It divided by zero.
    DivisionByZero,
    /// Its quotient does not fit: the smallest integer divided by -1.
    IntegerOverflow,
    /// Its active calls take more than the limit `stack`.
    StackExhausted,
    /// The arguments or the reply of a call into the host do not lie inside its memory.
    BufferOutOfBounds,
}

impl Trap {
    /// The fault's name in JSON and receipts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Trap::Unreachable => "unreachable",
            Trap::MemoryOutOfBounds => "memory_out_of_bounds",
            Trap::TableOutOfBounds => "table_out_of_bounds",
            Trap::IndirectCallToNull => "indirect_call_to_null",
            Trap::BadSignature => "bad_signature",
            Trap::DivisionByZero => "division_by_zero",
            Trap::IntegerOverflow => "integer_overflow",
            Trap::StackExhausted => "stack_exhausted",
            Trap::BufferOutOfBounds => "buffer_out_of_bounds",
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trap::Unreachable => "the contract ran into `unreachable`",
            Trap::MemoryOutOfBounds => "access outside of linear memory",
            Trap::TableOutOfBounds => "indirect call outside of the table",
            Trap::IndirectCallToNull => "indirect call of an empty element",
            Trap::BadSignature => "indirect call of a function of another type",
            Trap::DivisionByZero => "division by zero",
            Trap::IntegerOverflow => "integer overflow in a division",
            Trap::StackExhausted => "the active calls take more than the stack",
            Trap::BufferOutOfBounds => "a buffer given to the host is not inside linear memory",
        })
    }
}
