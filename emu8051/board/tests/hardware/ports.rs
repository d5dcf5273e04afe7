//! Ports, and the counters and gates on their pins.

use crate::common::{config, finish, pin, wired};
use emu8051::{Cycles, sfr};

/// Read-modify-write reads the latch and everything else the pin.
#[test]
fn only_read_modify_write_reads_the_latch() {
    // P1.0 is pulled low from outside while its latch is 1.
    let low = || pin(0, 1, 0, false);
    let run = |body: &str| {
        let mut board = wired(&config("8051"), &format!("{body}\n sjmp $"), [low()]);
        board.run(Cycles(50));
        board
    };
    let pins = [
        "mov A,P1",
        "mov 0x30,P1\n mov A,0x30",
        "push P1\n pop ACC",
        "mov R0,P1\n mov A,R0",
        "xch A,P1",
        "orl A,P1",
        "mov R1,#0x30\n mov @R1,P1\n mov A,@R1",
    ];
    for body in pins {
        assert_eq!(run(body).cpu().a(), 0xFE, "{body}");
    }
    let modifying = [
        "anl P1,A",
        "orl P1,A",
        "xrl P1,A",
        "inc P1",
        "dec P1",
        "djnz P1,$+3",
        "anl P1,#0xFF",
        "cpl P1.7",
        "clr P1.7",
        "setb P1.7",
        "mov P1.7,C",
        "jbc P1.7,$+3",
    ];
    let latches = [
        0x00, 0xFF, 0xFF, 0x00, 0xFE, 0xFE, 0xFF, 0x7F, 0x7F, 0xFF, 0x7F, 0x7F,
    ];
    for (body, latch) in modifying.into_iter().zip(latches) {
        assert_eq!(
            run(body).sfr(sfr::P1),
            latch,
            "{body}: bit 0 of the latch is 1 though the pin is low"
        );
    }
    for (body, carry) in [
        ("mov C,P1.0", false),
        ("mov C,P1.1", true),
        ("setb C\n anl C,P1.0", false),
        ("orl C,P1.0", false),
    ] {
        assert_eq!(run(body).cpu().psw().bits() & 0x80 != 0, carry, "{body}");
    }
    assert_eq!(run("jb P1.0,$+4\n inc A").cpu().a(), 1, "JB reads the pin");
}

#[test]
fn a_pin_can_only_be_read_high_if_its_latch_is_1() {
    let mut board = wired(
        &config("8051"),
        "mov P1,#0x0F\n mov A,P1\n sjmp $",
        [pin(0, 1, 1, false)],
    );
    board.run(Cycles(50));
    assert_eq!((board.cpu().a(), board.pins(1)), (0x0D, 0x0D));
}

/// A program that pulls INT0 low itself interrupts itself.
#[test]
fn a_program_that_pulls_int0_low_interrupts_itself() {
    let source = "ljmp main\n .org 0x03\n done: sjmp $\n .org 0x40\n main: mov IE,#0x81\n setb IT0\n clr P3.2\n sjmp $";
    finish(&config("8051"), source);
}

#[test]
fn movx_at_ri_takes_the_page_from_the_latch_of_p2() {
    let source = "mov P2,#0x12\n mov R0,#0x34\n mov A,#0x56\n movx @R0,A\n sjmp $";
    let mut board = wired(
        &config("8051"),
        source,
        (0..8).map(|bit| pin(0, 2, bit, false)),
    );
    board.run(Cycles(50));
    assert_eq!(board.xdata().read(0x1234), 0x56);
}

/// A counter counts falling edges and a gate stops a timer.
#[test]
fn counters_count_falling_edges_and_gates_stop_timers() {
    // T0 falls at 20 and 30; timer 1 is gated by INT1, which is low from 40 to 60
    let source = format!(
        "mov TMOD,#0x95\n setb TR0\n setb TR1\n {}",
        "nop\n ".repeat(100)
    );
    let stimuli = [
        (20, 4, false),
        (25, 4, true),
        (30, 4, false),
        (40, 3, false),
        (60, 3, true),
    ];
    let mut board = wired(
        &config("8051"),
        &source,
        stimuli.map(|(at, bit, level)| pin(at, 3, bit, level)),
    );
    board.run(Cycles(20));
    let before = board.sfr(sfr::TL1);
    let mut at = |until| {
        board.run(Cycles(until));
        (board.sfr(sfr::TL0), board.sfr(sfr::TL1) - before)
    };
    assert_eq!(at(21), (0, 1)); // low in cycle 20, sampled there
    assert_eq!(at(22), (1, 2)); // counted in cycle 21
    assert_eq!(at(40), (2, 20));
    assert_eq!(at(60), (2, 20));
    assert_eq!(at(100), (2, 60));
}
