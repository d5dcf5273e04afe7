//! A microcontroller on a board: processor, memories, peripherals, and time.
//!
//! # How time passes
//!
//! Nothing is advanced cycle by cycle. The peripherals say before which moment no interrupt can be
//! accepted (`Peripherals::next_interrupt`); the processor runs at full speed until then, and asks
//! again after each instruction that reached a register
//! ([`Bus::deadline`](emu8051::Bus::deadline)). If all there is to do then is to call a service
//! routine, the run does that ([`Bus::pending_interrupt`](emu8051::Bus::pending_interrupt));
//! anything else ends the run and is the board's. Everything else is caught up when an instruction
//! reads or writes a register.

mod bus;
mod config;
mod run;
mod serial;

use std::sync::Arc;

use crate::archive::checksum;
use crate::chips::Chip;
use crate::interrupt::{InterruptTiming, Source};
use crate::peripherals::{PeripheralId, Peripherals};
use crate::stimulus::Stimulus;
use crate::trace::Event;
use emu8051::{Cpu, Cycles, Program, Reserved, Side, Steps, Unprogrammed, Xdata};
use emu8051::{XdataAsk, XdataSnapshot, sfr};

pub(crate) use self::bus::BoardBus;
pub use self::config::{BoardConfig, BoardError, Wiring};
pub use self::run::{BoardStop, Device};

/// A microcontroller with its memories and its program.
#[derive(Debug)]
pub struct Board {
    pub(crate) cpu: Cpu,
    chip: Arc<Chip>,
    pub(crate) bus: BoardBus,
    pub(crate) program: Program,
    /// The same, telling the board of every access to XDATA; it runs while P0's latch is not 0xFF.
    /// Made when it is needed, and kept.
    movx_program: Option<Program>,
    pub(crate) now: Cycles,
    pub(crate) steps: Steps,
    /// The pins as devices know them.
    pub(crate) pins: [u8; 4],
    recording: Option<Vec<Stimulus>>,
    /// External RAM as saved or restored last, so that the next snapshot copies only what has
    /// changed.
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
        let chip = &config.chip;
        let (program, xdata) = memories(config, segments)?;
        let bus = BoardBus {
            peripherals: Peripherals::new(chip, config.timing),
            xdata,
            base: Cycles::ZERO,
            blocked_at: Cycles::MAX,
            wiring: config.wiring,
            stop_on_xdata_read: config.stop_on_xdata_read,
            xdata_read: false,
            p0_written: false,
            ram_bytes: 0,
            code_written: None,
            worst_latency: [None; Source::COUNT],
        };
        let mut cpu = Cpu::new();
        let own = chip
            .registers
            .iter()
            .filter(|row| row.owner == PeripheralId::Cpu);
        own.for_each(|row| cpu.set_sfr(row.address, row.reset));
        Ok(Board {
            cpu,
            bus,
            machine: checksum(chip.name.as_bytes()) ^ checksum(program.code()),
            chip: Arc::new(chip.clone()),
            program,
            movx_program: None,
            now: Cycles::ZERO,
            steps: Steps::ZERO,
            pins: [0xFF; 4],
            recording: None,
            saved: XdataSnapshot::default(),
            timing: config.timing,
            inputs_may_come: config.inputs_may_come,
        })
    }

    /// A byte of CODE that is RAM has changed.
    pub(crate) fn write_code(&mut self, address: u16, byte: u8) {
        self.program.write_code(address, byte);
        if let Some(program) = &mut self.movx_program {
            program.write_code(address, byte);
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
        self.queue_input(stimulus);
        Ok(())
    }

    pub(crate) fn queue_input(&mut self, stimulus: Stimulus) {
        self.bus.peripherals.queue_input(stimulus);
        if let Some(recording) = &mut self.recording {
            recording.push(stimulus);
        }
    }

    /// Records every input from now on, those of devices included.
    pub fn record(&mut self) {
        self.recording = Some(Vec::new());
    }

    /// The inputs recorded, in the order they were given. Given to a board in the same state, they
    /// make it do the same, without devices.
    pub fn recorded(&self) -> &[Stimulus] {
        self.recording.as_deref().unwrap_or_default()
    }

    /// The processor.
    pub fn cpu(&self) -> &Cpu {
        &self.cpu
    }

    /// The processor, to be changed. Registers of peripherals and ports are not kept there: see
    /// [`Board::sfr`].
    pub fn cpu_mut(&mut self) -> &mut Cpu {
        &mut self.cpu
    }

    /// External RAM.
    pub fn xdata(&self) -> &Xdata {
        &self.bus.xdata
    }

    /// Stores a byte in external RAM from outside; in von Neumann wiring, this is CODE too.
    pub fn set_xdata(&mut self, address: u16, byte: u8) {
        self.bus.xdata.write(address, byte);
        if self.bus.wiring == Wiring::VonNeumann {
            self.write_code(address, byte);
        }
    }

    /// Whether CODE and XDATA are the same RAM.
    pub fn shares_memory(&self) -> bool {
        self.bus.wiring == Wiring::VonNeumann
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The chip.
    pub fn chip(&self) -> &Chip {
        &self.chip
    }

    /// The special function register at `address` as an instruction would read it now, ports by
    /// their latch; zero where the chip has none.
    pub fn sfr(&self, address: u8) -> u8 {
        let mut peripherals = self.bus.peripherals.clone();
        match address {
            sfr::SP | sfr::DPL | sfr::DPH | sfr::PSW | sfr::ACC | sfr::B => self.cpu.sfr(address),
            _ => peripherals.read(address, Side::Latch, 0xFF, self.now),
        }
    }

    /// The pins of port 0 to 3.
    pub fn pins(&self, port: usize) -> u8 {
        self.bus.peripherals.pins(port & 3)
    }

    /// Machine cycles since reset.
    pub fn now(&self) -> Cycles {
        self.now
    }

    /// Instructions executed since reset; calls of service routines are not instructions.
    pub fn steps(&self) -> Steps {
        self.steps
    }

    /// The sources of the service routines under way, the inner one first.
    pub fn serving(&self) -> impl Iterator<Item = Source> + use<> {
        self.bus.peripherals.parts.interrupts.serving()
    }

    /// The longest time so far from a request of `source` to the first instruction of its service
    /// routine.
    pub fn worst_latency(&self, source: Source) -> Option<Cycles> {
        self.bus.worst_latency[source as usize]
    }

    /// Registers the program has accessed though the chip has not got them, each with the cycle of
    /// its first access. They read 0x00, and writing them does nothing.
    pub fn unknown_sfrs(&self) -> impl Iterator<Item = (u8, Cycles)> {
        self.bus.peripherals.unknown.iter().copied()
    }

    /// Collects [signals](crate::trace::Signal) from now on, or no longer.
    pub fn trace(&mut self, on: bool) {
        self.bus.peripherals.trace.set_on(on);
    }

    /// The signals since they were taken last, in order of time.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.bus.peripherals.trace.take()
    }
}

/// CODE with `segments`, and external RAM, which has them too where both are one.
fn memories<'a>(
    config: &BoardConfig,
    segments: impl IntoIterator<Item = (u16, &'a [u8])>,
) -> Result<(Program, Xdata), BoardError> {
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
                chip: config.chip.name.to_string(),
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
    Ok((program, xdata))
}
