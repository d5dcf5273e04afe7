//! Watches a run and writes down what a recording holds of it.

use super::format::{CallRow, CpuRow, Hex};
use abi::codec;
use abi::layout::{COMMUNICATE_SIZE, RESULT};
use abi::method;
use bridge::{
    CallObserver, Cpu, Entered, FrameEnd, HostCall, HostReply, Insn, MachineView, Observer,
};
use hostapi::Status;
use std::fmt;
use std::ops::ControlFlow::{self, Continue};

/// Room for the calls of a run, in bytes: as many as a recording holds.
pub const CALLS_ROOM: usize = 64 << 20;

/// What a call takes besides its bytes, in bytes.
const CALL_SIZE: usize = 512;

/// FNV-1a, 64 bits.
#[derive(Clone, Copy, Debug)]
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Fnv(0xCBF2_9CE4_8422_2325)
    }

    fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
}

/// What a run showed to an observer.
pub struct Watch {
    /// Whether every instruction goes into the digests; that costs the run its speed.
    digests: bool,
    /// Whether registers and memory are written down. At each call that takes the CRC-32 of 64 KiB.
    registers: bool,
    pc: Fnv,
    cpu: Fnv,
    /// The calls so far.
    pub calls: Vec<CallRow>,
    /// The machine cycles on arrival at each call, for reports.
    pub cycles: Vec<u64>,
    /// How many calls came for which there was no room.
    pub left_out: u64,
    /// What is left of the room for calls, in bytes.
    free: usize,
    /// The frames that others entered, in order.
    pub frames: Vec<SeenFrame>,
    /// The numbers of the frames under way: those that wait, and last the running one.
    running: Vec<u16>,
    /// The place in `calls` of the last call of each of them, unless there was no room for it.
    last: Vec<Option<usize>>,
    /// The processor when it stopped.
    pub final_cpu: Option<CpuRow>,
    /// XDATA 0xEFFD when the processor stopped.
    pub exit_byte: u8,
}

/// A frame that another one entered, as an observer sees it.
#[derive(Clone, Debug, Default)]
pub struct SeenFrame {
    /// Its input.
    pub input: Hex,
    /// The gas that it could use.
    pub gas_limit: u64,
    /// The processor when it stopped.
    pub final_cpu: Option<CpuRow>,
    /// XDATA 0xEFFD when the processor stopped.
    pub exit_byte: u8,
}

impl Watch {
    /// A watch that has seen nothing, with `room` bytes for the calls it will see.
    #[must_use]
    pub fn new(digests: bool, registers: bool, room: usize) -> Self {
        Watch {
            digests,
            registers,
            pc: Fnv::new(),
            cpu: Fnv::new(),
            calls: Vec::new(),
            cycles: Vec::new(),
            left_out: 0,
            free: room,
            frames: Vec::new(),
            running: vec![0],
            last: vec![None],
            final_cpu: None,
            exit_byte: 0,
        }
    }

    /// The digest over every PC.
    #[must_use]
    pub fn pc_fnv64(&self) -> Hex {
        self.pc.0.to_be_bytes().into()
    }

    /// The digest over every state of the registers.
    #[must_use]
    pub fn cpu_fnv64(&self) -> Hex {
        self.cpu.0.to_be_bytes().into()
    }

    /// The last call of the running frame, unless there was no room for it.
    fn last_call(&mut self) -> Option<&mut CallRow> {
        let at = *self.last.last()?;
        self.calls.get_mut(at?)
    }

    /// Notes what the last call of the running frame is.
    fn called(&mut self, at: Option<usize>) {
        if let Some(last) = self.last.last_mut() {
            *last = at;
        }
    }

    /// Takes so many bytes of the room, if there are as many.
    fn take_room(&mut self, bytes: usize) -> bool {
        match self.free.checked_sub(bytes) {
            Some(free) => self.free = free,
            None => self.free = 0,
        }
        self.free > 0
    }

    /// Notes that the last call was fatal: the original returns -1 from it.
    pub fn last_call_was_fatal(&mut self) {
        if let Some(call) = self.last_call() {
            (call.status, call.step_delta) = (Some(-1), Some(0));
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

impl Observer for Watch {
    fn wants_instructions(&self) -> bool {
        self.digests
    }

    fn before(&mut self, cpu: &Cpu, _: &Insn) -> ControlFlow<()> {
        let [pc_low, pc_high] = cpu.pc().to_le_bytes();
        for byte in [pc_low, pc_high] {
            self.pc.add(byte);
        }
        if !self.registers {
            return Continue(());
        }
        let [dpl, dph] = cpu.dptr().to_le_bytes();
        for byte in [
            pc_low,
            pc_high,
            cpu.a(),
            cpu.b(),
            cpu.psw().bits(),
            cpu.sp(),
            dpl,
            dph,
        ] {
            self.cpu.add(byte);
        }
        Continue(())
    }
}

impl CallObserver for Watch {
    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        if !self.take_room(CALL_SIZE + request_bytes(call)) {
            self.left_out += 1;
            self.called(None);
            return Continue(());
        }
        self.called(Some(self.calls.len()));
        let mut args = Vec::new();
        let args_ok = codec::scan(call.request, |item| args.push(Hex::from(item))).is_ok();
        let total = call
            .request
            .first_chunk::<2>()
            .map_or(0, |total| u16::from_le_bytes(*total));
        let shown = (usize::from(total) + 2)
            .min(COMMUNICATE_SIZE)
            .min(call.request.len());
        self.cycles.push(call.usage.cycles.0);
        self.calls.push(CallRow {
            n: self.calls.len() + 1,
            frame: self.running.last().copied().unwrap_or_default(),
            step: call.usage.steps,
            method: call.method,
            name: method::spec(call.method)
                .map_or("?", |spec| spec.original.unwrap_or(spec.name))
                .into(),
            cpu: call.machine.filter(|_| self.registers).map(cpu_row),
            args_raw: (!args_ok).then(|| call.request[..shown].into()),
            args_ok,
            args,
            status: None,
            step_delta: None,
            ret: Vec::new(),
            ret_dropped: false,
        });
        Continue(())
    }

    fn host_reply(&mut self, reply: &HostReply<'_>) -> ControlFlow<()> {
        let answer = &reply.answer;
        self.take_room(answer.reply.len());
        let Some(call) = self.last_call() else {
            return Continue(());
        };
        call.status = Some(match answer.status {
            Status::Done => 1,
            Status::Refused => 0,
        });
        call.step_delta = Some(answer.step_delta);
        call.ret = codec::reply_items(answer.reply).map(Hex::from).collect();
        call.ret_dropped = !reply.fits;
        Continue(())
    }

    fn entered(&mut self, frame: &Entered) {
        self.take_room(CALL_SIZE + frame.input.len());
        self.frames.push(SeenFrame {
            input: frame.input[..].into(),
            gas_limit: frame.gas.0,
            ..SeenFrame::default()
        });
        let number = u16::try_from(self.frames.len()).unwrap_or(u16::MAX);
        self.running.push(number);
        self.last.push(None);
    }

    fn left(&mut self, _: &FrameEnd) {
        self.running.pop();
        self.last.pop();
    }

    fn stopped(&mut self, machine: MachineView<'_>) {
        let final_cpu = self.registers.then(|| cpu_row(machine));
        let exit_byte = machine.xdata.read(RESULT);
        let number = self.running.last().copied().unwrap_or_default();
        match self.frames.get_mut(usize::from(number).wrapping_sub(1)) {
            Some(frame) => (frame.final_cpu, frame.exit_byte) = (final_cpu, exit_byte),
            None => (self.final_cpu, self.exit_byte) = (final_cpu, exit_byte),
        }
    }
}

/// The bytes of a request that go into a row.
fn request_bytes(call: &HostCall<'_>) -> usize {
    let total = call.request.first_chunk::<2>();
    let total = total.map_or(0, |total| usize::from(u16::from_le_bytes(*total)));
    total.min(call.request.len())
}

fn cpu_row(MachineView { cpu, xdata }: MachineView<'_>) -> CpuRow {
    let iram = cpu.iram_all();
    CpuRow {
        pc: cpu.pc(),
        a: cpu.a(),
        b: cpu.b(),
        psw: cpu.psw().bits(),
        sp: cpu.sp(),
        dptr: cpu.dptr(),
        iram_crc32: crc32fast::hash(&iram).to_be_bytes().into(),
        xram_crc32: crc32fast::hash(xdata.bytes()).to_be_bytes().into(),
        r0_7: iram[..8].into(),
    }
}
