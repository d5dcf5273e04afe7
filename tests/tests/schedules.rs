//! Every sample under every gas schedule: the same contract on both machines, and what each of its calls costs, as in
//! `tests/data/schedules/samples.tsv`. `SMART51_BLESS=1` writes that anew.

use abi::Schedule;
use firmware_samples::{CLANG, HEADER, RUNTIME, SAMPLES};
use loader::Image;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use verify::parity::compare;
use verify::scenario::Scenario;

/// The source compiled by clang.
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

#[test]
fn samples_are_the_same_and_cost_what_is_on_file() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut different = Vec::new();
    let mut now = String::from("# schedule\tsample\tstep\tgas on the 8051\tgas in WebAssembly\n");
    for sample in SAMPLES {
        let file = here.join(format!(
            "../firmware-samples/{name}/{name}.scenario.toml",
            name = sample.name
        ));
        let image = loader::load(sample.image).expect("an image").image;
        let module = wasm(sample.source);
        for schedule in Schedule::PRESETS {
            let mut scenario = Scenario::read(&file).expect("a sound scenario");
            scenario.set_schedule(schedule);
            let images = (image.clone(), module.clone());
            let calls = compare(scenario, sample.name, images.0, images.1, bridge::engines())
                .expect("the scenario runs to its end");
            for call in calls {
                let step = format!("{}\t{}\t{}", schedule.name(), sample.name, call.number);
                different.extend(call.differences.iter().map(|it| format!("{step}: {it:?}")));
                let [a, b] = call
                    .cost
                    .map(|cost| cost.map_or("-".into(), |cost| cost.gas.to_string()));
                let _ = writeln!(now, "{step}\t{a}\t{b}");
            }
        }
    }
    let file = here.join("data/schedules/samples.tsv");
    if std::env::var_os("SMART51_BLESS").is_some() {
        std::fs::write(&file, &now).expect("the table can be written");
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let changed = now.lines().zip(before.lines()).find(|(a, b)| a != b);
    assert!(
        now == before,
        "the first change, now and before: {changed:?}"
    );
}
