//! Public firmware that finds the host's rate by itself. The images are other people's: they are
//! tried where the folder named by `SMART51_FIRMWARE_IMAGES` holds them.

use super::common::Dir;
use std::path::PathBuf;

/// The image called `name`, if it is there.
fn image(name: &str, what: &str) -> Option<String> {
    let folder = std::env::var_os("SMART51_FIRMWARE_IMAGES").map(PathBuf::from);
    let path = folder.map(|folder| folder.join(name));
    let found = path.filter(|path| path.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: no {name} ({what}) in the folder that SMART51_FIRMWARE_IMAGES names");
    }
    found.map(|path| path.to_string_lossy().into_owned())
}

fn sent(image: &str, options: &[&str]) -> String {
    let run = ["firmware", image, "--json"];
    let report = Dir::new().run(&[&run, options].concat()).ok().json();
    let bytes = hex::decode(report["uart"].as_str().unwrap()).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// BASIC-52 measures a space, and speaks at that rate from then on.
#[test]
fn basic_52_finds_the_hosts_rate() {
    let Some(image) = image("BASIC1P3.HEX", "MCS BASIC-52 V1.3") else {
        return;
    };
    let line = hex::encode(" PRINT 2+3\r");
    for rate in ["9600", "4800", "19200"] {
        let said = sent(
            &image,
            &[
                "--uart-in",
                &line,
                "--baud",
                rate,
                "--max-cycles",
                "5_000_000",
            ],
        );
        assert!(said.contains("*MCS-BASIC-52 V1.3*"), "{rate}: {said:?}");
        assert!(said.contains("\r\n 5 "), "{rate}: {said:?}");
    }
}

/// PAULMON2 measures a carriage return with its receiver off.
#[test]
fn paulmon2_finds_the_hosts_rate() {
    let Some(image) = image("paulmon2.hex", "PAULMON2") else {
        return;
    };
    for rate in ["9600", "4800"] {
        let said = sent(
            &image,
            &[
                "--uart-in",
                "0d3f",
                "--baud",
                rate,
                "--max-cycles",
                "5_000_000",
            ],
        );
        assert!(said.contains("PAULMON2"), "{rate}: {said:?}");
    }
}
