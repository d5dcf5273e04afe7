//! What the chip around the processor does, seen by programs: the rules of Intel's manual one by one, and the mistakes
//! known of other emulators.

use board::archive::SnapshotError;
use board::chips::Chip;
use board::interrupt::Source;
use board::line::{Pace, SerialByte};
use board::snapshot::Snapshot;
use board::stimulus::{Input, Stimulus};
use board::time::States;
use board::trace::{Event, Signal};
use board::{Board, BoardConfig, BoardError, BoardStop, Device, Wiring};
use emu8051::{CpuFault, Cycles, assemble, sfr};

fn config(chip: &str) -> BoardConfig {
    BoardConfig::new(Chip::named(chip).expect("a chip of the table"))
}

fn build(config: &BoardConfig, source: &str) -> Board {
    let assembly = assemble(source).unwrap_or_else(|error| panic!("{error}"));
    Board::new(
        config,
        assembly
            .segments
            .iter()
            .map(|(at, bytes)| (*at, bytes.as_slice())),
    )
    .expect("it fits")
}

fn board(chip: &str, source: &str) -> Board {
    build(&config(chip), source)
}

/// Runs to the label `done`, which every program has, and gives the board and the cycles it took.
fn finish(config: &BoardConfig, source: &str) -> (Board, u64) {
    let done = assemble(source)
        .unwrap_or_else(|error| panic!("{error}"))
        .symbols["done"] as u16;
    let config = BoardConfig {
        breakpoints: vec![done],
        ..config.clone()
    };
    let mut board = build(&config, source);
    assert_eq!(board.run(Cycles(100_000)), BoardStop::Pc(done));
    let cycles = board.now().0;
    (board, cycles)
}

fn pin(at: u64, port: u8, bit: u8, level: bool) -> Stimulus {
    Stimulus {
        at: Cycles(at),
        input: Input::Pin { port, bit, level },
    }
}

fn wired(config: &BoardConfig, source: &str, stimuli: impl IntoIterator<Item = Stimulus>) -> Board {
    let mut board = build(config, source);
    for stimulus in stimuli {
        board.input(stimulus).expect("nothing has passed yet");
    }
    board
}

// ---- interrupts ----

/// The manual's response time, *Response Time*: three full machine cycles lie between the cycle of the request and the
/// first instruction of the routine, and a multi-cycle instruction under way adds its remaining ones.
#[test]
fn an_external_interrupt_takes_3_cycles_and_the_rest_of_the_instruction() {
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

#[test]
fn after_reti_one_instruction_of_the_program_runs_before_the_next_call() {
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
    // one call each after the second NOP and the three INCs; CLR EA is itself the instruction after the fourth RETI
    assert_eq!(board.cpu().iram(0x30), 4);
}

#[test]
fn a_write_to_ie_or_ip_lets_one_more_instruction_run_whatever_instruction_writes() {
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

#[test]
fn a_flag_set_by_software_is_answered_after_one_more_instruction() {
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

#[test]
fn a_higher_request_during_the_call_is_served_before_the_lower_routine_begins() {
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
        // TF1 is set in cycle 6, the call is in 8 and 9: INT0 is in time if it is sampled in 8 at the latest
        assert_eq!(served_first, at <= 8, "INT0 in cycle {at}");
        assert_eq!(
            board.cpu().iram(0x31),
            0,
            "no instruction of the lower routine came first"
        );
    }
}

#[test]
fn vectoring_clears_timer_flags_and_edges_and_nothing_else() {
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
    // The pin is low for five cycles while interrupts are off, and high again when they are allowed.
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

#[test]
fn an_interrupt_without_a_routine_is_reported_with_its_source() {
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
    // requested within the MUL's first cycle at the worst: its other 3, the poll in the first of SJMP... and LCALL
    assert_eq!(board.worst_latency(Source::Timer0), Some(Cycles(6)));
    assert_eq!(board.worst_latency(Source::Timer1), None);
}

// ---- idle and power down ----

#[test]
fn idle_ends_with_the_next_interrupt_and_goes_on_after_the_instruction_that_began_it() {
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

// ---- the serial port ----

/// What a terminal would have shown.
fn sent(board: &mut Board) -> Vec<(u8, u64)> {
    board
        .take_sent()
        .into_iter()
        .map(|(byte, at)| (byte.data, at.0))
        .collect()
}

fn txd(events: &[Event]) -> Vec<(u64, bool)> {
    events
        .iter()
        .filter_map(|event| match event.signal {
            Signal::Txd(level) => Some((event.at.0, level)),
            _ => None,
        })
        .collect()
}

/// Timer 1 reloads from FD and runs from cycle 12 on, so it overflows in cycles 14, 17, 20...
const MODE_1: &str = "mov TMOD,#0x20
    mov TH1,#0xFD
    mov TL1,#0xFD
    mov PCON,#0
    mov SCON,#0x50
    orl TCON,#0x40
    mov SBUF,#0x53
    sjmp $";

#[test]
fn a_frame_begins_at_the_next_rollover_and_each_bit_is_32_overflows_long() {
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
    // TR1 is set at the end of cycle 10: the 32nd overflow, at 11 + 96, is the first rollover after the write
    assert_eq!(first, 107 * States::PER_CYCLE);
    // TI comes with the stop bit
    assert_eq!(sent(&mut board), [(0x53, 107 + 9 * 96)]);
}

#[test]
fn a_byte_written_while_another_is_sent_cuts_that_one_off() {
    let source = MODE_1.replace(
        "sjmp $",
        "mov R7,#200\n djnz R7,$\n mov SBUF,#0x2A\n sjmp $",
    );
    let mut board = board("8051", &source);
    board.run(Cycles(3000));
    let sent: Vec<u8> = sent(&mut board).iter().map(|(byte, _)| *byte).collect();
    assert_eq!(sent, [0x2A]);
}

#[test]
fn smod_doubles_the_rate_and_modes_2_and_3_send_a_ninth_bit() {
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

#[test]
fn mode_0_takes_a_machine_cycle_for_a_bit_and_sets_ti_with_the_tenth_cycle() {
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

#[test]
fn mode_0_receives_what_the_pin_holds_in_each_of_eight_cycles() {
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
const RECEIVE: &str = "mov TMOD,#0x20
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

#[test]
fn all_bytes_are_received_from_levels_on_the_pin_and_with_2_percent_of_error() {
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

#[test]
fn under_sm2_only_frames_with_the_ninth_bit_are_received() {
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

#[test]
fn a_host_waits_for_the_first_overflow_of_a_timer_that_begins_at_zero() {
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

// ---- ports ----

#[test]
fn read_modify_write_reads_the_latch_and_everything_else_the_pin() {
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

#[test]
fn a_program_that_pulls_int0_low_itself_interrupts_itself() {
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

// ---- counters and gates ----

#[test]
fn a_counter_counts_falling_edges_and_a_gate_stops_a_timer() {
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

// ---- memory and chips ----

#[test]
fn registers_a_chip_has_not_read_zero_and_are_reported_once() {
    let source = "mov T2CON,#4\n mov A,T2CON\n mov 0xF9,#1\n mov B,0xF9\n sjmp $";
    let mut board = board("8051", source);
    board.run(Cycles(100));
    assert_eq!((board.cpu().a(), board.cpu().b()), (0, 0));
    assert_eq!(
        board.unknown_sfrs().collect::<Vec<_>>(),
        [(sfr::T2CON, Cycles(1)), (0xF9, Cycles(4))]
    );
}

#[test]
fn iram_above_0x7f_of_a_128_byte_chip_behaves_as_ram() {
    for chip in ["8051", "8052"] {
        let (board, _) = finish(
            &config(chip),
            "mov R0,#0xC0
            mov @R0,#0x5A
            mov SP,#0x8F
            push 0x00
            mov A,@R0
            done: sjmp $",
        );
        assert_eq!(board.cpu().a(), 0x5A, "{chip}");
        assert_eq!(board.cpu().iram(0x90), 0xC0, "{chip}");
        assert_eq!(board.sfr(sfr::P1), 0xFF, "{chip}: the stack is no SFR");
    }
}

#[test]
fn an_image_beyond_the_rom_needs_external_code() {
    let config = BoardConfig {
        external_code: false,
        ..config("8051")
    };
    let error =
        Board::new(&config, [(0x0FFF, [0_u8, 0].as_slice())]).expect_err("one byte too long");
    assert_eq!(
        error,
        BoardError::BeyondRom {
            chip: "8051".into(),
            rom_bytes: 4096,
            address: 0x1000
        }
    );
    assert!(Board::new(&config, [(0x0FFF, [0_u8].as_slice())]).is_ok());
}

#[test]
fn xdata_beyond_the_ram_reads_ff_and_keeps_nothing() {
    let config = BoardConfig {
        wiring: Wiring::Harvard { xdata_bytes: 0x800 },
        ..config("8051")
    };
    let source = |at: u16| {
        format!("mov DPTR,#{at}\n mov A,#0x12\n movx @DPTR,A\n clr A\n movx A,@DPTR\n sjmp $")
    };
    for (at, value) in [(0x7FF, 0x12), (0x800, 0xFF)] {
        let mut board = build(&config, &source(at));
        board.run(Cycles(100));
        assert_eq!(board.cpu().a(), value);
    }
}

#[test]
fn in_von_neumann_wiring_a_program_can_write_itself() {
    let config = BoardConfig {
        wiring: Wiring::VonNeumann,
        ..config("8052")
    };
    // Puts INC A and RET at 0x4000 and calls it, then makes the INC a DEC and calls it again.
    let source = "mov DPTR,#0x4000
        mov A,#0x04
        movx @DPTR,A
        inc DPTR
        mov A,#0x22
        movx @DPTR,A
        mov DPTR,#0x4000
        clr A
        lcall 0x4000
        mov R2,A
        mov A,#0x14
        movx @DPTR,A
        lcall 0x4000
        mov R3,A
        movc A,@A+DPTR
        sjmp $";
    let mut board = build(&config, source);
    board.run(Cycles(1000));
    assert_eq!((board.cpu().iram(2), board.cpu().iram(3)), (0x01, 0x13));
}

#[test]
fn the_second_data_pointer_is_chosen_by_aux_r1_and_inc_flips_it() {
    let source = "mov DPTR,#0x1111\n inc 0xA2\n mov DPTR,#0x2222\n inc DPTR\n inc 0xA2\n inc DPTR\n mov A,0xA2\n sjmp $";
    let mut board = board("89C51RX", source);
    board.run(Cycles(100));
    assert_eq!((board.cpu().dptr(), board.cpu().a()), (0x1112, 0));
    board = self::board(
        "89C51RX",
        "mov DPTR,#0x1111\n mov 0xA2,#0xFF\n mov A,DPL\n mov B,0xA2\n sjmp $",
    );
    board.run(Cycles(100));
    assert_eq!(
        (board.cpu().a(), board.cpu().b()),
        (0, 0x09),
        "DPL and DPH are the chosen pointer's"
    );
}

#[test]
fn reset_values_are_the_manuals() {
    let board = board("8052", "sjmp $");
    for address in 0x80..=0xFF {
        let expected = match address {
            sfr::P0 | sfr::P1 | sfr::P2 | sfr::P3 => 0xFF,
            sfr::SP => 0x07,
            _ => 0x00,
        };
        assert_eq!(board.sfr(address), expected, "SFR {address:02X}");
    }
}

#[test]
fn the_reserved_opcode_does_nothing_in_one_cycle() {
    let (board, cycles) = finish(&config("8051"), ".db 0xA5\n .db 0xA5\n done: sjmp $");
    assert_eq!((board.steps().0, cycles), (2, 2));
}

#[test]
fn unprogrammed_code_is_a_fault() {
    assert_eq!(
        board("8051", "nop").run(Cycles(10)),
        BoardStop::Fault(CpuFault::Unprogrammed)
    );
}

#[test]
fn reading_an_address_of_xdata_stops_right_after_the_instruction() {
    let config = BoardConfig {
        stop_on_xdata_read: Some(0x7654),
        ..config("8052")
    };
    let mut board = build(
        &config,
        "mov DPTR,#0x7654\n movx @DPTR,A\n movx A,@DPTR\n inc A\n sjmp $",
    );
    assert_eq!(board.run(Cycles(100)), BoardStop::XdataRead(0x7654));
    assert_eq!((board.cpu().pc(), board.now()), (5, Cycles(6)));
}

// ---- snapshots and recordings ----

/// Random code that writes registers of the peripherals more often than chance would.
fn random_code(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    let registers = [
        sfr::TCON,
        sfr::TMOD,
        sfr::TH0,
        sfr::TL0,
        sfr::TH1,
        sfr::TL1,
        sfr::SCON,
        sfr::SBUF,
        sfr::IE,
        sfr::IP,
        sfr::T2CON,
        sfr::RCAP2H,
        sfr::RCAP2L,
        sfr::TH2,
        sfr::P1,
        sfr::P3,
    ];
    let mut code = Vec::with_capacity(0x10000);
    while code.len() < 0x10000 - 3 {
        match random() {
            0..0x50 => code.extend([
                0x75,
                registers[usize::from(random() % 16)],
                random() | random(),
            ]),
            0x50..0x60 => code.push(0x32), // RETI
            byte => code.push(byte),
        }
    }
    code.resize(0x10000, 0);
    code
}

fn random_board(seed: u64) -> Board {
    let mut board =
        Board::new(&config("8052"), [(0, random_code(seed).as_slice())]).expect("it fits");
    for k in 0..200 {
        let mixed = (seed + k).wrapping_mul(0x2545_F491_4F6C_DD1D) >> 20;
        let stimulus = pin(
            k * 41 + mixed % 40,
            1 + 2 * (mixed as u8 >> 6 & 1),
            mixed as u8 >> 3 & 7,
            mixed & 1 == 1,
        );
        board.input(stimulus).expect("in order");
    }
    board.send_serial((0..40).map(|k| SerialByte {
        data: k,
        ninth: k % 3 == 0,
    }));
    board
}

/// Everything that can be seen of a board.
fn state(board: &mut Board) -> Vec<u8> {
    board.snapshot().to_bytes()
}

#[test]
fn stopped_anywhere_and_continued_from_a_written_snapshot_equals_not_stopped() {
    for seed in 0..40 {
        let mut board = random_board(seed);
        let begin = board.snapshot();
        let whole_stop = board.run(Cycles(8000));
        let expected = state(&mut board);
        for cut in (0..8000).step_by(97).map(|at| at + seed) {
            board.restore(&begin).expect("its own");
            let stop = board.run(Cycles(cut));
            let bytes = state(&mut board);
            board.run(Cycles(cut * 3 % 8000)); // whatever happens in between
            let snapshot = board.read_snapshot(&bytes).expect("just written");
            board.restore(&snapshot).expect("the same machine");
            let stop = if stop == BoardStop::Cycles {
                board.run(Cycles(8000))
            } else {
                stop
            };
            assert_eq!(stop, whole_stop, "seed {seed} cut {cut}");
            assert!(state(&mut board) == expected, "seed {seed} cut {cut}");
        }
    }
}

#[test]
fn a_damaged_snapshot_is_refused() {
    let mut board = random_board(7);
    board.run(Cycles(5000));
    let good = board.snapshot().to_bytes();
    assert!(board.read_snapshot(&good).is_ok());
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        assert!(board.read_snapshot(&bad).is_err(), "byte {at}");
        if at % 7 == 0 {
            assert!(board.read_snapshot(&good[..at]).is_err(), "{at} bytes");
        }
    }
    let other = self::board("8051", "sjmp $");
    assert_eq!(
        other.read_snapshot(&good).err(),
        Some(SnapshotError::OtherMachine)
    );
}

#[test]
fn a_recording_replayed_without_the_device_does_the_same() {
    /// Answers every rise of P1.0 with a pulse on INT0, and a byte.
    struct Answers(u8);
    impl Device for Answers {
        fn pins_changed(&mut self, _: Cycles, pins: [u8; 4]) -> Vec<Input> {
            let level = pins[1] & 1 == 0;
            self.0 = self.0.wrapping_add(1);
            vec![
                Input::Pin {
                    port: 3,
                    bit: 2,
                    level,
                },
                Input::Serial(SerialByte::from(self.0)),
            ]
        }
    }
    let source = format!(
        "ljmp main
        .org 0x03
        inc 0x30
        reti
        .org 0x23
        clr RI
        mov 0x31,SBUF
        reti
        .org 0x40
        main: {RECEIVE}
        setb IT0
        mov IE,#0x91
        loop: cpl P1.0
        mov R7,#30
        djnz R7,$
        sjmp loop"
    );
    let mut live = board("8051", &source);
    live.record();
    assert_eq!(
        live.run_with(Cycles(20_000), &mut Answers(0), &mut ()),
        BoardStop::Cycles
    );
    assert!(live.cpu().iram(0x30) > 50 && live.cpu().iram(0x31) > 10);

    let mut replayed = board("8051", &source);
    for stimulus in live.recorded() {
        replayed.input(*stimulus).expect("in order");
    }
    assert_eq!(replayed.run(Cycles(20_000)), BoardStop::Cycles);
    assert_eq!(replayed.cpu(), live.cpu());
    assert_eq!(
        (replayed.now(), replayed.steps()),
        (live.now(), live.steps())
    );
}

#[test]
fn an_input_in_the_past_is_refused() {
    let mut board = board("8051", "sjmp $");
    board.run(Cycles(100));
    assert_eq!(
        board.input(pin(99, 1, 0, false)),
        Err(BoardError::InputInThePast {
            at: Cycles(99),
            now: Cycles(100)
        })
    );
}

#[test]
fn a_snapshot_keeps_its_moment() {
    let mut board = board("8051", "sjmp $");
    board.run(Cycles(100));
    let snapshot: Snapshot = board.snapshot();
    board.run(Cycles(200));
    assert_eq!(snapshot.now(), Cycles(100));
    board.restore(&snapshot).expect("its own");
    assert_eq!(board.now(), Cycles(100));
}
