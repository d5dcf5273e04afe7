//! A sample of the images on the installed `s51`, to see that the recorded figures are still what it says.

use std::env;
use std::path::Path;

use super::Error;
use super::build::Port;
use super::files::read;
use super::machine::END_OF_TEST;
use super::recorded::Figures;
use super::report::{Case, Finding, Judge, differences};
use super::source::Suite;
use crate::s51::{self, CLOCKS_PER_MACHINE_CYCLE};

/// What running images on `s51` said.
#[derive(Debug, Default)]
pub struct Live {
    /// How many images were run.
    pub images: usize,
    /// Each difference from the figures of our core.
    pub differences: Vec<String>,
}

/// Runs `images` of each port on `s51`, evenly chosen from those that were compared with the recorded
/// figures and do not differ for a known reason.
///
/// # Errors
/// When `s51` is missing or the cache cannot be read.
pub fn compare(
    suite: &Suite,
    ports: &[Port],
    cases: &[Case],
    images: usize,
) -> Result<Live, Error> {
    let mut live = Live::default();
    for port in ports {
        let of_port = cases.iter().filter(|case| case.port == port.name);
        let ran: Vec<_> = of_port
            .filter(|case| case.judge == Judge::Recorded && case.explained.is_none())
            .collect();
        let apart = ran.len().div_ceil(images.max(1)).max(1);
        for case in ran.iter().step_by(apart).take(images) {
            let Some(ours) = &case.figures else { continue };
            live.images += 1;
            let theirs = run(&suite.image(port, &case.image))?;
            let found = theirs.map_or_else(
                || {
                    vec![Finding::NoEnd {
                        message: NO_SUMMARY.to_owned(),
                    }]
                },
                |theirs| differences(&theirs, ours),
            );
            live.differences.extend(
                found
                    .iter()
                    .map(|finding| format!("{}/{}: {finding}", case.port, case.image)),
            );
        }
    }
    Ok(live)
}

/// What is said of an image that `s51` does not bring to its end.
pub(super) const NO_SUMMARY: &str = "s51 printed no summary";

/// Runs one image on `s51`, as SDCC's own Makefile does; `None` if it prints no summary.
pub(super) fn run(image: &Path) -> Result<Option<Figures>, Error> {
    let folder = tempfile::tempdir().map_err(|source| Error::File {
        path: env::temp_dir(),
        source,
    })?;
    let printed = folder.path().join("printed");
    let streams = format!("in=/dev/null,out={}", printed.display());
    let script = format!("break xram r {END_OF_TEST:#x}\nrun\nstate\nquit\n");
    let said = s51::batch(&["-t", "32", "-S", &streams], image, &script);
    let said = said.map_err(|source| Error::Tool {
        doing: "running an image on s51",
        source,
    })?;
    let output = read(&printed)?;
    let clocks = s51::figure(&said, &["Total time since last reset=", "("], " clks)");
    let instructions = s51::figure(&said, &["Inst="], "Fetch=");
    Ok(clocks.zip(instructions).and_then(|(clocks, instructions)| {
        Figures::of_output(&output, clocks / CLOCKS_PER_MACHINE_CYCLE, instructions)
    }))
}
