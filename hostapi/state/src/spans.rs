//! [`Spans`]: the parts of a store whose keys are all known.

use super::ordered::Ordered;
use std::collections::BTreeMap;

/// The end of a span. The span holds all keys of the store from where it begins up to, not including, `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) end: Ordered,
    /// Whether `end` is a key of the store. If not, it is the place right after a key, or the end of a prefix.
    pub(super) ends_at_a_key: bool,
}

/// Spans that neither overlap nor touch.
#[derive(Debug, Default)]
pub(super) struct Spans {
    by_start: BTreeMap<Ordered, Span>,
}

impl Spans {
    /// The span that holds `key`.
    pub(super) fn at(&self, key: &Ordered) -> Option<&Span> {
        let (_, span) = self.by_start.range(..=key).next_back()?;
        (*key < span.end).then_some(span)
    }

    /// Whether a span holds `key` and goes on behind it, or names the key after it.
    pub(super) fn leads_on_from(&self, key: &Ordered) -> bool {
        self.at(key).is_some_and(|span| {
            span.ends_at_a_key || span.end != Ordered::right_after(&key.to_vec())
        })
    }

    /// From `from` on the store's first key is `met`.
    pub(super) fn met(&mut self, from: Ordered, met: &[u8]) {
        self.add(from, Ordered::right_after(met), false);
    }

    /// Behind the store's key `key`, which is known, `next` comes.
    pub(super) fn leads(&mut self, key: Ordered, next: &[u8]) {
        self.add(key, next.into(), true);
    }

    /// From `from` on there are no unknown keys with this prefix.
    pub(super) fn ended(&mut self, from: Ordered, prefix: &[u8]) {
        if let Some(end) = end_of(prefix) {
            self.add(from, end, false);
        }
    }

    /// Adds a span, as one with those that it overlaps or touches.
    fn add(&mut self, start: Ordered, end: Ordered, ends_at_a_key: bool) {
        let (mut start, mut span) = (start, Span { end, ends_at_a_key });
        if let Some((before, _)) = self.by_start.range(..&start).next_back()
            && self.by_start[before].end >= start
        {
            start = before.clone();
        }
        while let Some((next, _)) = self.by_start.range(&start..).next()
            && *next <= span.end
        {
            let next = next.clone();
            let Some(other) = self.by_start.remove(&next) else {
                break;
            };
            if other.end > span.end {
                span = other;
            } else if other.end == span.end {
                span.ends_at_a_key |= other.ends_at_a_key;
            }
        }
        self.by_start.insert(start, span);
    }
}

/// The first key behind all that start with `prefix`; `None` where there can be none.
fn end_of(prefix: &[u8]) -> Option<Ordered> {
    let last = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end[..].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Ordered {
        text.as_bytes().into()
    }

    #[test]
    fn spans_that_touch_are_one() {
        let mut spans = Spans::default();
        for (key_, next) in [("b", "d"), ("f", "h"), ("d", "f")] {
            spans.leads(key(key_), next.as_bytes());
        }
        assert_eq!(spans.by_start.len(), 1);
        let span = spans.at(&key("c")).expect("inside");
        assert_eq!((&span.end, span.ends_at_a_key), (&key("h"), true));
        assert!(spans.at(&key("a")).is_none() && spans.at(&key("h")).is_none());
    }

    #[test]
    fn a_span_ends_with_its_prefix() {
        let mut spans = Spans::default();
        spans.ended(key("da"), b"d");
        assert_eq!(spans.at(&key("dz")).map(|span| &span.end), Some(&key("e")));
        assert_eq!(end_of(b"a\xFF"), Some(key("b")));
        assert_eq!(end_of(b"\xFF\xFF"), None);
    }

    #[test]
    fn a_span_that_ends_at_its_last_key_leads_nowhere() {
        let mut spans = Spans::default();
        spans.met(key("a"), b"c");
        assert!(spans.leads_on_from(&key("b")));
        assert!(!spans.leads_on_from(&key("c")));
        spans.leads(key("c"), b"k");
        assert!(spans.leads_on_from(&key("c")));
    }
}
