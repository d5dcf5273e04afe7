//! [`Body`]: what a transaction does, as a block keeps it.

use crate::actions::ActionList;
use crate::registry::{CodeChoice, ContractFlags};
use crate::session::Payment;
use crate::wire::{Reader, Writer};
use abi::{Gas, Name, Semantics};
use hostapi::accounts::PublicKey;
use hostapi::deferred::{Deferred, QueuePlace};
use hostapi::hash::blake2b;
use state::keys::{Hash, RegId};

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Makes an account with a local name. On a local chain its money comes from nowhere.
    NewAccount {
        /// Its registered id.
        id: RegId,
        /// The local name.
        name: String,
        /// What it holds at first, in the smallest unit.
        balance: u64,
        /// Its public key.
        public_key: PublicKey,
    },
    /// Moves money from one account to another.
    Transfer {
        /// Who sends it.
        sender: RegId,
        /// Who gets it.
        target: RegId,
        /// How much, in the smallest unit.
        amount: u64,
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
        /// What its deployer chose.
        flags: ContractFlags,
        /// What it is called with at once, and the most gas for that; `None` for nothing.
        init: Option<(Vec<u8>, Gas)>,
        /// The hash of its ABI.
        abi: Option<Hash>,
    },
    /// Sets the code of a contract again, or removes it.
    SetCode {
        /// Who does.
        sender: RegId,
        /// The contract.
        contract: RegId,
        /// What it is set to; `None` to remove it.
        code: Option<CodeChoice>,
        /// As that of [`Body::Deploy`].
        init: Option<(Vec<u8>, Gas)>,
    },
    /// Executes several actions.
    Actions(ActionList),
    /// Executes a deferred action that is due. The chain makes it itself.
    Deferred {
        /// Where it stood among those that wait.
        place: QueuePlace,
        /// The action.
        entry: Deferred,
    },
    /// Tells a contract that its deferred action has failed. The chain makes it itself.
    OnError(OnError),
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

/// What a contract is told of its deferred action that has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnError {
    /// The contract.
    pub by: RegId,
    /// The transaction that failed.
    pub failed: Hash,
    /// The id that the contract gave the action.
    pub id: u64,
    /// The account that it was an action of.
    pub account: RegId,
    /// Its name.
    pub name: Name,
    /// The amount that was to be sent with it, in the smallest unit.
    pub value: u64,
    /// The most gas for telling.
    pub gas: Gas,
    /// The price of a gas, in the smallest unit.
    pub price: u64,
}

/// The tags of [`Body`] and [`Payment`] in the encoding.
mod tag {
    pub(super) const NEW_ACCOUNT: u8 = 1;
    pub(super) const DEPLOY: u8 = 2;
    pub(super) const CALL: u8 = 3;
    pub(super) const TRANSFER: u8 = 4;
    pub(super) const ACTIONS: u8 = 5;
    pub(super) const SET_CODE: u8 = 6;
    pub(super) const DEFERRED: u8 = 7;
    pub(super) const ON_ERROR: u8 = 8;
    pub(super) const DEPLOY_WITH_ABI: u8 = 9;
    pub(super) const SET_CODE_WITH_ABI: u8 = 10;
    pub(super) const GAS: u8 = 1;
    pub(super) const FUEL: u8 = 2;
}

impl Body {
    /// The stored form of this transaction at its place: height (LE32), index (LE16) and the encoding. So no
    /// two transactions of a chain have the same.
    #[must_use]
    pub fn stored(&self, height: u32, index: u16) -> Vec<u8> {
        let mut w = Writer::with_capacity(128);
        w.u32(height);
        w.u16(index);
        self.encode(&mut w);
        w.end()
    }

    /// The id of this transaction at its place: BLAKE2b of [`Body::stored`].
    #[must_use]
    pub fn id(&self, height: u32, index: u16) -> Hash {
        blake2b(&self.stored(height, index))
    }

    /// Appends the encoding: a tag and the fields in order, numbers little-endian, texts and input with
    /// their length (LE32) in front.
    fn encode(&self, w: &mut Writer) {
        match self {
            Body::NewAccount {
                id,
                name,
                balance,
                public_key,
            } => {
                w.u8(tag::NEW_ACCOUNT);
                w.array(id);
                w.text(name);
                w.u64(*balance);
                w.array(public_key);
            }
            Body::Transfer {
                sender,
                target,
                amount,
            } => {
                w.u8(tag::TRANSFER);
                w.array(sender);
                w.array(target);
                w.u64(*amount);
            }
            Body::Deploy {
                sender,
                code_hash,
                semantics,
                name,
                flags,
                init,
                abi,
            } => {
                w.u8(match abi {
                    None => tag::DEPLOY,
                    Some(_) => tag::DEPLOY_WITH_ABI,
                });
                w.array(sender);
                w.array(code_hash);
                w.u8(semantics.code());
                w.text(name);
                w.u8(flags.bits());
                encode_init(init.as_ref(), w);
                if let Some(abi) = abi {
                    w.array(abi);
                }
            }
            Body::SetCode {
                sender,
                contract,
                code,
                init,
            } => {
                let abi = code.and_then(|code| code.abi);
                w.u8(match abi {
                    None => tag::SET_CODE,
                    Some(_) => tag::SET_CODE_WITH_ABI,
                });
                w.array(sender);
                w.array(contract);
                w.u8(u8::from(code.is_some()));
                if let Some(code) = code {
                    w.array(&code.code_hash);
                    w.u8(code.semantics.code());
                    w.u8(code.flags.bits());
                }
                encode_init(init.as_ref(), w);
                if let Some(abi) = abi {
                    w.array(&abi);
                }
            }
            Body::Actions(list) => {
                w.u8(tag::ACTIONS);
                list.encode(w);
            }
            Body::Deferred { place, entry } => {
                w.u8(tag::DEFERRED);
                w.array(&entry.by);
                w.u32(place.due);
                w.u64(place.number);
                w.string(&entry.encode());
            }
            Body::OnError(told) => {
                w.u8(tag::ON_ERROR);
                w.array(&told.by);
                w.array(&told.failed);
                w.u64(told.id);
                w.array(&told.account);
                w.u64(told.name.0);
                w.u64(told.value);
                w.u64(told.gas.0);
                w.u64(told.price);
            }
            Body::Call {
                sender,
                contract,
                input,
                value,
                payment,
            } => {
                w.u8(tag::CALL);
                w.array(sender);
                w.array(contract);
                w.bytes(input);
                w.u64(*value);
                let (tag, most, price) = match *payment {
                    Payment::Gas { limit, price } => (tag::GAS, limit.0, price),
                    Payment::Fuel { fee, rate } => (tag::FUEL, fee, rate),
                };
                w.u8(tag);
                w.u64(most);
                w.u64(price);
            }
        }
    }

    /// The body whose encoding `bytes` is.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Body> {
        let mut r = Reader(bytes);
        let body = match r.u8()? {
            tag::NEW_ACCOUNT => Body::NewAccount {
                id: r.array()?,
                name: r.text()?.into(),
                balance: r.u64()?,
                public_key: r.array()?,
            },
            tag::TRANSFER => Body::Transfer {
                sender: r.array()?,
                target: r.array()?,
                amount: r.u64()?,
            },
            tag @ (tag::DEPLOY | tag::DEPLOY_WITH_ABI) => Body::Deploy {
                sender: r.array()?,
                code_hash: r.array()?,
                semantics: Semantics::from_code(r.u8()?)?,
                name: r.text()?.into(),
                flags: ContractFlags::from_bits(r.u8()?)?,
                init: decode_init(&mut r)?,
                abi: match tag {
                    tag::DEPLOY => None,
                    _ => Some(r.array()?),
                },
            },
            tag @ (tag::SET_CODE | tag::SET_CODE_WITH_ABI) => {
                let sender = r.array()?;
                let contract = r.array()?;
                let mut code = match r.flag()? {
                    false => None,
                    true => Some(CodeChoice {
                        code_hash: r.array()?,
                        semantics: Semantics::from_code(r.u8()?)?,
                        flags: ContractFlags::from_bits(r.u8()?)?,
                        abi: None,
                    }),
                };
                let init = decode_init(&mut r)?;
                if tag == tag::SET_CODE_WITH_ABI {
                    code.as_mut()?.abi = Some(r.array()?);
                }
                Body::SetCode {
                    sender,
                    contract,
                    code,
                    init,
                }
            }
            tag::ACTIONS => Body::Actions(ActionList::decode(&mut r)?),
            tag::DEFERRED => {
                let by: RegId = r.array()?;
                let place = QueuePlace {
                    due: r.u32()?,
                    number: r.u64()?,
                };
                let entry = Deferred::decode(r.string()?)?;
                if entry.by != by {
                    return None;
                }
                Body::Deferred { place, entry }
            }
            tag::ON_ERROR => Body::OnError(OnError {
                by: r.array()?,
                failed: r.array()?,
                id: r.u64()?,
                account: r.array()?,
                name: Name(r.u64()?),
                value: r.u64()?,
                gas: Gas(r.u64()?),
                price: r.u64()?,
            }),
            tag::CALL => Body::Call {
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
        Some(body)
    }
}

/// 0, or 1 and what a contract is initialised with.
fn encode_init(init: Option<&(Vec<u8>, Gas)>, w: &mut Writer) {
    w.u8(u8::from(init.is_some()));
    if let Some((input, gas)) = init {
        w.bytes(input);
        w.u64(gas.0);
    }
}

fn decode_init(r: &mut Reader<'_>) -> Option<Option<(Vec<u8>, Gas)>> {
    Some(match r.flag()? {
        false => None,
        true => Some((r.bytes()?.to_vec(), Gas(r.u64()?))),
    })
}

/// A transaction as it is stored, read only as far as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored<'a> {
    /// The height of its block.
    pub(crate) height: u32,
    /// Its place in the block.
    pub(crate) index: u16,
    /// Its encoding.
    encoding: &'a [u8],
}

impl<'a> Stored<'a> {
    /// What [`Body::stored`] wrote; what follows the place is not looked at.
    pub(crate) fn read(stored: &'a [u8]) -> Option<Stored<'a>> {
        let mut r = Reader(stored);
        Some(Stored {
            height: r.u32()?,
            index: r.u16()?,
            encoding: r.0,
        })
    }

    /// Who sent it: the account itself, where it makes one.
    pub(crate) fn sender(&self) -> Option<RegId> {
        let mut r = Reader(self.encoding);
        let _tag = r.u8()?;
        r.array()
    }

    /// The contract bytes; none but a call has any.
    pub(crate) fn input(&self) -> Option<&'a [u8]> {
        let mut r = Reader(self.encoding);
        if r.u8()? != tag::CALL {
            return Some(&[]);
        }
        let _parties: [u8; 12] = r.array()?;
        r.bytes()
    }

    /// What it does.
    pub(crate) fn body(&self) -> Option<Body> {
        Body::decode(self.encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::{Action, Authorization};
    use hostapi::SentAction;
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

    fn one_action() -> impl Strategy<Value = Action> {
        let authorization =
            (any::<RegId>(), any::<u64>()).prop_map(|(actor, permission)| Authorization {
                actor,
                permission: Name(permission),
            });
        (
            any::<RegId>(),
            any::<u64>(),
            vec(authorization, 0..3),
            any::<u64>(),
            vec(any::<u8>(), 0..200),
        )
            .prop_map(|(account, name, authorization, value, data)| Action {
                account,
                name: Name(name),
                authorization,
                value,
                data,
            })
    }

    fn action_list() -> impl Strategy<Value = ActionList> {
        (
            any::<RegId>(),
            vec(one_action(), 0..3),
            vec(one_action(), 0..4),
            any::<u64>(),
            any::<u64>(),
        )
            .prop_map(
                |(sender, context_free, actions, limit, gas_price)| ActionList {
                    sender,
                    context_free,
                    actions,
                    gas_limit: Gas(limit),
                    gas_price,
                },
            )
    }

    fn body() -> impl Strategy<Value = Body> {
        let call = (
            any::<RegId>(),
            any::<RegId>(),
            vec(any::<u8>(), 0..40),
            any::<u64>(),
            payment(),
        );
        prop_oneof![
            (any::<RegId>(), "[a-z]{1,9}", any::<u64>()).prop_map(|(id, name, balance)| {
                Body::NewAccount {
                    id,
                    name,
                    balance,
                    public_key: [2; 33],
                }
            }),
            (
                "[a-z]{0,9}",
                any::<RegId>(),
                prop::sample::select(Semantics::ALL.to_vec()),
                any::<bool>()
            )
                .prop_map(|(name, sender, semantics, reentrant)| Body::Deploy {
                    sender,
                    code_hash: [7; 32],
                    semantics,
                    name,
                    flags: ContractFlags::new(reentrant, !reentrant, reentrant),
                    init: reentrant.then(|| (vec![1, 2], Gas(3))),
                    abi: Some([8; 32]).filter(|_| sender[0] & 1 == 0),
                }),
            (any::<RegId>(), any::<RegId>(), any::<bool>()).prop_map(
                |(sender, contract, removes)| {
                    let code = (!removes).then_some(CodeChoice {
                        code_hash: [7; 32],
                        semantics: Semantics::V1,
                        flags: ContractFlags::APPLY,
                        abi: Some([8; 32]).filter(|_| sender[0] & 1 == 0),
                    });
                    let init = removes.then(|| (vec![9], Gas(8)));
                    Body::SetCode {
                        sender,
                        contract,
                        code,
                        init,
                    }
                }
            ),
            action_list().prop_map(Body::Actions),
            (one_action(), any::<[u64; 5]>(), any::<u32>()).prop_map(
                |(action, [id, gas, onerror_gas, price, number], due)| {
                    let permissions = action.authorization.iter().map(|by| by.permission);
                    let action = SentAction {
                        account: action.account,
                        name: action.name,
                        value: action.value,
                        permissions: permissions.collect(),
                        data: Vec::new(),
                    };
                    Body::Deferred {
                        place: QueuePlace { due, number },
                        entry: Deferred {
                            by: [3; 6],
                            id,
                            gas: Gas(gas),
                            onerror_gas: Gas(onerror_gas),
                            price,
                            action,
                        },
                    }
                }
            ),
            (any::<RegId>(), any::<Hash>(), any::<[u64; 5]>()).prop_map(
                |(by, failed, [id, name, value, gas, price])| {
                    Body::OnError(OnError {
                        by,
                        failed,
                        id,
                        account: by,
                        name: Name(name),
                        value,
                        gas: Gas(gas),
                        price,
                    })
                }
            ),
            (any::<RegId>(), any::<RegId>(), any::<u64>()).prop_map(|(sender, target, amount)| {
                Body::Transfer {
                    sender,
                    target,
                    amount,
                }
            }),
            call.prop_map(|(sender, contract, input, value, payment)| {
                Body::Call {
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
        fn transactions_read_back_from_their_stored_form(body in body(), height: u32, index: u16) {
            let bytes = body.stored(height, index);
            let stored = Stored::read(&bytes).expect("a place");
            prop_assert_eq!((stored.height, stored.index), (height, index));
            let (sender, input) = match &body {
                Body::NewAccount { id, .. } => (*id, &[][..]),
                Body::Actions(list) => (list.sender, &[][..]),
                Body::Deferred { entry, .. } => (entry.by, &[][..]),
                Body::OnError(told) => (told.by, &[][..]),
                Body::Transfer { sender, .. }
                | Body::Deploy { sender, .. }
                | Body::SetCode { sender, .. } => {
                    (*sender, &[][..])
                }
                Body::Call { sender, input, .. } => (*sender, &input[..]),
            };
            prop_assert_eq!((stored.sender(), stored.input()), (Some(sender), Some(input)));
            prop_assert_eq!(stored.body(), Some(body));
            for cut in 0..bytes.len() {
                let cut = Stored::read(&bytes[..cut]);
                prop_assert_eq!(cut.and_then(|stored| stored.body()), None);
                // Must not panic.
                let _ = cut.map(|stored| (stored.sender(), stored.input()));
            }
        }

        #[test]
        fn an_id_names_the_place_too(body in body()) {
            prop_assert_ne!(body.id(1, 0), body.id(1, 1));
            prop_assert_ne!(body.id(1, 0), body.id(2, 0));
        }
    }
}
