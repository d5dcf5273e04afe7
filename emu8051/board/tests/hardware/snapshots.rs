//! Snapshots and recordings.

use std::ops::ControlFlow;

use crate::common::{board, config, pin};
use crate::serial::RECEIVE;
use board::archive::SnapshotError;
use board::line::SerialByte;
use board::snapshot::Snapshot;
use board::stimulus::Input;
use board::{Board, BoardError, BoardStop, Device};

use emu8051::{Cpu, Cycles, Insn, Observer, sfr};

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

/// Stopped anywhere and continued from a written snapshot equals not stopped.
#[test]
fn stopped_and_restored_anywhere_equals_not_stopped() {
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

/// A recording replayed without the device does the same.
#[test]
fn a_recording_replays_without_its_device() {
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

/// Ends the run at an address, before the instruction there or after it.
struct EndAt {
    address: u16,
    after: bool,
}

impl Observer for EndAt {
    fn before(&mut self, cpu: &Cpu, _: &Insn) -> ControlFlow<()> {
        match cpu.pc() == self.address && !self.after {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn after(&mut self, _: &Cpu, insn: &Insn) -> ControlFlow<()> {
        match self.after && insn.opcode == 0xF0 {
            true => ControlFlow::Break(()), // MOVX @DPTR,A
            false => ControlFlow::Continue(()),
        }
    }
}

/// Before or after the instruction, and what that has asked of the board is done.
#[test]
fn an_observer_ends_a_run_exactly() {
    let source = "mov P0,#0x5A\n movx @DPTR,A\n inc R0\n sjmp $";
    let observed = |after| {
        let mut board = board("8052", source);
        let mut end = (EndAt { address: 4, after }, ());
        let stop = board.run_with(Cycles(100), &mut (), &mut end);
        assert_eq!(stop, BoardStop::Observer);
        (board.cpu().pc(), board.now(), board.sfr(sfr::P0))
    };
    assert_eq!(observed(false), (4, Cycles(4), 0xFF));
    assert_eq!(observed(true), (4, Cycles(4), 0xFF));
}
