//! The bus and the power of a board: what external memory does to P0, and what ends power down.

use crate::common::{build, config, pin};
use board::interrupt::Source;
use board::stimulus::Input;
use board::trace::Signal;
use board::{BoardConfig, BoardStop, Device, Wiring};
use emu8051::{Cycles, sfr};

/// HD *Accessing External Memory*: "During any access to external memory, the CPU writes 0FFH to
/// the Port 0 latch".
#[test]
fn an_access_to_external_memory_sets_p0s_latch() {
    for access in [
        "movx A,@DPTR",
        "movx @DPTR,A",
        "movx A,@R0",
        "movx @R1,A",
        "inc DPTR\n movx A,@DPTR",
    ] {
        let source = format!(
            "mov P0,#0x5A\n mov P2,#0x33\n {access}\n mov 0x30,P0\n orl P0,#0\n mov 0x31,P0\n sjmp $"
        );
        for wiring in [
            Wiring::Harvard { xdata_bytes: 65536 },
            Wiring::Harvard { xdata_bytes: 0 },
            Wiring::VonNeumann,
        ] {
            let config = BoardConfig {
                wiring,
                ..config("8052")
            };
            let mut board = build(&config, &source);
            board.run(Cycles(100));
            let seen = [0x30, 0x31].map(|at| board.cpu().iram(at));
            assert_eq!(seen, [0xFF, 0xFF], "{access} {wiring:?}");
            assert_eq!(board.sfr(sfr::P2), 0x33, "P2 stays");
        }
    }
}

/// The pins change with the second cycle of the access, and a device sees that.
#[test]
fn p0_is_released_in_the_second_cycle_of_an_access() {
    #[derive(Default)]
    struct Seen(Vec<u8>);
    impl Device for Seen {
        fn pins_changed(&mut self, _: Cycles, pins: [u8; 4]) -> Vec<Input> {
            self.0.push(pins[0]);
            Vec::new()
        }
    }
    let source = "mov P0,#0x5A\n movx @DPTR,A\n mov P0,#0xA5\n nop\n movx A,@DPTR\n sjmp $";
    // each write comes with the end of the first of its instruction's two cycles
    let expected = [(1, 0x5A), (3, 0xFF), (5, 0xA5), (8, 0xFF)];
    let mut board = build(&config("8052"), source);
    board.trace(true);
    let mut seen = Seen::default();
    board.run_with(Cycles(50), &mut seen, &mut ());
    assert_eq!(seen.0, [0x5A, 0xFF, 0xA5, 0xFF]);
    let changes: Vec<(u64, u8)> = board
        .take_events()
        .into_iter()
        .filter_map(|event| match event.signal {
            Signal::Port(0, pins) => Some((event.at.ceil().0, pins)),
            _ => None,
        })
        .collect();
    assert_eq!(changes, expected);
}

/// XDATA on the chip is no external memory, until AUXR says so; it is there without any outside.
#[test]
fn xdata_on_the_chip_leaves_p0_alone() {
    let source = |setup: &str, address: &str| {
        format!(
            "{setup}\n mov DPTR,#{address}\n mov A,#0x77\n mov P0,#0x5A\n movx @DPTR,A\n clr A\n movx A,@DPTR
            mov 0x30,P0\n mov 0x31,A\n sjmp $"
        )
    };
    let run = |chip: &str, setup: &str, address: &str, xdata_bytes: u32| {
        let config = BoardConfig {
            wiring: Wiring::Harvard { xdata_bytes },
            ..config(chip)
        };
        let mut board = build(&config, &source(setup, address));
        board.run(Cycles(100));
        assert_eq!(board.unknown_sfrs().count(), 0);
        [0x30, 0x31].map(|at| board.cpu().iram(at))
    };
    assert_eq!(run("89C51RX", "", "0x2FF", 0), [0x5A, 0x77]);
    assert_eq!(run("89C51RX", "", "0x300", 0), [0xFF, 0xFF]);
    assert_eq!(run("89C51RX", "", "0x300", 65536), [0xFF, 0x77]);
    assert_eq!(run("89C51RX", "mov 0x8E,#2", "0x2FF", 0), [0xFF, 0xFF]);
    assert_eq!(run("89C51RX", "mov 0x8E,#2", "0x2FF", 65536), [0xFF, 0x77]);
    assert_eq!(run("8052", "", "0x0000", 65536), [0xFF, 0x77]);
}

/// Stopped anywhere, saved and continued, and in a program that writes itself, comes to the same.
#[test]
fn p0_and_movx_are_the_same_however_a_board_is_run() {
    let source = "mov DPTR,#0x8000
        again: mov P0,A
        movx @DPTR,A
        inc DPTR
        mov B,P0
        add A,B
        movx A,@DPTR
        mov P0,#0x0F
        inc A
        movx @DPTR,A
        jnb P0.7,again
        inc R2
        sjmp again";
    for wiring in [Wiring::Harvard { xdata_bytes: 65536 }, Wiring::VonNeumann] {
        let config = BoardConfig {
            wiring,
            ..config("8052")
        };
        let mut whole = build(&config, source);
        whole.run(Cycles(3000));
        let expected = whole.snapshot().to_bytes();
        let mut stopped = build(&config, source);
        for until in 1..=3000 {
            stopped.run(Cycles(until));
            if until % 7 == 0 {
                let bytes = stopped.snapshot().to_bytes();
                stopped = build(&config, source);
                let snapshot = stopped.read_snapshot(&bytes).expect("whole");
                stopped.restore(&snapshot).expect("the same machine");
            }
        }
        assert_eq!(stopped.snapshot().to_bytes(), expected, "{wiring:?}");
    }
}

/// Timer 0 and the serial port run when power goes down, and `P3.2` is INT0 as a level.
const SLEEPER: &str = "ljmp main
    .org 0x03
    inc 0x30
    mov 0x32,TL0
    clr EX0
    reti
    .org 0x30
    main: mov TMOD,#0x01
    mov IE,#0x81
    setb TR0
    orl PCON,#2
    mov 0x31,#1
    sjmp $";

/// Philips' 89C51RX: an enabled external interrupt that is a level ends power down, its routine is
/// served, and the program goes on after the instruction that began it. Nothing has counted
/// meanwhile.
#[test]
fn an_external_interrupt_ends_power_down() {
    let mut board = build(&config("89C51RX"), SLEEPER);
    board.input(pin(500, 3, 2, false)).expect("to come");
    board.input(pin(900, 3, 2, true)).expect("to come");
    assert_eq!(board.run(Cycles(400)), BoardStop::Cycles);
    assert_eq!((board.cpu().iram(0x30), board.now()), (0, Cycles(400)));
    assert_eq!(board.run(Cycles(2000)), BoardStop::Cycles);
    let seen = [0x30, 0x31].map(|at| board.cpu().iram(at));
    assert_eq!(seen, [1, 1]);
    assert!(board.cpu().iram(0x32) < 10, "timer 0 stood still");
    assert_eq!(board.worst_latency(Source::External0), Some(Cycles(2)));
    assert_eq!(board.sfr(sfr::PCON) & 3, 0);
}

/// Not on other chips, not by an edge, not without EX0 or EA, not by another pin.
#[test]
fn what_does_not_end_power_down() {
    let woken = |chip: &str, source: &str, bit: u8| {
        let mut board = build(&config(chip), source);
        board.input(pin(500, 3, bit, false)).expect("to come");
        let stop = board.run(Cycles(2000));
        assert_eq!(stop == BoardStop::PowerDown, board.cpu().iram(0x31) == 0);
        stop != BoardStop::PowerDown
    };
    assert!(woken("89C51RX", SLEEPER, 2));
    assert!(!woken("8052", SLEEPER, 2));
    assert!(!woken(
        "89C51RX",
        &SLEEPER.replace("setb TR0", "setb IT0"),
        2
    ));
    assert!(!woken("89C51RX", &SLEEPER.replace("#0x81", "#0x01"), 2));
    assert!(!woken("89C51RX", &SLEEPER.replace("#0x81", "#0x84"), 2));
    assert!(!woken("89C51RX", SLEEPER, 3));
    assert!(!woken("89C51RX", SLEEPER, 4));
}

/// A byte that is sent when power goes down waits; the run is the same wherever it is stopped and
/// saved.
#[test]
fn power_down_is_the_same_wherever_it_is_stopped() {
    let source = SLEEPER.replace(
        "setb TR0",
        "setb TR0\n orl TMOD,#0x20\n mov TH1,#0xFD\n mov SCON,#0x50\n setb TR1\n mov SBUF,#0x55",
    );
    let ready = || {
        let mut board = build(&config("89C51RX"), &source);
        for stimulus in [
            pin(100, 3, 4, false),
            pin(300, 3, 4, true),
            pin(500, 3, 2, false),
            pin(700, 3, 2, true),
        ] {
            board.input(stimulus).expect("to come");
        }
        board
    };
    let mut whole = ready();
    assert_eq!(whole.run(Cycles(3000)), BoardStop::Cycles);
    let sent = whole.take_sent();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].1 > Cycles(500 + 900), "it stood still on its way");
    let expected = whole.snapshot().to_bytes();
    for stop in (1..800).step_by(13) {
        let mut first = ready();
        first.run(Cycles(stop));
        let bytes = first.snapshot().to_bytes();
        let mut second = build(&config("89C51RX"), &source);
        let snapshot = second.read_snapshot(&bytes).expect("whole");
        second.restore(&snapshot).expect("the same machine");
        assert_eq!(second.run(Cycles(3000)), BoardStop::Cycles);
        second.take_sent();
        assert_eq!(second.snapshot().to_bytes(), expected, "stopped at {stop}");
    }
}
