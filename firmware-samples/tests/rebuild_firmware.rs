//! The prebuilt firmware images are what their recipe makes today.

use std::path::Path;
use std::process::Command;

/// The recipe makes the firmware images again byte for byte.
#[test]
fn the_recipe_makes_the_same_firmware_images() {
    let version = Command::new("sdcc").arg("--version").output();
    if !version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("4.2.0 ")) {
        eprintln!(
            "SKIPPED: sdcc 4.2.0 is not installed, so the firmware is not rebuilt; `make test` installs it"
        );
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware");
    let out = tempfile::tempdir().expect("a temporary folder");
    let made = Command::new("make")
        .args(["-s", "-C"])
        .arg(&folder)
        .arg(format!("OUT={}", out.path().display()))
        .arg(format!("BUILD={}", out.path().join("build").display()))
        .output()
        .expect("make runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    for name in ["blink", "echo", "clock", "softuart", "eeprom", "monitor"] {
        let file = format!("{name}.ihx");
        let [prebuilt, rebuilt] = [folder.join(&file), out.path().join(&file)]
            .map(|path| std::fs::read(path).expect("an image"));
        assert!(
            prebuilt == rebuilt,
            "{file} differs: run `make -C firmware-samples/firmware`"
        );
    }
}
