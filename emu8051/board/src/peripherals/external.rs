//! INT0 and INT1.
//!
//! After *External Interrupts* in Intel's Hardware Description of the 8051 (1994). Their half of
//! TCON is the lower one.

use super::{Effects, Peripheral, PinChange, Sample};
use crate::archive::{Archive, Reader, SnapshotError};
use crate::chips::Chip;
use crate::interrupt::{Flag, Source};
use crate::trace::Trace;
use emu8051::Cycles;
use emu8051::sfr::Tcon;

/// INT0 or INT1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct External {
    /// IE0 or IE1.
    flag: Flag,
    /// IT0 or IT1: the flag is set by a falling edge; else it follows the inverted pin.
    edge: bool,
    low: bool,
}

impl External {
    /// The pin was sampled in the cycle that ends at `at`.
    fn sample(&mut self, low: bool, at: Cycles) {
        match (self.edge, low) {
            (true, false) => {}
            (true, true) if self.low => {}
            (false, false) => self.flag.clear(),
            (_, true) => self.flag.raise(at, at + Cycles(1)),
        }
        self.low = low;
    }

    fn write(&mut self, flag: bool, edge: bool, at: Cycles) {
        self.edge = edge;
        if edge {
            self.flag.write(flag, at);
        } else {
            self.sample(self.low, at);
        }
    }
}

impl Archive for External {
    fn save(&self, out: &mut Vec<u8>) {
        self.flag.save(out);
        self.edge.save(out);
        self.low.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<External, SnapshotError> {
        Ok(External {
            flag: Archive::restore(from)?,
            edge: Archive::restore(from)?,
            low: Archive::restore(from)?,
        })
    }
}

/// Both external interrupts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Externals([External; 2]);

impl Externals {
    /// The place of INT`n` among the pins of P3.
    fn pin(n: usize) -> usize {
        2 + n
    }
}

/// The number of the pin that makes the request of `source`.
#[inline(always)]
fn number(source: Source) -> usize {
    usize::from(source == Source::External1)
}

impl Peripheral for Externals {
    const PINS: [u8; 4] = [0, 0, 0, 0x0C];

    fn after_reset(_: &Chip) -> Externals {
        Externals::default()
    }

    fn read(&self, _: u8) -> u8 {
        let [int0, int1] = &self.0;
        let mut tcon = Tcon::empty();
        tcon.set(Tcon::IT0, int0.edge);
        tcon.set(Tcon::IE0, int0.flag.is_set());
        tcon.set(Tcon::IT1, int1.edge);
        tcon.set(Tcon::IE1, int1.flag.is_set());
        tcon.bits()
    }

    fn write(&mut self, _: u8, value: u8, at: Cycles, _: &mut Trace) -> Effects {
        let tcon = Tcon::from_bits_retain(value);
        let [int0, int1] = &mut self.0;
        int0.write(tcon.contains(Tcon::IE0), tcon.contains(Tcon::IT0), at);
        int1.write(tcon.contains(Tcon::IE1), tcon.contains(Tcon::IT1), at);
        Effects::empty()
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.0 = Archive::restore(from)?;
        Ok(())
    }

    fn pins_changed(&mut self, _: PinChange, _: &mut Trace) -> Effects {
        Effects::SAMPLE
    }

    fn pins_sampled(&mut self, pins: &Sample, at: Cycles, _: &mut Trace) -> Effects {
        for (n, external) in self.0.iter_mut().enumerate() {
            external.sample(pins.levels[3] >> Externals::pin(n) & 1 == 0, at);
        }
        Effects::empty()
    }

    #[inline(always)]
    fn first_request(&self, source: Source, of: impl Fn(&Flag) -> Cycles) -> Cycles {
        of(&self.0[number(source)].flag)
    }

    /// An edge is over; a level lasts.
    #[inline(always)]
    fn acknowledge(&mut self, source: Source, _: Cycles, _: &mut Trace) {
        let external = &mut self.0[number(source)];
        if external.edge {
            external.flag.clear();
        }
    }

    fn wakes(&self, source: Source, pins: [u8; 4]) -> bool {
        let n = number(source);
        !self.0[n].edge && pins[3] >> Externals::pin(n) & 1 == 0
    }

    fn wake(&mut self, source: Source, pins: [u8; 4], at: Cycles) {
        for (n, external) in self.0.iter_mut().enumerate() {
            external.low = pins[3] >> Externals::pin(n) & 1 == 0;
        }
        self.0[number(source)].flag.raise(at, at);
    }
}
