//! The machine SDCC's test images run on: an 8052 with 64 KiB of RAM, whose serial port prints, and an address of XDATA
//! that ends the test when it is read.

use board::chips::Chip;
use board::interrupt::InterruptTiming;
use board::{Board, BoardConfig, BoardError, BoardStop};
use emu8051::Cycles;
use loader::hex;

use super::recorded::Figures;

/// The suite's `_exitEmu` reads here.
pub const END_OF_TEST: u16 = 0x7654;
/// Twice what the longest image needs.
const GIVE_UP: Cycles = Cycles(40_000_000);
/// The suite uses timer 2's interrupt and the upper half of IRAM.
const CHIP: &str = "8052";

/// Why an image has no figures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The image file is damaged.
    #[error("the image: {0}")]
    Image(#[from] hex::HexError),
    /// The chip cannot hold the image.
    #[error("the board: {0}")]
    Board(#[from] BoardError),
    /// The table of chips has no 8052.
    #[error("expected a chip {CHIP} in the table of chips, found none")]
    NoChip,
    /// The image did not read the end-of-test address.
    #[error(
        "expected a read of XDATA 0x{END_OF_TEST:04x}, found {stop:?} at PC 0x{pc:04x} after {cycles}"
    )]
    NoEnd {
        /// What ended the run instead.
        stop: BoardStop,
        /// Where.
        pc: u16,
        /// When.
        cycles: Cycles,
    },
    /// The image ended without the summary of its tests.
    #[error("expected a summary of the tests, found none in {output} bytes of output")]
    NoSummary {
        /// The length of the output in bytes.
        output: usize,
    },
}

/// Runs an image, an Intel HEX file, from reset to its end of test.
///
/// # Errors
/// When the file is damaged, or the image does not come to its end with a summary.
pub fn run(image: &[u8]) -> Result<Figures, RunError> {
    let segments = hex::parse(image)?;
    let chip = Chip::named(CHIP).ok_or(RunError::NoChip)?;
    // Interrupts take the time s51 gives them: its figures are what this run is compared with.
    let config = BoardConfig {
        stop_on_xdata_read: Some(END_OF_TEST),
        timing: InterruptTiming::S51,
        ..BoardConfig::new(chip)
    };
    let mut board = Board::new(
        &config,
        segments
            .iter()
            .map(|segment| (segment.start, segment.bytes.as_slice())),
    )?;
    let stop = board.run(GIVE_UP);
    if stop != BoardStop::XdataRead(END_OF_TEST) {
        return Err(RunError::NoEnd {
            stop,
            pc: board.cpu().pc(),
            cycles: board.now(),
        });
    }
    let output: Vec<u8> = board
        .take_sent()
        .into_iter()
        .map(|(byte, _at)| byte.data)
        .collect();
    let figures = Figures::of_output(&output, board.now().0, board.steps().0);
    figures.ok_or(RunError::NoSummary {
        output: output.len(),
    })
}
