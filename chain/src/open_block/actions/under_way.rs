//! [`UnderWay`]: a transaction whose actions are executed, and why one stops.

use crate::error::ChainError;
use crate::receipt::{ErrorText, Event, Frame, FrameKind, Receipt, Verdict, Work};
use crate::session::Rejection;
use abi::{Gas, Name};
use bridge::{Fault, Rules};
use hostapi::{CallContext, Deferred, Failure, NodeError};
use state::keys::RegId;
use std::rc::Rc;
use std::sync::Arc;

/// A transaction whose actions are executed.
pub(in crate::open_block) struct UnderWay<'t> {
    /// The facts that are the same in all frames; contract, input and amount are each frame's own.
    pub(super) context: CallContext<'t>,
    pub(super) rules: Rules,
    /// The gas that the runs may use in all.
    pub(super) limit: Gas,
    /// What they have used.
    pub(in crate::open_block) used: Gas,
    /// What the host has offered to give back.
    pub(in crate::open_block) offered: Gas,
    /// Their memory, in bytes.
    pub(in crate::open_block) memory: u64,
    /// Their frames, in the order in which they began.
    pub(in crate::open_block) frames: Vec<Frame>,
    pub(in crate::open_block) events: Vec<Event>,
    /// The ordinal given last.
    pub(super) ordinal: u16,
}

/// A piece of work whose turn is to come.
#[derive(Clone)]
pub(in crate::open_block) struct Waiting {
    pub(super) kind: FrameKind,
    pub(super) ordinal: u16,
    pub(super) parent: Option<u16>,
    pub(super) receiver: RegId,
    pub(super) caller: RegId,
    pub(super) value: u64,
    pub(super) subject: Rc<Subject>,
}

impl Waiting {
    /// The deferred action of `entry`, as the first piece of work of a transaction.
    pub(in crate::open_block) fn deferred(under: &mut UnderWay<'_>, entry: &Deferred) -> Waiting {
        let action = &entry.action;
        Waiting {
            kind: FrameKind::Deferred,
            ordinal: under.first(),
            parent: None,
            receiver: action.account,
            caller: entry.by,
            value: action.value,
            subject: Rc::new(Subject {
                code: action.account,
                action: action.name,
                data: action.data.clone(),
                actors: match action.permissions[..] {
                    [] => Arc::new([]),
                    _ => Arc::new([entry.by]),
                },
                is_context_free: false,
            }),
        }
    }

    /// The notification of `receiver` of an action with a name that was done to another account, as the first piece
    /// of work of a transaction.
    pub(in crate::open_block) fn notice(
        under: &mut UnderWay<'_>,
        receiver: RegId,
        (code, action): (RegId, Name),
        data: Vec<u8>,
    ) -> Waiting {
        Waiting {
            kind: FrameKind::Notified,
            ordinal: under.first(),
            parent: None,
            receiver,
            caller: code,
            value: 0,
            subject: Rc::new(Subject {
                code,
                action,
                data,
                actors: Arc::new([]),
                is_context_free: false,
            }),
        }
    }
}

/// The action that a piece of work belongs to.
pub(in crate::open_block) struct Subject {
    /// The account that is acted on.
    pub(super) code: RegId,
    pub(super) action: Name,
    pub(super) data: Vec<u8>,
    /// Whose authority it has.
    pub(super) actors: Arc<[RegId]>,
    pub(super) is_context_free: bool,
}

/// Why a transaction does not go on.
pub(in crate::open_block) enum Stop {
    /// It has failed.
    Failed(Box<Failed>),
    /// The node has.
    Node(ChainError),
}

/// The end of a transaction that fails.
pub(in crate::open_block) struct Failed {
    pub(in crate::open_block) verdict: Verdict,
    pub(in crate::open_block) error: Option<ErrorText>,
}

impl Stop {
    pub(in crate::open_block) fn failed(verdict: Verdict) -> Stop {
        let error = None;
        Stop::Failed(Box::new(Failed { verdict, error }))
    }

    pub(super) fn fault(name: &str, reason: String) -> Stop {
        let name = name.into();
        Stop::failed(Verdict::Fault { name, reason })
    }
}

impl From<NodeError> for Stop {
    fn from(error: NodeError) -> Stop {
        Stop::Node(error.into())
    }
}

impl From<ChainError> for Stop {
    fn from(error: ChainError) -> Stop {
        Stop::Node(error)
    }
}

impl From<Failure<Rejection>> for Stop {
    fn from(failure: Failure<Rejection>) -> Stop {
        match failure {
            Failure::Contract(rejection) => Stop::failed(Verdict::SettlementFailed {
                reason: rejection.to_string(),
            }),
            Failure::Node(error) => error.into(),
        }
    }
}

impl<'t> UnderWay<'t> {
    pub(in crate::open_block) const fn new(
        context: CallContext<'t>,
        rules: Rules,
        limit: Gas,
    ) -> UnderWay<'t> {
        UnderWay {
            context,
            rules,
            limit,
            used: Gas::ZERO,
            offered: Gas::ZERO,
            memory: 0,
            frames: Vec::new(),
            events: Vec::new(),
            ordinal: 0,
        }
    }

    /// The gas that is left.
    pub(super) const fn left(&self) -> Gas {
        Gas(self.limit.0.saturating_sub(self.used.0))
    }

    pub(super) fn charge(&mut self, gas: Gas) -> Result<(), Stop> {
        if gas > self.left() {
            self.used = self.limit;
            return Err(Stop::failed(Fault::OutOfGas.into()));
        }
        self.used = Gas(self.used.0 + gas.0);
        Ok(())
    }

    /// The first ordinal.
    const fn first(&mut self) -> u16 {
        self.ordinal = 1;
        self.ordinal
    }

    /// The next ordinal.
    pub(super) fn next(&mut self) -> Result<u16, Stop> {
        self.ordinal = self.ordinal.checked_add(1).ok_or_else(too_many)?;
        Ok(self.ordinal)
    }

    /// The place of the next frame.
    pub(super) fn place(&self) -> Result<u16, Stop> {
        let place = u16::try_from(self.frames.len()).ok();
        place
            .filter(|&place| usize::from(place) < Receipt::FRAMES_MAX)
            .ok_or_else(too_many)
    }

    /// The gas given back: of what was offered, as much as may be.
    pub(in crate::open_block) fn refund(&self) -> Gas {
        self.rules.schedule.capped_refund(self.used, self.offered)
    }

    /// Adds the frame of a piece of work that ran no contract.
    pub(super) fn push(&mut self, waiting: &Waiting, kind: FrameKind, work: Work) {
        let subject = &waiting.subject;
        self.frames.push(Frame {
            parent: waiting.parent,
            ordinal: waiting.ordinal,
            kind,
            receiver: waiting.receiver,
            caller: waiting.caller,
            code: subject.code,
            action: subject.action.0,
            value: waiting.value,
            work,
        });
    }
}

fn too_many() -> Stop {
    let reason = "the transaction has more actions, notifications and calls than are counted";
    Stop::fault("too_many_frames", reason.into())
}

impl UnderWay<'_> {
    /// Adds the frames of a run, the outermost of which has the next place. Those of callees get ordinals.
    pub(super) fn add(&mut self, place: u16, run: Vec<Frame>) -> Result<(), Stop> {
        for (number, mut frame) in run.into_iter().enumerate() {
            if number > 0 {
                frame.parent = frame.parent.map(|parent| place.saturating_add(parent));
                frame.ordinal = self.next()?;
            }
            self.frames.push(frame);
        }
        Ok(())
    }

    /// Takes over a call that has run, so that what follows it can be executed: its frames, and what its runs used.
    pub(in crate::open_block) fn resume(&mut self, run: Vec<Frame>, used: Gas, offered: Gas) {
        (self.used, self.offered) = (used, offered);
        self.ordinal = u16::try_from(run.len()).unwrap_or(u16::MAX);
        self.frames = run;
    }
}
