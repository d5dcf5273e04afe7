//! What a running contract has around it: [`World`], a host, and the contracts that it can call.

use crate::engine::{Module, Request};
use crate::meter::Usage;
use crate::outcome::Outcome;
use abi::{Gas, method};
use hostapi::{Answer, CallEnd, Failure, Host, HostApi, NodeError, RegId};
use std::sync::Arc;

/// Whether this method calls another contract.
#[inline]
#[must_use]
pub const fn enters(method: u16) -> bool {
    matches!(method, method::CALL_CONTRACT | method::STATIC_CALL)
}

/// The frame of a contract that another one calls, before its first instruction.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The contract.
    pub contract: RegId,
    /// It, prepared.
    pub module: Arc<dyn Module>,
    /// Its input.
    pub input: Arc<[u8]>,
    /// The price of the call, which its caller pays before the callee's first instruction.
    pub price: Gas,
    /// The gas that the callee may use: see [`crate::meter::forwarded`].
    pub gas: Gas,
}

/// The end of such a frame's run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// What it used, that of the contracts it called included.
    pub usage: Usage,
}

/// A host with other contracts in reach. One that has none is alone: it answers the methods that call contracts as any
/// other, and nothing but [`HostApi`] is asked of it.
pub trait World: HostApi {
    /// Whether there can be other contracts.
    fn has_others(&self) -> bool {
        false
    }

    /// Begins the frame that `request` asks for, whose caller has `left` to spend. `None` if there is none:
    /// [`World::answer`] says so to the caller.
    ///
    /// # Errors
    /// [`Failure::Contract`] ends the caller's run, [`Failure::Node`] gives up the transaction.
    fn enter(
        &mut self,
        request: Request<'_>,
        left: Gas,
    ) -> Result<Option<Box<Entered>>, Failure<CallEnd>> {
        let _ = (request, left);
        Ok(None)
    }

    /// Ends the frame that was entered last. `true` if what it did is kept.
    ///
    /// # Errors
    /// If the node fails.
    fn leave(&mut self, end: &FrameEnd) -> Result<bool, NodeError> {
        Ok(end.outcome.is_success())
    }

    /// The answer to the caller, which has `left` to pay for it.
    ///
    /// # Errors
    /// As [`HostApi::call`].
    fn answer(&mut self, left: Gas) -> Result<Answer<'_>, Failure<CallEnd>> {
        self.allow(left);
        self.call(method::CALL_CONTRACT, &[])
    }
}

/// Alone.
impl World for Host<'_, '_> {}
