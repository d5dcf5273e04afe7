//! The serial line: the bytes that the host has to send to the firmware, the one on the wire, and
//! the rate.

use std::collections::VecDeque;

use crate::archive::{Archive, Reader, SnapshotError, archived_fields};
use crate::time::States;

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

/// The moment at which the host sends its next byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As soon as the firmware has cleared RI: no byte is lost, however slow the firmware is.
    #[default]
    WhenTaken,
    /// Right after the one before, as a real line does.
    BackToBack,
}

/// The length of a bit on the wire, exactly: it need not be a whole number of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitTime {
    /// That many states are `per` bits.
    states: u64,
    per: u64,
}

impl BitTime {
    /// The fastest bit, in oscillator periods: half of the shortest that the serial port itself can
    /// send.
    pub const SHORTEST: u64 = 16;
    /// The fastest oscillator, in Hz.
    pub const FASTEST_CLOCK: u64 = 1 << 32;

    /// A bit of `baud` in a second, on a board whose oscillator runs at `clock` Hz.
    ///
    /// # Errors
    /// [`RateError`], if the bit is shorter than [`SHORTEST`](Self::SHORTEST) or one of the two is
    /// out of range.
    pub fn new(clock: u64, baud: u64) -> Result<BitTime, RateError> {
        let most = clock / Self::SHORTEST;
        if !(Self::SHORTEST..=Self::FASTEST_CLOCK).contains(&clock) {
            Err(RateError::Clock { clock })
        } else if !(1..=most).contains(&baud) {
            Err(RateError::Baud { clock, baud, most })
        } else {
            Ok(BitTime {
                states: clock,
                per: 2 * baud, // two oscillator periods are a state
            })
        }
    }

    /// Whether the bit has this length.
    pub(crate) fn is(self, states: States) -> bool {
        states.0.saturating_mul(self.per) == self.states
    }

    /// A bit of whole states.
    pub(crate) fn of(states: States) -> BitTime {
        BitTime {
            states: states.0,
            per: 1,
        }
    }

    /// The time that the host lets a program alone that looks at RXD itself: a tenth of a second,
    /// as somebody who types would. Such a program wants the line quiet before and after the byte
    /// that it measures.
    pub(crate) fn pause(self) -> States {
        States(self.states / 20)
    }

    /// The excess length of bits of `states` are, in thousandths of this one; negative if they are
    /// shorter.
    pub fn excess(self, states: States) -> i64 {
        let (other, own) = (
            u128::from(states.0) * u128::from(self.per),
            u128::from(self.states),
        );
        (other.saturating_mul(1000) / own).min(1_000_000) as i64 - 1000
    }

    /// The moment `bits` bits after `start`.
    pub(crate) fn after(self, start: States, bits: u64) -> States {
        States(
            start
                .0
                .saturating_add(self.states.saturating_mul(bits) / self.per),
        )
    }

    /// In which bit lies what is `since` states after the start of the first one. All from 15 on
    /// are the same.
    fn index(self, since: u64) -> u64 {
        if self.per == 1 {
            return since / self.states;
        }
        let since = since.min(self.after(States(0), 15).0);
        ((since + 1) * self.per - 1) / self.states
    }
}

archived_fields!(BitTime: states, per);

impl Archive for BitTime {
    fn save(&self, out: &mut Vec<u8>) {
        self.save_fields(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<BitTime, SnapshotError> {
        let mut bit = BitTime::of(States(1));
        bit.restore_fields(from)?;
        let whole = bit.per == 1 && bit.states > 0;
        from.check(
            whole
                || bit.states <= Self::FASTEST_CLOCK
                    && (1..=bit.states / Self::SHORTEST).contains(&(bit.per / 2)),
        )?;
        Ok(bit)
    }
}

/// The reason why a host cannot have a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// The oscillator is faster than any, or so slow that not one bit passes in a second.
    #[error(
        "expected an oscillator of {} to {} Hz, found {clock} Hz",
        BitTime::SHORTEST,
        BitTime::FASTEST_CLOCK
    )]
    Clock {
        /// Its frequency in Hz.
        clock: u64,
    },
    /// The bits are too short or too long.
    #[error("expected from 1 to {most} baud with an oscillator of {clock} Hz, found {baud}")]
    Baud {
        /// The oscillator in Hz.
        clock: u64,
        /// Bits in a second.
        baud: u64,
        /// The most there can be.
        most: u64,
    },
}

/// The length of the host's bits, and the moment at which it begins to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rate {
    /// As long as the firmware's: the host waits until the receiver is on, sends at the rate it is
    /// set to, and takes what is sent at whatever rate.
    #[default]
    Auto,
    /// Its own. The host sends as soon as somebody can hear it: the receiver is on, at any rate but
    /// one so slow that a byte passes within half a bit, or the program looks at the pin RXD
    /// itself, and has for a tenth of a second. It takes what is sent at whatever rate; which that
    /// was, [`Board::serial_bits`] says.
    ///
    /// [`Board::serial_bits`]: crate::Board::serial_bits
    Own(BitTime),
}

/// As the bit time the host has of its own, if it has one.
impl Archive for Rate {
    fn save(&self, out: &mut Vec<u8>) {
        let own = match self {
            Rate::Auto => None,
            Rate::Own(bit) => Some(*bit),
        };
        own.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Rate, SnapshotError> {
        let own = Option::restore(from)?;
        Ok(own.map_or(Rate::Auto, Rate::Own))
    }
}

/// A byte on the wire: start bit, data, perhaps a ninth bit, stop bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) start: States,
    /// The length of a bit.
    pub(crate) bit: BitTime,
    /// The levels, first one lowest.
    pub(crate) levels: u16,
    pub(crate) bits: u8,
}

/// The levels of a byte on the wire and how many they are, start and stop bit included.
pub(crate) fn levels(byte: SerialByte, nine: bool) -> (u16, u8) {
    let data = u16::from(byte.data) << 1;
    if nine {
        (0x400 | u16::from(byte.ninth) << 9 | data, 11)
    } else {
        (0x200 | data, 10)
    }
}

impl Frame {
    /// The end of its stop bit.
    pub(crate) fn end(&self) -> States {
        self.bit.after(self.start, self.bits.into())
    }

    /// The first moment from `at` on at which the line is low, or at which the next frame may
    /// begin.
    pub(crate) fn low_from(&self, at: States) -> States {
        let index = self.bit.index(at.0.saturating_sub(self.start.0));
        let low = (index..self.bits.into()).find(|index| self.levels >> index & 1 == 0);
        low.map_or(self.end(), |index| {
            self.bit.after(self.start, index).max(at)
        })
    }

    /// The level of the line from `at` on, and until when; it is high before the frame begins.
    pub(crate) fn level(&self, at: States) -> (bool, States) {
        match at.0.checked_sub(self.start.0) {
            None => (true, self.start),
            Some(since) => {
                let index = self.bit.index(since);
                let until = self.bit.after(self.start, index.saturating_add(1));
                (self.levels >> index.min(15) & 1 == 1, until)
            }
        }
    }
}

/// The bytes that the host still has to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) queue: VecDeque<SerialByte>,
    pub(crate) frame: Option<Frame>,
    pub(crate) pace: Pace,
    pub(crate) rate: Rate,
    /// The moment at which the program looked at RXD first while the host had something to send.
    pub(crate) looked_at: Option<States>,
    /// Before this moment a host with a rate of its own begins no byte.
    pub(crate) not_before: States,
}

impl Archive for SerialByte {
    fn save(&self, out: &mut Vec<u8>) {
        self.data.save(out);
        self.ninth.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<SerialByte, SnapshotError> {
        Ok(SerialByte {
            data: Archive::restore(from)?,
            ninth: Archive::restore(from)?,
        })
    }
}

impl Archive for Frame {
    fn save(&self, out: &mut Vec<u8>) {
        self.start.save(out);
        self.bit.save(out);
        self.levels.save(out);
        self.bits.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Frame, SnapshotError> {
        Ok(Frame {
            start: Archive::restore(from)?,
            bit: Archive::restore(from)?,
            levels: Archive::restore(from)?,
            bits: Archive::restore(from)?,
        })
    }
}

/// As whether it is [`Pace::BackToBack`].
impl Archive for Pace {
    fn save(&self, out: &mut Vec<u8>) {
        (*self == Pace::BackToBack).save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Pace, SnapshotError> {
        let back_to_back = bool::restore(from)?;
        Ok(if back_to_back {
            Pace::BackToBack
        } else {
            Pace::WhenTaken
        })
    }
}

archived_fields!(Line: queue, frame, pace, rate, looked_at, not_before);

impl Archive for Line {
    fn save(&self, out: &mut Vec<u8>) {
        self.save_fields(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Line, SnapshotError> {
        let mut line = Line::default();
        line.restore_fields(from)?;
        Ok(line)
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
            bit: BitTime::of(States(7)),
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

    /// Bits that are no whole number of states begin where they should, however many came before.
    #[test]
    fn bits_of_any_rate_do_not_drift() {
        let rates = [
            (12_000_000, 9600),
            (11_059_200, 9600),
            (11_059_200, 110),
            (24_000_000, 115_200),
        ];
        for (clock, baud) in rates {
            let (levels, bits) = levels(0x5A.into(), false);
            let bit = BitTime::new(clock, baud).expect("in range");
            let frame = Frame {
                start: States(3),
                bit,
                levels,
                bits,
            };
            let begins = |index: u64| 3 + clock * index / (2 * baud);
            for index in 0..10 {
                let level = levels >> index & 1 == 1;
                let expected = (level, States(begins(index + 1)));
                for at in [begins(index), begins(index + 1) - 1] {
                    assert_eq!(
                        frame.level(States(at)),
                        expected,
                        "bit {index} at {baud} baud"
                    );
                }
            }
            assert_eq!(frame.end(), States(begins(10)));
            assert_eq!(frame.low_from(States(begins(1))), States(begins(1)));
            assert_eq!(frame.low_from(States(begins(2))), States(begins(3)));
        }
        assert!(BitTime::new(12_000_000, 0).is_err() && BitTime::new(12_000_000, 750_001).is_err());
        assert!(BitTime::new(BitTime::FASTEST_CLOCK + 1, 9600).is_err());
        BitTime::new(12_000_000, 750_000).expect("16 oscillator periods");
    }

    #[test]
    fn the_ninth_bit_comes_before_the_stop_bit() {
        for ninth in [false, true] {
            let (levels, bits) = levels(SerialByte { data: 0, ninth }, true);
            assert_eq!((levels, bits), (if ninth { 0x600 } else { 0x400 }, 11));
        }
    }
}
