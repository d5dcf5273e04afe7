//! The engine by default: wasmi, an interpreter. It has no native code to go stale, and the shortest calls.
//!
//! A module that may be paused stops at its imports as at any other host trap of wasmi, and is
//! resumed with the result. That takes some 1,100 host instructions a call, two fifths of a host
//! call: so a call that runs to its end in one go is answered inside its import ([`inside`]), by
//! the same driver.

use super::guest::{Asked, Grant, Import, trapped, write_input};
use super::tracing::{ENTER_IMPORT, LEAVE_IMPORT, traced};
use super::{
    CALL_IMPORT, EXIT_IMPORT, GAS_EXPORT, MAIN_EXPORT, MEMORY_EXPORT, Metered, STACK_EXPORT,
    meter_image,
};
use crate::engine::{
    Allowance, Engine, EngineId, Module, PrepareError, Process, Reply, Request, Running, Server,
    Stopped, Used, Whole,
};
use crate::observer::CallObserver;
use crate::outcome::{Fault, Trap};
use crate::rules::{LIMITS, Rules};
use crate::watchdog::Watchdog;
use ::wasmi::errors::HostError;
use ::wasmi::{
    Caller, CompilationMode, Config, Error, Extern, Func, Global, Instance, Memory, Store,
    TrapCode, TypedFunc, TypedResumableCall, TypedResumableCallHostTrap,
    TypedResumableCallOutOfFuel, Val,
};
use abi::{ExitCode, Gas};
use hostapi::NodeError;
use loader::Image;
use std::fmt;
use std::sync::Arc;

mod inside;

/// wasmi's own bounds lie well beyond the limit `stack`, which ends every call first: the smallest frame
/// takes 64 bytes of it.
const DEPTH_MAX: usize = LIMITS.stack as usize / 64 + 16;
/// The most that wasmi's stack may grow to, in bytes; a frame takes less of it than of the limit `stack`.
const STACK_MAX: usize = 4 * LIMITS.stack as usize;

/// What a module holds in memory, which wasmi does not tell: its engine, and for each byte of the metered module, in
/// bytes. Measured, most modules hold half of that to all of it.
const ENGINE_SIZE: usize = 16 << 10;
const CODE_SIZE: usize = 8;

/// wasmi's fuel between two pauses of a call that can pause: a few milliseconds. Nothing of it is ever seen by a
/// contract.
const SLICE: u64 = 1_000_000;

/// WebAssembly by interpretation. Each module has a `wasmi::Engine` of its own: that one keeps all it has ever
/// translated, and is freed with the module.
#[derive(Clone, Debug)]
pub struct Wasmi {
    config: Config,
    /// Whether its calls can pause between host calls.
    pauses: bool,
    /// Whether its modules tell of their functions.
    traces: bool,
    watchdog: Option<Watchdog>,
}

impl Default for Wasmi {
    fn default() -> Self {
        Self::new()
    }
}

impl Wasmi {
    /// An engine whose calls pause at host calls only.
    #[must_use]
    pub fn new() -> Self {
        Self::build(false, None)
    }

    /// An engine whose calls can pause every few milliseconds besides. They take a fifth longer.
    #[must_use]
    pub fn pausing() -> Self {
        Self::build(true, None)
    }

    /// An engine whose calls tell a [profile](crate::Profile) of their functions. They take longer; outcome and gas are
    /// the same.
    #[must_use]
    pub fn tracing() -> Self {
        Wasmi {
            traces: true,
            ..Self::new()
        }
    }

    /// An engine that gives up calls that run too long: for queries, never for what makes blocks.
    #[must_use]
    pub fn watched(watchdog: Watchdog) -> Self {
        Self::build(true, Some(watchdog))
    }

    fn build(pauses: bool, watchdog: Option<Watchdog>) -> Self {
        let mut config = Config::default();
        // All of the work is done at deploy, so that the first call takes no longer than the next.
        config.compilation_mode(CompilationMode::Eager);
        config
            .set_max_recursion_depth(DEPTH_MAX)
            .set_max_stack_height(STACK_MAX)
            // A stack that a deep call has left behind would be kept with the module, and be in no account of it.
            .set_max_cached_stacks(0)
            .consume_fuel(pauses);
        Wasmi {
            config,
            pauses,
            traces: false,
            watchdog,
        }
    }
}

impl Engine for Wasmi {
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

impl Wasmi {
    fn compile(&self, image: &Image, rules: &Rules) -> Result<Arc<dyn Module>, PrepareError> {
        let mut metered = meter_image(image, rules)?;
        if self.traces {
            metered.wasm =
                traced(&metered.wasm).map_err(|error| PrepareError::Compile(error.to_string()))?;
        }
        let engine = ::wasmi::Engine::new(&self.config);
        let module = ::wasmi::Module::new(&engine, &metered.wasm)
            .map_err(|error| PrepareError::Compile(error.to_string()))?;
        let imports = module
            .imports()
            .map(|import| match import.name() {
                CALL_IMPORT => Imported::Call,
                EXIT_IMPORT => Imported::Exit,
                ENTER_IMPORT => Imported::Enter,
                LEAVE_IMPORT => Imported::Leave,
                other => unreachable!("validation refuses the import {other}"),
            })
            .collect();
        let size = ENGINE_SIZE + CODE_SIZE * metered.wasm.len();
        // wasmi has taken all it needs.
        metered.wasm = Vec::new();
        Ok(Arc::new(Contract {
            rules: rules.clone(),
            size,
            engine,
            module,
            metered,
            imports,
            traces: self.traces,
            pauses: self.pauses,
            watchdog: self.watchdog,
        }))
    }
}

/// An import of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Imported {
    Call,
    Exit,
    /// Those that a module has which tells of its functions.
    Enter,
    Leave,
}

/// The functions that a module imports.
struct Imports {
    call: Func,
    exit: Func,
    /// Of one that tells of its functions.
    tracers: Option<[Func; 2]>,
}

impl Imports {
    fn get(&self, import: Imported) -> Option<Func> {
        match import {
            Imported::Call => Some(self.call),
            Imported::Exit => Some(self.exit),
            Imported::Enter => self.tracers.map(|[enter, _]| enter),
            Imported::Leave => self.tracers.map(|[_, leave]| leave),
        }
    }
}

/// A prepared module.
#[derive(Debug)]
struct Contract {
    rules: Rules,
    size: usize,
    engine: ::wasmi::Engine,
    module: ::wasmi::Module,
    metered: Metered,
    imports: Vec<Imported>,
    traces: bool,
    pauses: bool,
    watchdog: Option<Watchdog>,
}

impl Module for Contract {
    fn engine(&self) -> EngineId {
        EngineId::Wasm
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn size(&self) -> usize {
        self.size
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
        Process::Other(Box::new(Resumable {
            store: Store::new(&self.engine, None),
            contract: self,
            grant: Grant::default(),
            at: At::Start(input.to_vec()),
            exports: None,
        }))
    }

    fn runs_whole(&self) -> bool {
        !self.pauses
    }

    fn run_whole(
        &self,
        input: &[u8],
        gas: Gas,
        server: &mut dyn Server,
    ) -> Option<Result<Whole, NodeError>> {
        // Without fuel, one that can pause does not run at all.
        if self.pauses {
            return None;
        }
        let whole = inside::run(self, input, gas, server);
        Some(whole.map_err(|error| NodeError::Engine(error.to_string())))
    }
}

/// The error by which an import stops the module; it leaves in the store which it is.
#[derive(Clone, Copy, Debug)]
struct AtImport;

impl fmt::Display for AtImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the module is at an import")
    }
}

impl HostError for AtImport {}

/// The import that a module has stopped at.
type Guest = Option<Import>;

/// `smart51.call`.
fn call(
    mut caller: Caller<'_, Guest>,
    method: i32,
    args: i32,
    args_len: i32,
    reply: i32,
    reply_cap: i32,
) -> Result<i32, Error> {
    *caller.data_mut() = Some(Import::Call(Asked {
        method,
        args: (args, args_len),
        reply: (reply, reply_cap),
    }));
    Err(Error::host(AtImport))
}

/// `smart51.exit`.
fn exit(mut caller: Caller<'_, Guest>, code: i32) -> Result<(), Error> {
    *caller.data_mut() = Some(Import::Exit(ExitCode(code as u8)));
    Err(Error::host(AtImport))
}

impl Contract {
    /// A fresh instance with these imports, `granted` gas to spend and `input` in its buffer; and its main function.
    fn instance<T>(
        &self,
        store: &mut Store<T>,
        given: &Imports,
        granted: i64,
        input: &[u8],
    ) -> Result<(Exports, TypedFunc<(), ()>), Error> {
        let missing = || Error::new("the instance lacks a part of the metered module");
        let imports = self.imports.iter();
        let imports: Option<Vec<_>> = imports
            .map(|import| given.get(*import).map(Extern::Func))
            .collect();
        let instance = Instance::new(&mut *store, &self.module, &imports.ok_or_else(missing)?)?;
        let global = |name| instance.get_global(&*store, name).ok_or_else(missing);
        let exports = Exports {
            memory: instance
                .get_memory(&*store, MEMORY_EXPORT)
                .ok_or_else(missing)?,
            gas: global(GAS_EXPORT)?,
            stack: global(STACK_EXPORT)?,
        };
        let main = instance.get_typed_func::<(), ()>(&*store, MAIN_EXPORT)?;
        exports.gas.set(&mut *store, Val::I64(granted))?;
        let stack = self.metered.stack.cast_signed();
        exports.stack.set(&mut *store, Val::I32(stack))?;
        write_input(exports.memory.data_mut(store), self.metered.buffer, input);
        Ok((exports, main))
    }
}

/// A module under way that can be paused.
struct Resumable {
    contract: Arc<Contract>,
    store: Store<Guest>,
    grant: Grant,
    at: At,
    exports: Option<Exports>,
}

/// What the engine reaches for in an instance.
#[derive(Clone, Copy)]
struct Exports {
    memory: Memory,
    gas: Global,
    stack: Global,
}

/// The place where a module has stopped.
enum At {
    /// Before its first operator, with its input.
    Start(Vec<u8>),
    /// At a host call, with the result that it will be resumed with.
    HostCall(TypedResumableCallHostTrap<()>, Asked, i32),
    /// Between two slices.
    Slice(TypedResumableCallOutOfFuel<()>),
    /// At its end.
    End,
}

impl Resumable {
    /// Makes the instance and calls its main function.
    fn begin(&mut self, gas: Gas, input: &[u8]) -> Result<TypedResumableCall<()>, Error> {
        let store = &mut self.store;
        let traces = self.contract.traces;
        let imports = Imports {
            call: Func::wrap(&mut *store, call),
            exit: Func::wrap(&mut *store, exit),
            // Nobody is told of functions between two pauses.
            tracers: traces.then(|| {
                let enter = Func::wrap(&mut *store, |_: Caller<'_, Guest>, _: i32| {});
                [enter, Func::wrap(&mut *store, |_: Caller<'_, Guest>| {})]
            }),
        };
        let granted = self.grant.grant(gas);
        let (exports, main) = self.contract.instance(store, &imports, granted, input)?;
        self.exports = Some(exports);
        if self.contract.pauses {
            store.set_fuel(SLICE)?;
        }
        main.call_resumable(store, ())
    }

    /// Goes on from where the module has stopped.
    fn go_on(&mut self, gas: Gas) -> Result<TypedResumableCall<()>, Error> {
        match std::mem::replace(&mut self.at, At::End) {
            At::Start(input) => self.begin(gas, &input),
            At::HostCall(call, _, result) => {
                let granted = self.grant.grant(gas);
                if let Some(exports) = self.exports {
                    exports.gas.set(&mut self.store, Val::I64(granted))?;
                }
                call.resume(&mut self.store, &[Val::I32(result)])
            }
            At::Slice(call) => {
                self.store.set_fuel(call.required_fuel().max(SLICE))?;
                call.resume(&mut self.store)
            }
            At::End => Err(Error::new("the module has ended")),
        }
    }

    /// Runs on, and says where the module has stopped. The error is wasmi's own failure, not the contract's.
    fn run(&mut self, gas: Gas) -> Result<(Used, Stopped), Error> {
        let ran = self.go_on(gas);
        let Some(exports) = self.exports else {
            return Err(ran.err().unwrap_or_else(|| Error::new("no instance")));
        };
        let stopped = match ran {
            Ok(TypedResumableCall::Finished(())) => Stopped::Exit(ExitCode(0)),
            Ok(TypedResumableCall::OutOfFuel(call)) => {
                self.at = At::Slice(call);
                return Ok((Used::Untold, Stopped::Slice));
            }
            Ok(TypedResumableCall::HostTrap(call)) => match self.store.data_mut().take() {
                Some(Import::Call(asked)) => {
                    self.at = At::HostCall(call, asked, 0);
                    Stopped::HostCall
                }
                Some(Import::Exit(code)) => Stopped::Exit(code),
                None => return Err(Error::new(call.host_error().to_string())),
            },
            Err(error) => {
                let trap = error.as_trap_code().and_then(trap).ok_or(error)?;
                let stack = exports.stack.get(&self.store).i32().unwrap_or(0);
                Stopped::Fault(trapped(trap, stack))
            }
        };
        let remaining = exports.gas.get(&self.store).i64().unwrap_or(0);
        Ok((self.grant.spent(remaining), stopped))
    }
}

impl Running for Resumable {
    fn resume(
        &mut self,
        allowance: Allowance,
        _: &mut dyn CallObserver,
    ) -> Result<(Used, Stopped), NodeError> {
        self.run(allowance.gas)
            .map_err(|error| NodeError::Engine(error.to_string()))
    }

    fn request(&self) -> Result<Request<'_>, Fault> {
        let (At::HostCall(_, asked, _), Some(exports)) = (&self.at, self.exports) else {
            return Err(Trap::BufferOutOfBounds.into());
        };
        Ok(Request {
            method: asked.method as u16,
            bytes: asked.request(exports.memory.data(&self.store))?,
        })
    }

    fn reply(&mut self, reply: Reply<'_>) {
        if let (At::HostCall(_, asked, result), Some(exports)) = (&mut self.at, self.exports) {
            *result = asked.deliver(exports.memory.data_mut(&mut self.store), reply);
        }
    }

    fn finish(self: Box<Self>) -> u64 {
        let exports = self.exports;
        exports.map_or(0, |exports| exports.memory.data_size(&self.store) as u64)
    }
}

/// The trap of a contract. Those that metering rules out are wasmi's own failures.
const fn trap(code: TrapCode) -> Option<Trap> {
    Some(match code {
        TrapCode::UnreachableCodeReached => Trap::Unreachable,
        TrapCode::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds => Trap::TableOutOfBounds,
        TrapCode::IndirectCallToNull => Trap::IndirectCallToNull,
        TrapCode::BadSignature => Trap::BadSignature,
        TrapCode::IntegerDivisionByZero => Trap::DivisionByZero,
        TrapCode::IntegerOverflow => Trap::IntegerOverflow,
        _ => return None,
    })
}
