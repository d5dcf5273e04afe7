//! The chain's own actions, executed.

use super::{Stop, UnderWay, Waiting};
use crate::actions::native::{self, Native};
use crate::error::ChainError;
use crate::names::RegIdText;
use crate::open_block::OpenBlock;
use crate::receipt::{FrameKind, Work};
use crate::registry::Contract;
use crate::session::Rejection;
use abi::Gas;
use hostapi::Failure;
use hostapi::accounts::Account;
use hostapi::hash::key_hash;

impl OpenBlock<'_> {
    /// Does an action of the chain itself.
    pub(super) fn native(
        &mut self,
        under: &mut UnderWay<'_>,
        waiting: &Waiting,
    ) -> Result<(), Stop> {
        let subject = &waiting.subject;
        let unknown = || {
            let reason = format!(
                "the chain itself has no action {} with {} bytes of data",
                subject.action,
                subject.data.len()
            );
            Stop::fault("no_action", reason)
        };
        let action = Native::read(subject.action, &subject.data).ok_or_else(unknown)?;
        let [actor] = subject.actors[..] else {
            let reason = "an action of the chain itself needs the authority of one account";
            return Err(Stop::fault("no_authority", reason.into()));
        };
        if waiting.value != 0 {
            return Err(Failure::Contract(Rejection::Unpayable).into());
        }
        let schedule = under.rules.schedule;
        let most = self.chain.genesis().network.max_amount();
        let (receiver, value, work) = match action {
            Native::Transfer { to, amount } => {
                under.charge(Gas(schedule.gas_of_value))?;
                if Contract::load(&mut self.state, &to)?.is_some() {
                    let name = RegIdText(to).to_string();
                    let reason = ChainError::ToContract { name }.to_string();
                    return Err(Stop::fault("to_contract", reason));
                }
                native::send(&mut self.state, &actor, &to, amount, most)?;
                (to, amount, Work::Transfer)
            }
            Native::NewAccount { public_key } => {
                under.charge(Gas(schedule.gas_of_account))?;
                let id = self.next_regid()?;
                let key_id = key_hash(&public_key);
                let account = Account {
                    balance: 0,
                    regid: Some(id),
                    public_key: Some(public_key),
                };
                match self.with_paid(&key_id, account) {
                    Ok(account) => account.register(&mut self.state, &key_id),
                    Err(error) if error.is_node() => return Err(error.into()),
                    Err(error) => return Err(Stop::fault("no_account", error.to_string())),
                }
                self.registered += 1;
                (id, 0, Work::NewAccount)
            }
        };
        under.push(waiting, FrameKind::Native, work);
        if let Some(frame) = under.frames.last_mut() {
            (frame.receiver, frame.caller, frame.value) = (receiver, actor, value);
        }
        Ok(())
    }
}
