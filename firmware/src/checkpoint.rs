//! Checkpoints: digests of the machine on the way, by which a replay can tell since when it differs.

use crate::values::HexBytes;
use board::Board;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Machine cycles between two checkpoints.
pub const CHECKPOINT: u64 = 1_000_000;

/// The machine when it had run until a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    pub(crate) cycle: u64,
    digest: HexBytes,
}

impl Checkpoint {
    /// The checkpoint of `board` after it has run until `cycle`.
    #[must_use]
    pub fn new(cycle: u64, board: &Board) -> Checkpoint {
        let digest = digest(board);
        Checkpoint { cycle, digest }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "digest {} at cycle {}", self.digest, self.cycle)
    }
}

/// 64 bits over all that a program could read, and the time.
pub(crate) fn digest(board: &Board) -> HexBytes {
    let mut hash = Sha256::new();
    let cpu = board.cpu();
    hash.update(board.now().0.to_le_bytes());
    hash.update(board.steps().0.to_le_bytes());
    hash.update(cpu.pc().to_le_bytes());
    hash.update(cpu.iram_all());
    hash.update([0, 1, 2, 3].map(|port| board.pins(port)));
    hash.update((0x80..=0xFF).map(|sfr| board.sfr(sfr)).collect::<Vec<u8>>());
    hash.update(board.xdata().bytes());
    HexBytes(hash.finalize()[..8].to_vec())
}
