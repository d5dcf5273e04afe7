//! `smart51 run`.

use crate::args::number;
use crate::engine::EngineArgs;
use crate::error::about;
use crate::error::{Error, Status};
use crate::files;
use crate::files::{read_image, read_json_noting_unknown, stem, write_recording};
use crate::host_calls::HostCall;
use crate::input::InputArgs;
use crate::output::{Address, Bytes, Output, Registers, note};
use crate::profile::names::ImageNames;
use crate::profile::tree::FunctionTree;
use crate::profile::{Names, ProfileFile, stack_lines};
use crate::text::{Page, Text, say};
use crate::trace::Trace;
use crate::tree::FaultPlace;
use crate::watch::{CONTRACT_IRAM, CallWatches, Outermost, WatchArgs};
use abi::{Gas, Semantics};
use bridge::{CallObserver, Cpu, MachineView, Observer, Outcome, Profile};
use chain::RegIdText;
use clap::Args;
use firmware::watch::coverage::Summary;
use firmware::watch::stack::Stack;
use hostapi::Event;
use hostapi::prints::{Print, visible};
use loader::Image;
use serde::Serialize;
use std::path::{Path, PathBuf};
use verify::recording::format::{CallRow, Context};
use verify::recording::said::FrameRow;
use verify::recording::{DEFAULT_CYCLES, DEFAULT_GAS, Hex, Replay, Row, execute_by, prepare};

/// The word that asks `--trace` for functions instead of instructions.
const CALLS: &str = "calls";

/// Run one call of a contract against a throw-away host in memory.
///
/// Without --context the host is a small chain at height 100: the contract 1-1 with ten coins, and a sender
/// 0-1 with a million. Nothing is kept.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  smart51 run counter.ihx --json\n  smart51 run token.ihx --input u8:3 --input regid:sender --trace -\n  \
smart51 run old.bin --semantics dacrs2017 --record call.json"
)]
pub(crate) struct Run {
    /// The image file, or - for standard input.
    image: PathBuf,
    #[command(flatten)]
    input: InputArgs,
    /// The most machine cycles of an 8051 [default: 2000000000].
    #[arg(long, value_parser = number::<u64>, value_name = "N")]
    max_cycles: Option<u64>,
    /// The most steps (instructions) of an 8051.
    #[arg(long, value_parser = number::<u64>, value_name = "N")]
    max_steps: Option<u64>,
    /// The most gas, under v1 [default: 2000000000 for WebAssembly, none for an 8051].
    #[arg(long, value_parser = number::<u64>, value_name = "N")]
    gas: Option<u64>,
    /// The rules: v1, dacrs2017 or dacrs2014 [default: dacrs2017 for a container, v1 otherwise].
    #[arg(long)]
    semantics: Option<Semantics>,
    /// The chain around the call, as JSON: the `context` of a recording; what it leaves out has its default.
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// Write each instruction of an 8051 to a file, or to standard output with -; or with `calls` show the tree of
    /// functions instead, with what each of them spent.
    #[arg(long, value_name = "FILE|calls")]
    trace: Option<PathBuf>,
    /// Write where the call spends to a file: ending in .callgrind for callgrind_annotate and KCachegrind, by lines of
    /// C where symbols tell them; in .json for speedscope; in .svg as a flame graph.
    #[arg(long, value_name = "FILE")]
    profile: Option<ProfileFile>,
    #[command(flatten)]
    watch: WatchArgs,
    /// Write the call as a recording, which `smart51 replay` runs again.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
}

impl Run {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let loaded = read_image(&self.image)?;
        let semantics = self.semantics.or(loaded.semantics_hint).unwrap_or_default();
        self.check_options(&loaded.image, semantics)?;
        let profiles = self.traces_calls() || self.profile.is_some();
        let engines = if profiles {
            self.engine.tracing()?
        } else {
            self.engine.engines()?
        };
        let prepared = prepare(&loaded.image, semantics, engines).map_err(Error::recording)?;
        let row = self.row(&loaded.image, semantics, prepared.account_check())?;
        let profiled = self.profile.as_ref().map(ProfileFile::path);
        let outputs = self.record.iter().chain(self.watch.outputs());
        for file in outputs.chain(profiled) {
            files::may_write(file)?;
        }
        let digests = self.record.is_some();
        let on_8051 = loaded.image.as_wasm().is_none();
        let sources = self.watch.sources(&self.image, &loaded.image)?;
        let trace = self.trace.as_deref().filter(|_| !self.traces_calls());
        let trace = trace.map(|file| Trace::create(file, out));
        let names = if profiles {
            ImageNames::of(&self.image, &loaded.image)?
        } else {
            ImageNames::if_known(&self.image, &loaded.image)
        };
        let names = Names::of(names, semantics);
        let profile = profiles.then(|| self.count(names.profile()));
        let watches = CallWatches(self.watch.watches(CONTRACT_IRAM, Cpu::new().sp()));
        // The stack, the coverage and the end are those of the image that was given.
        let outermost = Outermost::of((watches, Final::default()));
        let mut watched = ((profile, trace.transpose()?), outermost);
        let run = execute_by(&prepared, &row, digests, &mut watched).map_err(Error::recording)?;
        let ((mut profile, trace), outermost) = watched;
        if let (Some(profile), Some(run)) = (&mut profile, run.result.run()) {
            let gas = run.report.usage.gas.0.saturating_sub(profile.total().gas.0);
            profile.add_transaction(Gas(gas));
        }
        let (CallWatches(watches), Final(stopped)) = outermost.end();
        trace.map_or(Ok(()), Trace::finish)?;
        if let Some(file) = &self.record {
            run.is_whole().map_err(Error::input)?;
            write_recording(file, run.row.clone())?;
        }
        let faulted = run
            .result
            .run()
            .filter(|run| run.report.outcome.fault().is_some());
        let again = match (&profile, faulted) {
            (None, Some(_)) => Some(self.profile_again(&loaded.image, &row, &names)?),
            _ => None,
        };
        let at_fault = faulted.and(profile.as_ref().or(again.as_ref()));
        let cpu = faulted.and(stopped.as_ref());
        let place = (cpu.zip(at_fault)).map(|(cpu, profile)| names.fault(profile, cpu.pc()));
        let shown = profile.as_ref().filter(|_| self.traces_calls());
        let tree = shown.map(|profile| FunctionTree::of(profile, &names, on_8051));
        if let (Some(file), Some(profile)) = (&self.profile, &profile) {
            file.write(&self.image, profile, &names, on_8051)?;
        }
        let report = Report {
            place,
            fault_stack: at_fault.map(|profile| names.stack(profile)),
            tree,
            coverage: self.watch.write(sources.as_ref(), &watches)?,
            stack: watches.stack.map(|stack| stack.seen),
            ..Report::new(&run, stopped.as_ref(), on_8051)
        };
        out.print(&report)?;
        self.say_default_limit(report.fault, &run.row.context);
        let overflow = report
            .stack
            .as_ref()
            .is_some_and(|stack| stack.overflow.is_some());
        Ok(if run.result.accepted() && !overflow {
            Status::Success
        } else {
            Status::Refused
        })
    }

    /// Whether the tree of functions is to be shown.
    fn traces_calls(&self) -> bool {
        self.trace.as_deref() == Some(Path::new(CALLS))
    }

    /// The profile, which counts instructions if the file that is asked for shows them.
    fn count(&self, profile: Profile) -> Profile {
        match &self.profile {
            Some(file) if file.has_lines() => profile.with_counts(),
            _ => profile,
        }
    }

    /// Runs the call once more, to know the functions under way when it faulted: nobody pays for that before.
    fn profile_again(&self, image: &Image, row: &Row, names: &Names) -> Result<Profile, Error> {
        let semantics = names.semantics();
        let engines = EngineArgs::default().tracing()?;
        let prepared = prepare(image, semantics, engines).map_err(Error::recording)?;
        let mut profile = names.profile();
        execute_by(&prepared, row, false, &mut profile).map_err(Error::recording)?;
        Ok(profile)
    }

    /// Says which limit ended the run, if nobody chose it.
    fn say_default_limit(&self, fault: Option<&str>, context: &Context) {
        match fault {
            Some("out_of_cycles")
                if self.max_cycles.is_none() && context.cycle_limit == Some(DEFAULT_CYCLES) =>
            {
                note(format_args!(
                    "stopped at the default limit of {DEFAULT_CYCLES} machine cycles: --max-cycles sets another"
                ))
            }
            Some("out_of_gas") if self.gas.is_none() && context.gas_limit == Some(DEFAULT_GAS) => {
                note(format_args!(
                    "stopped at the default limit of {DEFAULT_GAS} gas: --gas sets another"
                ))
            }
            _ => {}
        }
    }

    /// Refuses options that would do nothing for this image under these rules.
    fn check_options(&self, image: &Image, semantics: Semantics) -> Result<(), Error> {
        let refuse = |why| Err(about(&self.image, why));
        if image.as_wasm().is_some() {
            let given = [
                ("--max-cycles", self.max_cycles.is_some()),
                ("--max-steps", self.max_steps.is_some()),
                ("--trace", self.trace.is_some() && !self.traces_calls()),
            ];
            let mut given = given.into_iter().chain(self.watch.given());
            if let Some((option, _)) = given.find(|(_, given)| *given) {
                return refuse(format!(
                    "{option} is for the 8051, and this is WebAssembly: its runs have no machine cycles, instructions \
                     or stack to tell; --gas limits them"
                ));
            }
        }
        if semantics.is_dacrs() && self.gas.is_some() {
            return refuse(format!(
                "--gas is for contracts under v1, and this runs under {semantics}: use --max-cycles or --max-steps"
            ));
        }
        Ok(())
    }

    /// The call as a recording that has not run yet.
    fn row(&self, image: &Image, semantics: Semantics, check: bool) -> Result<Row, Error> {
        let mut context: Context = match &self.context {
            Some(file) => read_json_noting_unknown(file)?,
            None => Context::default(),
        };
        context.check_account_flag.get_or_insert(check);
        context.step_limit = self.max_steps.or(context.step_limit);
        context.gas_limit = self.gas.or(context.gas_limit);
        // Of contracts that are called, any may be WebAssembly.
        if image.as_wasm().is_some() || !context.codes.is_empty() {
            context.gas_limit = context.gas_limit.or(Some(DEFAULT_GAS));
        }
        if image.as_wasm().is_none() {
            let cycles = self.max_cycles.or(context.cycle_limit);
            context.cycle_limit = cycles.or(Some(DEFAULT_CYCLES));
        }
        let input = self.input.clone().read(&context)?;
        Ok(Row::new(
            stem(&self.image),
            image,
            semantics,
            context,
            input,
        ))
    }
}

/// What a run did. What is not measured is null.
#[derive(Debug, Serialize)]
struct Report {
    outcome: &'static str,
    exit_code: Option<u8>,
    fault: Option<&'static str>,
    pc: Option<Address>,
    machine_cycles: Option<u64>,
    instructions: Option<u64>,
    steps: Option<i64>,
    gas: u64,
    registers: Option<Registers>,
    host_calls: Vec<HostCall>,
    output: String,
    /// The events, of a call that is accepted.
    events: Vec<EventReport>,
    /// The contract's error text.
    error: Option<String>,
    /// The data it returned.
    returned: Bytes,
    /// How many host calls came after those listed.
    host_calls_left_out: u64,
    refund: u64,
    /// What is left of `gas` without `refund`.
    charged: u64,
    /// Why the transaction is not accepted, in words.
    reason: Option<String>,
    stack: Option<Stack>,
    coverage: Option<Summary>,
    /// Where it faulted, on the 8051.
    place: Option<FaultPlace>,
    /// The functions under way when it faulted, the newest first.
    fault_stack: Option<Vec<String>>,
    /// The contracts that were called, in the order of entering.
    frames: Vec<FrameReport>,
    /// With `--trace calls`.
    tree: Option<FunctionTree>,
    /// The parts of `output`, each as printed.
    #[serde(skip)]
    prints: Vec<String>,
}

/// Keeps the 8051 as it is when it has stopped for good.
#[derive(Default)]
struct Final(Option<Cpu>);

impl Observer for Final {
    fn wants_instructions(&self) -> bool {
        false
    }
}

impl CallObserver for Final {
    fn stopped(&mut self, machine: MachineView<'_>) {
        self.0 = Some(machine.cpu.clone());
    }
}

/// An event that the contract emitted.
#[derive(Debug, Serialize)]
struct EventReport {
    name: String,
    topics: Vec<Bytes>,
    data: Bytes,
}

impl From<Event> for EventReport {
    fn from(event: Event) -> Self {
        let topics = event.topics.iter();
        EventReport {
            name: event.name,
            topics: topics.map(|topic| Bytes(topic.to_vec())).collect(),
            data: Bytes(event.data),
        }
    }
}

/// The frame of a contract that was called.
#[derive(Debug, Serialize)]
struct FrameReport {
    /// Its number, from 1.
    frame: usize,
    parent: u16,
    contract: String,
    value: u64,
    is_static: bool,
    outcome: String,
    exit_code: Option<u8>,
    fault: Option<String>,
    /// Whether what it did was its caller's to keep.
    kept: bool,
    error: Option<String>,
    returned: Bytes,
    gas: u64,
}

impl FrameReport {
    /// The frame of this number.
    fn of(frame: usize, row: &FrameRow) -> FrameReport {
        let contract = row.contract.array().map(RegIdText);
        FrameReport {
            frame,
            parent: row.parent,
            contract: contract.map_or_else(String::new, |contract| contract.to_string()),
            value: row.value,
            is_static: row.is_static,
            outcome: row.ended.outcome.clone(),
            exit_code: row.ended.code,
            fault: row.ended.fault.clone(),
            kept: row.kept,
            error: row.error.as_ref().map(text_of),
            returned: Bytes(row.returned.0.clone()),
            gas: row.gas,
        }
    }

    fn line(&self) -> String {
        let kind = if self.is_static { "statically " } else { "" };
        let how = match (&self.fault, self.exit_code) {
            (Some(fault), _) => format!("fault {fault}"),
            (None, Some(code)) if code != 1 => format!("refused with exit code {code}"),
            _ if !self.kept => "refused what it asked for".into(),
            _ => "success".into(),
        };
        let error = self.error.as_ref();
        let error = error.map_or_else(String::new, |text| format!(" `{}`", visible(text)));
        format!(
            "{} {kind}called by frame {}, value {}: {how}{error}, {} gas",
            self.contract, self.parent, self.value, self.gas
        )
    }
}

/// A contract's own words.
fn text_of(bytes: &Hex) -> String {
    String::from_utf8_lossy(&bytes.0).into_owned()
}

/// A host call of a recording.
fn host_call(row: &CallRow, cycles: Option<u64>) -> HostCall {
    let bytes = |items: &[Hex]| items.iter().map(|item| Bytes(item.0.clone())).collect();
    let (args, reply) = (bytes(&row.args), bytes(&row.ret));
    let method = (Semantics::V1, row.method);
    HostCall::new(method, args, reply, row.status, cycles)
}

impl Report {
    /// `on_8051`: whether there are machine cycles to tell of.
    fn new(replay: &Replay, cpu: Option<&Cpu>, on_8051: bool) -> Self {
        let run = replay.result.run();
        let outcome = run.map(|run| run.report.outcome);
        let usage = run.map(|run| run.report.usage).unwrap_or_default();
        let calls = replay.row.calls.iter().zip(&replay.call_cycles);
        let frames = replay
            .row
            .said
            .as_ref()
            .map_or(&[][..], |said| &said.frames);
        let prints = run.map_or(&[][..], |run| &run.requests.prints);
        let prints: Vec<String> = prints.iter().map(Print::to_string).collect();
        let said = run.map(|run| run.transcript.clone()).unwrap_or_default();
        Report {
            outcome: match outcome {
                Some(Outcome::Success) if !replay.result.accepted() => "refused",
                Some(outcome) => outcome.name(),
                None => "refused",
            },
            exit_code: outcome
                .and_then(|outcome| outcome.exit_code())
                .map(|code| code.0),
            fault: outcome
                .and_then(|outcome| outcome.fault())
                .map(|fault| fault.name()),
            pc: cpu.map(|cpu| Address(cpu.pc())),
            place: None,
            fault_stack: None,
            tree: None,
            machine_cycles: on_8051.then_some(usage.cycles.0),
            instructions: on_8051.then_some(usage.instructions.0),
            steps: on_8051.then_some(usage.steps),
            gas: usage.gas.0,
            registers: cpu.map(Registers::from),
            host_calls: calls
                .map(|(row, cycles)| {
                    let call = host_call(row, row.cpu.as_ref().map(|_| *cycles));
                    match frames {
                        [] => call,
                        _ => call.of_frame(row.frame),
                    }
                })
                .collect(),
            frames: frames
                .iter()
                .zip(1..)
                .map(|(row, number)| FrameReport::of(number, row))
                .collect(),
            host_calls_left_out: replay.calls_left_out,
            output: prints.concat(),
            events: said.events.into_iter().map(EventReport::from).collect(),
            error: said
                .error
                .map(|text| String::from_utf8_lossy(&text).into_owned()),
            returned: Bytes(said.returned),
            refund: usage.refund.0,
            charged: usage.gas_charged().0,
            reason: replay.result.rejection().map(ToString::to_string),
            stack: None,
            coverage: None,
            prints,
        }
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        for print in &self.prints {
            say!(page, "{:<15} {print}", "printed");
        }
        let outcome = match &self.reason {
            Some(reason) if reason.starts_with(self.outcome) => reason.clone(),
            Some(reason) => format!("{}: {reason}", self.outcome),
            None => self.outcome.into(),
        };
        say!(page, "{:<15} {outcome}", "outcome");
        if let Some(error) = &self.error {
            say!(page, "{:<15} {}", "error", visible(error));
        }
        if !self.returned.0.is_empty() {
            say!(page, "{:<15} {}", "returned", self.returned);
        }
        for frame in &self.frames {
            say!(page, "frame {:<9} {}", frame.frame, frame.line());
        }
        for event in &self.events {
            let topics: String = event
                .topics
                .iter()
                .map(|topic| format!(" {topic}"))
                .collect();
            say!(
                page,
                "{:<15} {}{topics} {}",
                "event",
                event.name,
                event.data
            );
        }
        if let Some(pc) = self.pc {
            say!(page, "{:<15} {pc}", "pc");
        }
        if let Some(place) = self.place.as_ref().filter(|place| place.is_named()) {
            for line in place.lines() {
                say!(page, "{:<15} {line}", "fault");
            }
        }
        if self.pc.is_none() {
            for line in stack_lines(self.fault_stack.as_deref().unwrap_or_default()) {
                say!(page, "{:<15} {line}", "fault");
            }
        }
        if let Some(cycles) = self.machine_cycles {
            say!(page, "{:<15} {cycles}", "machine cycles");
        }
        if let Some(instructions) = self.instructions {
            say!(page, "{:<15} {instructions}", "instructions");
        }
        let given_back = match self.refund {
            0 => String::new(),
            refund => format!(" less {refund} given back"),
        };
        say!(page, "{:<15} {}{given_back}", "gas", self.gas);
        if let Some(stack) = &self.stack {
            say!(page, "{:<15} {stack}", "stack");
        }
        if let Some(coverage) = &self.coverage {
            say!(page, "{:<15} {coverage}", "coverage");
        }
        let calls = self.host_calls.len() as u64 + self.host_calls_left_out;
        say!(page, "{:<15} {calls}", "host calls");
        for call in &self.host_calls {
            say!(page, "  {}", call.line());
        }
        if self.host_calls_left_out > 0 {
            say!(page, "  and {} more", self.host_calls_left_out);
        }
        if let Some(tree) = &self.tree {
            tree.text(page);
        }
    }
}
