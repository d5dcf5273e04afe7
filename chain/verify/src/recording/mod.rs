//! Recordings: a call with everything it needed and everything it did, run again and compared.
//!
//! [`mod@format`] is the file, [`capture`] makes a row of a call on the local chain, [`execute`] runs what a row
//! describes and gives the row that came of it, [`differences`] compares the two.

mod capture;
mod compare;
mod execute;
pub mod format;
mod names;
mod sandbox;
mod watch;

pub use capture::capture;
pub use compare::differences;
pub use execute::{
    DEFAULT_CYCLES, DEFAULT_GAS, ExecuteError, Replay, execute, execute_by, prepare, semantics_of,
};
pub use format::{File, Hex, Row};
pub use watch::{CALLS_ROOM, Watch};
