//! Boards with a program in assembly.

use board::chips::Chip;
use board::stimulus::{Input, Stimulus};
use board::trace::{Event, Signal};
use board::{Board, BoardConfig, BoardStop};
use emu8051::{Cycles, assemble};

pub(crate) fn config(chip: &str) -> BoardConfig {
    BoardConfig::new(Chip::named(chip).expect("a chip of the table"))
}

pub(crate) fn build(config: &BoardConfig, source: &str) -> Board {
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

pub(crate) fn board(chip: &str, source: &str) -> Board {
    build(&config(chip), source)
}

/// Runs to the label `done`, which every program has, and gives the board and the cycles it took.
pub(crate) fn finish(config: &BoardConfig, source: &str) -> (Board, u64) {
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

pub(crate) fn pin(at: u64, port: u8, bit: u8, level: bool) -> Stimulus {
    Stimulus {
        at: Cycles(at),
        input: Input::Pin { port, bit, level },
    }
}

pub(crate) fn wired(
    config: &BoardConfig,
    source: &str,
    stimuli: impl IntoIterator<Item = Stimulus>,
) -> Board {
    let mut board = build(config, source);
    for stimulus in stimuli {
        board.input(stimulus).expect("nothing has passed yet");
    }
    board
}

/// The bytes sent since this was asked last, each with the cycle of its TI.
pub(crate) fn sent(board: &mut Board) -> Vec<(u8, u64)> {
    board
        .take_sent()
        .into_iter()
        .map(|(byte, at)| (byte.data, at.0))
        .collect()
}

pub(crate) fn txd(events: &[Event]) -> Vec<(u64, bool)> {
    events
        .iter()
        .filter_map(|event| match event.signal {
            Signal::Txd(level) => Some((event.at.0, level)),
            _ => None,
        })
        .collect()
}
