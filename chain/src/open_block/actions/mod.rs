//! Transactions of several actions, and what follows the run of a contract.
//!
//! | module | holds |
//! |---|---|
//! | `under_way` | the transaction as far as it has come, and why it stops |
//! | `order` | what runs after what |
//! | `work` | one piece of work: the run of a contract |
//! | `native` | the chain's own actions |

mod native;
mod order;
mod under_way;
mod work;

use super::OpenBlock;
use crate::actions::ActionList;
use crate::actions::native::SYSTEM;
use crate::body::Body;
use crate::error::ChainError;
use crate::names::RegIdText;
use crate::receipt::{FrameKind, Receipt};
use crate::session::Rejection;
use abi::layout::INPUT_MAX;
use abi::{Gas, Semantics};
use bridge::{CallObserver, Rules};
use hostapi::CallContext;
use state::keys::{Hash, RegId};
use std::rc::Rc;
use std::sync::Arc;
use under_way::Subject;
pub(super) use under_way::{Failed, Stop, UnderWay, Waiting};

impl OpenBlock<'_> {
    /// Executes several actions, all or none of them. Whatever becomes of them, there is a receipt and the sender pays
    /// for what ran; what was done is kept only if all succeed. The `observer` sees the first run as a call, and each
    /// of the others entered and left.
    ///
    /// # Errors
    /// If the transaction cannot begin (too many actions, an authority that the sender does not have, a sender who
    /// cannot pay), or the node fails. The block is then as it was.
    pub fn transact(
        &mut self,
        list: &ActionList,
        observer: &mut dyn CallObserver,
    ) -> Result<&Receipt, ChainError> {
        let before = self.place();
        match self.execute_all(list, observer) {
            Ok(()) => Ok(self.newest()),
            Err(error) => {
                self.go_back(before);
                Err(error)
            }
        }
    }

    pub(super) fn execute_all(
        &mut self,
        list: &ActionList,
        observer: &mut dyn CallObserver,
    ) -> Result<(), ChainError> {
        self.check_room()?;
        let before = self.state.checkpoint();
        self.forget_reads();
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
        let rules = self.rules(Semantics::V1);
        let gas_before = admit(list, &rules)?;
        let reserved = self.reserve(list.sender, list.gas_limit, list.gas_price)?;
        let new = self.identify(Body::Actions(list.clone()))?;
        let limit = Gas(list.gas_limit.0 - gas_before.0);
        let context = self.context(list.sender, new.id);
        let mut under = UnderWay::new(context, rules, limit);
        let result = self.execute_list(&mut under, list, observer);
        let done = self.conclude(&reserved, gas_before, under, result)?;
        let target = list.actions.first().map(|action| action.account);
        self.finish(new, before, (list.sender, target.unwrap_or_default()), done)?;
        Ok(())
    }

    /// The facts of a transaction, without a contract.
    pub(super) fn context(&self, sender: RegId, tx_hash: Hash) -> CallContext<'static> {
        CallContext {
            semantics: Semantics::V1,
            network: self.chain.genesis().network,
            height: self.height,
            chain_tip: self.parent.height,
            block_time: self.time,
            tip_time: u32::try_from(self.parent.time).unwrap_or(u32::MAX),
            tx_hash,
            sender,
            contract: SYSTEM,
            input: &[],
            pay_amount: 0,
            gas_price: self.gas_price,
            traversal: true,
            account_check: false,
        }
    }

    fn execute_list(
        &mut self,
        under: &mut UnderWay<'_>,
        list: &ActionList,
        observer: &mut dyn CallObserver,
    ) -> Result<(), Stop> {
        let nobody: Arc<[RegId]> = Arc::new([]);
        // Whoever is named, and however often, is the sender.
        let sender: Arc<[RegId]> = Arc::new([list.sender]);
        let mut waiting = Vec::with_capacity(list.context_free.len() + list.actions.len());
        for (actions, kind) in [
            (&list.context_free, FrameKind::ContextFree),
            (&list.actions, FrameKind::Action),
        ] {
            for action in actions {
                let actors = match action.authorization[..] {
                    [] => &nobody,
                    _ => &sender,
                };
                waiting.push(Waiting {
                    kind,
                    ordinal: under.next()?,
                    parent: None,
                    receiver: action.account,
                    caller: list.sender,
                    value: action.value,
                    subject: Rc::new(Subject {
                        code: action.account,
                        action: action.name,
                        data: action.data.clone(),
                        actors: Arc::clone(actors),
                        is_context_free: kind == FrameKind::ContextFree,
                    }),
                });
            }
        }
        for action in waiting {
            self.perform(under, action, 0, observer)?;
        }
        Ok(())
    }
}

/// Whether a list of actions can begin: what it costs before the first one runs.
fn admit(list: &ActionList, rules: &Rules) -> Result<Gas, Rejection> {
    let (most, count) = (
        usize::try_from(rules.schedule.general.actions_max).unwrap_or(usize::MAX),
        list.context_free.len() + list.actions.len(),
    );
    if list.actions.is_empty() || count > most {
        return Err(Rejection::ActionCount { count, most });
    }
    let mut values = 0;
    let all = list.context_free.iter().chain(&list.actions);
    for (action, place) in all.zip(1..) {
        let length = action.data.len();
        if length > INPUT_MAX {
            return Err(Rejection::InputTooLong { length });
        }
        let is_context_free = place <= list.context_free.len();
        let has_authority = !action.authorization.is_empty();
        if is_context_free && (has_authority || action.value != 0) {
            return Err(Rejection::NotContextFree { action: place });
        }
        let mut actors = action.authorization.iter().map(|by| by.actor);
        if let Some(actor) = actors.find(|actor| *actor != list.sender) {
            return Err(Rejection::NoAuthority {
                action: place,
                actor: RegIdText(actor).to_string(),
            });
        }
        values += usize::from(action.value != 0);
    }
    let needed = rules.schedule.actions_gas(list.size(), count, values);
    match list.gas_limit < needed {
        true => Err(Rejection::GasTooLow {
            limit: list.gas_limit,
            needed,
        }),
        false => Ok(needed),
    }
}
