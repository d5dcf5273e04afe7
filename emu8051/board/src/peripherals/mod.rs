//! Everything on the chip around the processor, behind the special function registers.
//!
//! Each [part](Peripheral) is a file of its own and a [row](parts); here is what they have in
//! common. A table made from the chip says whose register is at an address.
//!
//! # When an instruction meets the peripherals
//!
//! The manual does not say in which state of its cycles an instruction reads or writes a register.
//! Here, every access happens at the end of the instruction's first machine cycle and sees all that
//! came up to then. It is also what `s51` does, so timer values read by programs can be compared
//! with it.
//!
//! # Who is caught up when
//!
//! Each timer and the serial port keep the moment up to which they have gone, and each knows when
//! it will set a flag next. Two moments follow from that ([`Peripherals::refresh`]):
//!
//! * [`next_change`](Peripherals::next_change): before it, nothing changes by itself but the
//!   volatile registers (the counts of timers, and the levels of TXD and RXD in P3). An instruction
//!   that reads anything else gets what is stored, and nobody has to be caught up.
//! * [`next_interrupt`](Peripherals::next_interrupt): before it, no interrupt can be accepted, so
//!   the processor runs on without looking.
//!
//! Whatever is written, only the part it belongs to is caught up first. So a poll of TI costs a
//! comparison, and a timer reloaded by its service routine leaves the serial port alone.

pub(crate) mod data_pointers;
mod external;
mod parts;
mod peripheral;
mod ports;
mod power;
mod timer2;
mod timers;
mod uart;
pub(crate) mod xram;

use std::collections::VecDeque;

use self::parts::Parts;
use self::ports::port_at;
use crate::archive::{Archive, Reader, SnapshotError};
use crate::chips::Chip;
use crate::interrupt::{InterruptTiming, PollingDelay, Source};
use crate::stimulus::{Input, Stimulus};
use crate::time::States;
use crate::trace::{Signal, Trace};
use emu8051::sfr::{self, Pcon, SfrSet};
use emu8051::{Cycles, Side};

pub use self::parts::PeripheralId;
pub(crate) use self::peripheral::{Clocks, Effects, Peripheral, PinChange, Sample};
pub(crate) use self::uart::Uart;

/// The entry of a register in the table of owners.
#[derive(Clone, Copy, Debug)]
struct Entry {
    owner: PeripheralId,
    /// It may change at any moment.
    is_volatile: bool,
}

/// The peripherals of one chip.
#[derive(Clone, Debug)]
pub(crate) struct Peripherals {
    /// By direct address from 0x80 on.
    owners: [Entry; 128],
    pub(crate) timing: InterruptTiming,
    /// A part of that.
    polling_delay: PollingDelay,
    /// Whether INT0 and INT1 end power down.
    pub(crate) interrupts_end_power_down: bool,
    pub(crate) parts: Parts,
    /// P1 and P3 as sampled last.
    sampled: [u8; 2],
    /// The end of the cycle in which they have changed.
    resample: Option<Cycles>,
    /// The inputs still to come, in order of time.
    inputs: VecDeque<Stimulus>,
    /// Accesses to registers this chip lacks: address, first cycle.
    pub(crate) unknown: VecDeque<(u8, Cycles)>,
    /// Before this moment no register changes by itself, the volatile ones excepted.
    next_change: Cycles,
    /// Before this moment no interrupt can be accepted.
    pub(crate) next_interrupt: Cycles,
    /// Something happened that the board has to look at before the next instruction.
    pub(crate) attention: bool,
    /// A change of a port's pins is such a thing.
    pub(crate) watch_ports: bool,
    /// The program under way is one that tells the board of accesses to external memory.
    pub(crate) sees_movx: bool,
    pub(crate) trace: Trace,
}

impl Peripherals {
    /// Those of `chip`, after reset.
    pub(crate) fn new(chip: &Chip, timing: InterruptTiming) -> Peripherals {
        let mut peripherals = Peripherals {
            owners: owners(chip),
            timing,
            polling_delay: timing.into(),
            interrupts_end_power_down: chip.interrupts_end_power_down,
            parts: Parts::after_reset(chip),
            sampled: [0xFF; 2],
            resample: None,
            inputs: VecDeque::new(),
            unknown: VecDeque::new(),
            next_change: Cycles::MAX,
            next_interrupt: Cycles::MAX,
            attention: false,
            watch_ports: false,
            sees_movx: false,
            trace: Trace::default(),
        };
        peripherals.reset(chip);
        peripherals
    }

    /// Gives the registers the values they have after reset of `chip`, where those are not what the
    /// parts begin with.
    fn reset(&mut self, chip: &Chip) {
        let own = |owner| owner != PeripheralId::Cpu;
        for row in chip.registers.iter().filter(|row| own(row.owner)) {
            if self.parts.read(row.owner, row.address) != row.reset {
                self.write(row.address, row.reset, Cycles::ZERO);
            }
        }
        self.parts.interrupts.blocked = false;
        self.attention = false;
    }

    /// The registers an instruction must not reach without the peripherals: all but the processor's
    /// own.
    pub(crate) fn hooks() -> SfrSet {
        let own = [sfr::SP, sfr::DPL, sfr::DPH, sfr::PSW, sfr::ACC, sfr::B];
        (0x80..=0xFF)
            .filter(|address| !own.contains(address))
            .fold(SfrSet::EMPTY, SfrSet::with)
    }

    #[inline(always)]
    fn entry(&self, address: u8) -> Entry {
        self.owners[usize::from(address & 0x7F)]
    }

    /// Lets everything up to `to` happen.
    pub(crate) fn catch_up(&mut self, to: Cycles) {
        self.process_until(to);
        self.parts.catch_up(to, &mut self.trace);
        self.refresh();
    }

    /// Lets happen up to `to` what an instruction or the processor itself would notice.
    #[inline]
    pub(crate) fn advance(&mut self, to: Cycles) {
        if to >= self.next_change {
            self.process_until(to);
            self.refresh();
        }
    }

    /// Inputs, samples of pins, and flags up to `to`.
    fn process_until(&mut self, to: Cycles) {
        if self.next_input().min(self.next_sample()) <= to {
            self.take_inputs(to);
        }
        self.parts.process_until(to, &mut self.trace);
    }

    /// Inputs and samples of pins up to `to`.
    #[inline(never)]
    fn take_inputs(&mut self, to: Cycles) {
        loop {
            let input = self
                .inputs
                .front()
                .filter(|input| input.sampled() <= to)
                .map(|input| input.at);
            match (self.resample.filter(|at| *at <= to), input) {
                (Some(at), input) if input.is_none_or(|input| at <= input) => {
                    self.resample = None;
                    self.sample(at);
                }
                (_, Some(at)) => {
                    if let Some(stimulus) = self.inputs.pop_front() {
                        self.apply(stimulus.input, at);
                    }
                }
                _ => break,
            }
        }
    }

    /// The pulses that parts clock each other with are others from `at` on.
    fn clocks_changed(&mut self, at: Cycles) {
        self.parts.catch_up(at, &mut self.trace);
        self.parts.exchange_clocks();
    }

    fn apply(&mut self, input: Input, at: Cycles) {
        match input {
            Input::Serial(byte) => {
                self.parts.uart.catch_up(at, &mut self.trace);
                self.parts.uart.queue(byte);
            }
            Input::Pin { port, bit, level } => {
                let port = usize::from(port & 3);
                let before = self.parts.ports.pins(port);
                self.parts.ports.drive(port, bit, level);
                self.pins_changed(port, before, at);
            }
        }
    }

    /// Queues `stimulus`; among those of the same time, behind those given before.
    pub(crate) fn queue_input(&mut self, stimulus: Stimulus) {
        let place = self.inputs.partition_point(|other| other.at <= stimulus.at);
        self.inputs.insert(place, stimulus);
        self.refresh();
    }

    /// The pins of `port` are no longer `before`, from the cycle on that begins at `at`, at whose
    /// end they are sampled.
    fn pins_changed(&mut self, port: usize, before: u8, at: Cycles) {
        let levels = self.parts.ports.pins(port);
        let changed = levels ^ before;
        if changed == 0 {
            return;
        }
        self.attention |= self.watch_ports;
        self.trace
            .record(States::from_cycles(at), Signal::Port(port as u8, levels));
        let pins = PinChange {
            port,
            levels,
            changed,
            at,
        };
        let effects = self.parts.pins_changed(pins, &mut self.trace);
        if effects.is_empty() {
            return;
        }
        if effects.contains(Effects::CLOCKS) {
            self.clocks_changed(at);
        }
        if effects.contains(Effects::SAMPLE) {
            self.resample = Some(at + Cycles(1));
        }
        self.refresh();
    }

    /// S5P2 of the cycle that ends at `at`: the pins that make requests and counts are sampled.
    fn sample(&mut self, at: Cycles) {
        let levels = [1, 3].map(|port| self.parts.ports.pins(port));
        let fell = [0, 1].map(|n| self.sampled[n] & !levels[n]);
        self.sampled = levels;
        let by_port = |[p1, p3]: [u8; 2]| [0, p1, 0, p3];
        let pins = Sample {
            levels: by_port(levels),
            fell: by_port(fell),
        };
        let effects = self.parts.pins_sampled(&pins, at, &mut self.trace);
        if effects.contains(Effects::CLOCKS) {
            self.clocks_changed(at);
        }
    }

    /// The levels of the pins of `port`, the serial port's included.
    #[inline]
    pub(crate) fn pins(&self, port: usize) -> u8 {
        self.parts.ports.pins(port) & self.parts.levels(port)
    }

    /// The pins of all ports, without the levels that parts drive them to.
    pub(crate) fn port_pins(&self) -> [u8; 4] {
        [0, 1, 2, 3].map(|port| self.parts.ports.pins(port))
    }

    /// The value an instruction reads at `at`, which looks at `bits` of it.
    #[inline]
    pub(crate) fn read(&mut self, address: u8, side: Side, bits: u8, at: Cycles) -> u8 {
        let Entry { owner, is_volatile } = self.entry(address);
        if at >= self.next_change || is_volatile && !self.is_still(owner) {
            self.catch_up_register(owner, address, side, at);
        }
        match owner {
            PeripheralId::Ports if side == Side::Latch => self.parts.ports.latch[port_at(address)],
            PeripheralId::Ports => self.read_pins(port_at(address), bits, at),
            PeripheralId::None => {
                self.note_unknown(address, at);
                0x00
            }
            owner => self.parts.read(owner, address),
        }
    }

    /// Whether `owner` is the ports, and no part moves their pins now.
    #[inline(always)]
    fn is_still(&self, owner: PeripheralId) -> bool {
        owner == PeripheralId::Ports && !self.parts.moves_pins()
    }

    #[inline(always)]
    fn read_pins(&mut self, port: usize, bits: u8, at: Cycles) -> u8 {
        let pins = self.pins(port);
        if Parts::DRIVEN >> port & 1 != 0 {
            let effects = self.parts.pins_read(port, bits, at, &mut self.trace);
            if !effects.is_empty() {
                self.refresh();
            }
        }
        pins
    }

    /// Lets everything happen up to `at` that a read of the register shows.
    #[inline(never)]
    fn catch_up_register(&mut self, owner: PeripheralId, address: u8, side: Side, at: Cycles) {
        self.advance(at);
        if !self.entry(address).is_volatile {
            return;
        }
        if owner != PeripheralId::Ports {
            self.parts
                .catch_up_register(owner, address, at, &mut self.trace);
        } else if side == Side::Pin {
            self.parts.catch_up_pins(at, &mut self.trace);
        }
    }

    /// Before which moment a read of the register gives what it gave last, unless something is
    /// written.
    pub(crate) fn unchanged_until(&self, address: u8) -> Cycles {
        let Entry { owner, is_volatile } = self.entry(address);
        if is_volatile && !self.is_still(owner) {
            Cycles::ZERO
        } else {
            self.next_change
        }
    }

    /// Notes the first access to a register that the chip lacks.
    #[cold]
    fn note_unknown(&mut self, address: u8, at: Cycles) {
        if self.unknown.iter().all(|(noted, _)| *noted != address) {
            self.unknown.push_back((address, at));
        }
    }

    /// An instruction writes at `at`.
    pub(crate) fn write(&mut self, address: u8, value: u8, at: Cycles) {
        self.advance(at);
        let Entry { owner, .. } = self.entry(address);
        match owner {
            PeripheralId::Ports => return self.write_latch(address, value, at),
            PeripheralId::None => return self.note_unknown(address, at),
            _ => {}
        }
        let effects = self.parts.write(owner, address, value, at, &mut self.trace);
        if effects.is_empty() {
            return self.refresh_next_interrupt();
        }
        if effects.contains(Effects::ENABLES) {
            self.refresh_next_interrupt();
            return self.block(at);
        }
        if effects.contains(Effects::LISTENS) {
            self.sampled[0] = self.parts.ports.pins(1); // only P1 is not always sampled
        }
        if effects.contains(Effects::CLOCKS) {
            self.clocks_changed(at);
        }
        if effects.contains(Effects::POWER) {
            let smod = self.parts.power.control.contains(Pcon::SMOD);
            self.parts.power_control_written(smod, at, &mut self.trace);
        }
        self.attention |= effects.contains(Effects::BOARD);
        self.refresh();
    }

    /// The latch at `address` is `value` from `at` on.
    fn write_latch(&mut self, address: u8, value: u8, at: Cycles) {
        let port = port_at(address);
        let before = self.parts.ports.pins(port);
        self.parts.ports.latch[port] = value;
        self.pins_changed(port, before, at); // with the next cycle, which begins at `at`
        // from now on, the board has to see accesses to external memory
        self.attention |= port == 0 && value != 0xFF && !self.sees_movx;
    }

    /// Whether an access to external memory would change P0's latch.
    #[inline(always)]
    pub(crate) fn p0_holds(&self) -> bool {
        self.parts.ports.latch[0] != 0xFF
    }

    /// External memory was accessed at `at`: the processor has written 0xFF into P0's latch.
    pub(crate) fn external_memory_accessed(&mut self, at: Cycles) {
        self.advance(at);
        self.write_latch(sfr::P0, 0xFF, at);
    }

    /// Lets the time up to `to` pass while power is down and nothing is clocked, where everything
    /// is caught up.
    pub(crate) fn sleep(&mut self, to: Cycles) {
        self.parts.sleep(to);
        self.parts.exchange_clocks();
        self.resample = None;
        self.refresh();
    }

    /// The moment of the next input.
    pub(crate) fn next_input_at(&self) -> Option<Cycles> {
        self.inputs.front().map(|input| input.at)
    }

    /// Takes the inputs up to `at`, while power is down: pins change, but nothing samples them.
    pub(crate) fn take_inputs_asleep(&mut self, at: Cycles) {
        while let Some(stimulus) = self.inputs.pop_front_if(|input| input.at <= at) {
            self.apply(stimulus.input, at);
        }
        self.resample = None;
        self.refresh();
    }

    /// The source whose request ends power down, if the chip is one where an external interrupt
    /// does.
    pub(crate) fn waking(&self) -> Option<Source> {
        if !self.interrupts_end_power_down {
            return None;
        }
        let pins = self.port_pins();
        let wakes = Source::ALL.map(|source| {
            u8::from(self.parts.wakes(source, pins)) * self.parts.interrupts.bit(source)
        });
        let waking = wakes.into_iter().fold(0, |set, bit| set | bit);
        self.parts.interrupts.choose(waking)
    }

    /// Power is up again at `at`, because of `source`.
    pub(crate) fn wake(&mut self, source: Source, at: Cycles) {
        self.parts.power.control.remove(Pcon::PD);
        let pins = self.port_pins();
        self.sampled = [pins[1], pins[3]]; // nobody has seen the edges in between
        self.parts.wake(source, pins, at);
        self.resample = Some(at + Cycles(1));
        self.refresh();
    }

    /// The instruction that does this at `at` lets one more be executed before an interrupt is
    /// accepted. That matters only if one could be accepted at its end, which is not later than a
    /// cycle from here.
    fn block(&mut self, at: Cycles) {
        self.parts.interrupts.blocked = self.next_interrupt <= at + Cycles(1);
    }

    /// `RETI` was executed.
    pub(crate) fn reti(&mut self, at: Cycles) {
        self.advance(at);
        if let Some(source) = self.parts.interrupts.leave() {
            self.trace
                .record(States::from_cycles(at), Signal::Leave(source));
            self.refresh_next_interrupt();
        }
        self.block(at);
    }

    /// The source to be served at the boundary `at`, up to which everything has been processed.
    pub(crate) fn pending(&self, at: Cycles) -> Option<Source> {
        if at < self.next_interrupt {
            return None;
        }
        self.first_pending(at)
    }

    /// The source to be served of those with a request at the boundary `at`.
    #[inline(always)]
    fn first_pending(&self, at: Cycles) -> Option<Source> {
        let pending = self.parts.pending(at, self.polling_delay);
        self.parts.interrupts.choose(pending)
    }

    /// Goes on to the boundary `at` and names the source to be served there, if that is all the
    /// board would do.
    #[inline(always)]
    pub(crate) fn next_served(&mut self, at: Cycles) -> Option<Source> {
        if at >= self.next_change {
            self.process_until(at);
        }
        let source = self.first_pending(at).filter(|_| !self.attention);
        if source.is_none() {
            self.refresh();
        }
        source // calling its routine refreshes
    }

    /// The service routine of `source` is called at `at`.
    pub(crate) fn enter(&mut self, source: Source, at: Cycles) {
        self.parts.acknowledge(source, at, &mut self.trace);
        self.parts.interrupts.enter(source);
        self.parts.power.control.remove(Pcon::IDL);
        self.trace
            .record(States::from_cycles(at), Signal::Enter(source));
        self.refresh();
    }

    /// The moment at which anything changes by itself that an instruction or the board can see.
    pub(crate) fn next_event(&self) -> Cycles {
        self.next_change.min(self.next_interrupt)
    }

    /// Finds out when something will happen next. To be called whenever that may have changed.
    pub(crate) fn refresh(&mut self) {
        self.next_change = self
            .next_input()
            .min(self.next_sample())
            .min(self.parts.next_change());
        self.refresh_next_interrupt();
    }

    /// The moment at which the next input will have been sampled.
    #[inline(always)]
    fn next_input(&self) -> Cycles {
        self.inputs.front().map_or(Cycles::MAX, Stimulus::sampled)
    }

    #[inline(always)]
    fn next_sample(&self) -> Cycles {
        self.resample.unwrap_or(Cycles::MAX)
    }

    /// Finds out when an interrupt can be accepted next: enough where only requests, enables or the
    /// routine under way have changed.
    fn refresh_next_interrupt(&mut self) {
        let input = self.next_input();
        self.next_interrupt = match self.parts.interrupts.enabled_now() {
            0 => input,
            enabled => {
                let latest = input.min(self.next_sample());
                self.parts.next_request(enabled, latest, self.polling_delay)
            }
        };
    }

    /// Appends the state to a snapshot.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        self.parts.save(out);
        self.sampled.save(out);
        self.resample.save(out);
        self.inputs.save(out);
        self.unknown.save(out);
    }

    /// The peripherals of `chip` in the state that [`Peripherals::save`] wrote.
    pub(crate) fn restore(
        from: &mut Reader<'_>,
        chip: &Chip,
        timing: InterruptTiming,
    ) -> Result<Peripherals, SnapshotError> {
        let mut peripherals = Peripherals::new(chip, timing);
        peripherals.parts.restore(from)?;
        peripherals.sampled = Archive::restore(from)?;
        peripherals.resample = Archive::restore(from)?;
        peripherals.inputs = Archive::restore(from)?;
        from.check(peripherals.inputs.iter().is_sorted_by_key(|input| input.at))?;
        peripherals.unknown = Archive::restore(from)?;
        peripherals.parts.exchange_clocks();
        peripherals.refresh();
        Ok(peripherals)
    }
}

/// The owner of each register of `chip`.
fn owners(chip: &Chip) -> [Entry; 128] {
    let none = Entry {
        owner: PeripheralId::None,
        is_volatile: false,
    };
    let mut owners = [none; 128];
    for row in &chip.registers {
        let port = row.owner == PeripheralId::Ports;
        owners[usize::from(row.address & 0x7F)] = Entry {
            owner: row.owner,
            is_volatile: Parts::is_volatile(row.owner, row.address)
                || port && Parts::DRIVEN >> port_at(row.address) & 1 != 0,
        };
    }
    owners
}
