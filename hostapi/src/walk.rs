//! A search among keys in order: where it begins, and which way it goes.

use crate::host::NodeError;
use state::keys::{self, Key};
use state::{Overlay, Pair};

/// Which key a search is after, seen from its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The first from the bound on.
    From,
    /// The first behind it.
    After,
    /// The last before it.
    Before,
    /// The last up to it.
    UpTo,
}

impl Way {
    /// The way of this number.
    pub(crate) const fn of(number: u8) -> Option<Way> {
        Some(match number {
            0 => Way::From,
            1 => Way::After,
            2 => Way::Before,
            3 => Way::UpTo,
            _ => return None,
        })
    }

    /// Whether it goes from smaller keys to greater ones.
    pub(crate) const fn is_forwards(self) -> bool {
        matches!(self, Way::From | Way::After)
    }

    /// The way of who goes on from the key that was found.
    pub(crate) const fn on(self) -> Way {
        if self.is_forwards() {
            Way::After
        } else {
            Way::Before
        }
    }

    /// The key that this way leads to from `bound`, among those that start with `prefix`, with its value. Where
    /// `is_group`, all keys that start with `bound` are as one: behind it is behind all of them, and up to it with the
    /// last of them.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) fn find(
        self,
        state: &mut Overlay<'_>,
        prefix: &[u8],
        bound: &[u8],
        is_group: bool,
    ) -> Result<Option<Pair>, NodeError> {
        // The first place behind the bound.
        let behind = || match is_group {
            true => keys::behind(bound).map(Key::from_vec),
            false => Some(bound.iter().copied().chain([0]).collect::<Key>()),
        };
        Ok(match self {
            Way::From => state.first(prefix, bound)?,
            Way::Before => state.prev(prefix, Some(bound))?,
            Way::UpTo => state.prev(prefix, behind().as_deref())?,
            Way::After => match behind() {
                Some(behind) => state.first(prefix, &behind)?,
                None => None,
            },
        })
    }
}
