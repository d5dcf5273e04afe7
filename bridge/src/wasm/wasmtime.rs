//! The engine of the feature `wasmtime`: native code by Cranelift, for long computations.
//!
//! It runs the very module that wasmi runs, so outcome, host calls and gas are the same. What it compiles is
//! kept on disk, function by function: wasmtime hands out and takes back bytes through its interface for
//! that, and [`Cache`] sees to it that they are our own.
//!
//! wasmtime wants all that its imports reach for to live as long as the instance, and a session lives for one
//! call only. So the module runs on a fiber. An import leaves its request in the [`Mailbox`] and gives up the
//! thread; the session, outside, answers it there and goes on with the fiber.

use super::session::{Ended, Left, Request, Session, write_input};
use super::{
    CALL_IMPORT, EXIT_IMPORT, GAS_EXPORT, HOST_MODULE, Limits, MAIN_EXPORT, MEMORY_EXPORT, Metered,
    PAGE_SIZE, STACK_EXPORT, Trap, meter_image,
};
use crate::cache::Cache;
use crate::engine::{Call, Engine, EngineId, Module, Observer, PrepareError, Report};
use crate::watchdog::{Watch, Watchdog, WatchedHost};
use ::wasmtime::{
    CacheStore, Caller, Config, Error, Global, InstanceAllocationStrategy, InstancePre, Linker,
    Memory, PoolingAllocationConfig, Store, UpdateDeadline, Val,
};
use abi::{Gas, Semantics};
use hostapi::{HostApi, NodeError};
use loader::Image;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::future::{self, Future};
use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// The most that native frames may take, in bytes. A frame holds at most a word for each value that its function ever
/// computes, and a value takes an operator, of which four count for a byte: so frames are not longer than 32 times
/// what the limit `stack` counts. The last of them may be a function that calls none and is not counted.
const STACK_MAX: usize = 32 * Limits::V1.stack as usize + 8 * Limits::V1.body_size as usize;
/// What is left of a fiber's stack for our own functions, in bytes.
const STACK_SPARE: usize = 256 << 10;

/// The instances that may live at one time, one for each call under way.
const INSTANCES: u32 = 64;

/// The time between two looks at the clock, of a call that is watched.
const TICK: Duration = Duration::from_millis(5);

/// WebAssembly by native code. Clones share what wasmtime keeps for all modules.
#[derive(Clone)]
pub struct Wasmtime {
    engine: ::wasmtime::Engine,
    linker: Arc<Linker<Guest>>,
    watchdog: Option<Watchdog>,
}

impl fmt::Debug for Wasmtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wasmtime").finish_non_exhaustive()
    }
}

impl Wasmtime {
    /// An engine without modules. What it compiles is kept in `cache`, where there is one.
    ///
    /// # Errors
    /// If wasmtime does not run on this machine.
    pub fn new(cache: Option<Cache>) -> Result<Self, NodeError> {
        Self::build(cache, None).map_err(|error| failed(&error))
    }

    /// An engine that gives up calls that run too long: for queries, never for what makes blocks.
    ///
    /// # Errors
    /// If wasmtime does not run on this machine.
    pub fn watched(cache: Option<Cache>, watchdog: Watchdog) -> Result<Self, NodeError> {
        Self::build(cache, Some(watchdog)).map_err(|error| failed(&error))
    }

    fn build(cache: Option<Cache>, watchdog: Option<Watchdog>) -> Result<Self, Error> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(INSTANCES)
            .total_memories(INSTANCES)
            .total_tables(INSTANCES)
            .total_stacks(INSTANCES);
        pool.max_memory_size(Limits::V1.memory_pages as usize * PAGE_SIZE as usize);
        pool.table_elements(Limits::V1.table_elements as usize);
        pool.linear_memory_keep_resident(PAGE_SIZE as usize);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        config.max_wasm_stack(STACK_MAX);
        config.async_stack_size(STACK_MAX + STACK_SPARE);
        config.wasm_backtrace_max_frames(None);
        config.epoch_interruption(watchdog.is_some());
        let environment = Arc::new(OnceLock::new());
        if let Some(cache) = cache {
            let environment = Arc::clone(&environment);
            config.enable_incremental_compilation(Arc::new(Functions { cache, environment }))?;
        }
        let engine = ::wasmtime::Engine::new(&config)?;
        environment.get_or_init(|| environment_of(&engine));
        let mut linker = Linker::new(&engine);
        linker.func_wrap_async(HOST_MODULE, CALL_IMPORT, |caller, arguments| {
            Box::new(call(caller, arguments))
        })?;
        linker.func_wrap_async(HOST_MODULE, EXIT_IMPORT, |caller, (code,)| {
            Box::new(exit(caller, code))
        })?;
        if watchdog.is_some() {
            tick(&engine);
        }
        Ok(Wasmtime {
            engine,
            linker: Arc::new(linker),
            watchdog,
        })
    }
}

impl Engine for Wasmtime {
    fn id(&self) -> EngineId {
        EngineId::Wasm
    }

    fn prepare(
        &self,
        image: &Image,
        semantics: Semantics,
    ) -> Result<Arc<dyn Module>, PrepareError> {
        let Some(watchdog) = self.watchdog else {
            return self.compile(image, semantics);
        };
        let (engine, image) = (self.clone(), image.clone());
        watchdog.within(move || engine.compile(&image, semantics))?
    }
}

impl Wasmtime {
    fn compile(
        &self,
        image: &Image,
        semantics: Semantics,
    ) -> Result<Arc<dyn Module>, PrepareError> {
        let metered = meter_image(image, semantics)?;
        let compiled = ::wasmtime::Module::new(&self.engine, &metered.wasm);
        let instance = compiled.and_then(|module| self.linker.instantiate_pre(&module));
        let instance = instance.map_err(|error| PrepareError::Compile(format!("{error:#}")))?;
        Ok(Arc::new(Contract {
            instance,
            metered,
            watchdog: self.watchdog,
        }))
    }
}

/// Has the calls of `engine` look at the clock from time to time, for as long as it lives.
fn tick(engine: &::wasmtime::Engine) {
    let engine = engine.weak();
    thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    });
}

/// What an import asks of the session.
enum Question {
    Call {
        gas: i64,
        method: i32,
        /// The request, and the length of the room for the reply.
        asked: Result<(Vec<u8>, usize), Trap>,
    },
    Exit {
        gas: i64,
        code: i32,
    },
}

/// What the session answers to a call: result, reply, and the new value of the global `gas`.
type Answer = Result<(i32, Vec<u8>, i64), Ended>;

/// What lies between the fiber and the session.
#[derive(Default)]
enum Letter {
    #[default]
    None,
    Question(Question),
    Answer(Answer),
}

/// A place for one letter.
#[derive(Clone, Default)]
struct Mailbox(Arc<Mutex<Letter>>);

impl Mailbox {
    fn letter(&self) -> MutexGuard<'_, Letter> {
        // Both sides run on one thread, and neither stops half-way through a letter.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks from within the fiber; the thread is the session's until it has answered.
    async fn ask(&self, question: Question) -> Answer {
        *self.letter() = Letter::Question(question);
        future::poll_fn(|_| {
            let mut letter = self.letter();
            match std::mem::take(&mut *letter) {
                Letter::Answer(answer) => Poll::Ready(answer),
                other => {
                    *letter = other;
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Answers from without; whether there was a question.
    fn answer(&self, session: &mut Session<'_>) -> bool {
        let mut letter = self.letter();
        let answer = match std::mem::take(&mut *letter) {
            Letter::Question(Question::Call { gas, method, asked }) => {
                let asked = asked.as_ref().map_err(|trap| *trap);
                let asked = asked.map(|(request, room)| (request.as_slice(), *room));
                let reply = session.call(gas, method, asked);
                reply.map(|reply| (reply.result, reply.bytes.to_vec(), reply.gas))
            }
            Letter::Question(Question::Exit { gas, code }) => Err(session.exit(gas, code)),
            _ => return false,
        };
        *letter = Letter::Answer(answer);
        true
    }
}

/// What the imports reach for.
struct Guest {
    mailbox: Mailbox,
    /// Memory and the global `gas`; nothing before the instance is made.
    exports: Option<(Memory, Global)>,
}

/// `smart51.call`.
async fn call(
    mut caller: Caller<'_, Guest>,
    (method, args, args_len, reply, reply_cap): (i32, i32, i32, i32, i32),
) -> Result<i32, Error> {
    let mailbox = caller.data().mailbox.clone();
    let (memory, gas) = caller.data().exports.ok_or(Ended)?;
    let left = gas.get(&mut caller).i64().unwrap_or(0);
    let request = Request {
        args: (args, args_len),
        reply: (reply, reply_cap),
    };
    let bytes = memory.data(&caller);
    let places = request.places(bytes.len());
    let asked = places.clone();
    let asked = asked.map(|(args, room)| (bytes[args].to_vec(), room.len()));
    let question = Question::Call {
        gas: left,
        method,
        asked,
    };
    let (result, reply, given) = mailbox.ask(question).await?;
    if let Ok((_, room)) = places {
        memory.data_mut(&mut caller)[room][..reply.len()].copy_from_slice(&reply);
    }
    gas.set(&mut caller, Val::I64(given))?;
    Ok(result)
}

/// `smart51.exit`.
async fn exit(mut caller: Caller<'_, Guest>, code: i32) -> Result<(), Error> {
    let mailbox = caller.data().mailbox.clone();
    let (_, gas) = caller.data().exports.ok_or(Ended)?;
    let gas = gas.get(&mut caller).i64().unwrap_or(0);
    mailbox.ask(Question::Exit { gas, code }).await?;
    Ok(())
}

/// A prepared module.
struct Contract {
    instance: InstancePre<Guest>,
    metered: Metered,
    watchdog: Option<Watchdog>,
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("buffer", &self.metered.buffer)
            .finish_non_exhaustive()
    }
}

impl Module for Contract {
    fn engine(&self) -> EngineId {
        EngineId::Wasm
    }

    fn size(&self) -> usize {
        let code = self.instance.module().image_range();
        (code.end as usize).saturating_sub(code.start as usize)
    }

    fn entry_gas(&self) -> Gas {
        self.metered.entry_gas
    }

    fn account_check(&self) -> bool {
        self.metered.account_check
    }

    fn call(
        &self,
        call: &Call<'_>,
        host: &mut dyn HostApi,
        observer: &mut dyn Observer,
    ) -> Result<Report, NodeError> {
        match self.watchdog.map(Watchdog::start) {
            None => self.serve(call, host, observer, None),
            Some(watch) => {
                let host = &mut WatchedHost { watch, host };
                self.serve(call, host, observer, Some(watch))
            }
        }
    }
}

impl Contract {
    /// Runs a call, and answers what it asks.
    fn serve(
        &self,
        call: &Call<'_>,
        host: &mut dyn HostApi,
        observer: &mut dyn Observer,
        watch: Option<Watch>,
    ) -> Result<Report, NodeError> {
        let mut session = Session::new(&self.metered, call, host, observer);
        if session.has_ended() {
            return session.finish(Left { gas: 0, stack: 0 }, Ok(()));
        }
        let mailbox = Mailbox::default();
        let mut fiber = pin!(self.run(mailbox.clone(), session.give(), call.input, watch));
        let ended = loop {
            match fiber.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(ended) => break ended,
                Poll::Pending if mailbox.answer(&mut session) => {}
                Poll::Pending => break Err(Error::msg("the module waits for nothing")),
            }
        };
        let (left, stopped) = ended.map_err(|error| {
            let late = watch.and_then(|watch| watch.check().err());
            late.unwrap_or_else(|| failed(&error))
        })?;
        session.finish(left, stopped)
    }

    /// Runs the module in a fresh instance with `given` to spend. The error is wasmtime's own failure, not
    /// the contract's.
    async fn run(
        &self,
        mailbox: Mailbox,
        given: i64,
        input: &[u8],
        watch: Option<Watch>,
    ) -> Result<(Left, Result<(), Trap>), Error> {
        let guest = Guest {
            mailbox,
            exports: None,
        };
        let mut store = Store::new(self.instance.module().engine(), guest);
        if let Some(watch) = watch {
            store.set_epoch_deadline(1);
            store.epoch_deadline_callback(move |_| match watch.check() {
                Ok(()) => Ok(UpdateDeadline::Continue(1)),
                Err(late) => Err(Error::msg(late.to_string())),
            });
        }
        let instance = self.instance.instantiate_async(&mut store).await?;
        let missing = || Error::msg("the instance lacks an export of the metered module");
        let memory = instance
            .get_memory(&mut store, MEMORY_EXPORT)
            .ok_or_else(missing)?;
        let gas = instance
            .get_global(&mut store, GAS_EXPORT)
            .ok_or_else(missing)?;
        let stack = instance
            .get_global(&mut store, STACK_EXPORT)
            .ok_or_else(missing)?;
        let main = instance.get_typed_func::<(), ()>(&mut store, MAIN_EXPORT)?;

        store.data_mut().exports = Some((memory, gas));
        gas.set(&mut store, Val::I64(given))?;
        stack.set(&mut store, Val::I32(self.metered.stack.cast_signed()))?;
        write_input(memory.data_mut(&mut store), self.metered.buffer, input);

        let stopped = match main.call_async(&mut store, ()).await {
            Ok(()) => Ok(()),
            Err(error) if error.downcast_ref::<Ended>().is_some() => Ok(()),
            Err(error) => Err(error.downcast_ref().copied().and_then(trap).ok_or(error)?),
        };
        let gas = gas.get(&mut store).i64().unwrap_or(0);
        let stack = stack.get(&mut store).i32().unwrap_or(0);
        Ok((Left { gas, stack }, stopped))
    }
}

/// The trap of a contract. Those that metering rules out are wasmtime's own failures.
fn trap(trap: ::wasmtime::Trap) -> Option<Trap> {
    use ::wasmtime::Trap as T;
    Some(match trap {
        T::UnreachableCodeReached => Trap::Unreachable,
        T::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        T::TableOutOfBounds => Trap::TableOutOfBounds,
        T::IndirectCallToNull => Trap::IndirectCallToNull,
        T::BadSignature => Trap::BadSignature,
        T::IntegerDivisionByZero => Trap::DivisionByZero,
        T::IntegerOverflow => Trap::IntegerOverflow,
        _ => return None,
    })
}

fn failed(error: &Error) -> NodeError {
    NodeError::Engine(format!("{error:#}"))
}

/// What compiled functions depend on beside their code: the version of wasmtime, its configuration, and
/// the features of this machine's processor.
fn environment_of(engine: &::wasmtime::Engine) -> [u8; 32] {
    struct Sha(Sha256);
    impl Hasher for Sha {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut hasher = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// Compiled functions in a cache. wasmtime's key is a hash of a function's code; ours adds the environment.
#[derive(Debug)]
struct Functions {
    cache: Cache,
    environment: Arc<OnceLock<[u8; 32]>>,
}

impl Functions {
    fn key(&self, key: &[u8]) -> Option<Vec<u8>> {
        Some([self.environment.get()?, key].concat())
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.cache.get(&self.key(key)?).map(Cow::Owned)
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        self.key(key)
            .is_some_and(|key| self.cache.put(&key, &value))
    }
}
