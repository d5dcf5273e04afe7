//! [`Event`] and [`ErrorText`]: what contracts say to those outside of the chain.

use hostapi::prints::visible;
use std::fmt;

/// A contract's own words for its failure: at most [`ErrorText::MAX`] bytes of any kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorText(Vec<u8>);

impl ErrorText {
    /// The most bytes.
    pub const MAX: usize = 256;

    /// The text of these bytes; `None` if they are too many.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<ErrorText> {
        (bytes.len() <= ErrorText::MAX).then_some(ErrorText(bytes))
    }

    /// Its bytes, as the contract gave them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ErrorText {
    /// In one line: see [`visible`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&String::from_utf8_lossy(&self.0)))
    }
}

/// An event of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    frame: u16,
    name: Vec<u8>,
    topics: Vec<[u8; 32]>,
    data: Vec<u8>,
}

/// Why there is no such event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EventError {
    /// The length of the name is none of a name.
    #[error("the name has {0} bytes, a name has 1 to {max}", max = Event::NAME_MAX)]
    Name(usize),
    /// There are too many topics.
    #[error("there are {0} topics, the most is {max}", max = Event::TOPICS_MAX)]
    Topics(usize),
}

impl Event {
    /// The most bytes of a name.
    pub const NAME_MAX: usize = 32;
    /// The most topics.
    pub const TOPICS_MAX: usize = 4;

    /// An event of the frame of this ordinal.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn new(
        frame: u16,
        name: Vec<u8>,
        topics: Vec<[u8; 32]>,
        data: Vec<u8>,
    ) -> Result<Event, EventError> {
        if !(1..=Event::NAME_MAX).contains(&name.len()) {
            return Err(EventError::Name(name.len()));
        }
        if topics.len() > Event::TOPICS_MAX {
            return Err(EventError::Topics(topics.len()));
        }
        Ok(Event {
            frame,
            name,
            topics,
            data,
        })
    }

    /// The ordinal of its frame.
    #[must_use]
    pub const fn frame(&self) -> u16 {
        self.frame
    }

    /// Its name, as the contract gave it.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Its name in one line: see [`visible`].
    #[must_use]
    pub fn shown_name(&self) -> String {
        visible(&String::from_utf8_lossy(&self.name)).into_owned()
    }

    /// Its topics, by which it is looked for.
    #[must_use]
    pub fn topics(&self) -> &[[u8; 32]] {
        &self.topics
    }

    /// Its data.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

impl fmt::Display for Event {
    /// `name(topic, topic) data`, in hex but for the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topics: Vec<_> = self.topics.iter().map(hex::encode).collect();
        write!(f, "{}({})", self.shown_name(), topics.join(", "))?;
        match &self.data[..] {
            [] => Ok(()),
            data => write!(f, " {}", hex::encode(data)),
        }
    }
}
