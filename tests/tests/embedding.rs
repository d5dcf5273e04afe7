//! The page for those who embed the chain shows a program that compiles, and what it prints.

#[allow(dead_code, reason = "the test calls what `main` calls")]
#[path = "../examples/embed.rs"]
mod embed;

const PAGE: &str = include_str!("../../docs/embedding.md");

/// The part of the page between a line of three backquotes with `kind` and the next.
fn block(kind: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("\n```{kind}\n")).expect("a block");
    rest.split_once("```\n").expect("its end").0
}

#[test]
fn the_page_on_embedding_shows_its_program() {
    assert_eq!(block("rust"), include_str!("../examples/embed.rs"));
    let counter = firmware_samples::SAMPLES
        .iter()
        .find(|s| s.name == "counter");
    let image = counter.expect("the sample").image;
    assert_eq!(block("text"), embed::play(image).expect("it runs"));
}
