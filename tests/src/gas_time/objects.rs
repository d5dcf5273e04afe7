//! Rows of the methods of objects. The sender owns them all.

use super::Case;
use super::host::{HISTORY, MANY, long};
use super::script::Calls;
use super::world::World;
use abi::method;
use state::keys::RegId;

/// The first id; what counts ids up counts their first four bytes.
const ONE: &[u8] = &[1, 0, 0, 0, 0, 0, 0, 0];
const FIELD: &[u8] = b"size";
/// A field of the longest name, which counts up at its end.
const LONG_FIELD: usize = 32;

/// Every row of this file.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut rows = Vec::new();
    objects(&mut rows);
    fields(&mut rows);
    rows
}

/// Calls in a world, before the row's and of the row.
type Told = (Vec<Calls>, Calls);

fn told(method: u16, what: &str, calls: impl Fn(&World) -> Told + 'static) -> Case {
    let name = method::spec(method).map_or("unknown", |spec| spec.name);
    Case::new(format!("{method} {name}, {what}"), move |world| {
        let (history, measured) = calls(world);
        Case::calls("", history, vec![measured]).prepare(world)
    })
}

fn create(times: u32, owner: &RegId) -> Calls {
    Calls::new(method::OBJECT_CREATE, times, &[owner])
}

/// A call of each object in turn.
fn each(method: u16, args: &[&[u8]]) -> Calls {
    Calls::new(method, MANY, args).counted(0, 0)
}

/// The record of an object of the contract.
fn record(world: &World) -> Vec<u8> {
    [&world.script[..], ONE].concat()
}

fn objects(rows: &mut Vec<Case>) {
    let n = method::OBJECT_CREATE;
    rows.push(told(n, "new ones", |world| {
        (vec![], create(MANY, &world.payer))
    }));
    rows.push(told(n, "of nobody", |_| {
        (vec![], create(MANY, &[9; 6]).counted(0, 0))
    }));
    let n = method::OBJECT_DELETE;
    let made = |world: &World| create(MANY, &world.payer);
    rows.push(told(n, "without fields", move |world| {
        (vec![made(world)], each(n, &[ONE]))
    }));
    rows.push(told(n, "missing ones", move |_| (vec![], each(n, &[ONE]))));
    rows.push(told(n, "of others", move |world| {
        (
            vec![create(MANY, &world.script)],
            Calls::new(n, MANY, &[&[0xFF; 8]]).counted(0, 4),
        )
    }));
    rows.push(told(n, "1000 fields", move |world| {
        let set = Calls::new(method::OBJECT_SET, 1_000, &[ONE, FIELD, &[1]]).counted(1, 0);
        (vec![create(1, &world.payer), set], Calls::new(n, 1, &[ONE]))
    }));
    let n = method::OBJECT_OWNER;
    rows.push(told(n, "each", move |world| {
        let calls = Calls::new(n, MANY, &[&record(world)]).counted(0, 6);
        (vec![create(MANY, &world.payer)], calls)
    }));
    rows.push(told(n, "missing ones", move |world| {
        (vec![], Calls::new(n, MANY, &[&record(world)]).counted(0, 6))
    }));
    let n = method::OBJECT_SET_OWNER;
    rows.push(told(n, "to the contract", move |world| {
        (vec![made(world)], each(n, &[ONE, &world.script]))
    }));
    rows.push(told(n, "to the same", move |world| {
        (vec![made(world)], each(n, &[ONE, &world.payer]))
    }));
    rows.push(told(n, "to nobody", move |world| {
        let calls = Calls::new(n, MANY, &[ONE, &[9; 6]]).counted(1, 0);
        (vec![made(world)], calls)
    }));
    let n = method::OBJECT_APPROVE;
    rows.push(told(n, "each", move |world| {
        (vec![made(world)], each(n, &[ONE, &world.script]))
    }));
    let n = method::OBJECT_NEXT;
    rows.push(told(n, "each of 10000", move |world| {
        let calls = Calls::new(n, HISTORY, &[&world.payer, &world.script, &[0; 8]]);
        (vec![create(HISTORY, &world.payer)], calls.counted(2, 0))
    }));
    rows.push(told(n, "behind 1000 that are gone", move |world| {
        let calls = Calls::new(n, MANY, &[&world.payer, &world.script]);
        let delete = Calls::new(method::OBJECT_DELETE, 1_000, &[ONE]).counted(0, 0);
        (vec![create(1_001, &world.payer), delete], calls)
    }));
    rows.push(told(n, "of nobody", move |world| {
        let calls = Calls::new(n, MANY, &[&[9; 6], &world.script]).counted(0, 0);
        (vec![], calls)
    }));
}

fn fields(rows: &mut Vec<Case>) {
    let n = method::OBJECT_SET;
    let set = move |args: &[&[u8]]| Calls::new(n, MANY, args).counted(1, 0);
    let made = |world: &World| create(1, &world.payer);
    let long_field = long(FIELD, LONG_FIELD);
    let value = long(&[], 4_000);
    for (what, field, value) in [
        ("new fields", FIELD.to_vec(), vec![1]),
        ("new fields of 32 bytes", long_field, vec![1]),
        ("new values of 4000 bytes", FIELD.to_vec(), value.clone()),
    ] {
        rows.push(told(n, what, move |world| {
            (vec![made(world)], set(&[ONE, &field, &value]))
        }));
    }
    rows.push(told(n, "the same again", move |world| {
        (vec![made(world)], Calls::new(n, MANY, &[ONE, FIELD, &[1]]))
    }));
    rows.push(told(n, "another value each time", move |world| {
        let calls = Calls::new(n, MANY, &[ONE, FIELD, &[1; 8]]).counted(2, 0);
        (vec![made(world)], calls)
    }));
    rows.push(told(n, "removed", move |world| {
        (
            vec![made(world), set(&[ONE, FIELD, &[1]])],
            set(&[ONE, FIELD]),
        )
    }));
    rows.push(told(n, "missing ones removed", move |world| {
        (vec![made(world)], set(&[ONE, FIELD]))
    }));
    rows.push(told(n, "of missing objects", move |_| {
        (vec![], each(n, &[ONE, FIELD, &[1]]))
    }));
    let n = method::OBJECT_GET;
    rows.push(told(n, "each", move |world| {
        let calls = Calls::new(n, MANY, &[&record(world), FIELD]).counted(1, 0);
        (vec![made(world), set(&[ONE, FIELD, &[1]])], calls)
    }));
    rows.push(told(n, "4000 bytes", move |world| {
        let calls = Calls::new(n, MANY, &[&record(world), FIELD]);
        let wrote = Calls::new(method::OBJECT_SET, 1, &[ONE, FIELD, &value]);
        (vec![made(world), wrote], calls)
    }));
    rows.push(told(n, "missing ones", move |world| {
        (
            vec![],
            Calls::new(n, MANY, &[&record(world), FIELD]).counted(1, 0),
        )
    }));
    rows.push(told(n, "missing ones of 4000 bytes", move |world| {
        (
            vec![],
            Calls::new(n, MANY, &[&record(world), &long(FIELD, 4_000)]).counted(1, 0),
        )
    }));
}
