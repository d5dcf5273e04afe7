//! The prebuilt images are what the recipe makes today, and the recipe is what the crate hands out.

use firmware_samples::{CLANG, SAMPLES, SDAS, SDCC_COMPILE, SDCC_LINK};
use std::path::Path;
use std::process::Command;

/// The compiler that the prebuilt images were made with.
const SDCC: &str = "4.2.0 ";

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sdcc_is_here() -> bool {
    let version = Command::new("sdcc").arg("--version").output();
    let right = version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains(SDCC));
    if !right {
        eprintln!(
            "SKIPPED: sdcc {SDCC}is not installed, so the images are not rebuilt; `make test` installs it"
        );
    }
    right
}

/// The recipe makes the prebuilt images again byte for byte.
#[test]
fn the_recipe_makes_the_same_sample_images() {
    if !sdcc_is_here() {
        return;
    }
    let out = tempfile::tempdir().expect("a temporary folder");
    let made = Command::new("make")
        .arg("-s")
        .arg("-C")
        .arg(folder())
        .arg(format!("OUT={}", out.path().display()))
        .arg(format!("BUILD={}", out.path().join("build").display()))
        .output()
        .expect("make runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    for sample in SAMPLES {
        let file = out
            .path()
            .join(sample.name)
            .join(format!("{}.ihx", sample.name));
        let image = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        assert!(
            image == sample.image,
            "{} differs: run `make -C firmware-samples`",
            sample.name
        );
    }
}

#[test]
fn the_examples_of_every_method_compile() {
    if !sdcc_is_here() {
        return;
    }
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut source = String::from(
        "#include \"smart51.h\"\n\
         static int64_t price, paid;\n\
         static uint8_t sender[6], self[6], other[6], hash[32], public_key[33], signature[72];\n\
         static uint16_t signature_len;\n",
    );
    // A function for each: of one with all of them sdcc takes minutes to make code.
    for method in abi::method::METHODS {
        let (name, example) = (method.name, method.example);
        source.push_str(&format!("void of_{name}(void) {{ {example} }}\n"));
    }
    source.push_str("void contract(void) {}\n");
    let file = out.path().join("examples.c");
    std::fs::write(&file, source).expect("the folder is writable");
    let made = Command::new("sdcc")
        .args(SDCC_COMPILE.split_whitespace())
        .arg("-I")
        .arg(folder().join("include"))
        .arg("-c")
        .arg(&file)
        .arg("-o")
        .arg(out.path().join("examples.rel"))
        .output()
        .expect("sdcc runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

/// The value of a variable of the Makefile, on one line.
fn variable(name: &str) -> String {
    let text = std::fs::read_to_string(folder().join("Makefile"))
        .expect("the recipe is there")
        .replace("\\\n", " ");
    let start = format!("{name} := ");
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(&start))
        .unwrap_or_else(|| panic!("no {name}"));
    value
        .split_whitespace()
        .filter(|flag| *flag != "-Iinclude")
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_recipe_and_the_crate_name_the_same_flags() {
    let joined = |flags: &str| flags.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        variable("SAMPLES"),
        SAMPLES.iter().map(|s| s.name).collect::<Vec<_>>().join(" ")
    );
    assert_eq!(variable("CFLAGS"), joined(SDCC_COMPILE));
    assert_eq!(variable("LDFLAGS"), joined(SDCC_LINK));
    assert_eq!(variable("ASFLAGS"), joined(SDAS));
    assert_eq!(variable("WASMFLAGS"), joined(CLANG));
}
