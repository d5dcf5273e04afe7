//! The README tells the truth about `make run`.

use std::path::Path;
use std::process::Command;

/// Refresh: `make refresh` puts the output into the README.
#[test]
fn the_readme_shows_what_make_run_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let demo = Command::new(root.join("cli/demo.sh"))
        .arg(env!("CARGO_BIN_EXE_smart51"))
        .output()
        .unwrap();
    assert!(
        demo.status.success(),
        "{}",
        String::from_utf8_lossy(&demo.stderr)
    );
    let printed = String::from_utf8(demo.stdout).unwrap();
    let page = root.join("README.md");
    let readme = std::fs::read_to_string(&page).unwrap();
    let shown = readme
        .split_once("```text\n")
        .unwrap()
        .1
        .split_once("```\n")
        .unwrap()
        .0;
    if std::env::var_os("SMART51_REFRESH_PAGES").is_some() {
        let fresh = readme.replacen(shown, &format!("{}\n", printed.trim_end()), 1);
        std::fs::write(&page, fresh).unwrap();
        return;
    }
    assert_eq!(shown.trim_end(), printed.trim_end());
}
