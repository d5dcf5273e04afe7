//! [`Action`]: what a transaction does, as a block keeps it.

use crate::session::Payment;
use crate::wire::{Reader, push_bytes};
use abi::{Gas, Semantics};
use hostapi::accounts::PublicKey;
use hostapi::hash::blake2b;
use hostapi::state::keys::{Hash, RegId};

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes an account with a local name. On a local chain its money comes from nowhere.
    NewAccount {
        /// The local name.
        name: String,
        /// What it holds at first, in the smallest unit.
        balance: u64,
        /// Its public key.
        public_key: PublicKey,
    },
    /// Deploys an image as a new contract.
    Deploy {
        /// Who deploys it.
        sender: RegId,
        /// The image's hash.
        code_hash: Hash,
        /// The rules it shall run under.
        semantics: Semantics,
        /// Its local name; empty for none.
        name: String,
    },
    /// Calls a contract.
    Call {
        /// Who calls.
        sender: RegId,
        /// Which contract.
        contract: RegId,
        /// The contract bytes.
        input: Vec<u8>,
        /// What is sent with it, in the smallest unit.
        value: u64,
        /// How the run is paid for.
        payment: Payment,
    },
}

/// The tags of [`Action`] and [`Payment`] in the encoding.
mod tag {
    pub(super) const NEW_ACCOUNT: u8 = 1;
    pub(super) const DEPLOY: u8 = 2;
    pub(super) const CALL: u8 = 3;
    pub(super) const GAS: u8 = 1;
    pub(super) const FUEL: u8 = 2;
}

impl Action {
    /// The id of this transaction at its place: BLAKE2b of height (LE32), index (LE16) and the encoding.
    /// So no two transactions of a chain have the same id.
    #[must_use]
    pub fn id(&self, height: u32, index: u16) -> Hash {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&height.to_le_bytes());
        bytes.extend_from_slice(&index.to_le_bytes());
        self.encode_to(&mut bytes);
        blake2b(&bytes)
    }

    /// Appends the encoding: a tag and the fields in order, numbers little-endian, texts and input with
    /// their length (LE32) in front.
    pub fn encode_to(&self, out: &mut Vec<u8>) {
        match self {
            Action::NewAccount {
                name,
                balance,
                public_key,
            } => {
                out.push(tag::NEW_ACCOUNT);
                push_bytes(out, name.as_bytes());
                out.extend_from_slice(&balance.to_le_bytes());
                out.extend_from_slice(public_key);
            }
            Action::Deploy {
                sender,
                code_hash,
                semantics,
                name,
            } => {
                out.push(tag::DEPLOY);
                out.extend_from_slice(sender);
                out.extend_from_slice(code_hash);
                out.push(semantics.code());
                push_bytes(out, name.as_bytes());
            }
            Action::Call {
                sender,
                contract,
                input,
                value,
                payment,
            } => {
                out.push(tag::CALL);
                out.extend_from_slice(sender);
                out.extend_from_slice(contract);
                push_bytes(out, input);
                out.extend_from_slice(&value.to_le_bytes());
                let (tag, most, price) = match payment {
                    Payment::Gas { limit, price } => (tag::GAS, limit.0, price),
                    Payment::Fuel { fee, rate } => (tag::FUEL, *fee, rate),
                };
                out.push(tag);
                out.extend_from_slice(&most.to_le_bytes());
                out.extend_from_slice(&price.to_le_bytes());
            }
        }
    }

    /// The contract bytes; none but a call has any.
    #[must_use]
    pub fn into_input(self) -> Vec<u8> {
        match self {
            Action::Call { input, .. } => input,
            Action::NewAccount { .. } | Action::Deploy { .. } => Vec::new(),
        }
    }

    /// The action whose encoding `bytes` is.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Action> {
        let mut r = Reader(bytes);
        let action = match r.u8()? {
            tag::NEW_ACCOUNT => Action::NewAccount {
                name: r.text()?.into(),
                balance: r.u64()?,
                public_key: r.array()?,
            },
            tag::DEPLOY => Action::Deploy {
                sender: r.array()?,
                code_hash: r.array()?,
                semantics: Semantics::from_code(r.u8()?)?,
                name: r.text()?.into(),
            },
            tag::CALL => Action::Call {
                sender: r.array()?,
                contract: r.array()?,
                input: r.bytes()?.to_vec(),
                value: r.u64()?,
                payment: match (r.u8()?, r.u64()?, r.u64()?) {
                    (tag::GAS, limit, price) => Payment::Gas {
                        limit: Gas(limit),
                        price,
                    },
                    (tag::FUEL, fee, rate) => Payment::Fuel { fee, rate },
                    _ => return None,
                },
            },
            _ => return None,
        };
        r.end()?;
        Some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Block, Header};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn payment() -> impl Strategy<Value = Payment> {
        prop_oneof![
            (any::<u64>(), any::<u64>()).prop_map(|(limit, price)| Payment::Gas {
                limit: Gas(limit),
                price
            }),
            (any::<u64>(), any::<u64>()).prop_map(|(fee, rate)| Payment::Fuel { fee, rate }),
        ]
    }

    fn action() -> impl Strategy<Value = Action> {
        let call = (
            any::<RegId>(),
            any::<RegId>(),
            vec(any::<u8>(), 0..40),
            any::<u64>(),
            payment(),
        );
        prop_oneof![
            ("[a-z]{1,9}", any::<u64>()).prop_map(|(name, balance)| Action::NewAccount {
                name,
                balance,
                public_key: [2; 33]
            }),
            (
                "[a-z]{0,9}",
                any::<RegId>(),
                prop::sample::select(Semantics::ALL.to_vec())
            )
                .prop_map(|(name, sender, semantics)| Action::Deploy {
                    sender,
                    code_hash: [7; 32],
                    semantics,
                    name
                }),
            call.prop_map(|(sender, contract, input, value, payment)| {
                Action::Call {
                    sender,
                    contract,
                    input,
                    value,
                    payment,
                }
            }),
        ]
    }

    proptest! {
        #[test]
        fn blocks_and_their_actions_read_back(actions in vec(action(), 0..5), time: u64) {
            let header =
                Header { height: 9, time, parent: [1; 32], transactions: [2; 32], receipts: [3; 32] };
            let block = Block { header, actions };
            let stored = block.encode();
            prop_assert_eq!(Block::decode(&stored), Some(block));
            prop_assert_eq!(Block::decode(&stored[..stored.len() - 1]), None);
        }

        #[test]
        fn an_id_names_the_place_too(action in action()) {
            prop_assert_ne!(action.id(1, 0), action.id(1, 1));
            prop_assert_ne!(action.id(1, 0), action.id(2, 0));
        }
    }
}
