//! The byte form of a schedule, which is what it is hashed by.

use super::figures::MOST;
use super::{
    Costs, EffectPrices, Entry, Figure, General, NAME_SIZE, Schedule, ScheduleName, StoragePrices,
};
use crate::method::{self, METHODS, PerBytes};
use alloc::vec::Vec;

/// The number of figures in front of the methods.
const FIGURES: usize =
    General::COUNT + StoragePrices::COUNT + EffectPrices::COUNT + Costs::COUNT + Entry::COUNT;

impl Schedule {
    /// The byte form: version 2, name 16 (filled up with zeros), how many figures 2, each of them 8 in the order of
    /// [`Schedule::each`], how many methods 2, and each of them: number 2, base 8, gas 8 and bytes 8 of a run of the
    /// request, gas 8 and bytes 8 of a run of the reply. Numbers are little-endian.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(22 + 8 * FIGURES + 42 * METHODS.len());
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.name.0);
        out.extend_from_slice(&(FIGURES as u16).to_le_bytes());
        self.each(&mut |Figure { value, .. }| out.extend_from_slice(&value.to_le_bytes()));
        out.extend_from_slice(&(METHODS.len() as u16).to_le_bytes());
        for (spec, rule) in self.rules() {
            out.extend_from_slice(&spec.id.to_le_bytes());
            for number in [
                rule.base,
                rule.request.gas,
                rule.request.bytes,
                rule.reply.gas,
                rule.reply.bytes,
            ] {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        out
    }

    /// The schedule of a byte form; `None` where `bytes` is anything else, or its figures leave work without a price
    /// or without a bound. A method that it does not price, because it is newer, costs what it does by `data-sheet`.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Schedule> {
        let mut r = Reader(bytes);
        let mut schedule = Schedule {
            version: r.u16()?,
            name: ScheduleName::of_bytes(r.array::<NAME_SIZE>()?)?,
            ..Schedule::DATA_SHEET
        };
        if usize::from(r.u16()?) != FIGURES {
            return None;
        }
        schedule.general = General::read(&mut r)?;
        schedule.storage = StoragePrices::read(&mut r)?;
        schedule.effects = EffectPrices::read(&mut r)?;
        schedule.wasm = Costs::read(&mut r)?;
        schedule.entry = Entry::read(&mut r)?;
        let mut last = None;
        for _ in 0..r.u16()? {
            let id = r.u16()?;
            // One form of each schedule.
            if last.is_some_and(|last| last >= id) {
                return None;
            }
            last = Some(id);
            let rule = schedule.methods.get_mut(method::spec(id)?.slot())?;
            rule.base = r.figure(MOST)?;
            for run in [&mut rule.request, &mut rule.reply] {
                *run = PerBytes {
                    gas: r.figure(MOST)?,
                    bytes: r.figure(MOST)?,
                };
            }
        }
        (r.0.is_empty() && schedule.is_sound()).then_some(schedule)
    }

    /// Whether all work has a price or a bound, and no figure breaks what is worked out of it.
    const fn is_sound(&self) -> bool {
        let General {
            gas_per_cycle,
            gas_per_step,
            gas_per_transaction,
            actions_max,
            inline_depth,
            deferred_gas_max,
            deferred_entry_gas_max,
            deferred_delay_max,
            fuel_rate,
            refund_divisor,
            ..
        } = self.general;
        let counts_one = (gas_per_cycle == 0) != (gas_per_step == 0);
        // Each entry of the queue can be executed in an empty block.
        let fits = deferred_entry_gas_max + self.effects.later <= deferred_gas_max;
        let bounded = actions_max <= 1_000
            && inline_depth <= 16
            && deferred_delay_max <= u32::MAX as u64
            && self.effects.later > 0
            && fuel_rate <= 1;
        // Whatever goes around or gets memory is paid for.
        let Costs {
            branch,
            branch_if,
            branch_table,
            call,
            call_indirect,
            page,
            word,
            ..
        } = self.wasm;
        let around = branch > 0 && branch_if > 0 && branch_table > 0;
        let called = call > 0 && call_indirect > 0 && page > 0 && word > 0;
        let divided = refund_divisor > 0 && self.storage.run > 0;
        let mut slot = 0;
        while slot < self.methods.len() {
            let rule = &self.methods[slot];
            if rule.base == 0 || rule.request.bytes == 0 || rule.reply.bytes == 0 {
                return false;
            }
            slot += 1;
        }
        counts_one && fits && bounded && around && called && divided && gas_per_transaction > 0
    }

    /// Shows each figure that is no method's, in order.
    pub fn each(&self, show: &mut dyn FnMut(Figure)) {
        self.general.each(show);
        self.storage.each(show);
        self.effects.each(show);
        self.wasm.each(show);
        self.entry.each(show);
    }
}

/// Reads numbers one after the other; each is `None` where the bytes do not hold one.
pub(super) struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// A figure of at most `most`.
    pub(super) fn figure(&mut self, most: u64) -> Option<u64> {
        let figure = self.array().map(u64::from_le_bytes)?;
        (figure <= most).then_some(figure)
    }
}

/// Every preset is sound, whatever is read of it.
const _: () = {
    let mut at = 0;
    while at < Schedule::PRESETS.len() {
        assert!(Schedule::PRESETS[at].is_sound());
        at += 1;
    }
};
