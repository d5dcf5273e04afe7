//! Prints `docs/isa.md`.

fn main() {
    print!("{}", emu8051::isa_markdown());
}
