//! The whole machine at one moment: kept in memory, or written as bytes.

use crate::archive::{Carrier, Fields, SnapshotError};
use crate::peripherals::Peripherals;
use crate::{Board, Wiring};
use emu8051::Cpu;
use emu8051::{Cycles, Steps};
use emu8051::{Xdata, XdataSnapshot};

/// The first bytes of a written snapshot.
const MAGIC: [u8; 7] = *b"smart51";
/// The format written and read here. It changes whenever a field does.
const FORMAT: u8 = 4;

/// Everything a [`Board`] holds that a run changes, inputs still to come included. Its CODE is not part of it, except
/// in von Neumann wiring, where CODE is RAM.
#[derive(Clone, Debug)]
pub struct Snapshot {
    cpu: Cpu,
    peripherals: Peripherals,
    xdata: XdataSnapshot,
    now: Cycles,
    steps: Steps,
    pins: [u8; 4],
    worst_latency: [Option<Cycles>; 6],
    machine: u64,
}

impl Board {
    /// What this board is now.
    pub fn snapshot(&mut self) -> Snapshot {
        self.world.xdata.snapshot(&mut self.saved);
        self.world.peripherals.settle(self.now); // so that equal machines give equal bytes
        let trace = std::mem::take(&mut self.world.peripherals.trace); // what was seen is no part of the machine
        let peripherals = self.world.peripherals.clone();
        self.world.peripherals.trace = trace;
        Snapshot {
            cpu: self.cpu.clone(),
            peripherals,
            xdata: self.saved.clone(),
            now: self.now,
            steps: self.steps,
            pins: self.pins,
            worst_latency: self.world.worst_latency,
            machine: self.machine,
        }
    }

    /// Makes this board what it was when `snapshot` was taken.
    ///
    /// # Errors
    /// [`SnapshotError::OtherMachine`] when it was taken on another chip or with other CODE.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        if snapshot.machine != self.machine {
            return Err(SnapshotError::OtherMachine);
        }
        let before = (self.world.wiring == Wiring::VonNeumann).then(|| self.world.xdata.clone());
        self.cpu = snapshot.cpu.clone();
        let trace = std::mem::take(&mut self.world.peripherals.trace);
        self.world.peripherals = snapshot.peripherals.clone();
        self.world.peripherals.trace = trace;
        self.world.peripherals.sees_movx = false;
        self.world.peripherals.refresh();
        self.world.xdata.restore(&snapshot.xdata);
        self.saved = snapshot.xdata.clone();
        self.now = snapshot.now;
        self.steps = snapshot.steps;
        self.pins = snapshot.pins;
        self.world.worst_latency = snapshot.worst_latency;
        if let Some(before) = before {
            self.decode_changed(&before);
        }
        Ok(())
    }

    /// CODE is RAM, which was `before`.
    fn decode_changed(&mut self, before: &Xdata) {
        for address in 0..=0xFFFF {
            let byte = self.world.xdata.read(address);
            if byte != before.read(address) {
                self.write_code(address, byte);
            }
        }
    }

    /// The snapshot written in `bytes` by [`Snapshot::to_bytes`].
    ///
    /// # Errors
    /// What is wrong with the bytes, and [`SnapshotError::OtherMachine`] when they come from another chip or other CODE.
    pub fn read_snapshot(&self, bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
        let (body, sum) = bytes
            .split_last_chunk()
            .ok_or(SnapshotError::Truncated(bytes.len()))?;
        let rest = body
            .strip_prefix(&MAGIC)
            .ok_or(SnapshotError::NotASnapshot)?;
        match rest.first() {
            Some(&FORMAT) => {}
            Some(&found) => {
                return Err(SnapshotError::Version {
                    found,
                    expected: FORMAT,
                });
            }
            None => return Err(SnapshotError::Truncated(bytes.len())),
        }
        if checksum(body) != u64::from_le_bytes(*sum) {
            return Err(SnapshotError::Checksum);
        }
        let mut carrier = Carrier::Restore {
            bytes: body,
            at: MAGIC.len() + 1,
        };
        let mut snapshot = Snapshot {
            cpu: Cpu::new(),
            peripherals: Peripherals::new(self.chip(), self.timing),
            xdata: XdataSnapshot::default(),
            now: Cycles::ZERO,
            steps: Steps::ZERO,
            pins: [0; 4],
            worst_latency: [None; 6],
            machine: 0,
        };
        snapshot.fields(&mut carrier)?;
        match carrier {
            Carrier::Restore { at, .. } if at < body.len() => Err(SnapshotError::TooLong(at)),
            _ if snapshot.machine != self.machine => Err(SnapshotError::OtherMachine),
            _ => Ok(snapshot),
        }
    }
}

impl Snapshot {
    /// The snapshot as bytes: a format number, all fields, a checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2048 + 257 * self.xdata.pages().count());
        out.extend(MAGIC);
        out.push(FORMAT);
        let mut carrier = Carrier::Save(out);
        let saved = self.clone().fields(&mut carrier);
        debug_assert!(saved.is_ok(), "only restoring can fail");
        let Carrier::Save(mut out) = carrier else {
            return Vec::new();
        };
        let checksum = checksum(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Machine cycles since reset.
    pub fn now(&self) -> Cycles {
        self.now
    }
}

impl Fields for Snapshot {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        carrier.u64(&mut self.machine)?;
        carrier.cycles(&mut self.now)?;
        carrier.u64(&mut self.steps.0)?;
        self.cpu.fields(carrier)?;
        self.peripherals.fields(carrier)?;
        carrier.bytes(&mut self.pins)?;
        for worst in &mut self.worst_latency {
            carrier.option(worst, Cycles::ZERO, Carrier::cycles)?;
        }
        self.xdata.fields(carrier)
    }
}

impl Fields for XdataSnapshot {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        let mut count = self.pages().count() as u16;
        carrier.u16(&mut count)?;
        carrier.check(count <= 256)?;
        if let Carrier::Save(out) = carrier {
            for (page, bytes) in self.pages() {
                out.push(page);
                out.extend_from_slice(bytes);
            }
            return Ok(());
        }
        let mut pages = vec![(0, [0; 256]); count.into()];
        for (page, bytes) in &mut pages {
            carrier.u8(page)?;
            carrier.bytes(bytes)?;
        }
        carrier.check(pages.is_sorted_by(|(a, _), (b, _)| a < b))?;
        *self = XdataSnapshot::from_pages(pages.iter().map(|(page, bytes)| (*page, bytes)));
        Ok(())
    }
}

impl Fields for Cpu {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        let mut pc = self.pc();
        carrier.u16(&mut pc)?;
        self.set_pc(pc);
        let mut memory = *self.memory();
        carrier.bytes(&mut memory)?;
        self.set_memory(&memory);
        Ok(())
    }
}

/// FNV-1a over words of eight bytes in four lanes, which are folded together: finds damage, not malice. A step is one to
/// one in what it is given, so no single byte can change unnoticed.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    const BEGIN: u64 = 0xCBF2_9CE4_8422_2325;
    let step = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01B3);
    let (blocks, rest) = bytes.as_chunks::<32>();
    let lanes = blocks.iter().fold([BEGIN; 4], |lanes, block| {
        let words = block.as_chunks::<8>().0;
        std::array::from_fn(|n| step(lanes[n], u64::from_le_bytes(words[n])))
    });
    let whole = lanes.into_iter().fold(bytes.len() as u64, step);
    rest.iter()
        .fold(whole, |hash, byte| step(hash, (*byte).into()))
}
