//! The serial port, both ways.

use crate::common::{board, config, pin, sent, txd, wired};
use board::line::{Pace, SerialByte};
use board::time::States;
use emu8051::{Cycles, sfr};

/// Timer 1 reloads from FD and runs from cycle 12 on, so it overflows in cycles 14, 17, 20...
const MODE_1: &str = "mov TMOD,#0x20
    mov TH1,#0xFD
    mov TL1,#0xFD
    mov PCON,#0
    mov SCON,#0x50
    orl TCON,#0x40
    mov SBUF,#0x53
    sjmp $";

/// A frame begins at the next rollover and each bit is 32 overflows long.
#[test]
fn a_frame_begins_at_the_next_rollover() {
    let mut board = board("8051", MODE_1);
    board.trace(true);
    board.run(Cycles(3000));
    let events = board.take_events();
    let edges = txd(&events);
    // 0x53 is 1100 1010 on the line, low bit first, between start and stop bit
    let levels: Vec<u8> = edges.iter().map(|(_, level)| u8::from(*level)).collect();
    assert_eq!(levels, [0, 1, 1, 0, 0, 1, 0, 1, 0, 1]);
    let bit = 32 * 3 * States::PER_CYCLE;
    let first = edges[0].0;
    assert_eq!(
        edges.iter().map(|(at, _)| at - first).collect::<Vec<_>>(),
        (0..10).map(|k| k * bit).collect::<Vec<_>>()
    );
    // TR1 is set at the end of cycle 10: the 32nd overflow, at 11 + 96, is the first rollover after
    // the write
    assert_eq!(first, 107 * States::PER_CYCLE);
    // TI comes with the stop bit
    assert_eq!(sent(&mut board), [(0x53, 107 + 9 * 96)]);
}

/// A byte written while another is sent cuts that one off.
#[test]
fn a_byte_written_while_another_is_sent_cuts_it_off() {
    let source = MODE_1.replace(
        "sjmp $",
        "mov R7,#200\n djnz R7,$\n mov SBUF,#0x2A\n sjmp $",
    );
    let mut board = board("8051", &source);
    board.run(Cycles(3000));
    let sent: Vec<u8> = sent(&mut board).iter().map(|(byte, _)| *byte).collect();
    assert_eq!(sent, [0x2A]);
}

/// SMOD doubles the rate and modes 2 and 3 send a ninth bit.
#[test]
fn smod_doubles_the_rate_in_modes_1_to_3() {
    // PCON, SCON, bits until TI, states for a bit
    for (pcon, scon, bits, bit) in [
        (0x80, 0x40, 10, 16 * 3 * 6),
        (0x00, 0x80, 11, 32), // mode 2: the oscillator by 64
        (0x80, 0x80, 11, 16), // by 32
        (0x00, 0xC8, 11, 32 * 3 * 6),
    ] {
        let source = MODE_1
            .replace("PCON,#0", &format!("PCON,#{pcon}"))
            .replace("#0x50", &format!("#{scon}"));
        let mut board = board("8051", &source);
        board.trace(true);
        board.run(Cycles(3000));
        let edges = txd(&board.take_events());
        assert_eq!(edges.len(), bits, "SCON {scon:02X}");
        assert!(
            edges.windows(2).all(|pair| pair[1].0 - pair[0].0 == bit),
            "SCON {scon:02X} PCON {pcon:02X}: {edges:?}"
        );
        if bits == 11 {
            assert_eq!(edges[9].1, scon & 0x08 != 0, "the ninth bit is TB8");
        }
        let ti = board.take_sent()[0].1;
        assert_eq!(
            ti,
            States(edges[bits - 1].0).ceil(),
            "TI comes with the stop bit"
        );
    }
}

#[test]
fn timer_2_clocks_the_side_its_bit_names() {
    // RCAP2 = 65536 - 6: a bit is 16 * 6 states, 16 cycles; timer 1 does not run
    let source = |t2con: u8| {
        format!(
            "mov RCAP2H,#0xFF
        mov RCAP2L,#0xFA
        mov TH2,#0xFF
        mov TL2,#0xFA
        mov SCON,#0x50
        mov T2CON,#{t2con}
        mov SBUF,#0x55
        sjmp $"
        )
    };
    for (t2con, sends, receives) in [
        (0x34, true, true),
        (0x14, true, false),
        (0x24, false, true),
        (0x04, false, false),
    ] {
        let mut board = board("8052", &source(t2con));
        board.send_serial([0xA5.into()]);
        board.trace(true);
        board.run(Cycles(1000));
        let edges = txd(&board.take_events());
        assert_eq!(edges.len(), if sends { 10 } else { 0 }, "T2CON {t2con:02X}");
        assert!(edges.windows(2).all(|pair| pair[1].0 - pair[0].0 == 16 * 6));
        assert_eq!(board.sfr(sfr::SCON) & 1 == 1, receives, "T2CON {t2con:02X}");
        assert_eq!(
            board.sfr(sfr::T2CON) & 0x80 != 0,
            t2con == 0x04,
            "a baud rate generator does not set TF2"
        );
    }
}

/// Mode 0 takes a machine cycle for a bit and sets TI with the tenth cycle.
#[test]
fn mode_0_sets_ti_with_the_tenth_cycle() {
    let mut board = board("8051", "mov A,#0x81\n mov SBUF,A\n sjmp $");
    board.trace(true);
    board.run(Cycles(100));
    assert_eq!(sent(&mut board), [(0x81, 11)]); // written in cycle 1, and nine whole cycles after it
    let clock = txd(&board.take_events());
    // low from S3 to S5 of cycles 3 to 10
    let expected: Vec<_> = (3..11)
        .flat_map(|cycle| [(cycle * 6 + 2, false), (cycle * 6 + 5, true)])
        .collect();
    assert_eq!(clock, expected);
}

/// Mode 0 receives what the pin holds in each of eight cycles.
#[test]
fn mode_0_receives_the_pin_in_each_of_eight_cycles() {
    // REN is set in cycle 0 and 1, accessed at 1: bits are sampled in cycles 2 to 9
    for byte in [0x00, 0xFF, 0xA5, 0x01, 0x80] {
        let stimuli = (0..8).map(|bit| pin(2 + bit, 3, 0, byte >> bit & 1 == 1));
        let mut board = wired(&config("8051"), "mov SCON,#0x10\n sjmp $", stimuli);
        board.run(Cycles(9));
        assert_eq!(board.sfr(sfr::SCON) & 1, 0);
        board.run(Cycles(20));
        assert_eq!((board.sfr(sfr::SCON) & 1, board.sfr(sfr::SBUF)), (1, byte));
    }
}

/// Timer 1 at three cycles an overflow, SMOD set: a bit is 48 cycles.
pub(crate) const RECEIVE: &str = "mov TMOD,#0x20
    mov TH1,#0xFD
    mov TL1,#0xFD
    mov PCON,#0x80
    setb TR1
    mov SCON,#0x50";

#[test]
fn ri_comes_in_the_middle_of_the_stop_bit() {
    let mut board = board("8051", &format!("{RECEIVE}\n sjmp $"));
    board.send_serial([0xC3.into()]);
    board.run(Cycles(400));
    assert_eq!(board.sfr(sfr::SCON), 0x50);
    board.run(Cycles(1000));
    assert_eq!(
        (board.sfr(sfr::SCON), board.sfr(sfr::SBUF)),
        (0x55, 0xC3),
        "RI, and the stop bit in RB8"
    );
}

/// All bytes are received from levels on the pin and with 2 percent of error.
#[test]
fn all_bytes_are_received_with_2_percent_of_error() {
    for (percent, byte) in [98, 100, 102]
        .into_iter()
        .flat_map(|percent| (0..=255).step_by(5).map(move |byte| (percent, byte as u8)))
    {
        let frame = 0x200 | u16::from(byte) << 1;
        let stimuli =
            (0..10).map(|bit| pin(100 + bit * 48 * percent / 100, 3, 0, frame >> bit & 1 == 1));
        let mut board = wired(&config("8051"), &format!("{RECEIVE}\n sjmp $"), stimuli);
        board.run(Cycles(1000));
        assert_eq!(
            (board.sfr(sfr::SCON) & 1, board.sfr(sfr::SBUF)),
            (1, byte),
            "{percent} %"
        );
    }
}

#[test]
fn a_start_bit_shorter_than_half_a_bit_is_noise() {
    let stimuli = [pin(100, 3, 0, false), pin(115, 3, 0, true)];
    let mut board = wired(&config("8051"), &format!("{RECEIVE}\n sjmp $"), stimuli);
    board.run(Cycles(2000));
    assert_eq!(board.sfr(sfr::SCON) & 1, 0);
}

#[test]
fn a_byte_that_comes_while_ri_is_set_is_lost() {
    let mut board = board("8051", &format!("{RECEIVE}\n sjmp $"));
    board.set_pace(Pace::BackToBack);
    board.send_serial([0x11.into(), 0x22.into()]);
    board.run(Cycles(2000));
    assert_eq!((board.sfr(sfr::SBUF), board.serial_overruns()), (0x11, 1));
}

#[test]
fn a_host_that_waits_loses_nothing() {
    // Takes a byte only every 2000 cycles or so.
    let source = format!(
        "{RECEIVE}
        mov R0,#0x40
        loop: jnb RI,loop
        mov R6,#4
        wait: mov R7,#250
        djnz R7,$
        djnz R6,wait
        mov @R0,SBUF
        inc R0
        clr RI
        sjmp loop"
    );
    let mut board = board("8051", &source);
    board.send_serial((1..=9).map(SerialByte::from));
    board.run(Cycles(40_000));
    assert_eq!(
        (0x40..0x49)
            .map(|at| board.cpu().iram(at))
            .collect::<Vec<_>>(),
        (1..=9).collect::<Vec<_>>()
    );
    assert_eq!(board.serial_overruns(), 0);
}

/// Under SM2 only frames with the ninth bit are received.
#[test]
fn sm2_lets_only_frames_with_the_ninth_bit_in() {
    for (scon, data, ninth, received) in [
        (0xF0, 0x42, false, false),
        (0xF0, 0x42, true, true),
        (0xD0, 0x42, false, true),
        (0xD0, 0x42, true, true),
    ] {
        let source = format!("{}\n sjmp $", RECEIVE.replace("#0x50", &format!("#{scon}")));
        let mut board = board("8051", &source);
        board.send_serial([SerialByte { data, ninth }]);
        board.run(Cycles(2000));
        let seen = board.sfr(sfr::SCON);
        assert_eq!(seen & 1 == 1, received, "SCON {scon:02X} ninth {ninth}");
        assert_eq!(seen & 4 != 0, received && ninth, "RB8 is the ninth bit");
    }
}

/// A host waits for the first overflow of a timer that begins at zero.
#[test]
fn a_host_waits_for_the_first_overflow_of_a_timer() {
    let mut board = board(
        "8051",
        &format!("{}\n sjmp $", RECEIVE.replace("mov TL1,#0xFD", "nop")),
    );
    board.send_serial([0xC3.into()]);
    board.run(Cycles(1000));
    assert_eq!((board.sfr(sfr::SCON), board.sfr(sfr::SBUF)), (0x55, 0xC3));
}

#[test]
fn without_ren_nothing_is_received() {
    let mut board = board(
        "8051",
        &format!("{}\n sjmp $", RECEIVE.replace("#0x50", "#0x40")),
    );
    board.send_serial([0x11.into()]);
    board.run(Cycles(2000));
    assert_eq!((board.sfr(sfr::SCON) & 1, board.serial_waiting()), (0, 1));
}

#[test]
fn a_flag_set_while_another_is_cleared_is_not_lost() {
    // TI comes some time in a long row of CLR RI.
    let source = format!(
        "{}\n {}\n sjmp $",
        MODE_1.replace("sjmp $", ""),
        "clr RI\n ".repeat(1200)
    );
    let mut board = board("8051", &source);
    board.run(Cycles(1150));
    assert_eq!(board.sfr(sfr::SCON) & 2, 2);
}
