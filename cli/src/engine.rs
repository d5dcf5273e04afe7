//! Which engine runs contracts: `--engine`.

use crate::error::Error;
use bridge::{Engine, Mcs51, Wasmi, Watchdog};
use clap::Args;
use std::str::FromStr;

/// The option of every command that runs contracts.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct EngineArgs {
    /// Which engine runs WebAssembly: wasm=wasmi, which interprets it, or wasm=wasmtime, which compiles it, in a
    /// build that has it. Outcome, gas and state are the same by either [default: wasm=wasmi].
    #[arg(long, value_name = "KIND=ENGINE")]
    engine: Option<Choice>,
}

/// An engine for WebAssembly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Choice {
    #[default]
    Wasmi,
    #[cfg(feature = "wasmtime")]
    Wasmtime,
}

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Choice, Self::Err> {
        match text {
            "wasm=wasmi" => Ok(Choice::Wasmi),
            #[cfg(feature = "wasmtime")]
            "wasm=wasmtime" => Ok(Choice::Wasmtime),
            #[cfg(not(feature = "wasmtime"))]
            "wasm=wasmtime" => Err("this build has no wasmtime; build it with \
                 `cargo build --release -p smart51 --features wasmtime`"),
            _ => Err("expected wasm=wasmi or wasm=wasmtime"),
        }
    }
}

impl EngineArgs {
    /// The engines, one for each kind of image.
    ///
    /// # Errors
    /// If the one asked for does not run on this machine.
    pub(crate) fn engines(&self) -> Result<Vec<Box<dyn Engine>>, Error> {
        let wasm: Box<dyn Engine> = match self.engine.unwrap_or_default() {
            Choice::Wasmi => Box::new(Wasmi::new()),
            #[cfg(feature = "wasmtime")]
            Choice::Wasmtime => Box::new(bridge::Wasmtime::new(None)?),
        };
        Ok(vec![Box::new(Mcs51::new()), wasm])
    }

    /// The engines, by which a profile is told of functions.
    ///
    /// # Errors
    /// If another engine for WebAssembly than wasmi is asked for, which can't.
    pub(crate) fn tracing(&self) -> Result<Vec<Box<dyn Engine>>, Error> {
        match self.engine.unwrap_or_default() {
            Choice::Wasmi => Ok(vec![Box::new(Mcs51::new()), Box::new(Wasmi::tracing())]),
            #[cfg(feature = "wasmtime")]
            Choice::Wasmtime => Err(Error::input(
                "functions are told by wasm=wasmi alone; leave --engine out, as gas and outcome are the same",
            )),
        }
    }

    /// The engines, of which each gives up a call that runs too long.
    ///
    /// # Errors
    /// As [`EngineArgs::engines`].
    pub(crate) fn watched(&self, watchdog: Watchdog) -> Result<Vec<Box<dyn Engine>>, Error> {
        let wasm: Box<dyn Engine> = match self.engine.unwrap_or_default() {
            Choice::Wasmi => Box::new(Wasmi::watched(watchdog)),
            #[cfg(feature = "wasmtime")]
            Choice::Wasmtime => Box::new(bridge::Wasmtime::watched(None, watchdog)?),
        };
        Ok(vec![Box::new(Mcs51::watched(watchdog)), wasm])
    }
}
