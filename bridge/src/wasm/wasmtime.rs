//! The engine of the feature `wasmtime`: native code by Cranelift, for long computations.
//!
//! It runs the very module that wasmi runs, so outcome, host calls and gas are the same. What it compiles is
//! kept on disk, function by function: wasmtime hands out and takes back bytes through its interface for
//! that, and [`Cache`] sees to it that they are our own.
//!
//! The module runs on a fiber. An import leaves its call in the [`HostChannel`] and gives up the
//! thread; whoever drives the run leaves the reply there, and goes on with the fiber.

use super::guest::{Asked, Grant, Import, trapped, write_input};
use super::{
    CALL_IMPORT, EXIT_IMPORT, GAS_EXPORT, HOST_MODULE, MAIN_EXPORT, MEMORY_EXPORT, Metered,
    PAGE_SIZE, STACK_EXPORT, meter_image,
};
use crate::cache::Cache;
use crate::engine::{
    Allowance, Engine, EngineId, Module, PrepareError, Process, Reply, Request, Running, Stopped,
    Used,
};
use crate::observer::CallObserver;
use crate::outcome::{Fault, Trap};
use crate::rules::{LIMITS, Rules};
use crate::watchdog::Watchdog;
use ::wasmtime::{
    CacheStore, Caller, Config, Error, Global, InstanceAllocationStrategy, InstancePre, Linker,
    Memory, PoolingAllocationConfig, Store, UpdateDeadline, Val,
};
use abi::{ExitCode, Gas};
use hostapi::NodeError;
use loader::Image;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::future::{self, Future};
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// The most that native frames may take, in bytes. A frame holds at most a word for each value that its function ever
/// computes, and a value takes an operator, of which four count for a byte: so frames are not longer than 32 times
/// what the limit `stack` counts. The last of them may be a function that calls none and is not counted.
const STACK_MAX: usize = 32 * LIMITS.stack as usize + 8 * LIMITS.body_size as usize;
/// What is left of a fiber's stack for our own functions, in bytes.
const STACK_SPARE: usize = 256 << 10;

/// The instances that may live at one time, one for each call under way.
const INSTANCES: u32 = 64;

/// The time between two pauses of a call that can pause.
const TICK: Duration = Duration::from_millis(5);

/// WebAssembly by native code. Clones share what wasmtime keeps for all modules.
#[derive(Clone)]
pub struct Wasmtime {
    engine: ::wasmtime::Engine,
    linker: Arc<Linker<Guest>>,
    /// Whether its calls can pause between host calls.
    pauses: bool,
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
        Self::build(cache, false, None).map_err(|error| failed(&error))
    }

    /// An engine whose calls can pause every few milliseconds, and not at host calls only.
    ///
    /// # Errors
    /// If wasmtime does not run on this machine.
    pub fn pausing(cache: Option<Cache>) -> Result<Self, NodeError> {
        Self::build(cache, true, None).map_err(|error| failed(&error))
    }

    /// An engine that gives up calls that run too long: for queries, never for what makes blocks.
    ///
    /// # Errors
    /// If wasmtime does not run on this machine.
    pub fn watched(cache: Option<Cache>, watchdog: Watchdog) -> Result<Self, NodeError> {
        Self::build(cache, true, Some(watchdog)).map_err(|error| failed(&error))
    }

    fn build(
        cache: Option<Cache>,
        pauses: bool,
        watchdog: Option<Watchdog>,
    ) -> Result<Self, Error> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(INSTANCES)
            .total_memories(INSTANCES)
            .total_tables(INSTANCES)
            .total_stacks(INSTANCES);
        pool.max_memory_size(LIMITS.memory_pages as usize * PAGE_SIZE as usize);
        pool.table_elements(LIMITS.table_elements as usize);
        pool.linear_memory_keep_resident(PAGE_SIZE as usize);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        config.max_wasm_stack(STACK_MAX);
        config.async_stack_size(STACK_MAX + STACK_SPARE);
        config.wasm_backtrace_max_frames(None);
        config.epoch_interruption(pauses);
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
        if pauses {
            tick(&engine);
        }
        Ok(Wasmtime {
            engine,
            linker: Arc::new(linker),
            pauses,
            watchdog,
        })
    }
}

impl Engine for Wasmtime {
    fn id(&self) -> EngineId {
        EngineId::Wasm
    }

    fn prepare(&self, image: &Image, rules: &Rules) -> Result<Arc<dyn Module>, PrepareError> {
        let Some(watchdog) = self.watchdog else {
            return self.compile(image, rules);
        };
        let (engine, image, rules) = (self.clone(), image.clone(), rules.clone());
        watchdog.within(move || engine.compile(&image, &rules))?
    }
}

impl Wasmtime {
    fn compile(&self, image: &Image, rules: &Rules) -> Result<Arc<dyn Module>, PrepareError> {
        let metered = meter_image(image, rules)?;
        let compiled = ::wasmtime::Module::new(&self.engine, &metered.wasm);
        let instance = compiled.and_then(|module| self.linker.instantiate_pre(&module));
        let instance = instance.map_err(|error| PrepareError::Compile(format!("{error:#}")))?;
        Ok(Arc::new(Contract {
            rules: rules.clone(),
            instance,
            metered,
            pauses: self.pauses,
            watchdog: self.watchdog,
        }))
    }
}

/// Has the calls of `engine` pause from time to time, for as long as it lives.
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

/// What lies between the fiber and whoever drives the run.
#[derive(Default)]
enum Slot {
    /// Nothing: the fiber runs, or pauses between two slices.
    #[default]
    Empty,
    /// The module is at an import: the gas it has left, the size of its memory in bytes, which import, and the request,
    /// if it lies inside its memory.
    Import(i64, u64, Import, Result<Vec<u8>, Fault>),
    /// The result of `smart51.call`, the reply, and the new value of the global `gas`.
    Reply(Vec<u8>, bool, i64),
}

/// The place where the fiber and its driver leave things for each other.
#[derive(Clone, Default)]
struct HostChannel(Arc<Mutex<Slot>>);

impl HostChannel {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        // Both sides run on one thread, and neither stops half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls from within the fiber; the thread is the driver's until there is a reply: its bytes,
    /// whether it was served, and the gas.
    async fn call(
        &self,
        gas: i64,
        memory: u64,
        import: Import,
        request: Result<Vec<u8>, Fault>,
    ) -> (Vec<u8>, bool, i64) {
        *self.slot() = Slot::Import(gas, memory, import, request);
        future::poll_fn(|_| {
            let mut slot = self.slot();
            match std::mem::take(&mut *slot) {
                Slot::Reply(bytes, served, gas) => Poll::Ready((bytes, served, gas)),
                other => {
                    *slot = other;
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// What the imports reach for.
struct Guest {
    channel: HostChannel,
    /// Memory and the global `gas`; nothing before the instance is made.
    exports: Option<(Memory, Global)>,
}

/// `smart51.call`.
async fn call(
    mut caller: Caller<'_, Guest>,
    (method, args, args_len, reply, reply_cap): (i32, i32, i32, i32, i32),
) -> Result<i32, Error> {
    let channel = caller.data().channel.clone();
    let missing = || Error::msg("the instance is not made yet");
    let (memory, gas) = caller.data().exports.ok_or_else(missing)?;
    let remaining = gas.get(&mut caller).i64().unwrap_or(0);
    let asked = Asked {
        method,
        args: (args, args_len),
        reply: (reply, reply_cap),
    };
    let request = asked.request(memory.data(&caller)).map(<[u8]>::to_vec);
    let size = memory.data_size(&caller) as u64;
    let import = Import::Call(asked);
    let (bytes, served, granted) = channel.call(remaining, size, import, request).await;
    let reply = if served {
        Reply::Served(&bytes)
    } else {
        Reply::Refused
    };
    let result = asked.deliver(memory.data_mut(&mut caller), reply);
    gas.set(&mut caller, Val::I64(granted))?;
    Ok(result)
}

/// `smart51.exit`.
async fn exit(mut caller: Caller<'_, Guest>, code: i32) -> Result<(), Error> {
    let channel = caller.data().channel.clone();
    let missing = || Error::msg("the instance is not made yet");
    let (memory, gas) = caller.data().exports.ok_or_else(missing)?;
    let remaining = gas.get(&mut caller).i64().unwrap_or(0);
    let size = memory.data_size(&caller) as u64;
    let code = Import::Exit(ExitCode(code as u8));
    channel.call(remaining, size, code, Ok(Vec::new())).await;
    Err(Error::msg("the module has ended"))
}

/// A prepared module.
struct Contract {
    rules: Rules,
    instance: InstancePre<Guest>,
    metered: Metered,
    pauses: bool,
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

    fn rules(&self) -> &Rules {
        &self.rules
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

    fn watchdog(&self) -> Option<Watchdog> {
        self.watchdog
    }

    fn start(self: Arc<Self>, input: &[u8]) -> Process {
        Process::Other(Box::new(Fiber {
            contract: self,
            channel: HostChannel::default(),
            grant: Grant::default(),
            request: None,
            memory: 0,
            fiber: None,
            input: input.to_vec(),
        }))
    }
}

/// How a module ended by itself: what is left of its globals `gas` and `stack`, the size of its memory in bytes, and
/// its trap.
type End = (i64, i32, u64, Result<(), Trap>);

/// A module under way.
struct Fiber {
    contract: Arc<Contract>,
    channel: HostChannel,
    grant: Grant,
    /// The host call that it has stopped at.
    request: Option<(Asked, Result<Vec<u8>, Fault>)>,
    /// The size of its memory in bytes, as it last told.
    memory: u64,
    fiber: Option<Pin<Box<dyn Future<Output = Result<End, Error>> + Send>>>,
    input: Vec<u8>,
}

impl Fiber {
    /// Polls the fiber until it stops. The error is wasmtime's own failure, not the contract's.
    fn run(&mut self, gas: Gas) -> Result<(Used, Stopped), Error> {
        let fiber = match &mut self.fiber {
            Some(fiber) => {
                // A reply waits for the gas that comes with it; between two slices nothing waits.
                if let Slot::Reply(_, _, granted) = &mut *self.channel.slot() {
                    *granted = self.grant.grant(gas);
                }
                fiber
            }
            None => {
                let granted = self.grant.grant(gas);
                let (contract, channel) = (Arc::clone(&self.contract), self.channel.clone());
                let input = std::mem::take(&mut self.input);
                let run = async move { contract.run(channel, granted, &input).await };
                self.fiber.insert(Box::pin(run))
            }
        };
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(ended) = fiber.as_mut().poll(&mut context) {
            let (gas, stack, memory, stopped) = ended?;
            self.memory = memory;
            let stopped = match stopped {
                Ok(()) => Stopped::Exit(ExitCode(0)),
                Err(trap) => Stopped::Fault(trapped(trap, stack)),
            };
            return Ok((self.grant.spent(gas), stopped));
        }
        let left = std::mem::take(&mut *self.channel.slot());
        Ok(match left {
            Slot::Import(gas, memory, Import::Call(asked), request) => {
                self.memory = memory;
                self.request = Some((asked, request));
                (self.grant.spent(gas), Stopped::HostCall)
            }
            Slot::Import(gas, memory, Import::Exit(code), _) => {
                self.memory = memory;
                (self.grant.spent(gas), Stopped::Exit(code))
            }
            _ => (Used::Untold, Stopped::Slice),
        })
    }
}

impl Running for Fiber {
    fn resume(
        &mut self,
        allowance: Allowance,
        _: &mut dyn CallObserver,
    ) -> Result<(Used, Stopped), NodeError> {
        self.run(allowance.gas).map_err(|error| failed(&error))
    }

    fn request(&self) -> Result<Request<'_>, Fault> {
        let Some((asked, request)) = &self.request else {
            return Err(Trap::BufferOutOfBounds.into());
        };
        Ok(Request {
            method: asked.method as u16,
            bytes: request.as_ref().map_err(|fault| *fault)?,
        })
    }

    fn reply(&mut self, reply: Reply<'_>) {
        let (bytes, served) = match reply {
            Reply::Served(bytes) => (bytes.to_vec(), true),
            Reply::Refused | Reply::Cleared => (Vec::new(), false),
        };
        *self.channel.slot() = Slot::Reply(bytes, served, 0);
    }

    fn finish(self: Box<Self>) -> u64 {
        self.memory
    }
}

impl Contract {
    /// Runs the module in a fresh instance with `granted` gas. The error is wasmtime's own failure, not
    /// the contract's.
    async fn run(&self, channel: HostChannel, granted: i64, input: &[u8]) -> Result<End, Error> {
        let guest = Guest {
            channel,
            exports: None,
        };
        let mut store = Store::new(self.instance.module().engine(), guest);
        if self.pauses {
            store.set_epoch_deadline(1);
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
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
        gas.set(&mut store, Val::I64(granted))?;
        stack.set(&mut store, Val::I32(self.metered.stack.cast_signed()))?;
        write_input(memory.data_mut(&mut store), self.metered.buffer, input);

        let stopped = match main.call_async(&mut store, ()).await {
            Ok(()) => Ok(()),
            Err(error) => Err(error.downcast_ref().copied().and_then(trap).ok_or(error)?),
        };
        let gas = gas.get(&mut store).i64().unwrap_or(0);
        let stack = stack.get(&mut store).i32().unwrap_or(0);
        Ok((gas, stack, memory.data_size(&store) as u64, stopped))
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
