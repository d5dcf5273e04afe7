//! Objects against a plain map: who may change them, and what their owners' entries say.

use crate::common::*;
use abi::method::{self, Effect};
use hostapi::{CallEnd, Failure, Host, HostApi, Status};
use proptest::collection::vec;
use proptest::prelude::*;
use state::keys::{self, RegId};
use state::{MemStore, Overlay, StateStore};
use std::collections::BTreeMap;

const DONE: u8 = 1;
const NO_OBJECT: u8 = 2;
const NOT_OWNER: u8 = 3;
const NO_ACCOUNT: u8 = 4;
const NOBODY: RegId = [0; 6];
/// The registered id of no account.
const UNKNOWN: RegId = [9; 6];
const PEOPLE: [RegId; 5] = [ALICE, BOB, CONTRACT, OTHER, UNKNOWN];

/// The record of an object.
fn record(contract: RegId, id: u64) -> [u8; 14] {
    let mut record = [0; 14];
    record[..6].copy_from_slice(&contract);
    record[6..].copy_from_slice(&id.to_le_bytes());
    record
}

/// The code that a method answers that changes an object.
fn code(host: &mut Host<'_, '_>, method: u16, items: &[&[u8]]) -> u8 {
    served(host, method, items)[0]
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Object {
    owner: RegId,
    approved: RegId,
    fields: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What the two contracts should have: objects by contract and id, and how many each made.
#[derive(Clone, Debug, Default)]
struct Model {
    objects: BTreeMap<(RegId, u64), Object>,
    made: BTreeMap<RegId, u64>,
}

#[derive(Clone, Debug)]
enum Step {
    Create(RegId),
    Delete(u64),
    SetOwner(u64, RegId),
    Approve(u64, RegId),
    Set(u64, Vec<u8>, Option<Vec<u8>>),
    Get(RegId, u64, Vec<u8>),
    Owner(RegId, u64),
    Next(RegId, RegId, u64),
    Checkpoint,
    Revert(prop::sample::Index),
}

fn person() -> impl Strategy<Value = RegId> {
    prop::sample::select(&PEOPLE[..])
}

fn maker() -> impl Strategy<Value = RegId> {
    prop::sample::select(vec![CONTRACT, OTHER])
}

fn field() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(0..2u8, 1..3), Just(vec![7; 32]), Just(vec![7; 33])]
}

/// A step by the contract that runs, whom this caller has called.
fn step() -> impl Strategy<Value = (RegId, RegId, Step)> {
    let id = || 0..5u64;
    let step = prop_oneof![
        3 => person().prop_map(Step::Create),
        2 => id().prop_map(Step::Delete),
        3 => (id(), person()).prop_map(|(id, owner)| Step::SetOwner(id, owner)),
        2 => (id(), prop_oneof![person(), Just(NOBODY)]).prop_map(|(id, to)| Step::Approve(id, to)),
        4 => (id(), field(), prop::option::of(vec(0..2u8, 1..40)))
            .prop_map(|(id, field, value)| Step::Set(id, field, value)),
        2 => (maker(), id(), field()).prop_map(|(of, id, field)| Step::Get(of, id, field)),
        2 => (maker(), id()).prop_map(|(of, id)| Step::Owner(of, id)),
        3 => (person(), maker(), id()).prop_map(|(owner, of, after)| Step::Next(owner, of, after)),
        1 => Just(Step::Checkpoint),
        1 => any::<prop::sample::Index>().prop_map(Step::Revert),
    ];
    (maker(), prop::sample::select(vec![ALICE, BOB, OTHER]), step)
}

impl Model {
    /// The object, if this call may change it; or why not.
    fn own(
        &mut self,
        contract: RegId,
        caller: RegId,
        id: u64,
        gives: bool,
    ) -> Result<&mut Object, u8> {
        let object = self.objects.get_mut(&(contract, id)).ok_or(NO_OBJECT)?;
        let may = object.owner == contract
            || object.owner == caller
            || (gives && object.approved != NOBODY && object.approved == caller);
        if may { Ok(object) } else { Err(NOT_OWNER) }
    }

    /// The items that a step answers with.
    fn answer(&mut self, contract: RegId, caller: RegId, step: &Step) -> Vec<Vec<u8>> {
        let said = |result: Result<(), u8>| vec![vec![result.err().unwrap_or(DONE)]];
        match step {
            Step::Create(UNKNOWN) => vec![],
            Step::Create(owner) => {
                let made = self.made.entry(contract).or_default();
                *made += 1;
                let object = Object {
                    owner: *owner,
                    approved: NOBODY,
                    fields: BTreeMap::new(),
                };
                self.objects.insert((contract, *made), object);
                vec![made.to_le_bytes().to_vec()]
            }
            Step::Delete(id) => {
                let may = self.own(contract, caller, *id, false).map(drop);
                if may.is_ok() {
                    self.objects.remove(&(contract, *id));
                }
                said(may)
            }
            Step::SetOwner(id, owner) => {
                said(self.own(contract, caller, *id, true).and_then(|object| {
                    if *owner == UNKNOWN {
                        return Err(NO_ACCOUNT);
                    }
                    (object.owner, object.approved) = (*owner, NOBODY);
                    Ok(())
                }))
            }
            Step::Approve(id, account) => said(
                self.own(contract, caller, *id, false)
                    .map(|object| object.approved = *account),
            ),
            Step::Set(_, field, _) if field.len() > 32 => vec![],
            Step::Set(id, field, value) => {
                said(self.own(contract, caller, *id, false).map(|object| {
                    match value {
                        Some(value) => object.fields.insert(field.clone(), value.clone()),
                        None => object.fields.remove(field),
                    };
                }))
            }
            Step::Get(of, id, field) => {
                let object = self.objects.get(&(*of, *id));
                object
                    .and_then(|object| object.fields.get(field))
                    .cloned()
                    .into_iter()
                    .collect()
            }
            Step::Owner(of, id) => self.objects.get(&(*of, *id)).map_or(vec![], |object| {
                vec![object.owner.to_vec(), object.approved.to_vec()]
            }),
            Step::Next(owner, of, after) => {
                let mut ids = self.objects.iter().filter(|((maker, id), object)| {
                    maker == of && object.owner == *owner && id > after
                });
                ids.next()
                    .map_or(vec![], |((_, id), _)| vec![id.to_le_bytes().to_vec()])
            }
            Step::Checkpoint | Step::Revert(_) => vec![],
        }
    }

    /// All records that there should be.
    fn records(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut records = BTreeMap::new();
        for (contract, made) in &self.made {
            records.insert(
                keys::object_count(contract).to_vec(),
                made.to_le_bytes().to_vec(),
            );
        }
        for ((contract, id), object) in &self.objects {
            let mut stored = object.owner.to_vec();
            if object.approved != NOBODY {
                stored.extend(object.approved);
            }
            records.insert(keys::object(contract, *id).to_vec(), stored);
            records.insert(
                keys::owned_object(&object.owner, contract, *id).to_vec(),
                vec![],
            );
            for (field, value) in &object.fields {
                records.insert(keys::field(contract, *id, field).to_vec(), value.clone());
            }
        }
        records
    }
}

/// Makes the step's call.
fn made(host: &mut Host<'_, '_>, step: &Step) -> Vec<Vec<u8>> {
    let outcome = match step {
        Step::Create(owner) => call(host, method::OBJECT_CREATE, &[owner]),
        Step::Delete(id) => call(host, method::OBJECT_DELETE, &[&id.to_le_bytes()]),
        Step::SetOwner(id, owner) => {
            call(host, method::OBJECT_SET_OWNER, &[&id.to_le_bytes(), owner])
        }
        Step::Approve(id, to) => call(host, method::OBJECT_APPROVE, &[&id.to_le_bytes(), to]),
        Step::Set(id, field, value) => {
            let id = id.to_le_bytes();
            let mut items: Vec<&[u8]> = vec![&id, field];
            items.extend(value.as_deref());
            call(host, method::OBJECT_SET, &items)
        }
        Step::Get(of, id, field) => call(host, method::OBJECT_GET, &[&record(*of, *id), field]),
        Step::Owner(of, id) => call(host, method::OBJECT_OWNER, &[&record(*of, *id)]),
        Step::Next(owner, of, after) => call(
            host,
            method::OBJECT_NEXT,
            &[owner, of, &after.to_le_bytes()],
        ),
        Step::Checkpoint | Step::Revert(_) => return vec![],
    };
    assert_eq!(outcome.status == Status::Refused, outcome.reply.is_empty());
    outcome.reply
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn objects_are_those_of_a_plain_map(steps in vec(step(), 1..80), stored in 0..40usize) {
        let store = MemStore::default();
        let mut state = genesis(&store);
        let mut model = Model::default();
        let mut checkpoints = Vec::new();
        for (number, (contract, caller, step)) in steps.iter().enumerate() {
            if number == stored {
                // What was done so far lies in the store from here on.
                let writes = state.writes();
                drop(state);
                store.commit(writes).expect("in memory");
                state = Overlay::new(&store);
                checkpoints.clear();
            }
            let mut context = context(OURS);
            (context.contract, context.sender) = (*contract, *caller);
            let answered = made(&mut Host::new(&context, &Past, &mut state), step);
            prop_assert_eq!(answered, model.answer(*contract, *caller, step), "{:?}", step);
            match step {
                Step::Checkpoint => checkpoints.push((state.checkpoint(), model.clone())),
                Step::Revert(which) if !checkpoints.is_empty() => {
                    checkpoints.truncate(which.index(checkpoints.len()) + 1);
                    let (checkpoint, then) = checkpoints.pop().expect("at least one");
                    state.revert(checkpoint);
                    model = then;
                }
                _ => {}
            }
        }
        let mut found = BTreeMap::new();
        for kind in [keys::kind::OBJECT, keys::kind::FIELD, keys::kind::OWNED] {
            let mut after: Option<Vec<u8>> = None;
            while let Some((key, value)) = state.next(&[kind], after.as_deref()).expect("in memory") {
                found.insert(key.clone(), value);
                after = Some(key);
            }
        }
        prop_assert_eq!(found, model.records());
    }
}

/// Runs `test` with a host whose contract was called by `caller`; alice has sent the transaction.
fn called_by<R>(
    caller: RegId,
    state: &mut Overlay<'_>,
    test: impl FnOnce(&mut Host<'_, '_>) -> R,
) -> R {
    let mut context = context(OURS);
    context.sender = caller;
    test(&mut Host::new(&context, &Past, state))
}

#[test]
fn an_object_obeys_its_owner_and_its_contract() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let one = 1u64.to_le_bytes();
    let set: [&[u8]; 3] = [&one, b"name", b"lamp"];
    called_by(BOB, &mut state, |host| {
        assert_eq!(served(host, method::OBJECT_CREATE, &[&ALICE]), one);
        assert_eq!(code(host, method::OBJECT_SET, &set), NOT_OWNER);
        assert_eq!(code(host, method::OBJECT_DELETE, &[&one]), NOT_OWNER);
        assert_eq!(
            code(host, method::OBJECT_SET_OWNER, &[&one, &BOB]),
            NOT_OWNER
        );
        assert_eq!(code(host, method::OBJECT_APPROVE, &[&one, &BOB]), NOT_OWNER);
        assert!(refused(
            host,
            method::OBJECT_GET,
            &[&record(CONTRACT, 1), b"name"]
        ));
    });
    called_by(ALICE, &mut state, |host| {
        assert_eq!(code(host, method::OBJECT_SET, &set), DONE);
        assert_eq!(code(host, method::OBJECT_APPROVE, &[&one, &BOB]), DONE);
    });
    called_by(BOB, &mut state, |host| {
        assert_eq!(
            code(host, method::OBJECT_SET, &set),
            NOT_OWNER,
            "approved for giving only"
        );
        assert_eq!(
            code(host, method::OBJECT_SET_OWNER, &[&one, &CONTRACT]),
            DONE
        );
        // The contract owns it: whoever calls, it decides.
        assert_eq!(code(host, method::OBJECT_SET, &[&one, b"name"]), DONE);
        assert!(refused(
            host,
            method::OBJECT_GET,
            &[&record(CONTRACT, 1), b"name"]
        ));
        assert_eq!(code(host, method::OBJECT_DELETE, &[&one]), DONE);
        assert_eq!(code(host, method::OBJECT_DELETE, &[&one]), NO_OBJECT);
        let two = served(host, method::OBJECT_CREATE, &[&BOB]);
        assert_eq!(two, 2u64.to_le_bytes(), "no id is given twice");
    });
}

#[test]
fn an_entry_whose_object_is_gone_is_no_object() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    state.put(&keys::owned_object(&ALICE, &CONTRACT, 5), b"");
    called_by(ALICE, &mut state, |host| {
        let five = 5u64.to_le_bytes();
        assert_eq!(
            served(host, method::OBJECT_NEXT, &[&ALICE, &CONTRACT]),
            five
        );
        assert!(refused(host, method::OBJECT_OWNER, &[&record(CONTRACT, 5)]));
        assert_eq!(
            code(host, method::OBJECT_SET_OWNER, &[&five, &BOB]),
            NO_OBJECT
        );
        assert!(refused(
            host,
            method::OBJECT_NEXT,
            &[&ALICE, &CONTRACT, &five]
        ));
        assert!(refused(
            host,
            method::OBJECT_NEXT,
            &[&ALICE, &CONTRACT, &[0xFF; 8]]
        ));
    });
}

#[test]
fn damaged_objects_are_errors_of_the_node() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    state.put(&keys::object(&CONTRACT, 1), [1; 7]);
    state.put(&keys::object_count(&CONTRACT), [1; 7]);
    state.put(
        &[&keys::owned_objects(&ALICE, &CONTRACT)[..], &[9]].concat(),
        b"",
    );
    called_by(ALICE, &mut state, |host| {
        let one = 1u64.to_le_bytes();
        let calls: [(u16, &[&[u8]]); 3] = [
            (method::OBJECT_OWNER, &[&record(CONTRACT, 1)]),
            (method::OBJECT_CREATE, &[&ALICE]),
            (method::OBJECT_NEXT, &[&ALICE, &CONTRACT, &one]),
        ];
        for (method, items) in calls {
            let failed = host
                .call(method, &abi::codec::request(items))
                .map(|answer| answer.gas);
            assert!(
                matches!(failed, Err(Failure::Node(_))),
                "{method}: {failed:?}"
            );
        }
    });
}

#[test]
fn fields_are_paid_before_they_are_removed() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let one = 1u64.to_le_bytes();
    called_by(ALICE, &mut state, |host| {
        served(host, method::OBJECT_CREATE, &[&ALICE]);
        for field in 0..100u8 {
            code(host, method::OBJECT_SET, &[&one, &[field], &[1]]);
        }
        host.allow(abi::Gas(20_000));
        let frame = abi::codec::request(&[&one]);
        let ended = host
            .call(method::OBJECT_DELETE, &frame)
            .map(|answer| answer.gas);
        assert!(matches!(ended, Err(Failure::Contract(CallEnd::OutOfGas))));
        assert!(
            host.paid().0 <= 20_000 + Effect::LOOKED_AT.0,
            "{:?}",
            host.paid()
        );
    });
}

#[test]
fn objects_are_paid_like_keys() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    called_by(ALICE, &mut state, |host| {
        let mut paid = |method: u16, items: &[&[u8]]| {
            let outcome = call(host, method, items);
            let spec = method::spec(method).expect("a method");
            let request: usize = items.iter().map(|item| 2 + item.len()).sum();
            let reply = outcome.reply.iter().map(Vec::len).sum();
            let carried = spec.gas.before(request).0 + spec.gas.after(reply).0;
            (outcome.gas.0 - carried, outcome.refund.0)
        };
        let one = 1u64.to_le_bytes();
        // The object, its entry and the count: a run of 32 bytes each.
        assert_eq!(paid(method::OBJECT_CREATE, &[&ALICE]), (3 * 600, 0));
        assert_eq!(paid(method::OBJECT_CREATE, &[&ALICE]), (2 * 600 + 150, 0));
        // 8 bytes of id, 4 of name, 20 of value: one run; a byte more is two.
        assert_eq!(
            paid(method::OBJECT_SET, &[&one, b"name", &[1; 20]]),
            (600, 0)
        );
        assert_eq!(
            paid(method::OBJECT_SET, &[&one, b"name", &[1; 21]]),
            (150 + 600, 0)
        );
        assert_eq!(paid(method::OBJECT_APPROVE, &[&one, &BOB]), (150, 0));
        assert_eq!(
            paid(method::OBJECT_SET_OWNER, &[&one, &BOB]),
            (150 + 25 + 600, 450)
        );
        assert_eq!(
            paid(method::OBJECT_SET_OWNER, &[&one, &BOB]),
            (0, 0),
            "not alice's any more"
        );
    });
    called_by(BOB, &mut state, |host| {
        let outcome = call(host, method::OBJECT_DELETE, &[&1u64.to_le_bytes()]);
        let spec = method::spec(method::OBJECT_DELETE).expect("a method");
        let carried = spec.gas.before(10).0 + spec.gas.after(1).0;
        // Two records of a run, and a field of two.
        assert_eq!(outcome.gas.0, carried + 4 * 25 + 2 * Effect::LOOKED_AT.0);
        assert_eq!(outcome.refund.0, 4 * 450);
    });
}
