//! The host's end of the serial line: bytes waiting to be sent to the firmware, and the one on the wire.

use std::collections::VecDeque;

use crate::hw::state::{Carrier, Fields, SnapshotError};
use crate::hw::time::States;

/// A byte on the serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialByte {
    /// The eight data bits.
    pub data: u8,
    /// The ninth bit of modes 2 and 3; not sent in the others.
    pub ninth: bool,
}

impl From<u8> for SerialByte {
    /// With the ninth bit clear.
    fn from(data: u8) -> SerialByte {
        SerialByte { data, ninth: false }
    }
}

/// When the host sends its next byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// When the firmware has cleared RI: no byte is lost, however slow the firmware is.
    #[default]
    WhenTaken,
    /// Right after the one before, as a real line does.
    BackToBack,
}

/// A byte on the wire: start bit, data, perhaps a ninth bit, stop bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) start: States,
    /// The length of a bit; never zero.
    pub(super) bit: States,
    /// The levels, first one lowest.
    pub(super) levels: u16,
    pub(super) bits: u8,
}

/// The levels of a byte on the wire and how many they are, start and stop bit included.
pub(super) fn levels(byte: SerialByte, nine: bool) -> (u16, u8) {
    let data = u16::from(byte.data) << 1;
    if nine {
        (0x400 | u16::from(byte.ninth) << 9 | data, 11)
    } else {
        (0x200 | data, 10)
    }
}

impl Frame {
    /// When its stop bit ends.
    pub(super) fn end(&self) -> States {
        States(
            self.start
                .0
                .saturating_add(self.bit.0.saturating_mul(self.bits.into())),
        )
    }

    /// The first moment from `at` on at which the line is low, or at which the next frame may begin.
    pub(super) fn low_from(&self, at: States) -> States {
        let index = at.0.saturating_sub(self.start.0) / self.bit.0;
        let low = (index..self.bits.into()).find(|index| self.levels >> index & 1 == 0);
        low.map_or(self.end(), |index| {
            let since = self.bit.0.saturating_mul(index);
            States(self.start.0.saturating_add(since)).max(at)
        })
    }

    /// The level of the line from `at` on, and until when; it is high before the frame begins.
    pub(super) fn level(&self, at: States) -> (bool, States) {
        match at.0.checked_sub(self.start.0) {
            None => (true, self.start),
            Some(since) => {
                let index = since / self.bit.0;
                let until = self.bit.0.saturating_mul(index + 1);
                (
                    self.levels >> index.min(15) & 1 == 1,
                    States(self.start.0.saturating_add(until)),
                )
            }
        }
    }
}

/// What the host still has to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) queue: VecDeque<SerialByte>,
    pub(super) frame: Option<Frame>,
    pub(super) pace: Pace,
}

impl Fields for SerialByte {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        carrier.u8(&mut self.data)?;
        carrier.bool(&mut self.ninth)
    }
}

impl Fields for Line {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        carrier.queue(&mut self.queue, SerialByte::from(0), |carrier, byte| {
            byte.fields(carrier)
        })?;
        let blank = Frame {
            start: States(0),
            bit: States(1),
            levels: 0,
            bits: 0,
        };
        carrier.option(&mut self.frame, blank, |carrier, frame| {
            carrier.u64(&mut frame.start.0)?;
            carrier.u64(&mut frame.bit.0)?;
            carrier.u16(&mut frame.levels)?;
            carrier.u8(&mut frame.bits)?;
            carrier.check(frame.bit.0 > 0)
        })?;
        let mut back_to_back = self.pace == Pace::BackToBack;
        carrier.bool(&mut back_to_back)?;
        self.pace = if back_to_back {
            Pace::BackToBack
        } else {
            Pace::WhenTaken
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_start_bit_data_low_bit_first_stop_bit() {
        let (levels, bits) = levels(0xA5.into(), false);
        let frame = Frame {
            start: States(100),
            bit: States(7),
            levels,
            bits,
        };
        let seen: Vec<u8> = (0..10)
            .map(|n| frame.level(States(100 + 7 * n + 6)).0.into())
            .collect();
        assert_eq!(seen, [0, 1, 0, 1, 0, 0, 1, 0, 1, 1]);
        assert_eq!(frame.end(), States(170));
        assert_eq!(frame.level(States(107)), (true, States(114)));
        let low_from =
            [0, 100, 106, 107, 114, 121, 128, 163, 169].map(|at| frame.low_from(States(at)).0);
        assert_eq!(low_from, [100, 100, 106, 114, 114, 128, 128, 170, 170]);
    }

    #[test]
    fn the_ninth_bit_comes_before_the_stop_bit() {
        for ninth in [false, true] {
            let (levels, bits) = levels(SerialByte { data: 0, ninth }, true);
            assert_eq!((levels, bits), (if ninth { 0x600 } else { 0x400 }, 11));
        }
    }
}
