//! What a call costs: gas under our own semantics, steps under the old chain's.
//!
//! One gas is one machine cycle's worth. The figures follow what the work takes beside plain code, on disk with
//! 300,000 keys: no call may take more than 8 times as long a gas (`make gas-time`). Storage and outputs cost what
//! the original chain's successor settled on (WaykiChain, `src/vm/luavm/lua/fuel.h`), which is more than that.

use crate::Gas;

/// So much gas for every started run of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PerBytes {
    /// The price of one run.
    pub gas: u64,
    /// The length of a run in bytes; never 0.
    pub bytes: u64,
}

impl PerBytes {
    /// What bytes cost that are only read, noted in the log of host calls and kept.
    pub const CARRIED: PerBytes = PerBytes { gas: 1, bytes: 4 };

    /// The price of `length` bytes.
    #[must_use]
    pub const fn price(self, length: usize) -> u64 {
        (length as u64).div_ceil(self.bytes) * self.gas
    }
}

/// What a call does beyond its answer, and is charged for by what it did. The constants are the prices of `data-sheet`;
/// what is charged is what the [`Schedule`](crate::Schedule) in force says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing.
    None,
    /// Encrypts or decrypts: see [`EffectPrices::cipher`](crate::schedule::EffectPrices::cipher).
    Cipher,
    /// Writes or deletes a key of the contract's data: see
    /// [`StoragePrices`](crate::schedule::StoragePrices).
    Storage,
    /// Asks for money to move: [`Effect::OUTPUT_RECORD`] for each record.
    Outputs,
    /// Reads a free amount: [`Effect::THAWED`] for each fund that has thawed and is still to be made free.
    Thawing,
    /// Asks for app accounts to change: [`Effect::APP_RECORD`] for each record, and [`Effect::THAWED`] for each
    /// fund that thaws.
    AppOperations,
    /// Enters another contract: [`Effect::VALUE`] where an amount goes with it, and what the contract uses.
    Call,
    /// Writes an event: [`Effect::TOPIC`] for each topic.
    Event,
    /// Has an action follow: [`Effect::VALUE`] where an amount goes with it, and what the contract uses then.
    Action,
    /// Keeps an action for a later block, or no longer: see
    /// [`Schedule::deferred_gas`](crate::Schedule::deferred_gas).
    Deferred,
    /// Looks through keys in order: [`Effect::LOOKED_AT`] for each, and for finding that there are no more.
    Walk,
    /// Removes records that a call looks through: storage for each, and [`Effect::LOOKED_AT`] as for
    /// [`Effect::Walk`].
    Object,
    /// Writes or deletes a key with its entries of indexes: storage for each, and [`Effect::INDEXED`] for each
    /// index.
    Indexed,
}

impl Effect {
    /// What a key of DES costs, before any data.
    pub const DES_KEY: Gas = Gas(100);
    /// What a started block of 8 bytes costs with DES.
    pub const DES_BLOCK: Gas = Gas(40);
    /// How many times as much triple DES costs.
    pub const TRIPLE: u64 = 3;
    /// What one output record costs.
    pub const OUTPUT_RECORD: Gas = Gas(4_500);
    /// What one operation on an app account costs.
    pub const APP_RECORD: Gas = Gas(2_000);
    /// What it costs to look at a fund that has thawed.
    pub const THAWED: Gas = Gas(800);

    /// What it costs to send an amount with a call of another contract: two balances change.
    pub const VALUE: Gas = Gas(2_000);
    /// What it costs that an action is a transaction of its own later, with a receipt.
    pub const LATER: Gas = Gas(15_000);
    /// What a byte of it costs: it is hashed and kept once more, in the transaction.
    pub const LATER_BYTE: u64 = 20;
    /// What one topic of an event costs, beside its bytes.
    pub const TOPIC: Gas = Gas(375);
    /// What it costs to look at the next key, or the one before, among those that a call looks through.
    pub const LOOKED_AT: Gas = Gas(1_200);
    /// What it costs to keep an index with a key, beside the bytes of its entry: one can go and another one come.
    pub const INDEXED: Gas = Gas(2_400);

    /// Whether it changes what the transaction leaves behind, and so is refused in a static call.
    #[must_use]
    pub const fn changes_state(self) -> bool {
        match self {
            Effect::None | Effect::Cipher | Effect::Thawing | Effect::Call | Effect::Walk => false,
            Effect::Storage
            | Effect::Indexed
            | Effect::Object
            | Effect::Outputs
            | Effect::AppOperations
            | Effect::Event
            | Effect::Action
            | Effect::Deferred => true,
        }
    }
}

/// The price of a call under our own semantics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GasRule {
    /// Paid by every call, served or not, before anything is done.
    pub base: u64,
    /// Paid for the bytes of the request frame behind its total, served or not, before anything is done.
    pub request: PerBytes,
    /// Paid for the bytes of all items of the reply, without their length fields.
    pub reply: PerBytes,
    /// What is paid beyond that.
    pub effect: Effect,
}

impl GasRule {
    /// A fixed price, and what it costs to carry the bytes there and back.
    #[must_use]
    pub const fn flat(base: u64) -> GasRule {
        GasRule {
            base,
            request: PerBytes::CARRIED,
            reply: PerBytes::CARRIED,
            effect: Effect::None,
        }
    }

    /// With `gas` for every started `bytes` bytes of the request instead.
    #[must_use]
    pub const fn per_request(self, gas: u64, bytes: u64) -> GasRule {
        GasRule {
            request: PerBytes { gas, bytes },
            ..self
        }
    }

    /// With `gas` for every started `bytes` bytes of the reply instead.
    #[must_use]
    pub const fn per_reply(self, gas: u64, bytes: u64) -> GasRule {
        GasRule {
            reply: PerBytes { gas, bytes },
            ..self
        }
    }

    /// And the price of an effect.
    #[must_use]
    pub const fn with(self, effect: Effect) -> GasRule {
        GasRule { effect, ..self }
    }

    /// What a call with so many bytes in its frame pays before it is served.
    #[must_use]
    pub const fn before(&self, request: usize) -> Gas {
        Gas(self.base + self.request.price(request))
    }

    /// What a call pays for so many bytes of reply.
    #[must_use]
    pub const fn after(&self, reply: usize) -> Gas {
        Gas(self.reply.price(reply))
    }
}

/// The price of a change of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Storage {
    /// To be paid.
    pub charge: Gas,
    /// To be given back, as far as the meter's cap allows.
    pub refund: Gas,
}

/// The length in bytes of a run of a record of a contract's data, a key and its value; this and what follows are the
/// prices of `data-sheet`.
pub const STORAGE_RUN: u64 = 32;
/// For every started 32 bytes that the store did not hold before.
pub const ADDED: u64 = 600;
/// For every started 32 bytes that are written over.
pub const CHANGED: u64 = 150;
/// For every started 32 bytes that stay as they are.
pub const UNCHANGED: u64 = 10;
/// For every started 32 bytes that the store no longer holds: they are read, and kept for a rollback.
pub const REMOVED: u64 = 25;
/// Given back for every started 32 bytes that the store no longer holds.
pub const FREED: u64 = 450;

/// How a call moves the old chain's step counter, beyond the instruction that arrives at the vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepRule {
    /// Not at all.
    None,
    /// `len(value) - 1`, also when a value is written over.
    Written,
    /// `-(len(old) + 1)` if the key was there, else 0.
    Deleted,
    /// `len(new) - len(old) - 1`; a missing key counts as an empty old value.
    Replaced,
    /// `95 n - 1` for n records.
    AppOperated,
}

impl StepRule {
    /// The rule as a formula.
    #[must_use]
    pub const fn formula(self) -> &'static str {
        match self {
            StepRule::None => "0",
            StepRule::Written => "len(value) - 1, also when a value is written over",
            StepRule::Deleted => "-(len(old value) + 1) if the key was there, else 0",
            StepRule::Replaced => {
                "len(new value) - len(old value) - 1; a missing key counts as an empty old value"
            }
            StepRule::AppOperated => "95 n - 1 for n records",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Schedule, method};

    #[test]
    fn a_started_run_of_bytes_is_paid_in_full() {
        let rule = GasRule::flat(60).per_request(10, 32);
        assert_eq!(rule.before(1), Gas(70));
        assert_eq!(rule.before(32), Gas(70));
        assert_eq!(rule.before(33), Gas(80));
        assert_eq!(
            (rule.after(0), rule.after(4), rule.after(5)),
            (Gas(0), Gas(1), Gas(2))
        );
    }

    #[test]
    fn the_largest_request_and_reply_have_a_price() {
        for spec in method::METHODS {
            let _ = spec.gas.before(crate::layout::COMMUNICATE_SIZE);
            let _ = spec.gas.after(crate::layout::COMMUNICATE_SIZE);
        }
    }

    #[test]
    fn storage_is_paid_by_what_changes() {
        let paid = |old: Option<&[u8]>, new: Option<&[u8]>| {
            let Storage { charge, refund } = Schedule::DATA_SHEET.storage.change(2, old, new);
            (charge.0, refund.0)
        };
        let (small, other, large) = ([1u8; 30], [2u8; 30], [1u8; 31]);
        assert_eq!(paid(None, Some(&small)), (600, 0), "added");
        assert_eq!(
            paid(None, Some(&large)),
            (1_200, 0),
            "added, one byte beyond a run"
        );
        assert_eq!(paid(Some(&small), Some(&other)), (150, 0), "changed");
        assert_eq!(paid(Some(&small), Some(&small)), (10, 0), "unchanged");
        assert_eq!(paid(Some(&small), Some(&large)), (750, 0), "grown");
        assert_eq!(paid(Some(&large), Some(&small)), (175, 450), "shrunk");
        assert_eq!(paid(Some(&large), None), (50, 900), "deleted");
        assert_eq!(paid(None, None), (0, 0), "deleted, never there");
    }

    #[test]
    fn a_refund_is_less_than_what_the_bytes_cost() {
        for length in 0..200 {
            let value = vec![7u8; length];
            let added = Schedule::DATA_SHEET
                .storage
                .change(1, None, Some(&value))
                .charge;
            let freed = Schedule::DATA_SHEET
                .storage
                .change(1, Some(&value), None)
                .refund;
            assert!(freed < added, "{length} bytes");
        }
    }
}
