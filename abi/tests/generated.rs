//! The generated files in the repository are those that the table makes today.

use abi::document;
use std::path::Path;

fn compare(path: &str, made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let found = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{path}: {e}"));
    assert!(
        found == made,
        "{path} is stale: run `{}`",
        document::REFRESH
    );
}

#[test]
fn the_c_header_is_fresh() {
    compare("firmware-samples/include/smart51.h", &document::c_header());
}

#[test]
fn the_abi_document_is_fresh() {
    compare("docs/abi.md", &document::markdown());
}

#[test]
fn the_methods_of_the_sdk_in_rust_are_fresh() {
    compare(
        "firmware-samples/rust/sdk/src/methods.rs",
        &document::rust_methods(),
    );
}

#[test]
fn the_page_on_contracts_in_c_is_fresh() {
    compare("docs/c.md", &document::c_page());
}
