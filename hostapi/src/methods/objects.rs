//! Objects: methods 0x0120 to 0x0127. Who may do what is said in `docs/abi.md` and enforced here.

use crate::accounts;
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::CallEnd;
use crate::objects::{self, FIELD_MAX, NOBODY, Object};
use abi::Gas;
use state::Place;
use state::keys::{self, RegId};

/// The answers of the methods that change an object.
const DONE: u8 = 1;
const NO_OBJECT: u8 = 2;
const NOT_OWNER: u8 = 3;
const NO_ACCOUNT: u8 = 4;

/// The length of the name of an object, and of an entry among its owner's, behind kind and contract: what is paid for
/// beside the value.
const OBJECT_NAME: usize = 8;
const ENTRY_NAME: usize = 6 + 8;

/// What is done with an object, by which of its people.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Owner,
    OwnerOrApproved,
}

/// The contract and the id of a record.
fn read(object: &[u8; 14]) -> (RegId, u64) {
    let (contract, id) = object.split_at(size_of::<RegId>());
    let mut bytes = ([0; 6], [0; 8]);
    bytes.0.copy_from_slice(contract);
    bytes.1.copy_from_slice(id);
    (bytes.0, u64::from_le_bytes(bytes.1))
}

impl Host<'_, '_> {
    /// Pays for a change of a record whose name counts so many bytes. What comes back.
    fn pay_record(
        &mut self,
        name: usize,
        place: Place,
        value: Option<&[u8]>,
    ) -> Result<Gas, Failure<CallEnd>> {
        let price = self
            .schedule
            .storage
            .change(name, self.state.value(place), value);
        self.pay(price.charge)?;
        Ok(price.refund)
    }

    /// An object of the running contract that the running call may change, or the answer that says why not.
    fn own(&mut self, id: u64, by: By) -> Result<Result<(Place, Object), u8>, Failure<CallEnd>> {
        let contract = self.context.contract;
        let Some((place, object)) = objects::find(self.state, &contract, id)? else {
            return Ok(Err(NO_OBJECT));
        };
        let may = object.owner == contract
            || self.acts_for(&object.owner)
            || (by == By::OwnerOrApproved
                && object.approved != NOBODY
                && self.acts_for(&object.approved));
        Ok(if may {
            Ok((place, object))
        } else {
            Err(NOT_OWNER)
        })
    }

    /// Answers with a code, and gives back this much.
    fn coded(&mut self, code: u8, refund: Gas) -> Result<Served, Failure<CallEnd>> {
        self.reply.item(&[code]);
        Ok(Served {
            refund,
            ..Served::DONE
        })
    }

    /// Adds or removes the entry of an object among those of `owner`, and pays for it. What comes back.
    fn set_owned(
        &mut self,
        owner: &RegId,
        id: u64,
        is_there: bool,
    ) -> Result<Gas, Failure<CallEnd>> {
        let contract = self.context.contract;
        let place = self.state.find(&keys::owned_object(owner, &contract, id))?;
        let value = is_there.then_some(&[][..]);
        let refund = self.pay_record(ENTRY_NAME, place, value)?;
        match value {
            Some(_) => self.state.set(place, value),
            None => self
                .state
                .remove(place, &keys::owned_objects(owner, &contract))?,
        }
        Ok(refund)
    }

    /// Writes an object, and pays for it. What comes back.
    fn set_object(&mut self, place: Place, object: Object) -> Result<Gas, Failure<CallEnd>> {
        object.stored(|bytes| {
            let refund = self.pay_record(OBJECT_NAME, place, Some(bytes))?;
            self.state.set(place, Some(bytes));
            Ok(refund)
        })
    }

    /// Makes an object: its id.
    pub(crate) fn object_create(&mut self, owner: &RegId) -> Result<Served, Failure<CallEnd>> {
        if accounts::key_id_of(self.state, owner)?.is_none() {
            return Ok(Served::REFUSED);
        }
        let contract = self.context.contract;
        let (place, made) = objects::count(self.state, &contract)?;
        let Some(id) = made.unwrap_or(0).checked_add(1) else {
            return Ok(Served::REFUSED);
        };
        let count = id.to_le_bytes();
        self.pay_record(0, place, Some(&count))?;
        self.state.set(place, Some(&count));
        let place = self.state.find(&keys::object(&contract, id))?;
        let object = Object {
            owner: *owner,
            approved: NOBODY,
        };
        self.set_object(place, object)?;
        self.set_owned(owner, id, true)?;
        self.answer(&count)
    }

    /// Removes an object with its fields. Each is paid for before it is looked for.
    pub(crate) fn object_delete(&mut self, id: i64) -> Result<Served, Failure<CallEnd>> {
        let id = id.cast_unsigned();
        let (place, object) = match self.own(id, By::Owner)? {
            Ok(found) => found,
            Err(code) => return self.coded(code, Gas::ZERO),
        };
        let mut refund = self.pay_record(OBJECT_NAME, place, None)?;
        self.state.set(place, None);
        refund.0 += self.set_owned(&object.owner, id, false)?.0;
        let fields = keys::field(&self.context.contract, id, b"");
        loop {
            self.pay(Gas(self.schedule.effects.looked_at))?;
            let Some((key, _)) = self.state.next(&fields, None)? else {
                return self.coded(DONE, refund);
            };
            let place = self.state.find(&key)?;
            let name = OBJECT_NAME + key.len() - fields.len();
            refund.0 += self.pay_record(name, place, None)?.0;
            self.state.remove(place, &fields)?;
        }
    }

    /// Who owns an object, and who is approved.
    pub(crate) fn object_owner(&mut self, object: &[u8; 14]) -> Result<Served, Failure<CallEnd>> {
        let (contract, id) = read(object);
        let Some((_, object)) = objects::find(self.state, &contract, id)? else {
            return Ok(Served::REFUSED);
        };
        self.reply.item(&object.owner);
        self.reply.item(&object.approved);
        Ok(Served::DONE)
    }

    /// Gives an object to another owner.
    pub(crate) fn object_set_owner(
        &mut self,
        id: i64,
        owner: &RegId,
    ) -> Result<Served, Failure<CallEnd>> {
        let id = id.cast_unsigned();
        let (place, object) = match self.own(id, By::OwnerOrApproved)? {
            Ok(found) => found,
            Err(code) => return self.coded(code, Gas::ZERO),
        };
        if accounts::key_id_of(self.state, owner)?.is_none() {
            return self.coded(NO_ACCOUNT, Gas::ZERO);
        }
        let given = Object {
            owner: *owner,
            approved: NOBODY,
        };
        let mut refund = self.set_object(place, given)?;
        if object.owner != *owner {
            refund.0 += self.set_owned(&object.owner, id, false)?.0;
            refund.0 += self.set_owned(owner, id, true)?.0;
        }
        self.coded(DONE, refund)
    }

    /// Says who may give an object away beside its owner.
    pub(crate) fn object_approve(
        &mut self,
        id: i64,
        account: &RegId,
    ) -> Result<Served, Failure<CallEnd>> {
        let (place, object) = match self.own(id.cast_unsigned(), By::Owner)? {
            Ok(found) => found,
            Err(code) => return self.coded(code, Gas::ZERO),
        };
        let approved = *account;
        let refund = self.set_object(place, Object { approved, ..object })?;
        self.coded(DONE, refund)
    }

    /// The value of a field.
    pub(crate) fn object_get(
        &mut self,
        object: &[u8; 14],
        field: &[u8],
    ) -> Result<Served, Failure<CallEnd>> {
        let (contract, id) = read(object);
        // A field is there only as long as its object is.
        let Some(value) = self.state.get(&keys::field(&contract, id, field))? else {
            return Ok(Served::REFUSED);
        };
        self.reply.item(value);
        Ok(Served::DONE)
    }

    /// Sets a field, or removes it.
    pub(crate) fn object_set(
        &mut self,
        id: i64,
        field: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        if field.len() > FIELD_MAX {
            return Ok(Served::REFUSED);
        }
        let id = id.cast_unsigned();
        if let Err(code) = self.own(id, By::Owner)? {
            return self.coded(code, Gas::ZERO);
        }
        let contract = self.context.contract;
        let place = self.state.find(&keys::field(&contract, id, field))?;
        let refund = self.pay_record(OBJECT_NAME + field.len(), place, value)?;
        match value {
            Some(_) => self.state.set(place, value),
            None => self.state.remove(place, &keys::field(&contract, id, b""))?,
        }
        self.coded(DONE, refund)
    }

    /// The next object of an owner that a contract made.
    pub(crate) fn object_next(
        &mut self,
        owner: &RegId,
        contract: &RegId,
        after: Option<i64>,
    ) -> Result<Served, Failure<CallEnd>> {
        let after = after.unwrap_or(0).cast_unsigned();
        match objects::next_of(self.state, owner, contract, after)? {
            Some(id) => self.answer(&id.to_le_bytes()),
            None => Ok(Served::REFUSED),
        }
    }
}
