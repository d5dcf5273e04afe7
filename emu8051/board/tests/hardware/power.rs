//! Idle and power down.

use crate::common::{board, config, finish, pin, wired};
use board::BoardStop;
use emu8051::{Cycles, sfr};

/// Idle ends with the next interrupt and goes on after the instruction that began it.
#[test]
fn idle_ends_with_the_next_interrupt() {
    let source = "ljmp main
        .org 0x0B
        inc 0x30
        reti
        .org 0x40
        main: mov TMOD,#2
        mov IE,#0x82
        setb TR0
        orl PCON,#1
        inc A
        done: sjmp $";
    let (board, cycles) = finish(&config("8051"), source);
    assert_eq!((board.cpu().a(), board.cpu().iram(0x30)), (1, 1));
    assert_eq!(board.sfr(sfr::PCON), 0);
    // TR0 from cycle 7 on, 256 counts to cycle 262, poll, LCALL, INC, RETI, INC
    assert_eq!(cycles, 7 + 256 + 1 + 2 + 1 + 2 + 1);
}

#[test]
fn idle_without_anything_to_wake_it_is_reported() {
    assert_eq!(
        board("8051", "orl PCON,#1\n sjmp $").run(Cycles(1000)),
        BoardStop::Idle
    );
    assert_eq!(
        board("8051", "mov IE,#0x81\n orl PCON,#1\n sjmp $").run(Cycles(1000)),
        BoardStop::Idle
    );
}

#[test]
fn a_byte_that_no_clock_will_send_wakes_nobody() {
    // timer 1 counts the one edge of T1, which is no full bit of the serial port
    let source =
        "mov TMOD,#0x60\n mov TL1,#0xFF\n mov TH1,#0xFF\n mov SCON,#0x40\n mov IE,#0x90\n setb TR1
        mov SBUF,#0x55\n orl PCON,#1\n sjmp $";
    let mut board = wired(&config("8051"), source, [pin(200, 3, 5, false)]);
    assert_eq!(board.run(Cycles(1000)), BoardStop::Idle);
}

#[test]
fn an_idle_processor_is_woken_by_a_pin() {
    let source = "ljmp main\n .org 0x03\n done: sjmp $\n .org 0x40\n main: mov IE,#0x81\n setb IT0\n orl PCON,#1\n sjmp $";
    let mut config = config("8051");
    config.breakpoints = vec![0x03];
    let mut board = wired(&config, source, [pin(100, 3, 2, false)]);
    assert_eq!(board.run(Cycles(1000)), BoardStop::Pc(0x03));
    assert_eq!(board.now(), Cycles(104)); // sampled in 100, polled in 101, LCALL in 102 and 103
}

#[test]
fn power_down_stops_everything() {
    let mut board = board("8051", "mov TMOD,#1\n setb TR0\n orl PCON,#2\n sjmp $");
    assert_eq!(board.run(Cycles(1000)), BoardStop::PowerDown);
    assert_eq!(board.run(Cycles(2000)), BoardStop::PowerDown);
    assert_eq!(board.sfr(sfr::TL0), 2); // the two cycles of ORL
}

/// A stimulus or a restored snapshot can bring a board as far as cycles can be counted.
#[test]
fn at_the_end_of_time_a_board_still_stops() {
    for mode in 0..4 {
        let mut board = wired(
            &config("80C52"),
            &format!(
                "ljmp main
                .org 0x03
                mov R0,TL0
                mov R1,TH1
                mov P1,R0
                reti
                .org 0x40
            main: mov TMOD,#0x{mode}{mode}
                mov TCON,#0x51
                mov SCON,#0x50
                mov T2CON,#0x04
                mov SBUF,#0x55
                mov IE,#0x81
            sleep: orl PCON,#1
                sjmp sleep"
            ),
            (0..40).map(|k| pin(u64::MAX - 80 + 2 * k, 3, 2, k % 2 == 1)),
        );
        for _ in 0..4 {
            let stop = board.run(Cycles::MAX);
            assert!(
                matches!(stop, BoardStop::Cycles | BoardStop::Idle),
                "mode {mode}: {stop:?}"
            );
            let bytes = board.snapshot().to_bytes();
            let snapshot = board.read_snapshot(&bytes).expect("just written");
            board.restore(&snapshot).expect("the same machine");
        }
        assert!(board.now() > Cycles(u64::MAX - 90), "mode {mode}");
    }
}

#[test]
fn hmos_parts_ignore_idle_and_power_down() {
    assert_eq!(
        board("8051AH", "mov PCON,#0xFF\n sjmp $").run(Cycles(1000)),
        BoardStop::Cycles
    );
}
