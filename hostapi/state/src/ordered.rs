//! [`Ordered`]: keys that are compared a word at a time.

use std::cmp::Ordering;
use std::sync::Arc;

/// The bytes of a key that are compared as words: nearly every key is shorter.
pub(super) const HEAD: usize = 40;
const WORDS: usize = HEAD / 8;

/// A key, ordered like its bytes. Words that lie in the tree itself are compared much faster than bytes that
/// lie elsewhere.
///
/// The order is that of the fields. It is the order of the bytes, because a key that is the beginning of another
/// one comes before it by its length or its tail, be the rest zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ordered {
    /// The first 40 bytes, most significant first, and zeros where there are fewer.
    head: [u64; WORDS],
    /// How many of those the key has.
    length: usize,
    /// The bytes after them, if there are any. Copies of the key share them.
    tail: Option<Arc<[u8]>>,
}

impl Ordered {
    /// The bytes.
    pub(super) fn to_vec(&self) -> Vec<u8> {
        [&self.first()[..self.length], self.tail()].concat()
    }

    /// The bytes, put into `first`, or into `long` where they are more.
    #[inline]
    pub(super) fn bytes_in<'a>(
        &self,
        first: &'a mut [u8; HEAD],
        long: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        if self.tail.is_none() {
            *first = self.first();
            return &first[..self.length];
        }
        *long = self.to_vec();
        long
    }

    /// Whether the key begins with `prefix`.
    pub(super) fn starts_with(&self, prefix: &[u8]) -> bool {
        let (first, rest) = prefix.split_at(prefix.len().min(HEAD));
        self.first()[..self.length].starts_with(first) && self.tail().starts_with(rest)
    }

    /// The first 40 bytes.
    fn first(&self) -> [u8; HEAD] {
        let mut first = [0; HEAD];
        let words = self.head.map(u64::to_be_bytes);
        first.copy_from_slice(words.as_flattened());
        first
    }

    /// The first key after the one of these bytes, of all that there can be.
    pub(super) fn right_after(key: &[u8]) -> Ordered {
        [key, &[0]].concat()[..].into()
    }

    /// How many bytes lie elsewhere.
    pub(super) fn tail_len(&self) -> usize {
        self.tail().len()
    }

    fn tail(&self) -> &[u8] {
        self.tail.as_deref().unwrap_or_default()
    }
}

impl Ord for Ordered {
    /// Nearly always the first words differ: they are compared apart from all others.
    #[inline(always)]
    fn cmp(&self, other: &Ordered) -> Ordering {
        let first = self.head[0].cmp(&other.head[0]);
        first.then_with(|| {
            let words = self.head.cmp(&other.head);
            let length = self.length.cmp(&other.length);
            words.then(length).then_with(|| self.tail.cmp(&other.tail))
        })
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Ordered) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&[u8]> for Ordered {
    fn from(key: &[u8]) -> Ordered {
        let (first, tail) = key.split_at(key.len().min(HEAD));
        let mut head = [[0; 8]; WORDS];
        head.as_flattened_mut()[..first.len()].copy_from_slice(first);
        Ordered {
            head: head.map(u64::from_be_bytes),
            length: first.len(),
            tail: (!tail.is_empty()).then(|| tail.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Keys that often agree in their first 40 bytes and differ in zeros at the end.
    fn key() -> impl Strategy<Value = Vec<u8>> {
        let end = vec(prop_oneof![Just(0), Just(1), any::<u8>()], 0..6);
        (0..48usize, end).prop_map(|(same, end)| [vec![0x51; same], end].concat())
    }

    proptest! {
        #[test]
        fn keys_are_ordered_like_their_bytes(a in key(), b in key()) {
            let [left, right] = [&a, &b].map(|key| Ordered::from(&key[..]));
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
            prop_assert_eq!(left.starts_with(&b), a.starts_with(&b));
            let (mut first, mut long) = ([0; HEAD], Vec::new());
            prop_assert_eq!(left.bytes_in(&mut first, &mut long), &a[..]);
            prop_assert_eq!(left.to_vec(), a);
        }

        #[test]
        fn a_key_starts_with_each_of_its_beginnings(key in key(), length: prop::sample::Index) {
            let beginning = &key[..length.index(key.len() + 1)];
            prop_assert!(Ordered::from(&key[..]).starts_with(beginning));
            prop_assert!(Ordered::from(beginning) <= Ordered::from(&key[..]));
        }
    }
}
