//! The key schema, byte for byte: one letter for the kind, then what names the thing.
//!
//! Heights that order something are big-endian, so that the store's order is theirs. Registered ids are
//! stored as contracts see them (LE32 height, LE16 index).

use smallvec::SmallVec;

/// A registered id: LE32 height, LE16 index.
pub type RegId = [u8; 6];
/// A key id: RIPEMD-160 of the SHA-256 of a public key (of the registered id, for a contract).
pub type KeyId = [u8; 20];
/// A hash of 32 bytes, in the order in which the hash function gives them.
pub type Hash = [u8; 32];
/// A key of any length. Those of up to 64 bytes need no memory of their own.
pub type Key = SmallVec<[u8; 64]>;

/// The kinds of key: the first byte of each.
pub mod kind {
    /// Chain-wide facts.
    pub const META: u8 = b'm';
    /// Accounts, by key id.
    pub const ACCOUNT: u8 = b'a';
    /// Key ids, by registered id.
    pub const REGISTERED: u8 = b'r';
    /// Contracts, by registered id.
    pub const CONTRACT: u8 = b'c';
    /// Images as deployed, by code hash.
    pub const CODE: u8 = b'o';
    /// Contract ABIs, by their hash.
    pub const ABI: u8 = b'h';
    /// What the ABI of a hash says of its actions.
    pub const ABI_ACTIONS: u8 = b'z';
    /// A contract's data.
    pub const DATA: u8 = b'd';
    /// How many keys a contract's data has.
    pub const DATA_COUNT: u8 = b'n';
    /// Entries of a contract's indexes, by number of the index, number of the entry and key.
    pub const INDEX: u8 = b'y';
    /// Objects, by the contract that made them and id; and how many it ever made.
    pub const OBJECT: u8 = b'j';
    /// Fields of objects, by contract, id and name.
    pub const FIELD: u8 = b'k';
    /// Entries of objects, by owner, contract and id.
    pub const OWNED: u8 = b'w';
    /// App accounts, by contract and user.
    pub const APP_ACCOUNT: u8 = b'f';
    /// Frozen funds of app accounts, by contract, user, height and tag.
    pub const APP_FUND: u8 = b'g';
    /// Deferred actions, by the height from which they can be executed and their number.
    pub const DEFERRED: u8 = b'q';
    /// Where each stands, by contract and the id that it gave it.
    pub const DEFERRED_ID: u8 = b's';
    /// Gas schedules, by the height from which they hold.
    pub const SCHEDULE: u8 = b'v';
    /// Local names.
    pub const NAME: u8 = b'l';
    /// Headers of blocks, by height.
    pub const BLOCK: u8 = b'b';
    /// The ids of a block's transactions, by height.
    pub const IDS: u8 = b'i';
    /// Transactions, by id.
    pub const TRANSACTION: u8 = b't';
    /// Receipts, by transaction id.
    pub const RECEIPT: u8 = b'e';
    /// What each block replaced, by height.
    pub const UNDO: u8 = b'u';
}

/// `m name`: a chain-wide fact.
#[must_use]
pub fn meta(name: &str) -> Vec<u8> {
    joined(kind::META, name.as_bytes())
}

/// `a key-id`: the account of a key id.
#[must_use]
pub fn account(key_id: &KeyId) -> [u8; 21] {
    tagged(kind::ACCOUNT, key_id)
}

/// `r regid`: the key id behind a registered id.
#[must_use]
pub fn registered(regid: &RegId) -> [u8; 7] {
    tagged(kind::REGISTERED, regid)
}

/// `c regid`: a contract.
#[must_use]
pub fn contract(regid: &RegId) -> [u8; 7] {
    tagged(kind::CONTRACT, regid)
}

/// `o code-hash`: an image, as deployed.
#[must_use]
pub fn code(hash: &Hash) -> [u8; 33] {
    tagged(kind::CODE, hash)
}

/// `h abi-hash`: a contract ABI, in binary form.
#[must_use]
pub fn abi(hash: &Hash) -> [u8; 33] {
    tagged(kind::ABI, hash)
}

/// `z abi-hash`: the actions of a contract ABI.
#[must_use]
pub fn abi_actions(hash: &Hash) -> [u8; 33] {
    tagged(kind::ABI_ACTIONS, hash)
}

/// `d regid key`: one value of a contract's data; with an empty `key`, the prefix of all of them.
#[must_use]
pub fn data(contract: &RegId, key: &[u8]) -> Key {
    owned(kind::DATA, contract, key)
}

/// `n regid`: how many keys a contract's data has, LE32.
#[must_use]
pub fn data_count(contract: &RegId) -> [u8; 7] {
    tagged(kind::DATA_COUNT, contract)
}

/// `y regid index`: the prefix of the entries of one of a contract's indexes.
#[must_use]
pub fn index(contract: &RegId, index: u8) -> Key {
    owned(kind::INDEX, contract, &[index])
}

/// `y regid index number key`: the entry of a key in an index, by a number that is big-endian; with an empty `key`, the
/// prefix of all entries of the number.
#[must_use]
pub fn index_entry(contract: &RegId, of: u8, number: u64, key: &[u8]) -> Key {
    let mut entry = index(contract, of);
    entry.extend_from_slice(&number.to_be_bytes());
    entry.extend_from_slice(key);
    entry
}

/// `j regid`: how many objects a contract ever made, LE64.
#[must_use]
pub fn object_count(contract: &RegId) -> [u8; 7] {
    tagged(kind::OBJECT, contract)
}

/// `j regid id`: an object of a contract; the id is big-endian.
#[must_use]
pub fn object(contract: &RegId, id: u64) -> [u8; 15] {
    let mut key = [kind::OBJECT; 15];
    key[1..7].copy_from_slice(contract);
    key[7..].copy_from_slice(&id.to_be_bytes());
    key
}

/// `k regid id field`: a field of an object; with an empty `field`, the prefix of all of them.
#[must_use]
pub fn field(contract: &RegId, id: u64, field: &[u8]) -> Key {
    let mut key = Key::from_elem(kind::FIELD, 15 + field.len());
    key[1..7].copy_from_slice(contract);
    key[7..15].copy_from_slice(&id.to_be_bytes());
    key[15..].copy_from_slice(field);
    key
}

/// `w owner regid id`: the entry of an object among those of its owner.
#[must_use]
pub fn owned_object(owner: &RegId, contract: &RegId, id: u64) -> [u8; 21] {
    let mut key = [kind::OWNED; 21];
    key[1..7].copy_from_slice(owner);
    key[7..13].copy_from_slice(contract);
    key[13..].copy_from_slice(&id.to_be_bytes());
    key
}

/// `w owner regid`: the prefix of the entries of an owner's objects that a contract made.
#[must_use]
pub fn owned_objects(owner: &RegId, contract: &RegId) -> [u8; 13] {
    let mut key = [kind::OWNED; 13];
    key[1..7].copy_from_slice(owner);
    key[7..].copy_from_slice(contract);
    key
}

/// `f regid user`: a user's app account with a contract; with an empty `user`, the prefix of all.
#[must_use]
pub fn app_account(contract: &RegId, user: &[u8]) -> Key {
    owned(kind::APP_ACCOUNT, contract, user)
}

/// `g regid length user`: the prefix of a user's frozen funds. The length is that of the user's name (1 byte).
#[must_use]
pub fn app_funds(contract: &RegId, user: &[u8]) -> Key {
    debug_assert!(user.len() < 256, "a user's name has at most 40 bytes");
    let mut key = owned(kind::APP_FUND, contract, &[user.len() as u8]);
    key.extend_from_slice(user);
    key
}

/// `g regid length user height tag`: a frozen fund; the height is big-endian.
#[must_use]
pub fn app_fund(contract: &RegId, user: &[u8], height: u32, tag: &[u8]) -> Key {
    let mut key = app_funds(contract, user);
    key.extend_from_slice(&height.to_be_bytes());
    key.extend_from_slice(tag);
    key
}

/// `q due number`: a deferred action, by the height from which it can be executed and its number among all that were
/// ever sent; both are big-endian, so the store's order is that of execution.
#[must_use]
pub fn deferred(due: u32, number: u64) -> [u8; 13] {
    let mut key = [kind::DEFERRED; 13];
    key[1..5].copy_from_slice(&due.to_be_bytes());
    key[5..].copy_from_slice(&number.to_be_bytes());
    key
}

/// `s regid id`: where the deferred action stands to which a contract gave this id (big-endian).
#[must_use]
pub fn deferred_id(contract: &RegId, id: u64) -> [u8; 15] {
    let mut key = [kind::DEFERRED_ID; 15];
    key[1..7].copy_from_slice(contract);
    key[7..].copy_from_slice(&id.to_be_bytes());
    key
}

/// `v height`: the gas schedule that holds from a height on. The height is big-endian with all bits turned, so the
/// newest one comes first.
#[must_use]
pub fn schedule(height: u32) -> [u8; 5] {
    tagged(kind::SCHEDULE, &(!height).to_be_bytes())
}

/// `l name`: what a local name stands for; with an empty `name`, the prefix of all names.
#[must_use]
pub fn name(name: &str) -> Vec<u8> {
    joined(kind::NAME, name.as_bytes())
}

/// `b height`: the header of a block.
#[must_use]
pub fn block(height: u32) -> [u8; 5] {
    tagged(kind::BLOCK, &height.to_be_bytes())
}

/// `i height`: the ids of a block's transactions.
#[must_use]
pub fn ids(height: u32) -> [u8; 5] {
    tagged(kind::IDS, &height.to_be_bytes())
}

/// `t id`: a transaction and its place.
#[must_use]
pub fn transaction(id: &Hash) -> [u8; 33] {
    tagged(kind::TRANSACTION, id)
}

/// `e id`: the receipt of a transaction.
#[must_use]
pub fn receipt(id: &Hash) -> [u8; 33] {
    tagged(kind::RECEIPT, id)
}

/// `u height`: what the block of a height replaced.
#[must_use]
pub fn undo(height: u32) -> [u8; 5] {
    tagged(kind::UNDO, &height.to_be_bytes())
}

/// The first key behind all that start with `prefix`; `None` where there can be none.
#[must_use]
pub fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// `kind` and a name of fixed length. `M` is `N + 1`; the compiler checks it at each use.
fn tagged<const N: usize, const M: usize>(kind: u8, name: &[u8; N]) -> [u8; M] {
    const { assert!(M == N + 1, "one byte for the kind, the rest for the name") };
    let mut key = [kind; M];
    key[1..].copy_from_slice(name);
    key
}

fn joined(kind: u8, name: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + name.len());
    key.push(kind);
    key.extend_from_slice(name);
    key
}

fn owned(kind: u8, contract: &RegId, name: &[u8]) -> Key {
    let mut key = Key::from_elem(kind, 1 + contract.len() + name.len());
    let (owner, rest) = key[1..].split_at_mut(contract.len());
    owner.copy_from_slice(contract);
    rest.copy_from_slice(name);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_kind_and_the_name_byte_for_byte() {
        let id = [1, 0, 0, 0, 2, 0];
        assert_eq!(meta("height"), b"mheight");
        assert_eq!(
            account(&[7; 20]),
            *b"a\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07"
        );
        assert_eq!(registered(&id), *b"r\x01\0\0\0\x02\0");
        assert_eq!(contract(&id), *b"c\x01\0\0\0\x02\0");
        assert_eq!(*data(&id, b"key"), b"d\x01\0\0\0\x02\0key"[..]);
        assert_eq!(data_count(&id), *b"n\x01\0\0\0\x02\0");
        assert_eq!(
            *index_entry(&id, 7, 258, b"key"),
            b"y\x01\0\0\0\x02\0\x07\0\0\0\0\0\0\x01\x02key"[..]
        );
        assert_eq!(object_count(&id), *b"j\x01\0\0\0\x02\0");
        assert_eq!(object(&id, 258), *b"j\x01\0\0\0\x02\0\0\0\0\0\0\0\x01\x02");
        assert_eq!(
            *field(&id, 258, b"key"),
            b"k\x01\0\0\0\x02\0\0\0\0\0\0\0\x01\x02key"[..]
        );
        let owner = [3; 6];
        assert_eq!(
            owned_object(&owner, &id, 258),
            *b"w\x03\x03\x03\x03\x03\x03\x01\0\0\0\x02\0\0\0\0\0\0\0\x01\x02"
        );
        assert_eq!(
            owned_object(&owner, &id, 258)[..13],
            owned_objects(&owner, &id)
        );
        assert_eq!(*app_account(&id, b"user"), b"f\x01\0\0\0\x02\0user"[..]);
        assert_eq!(
            *app_fund(&id, b"user", 258, b"tag"),
            b"g\x01\0\0\0\x02\0\x04user\0\0\x01\x02tag"[..]
        );
        assert_eq!(name("alice"), b"lalice");
        assert_eq!(block(0x0102_0304), *b"b\x01\x02\x03\x04");
        assert_eq!(schedule(1), *b"v\xFF\xFF\xFF\xFE");
        assert_eq!(undo(256), *b"u\0\0\x01\0");
        assert_eq!(ids(256), *b"i\0\0\x01\0");
        assert_eq!((code(&[9; 32])[0], receipt(&[9; 32])[0]), (b'o', b'e'));
        assert_eq!(transaction(&[9; 32])[..2], *b"t\x09");
        assert_eq!(deferred(258, 3), *b"q\0\0\x01\x02\0\0\0\0\0\0\0\x03");
        assert_eq!(deferred_id(&id, 5), *b"s\x01\0\0\0\x02\0\0\0\0\0\0\0\0\x05");
    }

    #[test]
    fn behind_a_prefix_lies_no_key_with_it() {
        assert_eq!(behind(b"a\xFF").as_deref(), Some(&b"b"[..]));
        assert_eq!(behind(b"ab").as_deref(), Some(&b"ac"[..]));
        assert_eq!(behind(b"\xFF\xFF"), None);
        assert_eq!(behind(b""), None);
    }

    #[test]
    fn blocks_lie_in_order_of_height() {
        assert!([0, 1, 255, 256, 65_536, u32::MAX].is_sorted_by_key(|&height| block(height)));
    }
}
