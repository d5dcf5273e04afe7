//! Interrupts: when they are accepted, in which order, and what the call does.

use crate::common::{board, build, config, finish, pin, wired};
use board::chips::Chip;
use board::interrupt::Source;
use board::{BoardConfig, BoardStop};
use emu8051::{Cycles, sfr};

/// The manual's response time, *Response Time*: three full machine cycles lie between the cycle of
/// the request and the first instruction of the routine, and a multi-cycle instruction under way
/// adds its remaining ones.
#[test]
fn an_external_interrupt_takes_at_least_3_cycles() {
    // The handler notes timer 0, which started with the first NOP, in its first instruction.
    let source = |body: &str| {
        format!(
            "ljmp main
            .org 0x03
            mov 0x30,TL0
            sjmp $
            .org 0x40
            main: mov TMOD,#1
            mov IE,#0x81
            setb IT0
            setb TR0
            {body}"
        )
    };
    // The body begins in cycle 8. The pin is low from cycle 10 on: sampled in 10, polled in 11.
    for (body, expected) in [
        ("nop\n nop\n nop\n nop\n nop", 14),    // LCALL in 12 and 13
        ("mul AB\n nop\n nop", 14),             // MUL from 8 to 11, polled in its last cycle
        ("nop\n mul AB\n nop\n nop", 15),       // MUL from 9 to 12: its last cycle polls
        ("nop\n nop\n mul AB\n nop\n nop", 16), // MUL from 10 to 13
        ("nop\n nop\n nop\n mul AB\n nop", 17), // MUL from 11 to 14
        ("nop\n nop\n nop\n mov IP,#0\n mul AB", 19), // MOV IP in 11 and 12, then the MUL first, from 13 to 16
    ] {
        let stimulus = [pin(10, 3, 2, false)];
        let mut config = config("8051");
        config.breakpoints = vec![0x06];
        let mut board = wired(&config, &source(body), stimulus);
        assert_eq!(board.run(Cycles(1000)), BoardStop::Pc(0x06), "{body}");
        let began = board.now().0 - 2;
        assert_eq!(began, expected, "{body}");
    }
}

/// After reTI one instruction of the program runs before the next call.
#[test]
fn after_reti_one_instruction_runs() {
    // INT0 stays low and is a level: without the rule the program would never get on.
    let source = "ljmp main
        .org 0x03
        inc 0x30
        reti
        .org 0x40
        main: mov IE,#0x81
        clr P3.2
        nop
        nop
        inc 0x31
        inc 0x31
        inc 0x31
        clr EA
        done: sjmp $";
    let (board, _) = finish(&config("8051"), source);
    assert_eq!(board.cpu().iram(0x31), 3);
    // one call each after the second NOP and the three INCs; CLR EA is itself the instruction after
    // the fourth RETI
    assert_eq!(board.cpu().iram(0x30), 4);
}

/// A write to IE or IP lets one more instruction run whatever instruction writes.
#[test]
fn any_write_to_ie_or_ip_lets_one_instruction_run() {
    for (write, ie) in [
        ("setb EA", 2),
        ("mov IE,#0x82", 2),
        ("orl IE,#0x80", 2),
        ("mov IP,#0", 0x82),
        ("setb PT0", 0x82),
    ] {
        let source = format!(
            "ljmp main
            .org 0x0B
            done: sjmp $
            .org 0x40
            main: mov IE,#{ie}
            setb TF0
            {write}
            inc A
            inc A
            inc A"
        );
        let (board, _) = finish(&config("8051"), &source);
        assert_eq!(board.cpu().a(), 1, "{write}");
    }
}

/// A flag set by software is answered after one more instruction.
#[test]
fn a_flag_set_by_software_waits_one_instruction() {
    for (flag, vector) in [
        ("TF0", 0x0B),
        ("TF1", 0x1B),
        ("TI", 0x23),
        ("RI", 0x23),
        ("TF2", 0x2B),
        ("EXF2", 0x2B),
    ] {
        let source = format!(
            "ljmp main
            .org {vector}
            done: sjmp $
            .org 0x40
            main: mov IE,#0xBF
            setb {flag}
            inc A
            inc A
            inc A"
        );
        let (board, _) = finish(&config("8052"), &source);
        assert_eq!(board.cpu().a(), 1, "{flag}");
    }
}

/// A higher request during the call is served before the lower routine begins.
#[test]
fn a_higher_request_during_the_call_is_served_first() {
    // Timer 1 (low) asks one cycle before INT0 (high) does.
    let source = "ljmp main
        .org 0x03
        inc 0x30
        mov 0x31,0x32
        reti
        .org 0x1B
        inc 0x32
        done: sjmp $
        .org 0x40
        main: mov IE,#0x89
        setb PX0
        setb IT0
        setb TF1
        nop
        nop
        sjmp $";
    let done = finish(&config("8051"), source).0; // without INT0, the lower routine begins
    assert_eq!(done.cpu().iram(0x30), 0);
    for at in 5..14 {
        let mut config = config("8051");
        config.breakpoints = vec![0x1D];
        let mut board = wired(&config, source, [pin(at, 3, 2, false)]);
        assert_eq!(board.run(Cycles(1000)), BoardStop::Pc(0x1D));
        let served_first = board.cpu().iram(0x30) == 1;
        // TF1 is set in cycle 6, the call is in 8 and 9: INT0 is in time if it is sampled in 8 at
        // the latest
        assert_eq!(served_first, at <= 8, "INT0 in cycle {at}");
        assert_eq!(
            board.cpu().iram(0x31),
            0,
            "no instruction of the lower routine came first"
        );
    }
}

/// Vectoring clears timer flags and edges and nothing else.
#[test]
fn vectoring_clears_only_timer_flags_and_edges() {
    for (flags, vector, left) in [
        ("setb TF0", 0x0B, 0x00),
        ("setb TF1", 0x1B, 0x00),
        ("setb IT0\n setb IE0", 0x03, 0x01),
        ("setb IT1\n setb IE1", 0x13, 0x04),
    ] {
        let source = format!(
            "ljmp main\n .org {vector}\n done: sjmp $\n .org 0x40\n main: mov IE,#0x8F\n {flags}\n sjmp $"
        );
        assert_eq!(
            finish(&config("8051"), &source).0.sfr(sfr::TCON),
            left,
            "{flags}"
        );
    }
    for (flag, vector, register, left) in [
        ("TI", 0x23, sfr::SCON, 0x02),
        ("RI", 0x23, sfr::SCON, 0x01),
        ("TF2", 0x2B, sfr::T2CON, 0x80),
        ("EXF2", 0x2B, sfr::T2CON, 0x40),
    ] {
        let source = format!(
            "ljmp main\n .org {vector}\n done: sjmp $\n .org 0x40\n main: mov IE,#0xBF\n setb {flag}\n sjmp $"
        );
        assert_eq!(
            finish(&config("8052"), &source).0.sfr(register),
            left,
            "{flag}"
        );
    }
}

#[test]
fn a_level_is_not_latched_and_an_edge_is() {
    // The pin is low for five cycles while interrupts are off, and high again when they are
    // allowed.
    let source = |kind: &str| {
        format!(
            "ljmp main
            .org 0x03
            inc A
            reti
            .org 0x40
            main: {kind} IT0
            mul AB
            mul AB
            mul AB
            mul AB
            mov IE,#0x81
            nop
            nop
            nop
            nop
            done: sjmp $"
        )
    };
    for (kind, calls) in [("clr", 0), ("setb", 1)] {
        let mut board = wired(
            &config("8051"),
            &source(kind),
            [pin(6, 3, 2, false), pin(11, 3, 2, true)],
        );
        board.run(Cycles(60));
        assert_eq!(board.cpu().a(), calls, "{kind} IT0");
    }
}

#[test]
fn ie0_follows_the_inverted_pin_when_it_is_a_level() {
    let mut board = wired(
        &config("8051"),
        "sjmp $",
        [pin(10, 3, 2, false), pin(20, 3, 2, true)],
    );
    let seen: Vec<u8> = [5, 15, 25]
        .map(|until| {
            board.run(Cycles(until));
            board.sfr(sfr::TCON) & 0x02
        })
        .to_vec();
    assert_eq!(seen, [0, 2, 0]);
}

/// An interrupt without a routine is reported with its source.
#[test]
fn an_interrupt_without_a_routine_is_reported() {
    let mut board = board("8051", "mov IE,#0x82\n setb TF0\n sjmp $");
    assert_eq!(
        board.run(Cycles(1000)),
        BoardStop::NoHandler(Source::Timer0)
    );
    assert_eq!(board.cpu().pc(), 0x000B);
}

#[test]
fn the_worst_latency_is_kept_for_each_source() {
    let source = "ljmp main
        .org 0x0B
        reti
        .org 0x40
        main: mov TMOD,#2
        mov TH0,#0x80
        mov IE,#0x82
        setb TR0
        loop: mul AB
        sjmp loop";
    let mut board = board("8051", source);
    board.run(Cycles(100_000));
    // requested within the MUL's first cycle at the worst: its other 3, the poll in the first of
    // SJMP... and LCALL
    assert_eq!(board.worst_latency(Source::Timer0), Some(Cycles(6)));
    assert_eq!(board.worst_latency(Source::Timer1), None);
}

/// Each flag that a chip's table names, set by software, calls the routine at the vector that the
/// table names.
#[test]
fn each_flag_of_each_chip_calls_its_vector() {
    for chip in Chip::all() {
        for row in &chip.interrupts {
            let (register, flags) = row.flags;
            for flag in (0..8).map(|bit| 1 << bit).filter(|bit| flags & bit != 0) {
                // levels are not latched; the others do not mind
                let edges = if register == sfr::TCON { 0x05 } else { 0x00 };
                let config = BoardConfig {
                    breakpoints: vec![row.vector],
                    ..BoardConfig::new(chip)
                };
                let source = format!(
                    ".org {}\n reti\n .org 0\n ljmp main\n .org 0x100\n main: mov IE,#{}\n mov {register},#{}\n sjmp $",
                    row.vector,
                    0x80 | row.enable,
                    flag | edges
                );
                let stop = build(&config, &source).run(Cycles(50));
                let source = row.source;
                assert_eq!(stop, BoardStop::Pc(row.vector), "{} {source:?}", chip.name);
            }
        }
    }
}
