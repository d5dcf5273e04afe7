//! The contract's keys in order, and its indexes: methods 0x0110 to 0x0115.

use crate::data;
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::{CallEnd, NodeError};
use crate::walk::Way;
use abi::codec::reply_fits;
use abi::{Gas, Semantics};
use smallvec::SmallVec;
use state::Pair;
use state::keys;
use std::borrow::Cow;

/// The most indexes that one call keeps.
const INDEXES_MAX: usize = 8;
/// The length of a number in a row, in bytes.
const NUMBER: usize = 8;
/// An entry of an index whose row is there, and one whose row is gone.
const ROW: u8 = 1;
const NO_ROW: u8 = 2;

/// The number that lies `at` so many bytes in a row, lowest byte first.
fn number(row: &[u8], at: u8) -> Option<u64> {
    let bytes = row.get(usize::from(at)..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

/// Whether a call may keep these indexes: not too many, and each once.
fn are_sound(indexes: &[[u8; 2]]) -> bool {
    indexes.len() <= INDEXES_MAX
        && indexes
            .iter()
            .enumerate()
            .all(|(place, [index, _])| indexes[..place].iter().all(|[earlier, _]| earlier != index))
}

/// A search among the contract's keys.
struct Seek<'r> {
    way: Way,
    prefix: &'r [u8],
    bound: Option<Cow<'r, [u8]>>,
}

impl<'r> Seek<'r> {
    /// What a request asks for: its way, the length of the prefix, and the bound that begins with it.
    fn of(way: u8, prefix: u8, bound: Option<&'r [u8]>) -> Option<Seek<'r>> {
        let way = Way::of(way)?;
        let bound = bound.unwrap_or_default();
        let prefix = bound.get(..usize::from(prefix))?;
        // Nothing but the prefix: all its keys. Forwards the first of them lies behind it anyway.
        let is_whole = bound.len() == prefix.len() && (bound.is_empty() || !way.is_forwards());
        Some(Seek {
            way,
            prefix,
            bound: (!is_whole).then_some(Cow::Borrowed(bound)),
        })
    }
}

impl Host<'_, '_> {
    /// The key of the contract's data that a search finds, with its value.
    fn seek(&mut self, seek: &Seek<'_>) -> Result<Option<Pair>, NodeError> {
        let contract = &self.context.contract;
        let prefix = keys::data(contract, seek.prefix);
        let found = match &seek.bound {
            Some(bound) => {
                let bound = keys::data(contract, bound);
                seek.way.find(self.state, &prefix, &bound, false)?
            }
            None if seek.way.is_forwards() => self.state.next(&prefix, None)?,
            None => self.state.prev(&prefix, None)?,
        };
        let own = prefix.len() - seek.prefix.len();
        Ok(found.map(|(mut key, value)| {
            key.drain(..own);
            (key, value)
        }))
    }

    /// The first key from a bound on or behind it, or the last before it or up to it, with its value.
    pub(crate) fn db_seek(
        &mut self,
        &[way, prefix]: &[u8; 2],
        bound: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        let Some(seek) = Seek::of(way, prefix, bound) else {
            return Ok(Served::REFUSED);
        };
        let Some((key, value)) = self.seek(&seek)? else {
            return Ok(Served::REFUSED);
        };
        self.reply.item(&key);
        self.reply.item(&value);
        Ok(Served::DONE)
    }

    /// Keys and values in order, as many as are asked for or fit. Each search is paid for before it is made.
    pub(crate) fn db_range(
        &mut self,
        &[way, prefix, low, high]: &[u8; 4],
        bound: Option<&[u8]>,
        end: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        let Some(mut seek) = Seek::of(way, prefix, bound) else {
            return Ok(Served::REFUSED);
        };
        let limit = u16::from_le_bytes([low, high]);
        let mut entries = Vec::new();
        for _ in 0..limit {
            self.pay(Gas(self.schedule.effects.looked_at))?;
            let Some((key, value)) = self.seek(&seek)? else {
                break;
            };
            let is_within = end.is_none_or(|end| match seek.way.is_forwards() {
                true => *key < *end,
                false => *key >= *end,
            });
            let before = entries.len();
            for part in [&key, &value] {
                // What is longer makes the reply too large, whatever its length field says.
                let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
                entries.extend_from_slice(&length.to_le_bytes());
                entries.extend_from_slice(part);
            }
            let fits = reply_fits(Semantics::V1, 2 + entries.len());
            if !is_within || (!fits && before > 0) {
                entries.truncate(before);
                break;
            }
            seek.way = seek.way.on();
            seek.bound = Some(Cow::Owned(key));
        }
        if entries.is_empty() {
            return Ok(Served::REFUSED);
        }
        self.answer(&entries)
    }

    /// Puts a key into an index of the contract, or takes it out, and pays for it. Whether it was there, and what comes
    /// back.
    fn set_entry(
        &mut self,
        index: u8,
        number: u64,
        key: &[u8],
        is_there: bool,
    ) -> Result<(bool, Gas), Failure<CallEnd>> {
        let entry = keys::index_entry(&self.context.contract, index, number, key);
        let place = self.state.find(&entry)?;
        let was_there = self.state.value(place).is_some();
        let value = |is_there: bool| is_there.then_some(&[][..]);
        let name = 1 + NUMBER + key.len();
        let price = self
            .schedule
            .storage
            .change(name, value(was_there), value(is_there));
        self.pay(price.charge)?;
        if is_there {
            self.state.set(place, Some(&[]));
        } else if was_there {
            let prefix = keys::index(&self.context.contract, index);
            self.state.remove(place, &prefix)?;
        }
        Ok((was_there, price.refund))
    }

    /// Sets a row or removes it, with its entries in these indexes. Whether it was there.
    fn set_row(
        &mut self,
        indexes: &[[u8; 2]],
        key: &[u8],
        row: Option<&[u8]>,
    ) -> Result<(bool, Served), Failure<CallEnd>> {
        let place = self.find(key)?;
        let old = self.state.value(place);
        let old: SmallVec<[Option<u64>; INDEXES_MAX]> =
            indexes.iter().map(|&[_, at]| number(old?, at)).collect();
        let (was_there, mut served) = self.change(key, place, row)?;
        for (&[index, at], old) in indexes.iter().zip(old) {
            self.pay(Gas(self.schedule.effects.indexed))?;
            let new = row.and_then(|row| number(row, at));
            if let Some(old) = old.filter(|_| old != new) {
                let (_, refund) = self.set_entry(index, old, key, false)?;
                served.refund.0 += refund.0;
            }
            if let Some(new) = new {
                self.set_entry(index, new, key, true)?;
            }
        }
        Ok((was_there.is_some(), served))
    }

    /// Sets a key with its entries in indexes.
    pub(crate) fn row_write(
        &mut self,
        indexes: &[[u8; 2]],
        key: &[u8],
        row: &[u8],
    ) -> Result<Served, Failure<CallEnd>> {
        let is_in_all = indexes.iter().all(|&[_, at]| number(row, at).is_some());
        if !are_sound(indexes) || !is_in_all {
            return Ok(Served::REFUSED);
        }
        let (_, served) = self.set_row(indexes, key, Some(row))?;
        self.reply.item(&[1]);
        Ok(served)
    }

    /// Removes a key with its entries in indexes: 1 if it was there, 0 if not.
    pub(crate) fn row_delete(
        &mut self,
        indexes: &[[u8; 2]],
        key: &[u8],
    ) -> Result<Served, Failure<CallEnd>> {
        if !are_sound(indexes) {
            return Ok(Served::REFUSED);
        }
        let (was_there, served) = self.set_row(indexes, key, None)?;
        self.reply.item(&[u8::from(was_there)]);
        Ok(served)
    }

    /// The entry of an index that a search finds, with its row if that is there.
    pub(crate) fn index_seek(
        &mut self,
        seek: &[u8; 11],
        bound: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        let [index, at, way, from @ ..] = *seek;
        let Some(way) = Way::of(way) else {
            return Ok(Served::REFUSED);
        };
        let contract = &self.context.contract;
        let prefix = keys::index(contract, index);
        let from = u64::from_le_bytes(from);
        let is_group = bound.is_none();
        let bound = keys::index_entry(contract, index, from, bound.unwrap_or_default());
        let Some((entry, _)) = way.find(self.state, &prefix, &bound, is_group)? else {
            return Ok(Served::REFUSED);
        };
        let name = entry.get(prefix.len()..).unwrap_or_default();
        let Some((found, key)) = name.split_first_chunk().filter(|(_, key)| !key.is_empty()) else {
            return Err(NodeError::damaged(&entry, "an entry of an index is expected").into());
        };
        let found = u64::from_be_bytes(*found);
        let row = data::get(self.state, contract, key)?;
        let row = row.filter(|row| number(row, at) == Some(found));
        self.reply.item(&[if row.is_some() { ROW } else { NO_ROW }]);
        self.reply.item(&found.to_le_bytes());
        self.reply.item(key);
        if let Some(row) = row {
            self.reply.item(row);
        }
        Ok(Served::DONE)
    }

    /// Removes an entry of an index: 1 if it was there, 0 if not.
    pub(crate) fn index_delete(
        &mut self,
        entry: &[u8; 9],
        key: &[u8],
    ) -> Result<Served, Failure<CallEnd>> {
        let [index, number @ ..] = *entry;
        let number = u64::from_le_bytes(number);
        let (was_there, refund) = self.set_entry(index, number, key, false)?;
        self.reply.item(&[u8::from(was_there)]);
        Ok(Served {
            refund,
            ..Served::DONE
        })
    }
}
