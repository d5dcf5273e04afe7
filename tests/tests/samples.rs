//! Every sample is a sound image and does what its scenario says.

use firmware_samples::{SAMPLES, Sample};
use std::path::{Path, PathBuf};
use verify::scenario::{RunOptions, Scenario};

/// The scenario that lies beside a sample's source.
fn scenario_file(sample: &Sample) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../firmware-samples")
        .join(sample.name)
        .join(format!("{}.scenario.toml", sample.name))
}

#[test]
fn every_sample_does_what_its_scenario_says() {
    let mut different = Vec::new();
    for sample in SAMPLES {
        let scenario = Scenario::read(&scenario_file(sample)).expect("a sound scenario");
        let run = scenario
            .run(RunOptions::default())
            .expect("a scenario that runs to its end");
        for step in &run.steps {
            for difference in &step.differences {
                different.push(format!(
                    "{} step {} ({}): {difference:?}",
                    sample.name, step.number, step.name
                ));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn every_image_has_a_header_without_oddities() {
    for sample in SAMPLES {
        let loaded = loader::load(sample.image).expect("an image");
        let checked = loader::header::check(&loaded.image, abi::Semantics::V1).expect("a header");
        assert!(
            checked.warnings.is_empty(),
            "{}: {:?}",
            sample.name,
            checked.warnings
        );
        let wanted = sample.source.contains("#define S51_ACCOUNT_CHECK 1");
        assert_eq!(
            checked.header.account_check,
            Some(wanted),
            "{}",
            sample.name
        );
    }
}
