//! A call that runs to its end in one go, and is answered inside its imports.

use super::super::guest::{Asked, Grant, trapped};
use super::{Contract, Exports, Imports, trap};
use crate::engine::{Reply, Request, Server, Stopped, Whole};
use crate::outcome::Fault;
use ::wasmi::errors::HostError;
use ::wasmi::{Caller, Error, Func, Store, Val};
use abi::{ExitCode, Gas};
use std::fmt;

/// What the imports reach for.
struct Guest<'s> {
    server: &'s mut dyn Server,
    grant: Grant,
    /// Nothing before the instance is made.
    exports: Option<Exports>,
    /// The code that the module has ended with.
    exit: Option<ExitCode>,
}

/// The error by which an import ends the run: the guest has its exit code, or else the server knows why.
#[derive(Clone, Copy, Debug)]
struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call has ended")
    }
}

impl HostError for Ended {}

/// Runs `contract` with `gas` to spend. The error is wasmi's own failure, not the contract's.
pub(super) fn run(
    contract: &Contract,
    input: &[u8],
    gas: Gas,
    server: &mut dyn Server,
) -> Result<Whole, Error> {
    let mut grant = Grant::default();
    let granted = grant.grant(gas);
    let guest = Guest {
        server,
        grant,
        exports: None,
        exit: None,
    };
    let mut store = Store::new(&contract.engine, guest);
    let imports = Imports {
        call: Func::wrap(&mut store, call),
        exit: Func::wrap(&mut store, exit),
        tracers: (contract.traces)
            .then(|| [Func::wrap(&mut store, enter), Func::wrap(&mut store, leave)]),
    };
    let (exports, main) = contract.instance(&mut store, &imports, granted, input)?;
    store.data_mut().exports = Some(exports);
    let ran = main.call(&mut store, ());
    let exited = store.data().exit;
    let memory = exports.memory.data_size(&store) as u64;
    let stopped = match ran {
        Ok(()) => Stopped::Exit(ExitCode(0)),
        Err(error) if error.downcast_ref::<Ended>().is_some() => match exited {
            Some(code) => Stopped::Exit(code),
            None => {
                return Ok(Whole {
                    stopped: None,
                    memory,
                });
            }
        },
        Err(error) => {
            let trap = error.as_trap_code().and_then(trap).ok_or(error)?;
            let stack = exports.stack.get(&store).i32().unwrap_or(0);
            Stopped::Fault(trapped(trap, stack))
        }
    };
    let remaining = exports.gas.get(&store).i64().unwrap_or(0);
    Ok(Whole {
        stopped: Some((store.data_mut().grant.spent(remaining), stopped)),
        memory,
    })
}

/// `smart51.call`.
fn call(
    mut caller: Caller<'_, Guest<'_>>,
    method: i32,
    args: i32,
    args_len: i32,
    reply: i32,
    reply_cap: i32,
) -> Result<i32, Error> {
    let Some(exports) = caller.data().exports else {
        return Err(Error::host(Ended));
    };
    let remaining = exports.gas.get(&caller).i64().unwrap_or(0);
    let asked = Asked {
        method,
        args: (args, args_len),
        reply: (reply, reply_cap),
    };
    let (memory, guest) = exports.memory.data_and_store_mut(&mut caller);
    let used = guest.grant.spent(remaining);
    let request: Result<Request<'_>, Fault> = asked.request(memory).map(|bytes| Request {
        method: method as u16,
        bytes,
    });
    let (reply, gas): (Reply<'_>, Gas) = guest
        .server
        .serve(used, request)
        .ok_or_else(|| Error::host(Ended))?;
    let result = asked.deliver(memory, reply);
    let granted = guest.grant.grant(gas);
    exports.gas.set(&mut caller, Val::I64(granted))?;
    Ok(result)
}

/// `smart51.exit`.
fn exit(mut caller: Caller<'_, Guest<'_>>, code: i32) -> Result<(), Error> {
    caller.data_mut().exit = Some(ExitCode(code as u8));
    Err(Error::host(Ended))
}

/// `smart51.enter`, of a module that tells of its functions.
fn enter(mut caller: Caller<'_, Guest<'_>>, index: i32) {
    let spent = spent(&caller);
    let server = &mut caller.data_mut().server;
    server.entered_function(index.cast_unsigned(), spent);
}

/// `smart51.leave`, likewise.
fn leave(mut caller: Caller<'_, Guest<'_>>) {
    let spent = spent(&caller);
    caller.data_mut().server.left_function(spent);
}

/// What the module has spent since its last host call.
fn spent(caller: &Caller<'_, Guest<'_>>) -> Gas {
    let guest = caller.data();
    let remaining = guest
        .exports
        .and_then(|exports| exports.gas.get(caller).i64());
    remaining.map_or(Gas::ZERO, |remaining| guest.grant.peek(remaining))
}
