//! A microcontroller on a board: processor, memories, peripherals, and time.
//!
//! # How time passes
//!
//! Nothing is advanced cycle by cycle. The peripherals say before which moment no interrupt can be accepted
//! ([`Peripherals::due`]); the processor runs at full speed until then, and asks again after each instruction that
//! reached a register ([`Bus::deadline`]). If all there is to do then is to call a service routine, the run does that
//! ([`Bus::pending_interrupt`]); anything else ends the run and is the board's. Everything else is caught up when an instruction
//! reads or writes a register.

use crate::chips::Chip;
use crate::interrupt::{InterruptTiming, Source};
use crate::line::{Pace, Rate, SerialByte};
use crate::peripherals::{Input, Peripherals, Stimulus};
use crate::snapshot::checksum;
use crate::time::States;
use crate::trace::Event;
use emu8051::Cpu;
use emu8051::Observer;
use emu8051::sfr::{self, Pcon};
use emu8051::{Bus, Interrupt, Side, XdataAsk};
use emu8051::{CpuFault, Program, Reserved, Unprogrammed};
use emu8051::{Cycles, Steps};
use emu8051::{Limit, Run, Stop, run, run_observed};
use emu8051::{Xdata, XdataSnapshot};

/// How memory is wired to the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// CODE and XDATA apart; the first that many bytes of XDATA are RAM, the others read 0xFF and cannot be written.
    Harvard {
        /// Up to 65536.
        xdata_bytes: u32,
    },
    /// `PSEN` and `RD` joined: 64 KiB of RAM that is CODE and XDATA at once, with the image loaded into it.
    VonNeumann,
}

/// Everything about a board but its program.
#[derive(Clone, Debug)]
pub struct BoardConfig {
    /// The chip.
    pub chip: &'static Chip,
    /// The memories.
    pub wiring: Wiring,
    /// Whether CODE beyond the chip's ROM is there, as external memory.
    pub external_code: bool,
    /// What executing CODE does that the image does not fill.
    pub unprogrammed: Unprogrammed,
    /// How long interrupts take.
    pub timing: InterruptTiming,
    /// Arriving at these addresses of CODE stops the board.
    pub breakpoints: Vec<u16>,
    /// Reading this address of XDATA stops the board.
    pub stop_on_xdata_read: Option<u16>,
    /// Inputs may come that the board does not know of yet: an idle processor waits for them, instead of stopping the
    /// board.
    pub inputs_may_come: bool,
}

impl BoardConfig {
    /// `chip` with 64 KiB each of CODE and XDATA, Intel's timing, and no breakpoints.
    pub fn new(chip: &'static Chip) -> BoardConfig {
        BoardConfig {
            chip,
            wiring: Wiring::Harvard { xdata_bytes: 65536 },
            external_code: true,
            unprogrammed: Unprogrammed::Fault,
            timing: InterruptTiming::INTEL,
            breakpoints: Vec::new(),
            stop_on_xdata_read: None,
            inputs_may_come: false,
        }
    }
}

/// Why a board cannot be built as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoardError {
    /// The image has bytes where the chip has no ROM and there is no external CODE.
    #[error(
        "image fills CODE 0x{address:04X}, but the {chip} has {rom_bytes} bytes of ROM and no external CODE is \
         connected: choose a larger chip or allow external CODE"
    )]
    BeyondRom {
        /// The chip's name.
        chip: &'static str,
        /// Its ROM in bytes.
        rom_bytes: u32,
        /// The first address beyond that the image fills.
        address: u16,
    },
    /// An input lies in the past.
    #[error("input at cycle {} lies in the past: the board has reached cycle {}", at.0, now.0)]
    InputInThePast {
        /// The machine cycle asked for.
        at: Cycles,
        /// The machine cycle the board has reached.
        now: Cycles,
    },
}

/// Why a board stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoardStop {
    /// The next thing to happen takes more machine cycles than are left.
    Cycles,
    /// PC arrived at a breakpoint.
    Pc(u16),
    /// This address of XDATA was read.
    XdataRead(u16),
    /// The processor is idle and nothing that is known will wake it.
    Idle,
    /// Power is down, and no input to come ends that.
    PowerDown,
    /// The instruction at PC cannot be executed.
    Fault(CpuFault),
    /// The observer ended the run.
    Observer,
    /// The interrupt of this source was accepted, but no service routine is at its vector, where PC is.
    NoHandler(Source),
}

/// Something on the board that watches the port pins and drives them. The serial port's levels on P3.0 and P3.1 are not
/// shown to it: bytes go another way ([`Board::send_serial`], [`Board::take_sent`]).
pub trait Device {
    /// The pins of P0 to P3 are now `pins`; what the device does to them in answer, from the next cycle on.
    fn pins_changed(&mut self, at: Cycles, pins: [u8; 4]) -> Vec<Input>;
}

/// No device.
impl Device for () {
    fn pins_changed(&mut self, _: Cycles, _: [u8; 4]) -> Vec<Input> {
        Vec::new()
    }
}

/// What the processor's instructions reach: XDATA and the peripherals.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) peripherals: Peripherals,
    pub(crate) xdata: Xdata,
    /// When the run under way began.
    base: Cycles,
    /// The boundary of that run at which no interrupt is accepted, because of the instruction that ended there.
    blocked_at: Cycles,
    pub(crate) wiring: Wiring,
    stop_on_xdata_read: Option<u16>,
    /// That address was read.
    xdata_read: bool,
    /// External memory was accessed while P0's latch was not 0xFF.
    p0_written: bool,
    /// RAM answers below this address of XDATA.
    ram_bytes: u32,
    /// CODE that has been written and not yet been decoded.
    code_written: Option<(u16, u8)>,
    /// The longest time from a request to the first instruction of its service routine, by source.
    pub(crate) worst_latency: [Option<Cycles>; 6],
}

impl World {
    /// Finds out how much RAM there is: to be called before a run. AUXR changes it, which ends one.
    fn refresh_ram(&mut self) {
        self.ram_bytes = match self.wiring {
            Wiring::Harvard { xdata_bytes } => xdata_bytes.max(self.peripherals.on_chip().into()),
            Wiring::VonNeumann => 65536,
        };
    }

    /// P0's latch loses what it holds by an access to XDATA at `address` that leaves the chip.
    fn reach_outside(&mut self, address: u16) {
        if self.peripherals.p0_holds() && address >= self.peripherals.on_chip() {
            self.p0_written = true;
            self.peripherals.attention = true;
        }
    }

    /// The end of the first machine cycle of an instruction that begins at `now` of this run.
    fn access(&self, now: Cycles) -> Cycles {
        self.base + now + Cycles(1)
    }

    /// The service routine of `source` is called at `at`.
    fn enter(&mut self, source: Source, at: Cycles) {
        let began = at + self.peripherals.timing.call;
        let latency = began - self.peripherals.asking_since(source);
        let worst = &mut self.worst_latency[source as usize];
        *worst = (*worst).max(Some(latency));
        self.peripherals.enter(source, at);
    }
}

impl Bus for World {
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
            vector: source.vector(),
            call: self.peripherals.timing.call,
        })
    }

    #[inline]
    fn acknowledge(&mut self, vector: u16, now: Cycles) {
        if let Some(source) = Source::at_vector(vector) {
            self.enter(source, self.base + now);
        }
    }

    fn unchanged_until(&self, sfr: u8) -> Cycles {
        self.peripherals.unchanged_until(sfr) - self.access(Cycles::ZERO)
    }

    /// At least one instruction is executed: what is due already when the run begins is waiting for that. So is what an
    /// instruction made wait that ended at `now`.
    #[inline]
    fn deadline(&mut self, now: Cycles) -> Cycles {
        let mut first = Cycles(1);
        if std::mem::take(&mut self.peripherals.interrupts.blocked) {
            self.blocked_at = now;
            first += now;
        }
        (self.peripherals.due - self.base).max(first)
    }
}

/// A microcontroller with its memories and its program.
#[derive(Debug)]
pub struct Board {
    pub(crate) cpu: Cpu,
    pub(crate) world: World,
    pub(crate) program: Program,
    /// The same, telling the board of every access to XDATA: what runs while P0's latch is not 0xFF. Made when it is
    /// needed, and kept.
    telling: Option<Program>,
    pub(crate) now: Cycles,
    pub(crate) steps: Steps,
    /// The pins as devices know them.
    pub(crate) pins: [u8; 4],
    recording: Option<Vec<Stimulus>>,
    /// External RAM as saved or restored last, so that the next snapshot copies only what has changed.
    pub(crate) saved: XdataSnapshot,
    pub(crate) timing: InterruptTiming,
    inputs_may_come: bool,
    /// Tells one chip and one CODE from another.
    pub(crate) machine: u64,
}

impl Board {
    /// A board after reset, with `segments` in CODE.
    ///
    /// # Errors
    /// [`BoardError::BeyondRom`].
    pub fn new<'a>(
        config: &BoardConfig,
        segments: impl IntoIterator<Item = (u16, &'a [u8])>,
    ) -> Result<Board, BoardError> {
        let shared = config.wiring == Wiring::VonNeumann;
        let mut xdata = Xdata::new();
        let mut builder = Program::builder()
            .hooks(Peripherals::hooks())
            .reserved(Reserved::Nop)
            .unprogrammed(if shared {
                Unprogrammed::Execute
            } else {
                config.unprogrammed
            });
        for (address, bytes) in segments {
            let end = u32::from(address) + bytes.len() as u32;
            let rom_bytes = config.chip.rom_bytes;
            if !config.external_code && end > rom_bytes {
                let address = rom_bytes.max(address.into()).min(0xFFFF) as u16;
                return Err(BoardError::BeyondRom {
                    chip: config.chip.name,
                    rom_bytes,
                    address,
                });
            }
            if shared {
                xdata.copy_in(address, bytes);
            }
            builder = builder.segment(address, bytes);
        }
        if shared {
            builder = builder.fill(0x00);
        }
        builder = builder.ask_after_xdata(XdataAsk {
            reads: config.stop_on_xdata_read.is_some(),
            writes: shared,
        });
        let program = config
            .breakpoints
            .iter()
            .fold(builder, |builder, at| builder.trap(*at))
            .build();
        let machine = checksum(config.chip.name.as_bytes()) ^ checksum(program.code());
        let world = World {
            peripherals: Peripherals::new(config.chip, config.timing),
            xdata,
            base: Cycles::ZERO,
            blocked_at: Cycles::MAX,
            wiring: config.wiring,
            stop_on_xdata_read: config.stop_on_xdata_read,
            xdata_read: false,
            p0_written: false,
            ram_bytes: 0,
            code_written: None,
            worst_latency: [None; 6],
        };
        Ok(Board {
            cpu: Cpu::new(),
            world,
            program,
            telling: None,
            now: Cycles::ZERO,
            steps: Steps::ZERO,
            pins: [0xFF; 4],
            recording: None,
            saved: XdataSnapshot::default(),
            timing: config.timing,
            inputs_may_come: config.inputs_may_come,
            machine,
        })
    }

    /// Runs until machine cycle `until`, or until something stops the board earlier. Stopped anywhere and continued
    /// equals not stopped.
    pub fn run(&mut self, until: Cycles) -> BoardStop {
        self.go(until, None, |cpu, world, program, limit| {
            run(cpu, world, program, limit)
        })
    }

    /// [`Board::run`] with `device` on the pins.
    pub fn run_with(&mut self, until: Cycles, device: &mut dyn Device) -> BoardStop {
        self.go(until, Some(device), |cpu, world, program, limit| {
            run(cpu, world, program, limit)
        })
    }

    /// [`Board::run_with`], telling `observer` of every instruction; it can end the run.
    pub fn run_observed<O: Observer + ?Sized>(
        &mut self,
        until: Cycles,
        device: &mut dyn Device,
        observer: &mut O,
    ) -> BoardStop {
        self.go(until, Some(device), |cpu, world, program, limit| {
            run_observed(cpu, world, program, limit, observer)
        })
    }

    fn go(
        &mut self,
        until: Cycles,
        mut device: Option<&mut dyn Device>,
        mut run: impl FnMut(&mut Cpu, &mut World, &Program, Limit) -> Run,
    ) -> BoardStop {
        self.world.peripherals.watch_ports = device.is_some();
        let stop = loop {
            if let Some(stop) = self.go_on(until, &mut device, &mut run) {
                break stop;
            }
        };
        self.world.peripherals.settle(self.now); // what has been sent and seen up to here is to be complete
        stop
    }

    /// One round: what is due, perhaps the call of a service routine, then instructions until something is due again.
    fn go_on(
        &mut self,
        until: Cycles,
        device: &mut Option<&mut dyn Device>,
        run: &mut impl FnMut(&mut Cpu, &mut World, &Program, Limit) -> Run,
    ) -> Option<BoardStop> {
        self.world.peripherals.catch_up(self.now);
        if let Some(device) = device.as_deref_mut() {
            self.tell(device);
        }
        self.world.peripherals.attention = false;
        match self.boundary(until) {
            Boundary::Stop(stop) => return Some(stop),
            Boundary::Again => return None,
            Boundary::Run => {}
        }
        let begun = self.steps;
        match self.execute(until, run) {
            Stop::Fault(_) if self.steps > begun => None, // an interrupt may come first
            stop => self.stopped(stop),
        }
    }

    /// Executes instructions that end not later than `until`.
    fn execute(
        &mut self,
        until: Cycles,
        run: &mut impl FnMut(&mut Cpu, &mut World, &Program, Limit) -> Run,
    ) -> Stop {
        self.world.base = self.now;
        self.world.blocked_at = Cycles::MAX;
        let limit = Limit {
            cycles: until - self.now,
            steps: Steps::MAX,
        };
        let world = &mut self.world;
        if world.peripherals.p0_holds() {
            world.peripherals.sees_movx = true;
        }
        world.refresh_ram();
        let program = if world.peripherals.sees_movx {
            self.telling.get_or_insert_with(|| {
                let all = XdataAsk {
                    reads: true,
                    writes: true,
                };
                self.program.asking_after_xdata(all)
            })
        } else {
            &self.program
        };
        let run = run(&mut self.cpu, &mut self.world, program, limit);
        self.now += run.cycles;
        self.steps += run.steps;
        self.world.peripherals.interrupts.blocked = self.world.blocked_at == run.cycles;
        run.stop
    }

    /// What happens at this instruction boundary, up to which the peripherals have been caught up.
    #[inline(always)]
    fn boundary(&mut self, until: Cycles) -> Boundary {
        let peripherals = &mut self.world.peripherals;
        if peripherals.pcon.contains(Pcon::PD) {
            return self.powered_down(until);
        }
        let idle = peripherals.pcon.contains(Pcon::IDL);
        let blocked = peripherals.interrupts.blocked && !idle;
        match peripherals.pending(self.now) {
            Some(source) if !blocked => return self.call(source, until),
            None if idle => {}
            _ => return Boundary::Run,
        }
        match peripherals.next_change() {
            Cycles::MAX if !self.inputs_may_come => Boundary::Stop(BoardStop::Idle),
            event if event <= until && event < Cycles::MAX => {
                self.now = event;
                Boundary::Again
            }
            _ => {
                self.now = self.now.max(until);
                Boundary::Stop(BoardStop::Cycles)
            }
        }
    }

    /// Power is down: nothing but the pins changes until one of them ends that.
    #[cold]
    fn powered_down(&mut self, until: Cycles) -> Boundary {
        let peripherals = &mut self.world.peripherals;
        if let Some(source) = peripherals.waking() {
            if self.now + self.timing.call > until {
                return Boundary::Stop(BoardStop::Cycles);
            }
            peripherals.wake(source, self.now);
            return self.call(source, until);
        }
        let wakes = peripherals.chip.interrupts_end_power_down;
        let Some(next) = peripherals.next_input_at().filter(|_| wakes) else {
            return Boundary::Stop(BoardStop::PowerDown);
        };
        peripherals.settle(self.now); // the chip's clock stops here
        let to = next.max(self.now).min(until.max(self.now));
        peripherals.sleep(to);
        self.now = to;
        if next >= until {
            return Boundary::Stop(BoardStop::Cycles);
        }
        peripherals.take_inputs_asleep(to);
        Boundary::Again
    }

    /// Hardware calls the service routine of `source`.
    fn call(&mut self, source: Source, until: Cycles) -> Boundary {
        let began = self.now + self.timing.call;
        if began > until {
            return Boundary::Stop(BoardStop::Cycles);
        }
        self.world.enter(source, self.now);
        let [low, high] = self.cpu.pc().to_le_bytes();
        self.cpu.push(low);
        self.cpu.push(high);
        self.cpu.set_pc(source.vector());
        self.now = began;
        if self.program.fault_at(source.vector()).is_some() {
            return Boundary::Stop(BoardStop::NoHandler(source));
        }
        match self.at_breakpoint() {
            Some(stop) => Boundary::Stop(stop),
            None if self.now < self.world.peripherals.next_change() => Boundary::Run,
            None => Boundary::Again,
        }
    }

    fn at_breakpoint(&self) -> Option<BoardStop> {
        let pc = self.cpu.pc();
        self.program.is_trap(pc).then_some(BoardStop::Pc(pc))
    }

    /// Whether the board stops because the processor did.
    fn stopped(&mut self, stop: Stop) -> Option<BoardStop> {
        match stop {
            Stop::OutOfCycles => Some(BoardStop::Cycles),
            Stop::OutOfSteps => None, // no board sets that limit
            Stop::Trap(pc) => Some(BoardStop::Pc(pc)),
            Stop::Fault(fault) => Some(BoardStop::Fault(fault)),
            // The instruction may have asked for an event besides.
            Stop::Observer => {
                self.event();
                Some(BoardStop::Observer)
            }
            Stop::Event => self.event(),
        }
    }

    /// What the instruction just executed asked for.
    fn event(&mut self) -> Option<BoardStop> {
        if let Some((address, byte)) = self.world.code_written.take() {
            self.write_code(address, byte);
        }
        if std::mem::take(&mut self.world.p0_written) {
            let at = self.now - Cycles(1); // the end of the first of the instruction's two cycles
            self.world.peripherals.external_memory_accessed(at);
            self.world.peripherals.sees_movx = false;
        }
        if std::mem::take(&mut self.world.peripherals.dptr.due) {
            let selected = self.cpu.dptr();
            self.cpu.set_dptr(std::mem::replace(
                &mut self.world.peripherals.dptr.other,
                selected,
            ));
        }
        if std::mem::take(&mut self.world.xdata_read) {
            return self.world.stop_on_xdata_read.map(BoardStop::XdataRead);
        }
        self.at_breakpoint()
    }

    /// A byte of CODE that is RAM has changed.
    pub(crate) fn write_code(&mut self, address: u16, byte: u8) {
        self.program.write_code(address, byte);
        if let Some(telling) = &mut self.telling {
            telling.write_code(address, byte);
        }
    }

    /// Tells `device` if pins have changed since it was told last.
    fn tell(&mut self, device: &mut dyn Device) {
        let pins = [0, 1, 2, 3].map(|port| self.world.peripherals.ports.pins(port));
        if pins != self.pins {
            self.pins = pins;
            for input in device.pins_changed(self.now, pins) {
                self.add(Stimulus {
                    at: self.now,
                    input,
                });
            }
        }
    }

    fn add(&mut self, stimulus: Stimulus) {
        let inputs = &mut self.world.peripherals.inputs;
        let place = inputs.partition_point(|other| other.at <= stimulus.at);
        inputs.insert(place, stimulus);
        self.world.peripherals.refresh();
        if let Some(recording) = &mut self.recording {
            recording.push(stimulus);
        }
    }

    /// Lets `stimulus` happen at its time; among those of the same time, after those given before.
    ///
    /// # Errors
    /// [`BoardError::InputInThePast`] if the board has passed that time.
    pub fn input(&mut self, stimulus: Stimulus) -> Result<(), BoardError> {
        if stimulus.at < self.now {
            return Err(BoardError::InputInThePast {
                at: stimulus.at,
                now: self.now,
            });
        }
        self.add(stimulus);
        Ok(())
    }

    /// Queues `bytes` for the host to send over the serial line, one after the other, from now on.
    pub fn send_serial(&mut self, bytes: impl IntoIterator<Item = SerialByte>) {
        for byte in bytes {
            self.add(Stimulus {
                at: self.now,
                input: Input::Serial(byte),
            });
        }
    }

    /// When the host sends its next byte.
    pub fn set_pace(&mut self, pace: Pace) {
        self.world.peripherals.uart.line.pace = pace;
    }

    /// How fast the host sends, and hears what is sent to it. For a board that has not run yet.
    pub fn set_rate(&mut self, rate: Rate) {
        self.world.peripherals.uart.set_rate(rate);
        self.world.peripherals.refresh();
    }

    /// Records every input from now on, those of devices included.
    pub fn record(&mut self) {
        self.recording = Some(Vec::new());
    }

    /// The inputs recorded, in the order they were given. Given to a board in the same state, they make it do the
    /// same, without devices.
    pub fn recorded(&self) -> &[Stimulus] {
        self.recording.as_deref().unwrap_or_default()
    }

    /// The processor.
    pub fn cpu(&self) -> &Cpu {
        &self.cpu
    }

    /// The processor, to be changed. Registers of peripherals and ports are not kept there: see [`Board::sfr`].
    pub fn cpu_mut(&mut self) -> &mut Cpu {
        &mut self.cpu
    }

    /// External RAM.
    pub fn xdata(&self) -> &Xdata {
        &self.world.xdata
    }

    /// Stores a byte in external RAM from outside; in von Neumann wiring, this is CODE too.
    pub fn set_xdata(&mut self, address: u16, byte: u8) {
        self.world.xdata.write(address, byte);
        if self.world.wiring == Wiring::VonNeumann {
            self.write_code(address, byte);
        }
    }

    /// Whether CODE and XDATA are the same RAM.
    pub fn shares_memory(&self) -> bool {
        self.world.wiring == Wiring::VonNeumann
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The chip.
    pub fn chip(&self) -> &'static Chip {
        self.world.peripherals.chip
    }

    /// The special function register at `address` as an instruction would read it now, ports by their latch; zero
    /// where the chip has none.
    pub fn sfr(&self, address: u8) -> u8 {
        let mut peripherals = self.world.peripherals.clone();
        match address {
            sfr::SP | sfr::DPL | sfr::DPH | sfr::PSW | sfr::ACC | sfr::B => self.cpu.sfr(address),
            _ => peripherals.read(address, Side::Latch, 0xFF, self.now),
        }
    }

    /// The pins of port 0 to 3.
    pub fn pins(&self, port: usize) -> u8 {
        self.world.peripherals.pins(port & 3)
    }

    /// Machine cycles since reset.
    pub fn now(&self) -> Cycles {
        self.now
    }

    /// Instructions executed since reset; calls of service routines are not instructions.
    pub fn steps(&self) -> Steps {
        self.steps
    }

    /// What is being served, the inner one first.
    pub fn serving(&self) -> impl Iterator<Item = Source> + use<> {
        self.world.peripherals.interrupts.serving()
    }

    /// The longest time so far from a request of `source` to the first instruction of its service routine.
    pub fn worst_latency(&self, source: Source) -> Option<Cycles> {
        self.world.worst_latency[source as usize]
    }

    /// Registers the program has accessed though the chip has not got them, each with the cycle of its first access.
    /// They read 0x00, and writing them does nothing.
    pub fn unknown_sfrs(&self) -> impl Iterator<Item = (u8, Cycles)> {
        self.world.peripherals.unknown.iter().copied()
    }

    /// Bytes that came over the serial line while RI was still set, and are lost.
    pub fn serial_overruns(&self) -> u64 {
        self.world.peripherals.uart.overruns
    }

    /// Bytes the host has not yet begun to send.
    pub fn serial_waiting(&self) -> usize {
        self.world.peripherals.uart.line.queue.len()
    }

    /// Frames that were sent while P3.1 was held low, and that no host can read.
    pub fn serial_unread(&self) -> u64 {
        self.world.peripherals.uart.unread
    }

    /// The shortest and the longest bit of what has been sent in modes 1 to 3.
    pub fn serial_bits(&self) -> Option<(States, States)> {
        self.world.peripherals.uart.bits
    }

    /// The bytes the serial port has sent since they were taken last, each with the moment of its TI.
    pub fn take_sent(&mut self) -> Vec<(SerialByte, Cycles)> {
        std::mem::take(&mut self.world.peripherals.uart.sent).into()
    }

    /// Collects [signals](crate::trace::Signal) from now on, or no longer.
    pub fn trace(&mut self, on: bool) {
        self.world.peripherals.trace.set_on(on);
    }

    /// The signals since they were taken last, in order of time.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.world.peripherals.trace.take()
    }
}

/// What the board does at an instruction boundary.
enum Boundary {
    Stop(BoardStop),
    /// Something happened that took time: look again.
    Again,
    /// Instructions are executed.
    Run,
}
