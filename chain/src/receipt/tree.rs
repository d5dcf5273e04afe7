//! The tree of a transaction: a line for each frame, indented by depth, with whatever else is known of it.

use super::{Event, Frame, FrameKind, Receipt, Work};
use crate::names::RegIdText;
use abi::{Name, Schedule};
use bridge::EngineId;
use state::keys::RegId;
use std::fmt;

/// What is known of a transaction beside its receipt.
pub trait Notes {
    /// The local name of an account or contract.
    fn name(&self, id: &RegId) -> Option<&str> {
        let _ = id;
        None
    }

    /// The action that a frame was asked for, and its arguments, in words.
    fn call(&self, frame: u16) -> Option<String> {
        let _ = frame;
        None
    }

    /// What a frame returned, in words.
    fn returned(&self, frame: u16) -> Option<String> {
        let _ = frame;
        None
    }

    /// The meaning of an exit code of a contract.
    fn error(&self, contract: &RegId, code: u8) -> Option<String> {
        let _ = (contract, code);
        None
    }

    /// The fields of an event of this contract, in words.
    fn event(&self, source: &RegId, event: &Event) -> Option<String> {
        let _ = (source, event);
        None
    }

    /// What stands below the line of this frame, in order.
    fn below(&self, frame: u16) -> Vec<Below> {
        let _ = frame;
        Vec::new()
    }
}

/// Something below the line of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Below {
    /// A line.
    Line(String),
    /// The next of the contracts that it called. Those that are not named so come last.
    Frame,
}

/// Nothing but the receipt.
impl Notes for () {}

/// An account or contract, with its local name in front where it has one.
#[derive(Clone, Copy)]
pub struct Called<'n> {
    /// Its registered id.
    pub id: RegId,
    /// Who knows its name.
    pub notes: &'n dyn Notes,
}

impl fmt::Debug for Called<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Called({self})")
    }
}

impl fmt::Display for Called<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.notes.name(&self.id) {
            write!(f, "{name} ")?;
        }
        RegIdText(self.id).fmt(f)
    }
}

impl Receipt {
    /// The tree of frames, in lines: in the order in which they began, each one deeper than the frame that began it,
    /// with what `notes` knows of it below.
    #[must_use]
    pub fn tree(&self, notes: &dyn Notes) -> Vec<String> {
        let mut depths = Vec::with_capacity(self.frames.len());
        // The calls that each frame waited for; everything else comes when it began.
        let mut called: Vec<Vec<u16>> = vec![Vec::new(); self.frames.len()];
        let mut open: Vec<(usize, Shown)> = Vec::new();
        for (frame, number) in self.frames.iter().zip(0..=u16::MAX) {
            let parent = frame.parent.map(usize::from);
            let depth: usize = parent.map_or(0, |parent| depths.get(parent).map_or(1, |d| d + 1));
            depths.push(depth);
            match parent.and_then(|parent| called.get_mut(parent)) {
                Some(siblings) if frame.kind.is_waited_for() => siblings.push(number),
                _ => open.push((depth, Shown::Frame(number))),
            }
        }
        // The next one comes last: calls may be nested as deep as there are frames.
        open.reverse();
        let mut lines = Vec::new();
        while let Some((depth, shown)) = open.pop() {
            let indent = "  ".repeat(depth);
            let number = match shown {
                Shown::Line(line) => {
                    lines.push(indent + &line);
                    continue;
                }
                Shown::Frame(number) => number,
            };
            let at = usize::from(number);
            let Some(frame) = self.frames.get(at) else {
                continue;
            };
            let titled = Titled {
                frame,
                number: Some(number),
                notes,
            };
            lines.push(indent + &titled.to_string());
            let mut calls = std::mem::take(&mut called[at]).into_iter();
            let mut below = Vec::new();
            for known in notes.below(number) {
                match known {
                    Below::Line(line) => below.push(Shown::Line(line)),
                    Below::Frame => below.extend(calls.next().map(Shown::Frame)),
                }
            }
            below.extend(calls.map(Shown::Frame));
            open.extend(below.into_iter().rev().map(|shown| (depth + 1, shown)));
        }
        lines
    }
}

/// What is to be shown of a tree.
enum Shown {
    Frame(u16),
    Line(String),
}

/// A frame in one line.
struct Titled<'f> {
    frame: &'f Frame,
    /// Its number, where `notes` are on it.
    number: Option<u16>,
    notes: &'f dyn Notes,
}

impl fmt::Display for Titled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (frame, notes) = (self.frame, self.notes);
        let called = |id: RegId| Called { id, notes };
        write!(f, "{}", called(frame.receiver))?;
        if let Some(call) = self.number.and_then(|number| notes.call(number)) {
            write!(f, " {call}")?;
        } else if frame.action != 0 {
            write!(f, " {}", Name(frame.action))?;
        }
        match frame.kind {
            FrameKind::Notified => write!(f, " (notified by {})", called(frame.code))?,
            FrameKind::StaticCall => f.write_str(" (static)")?,
            FrameKind::ContextFree => f.write_str(" (context-free)")?,
            FrameKind::Inline => f.write_str(" (inline)")?,
            FrameKind::Deferred => f.write_str(" (deferred)")?,
            FrameKind::Native | FrameKind::Action | FrameKind::Call => {}
        }
        if frame.value != 0 {
            write!(f, " with {}", frame.value)?;
        }
        let run = match &frame.work {
            Work::Run(run) => run,
            Work::Nothing => return f.write_str(": runs no contract"),
            Work::Deploy {
                refusal: Some(reason),
                ..
            } => return write!(f, ": refused: {reason}"),
            Work::SetSchedule { from, version, .. } => {
                let name = Schedule::of_version(*version).map_or("?", Schedule::name);
                return write!(f, ": gas schedule {version} ({name}) from block {from} on");
            }
            Work::NewAccount | Work::Transfer | Work::Deploy { .. } | Work::Undeploy { .. } => {
                return write!(f, ": success");
            }
        };
        write!(f, ": {}", run.verdict)?;
        if let Some(code) = run.verdict.exit_code()
            && let Some(meaning) = notes.error(&frame.receiver, code)
        {
            write!(f, ", {meaning}")?;
        }
        if let Some(error) = &run.error {
            write!(f, " ({error})")?;
        }
        write!(f, ", {} gas", run.gas)?;
        if run.engine == EngineId::Mcs51 {
            write!(f, ", {} machine cycles of its own", run.cycles)?;
        }
        Ok(())
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titled = Titled {
            frame: self,
            number: None,
            notes: &(),
        };
        titled.fmt(f)
    }
}
