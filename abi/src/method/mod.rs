//! The methods of the host: one table, [`METHODS`], and what follows from it.
//!
//! The dispatcher's checks, the numbers, the prices, `firmware-samples/include/smart51.h` and `docs/abi.md`
//! all come from these rows, so a method cannot exist, cost or fail differently in two places. The rows
//! 0 to 35 are the original chain's, 0x0100 and later are our own.

mod expand;
mod kind;
mod numbers2014;
mod price;
mod request;
mod table;

pub use kind::{Item, Kind, Length};
pub use price::{ADDED, CHANGED, FREED, REMOVED, STORAGE_RUN, UNCHANGED};
pub use price::{Effect, GasRule, PerBytes, StepRule, Storage};
pub use request::{AccountName, DesKey};
pub use table::*;

use crate::Semantics;
use crate::codec::KEPT;
use core::fmt;

/// The first id of the methods that the original chain did not have.
pub const FIRST_OWN: u16 = 0x0100;

/// Everything there is to know about one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodSpec {
    /// The method.
    pub method: Method,
    /// The number in the result word.
    pub id: u16,
    /// Our name, in snake case.
    pub name: &'static str,
    /// The name in the original's enumeration and in recordings; `None` for a method of our own.
    pub original: Option<&'static str>,
    /// The items that a request must have. A method without any never looks at the request.
    pub args: &'static [Item],
    /// Items that may follow those.
    pub optional: &'static [Item],
    /// The items of the reply when the call is served.
    pub reply: &'static [Item],
    /// What the call costs under our own semantics by `data-sheet`; see [`Schedule::rule`](crate::Schedule::rule).
    pub gas: GasRule,
    /// How the call moves the old chain's step counter.
    pub steps: StepRule,
    /// What the method does, in one sentence.
    pub summary: &'static str,
    /// What makes the call answer nothing, or ends the run; each without a period.
    pub failures: &'static [&'static str],
    /// What else an author must know; empty when there is nothing.
    pub notes: &'static str,
    /// A statement or two in C, using `smart51.h`.
    pub example: &'static str,
}

impl MethodSpec {
    /// The place of the method's row in [`METHODS`].
    #[inline]
    pub(crate) const fn slot(&self) -> usize {
        slot(self.method.id())
    }

    /// Whether the request frame is parsed at all. The original never looks at it for a method without
    /// arguments, whatever the buffer holds.
    #[must_use]
    pub const fn reads_request(&self) -> bool {
        !self.args.is_empty()
    }

    /// Whether a context-free action can call it: it asks nothing of the state, nor of who acts, and changes
    /// nothing but what the receipt says.
    #[must_use]
    pub const fn is_context_free(&self) -> bool {
        match self.method {
            Method::Compare
            | Method::Mul
            | Method::Add
            | Method::Sub
            | Method::Div
            | Method::Hash
            | Method::Des
            | Method::Verify
            | Method::Sign
            | Method::Print
            | Method::TxHash
            | Method::ScriptId
            | Method::Input
            | Method::Unpack
            | Method::Sha256Once
            | Method::Emit
            | Method::ReturnData
            | Method::Fail
            | Method::Abort => true,
            Method::TxContract
            | Method::TxAccount
            | Method::Pubkey
            | Method::Balance
            | Method::TxHeight
            | Method::BlockHash
            | Method::Height
            | Method::DbWrite
            | Method::DbDelete
            | Method::DbRead
            | Method::DbSize
            | Method::DbNext
            | Method::DbModify
            | Method::DbSeek
            | Method::DbRange
            | Method::RowWrite
            | Method::RowDelete
            | Method::IndexSeek
            | Method::IndexDelete
            | Method::ObjectCreate
            | Method::ObjectDelete
            | Method::ObjectOwner
            | Method::ObjectSetOwner
            | Method::ObjectApprove
            | Method::ObjectGet
            | Method::ObjectSet
            | Method::ObjectNext
            | Method::Output
            | Method::ScriptData
            | Method::TxSender
            | Method::TxUnpack
            | Method::PayAmount
            | Method::AppFree
            | Method::AppFrozen
            | Method::AppOperate
            | Method::Address
            | Method::BlockTime
            | Method::Caller
            | Method::CallContract
            | Method::StaticCall
            | Method::HasAuth
            | Method::Notify
            | Method::SendAction
            | Method::SendContextFree
            | Method::SendDeferred
            | Method::CancelDeferred => false,
        }
    }

    /// The rules under which the method first appeared.
    #[must_use]
    pub const fn since(&self) -> Semantics {
        if self.original.is_some() {
            Semantics::Dacrs2017
        } else {
            Semantics::V1
        }
    }
}

impl Method {
    /// The number in the result word.
    #[must_use]
    pub const fn id(self) -> u16 {
        self as u16
    }

    /// The method's row in the table.
    #[must_use]
    pub const fn spec(self) -> &'static MethodSpec {
        &METHODS[slot(self.id())]
    }
}

/// There is no method of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnknownMethod(pub u16);

impl fmt::Display for UnknownMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no method 0x{:04X}", self.0)
    }
}

impl core::error::Error for UnknownMethod {}

impl TryFrom<u16> for Method {
    type Error = UnknownMethod;

    fn try_from(id: u16) -> Result<Method, UnknownMethod> {
        spec(id).map(|spec| spec.method).ok_or(UnknownMethod(id))
    }
}

/// The place in [`METHODS`] of the method of number `id`, where there is one.
pub(crate) const fn slot(id: u16) -> usize {
    match id.checked_sub(FIRST_OWN) {
        None => id as usize,
        Some(own) if (own as usize) < OWN_NUMBERS => OWN_SLOTS[own as usize] as usize,
        Some(_) => METHODS.len(),
    }
}

/// How many numbers from [`FIRST_OWN`] on our own methods have, with those that are free between them.
const OWN_NUMBERS: usize = (METHODS[METHODS.len() - 1].id - FIRST_OWN) as usize + 1;

/// The place of each of them; of a free number it is behind the last method.
const OWN_SLOTS: [u8; OWN_NUMBERS] = {
    assert!(METHODS.len() < u8::MAX as usize);
    let mut slots = [METHODS.len() as u8; OWN_NUMBERS];
    let mut slot = OLD_METHODS;
    while slot < METHODS.len() {
        slots[(METHODS[slot].id - FIRST_OWN) as usize] = slot as u8;
        slot += 1;
    }
    slots
};

/// The row of number `id`, the original's and our own.
#[must_use]
pub fn spec(id: u16) -> Option<&'static MethodSpec> {
    METHODS.get(slot(id)).filter(|spec| spec.id == id)
}

/// The method a contract means by `id` when it runs under `semantics`, or `None` where there is none.
///
/// The returned row's own `id` is always the one of [`METHODS`], so dispatching needs no second numbering.
#[must_use]
pub fn spec_under(semantics: Semantics, id: u16) -> Option<&'static MethodSpec> {
    match semantics {
        Semantics::V1 => spec(id),
        Semantics::Dacrs2017 => spec(id).filter(|spec| spec.id < FIRST_OWN),
        Semantics::Dacrs2014 => from_2014(id),
    }
}

/// The method that the 2014 SDK numbered `id`, with the arguments it had then.
///
/// `None` for the numbers whose methods were gone by 2017: 15 (height of the tip), 17 and 18
/// (authorisation), 23 (change with a lifetime), 27 and 28 (time), and everything above 34.
#[must_use]
pub fn from_2014(id: u16) -> Option<&'static MethodSpec> {
    numbers2014::spec(id)
}

/// How many rows of [`METHODS`] are the original's.
const OLD_METHODS: usize = 36;

// The lookup by position relies on the old numbers being dense and our own being in order, and the check of a request
// on its items all being kept.
const _: () = {
    let mut slot = 0;
    while slot < METHODS.len() {
        let spec = &METHODS[slot];
        if slot < OLD_METHODS {
            assert!(spec.id as usize == slot);
        } else {
            assert!(spec.id >= FIRST_OWN && spec.id > METHODS[slot - 1].id);
        }
        assert!(spec.original.is_some() == (slot < OLD_METHODS));
        assert!(spec.args.len() + spec.optional.len() < KEPT);
        slot += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_finds_its_own_row_and_no_other() {
        let found: Vec<u16> = (0..=u16::MAX)
            .filter_map(|id| spec(id).map(|s| s.id))
            .collect();
        let listed: Vec<u16> = METHODS.iter().map(|s| s.id).collect();
        assert_eq!(found, listed);
    }

    #[test]
    fn every_method_has_a_price_a_name_and_an_example() {
        let mut names: Vec<_> = METHODS.iter().map(|s| s.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METHODS.len());
        for spec in METHODS {
            assert!(spec.gas.base > 0, "{}", spec.name);
            assert!(
                spec.example.contains(&format!("s51_{}(", spec.name)),
                "{}",
                spec.name
            );
            assert!(
                spec.failures.iter().all(|f| !f.ends_with('.')),
                "{}",
                spec.name
            );
        }
    }

    #[test]
    fn our_own_methods_do_not_exist_under_the_old_rules() {
        assert_eq!(
            spec_under(Semantics::V1, SHA256_ONCE).map(|s| s.id),
            Some(SHA256_ONCE)
        );
        assert_eq!(spec_under(Semantics::Dacrs2017, SHA256_ONCE), None);
        assert_eq!(spec_under(Semantics::Dacrs2014, SHA256_ONCE), None);
        assert_eq!(
            spec_under(Semantics::Dacrs2017, ADDRESS).map(|s| s.id),
            Some(ADDRESS)
        );
        assert_eq!(spec_under(Semantics::Dacrs2017, 36), None);
    }
}
