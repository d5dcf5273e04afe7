//! What the chip around the processor does, seen by programs: the rules of Intel's manual one by
//! one, and the mistakes known of other emulators.

mod bus;
mod common;
mod interrupts;
mod line;
mod memory;
mod ports;
mod power;
mod serial;
mod snapshots;
