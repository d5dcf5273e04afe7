//! Every sample, compiled for the 8051 and for WebAssembly, makes the same host calls, prints the same, ends
//! alike and leaves the same state.

use bridge::EngineId;
use firmware_samples::{CLANG, HEADER, RUNTIME, SAMPLES, Sample};
use loader::Image;
use std::path::Path;
use std::process::Command;
use verify::parity::{ComparedCall, compare};
use verify::scenario::{RunOptions, Scenario};

/// The sample's source compiled by clang.
fn wasm(source: &str) -> Image {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    for (name, text) in [
        ("smart51.h", HEADER),
        ("smart51.c", RUNTIME),
        ("contract.c", source),
    ] {
        std::fs::write(path(name), text).expect("a file can be written");
    }
    let out = Command::new("clang")
        .args(CLANG.split_whitespace())
        .arg("-I")
        .arg(folder.path())
        .args([path("smart51.c"), path("contract.c")])
        .arg("-o")
        .arg(path("contract.wasm"))
        .output()
        .expect("clang is installed: apt-get install clang lld");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let module = std::fs::read(path("contract.wasm")).expect("clang wrote it");
    loader::load(&module).expect("a wasm module").image
}

fn scenario(sample: &Sample) -> Scenario {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../firmware-samples")
        .join(sample.name)
        .join(format!("{}.scenario.toml", sample.name));
    Scenario::read(&file).expect("a sound scenario")
}

fn mcs51(sample: &Sample) -> Image {
    loader::load(sample.image).expect("an image").image
}

fn steps(sample: &Sample, source: &str) -> Vec<ComparedCall> {
    compare(
        scenario(sample),
        sample.name,
        mcs51(sample),
        wasm(source),
        bridge::engines(),
    )
    .expect("the scenario runs to its end")
}

#[test]
fn every_sample_is_the_same_contract_on_both_machines() {
    let mut different = Vec::new();
    for sample in SAMPLES {
        let steps = steps(sample, sample.source);
        let mut ran = 0;
        for step in &steps {
            if let [Some(a), Some(b)] = step.cost {
                assert_eq!((a.engine, b.engine), (EngineId::Mcs51, EngineId::Wasm));
                ran += 1;
            }
            for difference in &step.differences {
                different.push(format!(
                    "{} step {} ({}): {difference:?}",
                    sample.name, step.number, step.name
                ));
            }
        }
        assert!(ran > 0, "{} runs on both", sample.name);
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The steps in which the token in C for the 8051 and `module` are not the same.
fn unlike_the_token(module: &[u8]) -> Vec<ComparedCall> {
    let sample = firmware_samples::sample("token").expect("a sample");
    let module = loader::load(module).expect("a wasm module").image;
    let steps = compare(
        scenario(sample),
        sample.name,
        mcs51(sample),
        module,
        bridge::engines(),
    );
    let mut steps = steps.expect("the scenario runs to its end");
    assert!(!steps.is_empty(), "the scenario makes calls");
    steps.retain(|step| !step.differences.is_empty());
    steps
}

#[test]
fn the_token_in_rust_is_the_token_in_c() {
    let different = unlike_the_token(include_bytes!(
        "../../firmware-samples/rust/token/token.wasm"
    ));
    assert!(different.is_empty(), "{different:#?}");
}

/// The token in Rust builds, and does what the token in C does.
#[test]
fn token_in_rust_equals_token_in_c() {
    const TARGET: &str = "wasm32-unknown-unknown";
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/rust");
    let libraries = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .expect("rustc is there");
    let libraries = String::from_utf8(libraries.stdout).expect("a path");
    if !Path::new(libraries.trim()).exists() {
        eprintln!("SKIPPED: no Rust for {TARGET}; `rustup target add {TARGET}` brings it");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let built = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--offline",
            "--locked",
            "--target-dir",
        ])
        .arg(folder.path())
        .current_dir(&workspace)
        .status()
        .expect("cargo is there");
    assert!(built.success(), "the token in Rust builds");
    let module = folder.path().join(TARGET).join("release/token.wasm");
    let different = unlike_the_token(&std::fs::read(module).expect("cargo wrote it"));
    assert!(different.is_empty(), "{different:#?}");
}

/// The exchange and its two tokens, each on either machine: all eight mixtures leave the same state.
#[test]
fn an_exchange_is_the_same_in_all_mixtures() {
    same_in_all_mixtures(
        "exchange",
        [
            ("gold", "token"),
            ("silver", "token"),
            ("exchange", "exchange"),
        ],
    );
}

/// Three wallets, of which one pays another and a third is notified.
#[test]
fn wallets_are_the_same_in_all_mixtures() {
    let names = ["wallet", "bobs", "journal"];
    same_in_all_mixtures("wallet", names.map(|name| (name, "wallet")));
}

/// Runs the scenario of a sample with each of these contracts, of a sample each, on either machine.
fn same_in_all_mixtures(of: &str, contracts: [(&str, &str); 3]) {
    let sample = |name| firmware_samples::sample(name).expect("a sample");
    let images = contracts.map(|(_, name)| [mcs51(sample(name)), wasm(sample(name).source)]);
    let mut states = Vec::new();
    for mixture in 0..8usize {
        let mut scenario = scenario(sample(of));
        for (bit, (name, _)) in contracts.into_iter().enumerate() {
            scenario.set_image(name, images[bit][(mixture >> bit) & 1].clone());
        }
        let run = scenario
            .run(RunOptions::default())
            .expect("the scenario runs to its end");
        for step in &run.steps {
            assert!(
                step.differences.is_empty(),
                "{mixture}, {}: {:?}",
                step.name,
                step.differences
            );
        }
        // The records of contracts name their images and engines.
        let mut state = run.state;
        state.retain(|(key, _)| key.first() != Some(&state::keys::kind::CONTRACT));
        states.push(state);
    }
    assert!(states[0].len() > 8, "the contracts have data");
    for (mixture, state) in states.iter().enumerate() {
        assert_eq!(state, &states[0], "mixture {mixture}");
    }
}

/// A contract that is not the same is found at the call where it differs.
#[test]
fn another_contract_is_found_at_its_call() {
    let sample = firmware_samples::sample("counter").expect("a sample");
    let changed = sample
        .source
        .replacen("count += step;", "count += step + 1;", 1);
    assert_ne!(changed, sample.source);
    let fields: Vec<String> = steps(sample, &changed)
        .into_iter()
        .flat_map(|step| step.differences)
        .map(|difference| difference.field)
        .collect();
    assert!(
        fields.iter().any(|field| field.starts_with("host call")),
        "{fields:?}"
    );
    assert!(
        fields.iter().any(|field| field.starts_with("state key")),
        "{fields:?}"
    );
}

/// Every sample in WebAssembly, by wasmi and by wasmtime: receipts with their gas, host calls and state.
#[cfg(feature = "wasmtime")]
#[test]
fn samples_agree_on_both_wasm_engines() {
    use bridge::{Engine, Mcs51, Wasmi, Wasmtime};
    for sample in SAMPLES {
        let mut scenario = scenario(sample);
        scenario.set_image(sample.name, wasm(sample.source));
        let run = |engine: Box<dyn Engine>| {
            let engines = vec![Box::new(Mcs51::new()), engine];
            let options = RunOptions {
                engines: Some(engines),
                keep_host_calls: Some(chain::hostlog::USUAL_ROOM),
                ..RunOptions::default()
            };
            scenario.run(options).expect("the scenario runs to its end")
        };
        let wasmtime = Wasmtime::new(None).expect("it runs here");
        let [a, b] = [run(Box::new(Wasmi::new())), run(Box::new(wasmtime))];
        for (a, b) in a.steps.iter().zip(&b.steps) {
            let name = format!("{}: {}", sample.name, a.name);
            assert_eq!(a.receipt, b.receipt, "{name}");
            assert_eq!(
                format!("{:?}", a.host_calls),
                format!("{:?}", b.host_calls),
                "{name}"
            );
        }
        assert_eq!(a.steps.len(), b.steps.len());
        assert_eq!(
            format!("{:?}", a.state),
            format!("{:?}", b.state),
            "{}",
            sample.name
        );
    }
}
