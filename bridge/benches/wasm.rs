//! What WebAssembly contracts cost: `cargo bench -p smart51-bridge --bench wasm`.
//!
//! Every figure is the best of several runs, so that other work on the machine counts as little as may be; what
//! is compared runs by turns. `cargo bench … -- sieve` runs what has `sieve` in its name.

use abi::Schedule;
use abi::{Gas, Semantics};
use bridge::wasm::{ModuleLimits, meter};
use bridge::{Call, CallLimits, Engine, Rules, Wasmi, World, drive};
use hostapi::network::Network;
use hostapi::{
    Answer, CallContext, CallEnd, ChainView, Failure, Host, HostApi, KnownTx, NodeError, Status,
};
use loader::Image;
use state::{MemStore, Overlay, keys};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A chain without a past.
#[derive(Debug)]
struct NoPast;

impl ChainView for NoPast {
    fn block_hash(&self, _: u32) -> Result<Option<keys::Hash>, NodeError> {
        Ok(None)
    }
    fn transaction(&self, _: &keys::Hash) -> Result<Option<KnownTx>, NodeError> {
        Ok(None)
    }
    fn transaction_input(&self, _: &keys::Hash) -> Result<Option<Vec<u8>>, NodeError> {
        Ok(None)
    }
}

/// A host that does nothing.
struct Nothing;

impl HostApi for Nothing {
    fn call(&mut self, _: u16, _: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        let (status, reply) = (Status::Done, &[][..]);
        Ok(Answer {
            status,
            reply,
            step_delta: 0,
            gas: Gas(0),
            refund: Gas(0),
            reason: None,
        })
    }
}

impl World for Nothing {}

/// The best time of `runs` runs.
fn best(runs: usize, mut work: impl FnMut()) -> Duration {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

/// Files of C compiled by clang with the SDK's flags and `more`.
fn clang(more: &[&str], files: &[&Path]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out.wasm");
    let done = Command::new("clang")
        .args([
            "--target=wasm32",
            "-mbulk-memory",
            "-O2",
            "-ffreestanding",
            "-nostdlib",
            "-Wl,--no-entry",
        ])
        .args([
            "-Wl,--strip-all",
            "-Wl,-z,stack-size=8192",
            "-Wl,--export=smart51_main",
            "-Wl,--export=smart51_buffer",
        ])
        .args(more)
        .args(files)
        .arg("-o")
        .arg(&out)
        .status()
        .expect("clang is installed: apt-get install clang lld");
    assert!(done.success());
    std::fs::read(out).expect("clang wrote it")
}

/// A module, metered or not, whose `smart51_main` is run without the bridge.
struct Bare {
    engine: wasmi::Engine,
    module: wasmi::Module,
}

impl Bare {
    fn new(wasm: &[u8]) -> Self {
        let engine = wasmi::Engine::default();
        let module = wasmi::Module::new(&engine, wasm).expect("it is valid");
        Bare { engine, module }
    }

    /// The time of one run, without what is made ready for it.
    fn run(&self) -> Duration {
        let mut store = wasmi::Store::new(&self.engine, ());
        let instance =
            wasmi::Instance::new(&mut store, &self.module, &[]).expect("it imports nothing");
        if let Some(gas) = instance.get_global(&store, "gas") {
            gas.set(&mut store, wasmi::Val::I64(i64::MAX))
                .expect("it is mutable");
            let stack = instance
                .get_global(&store, "stack")
                .expect("both are there");
            stack
                .set(&mut store, wasmi::Val::I32(1 << 18))
                .expect("it is mutable");
        }
        let main = instance
            .get_typed_func::<(), ()>(&store, "smart51_main")
            .expect("it is there");
        let start = Instant::now();
        main.call(&mut store, ()).expect("it returns");
        start.elapsed()
    }
}

fn counter(root: &Path) {
    let samples = root.join("firmware-samples");
    let include = format!("-I{}", samples.join("include").display());
    let files = [
        samples.join("runtime/smart51.c"),
        samples.join("counter/counter.c"),
    ];
    let wasm = clang(&[&include], &[&files[0], &files[1]]);
    let module = Wasmi::new()
        .prepare(&Image::wasm(wasm), &Rules::v1(Semantics::V1))
        .expect("a contract");
    let store = MemStore::new();
    let mut state = Overlay::new(&store);
    let contract = hostapi::accounts::regid(1, 1);
    let context = CallContext {
        semantics: Semantics::V1,
        network: Network::Test,
        height: 100,
        chain_tip: 99,
        block_time: 0,
        tip_time: 0,
        tx_hash: Default::default(),
        sender: hostapi::accounts::regid(0, 1),
        contract,
        input: b"",
        pay_amount: 0,
        gas_price: 0,
        traversal: true,
        account_check: false,
    };
    let call = Call {
        input: b"",
        limits: CallLimits {
            gas: Gas(1 << 30),
            ..CallLimits::NONE
        },
    };
    const CALLS: u32 = 20;
    let time = best(2000, || {
        for _ in 0..CALLS {
            let before = state.checkpoint();
            let mut host = Host::new(&context, &NoPast, &mut state);
            let report = drive(&module, &call, &mut host, &mut ()).expect("the node does not fail");
            assert!(report.outcome.is_success(), "{:?}", report.outcome);
            state.revert(before);
        }
    });
    println!(
        "warm call of counter, memory store: {:.2} µs",
        time.as_secs_f64() * 1e6 / f64::from(CALLS)
    );
}

fn host_call() {
    const CALLS: u32 = 2000;
    let wat = |body: &str| {
        format!(
            r#"(module (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1) (global (export "smart51_buffer") i32 (i32.const 0))
            (func (export "smart51_main") (local $i i32)
                (loop $l {body} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {CALLS}))))))"#
        )
    };
    let call = "(drop (call $call (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 64)))";
    let [with, without] = [call, ""].map(|body| {
        let wasm = wat::parse_str(wat(body)).expect("valid");
        let module = Wasmi::new()
            .prepare(&Image::wasm(wasm), &Rules::v1(Semantics::V1))
            .expect("a contract");
        let call = Call {
            input: b"",
            limits: CallLimits::NONE,
        };
        best(500, || {
            let report = drive(&module, &call, &mut Nothing, &mut ());
            black_box(report.expect("the node does not fail"));
        })
    });
    println!(
        "one host call: {:.0} ns",
        (with - without).as_secs_f64() * 1e9 / f64::from(CALLS)
    );
}

fn preparation() {
    // As many small functions with a loop each as fit in 64 KiB, without names.
    let function = "(func (param i32) (result i32) (local i32) (loop
        (local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const 31)) (i32.load8_u (local.get 0))))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (if (local.get 1) (then (return (i32.const 7)))) (local.get 1))";
    let wat = format!(
        r#"(module (memory (export "memory") 1) (global (export "smart51_buffer") i32 (i32.const 0))
        (func (export "smart51_main")) {})"#,
        function.repeat(1596)
    );
    let wasm = wat::parse_str(wat).expect("valid");
    let time = best(200, || {
        drop(meter(&wasm, &ModuleLimits::V1, &Schedule::DATA_SHEET).expect("a contract"))
    });
    println!(
        "checking and metering {} bytes: {:.2} ms",
        wasm.len(),
        time.as_secs_f64() * 1e3
    );
    let time = best(200, || drop(wasmparser::validate(&wasm).expect("valid")));
    println!(
        "of which the check that wasmparser makes: {:.2} ms",
        time.as_secs_f64() * 1e3
    );
    let time = best(20, || {
        drop(
            Wasmi::new()
                .prepare(&Image::wasm(wasm.clone()), &Rules::v1(Semantics::V1))
                .expect("a contract"),
        );
    });
    println!(
        "preparing it for calls with wasmi: {:.2} ms",
        time.as_secs_f64() * 1e3
    );
}

fn workloads(root: &Path, wanted: impl Fn(&str) -> bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wrapper = folder.path().join("main.c");
    let text = "unsigned wl_run(void); unsigned char smart51_buffer[4097];
        void smart51_main(void) { unsigned r = wl_run(); __builtin_memcpy(smart51_buffer, &r, 4); }";
    std::fs::write(&wrapper, text).expect("a file can be written");
    for (name, loops) in [
        ("sieve", 1),
        ("sha256", 20),
        ("crc32", 2),
        ("dhry", 500),
        ("matmul", 40),
        ("qsort", 1),
    ] {
        if !wanted(name) {
            continue;
        }
        let source = root.join("tests/data/workloads").join(format!("{name}.c"));
        let plain = clang(&[&format!("-DLOOPS={loops}")], &[&wrapper, &source]);
        let metered = meter(&plain, &ModuleLimits::V1, &Schedule::DATA_SHEET)
            .expect("a contract")
            .wasm;
        let modules = [&plain, &metered].map(|wasm| Bare::new(wasm));
        compare(
            &format!("{name} by wasmi"),
            [&|| modules[0].run(), &|| modules[1].run()],
        );
        #[cfg(feature = "wasmtime")]
        {
            let modules = [&plain, &metered].map(|wasm| native::Bare::new(wasm));
            compare(
                &format!("{name} by wasmtime"),
                [&|| modules[0].run(), &|| modules[1].run()],
            );
        }
    }
}

/// Runs a plain and a metered module by turns, and prints the best time of each.
fn compare(name: &str, runs: [&dyn Fn() -> Duration; 2]) {
    let mut times = [Duration::MAX; 2];
    for _ in 0..300 {
        for (time, run) in times.iter_mut().zip(runs) {
            *time = run().min(*time);
        }
    }
    let [plain, metered] = times.map(|time| time.as_secs_f64() * 1e3);
    let more = (metered / plain - 1.0) * 100.0;
    println!("{name:18} plain {plain:8.3} ms, metered {metered:8.3} ms, {more:+5.1} %");
}

#[cfg(feature = "wasmtime")]
mod native {
    use std::time::{Duration, Instant};
    use wasmtime::{Engine, Instance, Module, Store, Val};

    /// As [`super::Bare`], in native code.
    pub(super) struct Bare {
        engine: Engine,
        module: Module,
    }

    impl Bare {
        pub(super) fn new(wasm: &[u8]) -> Self {
            let engine = Engine::default();
            let module = Module::new(&engine, wasm).expect("it is valid");
            Bare { engine, module }
        }

        pub(super) fn run(&self) -> Duration {
            let mut store = Store::new(&self.engine, ());
            let instance =
                Instance::new(&mut store, &self.module, &[]).expect("it imports nothing");
            if let Some(gas) = instance.get_global(&mut store, "gas") {
                let stack = instance
                    .get_global(&mut store, "stack")
                    .expect("both are there");
                gas.set(&mut store, Val::I64(i64::MAX))
                    .expect("it is mutable");
                stack
                    .set(&mut store, Val::I32(1 << 18))
                    .expect("it is mutable");
            }
            let main = instance
                .get_typed_func::<(), ()>(&mut store, "smart51_main")
                .expect("it is there");
            let start = Instant::now();
            main.call(&mut store, ()).expect("it returns");
            start.elapsed()
        }
    }
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| name.contains(asked));
    if wanted("counter") {
        counter(&root);
    }
    if wanted("host call") {
        host_call();
    }
    if wanted("preparation") {
        preparation();
    }
    workloads(&root, wanted);
}
