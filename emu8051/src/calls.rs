//! Watching the calls and returns of a run, and nothing else of it.

use crate::isa::Uop;
use crate::units::{Cycles, Steps};

/// A call, a return or a jump that has been executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The address of the instruction; where hardware calls a service routine, that of the interrupted one.
    pub at: u16,
    /// The address that the program goes on at.
    pub to: u16,
    /// The stack pointer after it.
    pub sp: u8,
    /// Machine cycles of the run up to here, the instruction included.
    pub cycles: Cycles,
    /// Instructions of the run up to here, this one included.
    pub steps: Steps,
}

/// Sees the calls, returns and jumps of a [`run_calls`](crate::run_calls). Blocks end with them in any case, so that
/// such a run is hardly slower than one that nobody watches.
pub trait CallWatch {
    /// Whether it is to be told at all. The loops of a run that nobody watches have nothing of it in them.
    const WATCHES: bool = true;

    /// `ACALL`, `LCALL`, or a service routine that hardware has called.
    fn called(&mut self, call: &Transfer);

    /// `RET` or `RETI`.
    fn returned(&mut self, ret: &Transfer);

    /// `AJMP`, `LJMP`, `SJMP` or `JMP @A+DPTR`; branches are not told.
    fn jumped(&mut self, jump: &Transfer);
}

/// No watcher.
impl CallWatch for () {
    const WATCHES: bool = false;

    fn called(&mut self, _: &Transfer) {}
    fn returned(&mut self, _: &Transfer) {}
    fn jumped(&mut self, _: &Transfer) {}
}

impl<W: CallWatch + ?Sized> CallWatch for &mut W {
    const WATCHES: bool = W::WATCHES;

    #[inline(always)]
    fn called(&mut self, call: &Transfer) {
        (**self).called(call);
    }

    #[inline(always)]
    fn returned(&mut self, ret: &Transfer) {
        (**self).returned(ret);
    }

    #[inline(always)]
    fn jumped(&mut self, jump: &Transfer) {
        (**self).jumped(jump);
    }
}

/// Tells `watch` of what `uop` has done, if it is of those.
#[inline(always)]
pub(crate) fn tell<W: CallWatch>(watch: &mut W, uop: Uop, transfer: impl FnOnce() -> Transfer) {
    match uop {
        Uop::Acall | Uop::Lcall => watch.called(&transfer()),
        Uop::Ret | Uop::Reti => watch.returned(&transfer()),
        Uop::Ajmp | Uop::Ljmp | Uop::Sjmp | Uop::JmpAtADptr => watch.jumped(&transfer()),
        _ => {}
    }
}
