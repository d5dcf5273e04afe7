//! What a gas of each thing that costs gas takes in processor time, beside a gas of plain code.
//!
//! A row is a [`Case`]: a name, and what is done. To add one, push a `Case` in a function like [`host::cases`] and
//! name that function in [`cases`]. `Case::calls` makes one
//! of host calls, `Case::new` of anything: its trial does the thing once for [`Part::Whole`] and returns the gas it
//! cost, and for [`Part::History`] does only what comes before the thing that the row is about. The row's time and
//! gas are those of the whole less those of the history, so that dear gas of the history hides nothing.

pub mod calls;
pub mod deferred;
pub mod entry;
pub mod funds;
pub mod host;
pub mod measure;
pub mod memory;
pub mod objects;
pub mod ordered;
pub mod plain;
pub mod script;
pub mod transactions;
pub mod world;

use abi::{Schedule, Semantics};
use bridge::Rules;
use chain::Genesis;
use script::Calls;
use std::sync::{Arc, OnceLock};
use world::World;

/// The most times the time of a gas of plain code that a gas of anything may take.
pub const MOST: f64 = 8.0;

/// The rows that `make test` counts the host instructions of: the worst of their kinds.
pub const COUNTED: &[&str] = &[
    "0 compare, 1300 arguments",
    "0 compare, a wrong argument of 4093 bytes",
    "6 des, 4000 bytes, 16-byte key, 1",
    "7 verify, a valid signature",
    "10 tx_contract, a known transaction",
    "12 pubkey, the sender",
    "17 db_write, new keys",
    "17 db_write, new keys of 4000 bytes",
    "19 db_read, missing keys of 4000 bytes",
    "21 db_next, 1000 keys written and deleted",
    "21 db_next, 10000 keys written, each",
    "22 tx_hash, on the 8051",
    "24 output, 40 records to addresses",
    "272 db_seek, way 2, 10000 stored keys deleted, each",
    "274 row_write, other numbers, 8 indexes",
    "289 object_delete, 1000 fields",
    "294 object_set, new fields of 32 bytes",
    "29 unpack, 4090 bytes of format",
    "34 app_operate, 300 frozen funds of one user",
    "transaction, the smallest call",
    "transaction, a deployment of 33 bytes",
    "refused, a deployment that cannot be paid (gas: of a call)",
];

/// The schedule whose gas is measured.
static CHOSEN: OnceLock<&'static Schedule> = OnceLock::new();

/// Has the gas of another schedule than `data-sheet` measured. The first choice counts.
pub fn choose(schedule: &'static Schedule) {
    let _ = CHOSEN.set(schedule);
}

/// The schedule whose gas is measured.
pub fn chosen() -> &'static Schedule {
    CHOSEN.get_or_init(|| &Schedule::DATA_SHEET)
}

/// A chain on which it is in force.
fn genesis() -> Genesis {
    Genesis {
        schedule: chosen().version,
        ..Genesis::default()
    }
}

/// The rules of contracts under it.
fn rules() -> Rules {
    Rules::by(&Arc::new(*chosen()), Semantics::V1)
}

/// Whatever can go wrong while measuring.
pub type Error = Box<dyn std::error::Error>;

/// What a trial does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Only what comes before the thing that is measured.
    History,
    /// That, and the thing.
    Whole,
}

/// Does a part of a case and returns the gas it cost. It is called again and again.
pub type Trial<'w> = Box<dyn FnMut(Part) -> Result<u64, Error> + 'w>;

type Prepare = Box<dyn for<'w> Fn(&'w World) -> Result<Trial<'w>, Error>>;

/// One row of the table.
pub struct Case {
    /// What is measured.
    pub name: String,
    prepare: Prepare,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

impl Case {
    /// A row of anything. `prepare` makes ready in a world, once, and is not measured.
    pub fn new(
        name: impl Into<String>,
        prepare: impl for<'w> Fn(&'w World) -> Result<Trial<'w>, Error> + 'static,
    ) -> Case {
        Case {
            name: name.into(),
            prepare: Box::new(prepare),
        }
    }

    /// A row of host calls, made by one call of a contract: `measured` after `history`.
    pub fn calls(name: impl Into<String>, history: Vec<Calls>, measured: Vec<Calls>) -> Case {
        Case::new(name, move |world| {
            let first = script::input(&history)?;
            let both = script::input(history.iter().chain(&measured))?;
            Ok(Box::new(move |part| {
                let input = match part {
                    Part::History => &first,
                    Part::Whole => &both,
                };
                world.call(world.script, input)
            }))
        })
    }

    /// A row of host calls that one call of a contract makes after another has made `earlier`, in the same block.
    pub fn after(name: impl Into<String>, earlier: Vec<Calls>, measured: Vec<Calls>) -> Case {
        Case::new(name, move |world| {
            let inputs = [script::input(&earlier)?, script::input(&measured)?];
            Ok(Box::new(move |part| {
                world.calls(match part {
                    Part::History => &inputs[..1],
                    Part::Whole => &inputs,
                })
            }))
        })
    }

    /// A row of a host method called without arguments, on the 8051: nothing else of a contract costs as little.
    pub fn mcs51(method: u8) -> Case {
        let name = abi::method::spec(method.into()).map_or("", |spec| spec.name);
        Case::new(format!("{method} {name}, on the 8051"), move |world| {
            Ok(Box::new(move |part| {
                let times = u8::from(part == Part::Whole);
                world.call(world.mcs51, &[method, times])
            }))
        })
    }

    /// The row, ready to be measured.
    ///
    /// # Errors
    /// When the thing cannot be done.
    pub fn prepare<'w>(&self, world: &'w World) -> Result<Trial<'w>, Error> {
        (self.prepare)(world)
    }
}

/// Every row.
///
/// # Errors
/// When an image that a row is about cannot be made.
pub fn cases() -> Result<Vec<Case>, Error> {
    let mut rows = host::cases();
    rows.extend(ordered::cases());
    rows.extend(objects::cases());
    rows.extend(funds::cases());
    rows.extend(calls::cases());
    rows.extend(deferred::cases());
    rows.extend(transactions::cases());
    rows.extend(entry::cases()?);
    Ok(rows)
}
