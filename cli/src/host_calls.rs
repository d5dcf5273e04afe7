//! Host calls, as reports list them.

use crate::output::Bytes;
use abi::Semantics;
use abi::method;
use chain::hostlog::LoggedCall;
use serde::Serialize;

/// A host call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HostCall {
    method: u16,
    name: String,
    args: Vec<Bytes>,
    reply: Vec<Bytes>,
    /// 1 served, 0 refused; null where it ended the run.
    status: Option<i32>,
    /// Why it was refused, where the host says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Machine cycles of its frame before it.
    cycles: Option<u64>,
    /// The frame that made it, where others than the outermost one are listed with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u16>,
}

/// The most bytes of an argument or a reply that are shown in short.
const SHORT: usize = 24;

impl HostCall {
    /// The call of the method of this number under these rules.
    pub(crate) fn new(
        (semantics, number): (Semantics, u16),
        args: Vec<Bytes>,
        reply: Vec<Bytes>,
        status: Option<i32>,
        cycles: Option<u64>,
    ) -> HostCall {
        let name = method::spec_under(semantics, number).map_or("unknown", |spec| spec.name);
        HostCall {
            method: number,
            name: name.into(),
            args,
            reply,
            status,
            reason: None,
            cycles,
            frame: None,
        }
    }

    /// The same as a call of this frame, listed among those of others.
    pub(crate) fn of_frame(self, frame: u16) -> HostCall {
        HostCall {
            frame: Some(frame),
            ..self
        }
    }

    /// A call of a log that was made under these rules.
    pub(crate) fn logged(semantics: Semantics, call: &LoggedCall) -> HostCall {
        let bytes = |items: &[Vec<u8>]| items.iter().cloned().map(Bytes).collect();
        let status = match call.status {
            2 => None,
            status => Some(status.into()),
        };
        let method = (semantics, call.method);
        HostCall {
            reason: call.reason,
            ..HostCall::new(method, bytes(&call.args), bytes(&call.reply), status, None)
        }
    }

    /// It in one line, with all bytes.
    pub(crate) fn line(&self) -> String {
        self.text(usize::MAX)
    }

    /// It in one line, with the first bytes of what is long.
    pub(crate) fn short_line(&self) -> String {
        self.text(SHORT)
    }

    fn text(&self, most: usize) -> String {
        let list = |items: &[Bytes]| {
            let items = items.iter().map(|item| shortened(&item.0, most));
            items.collect::<Vec<_>>().join(" ")
        };
        let status = match self.status {
            Some(1) => "",
            Some(0) => " refused",
            _ => " ended the run",
        };
        let at = self
            .cycles
            .map_or_else(String::new, |cycles| format!("at cycle {cycles:<9} "));
        let (args, reply) = (list(&self.args), list(&self.reply));
        let frame = self
            .frame
            .map_or_else(String::new, |frame| format!("frame {frame:<3} "));
        let reason = self
            .reason
            .map_or_else(String::new, |reason| format!(": {reason}"));
        format!(
            "{frame}{at}{}({args}) = [{reply}]{status}{reason}",
            self.name
        )
    }
}

/// Bytes in hex: at most so many, and the number of all if there are more.
pub(crate) fn shortened(bytes: &[u8], most: usize) -> String {
    match bytes.get(..most) {
        Some(first) if first.len() < bytes.len() => {
            format!("{}..({} bytes)", hex::encode(first), bytes.len())
        }
        _ => hex::encode(bytes),
    }
}
