//! [`Rules`]: everything that decides what a call costs and what a contract may be.

use crate::wasm::ModuleLimits;
use abi::{Schedule, Semantics};
use std::sync::{Arc, LazyLock};

/// What a contract is run under. The caller gives them in, to [`Engine::prepare`](crate::Engine::prepare) and to a
/// transaction; no engine and no driver knows a price of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Which chain's rules: ours or the old one's.
    pub semantics: Semantics,
    /// Prices in gas. Metering writes those of WebAssembly's operators into a module.
    pub schedule: Arc<Schedule>,
    /// The bounds of WebAssembly modules.
    pub limits: ModuleLimits,
}

impl Rules {
    /// The rules of a chain by default, under `semantics`.
    #[must_use]
    pub fn v1(semantics: Semantics) -> Rules {
        Rules::by(&DATA_SHEET, semantics)
    }

    /// The rules of a chain on which `schedule` is in force, under `semantics`. Images under the old chain's rules are
    /// counted alike under every schedule.
    #[must_use]
    pub fn by(schedule: &Arc<Schedule>, semantics: Semantics) -> Rules {
        let schedule = match semantics.is_dacrs() {
            true => &*DATA_SHEET,
            false => schedule,
        };
        Rules {
            semantics,
            schedule: Arc::clone(schedule),
            limits: LIMITS,
        }
    }
}

/// Shared by all rules that are made of it.
static DATA_SHEET: LazyLock<Arc<Schedule>> = LazyLock::new(|| Arc::new(Schedule::DATA_SHEET));

/// The schedule of a chain by default.
#[must_use]
pub fn data_sheet() -> Arc<Schedule> {
    Arc::clone(&DATA_SHEET)
}

/// The bounds of modules in force, which an engine sets its own by: its stack and memory take what any module may.
pub(crate) const LIMITS: ModuleLimits = ModuleLimits::V1;
