//! How a request is read: its frame, and each item as the type of its kind.

use super::{Method, Request};
use crate::Semantics;
use crate::codec::Args;

impl<'a> Request<'a> {
    /// The request for `method` in the frame at the start of `window`; `None` where there is none that the method
    /// takes under `semantics`: the call then answers nothing, and the contract goes on.
    ///
    /// For a method without arguments nothing is looked at.
    #[inline]
    #[must_use]
    pub fn read(semantics: Semantics, method: Method, window: &'a [u8]) -> Option<Request<'a>> {
        const NONE: &Args<'_> = &Args::NONE;
        if !method.spec().reads_request() {
            return Request::of(semantics, method, Items::new(NONE));
        }
        let mut args = Args::NONE;
        args.add(window).ok()?;
        Request::of(semantics, method, Items::new(&args))
    }
}

/// An account as an argument names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountName<'a> {
    /// By its registered id.
    Regid(&'a [u8; 6]),
    /// By its address as text.
    Address(&'a [u8; 34]),
}

/// A key of DES.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DesKey<'a> {
    /// Of DES.
    Single(&'a [u8; 8]),
    /// Of triple DES: the first key, which is the third too, and the second.
    Triple(&'a [u8; 16]),
}

/// The items of a request, handed out one by one, each as the type of its kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Items<'r, 'a> {
    args: &'r Args<'a>,
    next: usize,
}

impl<'r, 'a> Items<'r, 'a> {
    const fn new(args: &'r Args<'a>) -> Self {
        Items { args, next: 0 }
    }

    /// Whether the request has at least `least` items and at most `most`.
    #[inline]
    pub(super) fn demand(&self, least: usize, most: usize) -> Option<()> {
        (least..=most).contains(&self.args.len()).then_some(())
    }

    /// The next item; `None` if there is none or its length is wrong.
    #[inline]
    pub(super) fn next<T: Argument<'a>>(&mut self) -> Option<T> {
        let item = self.args.items().get(self.next)?;
        self.next += 1;
        T::read(item)
    }

    /// The next item, where there is one; `None` if its length is wrong.
    #[inline]
    pub(super) fn next_if_any<T: Argument<'a>>(&mut self) -> Option<Option<T>> {
        if self.next == self.args.len() {
            return Some(None);
        }
        self.next().map(Some)
    }
}

/// What an item of a request is read as. Each kind has one such type.
pub(super) trait Argument<'a>: Sized {
    /// The value; `None` if the item has not the length of its kind.
    fn read(item: &'a [u8]) -> Option<Self>;
}

impl Argument<'_> for i64 {
    fn read(item: &[u8]) -> Option<i64> {
        item.try_into().ok().map(i64::from_le_bytes)
    }
}

impl Argument<'_> for i32 {
    fn read(item: &[u8]) -> Option<i32> {
        item.try_into().ok().map(i32::from_le_bytes)
    }
}

/// An index: what follows its four bytes is ignored.
impl Argument<'_> for u32 {
    fn read(item: &[u8]) -> Option<u32> {
        item.first_chunk().copied().map(u32::from_le_bytes)
    }
}

/// A flag: what follows its byte is ignored.
impl Argument<'_> for u8 {
    fn read(item: &[u8]) -> Option<u8> {
        item.first().copied()
    }
}

impl<'a> Argument<'a> for &'a [u8] {
    fn read(item: &'a [u8]) -> Option<&'a [u8]> {
        (!item.is_empty()).then_some(item)
    }
}

impl<'a, const N: usize> Argument<'a> for &'a [u8; N] {
    fn read(item: &'a [u8]) -> Option<&'a [u8; N]> {
        item.try_into().ok()
    }
}

/// Records, one after the other.
impl<'a, const N: usize> Argument<'a> for &'a [[u8; N]] {
    fn read(item: &'a [u8]) -> Option<&'a [[u8; N]]> {
        match item.as_chunks() {
            (records, []) if !records.is_empty() => Some(records),
            _ => None,
        }
    }
}

impl<'a> Argument<'a> for DesKey<'a> {
    fn read(item: &'a [u8]) -> Option<DesKey<'a>> {
        let single = item.try_into().map(DesKey::Single);
        single.or_else(|_| item.try_into().map(DesKey::Triple)).ok()
    }
}

impl<'a> Argument<'a> for AccountName<'a> {
    fn read(item: &'a [u8]) -> Option<AccountName<'a>> {
        let regid = item.try_into().map(AccountName::Regid);
        regid
            .or_else(|_| item.try_into().map(AccountName::Address))
            .ok()
    }
}
#[cfg(test)]
mod tests {
    use super::{AccountName, Argument, DesKey};
    use crate::Semantics;
    use crate::codec;
    use crate::method::{self, Kind, Method, Request};

    /// Whether method `id` takes a request with items of these lengths.
    fn takes(id: u16, lengths: &[usize]) -> bool {
        let items: Vec<Vec<u8>> = lengths.iter().map(|&n| vec![0x11; n]).collect();
        let borrowed: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
        let method = Method::try_from(id).expect("a method of the table");
        Request::read(Semantics::V1, method, &codec::request(&borrowed)).is_some()
    }

    /// Demands that method `id` takes items of the lengths in each of `taken`, and none of those in `refused`.
    fn rule(id: u16, taken: &[&[usize]], refused: &[&[usize]]) {
        for lengths in taken {
            assert!(takes(id, lengths), "method {id}, items {lengths:?}");
        }
        for lengths in refused {
            assert!(!takes(id, lengths), "method {id}, items {lengths:?}");
        }
    }

    #[test]
    fn lengths_are_those_of_the_original() {
        rule(method::COMPARE, &[&[8, 8]], &[&[8], &[8, 7], &[8, 8, 8]]);
        rule(method::HASH, &[&[1], &[4000]], &[&[1, 1]]);
        rule(
            method::DES,
            &[&[1, 8, 1], &[9, 16, 2]],
            &[&[1, 24, 1], &[1, 8]],
        );
        rule(
            method::VERIFY,
            &[&[70, 33, 32]],
            &[&[70, 65, 32], &[70, 33, 31], &[1, 1, 1]],
        );
        rule(method::PRINT, &[&[1], &[1, 1], &[5, 90]], &[&[1, 1, 1]]);
        rule(method::TX_HEIGHT, &[&[32]], &[&[33], &[31]]);
        rule(method::PUBKEY, &[&[6], &[34]], &[&[20], &[33], &[6, 6]]);
        rule(method::BALANCE, &[&[6], &[34]], &[&[5], &[35]]);
        rule(method::BLOCK_HASH, &[&[4]], &[&[2], &[8]]);
        rule(method::DB_READ, &[&[1]], &[&[1, 1]]);
        rule(
            method::DB_NEXT,
            &[&[4], &[4, 1], &[9, 3]],
            &[&[3], &[3, 1], &[4, 1, 1]],
        );
        rule(
            method::OUTPUT,
            &[&[48], &[144]],
            &[&[19], &[47], &[49], &[48, 48]],
        );
        rule(method::SCRIPT_DATA, &[&[6, 2]], &[&[5, 2], &[6]]);
        rule(method::APP_FREE, &[&[41]], &[&[7], &[40]]);
        rule(method::APP_FROZEN, &[&[95]], &[&[94], &[190]]);
        rule(method::APP_OPERATE, &[&[95], &[190]], &[&[94], &[96]]);
        rule(method::ADDRESS, &[&[6]], &[&[7], &[34]]);
    }

    #[test]
    fn a_method_without_arguments_accepts_anything() {
        for spec in method::METHODS.iter().filter(|s| !s.reads_request()) {
            assert!(takes(spec.id, &[]));
            assert!(takes(spec.id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
        }
    }

    #[test]
    fn kinds_are_read_where_their_lengths_allow() {
        macro_rules! agree {
            ($($kind:expr => $type:ty,)+) => {$(
                for length in 0..300 {
                    let item = vec![0x11; length];
                    let is_read = <$type as Argument<'_>>::read(&item).is_some();
                    let kind = $kind;
                    assert_eq!(is_read, kind.lengths().allows(length), "{kind:?}, {length} bytes");
                }
            )+};
        }
        agree! {
            Kind::Int64 => i64,
            Kind::Int32 => i32,
            Kind::Index => u32,
            Kind::Bytes => &[u8],
            Kind::Flag => u8,
            Kind::DesKey => DesKey<'_>,
            Kind::Account => AccountName<'_>,
            Kind::Regid => &[u8; 6],
            Kind::Address => &[u8; 34],
            Kind::Hash => &[u8; 32],
            Kind::PublicKey => &[u8; 33],
            Kind::AppUser => &[u8; 41],
            Kind::Records(19) => &[[u8; 19]],
            Kind::Record(95) => &[u8; 95],
        }
    }

    #[test]
    fn arguments_have_the_values_of_their_items() {
        let read = |semantics, method, items: &[&[u8]]| {
            let frame = codec::request(items);
            format!("{:?}", Request::read(semantics, method, &frame))
        };
        let one = 1i64.to_le_bytes();
        let minus_two = (-2i64).to_le_bytes();
        assert_eq!(
            read(Semantics::V1, Method::Sub, &[&one, &minus_two]),
            "Some(Sub { a: 1, b: -2 })"
        );
        assert_eq!(
            read(Semantics::V1, Method::DbNext, &[&[1, 0, 0, 0, 9], b"k"]),
            "Some(DbNext { index: 1, after: Some([107]) })"
        );
        assert_eq!(
            read(Semantics::V1, Method::DbNext, &[&[0; 4]]),
            "Some(DbNext { index: 0, after: None })"
        );
        let written: [&[u8]; 3] = [b"k", b"v", &[5, 0, 0, 0]];
        assert_eq!(
            read(Semantics::Dacrs2014, Method::DbWrite, &written),
            "Some(DbWrite2014 { key: [107], value: [118], lifetime: 5 })"
        );
        assert_eq!(
            read(Semantics::Dacrs2017, Method::DbWrite, &written),
            "None"
        );
        assert_eq!(read(Semantics::V1, Method::Height, &[]), "Some(Height)");
    }
}
