//! Writes the files that are made from the method table.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::write(
        root.join("firmware-samples/include/smart51.h"),
        abi::document::c_header(),
    )?;
    std::fs::write(
        root.join("firmware-samples/rust/sdk/src/methods.rs"),
        abi::document::rust_methods(),
    )?;
    std::fs::write(root.join("docs/c.md"), abi::document::c_page())?;
    std::fs::write(root.join("docs/abi.md"), abi::document::markdown())
}
