//! `docs/isa.md` is what the table says.

#[test]
fn docs_isa_md_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/isa.md");
    let written = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(
        written,
        emu8051::isa_markdown(),
        "docs/isa.md is stale; run: cargo run -p smart51-emu8051 --example isa > docs/isa.md"
    );
}
