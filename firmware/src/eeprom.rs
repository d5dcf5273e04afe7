//! A 24C02 on two pins: 256 bytes behind I²C, as firmware that drives the bus bit by bit sees it.

use board::Device;
use board::stimulus::Input;
use emu8051::Cycles;

/// The device address 1010000, with the read bit clear.
const ADDRESS: u8 = 0xA0;

/// The state of the bus protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Waiting for a start condition, or not addressed.
    Deaf,
    /// Taking in a byte: which, and the bits so far.
    Taking { what: Taken, bits: u8, byte: u8 },
    /// Pulling SDA low for the ninth clock.
    Acknowledging { what: Taken },
    /// Giving out the byte at the pointer, `bits` of it so far.
    Giving { bits: u8 },
    /// The ninth clock belongs to the firmware: it says whether it wants another byte.
    Asking,
}

/// A byte the memory takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Address,
    Pointer,
    Data,
}

/// The memory and its pins.
#[derive(Clone, Debug)]
pub struct Eeprom {
    scl_pin: (u8, u8),
    sda_pin: (u8, u8),
    memory: [u8; 256],
    pointer: u8,
    reads: bool,
    state: State,
    scl: bool,
    sda: bool,
    /// Whether the memory lets SDA go.
    releases: bool,
}

impl Eeprom {
    /// An empty memory on these pins, each a port and a bit.
    pub fn new(scl_pin: (u8, u8), sda_pin: (u8, u8)) -> Eeprom {
        Eeprom {
            scl_pin,
            sda_pin,
            memory: [0xFF; 256],
            pointer: 0,
            reads: false,
            state: State::Deaf,
            scl: true,
            sda: true,
            releases: true,
        }
    }

    /// The contents.
    pub fn memory(&self) -> &[u8; 256] {
        &self.memory
    }

    fn begin(what: Taken) -> State {
        State::Taking {
            what,
            bits: 0,
            byte: 0,
        }
    }

    /// SCL rose: SDA is valid.
    fn clock_rose(&mut self) {
        match &mut self.state {
            State::Taking { bits, byte, .. } => {
                *byte = *byte << 1 | u8::from(self.sda);
                *bits += 1;
            }
            State::Asking if self.sda => self.state = State::Deaf,
            _ => {}
        }
    }

    /// SCL fell: SDA may change.
    fn clock_fell(&mut self) {
        self.state = match self.state {
            State::Taking {
                what,
                bits: 8,
                byte,
            } => self.take(what, byte),
            State::Acknowledging {
                what: Taken::Address,
            } if self.reads => State::Giving { bits: 0 },
            State::Acknowledging {
                what: Taken::Address,
            } => Self::begin(Taken::Pointer),
            State::Acknowledging { .. } => Self::begin(Taken::Data),
            State::Giving { bits: 7 } => {
                self.pointer = self.pointer.wrapping_add(1);
                State::Asking
            }
            State::Giving { bits } => State::Giving { bits: bits + 1 },
            State::Asking => State::Giving { bits: 0 },
            state => state,
        };
        self.releases = match self.state {
            State::Acknowledging { .. } => false,
            State::Giving { bits } => self.memory[usize::from(self.pointer)] << bits & 0x80 != 0,
            _ => true,
        };
    }

    /// A whole byte is in.
    fn take(&mut self, what: Taken, byte: u8) -> State {
        match what {
            Taken::Address if byte & 0xFE != ADDRESS => return State::Deaf,
            Taken::Address => self.reads = byte & 1 == 1,
            Taken::Pointer => self.pointer = byte,
            Taken::Data => {
                self.memory[usize::from(self.pointer)] = byte;
                // a page of eight bytes wraps around
                self.pointer = self.pointer & 0xF8 | self.pointer.wrapping_add(1) & 7;
            }
        }
        State::Acknowledging { what }
    }
}

impl Device for Eeprom {
    fn pins_changed(&mut self, _: Cycles, pins: [u8; 4]) -> Vec<Input> {
        let level = |(port, bit): (u8, u8)| pins[usize::from(port)] >> bit & 1 == 1;
        let (scl, sda) = (level(self.scl_pin), level(self.sda_pin));
        let (scl_before, sda_before) = (self.scl, self.sda);
        (self.scl, self.sda) = (scl, sda);
        let released = self.releases;
        if scl && scl_before && sda != sda_before {
            self.state = if sda {
                State::Deaf
            } else {
                Self::begin(Taken::Address)
            }; // stop, start
            self.releases = true;
        } else if scl && !scl_before {
            self.clock_rose();
        } else if !scl && scl_before {
            self.clock_fell();
        }
        let (port, bit) = self.sda_pin;
        let drive = Input::Pin {
            port,
            bit,
            level: self.releases,
        };
        (released != self.releases)
            .then_some(drive)
            .into_iter()
            .collect()
    }
}
