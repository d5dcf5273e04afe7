//! The serial line as it is wired: a host with a rate of its own, pins whose latch is 0, and mode 0
//! on the pins.

use board::chips::Chip;
use board::line::{BitTime, Pace, Rate};
use board::time::States;
use board::trace::{Event, Signal};
use board::{Board, BoardConfig, BoardStop};
use emu8051::{Cycles, assemble};

fn board(source: &str) -> Board {
    let assembly = assemble(source).unwrap_or_else(|error| panic!("{error}"));
    let segments = assembly
        .segments
        .iter()
        .map(|(at, bytes)| (*at, &bytes[..]));
    let config = BoardConfig::new(Chip::named("8052").expect("a chip of the table"));
    Board::new(&config, segments).expect("it fits")
}

/// A board with a host that sends `bytes` at that rate, with an oscillator of 11.0592 MHz.
fn with_host(source: &str, baud: u64, bytes: &[u8]) -> Board {
    let mut board = board(source);
    let bit = BitTime::new(11_059_200, baud).expect("in range");
    board.set_rate(Rate::Own(bit));
    board.send_serial(bytes.iter().map(|byte| (*byte).into()));
    board
}

fn sent(board: &mut Board) -> Vec<u8> {
    let sent = board.take_sent().into_iter();
    sent.map(|(byte, _)| byte.data).collect()
}

/// The moments, in states, at which a signal changes, and to what.
fn edges(events: &[Event], of: impl Fn(Signal) -> Option<bool>) -> Vec<(u64, bool)> {
    let mut level = true;
    let found = events
        .iter()
        .filter_map(|event| Some((event.at.0, of(event.signal)?)));
    found
        .filter(|(_, now)| std::mem::replace(&mut level, *now) != *now)
        .collect()
}

fn txd(signal: Signal) -> Option<bool> {
    match signal {
        Signal::Txd(level) => Some(level),
        _ => None,
    }
}

fn rxd(signal: Signal) -> Option<bool> {
    match signal {
        Signal::Rxd(level) => Some(level),
        _ => None,
    }
}

/// Stores what is received from 0x30 on, with timer 1 reloaded from `th1`.
fn receiving(th1: u8) -> String {
    format!(
        "mov TMOD,#0x20
        mov TH1,#{th1}
        mov SCON,#0x50
        setb TR1
        mov R0,#0x30
        get: jnb RI,get
        mov @R0,SBUF
        inc R0
        clr RI
        sjmp get"
    )
}

/// A firmware at the host's rate hears what is sent; one with the wrong reload value does not.
#[test]
fn a_wrong_rate_shows_in_what_is_received() {
    let bytes = [0x55, 0x00, 0xFF, 0xA7];
    let heard = |th1: u8, baud: u64| {
        let mut board = with_host(&receiving(th1), baud, &bytes);
        board.run(Cycles(100_000));
        [0, 1, 2, 3].map(|n| board.cpu().iram(0x30 + n))
    };
    assert_eq!(heard(0xFD, 9600), bytes);
    assert_eq!(heard(0xFA, 4800), bytes);
    assert_eq!(heard(0xFD, 9800), bytes, "two per cent are no matter");
    for (th1, baud) in [(0xFA, 9600), (0xFE, 9600), (0xFD, 19200), (0xFD, 4800)] {
        assert_ne!(heard(th1, baud), bytes, "TH1 {th1:02X} at {baud} baud");
    }
}

/// The host's bits are 96 cycles long before the firmware has set any rate, with the receiver off.
#[test]
fn a_program_that_looks_at_rxd_is_sent_to() {
    let source = "wait: jb P3.0,wait
        inc R7
        low: inc R6
        jnb P3.0,low
        sjmp $";
    for byte in [0xFF, 0xFE, 0xF0] {
        let mut board = with_host(source, 9600, &[byte]);
        board.trace(true);
        board.run(Cycles(100_000));
        let edges = edges(&board.take_events(), rxd);
        assert!(
            edges[0].0 > 92_000 * States::PER_CYCLE,
            "after a tenth of a second"
        );
        let low = (edges[1].0 - edges[0].0) / States::PER_CYCLE;
        assert_eq!(low, 96 * u64::from(1 + byte.trailing_zeros()), "{byte:02X}");
        let rounds = u64::from(board.cpu().r(6)); // of three cycles, modulo 256
        assert!(rounds.abs_diff(low / 3 % 256) <= 1, "{rounds} rounds");
    }
}

/// A program that measures one byte on the pin is let alone for a tenth of a second, whatever it
/// does.
#[test]
fn after_a_byte_on_the_pin_comes_a_pause() {
    let source = "wait: jb P3.0,wait
        mov TMOD,#0x20
        mov TH1,#0xFD
        mov SCON,#0x50
        setb TR1
        jnb RI,$
        clr RI
        jnb RI,$
        mov 0x30,SBUF
        sjmp $";
    let mut board = with_host(source, 9600, &[0xFF, 0xFF, 0x42]);
    board.trace(true);
    board.run(Cycles(400_000));
    let edges = edges(&board.take_events(), rxd);
    let falls: Vec<u64> = edges
        .iter()
        .filter(|(_, l)| !l)
        .map(|(at, _)| at / 6)
        .collect();
    assert_eq!(falls[1] - falls[0], 10 * 96 + 92_160, "{falls:?}");
    assert!(
        falls[2] - falls[1] < 20 * 96,
        "then as the receiver takes them: {falls:?}"
    );
    assert_eq!(board.cpu().iram(0x30), 0x42);
}

/// Other pins of P3 are no reason to send, and neither is a receiver that cannot hear: one that is
/// off, that has no clock, or whose half bit is longer than a byte.
#[test]
fn the_host_waits_until_somebody_can_hear() {
    for setup in [
        "look: jb P3.2,look",
        "look: mov A,P1\n sjmp look",
        "mov TMOD,#0x20\n mov TH1,#0xFD\n setb TR1\n sjmp $",
        "mov SCON,#0x50\n sjmp $",
        "mov TMOD,#0x20\n mov TH1,#0\n mov SCON,#0x50\n setb TR1\n sjmp $",
    ] {
        let mut board = with_host(setup, 9600, b"x");
        board.run(Cycles(100_000));
        assert_eq!(board.serial_waiting(), 1, "{setup}");
        board = with_host(setup, 9600, b"x");
        board.set_pace(Pace::BackToBack);
        board.set_rate(Rate::Own(BitTime::new(11_059_200, 9600).expect("in range")));
        board.run(Cycles(100_000));
        assert_eq!(
            board.serial_waiting(),
            0,
            "back to back nobody is waited for: {setup}"
        );
    }
    let mut board = with_host("look: mov A,P3\n sjmp look", 9600, b"x");
    board.run(Cycles(1000));
    assert_eq!(board.serial_waiting(), 0, "the whole port has RXD in it");
}

/// The same whether it is run in one go or stopped, saved and restored on the way.
#[test]
fn a_host_with_a_rate_is_saved_with_the_board() {
    let source = receiving(0xFD);
    let mut whole = with_host(&source, 9700, b"rates");
    whole.run(Cycles(9000));
    for stop in [1, 20, 300, 777, 1500, 4321] {
        let mut first = with_host(&source, 9700, b"rates");
        first.run(Cycles(stop));
        let bytes = first.snapshot().to_bytes();
        let mut second = board(&source);
        let snapshot = second.read_snapshot(&bytes).expect("whole");
        second.restore(&snapshot).expect("the same machine");
        second.run(Cycles(9000));
        assert_eq!(
            second.snapshot().to_bytes(),
            whole.snapshot().to_bytes(),
            "stopped at {stop}"
        );
    }
}

/// What was sent has the rate it was sent at, whoever listens.
#[test]
fn the_rate_of_what_is_sent_is_known() {
    let source =
        "mov TMOD,#0x20\n mov TH1,#0xFA\n mov SCON,#0x40\n setb TR1\n mov SBUF,#1\n sjmp $";
    let mut board = with_host(source, 9600, b"");
    board.run(Cycles(10));
    assert_eq!(board.serial_bits(), None);
    board.run(Cycles(10_000));
    let bit = States(192 * States::PER_CYCLE);
    assert_eq!(board.serial_bits(), Some((bit, bit)));
    assert_eq!(sent(&mut board), [1]);
    let own = BitTime::new(11_059_200, 9600).expect("in range");
    assert_eq!(own.excess(bit), 1000, "twice as long");
    assert_eq!(own.excess(States(576)), 0);
}

/// HD *Port Structures*: with its latch at 0 the pin is stuck at 0, whatever the transmitter does.
#[test]
fn a_latch_of_0_holds_txd_low() {
    let source = "mov TMOD,#0x20
        mov TH1,#0xFD
        mov SCON,#0x40
        setb TR1
        mov SBUF,#'A'
        acall wait
        clr P3.1
        low: mov SBUF,#'B'
        acall wait
        high: setb P3.1
        mov SBUF,#'C'
        acall wait
        setb P1.0
        sjmp $
        wait: jnb TI,wait
        clr TI
        mov R7,#100
        djnz R7,$
        ret";
    let mut board = board(source);
    board.trace(true);
    board.run(Cycles(20_000));
    assert_eq!(sent(&mut board), *b"AC");
    assert_eq!(board.serial_unread(), 1);
    let events = board.take_events();
    let falls = events.iter().find_map(|event| match event.signal {
        Signal::Port(3, pins) if pins & 2 == 0 => Some(event.at.0),
        _ => None,
    });
    let rises = events.iter().find_map(|event| match event.signal {
        Signal::Port(3, pins) if pins & 2 != 0 => Some(event.at.0),
        _ => None,
    });
    let (falls, rises) = (falls.expect("CLR P3.1"), rises.expect("SETB P3.1"));
    let edges = edges(&events, txd);
    let low: Vec<_> = edges
        .iter()
        .filter(|(at, _)| (falls..=rises).contains(at))
        .collect();
    assert_eq!(
        low,
        [&(falls, false), &(rises, true)],
        "nothing but a break"
    );
}

/// A frame during which the latch is 0 at any time cannot be read.
#[test]
fn a_frame_held_low_on_its_way_is_lost() {
    let source = "mov TMOD,#0x20
        mov TH1,#0xFD
        mov SCON,#0x40
        setb TR1
        mov SBUF,#'A'
        mov R7,#200
        djnz R7,$
        clr P3.1
        setb P3.1
        jnb TI,$
        clr TI
        mov SBUF,#'B'
        jnb TI,$
        sjmp $";
    let mut board = board(source);
    board.run(Cycles(20_000));
    assert_eq!(
        (sent(&mut board), board.serial_unread()),
        (b"B".to_vec(), 1)
    );
}

/// HD *More About Mode 0*: the data leaves on P3.0, a bit in each of eight cycles, the clock on
/// P3.1.
#[test]
fn mode_0_shifts_its_data_out_on_rxd() {
    for byte in [0x00, 0xA5, 0xFF, 0x01, 0x80] {
        let mut board = board(&format!(
            "nop\n mov SBUF,#{byte}\n wait: jnb TI,wait\n sjmp $"
        ));
        board.trace(true);
        board.run(Cycles(3));
        // MOV SBUF begins in cycle 1 and writes at the end of it
        let mut pins = Vec::new();
        for cycle in 3..=13 {
            board.run(Cycles(cycle));
            if board.now() == Cycles(cycle) {
                pins.push((cycle, board.pins(3) & 1));
            }
        }
        let bit = |cycle: u64| match cycle {
            3..=10 => byte >> (cycle - 3) & 1,
            _ => 1,
        };
        assert!(pins.len() > 4, "{pins:?}");
        for (cycle, level) in pins {
            assert_eq!(level, bit(cycle), "{byte:02X} in cycle {cycle}");
        }
        let events = board.take_events();
        let levels = edges(&events, rxd);
        let level = |at: u64| {
            levels
                .iter()
                .rev()
                .find(|(edge, _)| *edge <= at)
                .is_none_or(|(_, l)| *l)
        };
        let clock = edges(&events, txd);
        let rising: Vec<u64> = clock
            .iter()
            .filter(|(_, l)| *l)
            .map(|(at, _)| *at)
            .collect();
        assert_eq!(rising.len(), 8, "eight clocks");
        let shifted = rising
            .iter()
            .enumerate()
            .fold(0, |byte, (n, at)| byte | u8::from(level(*at)) << n);
        assert_eq!(shifted, byte, "what a 74HC164 takes with the rising edges");
        assert_eq!(sent(&mut board), [byte]);
    }
}

/// With the latch of P3.1 at 0 there is no clock, with that of P3.0 at 0 no data.
#[test]
fn mode_0_needs_both_latches() {
    let run = |latch: u8| {
        let mut board = board(&format!(
            "mov P3,#{latch}\n mov SBUF,#0x5A\n jnb TI,$\n sjmp $"
        ));
        assert_eq!(board.run(Cycles(100)), BoardStop::Cycles);
        sent(&mut board)
    };
    assert_eq!(run(0xFF), [0x5A]);
    assert_eq!(run(0xFE), [0x00]);
    assert!(run(0xFD).is_empty());
}
