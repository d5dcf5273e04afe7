//! The pages for those who embed the chain show programs that compile, and what they print.

#[allow(dead_code, reason = "the test calls what `main` calls")]
#[path = "../examples/embed.rs"]
mod embed;

#[allow(dead_code, reason = "the test calls what `main` calls")]
#[path = "../examples/first.rs"]
mod first;

const PAGE: &str = include_str!("../../docs/embedding.md");
const README: &str = include_str!("../../README.md");

/// The part of `page` between a line of three backquotes with `kind` and the next.
fn block(page: &'static str, kind: &str) -> &'static str {
    let (_, rest) = page.split_once(&format!("\n```{kind}\n")).expect("a block");
    rest.split_once("```\n").expect("its end").0
}

/// The image of the sample `counter`.
fn counter() -> &'static [u8] {
    let counter = firmware_samples::SAMPLES
        .iter()
        .find(|s| s.name == "counter");
    counter.expect("the sample").image
}

/// Refresh: `make refresh` puts program and output into the page.
#[test]
fn the_page_on_embedding_shows_its_program() {
    let program = include_str!("../examples/embed.rs");
    let printed = embed::play(counter()).expect("it runs");
    let shown = [block(PAGE, "rust"), block(PAGE, "text")];
    if std::env::var_os("SMART51_REFRESH_PAGES").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/embedding.md");
        let page = PAGE
            .replacen(shown[0], program, 1)
            .replacen(shown[1], &printed, 1);
        std::fs::write(path, page).expect("writable");
        return;
    }
    assert_eq!(shown, [program, &printed]);
}

/// The ten lines of the README are those of a program that runs.
#[test]
fn the_readme_shows_its_program() {
    let program = include_str!("../examples/first.rs");
    let (_, rest) = program
        .split_once("    // The page begins.\n")
        .expect("begin");
    let (lines, _) = rest.split_once("    // The page ends.\n").expect("end");
    assert_eq!(
        block(README, "rust"),
        lines.replace("\n    ", "\n").trim_start_matches("    ")
    );
    assert!(first::play(counter()).expect("it runs") > 0);
}
