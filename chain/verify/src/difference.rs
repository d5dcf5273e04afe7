//! [`Difference`]: a field that came out differently.

use serde::Serialize;
use std::fmt;

/// A field that came out differently: in a step of a scenario, in the replay of a recording, or on
/// the second of two machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference<T = String> {
    /// The field, as a path.
    pub field: String,
    /// The expected, recorded or first value.
    pub expected: T,
    /// The actual or second value.
    pub actual: T,
}

impl<T: fmt::Display> fmt::Display for Difference<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected {}, found {}",
            self.field, self.expected, self.actual
        )
    }
}

/// The differences found so far.
#[derive(Debug)]
pub(crate) struct Differences<T = String>(pub(crate) Vec<Difference<T>>);

impl<T> Default for Differences<T> {
    fn default() -> Self {
        Differences(Vec::new())
    }
}

impl<T> Differences<T> {
    /// Adds a difference.
    pub(crate) fn add(&mut self, field: impl Into<String>, expected: T, actual: T) {
        self.0.push(Difference {
            field: field.into(),
            expected,
            actual,
        });
    }
}
