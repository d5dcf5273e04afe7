//! The whole machine at one moment: kept in memory, or written as bytes.

use crate::archive::{Archive, Reader, SnapshotError, checksum};
use crate::interrupt::Source;
use crate::peripherals::Peripherals;
use crate::{Board, Wiring};
use emu8051::Cpu;
use emu8051::{Cycles, Steps};
use emu8051::{Xdata, XdataSnapshot};

/// The first bytes of a written snapshot.
const MAGIC: [u8; 7] = *b"smart51";
/// The format written and read here. It changes whenever a field does.
const FORMAT: u8 = 4;

/// Everything a [`Board`] holds that a run changes, inputs still to come included. Its CODE is not
/// part of it, except in von Neumann wiring, where CODE is RAM.
#[derive(Clone, Debug)]
pub struct Snapshot {
    cpu: Cpu,
    peripherals: Peripherals,
    xdata: XdataSnapshot,
    now: Cycles,
    steps: Steps,
    pins: [u8; 4],
    worst_latency: [Option<Cycles>; Source::COUNT],
    machine: u64,
}

impl Board {
    /// The state of this board now.
    pub fn snapshot(&mut self) -> Snapshot {
        self.bus.xdata.snapshot(&mut self.saved);
        self.bus.peripherals.catch_up(self.now); // so that equal machines give equal bytes
        // what was seen is no part of the machine
        let trace = std::mem::take(&mut self.bus.peripherals.trace);
        let peripherals = self.bus.peripherals.clone();
        self.bus.peripherals.trace = trace;
        Snapshot {
            cpu: self.cpu.clone(),
            peripherals,
            xdata: self.saved.clone(),
            now: self.now,
            steps: self.steps,
            pins: self.pins,
            worst_latency: self.bus.worst_latency,
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
        let before = (self.bus.wiring == Wiring::VonNeumann).then(|| self.bus.xdata.clone());
        self.cpu = snapshot.cpu.clone();
        let trace = std::mem::take(&mut self.bus.peripherals.trace);
        self.bus.peripherals = snapshot.peripherals.clone();
        self.bus.peripherals.trace = trace;
        self.bus.peripherals.sees_movx = false;
        self.bus.peripherals.refresh();
        self.bus.xdata.restore(&snapshot.xdata);
        self.saved = snapshot.xdata.clone();
        self.now = snapshot.now;
        self.steps = snapshot.steps;
        self.pins = snapshot.pins;
        self.bus.worst_latency = snapshot.worst_latency;
        if let Some(before) = before {
            self.decode_changed(&before);
        }
        Ok(())
    }

    /// CODE is RAM, which was `before`.
    fn decode_changed(&mut self, before: &Xdata) {
        for address in 0..=0xFFFF {
            let byte = self.bus.xdata.read(address);
            if byte != before.read(address) {
                self.write_code(address, byte);
            }
        }
    }

    /// The snapshot written in `bytes` by [`Snapshot::to_bytes`].
    ///
    /// # Errors
    /// The fault of the bytes, and [`SnapshotError::OtherMachine`] when they come from another chip
    /// or other CODE.
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
        let mut from = Reader::new(body, MAGIC.len() + 1);
        let snapshot = Snapshot::restore(&mut from, self)?;
        from.end()?;
        if snapshot.machine != self.machine {
            return Err(SnapshotError::OtherMachine);
        }
        Ok(snapshot)
    }
}

impl Snapshot {
    /// The snapshot as bytes: a format number, all fields, a checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2048 + 257 * self.xdata.pages().count());
        out.extend(MAGIC);
        out.push(FORMAT);
        self.save(&mut out);
        let checksum = checksum(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Machine cycles since reset.
    pub fn now(&self) -> Cycles {
        self.now
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.machine.save(out);
        self.now.save(out);
        self.steps.save(out);
        self.cpu.save(out);
        self.peripherals.save(out);
        self.pins.save(out);
        self.worst_latency.save(out);
        self.xdata.save(out);
    }

    /// The snapshot that [`Snapshot::save`] wrote, of the chip of `board`.
    fn restore(from: &mut Reader<'_>, board: &Board) -> Result<Snapshot, SnapshotError> {
        Ok(Snapshot {
            machine: Archive::restore(from)?,
            now: Archive::restore(from)?,
            steps: Archive::restore(from)?,
            cpu: Archive::restore(from)?,
            peripherals: Peripherals::restore(from, board.chip(), board.timing)?,
            pins: Archive::restore(from)?,
            worst_latency: Archive::restore(from)?,
            xdata: Archive::restore(from)?,
        })
    }
}

/// The number of its pages, then each with its number.
impl Archive for XdataSnapshot {
    fn save(&self, out: &mut Vec<u8>) {
        (self.pages().count() as u16).save(out);
        for (page, bytes) in self.pages() {
            out.push(page);
            out.extend_from_slice(bytes);
        }
    }

    fn restore(from: &mut Reader<'_>) -> Result<XdataSnapshot, SnapshotError> {
        let count = u16::restore(from)?;
        from.check(count <= 256)?;
        let pages: Vec<(u8, [u8; 256])> = (0..count)
            .map(|_| Ok((u8::restore(from)?, from.take()?)))
            .collect::<Result<_, _>>()?;
        from.check(pages.is_sorted_by(|(a, _), (b, _)| a < b))?;
        let pages = pages.iter().map(|(page, bytes)| (*page, bytes));
        Ok(XdataSnapshot::from_pages(pages))
    }
}

impl Archive for Cpu {
    fn save(&self, out: &mut Vec<u8>) {
        self.pc().save(out);
        out.extend_from_slice(self.memory());
    }

    fn restore(from: &mut Reader<'_>) -> Result<Cpu, SnapshotError> {
        let mut cpu = Cpu::new();
        cpu.set_pc(u16::restore(from)?);
        cpu.set_memory(&from.take()?);
        Ok(cpu)
    }
}
