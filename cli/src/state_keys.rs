//! Keys of the state in words.

use chain::receipt::{Called, Notes};
use state::keys::{RegId, kind};

/// What a key of the state stands for, with the local names that `notes` knows; a key that is none in hex.
pub(crate) fn describe(key: &[u8], notes: &dyn Notes) -> String {
    let unknown = || format!("key {}", hex::encode(key));
    let Some((&first, rest)) = key.split_first() else {
        return unknown();
    };
    let owned = |what: &str, with: &str| {
        let (id, rest) = rest.split_first_chunk::<{ size_of::<RegId>() }>()?;
        let id = Called { id: *id, notes };
        Some(match rest {
            [] => format!("{what} {id}"),
            rest => format!("{what} {id}{with}{}", hex::encode(rest)),
        })
    };
    let hashed = |what: &str| Some(format!("{what} {}", hex::encode(rest)));
    let text = |what: &str| Some(format!("{what} {}", String::from_utf8_lossy(rest)));
    let described = match first {
        kind::META => text("chain's"),
        kind::ACCOUNT => hashed("account of key id"),
        kind::REGISTERED => owned("key id of", " "),
        kind::CONTRACT => owned("contract", " "),
        kind::CODE => hashed("image"),
        kind::ABI => hashed("ABI"),
        kind::ABI_ACTIONS => hashed("actions of ABI"),
        kind::DATA => owned("data of", " "),
        kind::DATA_COUNT => owned("number of keys of", " "),
        kind::INDEX => index(rest, notes),
        kind::OBJECT if rest.len() == size_of::<RegId>() => owned("number of objects made by", " "),
        kind::OBJECT => {
            object(rest, notes).and_then(|(object, rest)| rest.is_empty().then_some(object))
        }
        kind::FIELD => object(rest, notes)
            .map(|(object, field)| format!("field {} of {object}", hex::encode(field))),
        kind::OWNED => owned_object(rest, notes),
        kind::APP_ACCOUNT => owned("app account of", " "),
        kind::APP_FUND => owned("frozen fund of", " "),
        kind::DEFERRED => hashed("deferred action"),
        kind::DEFERRED_ID => owned("deferred action of", " "),
        kind::NAME => text("local name"),
        _ => None,
    };
    described.unwrap_or_else(unknown)
}

/// An object by contract and id, and what follows.
fn object<'r>(rest: &'r [u8], notes: &dyn Notes) -> Option<(String, &'r [u8])> {
    let (id, rest) = rest.split_first_chunk::<{ size_of::<RegId>() }>()?;
    let (number, rest) = rest.split_first_chunk()?;
    let id = Called { id: *id, notes };
    let number = u64::from_be_bytes(*number);
    Some((format!("object {number} of {id}"), rest))
}

/// An entry of an owner's object: owner, contract and id.
fn owned_object(rest: &[u8], notes: &dyn Notes) -> Option<String> {
    let (owner, rest) = rest.split_first_chunk::<{ size_of::<RegId>() }>()?;
    let (object, rest) = object(rest, notes)?;
    let owner = Called { id: *owner, notes };
    rest.is_empty()
        .then(|| format!("{object}, owned by {owner}"))
}

/// An entry of an index: contract, index, number and key.
fn index(rest: &[u8], notes: &dyn Notes) -> Option<String> {
    let (id, rest) = rest.split_first_chunk::<{ size_of::<RegId>() }>()?;
    let (index, rest) = rest.split_first()?;
    let (number, key) = rest.split_first_chunk()?;
    let id = Called { id: *id, notes };
    let number = u64::from_be_bytes(*number);
    let key = hex::encode(key);
    Some(format!("index {index} of {id}, number {number}, key {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use state::keys;

    #[test]
    fn keys_are_told_in_words() {
        let id = [3, 0, 0, 0, 0, 0];
        for (key, told) in [
            (keys::data(&id, b"\x1b").to_vec(), "data of 3-0 1b"),
            (keys::data_count(&id).to_vec(), "number of keys of 3-0"),
            (
                keys::index_entry(&id, 1, 258, b"\x1b").to_vec(),
                "index 1 of 3-0, number 258, key 1b",
            ),
            (vec![kind::INDEX, 1], "key 7901"),
            (
                keys::object_count(&id).to_vec(),
                "number of objects made by 3-0",
            ),
            (keys::object(&id, 5).to_vec(), "object 5 of 3-0"),
            (
                keys::field(&id, 5, b"k").to_vec(),
                "field 6b of object 5 of 3-0",
            ),
            (
                keys::owned_object(&[1, 0, 0, 0, 0, 0], &id, 5).to_vec(),
                "object 5 of 3-0, owned by 1-0",
            ),
            (vec![kind::OBJECT, 1], "key 6a01"),
            (keys::contract(&id).to_vec(), "contract 3-0"),
            (keys::registered(&id).to_vec(), "key id of 3-0"),
            (keys::name("token"), "local name token"),
            (
                keys::deferred(258, 1).to_vec(),
                "deferred action 000001020000000000000001",
            ),
            (
                keys::deferred_id(&id, 7).to_vec(),
                "deferred action of 3-0 0000000000000007",
            ),
            (keys::meta("head"), "chain's head"),
            (vec![], "key "),
            (vec![kind::DATA, 1], "key 6401"),
            (vec![0xFF, 1], "key ff01"),
        ] {
            assert_eq!(describe(&key, &()), told);
        }
    }
}
