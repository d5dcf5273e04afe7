//! [`Rules`]: everything that decides what a call costs and what a contract may be.

use crate::meter::Schedule;
use crate::wasm::{Costs, ModuleLimits};
use abi::Semantics;

/// What a contract is run under. The caller gives them in, to [`Engine::prepare`](crate::Engine::prepare) and to a
/// transaction; no engine and no driver knows a price of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Which chain's rules: ours or the old one's.
    pub semantics: Semantics,
    /// Prices in gas.
    pub schedule: Schedule,
    /// Prices of WebAssembly's operators, which metering writes into a module.
    pub costs: Costs,
    /// The bounds of WebAssembly modules.
    pub limits: ModuleLimits,
}

impl Rules {
    /// The first rules, under `semantics`. The one place that names these tables.
    #[must_use]
    pub const fn v1(semantics: Semantics) -> Rules {
        Rules {
            semantics,
            schedule: Schedule::V1,
            costs: Costs::V1,
            limits: LIMITS,
        }
    }
}

/// The bounds of modules in force, which an engine sets its own by: its stack and memory take what any module may.
pub(crate) const LIMITS: ModuleLimits = ModuleLimits::V1;
