//! The input of a contract that was deployed with `apply`.

use abi::Name;
use state::keys::RegId;

/// The size of what stands in front of the data, in bytes.
pub const HEAD_SIZE: usize = 20;

/// The input of such a contract: receiver 6, the account whose action it is 6, the action's name 8 (LE64), and
/// the data.
/// By `receiver` and `code` a contract tells its own actions from those of others that it is notified of.
#[must_use]
pub fn input(receiver: &RegId, code: &RegId, action: Name, data: &[u8]) -> Vec<u8> {
    let mut input = Vec::with_capacity(HEAD_SIZE + data.len());
    input.extend_from_slice(receiver);
    input.extend_from_slice(code);
    input.extend_from_slice(&action.0.to_le_bytes());
    input.extend_from_slice(data);
    input
}

/// The data of such an input.
pub(crate) fn data(input: &[u8]) -> &[u8] {
    input.get(HEAD_SIZE..).unwrap_or_default()
}

/// What a contract is told of its deferred action that has failed: the id that it gave it 8, its account 6, its name 8,
/// its amount 8.
#[must_use]
pub fn onerror(id: u64, account: &RegId, action: Name, value: u64) -> Vec<u8> {
    let mut data = Vec::with_capacity(30);
    data.extend_from_slice(&id.to_le_bytes());
    data.extend_from_slice(account);
    data.extend_from_slice(&action.0.to_le_bytes());
    data.extend_from_slice(&value.to_le_bytes());
    data
}
