//! Recordings: a call with everything it needed and everything it did, run again and compared.
//!
//! [`mod@format`] is the file, [`said`] what its second version adds, [`capture`] makes a row of a call on the local
//! chain, [`execute`] runs what a row describes and gives the row that came of it, [`differences`] compares the two.

mod callees;
mod capture;
mod compare;
mod execute;
pub mod format;
mod names;
mod prepared;
pub mod said;
mod sandbox;
mod watch;

pub use capture::capture;
pub use compare::differences;
pub use execute::{
    DEFAULT_CYCLES, DEFAULT_GAS, ExecuteError, Replay, execute, execute_by, semantics_of,
};
pub use format::{File, FormatError, Hex, Row};
pub use prepared::{Prepared, prepare, prepare_for};
pub use said::Said;
pub use watch::{CALLS_ROOM, Watch};
