//! The methods of the host: one table, [`METHODS`], and what follows from it.
//!
//! The dispatcher's checks, the numbers, the prices, `firmware-samples/include/smart51.h` and `docs/abi.md`
//! all come from these rows, so a method cannot exist, cost or fail differently in two places. The rows
//! 0 to 35 are the original chain's, 0x0100 and later are our own.

mod check;
mod numbers2014;
mod price;
mod table;

pub use check::{ArgsError, Length};
pub use price::{ADDED, CHANGED, FREED, REMOVED, STORAGE_RUN, UNCHANGED};
pub use price::{Effect, GasRule, PerBytes, StepRule, Storage, storage};
pub use table::*;

use crate::Semantics;
use crate::codec::KEPT;

/// The first id of the methods that the original chain did not have.
pub const FIRST_OWN: u16 = 0x0100;

/// What an item of a request or a reply holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// 8 bytes, little endian, two's complement.
    Int64,
    /// 4 bytes, little endian.
    Int32,
    /// At least 4 bytes, of which the first four are a little-endian number and the rest is ignored.
    Index,
    /// Any bytes, at least one in a request.
    Bytes,
    /// A switch: at least one byte in a request, of which only the first counts; one byte in a reply.
    Flag,
    /// A key of DES (8 bytes) or of triple DES (16 bytes).
    DesKey,
    /// An account: a registered id (6 bytes) or an address as text (34 characters).
    Account,
    /// A registered id: LE32 height, LE16 index.
    Regid,
    /// An address as base58check text, 34 characters.
    Address,
    /// A hash of 32 bytes, in the order in which hashing yields them.
    Hash,
    /// A compressed public key of secp256k1, 33 bytes.
    PublicKey,
    /// The name of an app account: one length byte and 40 bytes, unused ones zero.
    AppUser,
    /// Records of this many bytes each, one after the other.
    Records(u16),
    /// One record of this many bytes.
    Record(u16),
}

/// One item of a request or a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// The name used in documents, in C and in errors.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// Everything there is to know about one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodSpec {
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
    /// What the call costs under our own semantics.
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
    /// Whether the request frame is parsed at all. The original never looks at it for a method without
    /// arguments, whatever the buffer holds.
    #[must_use]
    pub const fn reads_request(&self) -> bool {
        !self.args.is_empty()
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

/// The method of number `id`, the original's and our own.
#[must_use]
pub fn spec(id: u16) -> Option<&'static MethodSpec> {
    let slot = if id < FIRST_OWN {
        usize::from(id)
    } else {
        OLD_METHODS + usize::from(id - FIRST_OWN)
    };
    METHODS.get(slot).filter(|spec| spec.id == id)
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

// The lookup by position relies on both ranges being dense and in order, and the check of a request on its items all
// being kept.
const _: () = {
    let mut slot = 0;
    while slot < METHODS.len() {
        let expected = if slot < OLD_METHODS {
            slot
        } else {
            FIRST_OWN as usize + slot - OLD_METHODS
        };
        let spec = &METHODS[slot];
        assert!(spec.id as usize == expected);
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
