//! The engine by default: wasmi, an interpreter. It has no native code to go stale, and the shortest calls.

use super::session::{Ended, Left, Request, Session, write_input};
use super::{
    CALL_IMPORT, GAS_EXPORT, Limits, MAIN_EXPORT, MEMORY_EXPORT, Metered, STACK_EXPORT, Trap,
    meter_image,
};
use crate::engine::{Call, Engine, EngineId, Module, Observer, PrepareError, Report};
use crate::watchdog::{Watch, Watchdog, WatchedHost};
use ::wasmi::errors::HostError;
use ::wasmi::{
    Caller, CompilationMode, Config, Error, Extern, Func, Global, Instance, Memory, Store,
    TrapCode, TypedFunc, TypedResumableCall, Val,
};
use abi::{Gas, Semantics};
use hostapi::{HostApi, NodeError};
use loader::Image;
use std::sync::Arc;

/// wasmi's own bounds lie well beyond the limit `stack`, which ends every call first: the smallest frame
/// takes 64 bytes of it.
const DEPTH_MAX: usize = Limits::V1.stack as usize / 64 + 16;
/// The most that wasmi's stack may grow to, in bytes; a frame takes less of it than of the limit `stack`.
const STACK_MAX: usize = 4 * Limits::V1.stack as usize;

/// What a module holds in memory, which wasmi does not tell: its engine, and for each byte of the metered module, in
/// bytes. Measured, most modules hold half of that to all of it.
const ENGINE_SIZE: usize = 16 << 10;
const CODE_SIZE: usize = 8;

/// wasmi's fuel between two looks at the clock, of a call that is watched: a few milliseconds. Nothing of it
/// is ever seen by a contract.
const SLICE: u64 = 1_000_000;

/// WebAssembly by interpretation. Each module has a `wasmi::Engine` of its own: that one keeps all it has ever
/// translated, and is freed with the module.
#[derive(Clone, Debug)]
pub struct Wasmi {
    config: Config,
    watchdog: Option<Watchdog>,
}

impl Default for Wasmi {
    fn default() -> Self {
        Self::new()
    }
}

impl Wasmi {
    /// An engine.
    #[must_use]
    pub fn new() -> Self {
        Self::build(None)
    }

    /// An engine that gives up calls that run too long: for queries, never for what makes blocks.
    #[must_use]
    pub fn watched(watchdog: Watchdog) -> Self {
        Self::build(Some(watchdog))
    }

    fn build(watchdog: Option<Watchdog>) -> Self {
        let mut config = Config::default();
        // All of the work is done at deploy, so that the first call takes no longer than the next.
        config.compilation_mode(CompilationMode::Eager);
        config
            .set_max_recursion_depth(DEPTH_MAX)
            .set_max_stack_height(STACK_MAX)
            // A stack that a deep call has left behind would be kept with the module, and be in no account of it.
            .set_max_cached_stacks(0)
            .consume_fuel(watchdog.is_some());
        Wasmi { config, watchdog }
    }
}

impl Engine for Wasmi {
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

impl Wasmi {
    fn compile(
        &self,
        image: &Image,
        semantics: Semantics,
    ) -> Result<Arc<dyn Module>, PrepareError> {
        let mut metered = meter_image(image, semantics)?;
        let engine = ::wasmi::Engine::new(&self.config);
        let module = ::wasmi::Module::new(&engine, &metered.wasm)
            .map_err(|error| PrepareError::Compile(error.to_string()))?;
        let imports = module
            .imports()
            .map(|import| import.name() == CALL_IMPORT)
            .collect();
        let size = ENGINE_SIZE + CODE_SIZE * metered.wasm.len();
        // wasmi has taken all it needs.
        metered.wasm = Vec::new();
        Ok(Arc::new(Contract {
            size,
            engine,
            module,
            metered,
            imports,
            watchdog: self.watchdog,
        }))
    }
}

/// A prepared module.
#[derive(Debug)]
struct Contract {
    size: usize,
    engine: ::wasmi::Engine,
    module: ::wasmi::Module,
    metered: Metered,
    /// Of each import, whether it is `call`; the others are `exit`.
    imports: Vec<bool>,
    watchdog: Option<Watchdog>,
}

/// A session and what its imports reach for in the instance.
struct Running<'a> {
    session: Session<'a>,
    instance: Option<(Memory, Global)>,
}

impl HostError for Ended {}

/// `smart51.call`.
fn serve(
    mut caller: Caller<'_, Running<'_>>,
    method: i32,
    args: i32,
    args_len: i32,
    reply: i32,
    reply_cap: i32,
) -> Result<i32, Error> {
    let Some((memory, gas)) = caller.data().instance else {
        return Err(Error::host(Ended));
    };
    let left = gas.get(&caller).i64().unwrap_or(0);
    let request = Request {
        args: (args, args_len),
        reply: (reply, reply_cap),
    };
    let (bytes, running) = memory.data_and_store_mut(&mut caller);
    let places = request.places(bytes.len());
    let asked = places
        .clone()
        .map(|(args, room)| (&bytes[args], room.len()));
    let reply = running
        .session
        .call(left, method, asked)
        .map_err(Error::host)?;
    let given = reply.gas;
    if let Ok((_, room)) = places {
        bytes[room][..reply.bytes.len()].copy_from_slice(reply.bytes);
    }
    let result = reply.result;
    gas.set(&mut caller, Val::I64(given))?;
    Ok(result)
}

/// `smart51.exit`.
fn exit(mut caller: Caller<'_, Running<'_>>, code: i32) -> Result<(), Error> {
    let left = caller
        .data()
        .instance
        .and_then(|(_, gas)| gas.get(&caller).i64())
        .unwrap_or(0);
    Err(Error::host(caller.data_mut().session.exit(left, code)))
}

impl Module for Contract {
    fn engine(&self) -> EngineId {
        EngineId::Wasm
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
    fn serve(
        &self,
        call: &Call<'_>,
        host: &mut dyn HostApi,
        observer: &mut dyn Observer,
        watch: Option<Watch>,
    ) -> Result<Report, NodeError> {
        let session = Session::new(&self.metered, call, host, observer);
        if session.has_ended() {
            return session.finish(Left { gas: 0, stack: 0 }, Ok(()));
        }
        self.run(session, call.input, watch).map_err(|error| {
            let late = watch.and_then(|watch| watch.check().err());
            late.unwrap_or_else(|| NodeError::Engine(error.to_string()))
        })?
    }

    /// Runs the session in a fresh instance. The error is wasmi's own failure, not the contract's.
    fn run(
        &self,
        session: Session<'_>,
        input: &[u8],
        watch: Option<Watch>,
    ) -> Result<Result<Report, NodeError>, Error> {
        let mut store = Store::new(
            &self.engine,
            Running {
                session,
                instance: None,
            },
        );
        let call = Func::wrap(&mut store, serve);
        let exit = Func::wrap(&mut store, exit);
        let imports: Vec<_> = self
            .imports
            .iter()
            .map(|is_call| Extern::Func(if *is_call { call } else { exit }))
            .collect();
        let instance = Instance::new(&mut store, &self.module, &imports)?;
        let missing = || Error::new("the instance lacks an export of the metered module");
        let memory = instance
            .get_memory(&store, MEMORY_EXPORT)
            .ok_or_else(missing)?;
        let gas = instance
            .get_global(&store, GAS_EXPORT)
            .ok_or_else(missing)?;
        let stack = instance
            .get_global(&store, STACK_EXPORT)
            .ok_or_else(missing)?;
        let main = instance.get_typed_func::<(), ()>(&store, MAIN_EXPORT)?;

        let running = store.data_mut();
        running.instance = Some((memory, gas));
        let given = running.session.give();
        gas.set(&mut store, Val::I64(given))?;
        stack.set(&mut store, Val::I32(self.metered.stack.cast_signed()))?;
        write_input(memory.data_mut(&mut store), self.metered.buffer, input);

        let ended = match watch {
            None => main.call(&mut store, ()),
            Some(watch) => by_slices(&main, &mut store, watch),
        };
        let stopped = match ended {
            Ok(()) => Ok(()),
            Err(error) if error.downcast_ref::<Ended>().is_some() => Ok(()),
            Err(error) => Err(error.as_trap_code().and_then(trap).ok_or(error)?),
        };
        let left = Left {
            gas: gas.get(&store).i64().unwrap_or(0),
            stack: stack.get(&store).i32().unwrap_or(0),
        };
        Ok(store.into_data().session.finish(left, stopped))
    }
}

/// Calls `main` with a look at the clock after each slice.
fn by_slices(
    main: &TypedFunc<(), ()>,
    store: &mut Store<Running<'_>>,
    watch: Watch,
) -> Result<(), Error> {
    store.set_fuel(SLICE)?;
    let mut call = main.call_resumable(&mut *store, ())?;
    loop {
        call = match call {
            TypedResumableCall::Finished(()) => return Ok(()),
            TypedResumableCall::HostTrap(stopped) => {
                let error = stopped.host_error();
                let ended = error.downcast_ref::<Ended>().copied();
                return Err(ended.map_or_else(|| Error::new(error.to_string()), Error::host));
            }
            TypedResumableCall::OutOfFuel(paused) => {
                watch
                    .check()
                    .map_err(|error| Error::new(error.to_string()))?;
                store.set_fuel(paused.required_fuel().max(SLICE))?;
                paused.resume(&mut *store)?
            }
        };
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
