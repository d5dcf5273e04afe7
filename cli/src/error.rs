//! How a command ends.

use hostapi::NodeError;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use verify::recording::ExecuteError;

/// The exit status of a command that could say what it had to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// It did what was asked.
    Success = 0,
    /// The contract refused or faulted, or a comparison failed.
    Refused = 1,
    /// Wrong usage, or input that is not what it should be.
    BadInput = 2,
    /// The node failed: I/O, or a store that is corrupt or in use.
    NodeFailed = 3,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

/// Why a command has nothing to say.
#[derive(Debug)]
pub(crate) struct Error {
    /// The exit status.
    pub(crate) status: Status,
    /// What happened, where, and what to do next, in one sentence without a period.
    pub(crate) message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// An error in a file: what it is, or holds.
pub(crate) fn about(path: &Path, what: impl fmt::Display) -> Error {
    Error::input(format_args!("{}: {what}", path.display()))
}

impl Error {
    /// Input that is not what it should be.
    pub(crate) fn input(message: impl fmt::Display) -> Error {
        Error {
            status: Status::BadInput,
            message: message.to_string(),
        }
    }

    /// A recording that cannot be run.
    pub(crate) fn recording(error: ExecuteError) -> Error {
        match error {
            // The state that the run begins with is part of the recording.
            ExecuteError::Node(NodeError::Damaged { key, what }) => Error::input(format_args!(
                "the context is damaged at the state's key {key}: {what}"
            )),
            ExecuteError::Node(error) => error.into(),
            ExecuteError::Image(error) if error.is_node() => Error::node(error),
            error => Error::input(error),
        }
    }

    /// A failure that is not the user's.
    pub(crate) fn node(message: impl fmt::Display) -> Error {
        Error {
            status: Status::NodeFailed,
            message: message.to_string(),
        }
    }
}
