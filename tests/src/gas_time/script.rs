//! Programs of host calls for the contract `tests/data/contracts/script.wat`.

use super::Error;

/// The same host call, made again and again.
#[derive(Clone, Debug)]
pub struct Calls {
    method: u16,
    times: u32,
    frame: Vec<u8>,
    counted: Option<u16>,
    room: u16,
}

impl Calls {
    /// `times` calls of `method` with these arguments.
    #[must_use]
    pub fn new(method: u16, times: u32, args: &[&[u8]]) -> Calls {
        let mut items = Vec::new();
        for arg in args {
            items.extend_from_slice(&(arg.len() as u16).to_le_bytes());
            items.extend_from_slice(arg);
        }
        let frame = [&(items.len() as u16).to_le_bytes()[..], &items].concat();
        Calls::framed(method, times, frame)
    }

    /// `times` calls of `method` with this request, sound or not.
    #[must_use]
    pub fn framed(method: u16, times: u32, frame: Vec<u8>) -> Calls {
        Calls {
            method,
            times,
            frame,
            counted: None,
            room: 4096,
        }
    }

    /// As often as `times` says.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Calls {
        self.times = times;
        self
    }

    /// Each call finds the four bytes at `offset` of argument `arg` counted up by one.
    #[must_use]
    pub fn counted(mut self, arg: usize, offset: u16) -> Calls {
        let mut at = 2;
        for _ in 0..arg {
            let length = u16::from_le_bytes([self.frame[at], self.frame[at + 1]]);
            at += 2 + usize::from(length);
        }
        self.counted = Some(at as u16 + 2 + offset);
        self
    }

    /// One entry of the contract's input.
    fn push(&self, out: &mut Vec<u8>) {
        let filling = longest_run(&self.frame);
        let (head, tail) = (&self.frame[..filling.start], &self.frame[filling.end..]);
        out.extend_from_slice(&self.method.to_le_bytes());
        out.extend_from_slice(&self.times.to_le_bytes());
        for number in [
            self.counted.unwrap_or(u16::MAX),
            self.room,
            head.len() as u16,
            filling.len() as u16,
            tail.len() as u16,
            u16::from(self.frame.get(filling.start).copied().unwrap_or(0)),
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(head);
        out.extend_from_slice(tail);
    }
}

/// The longest run of equal bytes.
fn longest_run(bytes: &[u8]) -> std::ops::Range<usize> {
    let mut best = 0..0;
    let mut at = 0;
    for run in bytes.chunk_by(|a, b| a == b) {
        if run.len() > best.len() {
            best = at..at + run.len();
        }
        at += run.len();
    }
    best
}

/// The input that makes the contract make these calls.
///
/// # Errors
/// When they do not fit into an input.
pub fn input<'a>(calls: impl IntoIterator<Item = &'a Calls>) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for calls in calls {
        calls.push(&mut out);
    }
    match out.len() > abi::layout::INPUT_MAX {
        false => Ok(out),
        true => Err(format!("the calls take {} bytes of input", out.len()).into()),
    }
}
