//! Plain code: the six workloads on the 8051 interpreter and on wasmi, the measure of all prices.

use super::{Error, Part, Trial};
use crate::tool;
use crate::workload::{NAMES, Workload};
use bridge::{Call, CallLimits, Engine, Module, Wasmi, World, drive};
use emu8051::{Cpu, Cycles, Limit, Program, Xdata, run};
use hostapi::{Answer, CallEnd, Failure, HostApi, HostFault};
use loader::Image;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// The loops of each workload in WebAssembly: a fraction of a millisecond.
const LOOPS: [u32; 6] = [1, 20, 2, 500, 40, 1];
/// The machine cycles that a workload runs on the 8051.
const CYCLES: Cycles = Cycles(400_000);

/// The twelve runs, each with its name.
///
/// # Errors
/// When clang is missing, or a workload.
pub fn trials() -> Result<Vec<(String, Trial<'static>)>, Error> {
    let mut trials = Vec::new();
    for (name, loops) in NAMES.into_iter().zip(LOOPS) {
        trials.push((format!("{name} on the 8051"), mcs51(name)?));
        trials.push((format!("{name} on wasmi"), wasm(name, loops)?));
    }
    Ok(trials)
}

fn mcs51(name: &str) -> Result<Trial<'static>, Error> {
    let mut builder = Program::builder();
    for segment in &Workload::named(name)?.segments {
        builder = builder.segment(segment.start, &segment.bytes);
    }
    let program = builder.build();
    Ok(Box::new(move |part| {
        if part == Part::History {
            return Ok(0);
        }
        let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
        let ran = run(&mut cpu, &mut xdata, &program, Limit::cycles(CYCLES.0));
        let prices = super::chosen().general;
        Ok(prices.gas_per_cycle * ran.cycles.0 + prices.gas_per_step * ran.steps.0)
    }))
}

fn wasm(name: &str, loops: u32) -> Result<Trial<'static>, Error> {
    let folder = tempfile::tempdir()?;
    let (wrapper, out) = (folder.path().join("main.c"), folder.path().join("out.wasm"));
    std::fs::write(
        &wrapper,
        "unsigned wl_run(void); unsigned char smart51_buffer[4097];\n\
         void smart51_main(void) { unsigned r = wl_run(); __builtin_memcpy(smart51_buffer, &r, 4); }\n",
    )?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("data/workloads/{name}.c"));
    let mut clang = Command::new("clang");
    clang
        .args(firmware_samples::CLANG.split_whitespace())
        .arg(format!("-DLOOPS={loops}"))
        .args([&wrapper, &source])
        .arg("-o")
        .arg(&out);
    tool::output(&mut clang)?;
    let module: Arc<dyn Module> =
        Wasmi::new().prepare(&Image::wasm(std::fs::read(&out)?), &super::rules())?;
    Ok(Box::new(move |part| {
        if part == Part::History {
            return Ok(0);
        }
        let call = Call {
            input: &[],
            limits: CallLimits::NONE,
        };
        let report = drive(&module, &call, &mut Nobody, &mut ())?;
        Ok(report.usage.gas.0)
    }))
}

/// A host that nobody calls.
struct Nobody;

impl HostApi for Nobody {
    fn call(&mut self, method: u16, _: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        Err(HostFault::UnknownMethod(method).into())
    }
}

impl World for Nobody {}
