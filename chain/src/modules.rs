//! [`Modules`]: the engines, and the contracts they have prepared.

use crate::error::ChainError;
use abi::Semantics;
use bridge::{Engine, EngineId, Mcs51, Module, PrepareError, Wasmi};
use hostapi::NodeError;
use hostapi::state::Overlay;
use hostapi::state::keys::{self, Hash};
use loader::{Image, header};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The most that prepared contracts may take in memory, in bytes, beyond the one in use.
const CACHE_BYTES: usize = 64 << 20;

/// A contract ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) module: Arc<dyn Module>,
    /// The account-check switch of its header.
    pub(crate) account_check: bool,
}

/// The engines of a node and a cache of what they prepared: least recently used goes first.
pub(crate) struct Modules {
    engines: Vec<Box<dyn Engine>>,
    /// Most recently used first.
    cache: Mutex<Vec<((Hash, Semantics), Prepared)>>,
}

impl fmt::Debug for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Modules")
            .field("engines", &self.engines)
            .finish_non_exhaustive()
    }
}

impl Modules {
    /// The engines that a chain has unasked, and nothing prepared.
    pub(crate) fn new() -> Modules {
        Self::with(vec![Box::new(Mcs51::new()), Box::new(Wasmi::new())])
    }

    /// These engines, and nothing prepared.
    pub(crate) fn with(engines: Vec<Box<dyn Engine>>) -> Modules {
        Modules {
            engines,
            cache: Mutex::new(Vec::new()),
        }
    }

    /// Prepares `image` to run under `semantics`, without keeping it.
    pub(crate) fn prepare(
        &self,
        image: &Image,
        semantics: Semantics,
    ) -> Result<Prepared, ChainError> {
        let id = if image.as_wasm().is_some() {
            EngineId::Wasm
        } else {
            EngineId::Mcs51
        };
        let engine = self
            .engines
            .iter()
            .find(|engine| engine.id() == id)
            .ok_or(ChainError::NoEngine(id))?;
        let module = engine.prepare(image, semantics)?;
        let account_check = match id {
            EngineId::Mcs51 => {
                header::check(image, semantics)
                    .map_err(PrepareError::from)?
                    .header
                    .account_check
            }
            EngineId::Wasm => image.as_wasm().map(bridge::wasm::account_check),
        };
        Ok(Prepared {
            module,
            account_check: account_check.unwrap_or(false),
        })
    }

    /// The contract of `code_hash`, prepared to run under `semantics`.
    pub(crate) fn get(
        &self,
        state: &mut Overlay<'_>,
        code_hash: &Hash,
        semantics: Semantics,
    ) -> Result<Prepared, ChainError> {
        let wanted = (*code_hash, semantics);
        // A panic elsewhere cannot leave the list half changed.
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = cache.iter().position(|(key, _)| *key == wanted) {
            cache[..=at].rotate_right(1);
            return Ok(cache[0].1.clone());
        }
        let key = keys::code(code_hash);
        let damaged = || NodeError::damaged(&key, "the image of a deployed contract is expected");
        let stored = state.get(&key)?.ok_or_else(damaged)?;
        let image = Image::decode(stored).map_err(|_| damaged())?;
        let prepared = self.prepare(&image, semantics)?;
        cache.insert(0, (wanted, prepared.clone()));
        let mut total = 0usize;
        let kept = cache.iter().take_while(|(_, prepared)| {
            total = total.saturating_add(prepared.module.size());
            total <= CACHE_BYTES
        });
        let kept = kept.count().max(1);
        cache.truncate(kept);
        Ok(prepared)
    }
}
