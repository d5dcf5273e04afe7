//! The serial line of a board: the bytes sent either way.

use super::Board;
use crate::line::{Pace, Rate, SerialByte};
use crate::peripherals::Uart;
use crate::stimulus::{Input, Stimulus};
use crate::time::States;
use emu8051::Cycles;

impl Board {
    fn uart(&self) -> &Uart {
        &self.bus.peripherals.parts.uart
    }

    fn uart_mut(&mut self) -> &mut Uart {
        &mut self.bus.peripherals.parts.uart
    }

    /// Queues `bytes` for the host to send over the serial line, one after the other, from now on.
    pub fn send_serial(&mut self, bytes: impl IntoIterator<Item = SerialByte>) {
        for byte in bytes {
            self.queue_input(Stimulus {
                at: self.now,
                input: Input::Serial(byte),
            });
        }
    }

    /// Sets the moment at which the host sends its next byte.
    pub fn set_pace(&mut self, pace: Pace) {
        self.uart_mut().line.pace = pace;
    }

    /// Sets how fast the host sends, and hears what is sent to it. For a board that has not run
    /// yet.
    pub fn set_rate(&mut self, rate: Rate) {
        self.uart_mut().set_rate(rate);
        self.bus.peripherals.refresh();
    }

    /// Bytes that came over the serial line while RI was still set, and are lost.
    pub fn serial_overruns(&self) -> u64 {
        self.uart().overruns
    }

    /// Bytes the host has not yet begun to send.
    pub fn serial_waiting(&self) -> usize {
        self.uart().line.queue.len()
    }

    /// Frames that were sent while P3.1 was held low, and that no host can read.
    pub fn serial_unread(&self) -> u64 {
        self.uart().unread
    }

    /// The shortest and the longest bit of what has been sent in modes 1 to 3.
    pub fn serial_bits(&self) -> Option<(States, States)> {
        self.uart().bits
    }

    /// The bytes the serial port has sent since they were taken last, each with the moment of its
    /// TI.
    pub fn take_sent(&mut self) -> Vec<(SerialByte, Cycles)> {
        std::mem::take(&mut self.uart_mut().sent).into()
    }
}
