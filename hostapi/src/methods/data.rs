//! The contract's data: methods 17 to 21 and 23; and another contract's, method 25.

use crate::data;
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::CallEnd;
use state::Place;
use state::keys::RegId;

/// The length of a value as a number of steps.
fn steps(value: &[u8]) -> i64 {
    i64::try_from(value.len()).unwrap_or(i64::MAX)
}

impl Host<'_, '_> {
    /// The place of `key` in the contract's data.
    pub(super) fn find(&mut self, key: &[u8]) -> Result<Place, Failure<CallEnd>> {
        if let Some((found, place)) = &self.found
            && found[..] == *key
        {
            return Ok(*place);
        }
        let place = data::find(self.state, &self.context.contract, key)?;
        self.found = Some((key.into(), place));
        Ok(place)
    }

    /// Sets or removes a key that stands at `place`, and pays for it. Returns the length of the old value, if
    /// there was one.
    pub(super) fn change(
        &mut self,
        key: &[u8],
        place: Place,
        value: Option<&[u8]>,
    ) -> Result<(Option<i64>, Served), Failure<CallEnd>> {
        let old = self.state.value(place);
        let price = self.schedule.storage.change(key.len(), old, value);
        let old_steps = old.map(steps);
        let bytes = key.len() + old.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len);
        self.pay(price.charge)?;
        self.keep(bytes)?;
        data::set(self.state, &self.context.contract, place, value)?;
        Ok((
            old_steps,
            Served {
                refund: price.refund,
                ..Served::DONE
            },
        ))
    }

    /// Sets a key. The 2014 SDK also gave a lifetime, which nothing ever looked at.
    pub(crate) fn db_write(
        &mut self,
        key: &[u8],
        value: &[u8],
    ) -> Result<Served, Failure<CallEnd>> {
        let place = self.find(key)?;
        let (_, served) = self.change(key, place, Some(value))?;
        self.reply.item(&[1]);
        Ok(Served {
            step_delta: steps(value) - 1,
            ..served
        })
    }

    /// Removes a key: 1 if it was there, 0 if not. Either way the call is served.
    pub(crate) fn db_delete(&mut self, key: &[u8]) -> Result<Served, Failure<CallEnd>> {
        let place = self.find(key)?;
        let (old, served) = self.change(key, place, None)?;
        self.reply.item(&[u8::from(old.is_some())]);
        Ok(Served {
            step_delta: old.map_or(0, |old| -(old + 1)),
            ..served
        })
    }

    /// Sets a key that is there. One that is not is left alone, and costs the old chain's steps all the
    /// same; the original then computes an answer that it does not deliver.
    pub(crate) fn db_modify(
        &mut self,
        key: &[u8],
        value: &[u8],
    ) -> Result<Served, Failure<CallEnd>> {
        let place = self.find(key)?;
        let is_there = self.state.value(place).is_some();
        self.reply.item(&[u8::from(is_there)]);
        if !is_there {
            return Ok(Served {
                step_delta: steps(value) - 1,
                ..Served::REFUSED
            });
        }
        let (old, served) = self.change(key, place, Some(value))?;
        Ok(Served {
            step_delta: steps(value) - old.unwrap_or(0) - 1,
            ..served
        })
    }

    /// The value of a key.
    pub(crate) fn db_read(&mut self, key: &[u8]) -> Result<Served, Failure<CallEnd>> {
        let place = self.find(key)?;
        Ok(self.value(place))
    }

    /// The value of a key of another contract.
    pub(crate) fn script_data(
        &mut self,
        contract: &RegId,
        key: &[u8],
    ) -> Result<Served, Failure<CallEnd>> {
        let place = data::find(self.state, contract, key)?;
        Ok(self.value(place))
    }

    /// Answers with the value at `place`.
    fn value(&mut self, place: Place) -> Served {
        let Some(value) = self.state.value(place) else {
            return Served::REFUSED;
        };
        self.reply.item(value);
        Served::DONE
    }

    /// How many keys there are; refused for none.
    pub(crate) fn db_size(&mut self) -> Result<Served, Failure<CallEnd>> {
        match data::count(self.state, &self.context.contract)? {
            0 => Ok(Served::REFUSED),
            keys => self.answer(&keys.to_le_bytes()),
        }
    }

    /// The first key (index 0) or the one after a given key (index 1), with its value.
    pub(crate) fn db_next(
        &mut self,
        index: u32,
        after: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        if self.context.semantics.is_dacrs() && !self.context.traversal {
            return Ok(Served::REFUSED);
        }
        let after = match (index, after) {
            (0, _) => None,
            (1, Some(after)) => Some(after),
            _ => return Ok(Served::REFUSED),
        };
        let Some((key, value)) = data::next(self.state, &self.context.contract, after)? else {
            return Ok(Served::REFUSED);
        };
        self.reply.item(&key);
        self.reply.item(&value);
        Ok(Served::DONE)
    }
}
