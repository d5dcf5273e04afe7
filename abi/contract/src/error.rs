//! [`Error`]: a place and its [`Problem`].

use std::fmt;

/// The most characters of a value that a sentence quotes.
const QUOTE_MAX: usize = 60;

/// A problem and its place: a path through a contract, as `structs.transfer.to`, or through a
/// value, as `transfer.to.height` or `list[3]`. The path is empty where the whole is meant.
///
/// Path and problem may hold text of others, so what shows them escapes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The place.
    pub path: String,
    /// The problem.
    pub problem: Problem,
}

impl Error {
    pub(crate) fn new(path: impl Into<String>, problem: Problem) -> Error {
        Error {
            path: path.into(),
            problem,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for Error {}

/// The reason of an [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what the sentences are made of")]
pub enum Problem {
    /// Text that is no JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// JSON of another kind.
    #[error("expected {expected}, found {found}")]
    Expected {
        expected: &'static str,
        found: String,
    },
    /// A number that its type does not hold.
    #[error("{value} does not fit {type_name}")]
    DoesNotFit {
        value: String,
        type_name: &'static str,
    },
    /// A key, a field or an argument that is not there.
    #[error("is missing")]
    Missing,
    /// A key or a field that nothing asks for.
    #[error("`{0}` is not known here")]
    UnknownKey(String),
    /// A field behind one that was left out.
    #[error("stands behind a field that was left out")]
    AfterLeftOut,
    /// More or fewer elements or arguments than there have to be.
    #[error("expected {expected} values, found {found}")]
    Count { expected: usize, found: usize },
    /// Bytes that end too early.
    #[error("the bytes end at {at}, and {wanted} more are expected")]
    Truncated { at: usize, wanted: usize },
    /// Bytes behind a whole value.
    #[error("{left} bytes are left over, from byte {at} on")]
    LeftOver { at: usize, left: usize },
    /// Bytes that no value is written as.
    #[error("byte {at} is no {what}")]
    NotCanonical { at: usize, what: &'static str },
    /// A larger whole than is allowed.
    #[error("{size} bytes are too long: at most {most} are allowed")]
    TooLong { size: usize, most: usize },
    /// A value that has more parts than is allowed.
    #[error("too many values: at most {most} are allowed")]
    TooMany { most: usize },
    /// A type that is neither built in nor described.
    #[error("unknown type `{0}`")]
    UnknownType(String),
    /// A type that holds itself.
    #[error("the type `{0}` holds itself")]
    Recursive(String),
    /// A struct that is its own base.
    #[error("the base `{0}` is based on this struct")]
    BaseCycle(String),
    /// A base that is no struct.
    #[error("the base `{0}` is no struct")]
    BaseNoStruct(String),
    /// A type that is too deep.
    #[error("the type `{0}` is deeper than 32")]
    TooDeep(String),
    /// A suffix of a type in a place where it means nothing.
    #[error("`{type_name}`: {reason}")]
    Suffix {
        type_name: String,
        reason: &'static str,
    },
    /// A name that is taken.
    #[error("`{0}` is there twice")]
    Twice(String),
    /// A name that is taken but for upper and lower case.
    #[error("`{0}` and `{1}` differ by case only")]
    CaseOnly(String, String),
    /// A text that is no name.
    #[error("`{name}` is no {what}")]
    BadName { name: String, what: &'static str },
    /// A type of the contract that has the name of a type that is built in.
    #[error("the type `{0}` is built in")]
    BuiltIn(String),
    /// A version that is not known.
    #[error("version `{0}` is not known: expected {1}")]
    Version(String, &'static str),
    /// A rule of the extension that the contract breaks.
    #[error("{0}")]
    Rule(String),
    /// An action, an event or a table that the contract does not have.
    #[error("the contract has no {what} `{name}`")]
    NotThere { what: &'static str, name: String },
}

impl Problem {
    /// JSON of another kind: the value is quoted, in part.
    pub(crate) fn expected(expected: &'static str, found: &serde_json::Value) -> Problem {
        use serde_json::Value;
        let found = match found {
            Value::Null => "null".into(),
            Value::Bool(is) => is.to_string(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => format!("\"{}\"", quote(text)),
            Value::Array(list) => format!("a list of {}", list.len()),
            Value::Object(_) => "an object".into(),
        };
        Problem::Expected { expected, found }
    }

    /// Text that means nothing: it is quoted, in part.
    pub(crate) fn text(expected: &'static str, found: &str) -> Problem {
        Problem::Expected {
            expected,
            found: format!("\"{}\"", quote(found)),
        }
    }
}

/// The beginning of a text, short enough for a sentence.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(QUOTE_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
