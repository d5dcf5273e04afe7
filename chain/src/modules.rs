//! [`Modules`]: the engines, and the contracts they have prepared.

use crate::error::ChainError;
use abi::{Schedule, Semantics};
use bridge::{Engine, EngineId, Module, Rules};
use hostapi::NodeError;
use loader::Image;
use state::Overlay;
use state::keys::{self, Hash};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The most that prepared contracts may take in memory, in bytes, beyond the one in use. What is evicted is freed, and
/// a call pays as though its contract had been: so this may be any figure, and no receipt shows it.
const CACHE_BYTES: usize = 48 << 20;

/// The engines of a node and a cache of what they prepared: least recently used goes first.
pub struct Modules {
    engines: Vec<Box<dyn Engine>>,
    /// Most recently used first.
    cache: Mutex<Vec<Cached>>,
}

/// A prepared contract, by code hash, semantics, and the schedule whose prices are in it.
type Cached = ((Hash, Semantics, Arc<Schedule>), Arc<dyn Module>);

impl fmt::Debug for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Modules")
            .field("engines", &self.engines)
            .finish_non_exhaustive()
    }
}

impl Default for Modules {
    fn default() -> Self {
        Self::new()
    }
}

impl Modules {
    /// The engines that a chain has unasked, and nothing prepared.
    pub fn new() -> Modules {
        Self::with(bridge::engines())
    }

    /// These engines, and nothing prepared.
    pub fn with(engines: Vec<Box<dyn Engine>>) -> Modules {
        Modules {
            engines,
            cache: Mutex::new(Vec::new()),
        }
    }

    /// Prepares `image` to run under `rules`, without keeping it.
    pub fn prepare(&self, image: &Image, rules: &Rules) -> Result<Arc<dyn Module>, ChainError> {
        let id = EngineId::of(image);
        let engine = self
            .engines
            .iter()
            .find(|engine| engine.id() == id)
            .ok_or(ChainError::NoEngine(id))?;
        Ok(engine.prepare(image, rules)?)
    }

    /// The contract of `code_hash`, which was deployed, prepared to run under `rules`. After a change of the schedule
    /// that is done anew, at the price that each call pays for it anyway: it pays as though nobody kept the contract.
    /// A module that its new metering makes longer than any that can be deployed runs all the same.
    pub fn get(
        &self,
        state: &mut Overlay<'_>,
        code_hash: &Hash,
        rules: &Rules,
    ) -> Result<Arc<dyn Module>, ChainError> {
        let wanted = (*code_hash, rules.semantics, Arc::clone(&rules.schedule));
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
        let rules = Rules {
            limits: rules.limits.once_deployed(),
            ..rules.clone()
        };
        let prepared = self.prepare(&image, &rules)?;
        cache.insert(0, (wanted, prepared.clone()));
        let mut total = 0usize;
        let kept = cache.iter().take_while(|(_, prepared)| {
            total = total.saturating_add(prepared.size());
            total <= CACHE_BYTES
        });
        let kept = kept.count().max(1);
        cache.truncate(kept);
        Ok(prepared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::Gas;
    use bridge::{PrepareError, Process};
    use state::MemStore;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// An engine whose modules hold as many MiB as their image's first byte says.
    #[derive(Debug, Default)]
    struct Sized {
        held: Arc<AtomicUsize>,
        prepared: Arc<AtomicUsize>,
    }

    #[derive(Debug)]
    struct Held {
        rules: Rules,
        size: usize,
        held: Arc<AtomicUsize>,
    }

    impl Drop for Held {
        fn drop(&mut self) {
            self.held.fetch_sub(self.size, Ordering::Relaxed);
        }
    }

    impl Engine for Sized {
        fn id(&self) -> EngineId {
            EngineId::Mcs51
        }

        fn prepare(&self, image: &Image, rules: &Rules) -> Result<Arc<dyn Module>, PrepareError> {
            let size = usize::from(image.segments()[0].bytes[0]) << 20;
            self.held.fetch_add(size, Ordering::Relaxed);
            self.prepared.fetch_add(1, Ordering::Relaxed);
            let held = Arc::clone(&self.held);
            let rules = rules.clone();
            Ok(Arc::new(Held { rules, size, held }))
        }
    }

    impl Module for Held {
        fn engine(&self) -> EngineId {
            EngineId::Mcs51
        }

        fn size(&self) -> usize {
            self.size
        }

        fn entry_gas(&self) -> Gas {
            Gas::ZERO
        }

        fn account_check(&self) -> bool {
            false
        }

        fn rules(&self) -> &Rules {
            &self.rules
        }

        fn start(self: Arc<Self>, _: &[u8]) -> Process {
            unreachable!("nobody calls it")
        }
    }

    /// Modules of every size, asked for in an order that repeats: never more is held than the bound and the one that
    /// was asked for, and what fits is prepared once.
    #[test]
    fn what_is_evicted_is_freed_and_the_bound_holds() {
        let engine = Sized::default();
        let (held, prepared) = (Arc::clone(&engine.held), Arc::clone(&engine.prepared));
        let modules = Modules::with(vec![Box::new(engine)]);
        let store = MemStore::new();
        let mut state = Overlay::new(&store);
        let mut ask = |mib: u8, number: u8| {
            let image = Image::bin(&[mib, number]).expect("an image");
            let hash = image.code_hash();
            state.put(&keys::code(&hash), image.encode());
            let module = modules
                .get(&mut state, &hash, &Rules::v1(Semantics::V1))
                .expect("it is there");
            let most = CACHE_BYTES.max(module.size());
            assert!(
                held.load(Ordering::Relaxed) <= most,
                "after {mib} MiB, {number}"
            );
        };
        for number in 0..200 {
            ask([1, 3, 40, 7, 60, 2][usize::from(number % 6)], number);
        }
        let before = prepared.load(Ordering::Relaxed);
        for round in 0..3 {
            for number in 0..4 {
                ask(12, number);
            }
            assert_eq!(
                prepared.load(Ordering::Relaxed),
                before + 4,
                "round {round}"
            );
        }
    }
}
