//! The crate as its users have it.

use board::interrupt::Source;
use firmware::Cycles;
use firmware::session::SessionStop;
use firmware::settings::Settings;
use loader::Image;

#[path = "own/echo.rs"]
mod echo;

/// docs/firmware.md shows `own/echo.rs`, which runs here.
#[test]
fn page_shows_the_test_that_runs() {
    let page = include_str!("../../docs/firmware.md");
    let (_, rest) = page.split_once("\n```rust\n").expect("a block of Rust");
    let (shown, _) = rest.split_once("```\n").expect("its end");
    assert_eq!(shown, include_str!("own/echo.rs"));
}

fn assembled(source: &str) -> Image {
    let assembly = emu8051::assemble(source).expect("it assembles");
    let mut code = Vec::new();
    for (at, bytes) in assembly.segments {
        code.resize(usize::from(at), 0);
        code.extend(bytes);
    }
    Image::bin(&code).expect("an image")
}

/// A run ends behind the instruction that overflows the stack, and not at the end of a slice.
#[test]
fn overflow_stops_at_its_instruction() {
    // From SP 0xFD on, the third push wraps to 0x00.
    let image = assembled("mov SP,#0xFD\n push ACC\n push ACC\n push ACC\n inc A\n sjmp $");
    let session = Settings::default().session(&image).expect("a session");
    let mut session = session.checking_stack();
    let stop = session.run_until(Cycles(1_000_000)).expect("no output");
    assert_eq!(stop, SessionStop::StackOverflow);
    let board = session.board();
    assert_eq!((board.cpu().sp(), board.cpu().a()), (0, 0));
    assert_eq!((board.now(), board.steps().0), (Cycles(2 + 3 * 2), 4));
    let stopped = session.finish().expect("no output");
    assert_eq!(stopped.overflow().map(|overflow| overflow.pc.0), Some(7));
}

/// So it is where hardware pushes: before the first instruction of the service routine.
#[test]
fn overflow_by_an_interrupt_stops_before_its_routine() {
    let source = "ljmp main\n .org 0x0B\n inc A\n reti\n .org 0x40\n \
                  main: mov SP,#0xFE\n mov IE,#0x82\n setb TF0\n nop\n nop\n sjmp $";
    let image = assembled(source);
    let session = Settings::default().session(&image).expect("a session");
    let mut session = session.checking_stack();
    let stop = session.run_until(Cycles(1_000_000)).expect("no output");
    assert_eq!(stop, SessionStop::StackOverflow);
    let board = session.board();
    assert_eq!((board.cpu().pc(), board.cpu().a()), (0x0B, 0));
    assert!(board.serving().any(|source| source == Source::Timer0));
}
