//! Everything on the chip around the processor, behind the special function registers.
//!
//! # When an instruction meets the peripherals
//!
//! The manual does not say in which state of its cycles an instruction reads or writes a register. Here, every access
//! happens at the end of the instruction's first machine cycle and sees all that came up to then. It is also what
//! `s51` does, so timer values read by programs can be compared with it.
//!
//! # Who is caught up when
//!
//! Each timer and the serial port keep the moment up to which they have gone, and each knows when it will set a flag
//! next. Two moments follow from that ([`Peripherals::refresh`]):
//!
//! * [`quiet`](Peripherals::quiet): before it, nothing changes by itself but the counts of timers and the levels of TXD
//!   and RXD. An instruction that reads anything else gets what is stored, and nobody has to be caught up.
//! * [`due`](Peripherals::due): before it, no interrupt can be accepted, so the processor runs on without looking.
//!
//! Whatever is written, only the part it belongs to is caught up first. So a poll of TI costs a comparison, and a timer
//! reloaded by its service routine leaves the serial port alone.

pub(crate) mod ports;
pub(crate) mod timer2;
pub(crate) mod timers;
pub(crate) mod uart;

use std::collections::VecDeque;

use crate::archive::{Carrier, Fields, SnapshotError};
use crate::chips::{AUXR, AUXR_BITS, AUXR_EXTRAM, Chip};
use crate::interrupt::{Flag, InterruptTiming, Interrupts, Source};
use crate::line::SerialByte;
use crate::peripherals::ports::Ports;
use crate::peripherals::timer2::Timer2;
use crate::peripherals::timers::Timers;
use crate::peripherals::uart::{Clocks, Uart};
use crate::time::States;
use crate::trace::{Signal, Trace};
use emu8051::Cycles;
use emu8051::Side;
use emu8051::sfr::{self, Pcon, SfrSet, Tcon};

/// What the world does to the chip.
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

/// An [`Input`] and the machine cycle it comes with: a pin has its new level during the whole of that cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stimulus {
    /// Machine cycles since reset.
    pub at: Cycles,
    /// What happens.
    pub input: Input,
}

impl Stimulus {
    /// The end of its cycle, when pins have been sampled.
    pub(crate) fn sampled(&self) -> Cycles {
        self.at + Cycles(1)
    }
}

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

/// The registers of a second data pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DptrSwitch {
    /// The selecting register.
    value: u8,
    /// The data pointer that is not selected.
    pub(crate) other: u16,
    /// The selecting bit was flipped: the board has to exchange the two.
    pub(crate) due: bool,
}

/// The peripherals of one chip.
#[derive(Clone, Debug)]
pub struct Peripherals {
    pub(crate) chip: &'static Chip,
    sfrs: SfrSet,
    pub(crate) timing: InterruptTiming,
    timers: Timers,
    timer2: Timer2,
    pub(crate) uart: Uart,
    externals: [External; 2],
    pub(crate) interrupts: Interrupts,
    pub(crate) ports: Ports,
    pub(crate) pcon: Pcon,
    pub(crate) dptr: DptrSwitch,
    /// AUXR.
    auxr: u8,
    /// P1 and P3 as sampled last.
    sampled: [u8; 2],
    /// The end of the cycle in which they have changed.
    resample: Option<Cycles>,
    /// What is still to come, in order of time.
    pub(crate) inputs: VecDeque<Stimulus>,
    /// Registers accessed that the chip has not, and when first.
    pub(crate) unknown: VecDeque<(u8, Cycles)>,
    /// Before this moment no register changes by itself, the counts of timers excepted.
    quiet: Cycles,
    /// Before this moment no interrupt can be accepted.
    pub(crate) due: Cycles,
    /// Something happened that the board has to look at before the next instruction.
    pub(crate) attention: bool,
    /// Whether a change of a port's pins is such a thing.
    pub(crate) watch_ports: bool,
    /// Whether the program under way is one that tells the board of accesses to external memory.
    pub(crate) sees_movx: bool,
    pub(crate) trace: Trace,
}

/// The port whose latch is at this direct address.
fn port_at(address: u8) -> Option<usize> {
    match address {
        sfr::P0 => Some(0),
        sfr::P1 => Some(1),
        sfr::P2 => Some(2),
        sfr::P3 => Some(3),
        _ => None,
    }
}

/// The timer, 0 or 1, whose TL or TH is at this direct address.
fn counts_of(address: u8) -> Option<usize> {
    (sfr::TL0..=sfr::TH1)
        .contains(&address)
        .then_some(usize::from(address & 1)) // TL0, TL1, TH0, TH1 in a row
}

/// Whether the direct address is one of timer 2's count or capture.
fn is_of_timer2(address: u8) -> bool {
    (sfr::RCAP2L..=sfr::TH2).contains(&address)
}

/// Whether the register at this direct address may change at any moment.
fn moves(address: u8) -> bool {
    counts_of(address).is_some() | is_of_timer2(address) | (address == sfr::P3)
}

impl Peripherals {
    /// Those of `chip`, after reset.
    pub(crate) fn new(chip: &'static Chip, timing: InterruptTiming) -> Peripherals {
        Peripherals {
            chip,
            sfrs: chip.sfrs(),
            timing,
            timers: Timers::new(),
            timer2: Timer2::new(),
            uart: Uart::new(),
            externals: [External::default(); 2],
            interrupts: Interrupts::default(),
            ports: Ports::new(),
            pcon: Pcon::empty(),
            dptr: DptrSwitch::default(),
            auxr: 0,
            sampled: [0xFF; 2],
            resample: None,
            inputs: VecDeque::new(),
            unknown: VecDeque::new(),
            quiet: Cycles::MAX,
            due: Cycles::MAX,
            attention: false,
            watch_ports: false,
            sees_movx: false,
            trace: Trace::default(),
        }
    }

    /// The registers an instruction must not reach without the peripherals: all but the processor's own.
    pub(crate) fn hooks() -> SfrSet {
        let own = [sfr::SP, sfr::DPL, sfr::DPH, sfr::PSW, sfr::ACC, sfr::B];
        (0x80..=0xFF)
            .filter(|address| !own.contains(address))
            .fold(SfrSet::EMPTY, SfrSet::with)
    }

    /// Lets everything up to `to` happen.
    pub(crate) fn settle(&mut self, to: Cycles) {
        self.happen(to);
        self.timers.settle(to, &mut self.trace);
        self.timer2.settle(to, &mut self.trace);
        self.uart.settle(to, &mut self.trace);
        self.refresh();
    }

    /// Lets happen up to `to` what an instruction or the processor itself would notice.
    #[inline]
    pub(crate) fn catch_up(&mut self, to: Cycles) {
        if to >= self.quiet {
            self.happen(to);
            self.refresh();
        }
    }

    /// Inputs, samples of pins, and flags up to `to`.
    fn happen(&mut self, to: Cycles) {
        if self.next_input().min(self.next_sample()) <= to {
            self.take_inputs(to);
        }
        self.timers.settle_flags(to);
        if self.timer2.next_flag() <= to {
            self.timer2.settle(to, &mut self.trace);
        }
        if self.uart.next_flag() <= to {
            self.uart.settle_flags(to, &mut self.trace);
        }
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

    /// What clocks the serial port is no longer what it was, from `at` on.
    fn clocks_changed(&mut self, at: Cycles) {
        self.timers.settle(at, &mut self.trace);
        self.timer2.settle(at, &mut self.trace);
        self.uart.settle(at, &mut self.trace);
        self.uart.set_clocks(self.clocks());
    }

    /// What clocks the serial port, where both timers are settled.
    fn clocks(&self) -> Clocks {
        Clocks {
            timer1: self.timers.baud(),
            timer2: self.timer2.pulses(),
            transmit_by_timer2: self.timer2.clocks_transmitter(),
            receive_by_timer2: self.timer2.clocks_receiver(),
        }
    }

    fn apply(&mut self, input: Input, at: Cycles) {
        match input {
            Input::Serial(byte) => {
                self.uart.settle(at, &mut self.trace);
                self.uart.queue(byte);
            }
            Input::Pin { port, bit, level } => {
                let port = usize::from(port & 3);
                let before = self.ports.pins(port);
                self.ports.drive(port, bit, level);
                self.pins_changed(port, before, at);
            }
        }
    }

    /// The pins of `port` are no longer `before`, from the cycle on that begins at `at`, at whose end they are sampled.
    fn pins_changed(&mut self, port: usize, before: u8, at: Cycles) {
        let now = self.ports.pins(port);
        let changed = now ^ before;
        if changed == 0 {
            return;
        }
        self.attention |= self.watch_ports;
        self.trace
            .record(States::from_cycles(at), Signal::Port(port as u8, now));
        match port {
            1 if self.timer2.listens() => self.resample_after(changed & 0x03, at),
            3 => {
                let high = |bit: u8| now >> bit & 1 == 1;
                if changed & 0x01 != 0 {
                    self.uart.settle(at, &mut self.trace);
                    self.uart.set_rxd(high(0));
                }
                if changed & 0x02 != 0 {
                    self.uart.settle_transmitter(at, &mut self.trace);
                    self.uart.set_gate(high(1), at, &mut self.trace);
                }
                if changed & 0x0C != 0 {
                    self.timers.settle(at, &mut self.trace);
                    self.timers.set_gate_pin(0, high(2));
                    self.timers.set_gate_pin(1, high(3));
                    self.clocks_changed(at);
                }
                self.resample_after(changed & 0x3C, at);
            }
            _ => {}
        }
    }

    /// If any of them have `changed` in the cycle that begins at `at`, the pins that make requests and counts have to
    /// be sampled at its end.
    fn resample_after(&mut self, changed: u8, at: Cycles) {
        if changed != 0 {
            self.resample = Some(at + Cycles(1));
        }
        self.refresh();
    }

    /// S5P2 of the cycle that ends at `at`: the pins that make requests and counts are sampled.
    fn sample(&mut self, at: Cycles) {
        let now = [self.ports.pins(1), self.ports.pins(3)];
        let [fell1, fell3] = [self.sampled[0] & !now[0], self.sampled[1] & !now[1]];
        self.sampled = now;
        if fell1 & 0x03 != 0 && self.timer2.listens() {
            self.timer2.settle(at, &mut self.trace);
            if fell1 & 0x01 != 0 {
                self.timer2.pin_fell(at);
            }
            if fell1 & 0x02 != 0 {
                self.timer2.t2ex_fell(at);
            }
            self.clocks_changed(at);
        }
        for (n, external) in self.externals.iter_mut().enumerate() {
            external.sample(now[1] >> (2 + n) & 1 == 0, at);
        }
        if fell3 & 0x30 != 0 && self.timers.listens() {
            self.timers.settle(at, &mut self.trace);
            for n in (0..2).filter(|n| fell3 >> (4 + n) & 1 == 1) {
                self.timers.pin_fell(n, at);
            }
            self.clocks_changed(at);
        }
    }

    /// The levels of the pins of `port`, the serial port's included.
    pub(crate) fn pins(&self, port: usize) -> u8 {
        let pins = self.ports.pins(port);
        match port {
            3 => pins & !(u8::from(!self.uart.txd()) << 1) & !u8::from(!self.uart.rxd()),
            _ => pins,
        }
    }

    /// What an instruction reads at `at`, which looks at `bits` of it.
    #[inline]
    pub(crate) fn read(&mut self, address: u8, side: Side, bits: u8, at: Cycles) -> u8 {
        if at >= self.quiet || moves(address) {
            self.settle_register(address, side, at);
        }
        match port_at(address) {
            Some(port) if side == Side::Latch => self.ports.latch[port],
            Some(3) => self.look_at_p3(bits, at),
            Some(port) => self.pins(port),
            None if self.exists(address, at) => self.register(address),
            None => 0x00,
        }
    }

    /// The pins of P3. A host that nobody else hears sends when the program looks at RXD.
    fn look_at_p3(&mut self, bits: u8, at: Cycles) -> u8 {
        let pins = self.pins(3);
        if bits & 0x01 != 0 && self.uart.waits_for_a_look() {
            self.uart.looked_at(bits, at, &mut self.trace);
            self.refresh();
        }
        pins
    }

    /// Lets everything happen up to `at` that a read of the register shows.
    #[inline(never)]
    fn settle_register(&mut self, address: u8, side: Side, at: Cycles) {
        self.catch_up(at);
        if let Some(n) = counts_of(address) {
            self.timers.settle_timer(n, at, &mut self.trace);
        } else if is_of_timer2(address) {
            self.timer2.settle(at, &mut self.trace);
        } else if address == sfr::P3 && side == Side::Pin && self.uart.moves_pins() {
            self.uart.settle(at, &mut self.trace);
        }
    }

    /// Before which moment a read of the register gives what it gave last, unless something is written.
    pub(crate) fn unchanged_until(&self, address: u8) -> Cycles {
        match address {
            sfr::P3 if !self.uart.moves_pins() => self.quiet,
            _ if moves(address) => Cycles::ZERO,
            _ => self.quiet,
        }
    }

    /// Whether the chip has the register; the first access to one it has not is noted.
    fn exists(&mut self, address: u8, at: Cycles) -> bool {
        let exists = self.sfrs.contains(address);
        if !exists {
            self.note_unknown(address, at);
        }
        exists
    }

    #[cold]
    fn note_unknown(&mut self, address: u8, at: Cycles) {
        if self.unknown.iter().all(|(noted, _)| *noted != address) {
            self.unknown.push_back((address, at));
        }
    }

    /// The value of a register that exists and is no port, as everything stands.
    pub(crate) fn register(&self, address: u8) -> u8 {
        match address {
            sfr::PCON => self.pcon.bits(),
            sfr::TCON => self.tcon().bits(),
            sfr::TMOD => self.timers.tmod(),
            sfr::TL0 => self.timers.tl(0),
            sfr::TL1 => self.timers.tl(1),
            sfr::TH0 => self.timers.th(0),
            sfr::TH1 => self.timers.th(1),
            sfr::SCON => self.uart.scon(),
            sfr::SBUF => self.uart.sbuf(),
            sfr::IE => self.interrupts.ie,
            sfr::IP => self.interrupts.ip,
            sfr::T2CON => self.timer2.t2con(),
            sfr::TL2 => self.timer2.count().to_le_bytes()[0],
            sfr::TH2 => self.timer2.count().to_le_bytes()[1],
            sfr::RCAP2L => self.timer2.capture().to_le_bytes()[0],
            sfr::RCAP2H => self.timer2.capture().to_le_bytes()[1],
            AUXR => self.auxr,
            _ => self.dptr.value,
        }
    }

    fn tcon(&self) -> Tcon {
        let [external0, external1] = &self.externals;
        let mut tcon = Tcon::empty();
        tcon.set(Tcon::IT0, external0.edge);
        tcon.set(Tcon::IE0, external0.flag.is_set());
        tcon.set(Tcon::IT1, external1.edge);
        tcon.set(Tcon::IE1, external1.flag.is_set());
        tcon.set(Tcon::TR0, self.timers.runs(0));
        tcon.set(Tcon::TF0, self.timers.flag(0).is_set());
        tcon.set(Tcon::TR1, self.timers.runs(1));
        tcon.set(Tcon::TF1, self.timers.flag(1).is_set());
        tcon
    }

    fn set_tcon(&mut self, tcon: Tcon, at: Cycles) {
        let runs = [tcon.contains(Tcon::TR0), tcon.contains(Tcon::TR1)];
        let flags = [tcon.contains(Tcon::TF0), tcon.contains(Tcon::TF1)];
        let clocks_change = runs[1] != self.timers.runs(1);
        self.timers.settle(at, &mut self.trace);
        for n in 0..2 {
            self.timers.set_control(n, runs[n], flags[n], at);
        }
        let [external0, external1] = &mut self.externals;
        external0.write(tcon.contains(Tcon::IE0), tcon.contains(Tcon::IT0), at);
        external1.write(tcon.contains(Tcon::IE1), tcon.contains(Tcon::IT1), at);
        if clocks_change {
            self.clocks_changed(at);
        }
    }

    /// An instruction writes at `at`.
    pub(crate) fn write(&mut self, address: u8, value: u8, at: Cycles) {
        self.catch_up(at);
        if let Some(port) = port_at(address) {
            self.write_latch(port, value, at);
            return;
        }
        if !self.exists(address, at) {
            return;
        }
        match address {
            sfr::PCON => {
                self.attention = true;
                self.pcon = Pcon::from_bits_retain(value & self.chip.pcon_bits());
                self.uart.settle(at, &mut self.trace);
                self.uart.set_smod(self.pcon.contains(Pcon::SMOD));
            }
            sfr::TCON => self.set_tcon(Tcon::from_bits_retain(value), at),
            sfr::TL0 | sfr::TL1 | sfr::TH0 | sfr::TH1 => self.write_counts(address, value, at),
            sfr::TMOD => {
                self.timers.settle(at, &mut self.trace);
                self.timers.set_tmod(value);
                self.clocks_changed(at);
            }
            sfr::SCON => {
                if self.uart.set_scon(value, at, &mut self.trace) {
                    self.refresh_due();
                    return;
                }
            }
            sfr::SBUF => {
                self.uart.settle_transmitter(at, &mut self.trace);
                self.uart.send(value, at, &mut self.trace);
            }
            sfr::IE => {
                self.interrupts.ie = value;
                return self.enables_written(at);
            }
            sfr::IP => {
                self.interrupts.ip = value;
                return self.enables_written(at);
            }
            sfr::T2CON | sfr::TL2 | sfr::TH2 | sfr::RCAP2L | sfr::RCAP2H => {
                self.write_timer2(address, value, at);
            }
            AUXR => {
                self.attention = true;
                self.auxr = value & AUXR_BITS;
            }
            _ => self.write_dptr_switch(value),
        }
        self.refresh();
    }

    /// The latch of `port` is `value` from `at` on.
    fn write_latch(&mut self, port: usize, value: u8, at: Cycles) {
        let before = self.ports.pins(port);
        self.ports.latch[port] = value;
        self.pins_changed(port, before, at); // with the next cycle, which begins at `at`
        // from now on, the board has to see accesses to external memory
        self.attention |= port == 0 && value != 0xFF && !self.sees_movx;
    }

    /// Whether an access to external memory would change P0's latch.
    #[inline(always)]
    pub(crate) fn p0_holds(&self) -> bool {
        self.ports.latch[0] != 0xFF
    }

    /// External memory was accessed at `at`: the processor has written 0xFF into P0's latch.
    pub(crate) fn external_memory_accessed(&mut self, at: Cycles) {
        self.catch_up(at);
        self.write_latch(0, 0xFF, at);
    }

    /// XDATA that lies on the chip, in bytes from 0x0000 on.
    #[inline(always)]
    pub(crate) fn on_chip(&self) -> u16 {
        if self.auxr & AUXR_EXTRAM == 0 {
            self.chip.xram_bytes
        } else {
            0
        }
    }

    /// Lets the time up to `to` pass while power is down and nothing is clocked, where everything is settled.
    pub(crate) fn sleep(&mut self, to: Cycles) {
        self.timers.sleep(to);
        self.timer2.sleep(to);
        self.uart.sleep(to);
        self.uart.set_clocks(self.clocks());
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

    /// Whose request ends power down, if the chip is one where an external interrupt does: INT0 or INT1, enabled, set to
    /// levels, and low.
    pub(crate) fn waking(&self) -> Option<Source> {
        let low = |bit: u8| self.ports.pins(3) >> bit & 1 == 0;
        let [int0, int1] = &self.externals;
        let asks = |external: &External, bit: u8| !external.edge && low(bit);
        let asking = (u8::from(asks(int0, 2)) * Source::External0.bit())
            | (u8::from(asks(int1, 3)) * Source::External1.bit());
        self.interrupts
            .choose(asking)
            .filter(|_| self.chip.interrupts_end_power_down)
    }

    /// Power is up again at `at`, because `source` asks.
    pub(crate) fn wake(&mut self, source: Source, at: Cycles) {
        self.pcon.remove(Pcon::PD);
        self.sampled = [self.ports.pins(1), self.ports.pins(3)]; // nobody has seen the edges in between
        for (n, external) in self.externals.iter_mut().enumerate() {
            external.low = self.sampled[1] >> (2 + n) & 1 == 0;
        }
        self.externals[usize::from(source == Source::External1)]
            .flag
            .raise(at, at);
        self.resample = Some(at + Cycles(1));
        self.refresh();
    }

    /// IE or IP was written at `at`.
    fn enables_written(&mut self, at: Cycles) {
        self.refresh_due();
        self.block(at);
    }

    /// TL or TH of timer 0 or 1.
    fn write_counts(&mut self, address: u8, value: u8, at: Cycles) {
        let Some(n) = counts_of(address) else { return };
        self.timers.settle_timer(n, at, &mut self.trace);
        if address < sfr::TH0 {
            self.timers.set_tl(n, value);
        } else {
            self.timers.set_th(n, value);
        }
        if n == 1 {
            self.clocks_changed(at); // timer 0 does not clock the serial port
        }
    }

    /// A register of timer 2.
    fn write_timer2(&mut self, address: u8, value: u8, at: Cycles) {
        self.timer2.settle(at, &mut self.trace);
        let ([count_low, count_high], [capture_low, capture_high]) = (
            self.timer2.count().to_le_bytes(),
            self.timer2.capture().to_le_bytes(),
        );
        let word = |low: u8, high: u8| u16::from_le_bytes([low, high]);
        match address {
            sfr::TL2 => self.timer2.set_count(word(value, count_high)),
            sfr::TH2 => self.timer2.set_count(word(count_low, value)),
            sfr::RCAP2L => self.timer2.set_capture(word(value, capture_high)),
            sfr::RCAP2H => self.timer2.set_capture(word(capture_low, value)),
            _ => {
                self.timer2.set_t2con(value, at);
                self.sampled[0] = self.ports.pins(1); // while the timer did not listen, nobody sampled
            }
        }
        self.clocks_changed(at);
    }

    /// The register that selects a data pointer.
    fn write_dptr_switch(&mut self, value: u8) {
        if let Some(second) = self.chip.second_dptr {
            let value = value & second.writable;
            self.dptr.due ^= (self.dptr.value ^ value) & second.bit != 0;
            self.dptr.value = value;
            self.attention = true;
        }
    }

    /// The instruction that does this at `at` lets one more be executed before an interrupt is accepted. That matters
    /// only if one could be accepted at its end, which is not later than a cycle from here.
    fn block(&mut self, at: Cycles) {
        self.interrupts.blocked = self.due <= at + Cycles(1);
    }

    /// `RETI` was executed.
    pub(crate) fn reti(&mut self, at: Cycles) {
        self.catch_up(at);
        if let Some(source) = self.interrupts.leave() {
            self.trace
                .record(States::from_cycles(at), Signal::Leave(source));
            self.refresh_due();
        }
        self.block(at);
    }

    /// The first of the moments `of` the flags that ask for `source`.
    #[inline(always)]
    fn first(&self, source: Source, of: impl Fn(&Flag) -> Cycles) -> Cycles {
        let either = |[first, second]: [Flag; 2]| of(&first).min(of(&second));
        match source {
            Source::External0 => of(&self.externals[0].flag),
            Source::Timer0 => of(&self.timers.flag(0)),
            Source::External1 => of(&self.externals[1].flag),
            Source::Timer1 => of(&self.timers.flag(1)),
            Source::Serial => either(self.uart.flags()),
            Source::Timer2 => either(self.timer2.flags()),
        }
    }

    /// The first boundary at which `source` can be answered; [`Cycles::MAX`] if it does not ask.
    #[inline(always)]
    fn answerable(&self, source: Source) -> Cycles {
        self.first(source, |flag| flag.answerable(self.timing))
    }

    /// When `source`, which asks, began to.
    pub(crate) fn asking_since(&self, source: Source) -> Cycles {
        Source::ALL.map(|source| self.first(source, Flag::raised))[source as usize] // quicker than to branch
    }

    /// Who is to be served at the boundary `at`, up to which everything has been caught up.
    pub(crate) fn pending(&self, at: Cycles) -> Option<Source> {
        if at < self.due {
            return None;
        }
        self.first_asking(at)
    }

    /// Who is served of those who ask at the boundary `at`.
    #[inline(always)]
    fn first_asking(&self, at: Cycles) -> Option<Source> {
        let asking = Source::ALL.into_iter().fold(0, |set, source| {
            set | (u8::from(self.answerable(source) <= at) * source.bit())
        });
        self.interrupts.choose(asking)
    }

    /// Catches up to the boundary `at` and says who is to be served there, if that is all the board would do.
    #[inline(always)]
    pub(crate) fn next_served(&mut self, at: Cycles) -> Option<Source> {
        if at >= self.quiet {
            self.happen(at);
        }
        let source = self.first_asking(at).filter(|_| !self.attention);
        if source.is_none() {
            self.refresh();
        }
        source // calling its routine refreshes
    }

    /// The service routine of `source` is called at `at`: hardware clears the flags of timers 0 and 1 and those of
    /// edges on INT0 and INT1; the others wait for software.
    pub(crate) fn enter(&mut self, source: Source, at: Cycles) {
        if matches!(source, Source::Timer0 | Source::Timer1) {
            let n = usize::from(source == Source::Timer1);
            self.timers.clear_flag(n, at, &mut self.trace);
        } else if matches!(source, Source::External0 | Source::External1) {
            let external = &mut self.externals[usize::from(source == Source::External1)];
            if external.edge {
                external.flag.clear();
            }
        }
        self.interrupts.enter(source);
        self.pcon.remove(Pcon::IDL);
        self.trace
            .record(States::from_cycles(at), Signal::Enter(source));
        self.refresh();
    }

    /// When anything changes by itself that an instruction or the board can see.
    pub(crate) fn next_change(&self) -> Cycles {
        self.quiet.min(self.due)
    }

    /// Finds out when something will happen next. To be called whenever that may have changed.
    pub(crate) fn refresh(&mut self) {
        self.quiet = self
            .next_input()
            .min(self.next_sample())
            .min(self.timers.next_flag())
            .min(self.timer2.next_flag())
            .min(self.uart.next_flag());
        self.refresh_due();
    }

    /// When the next input of the world will have been sampled.
    #[inline(always)]
    fn next_input(&self) -> Cycles {
        self.inputs.front().map_or(Cycles::MAX, Stimulus::sampled)
    }

    #[inline(always)]
    fn next_sample(&self) -> Cycles {
        self.resample.unwrap_or(Cycles::MAX)
    }

    /// Finds out when an interrupt can be accepted next: enough where only requests, enables or what is being served have
    /// changed.
    fn refresh_due(&mut self) {
        let input = self.next_input();
        self.due = match self.interrupts.admitted() {
            0 => input,
            admitted => {
                let admitted = |source: &Source| admitted & source.bit() != 0;
                let sources = Source::ALL.into_iter().filter(admitted);
                let requests = sources.map(|source| self.next_request(source));
                requests.fold(input.min(self.next_sample()), Cycles::min)
            }
        };
    }

    /// The first boundary at which `source` could be answered, as far as is known, if what is sampled stays as it is.
    #[inline(always)]
    fn next_request(&self, source: Source) -> Cycles {
        let polled =
            |next: Cycles, cycles: u64| next + Cycles(cycles * u64::from(self.timing.sampled));
        let answerable = self.answerable(source);
        match source {
            Source::External0 | Source::External1 => answerable,
            Source::Timer0 => answerable.min(polled(self.timers.next_flag_of(0), 1)),
            Source::Timer1 => answerable.min(polled(self.timers.next_flag_of(1), 1)),
            Source::Serial => answerable.min(polled(self.uart.next_flag(), 2)),
            Source::Timer2 => answerable.min(self.timer2.next_flag()),
        }
    }
}

impl Fields for Input {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        let mut is_pin = matches!(self, Input::Pin { .. });
        carrier.bool(&mut is_pin)?;
        *self = match *self {
            Input::Pin { .. } if is_pin => *self,
            Input::Serial(_) if !is_pin => *self,
            _ if is_pin => Input::Pin {
                port: 0,
                bit: 0,
                level: true,
            },
            _ => Input::Serial(SerialByte::from(0)),
        };
        match self {
            Input::Serial(byte) => byte.fields(carrier),
            Input::Pin { port, bit, level } => {
                carrier.u8(port)?;
                carrier.u8(bit)?;
                carrier.check(*port < 4 && *bit < 8)?;
                carrier.bool(level)
            }
        }
    }
}

impl Fields for Stimulus {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        carrier.cycles(&mut self.at)?;
        self.input.fields(carrier)
    }
}

impl Fields for Peripherals {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        self.timers.fields(carrier)?;
        self.timer2.fields(carrier)?;
        self.uart.fields(carrier)?;
        for external in &mut self.externals {
            external.flag.fields(carrier)?;
            carrier.bool(&mut external.edge)?;
            carrier.bool(&mut external.low)?;
        }
        self.interrupts.fields(carrier)?;
        self.ports.fields(carrier)?;
        let mut pcon = self.pcon.bits();
        carrier.u8(&mut pcon)?;
        self.pcon = Pcon::from_bits_retain(pcon);
        carrier.u8(&mut self.dptr.value)?;
        carrier.u16(&mut self.dptr.other)?;
        carrier.u8(&mut self.auxr)?;
        let blank = Stimulus {
            at: Cycles::ZERO,
            input: Input::Serial(SerialByte::from(0)),
        };
        carrier.bytes(&mut self.sampled)?;
        carrier.option(&mut self.resample, Cycles::ZERO, Carrier::cycles)?;
        carrier.queue(&mut self.inputs, blank, |carrier, stimulus| {
            stimulus.fields(carrier)
        })?;
        carrier.check(self.inputs.iter().is_sorted_by_key(|stimulus| stimulus.at))?;
        carrier.queue(
            &mut self.unknown,
            (0, Cycles::ZERO),
            |carrier, (address, at)| {
                carrier.u8(address)?;
                carrier.cycles(at)
            },
        )?;
        self.uart.set_clocks(self.clocks());
        self.refresh();
        Ok(())
    }
}
