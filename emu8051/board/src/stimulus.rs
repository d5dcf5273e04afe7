//! Inputs: what comes to the chip from outside, and when.

use crate::archive::{Archive, Reader, SnapshotError};
use crate::line::SerialByte;
use emu8051::Cycles;

/// An input of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A pin is driven low, or let go (high).
    Pin {
        /// 0 to 3.
        port: u8,
        /// 0 to 7.
        bit: u8,
        /// Low or high.
        level: bool,
    },
    /// The host has another byte to send over the serial line.
    Serial(SerialByte),
}

/// An [`Input`] and the machine cycle it comes with: a pin has its new level during the whole of
/// that cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stimulus {
    /// Machine cycles since reset.
    pub at: Cycles,
    /// The input.
    pub input: Input,
}

impl Stimulus {
    /// The end of its cycle, when pins have been sampled.
    pub(crate) fn sampled(&self) -> Cycles {
        self.at + Cycles(1)
    }
}

/// Whether it is a pin, then its fields.
impl Archive for Input {
    fn save(&self, out: &mut Vec<u8>) {
        match self {
            Input::Pin { port, bit, level } => {
                true.save(out);
                port.save(out);
                bit.save(out);
                level.save(out);
            }
            Input::Serial(byte) => {
                false.save(out);
                byte.save(out);
            }
        }
    }

    fn restore(from: &mut Reader<'_>) -> Result<Input, SnapshotError> {
        if !bool::restore(from)? {
            return Archive::restore(from).map(Input::Serial);
        }
        let (port, bit) = Archive::restore(from)?;
        from.check(port < 4 && bit < 8)?;
        let level = Archive::restore(from)?;
        Ok(Input::Pin { port, bit, level })
    }
}

impl Archive for Stimulus {
    fn save(&self, out: &mut Vec<u8>) {
        self.at.save(out);
        self.input.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Stimulus, SnapshotError> {
        Ok(Stimulus {
            at: Archive::restore(from)?,
            input: Archive::restore(from)?,
        })
    }
}
