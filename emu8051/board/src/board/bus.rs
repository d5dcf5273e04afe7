//! The board as the processor sees it.

use super::Wiring;
use crate::interrupt::Source;
use crate::peripherals::Peripherals;
use emu8051::{Bus, Cycles, Interrupt, Side, Xdata};

/// Everything that the processor's instructions reach: XDATA and the peripherals.
#[derive(Clone, Debug)]
pub(crate) struct BoardBus {
    pub(crate) peripherals: Peripherals,
    pub(crate) xdata: Xdata,
    /// The moment at which the run under way began.
    pub(super) base: Cycles,
    /// The boundary of that run at which no interrupt is accepted, because of the instruction that
    /// ended there.
    pub(super) blocked_at: Cycles,
    pub(crate) wiring: Wiring,
    pub(super) stop_on_xdata_read: Option<u16>,
    /// That address was read.
    pub(super) xdata_read: bool,
    /// External memory was accessed while P0's latch was not 0xFF.
    pub(super) p0_written: bool,
    /// RAM answers below this address of XDATA.
    pub(super) ram_bytes: u32,
    /// CODE that has been written and not yet been decoded.
    pub(super) code_written: Option<(u16, u8)>,
    /// The longest time from a request to the first instruction of its service routine, by source.
    pub(crate) worst_latency: [Option<Cycles>; Source::COUNT],
}

impl BoardBus {
    /// Finds out how much RAM there is: to be called before a run. AUXR changes it, which ends one.
    pub(super) fn refresh_ram(&mut self) {
        self.ram_bytes = match self.wiring {
            Wiring::Harvard { xdata_bytes } => {
                xdata_bytes.max(self.peripherals.parts.xram.bytes().into())
            }
            Wiring::VonNeumann => 65536,
        };
    }

    /// P0's latch loses what it holds by an access to XDATA at `address` that leaves the chip.
    fn reach_outside(&mut self, address: u16) {
        if self.peripherals.p0_holds() && address >= self.peripherals.parts.xram.bytes() {
            self.p0_written = true;
            self.peripherals.attention = true;
        }
    }

    /// The end of the first machine cycle of an instruction that begins at `now` of this run.
    fn access(&self, now: Cycles) -> Cycles {
        self.base + now + Cycles(1)
    }

    /// The service routine of `source` is called at `at`.
    pub(super) fn enter(&mut self, source: Source, at: Cycles) {
        let began = at + self.peripherals.timing.call;
        let latency = began - self.peripherals.parts.requested_at(source);
        let worst = &mut self.worst_latency[source as usize];
        *worst = (*worst).max(Some(latency));
        self.peripherals.enter(source, at);
    }
}

impl Bus for BoardBus {
    const HOOKED: bool = true;

    #[inline]
    fn xread(&mut self, address: u16) -> u8 {
        if u32::from(address) < self.ram_bytes {
            self.xdata.read(address)
        } else {
            0xFF
        }
    }

    #[inline]
    fn xwrite(&mut self, address: u16, value: u8) {
        if u32::from(address) < self.ram_bytes {
            self.xdata.write(address, value);
        }
    }

    fn xread_asked(&mut self, address: u16) -> u8 {
        self.reach_outside(address);
        if self.stop_on_xdata_read == Some(address) {
            self.xdata_read = true;
            self.peripherals.attention = true;
        }
        self.xread(address)
    }

    fn xwrite_asked(&mut self, address: u16, value: u8) {
        self.reach_outside(address);
        if self.wiring == Wiring::VonNeumann && self.xdata.read(address) != value {
            self.code_written = Some((address, value));
            self.peripherals.attention = true;
        }
        self.xwrite(address, value);
    }

    fn sfr_read(&mut self, sfr: u8, side: Side, bits: u8, _: u8, now: Cycles) -> u8 {
        let at = self.access(now);
        self.peripherals.read(sfr, side, bits, at)
    }

    fn sfr_write(&mut self, sfr: u8, value: u8, now: Cycles) -> u8 {
        let at = self.access(now);
        self.peripherals.write(sfr, value, at);
        value // the processor itself reads P2's latch, for `MOVX @Ri`
    }

    fn reti(&mut self, now: Cycles) {
        let at = self.access(now);
        self.peripherals.reti(at);
    }

    fn stop_requested(&mut self) -> bool {
        self.peripherals.attention
    }

    /// Only what needs no more than the processor; whatever else there is to do is the board's.
    #[inline]
    fn pending_interrupt(&mut self, now: Cycles) -> Option<Interrupt> {
        let source = self.peripherals.next_served(self.base + now)?;
        Some(Interrupt {
            vector: self.peripherals.parts.interrupts.vector(source),
            call: self.peripherals.timing.call,
        })
    }

    #[inline]
    fn acknowledge(&mut self, vector: u16, now: Cycles) {
        if let Some(source) = self.peripherals.parts.interrupts.at_vector(vector) {
            self.enter(source, self.base + now);
        }
    }

    fn unchanged_until(&self, sfr: u8) -> Cycles {
        self.peripherals.unchanged_until(sfr) - self.access(Cycles::ZERO)
    }

    /// At least one instruction is executed: what is due already when the run begins is waiting for
    /// that. So is what an instruction made wait that ended at `now`.
    #[inline]
    fn deadline(&mut self, now: Cycles) -> Cycles {
        let mut first = Cycles(1);
        if std::mem::take(&mut self.peripherals.parts.interrupts.blocked) {
            self.blocked_at = now;
            first += now;
        }
        (self.peripherals.next_interrupt - self.base).max(first)
    }
}
