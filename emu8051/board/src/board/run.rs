//! The run of a board: what is due at an instruction boundary, then instructions until something is
//! due again.

use super::Board;
use crate::interrupt::Source;
use crate::stimulus::{Input, Stimulus};
use emu8051::sfr::Pcon;
use emu8051::{CpuFault, Cycles, Limit, Observer, Steps, Stop, XdataAsk, run, run_observed};

/// The reason why a board stopped.
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
    /// The interrupt of this source was accepted, but no service routine is at its vector, where PC
    /// is.
    NoHandler(Source),
}

/// Something on the board that watches the port pins and drives them. The serial port's levels on
/// P3.0 and P3.1 are not shown to it: bytes go another way ([`Board::send_serial`],
/// [`Board::take_sent`]).
pub trait Device {
    /// The pins of P0 to P3 are now `pins`. Returns what the device does to them in answer, from
    /// the next cycle on.
    fn pins_changed(&mut self, at: Cycles, pins: [u8; 4]) -> Vec<Input>;
}

/// No device.
impl Device for () {
    fn pins_changed(&mut self, _: Cycles, _: [u8; 4]) -> Vec<Input> {
        Vec::new()
    }
}

impl Board {
    /// Runs until machine cycle `until`, or until something stops the board earlier. Stopped
    /// anywhere and continued equals not stopped.
    pub fn run(&mut self, until: Cycles) -> BoardStop {
        self.run_loop(until, None, &mut ())
    }

    /// [`Board::run`] with `device` on the pins, telling `observer` of every instruction, if it
    /// wants to know of them; it can end the run. `()` is no device and no observer.
    pub fn run_with<O: Observer + ?Sized>(
        &mut self,
        until: Cycles,
        device: &mut dyn Device,
        observer: &mut O,
    ) -> BoardStop {
        self.run_loop(until, Some(device), observer)
    }

    fn run_loop<O: Observer + ?Sized>(
        &mut self,
        until: Cycles,
        mut device: Option<&mut dyn Device>,
        observer: &mut O,
    ) -> BoardStop {
        self.bus.peripherals.watch_ports = device.is_some();
        let stop = loop {
            if let Some(stop) = self.run_slice(until, &mut device, observer) {
                break stop;
            }
        };
        // what has been sent and seen up to here is to be complete
        self.bus.peripherals.catch_up(self.now);
        stop
    }

    /// Does what is due, perhaps the call of a service routine, then instructions until something
    /// is due again.
    fn run_slice<O: Observer + ?Sized>(
        &mut self,
        until: Cycles,
        device: &mut Option<&mut dyn Device>,
        observer: &mut O,
    ) -> Option<BoardStop> {
        self.bus.peripherals.advance(self.now);
        if let Some(device) = device.as_deref_mut() {
            self.notify(device);
        }
        self.bus.peripherals.attention = false;
        match self.boundary(until) {
            Boundary::Stop(stop) => return Some(stop),
            Boundary::Again => return None,
            Boundary::Run => {}
        }
        let begun = self.steps;
        match self.execute(until, observer) {
            Stop::Fault(_) if self.steps > begun => None, // an interrupt may come first
            stop => self.stopped(stop),
        }
    }

    /// Executes instructions that end not later than `until`.
    fn execute<O: Observer + ?Sized>(&mut self, until: Cycles, observer: &mut O) -> Stop {
        self.bus.base = self.now;
        self.bus.blocked_at = Cycles::MAX;
        let limit = Limit {
            cycles: until - self.now,
            steps: Steps::MAX,
        };
        let bus = &mut self.bus;
        bus.peripherals.sees_movx |= bus.peripherals.p0_holds();
        bus.refresh_ram();
        let program = if bus.peripherals.sees_movx {
            self.movx_program.get_or_insert_with(|| {
                let all = XdataAsk {
                    reads: true,
                    writes: true,
                };
                self.program.asking_after_xdata(all)
            })
        } else {
            &self.program
        };
        let run = if observer.wants_instructions() {
            run_observed(&mut self.cpu, bus, program, limit, observer)
        } else {
            run(&mut self.cpu, bus, program, limit)
        };
        self.now += run.cycles;
        self.steps += run.steps;
        self.bus.peripherals.parts.interrupts.blocked = self.bus.blocked_at == run.cycles;
        run.stop
    }

    /// Does what is due at this instruction boundary, up to which the peripherals have been caught
    /// up.
    #[inline(always)]
    fn boundary(&mut self, until: Cycles) -> Boundary {
        let peripherals = &mut self.bus.peripherals;
        if peripherals.parts.power.control.contains(Pcon::PD) {
            return self.powered_down(until);
        }
        let idle = peripherals.parts.power.control.contains(Pcon::IDL);
        let blocked = peripherals.parts.interrupts.blocked && !idle;
        match peripherals.pending(self.now) {
            Some(source) if !blocked => return self.call(source, until),
            None if idle => {}
            _ => return Boundary::Run,
        }
        match peripherals.next_event() {
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
        let peripherals = &mut self.bus.peripherals;
        if let Some(source) = peripherals.waking() {
            if self.now + self.timing.call > until {
                return Boundary::Stop(BoardStop::Cycles);
            }
            peripherals.wake(source, self.now);
            return self.call(source, until);
        }
        let wakes = peripherals.interrupts_end_power_down;
        let Some(next) = peripherals.next_input_at().filter(|_| wakes) else {
            return Boundary::Stop(BoardStop::PowerDown);
        };
        peripherals.catch_up(self.now); // the chip's clock stops here
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
        self.bus.enter(source, self.now);
        let [low, high] = self.cpu.pc().to_le_bytes();
        self.cpu.push(low);
        self.cpu.push(high);
        let vector = self.bus.peripherals.parts.interrupts.vector(source);
        self.cpu.set_pc(vector);
        self.now = began;
        if self.program.fault_at(vector).is_some() {
            return Boundary::Stop(BoardStop::NoHandler(source));
        }
        match self.at_breakpoint() {
            Some(stop) => Boundary::Stop(stop),
            None if self.now < self.bus.peripherals.next_event() => Boundary::Run,
            None => Boundary::Again,
        }
    }

    fn at_breakpoint(&self) -> Option<BoardStop> {
        let pc = self.cpu.pc();
        self.program.is_trap(pc).then_some(BoardStop::Pc(pc))
    }

    /// The reason to stop that follows from the processor's, if any.
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

    /// Does what the instruction just executed asked for.
    fn event(&mut self) -> Option<BoardStop> {
        if let Some((address, byte)) = self.bus.code_written.take() {
            self.write_code(address, byte);
        }
        if std::mem::take(&mut self.bus.p0_written) {
            let at = self.now - Cycles(1); // the end of the first of the instruction's two cycles
            self.bus.peripherals.external_memory_accessed(at);
            self.bus.peripherals.sees_movx = false;
        }
        let selected = self.cpu.dptr();
        if let Some(other) = self.bus.peripherals.parts.data_pointers.exchange(selected) {
            self.cpu.set_dptr(other);
        }
        if std::mem::take(&mut self.bus.xdata_read) {
            return self.bus.stop_on_xdata_read.map(BoardStop::XdataRead);
        }
        self.at_breakpoint()
    }

    /// Tells `device` if pins have changed since it was told last.
    fn notify(&mut self, device: &mut dyn Device) {
        let pins = self.bus.peripherals.port_pins();
        if pins != self.pins {
            self.pins = pins;
            for input in device.pins_changed(self.now, pins) {
                self.queue_input(Stimulus {
                    at: self.now,
                    input,
                });
            }
        }
    }
}

/// The next step at an instruction boundary.
enum Boundary {
    Stop(BoardStop),
    /// Something happened that took time: look again.
    Again,
    /// Instructions are executed.
    Run,
}
