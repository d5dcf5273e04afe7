//! Compares a recording with what a new run did, field by field.

use super::format::{CallRow, HardwareResult, Row};
use super::said::{EndRow, FrameRow, Said};
use crate::difference::{Difference, Differences};
use serde::Serialize;
use serde_json::Value;

/// Compares the fields of one row.
#[derive(Default)]
struct Compare(Differences<Value>);

impl Compare {
    fn field<T: Serialize + PartialEq>(
        &mut self,
        field: impl Into<String>,
        expected: &T,
        actual: &T,
    ) {
        if expected != actual {
            let value = |v: &T| serde_json::to_value(v).unwrap_or(Value::Null);
            self.0.add(field, value(expected), value(actual));
        }
    }

    /// Like [`Compare::field`], where the order of the entries says nothing.
    fn unordered<T: Serialize + PartialEq + Clone>(
        &mut self,
        field: &str,
        expected: &[T],
        actual: &[T],
    ) {
        let sorted = |entries: &[T]| {
            let mut entries: Vec<String> = entries
                .iter()
                .map(|e| serde_json::to_string(e).unwrap_or_default())
                .collect();
            entries.sort_unstable();
            entries
        };
        if sorted(expected) != sorted(actual) {
            self.field(field, &expected.to_vec(), &actual.to_vec());
        }
    }
}

/// The fields in which `actual`, a new run of `recorded`, differs from it.
///
/// The rules: a row with a hardware result is compared with that; a row that the original left by an
/// exception, or where it read out of bounds, is equal when the run fails; registers and the digest
/// over them count only where the original's flags were the hardware's; gas counts only under the gas schedule
/// of the recording; what was said counts where the recording has it, which in format 1 it has not.
#[must_use]
pub fn differences(recorded: &Row, actual: &Row) -> Vec<Difference<Value>> {
    let mut compare = Compare::default();
    let (result, now) = (&recorded.result, &actual.result);
    if result.threw.is_some() || recorded.undefined_in_original.is_some() {
        compare.field("result.ok", &false, &now.ok);
        return compare.0.0;
    }
    if let Some(hardware) = &recorded.hardware_core_result {
        hardware_result(&mut compare, hardware, actual);
        return compare.0.0;
    }
    compare.field("result.ok", &result.ok, &now.ok);
    compare.field("result.vm_return", &result.vm_return, &now.vm_return);
    compare.field("result.exit_byte", &result.exit_byte, &now.exit_byte);
    compare.field("result.final_step", &result.final_step, &now.final_step);
    compare.field("result.insns", &result.insns, &now.insns);
    compare.field(
        "result.machine_cycles",
        &result.machine_cycles,
        &now.machine_cycles,
    );
    if recorded.schedule == actual.schedule {
        compare.field("result.gas", &result.gas, &now.gas);
    }
    compare.field("result.run_step", &result.run_step, &now.run_step);
    compare.field("result.spend", &result.spend, &now.spend);
    compare.field("result.pc_fnv64", &result.pc_fnv64, &now.pc_fnv64);
    if recorded.cpu_flags_as_hardware {
        compare.field("result.cpu_fnv64", &result.cpu_fnv64, &now.cpu_fnv64);
        compare.field("result.final_cpu", &result.final_cpu, &now.final_cpu);
    }
    calls(&mut compare, recorded, actual);
    if let Some(expected) = &recorded.said {
        let nothing = Said::default();
        let now = actual.said.as_ref().unwrap_or(&nothing);
        let same_gas = recorded.schedule == actual.schedule;
        said(
            &mut compare,
            expected,
            now,
            (same_gas, recorded.cpu_flags_as_hardware),
        );
    }
    compare.field("outputs", &recorded.outputs, &actual.outputs);
    compare.field("app_ops", &recorded.app_ops, &actual.app_ops);
    compare.unordered("final_db", &recorded.final_db, &actual.final_db);
    compare.unordered(
        "final_app_accounts",
        &recorded.final_app_accounts,
        &actual.final_app_accounts,
    );
    compare.unordered(
        "final_accounts",
        &recorded.final_accounts,
        &actual.final_accounts,
    );
    compare.0.0
}

fn hardware_result(compare: &mut Compare, expected: &HardwareResult, actual: &Row) {
    let now = &actual.result;
    compare.field("hardware_core_result.ok", &expected.ok, &now.ok);
    compare.field(
        "hardware_core_result.vm_return",
        &expected.vm_return,
        &now.vm_return,
    );
    compare.field(
        "hardware_core_result.exit_byte",
        &expected.exit_byte,
        &now.exit_byte,
    );
    compare.field(
        "hardware_core_result.final_step",
        &expected.final_step,
        &now.final_step,
    );
    compare.unordered(
        "hardware_core_result.final_db",
        &expected.final_db,
        &actual.final_db,
    );
    compare.field(
        "hardware_core_result.outputs",
        &expected.outputs,
        &actual.outputs,
    );
    compare.field(
        "hardware_core_result.app_ops",
        &expected.app_ops,
        &actual.app_ops,
    );
}

/// `same_gas`: whether gas counts; `cpu`: whether registers do.
fn said(compare: &mut Compare, expected: &Said, now: &Said, (same_gas, cpu): (bool, bool)) {
    let Said {
        ended,
        refund,
        returned,
        error,
        events,
        frames,
    } = expected;
    if same_gas {
        compare.field("said.ended", ended, &now.ended);
        compare.field("said.refund", refund, &now.refund);
    } else {
        // What ran out is another thing than gas.
        let outcome = |ended: &Option<EndRow>| ended.as_ref().map(|ended| ended.outcome.clone());
        compare.field("said.ended", &outcome(ended), &outcome(&now.ended));
    }
    compare.field("said.returned", returned, &now.returned);
    compare.field("said.error", error, &now.error);
    compare.field("said.events.length", &events.len(), &now.events.len());
    for (at, (event, now)) in events.iter().zip(&now.events).enumerate() {
        compare.field(format!("said.events[{at}]"), event, now);
    }
    compare.field("said.frames.length", &frames.len(), &now.frames.len());
    for ((expected, now), number) in frames.iter().zip(&now.frames).zip(1..) {
        frame(compare, number, expected, now, cpu);
    }
}

/// Compares the frame of this number.
fn frame(compare: &mut Compare, number: usize, expected: &FrameRow, now: &FrameRow, cpu: bool) {
    let at = |field: &str| format!("said.frames[{number}].{field}");
    let FrameRow {
        parent,
        contract,
        rom_sha256,
        caller,
        value,
        is_static,
        gas_limit,
        input,
        ended,
        kept,
        returned,
        error,
        gas,
        insns,
        machine_cycles,
        exit_byte,
        final_cpu,
    } = expected;
    compare.field(at("parent"), parent, &now.parent);
    compare.field(at("contract"), contract, &now.contract);
    compare.field(at("rom_sha256"), rom_sha256, &now.rom_sha256);
    compare.field(at("caller"), caller, &now.caller);
    compare.field(at("value"), value, &now.value);
    compare.field(at("is_static"), is_static, &now.is_static);
    compare.field(at("gas_limit"), gas_limit, &now.gas_limit);
    compare.field(at("input"), input, &now.input);
    compare.field(at("ended"), ended, &now.ended);
    compare.field(at("kept"), kept, &now.kept);
    compare.field(at("returned"), returned, &now.returned);
    compare.field(at("error"), error, &now.error);
    compare.field(at("gas"), gas, &now.gas);
    compare.field(at("insns"), insns, &now.insns);
    compare.field(at("machine_cycles"), machine_cycles, &now.machine_cycles);
    compare.field(at("exit_byte"), exit_byte, &now.exit_byte);
    if cpu {
        compare.field(at("final_cpu"), final_cpu, &now.final_cpu);
    }
}

fn calls(compare: &mut Compare, recorded: &Row, actual: &Row) {
    compare.field("calls.length", &recorded.calls.len(), &actual.calls.len());
    for (expected, now) in recorded.calls.iter().zip(&actual.calls) {
        let at = |field: &str| format!("calls[{}].{field}", expected.n);
        let CallRow {
            frame,
            step,
            method,
            cpu,
            args_raw,
            args_ok,
            args,
            status,
            step_delta,
            ret,
            ret_dropped,
            ..
        } = expected;
        compare.field(at("frame"), frame, &now.frame);
        compare.field(at("step"), step, &now.step);
        compare.field(at("method"), method, &now.method);
        compare.field(at("args_ok"), args_ok, &now.args_ok);
        compare.field(at("args"), args, &now.args);
        compare.field(at("args_raw"), args_raw, &now.args_raw);
        compare.field(at("status"), status, &now.status);
        compare.field(at("step_delta"), step_delta, &now.step_delta);
        compare.field(at("ret"), ret, &now.ret);
        compare.field(at("ret_dropped"), ret_dropped, &now.ret_dropped);
        if recorded.cpu_flags_as_hardware {
            compare.field(at("cpu"), cpu, &now.cpu);
        }
    }
}
