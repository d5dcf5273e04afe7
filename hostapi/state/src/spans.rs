//! [`Spans`]: the parts of a store whose keys are all known.

use super::keys;
use super::ordered::Ordered;
use std::collections::BTreeMap;

/// What stands at the end of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EndsAt {
    /// Anything: the place up to which somebody has looked, or the end of a prefix.
    Anywhere,
    /// The place right after a key of the store, the last one of the span.
    Behind,
    /// A key of the store.
    Key,
}

/// The end of a span. The span holds all keys of the store from where it begins up to, not including, `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) end: Ordered,
    pub(super) ends_at: EndsAt,
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

    /// The start of the span that reaches up to `key`, from below it.
    pub(super) fn below(&self, key: &Ordered) -> Option<&Ordered> {
        let (start, span) = self.by_start.range(..key).next_back()?;
        (*key <= span.end).then_some(start)
    }

    /// Whether a span holds `key` and the next key of the store that starts with `prefix`, or names it, or says that
    /// there is none.
    pub(super) fn lead_on_from(&self, key: &Ordered, prefix: &[u8]) -> bool {
        self.at(key).is_some_and(|span| match span.ends_at {
            EndsAt::Key => true,
            EndsAt::Behind if span.end != Ordered::right_after(&key.to_vec()) => true,
            _ => !span.end.starts_with(prefix),
        })
    }

    /// From `from` on the store's first key is `met`.
    pub(super) fn met(&mut self, from: Ordered, met: &[u8]) {
        self.add(from, Ordered::right_after(met), EndsAt::Behind);
    }

    /// Below `end`, at which there is such a thing, the store's last key is `met`.
    pub(super) fn met_below(&mut self, end: Ordered, ends_at: EndsAt, met: &[u8]) {
        self.add(met.into(), end, ends_at);
    }

    /// Behind the store's key `key`, which is known, `next` comes.
    pub(super) fn leads(&mut self, key: Ordered, next: &[u8]) {
        self.add(key, next.into(), EndsAt::Key);
    }

    /// From `from` on there are no unknown keys with this prefix.
    pub(super) fn ended(&mut self, from: Ordered, prefix: &[u8]) {
        if let Some(end) = keys::behind(prefix) {
            self.add(from, end[..].into(), EndsAt::Anywhere);
        }
    }

    /// Between `start` and `end`, at which there is such a thing, the store has no key.
    pub(super) fn nothing(&mut self, start: Ordered, end: Ordered, ends_at: EndsAt) {
        if start < end {
            self.add(start, end, ends_at);
        }
    }

    /// Each span, from its first place up to, not including, its end, in order.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (&Ordered, &Ordered)> {
        self.by_start.iter().map(|(start, span)| (start, &span.end))
    }

    /// Adds a span, as one with those that it overlaps or touches.
    fn add(&mut self, start: Ordered, end: Ordered, ends_at: EndsAt) {
        let (mut start, mut span) = (start, Span { end, ends_at });
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
                span.ends_at = span.ends_at.max(other.ends_at);
            }
        }
        self.by_start.insert(start, span);
    }
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
        assert_eq!((&span.end, span.ends_at), (&key("h"), EndsAt::Key));
        assert!(spans.at(&key("a")).is_none() && spans.at(&key("h")).is_none());
        assert_eq!(spans.below(&key("h")), Some(&key("b")));
        assert_eq!(spans.below(&key("c")), Some(&key("b")));
        assert!(spans.below(&key("b")).is_none() && spans.below(&key("i")).is_none());
    }

    #[test]
    fn a_span_ends_with_its_prefix() {
        let mut spans = Spans::default();
        spans.ended(key("da"), b"d");
        assert_eq!(spans.at(&key("dz")).map(|span| &span.end), Some(&key("e")));
        assert!(spans.lead_on_from(&key("dz"), b"d"));
        assert!(!spans.lead_on_from(&key("dz"), b""));
    }

    #[test]
    fn a_span_that_ends_at_its_last_key_leads_nowhere() {
        let mut spans = Spans::default();
        spans.met(key("a"), b"c");
        assert!(spans.lead_on_from(&key("b"), b""));
        assert!(!spans.lead_on_from(&key("c"), b""));
        spans.leads(key("c"), b"k");
        assert!(spans.lead_on_from(&key("c"), b""));
    }

    #[test]
    fn a_place_that_was_looked_up_to_leads_nowhere() {
        let mut spans = Spans::default();
        spans.met_below(key("f"), EndsAt::Anywhere, b"c");
        assert!(!spans.lead_on_from(&key("c"), b""));
        spans.met_below(key("f"), EndsAt::Key, b"c");
        assert!(spans.lead_on_from(&key("c"), b""));
    }
}
