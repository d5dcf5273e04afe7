//! Actions: authority, and what follows a run.

use crate::actions::{FollowUp, Following, SentAction};
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::CallEnd;
use abi::method::Effect;
use state::keys::RegId;
use std::sync::Arc;

impl Host<'_, '_> {
    /// Method 0x0109.
    pub(crate) fn has_auth(&mut self, account: &RegId) -> Result<Served, Failure<CallEnd>> {
        let has = match &self.running.actors {
            Some(actors) => actors.contains(account),
            None => *account == self.running.caller,
        };
        self.answer(&[u8::from(has)])
    }

    /// Method 0x010A.
    pub(crate) fn notify(&mut self, account: &RegId) -> Served {
        let input = self.running.input.as_ref().map(Arc::clone);
        self.follow_up(Following::Notify {
            account: *account,
            input,
        })
    }

    /// Method 0x010B.
    pub(crate) fn send_action(
        &mut self,
        action: &[u8; 22],
        authorization: &[[u8; 14]],
        data: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        let by = self.context.contract;
        let Some(sent) = SentAction::read(&by, action, authorization, data) else {
            return Ok(Served::REFUSED);
        };
        if sent.value != 0 {
            self.pay(Effect::VALUE)?;
            // It leaves the contract's account, if only later.
            self.requests.sent = self.requests.sent.saturating_add(sent.value);
        }
        Ok(self.follow_up(Following::Inline(sent)))
    }

    /// Method 0x010C.
    pub(crate) fn send_context_free(&mut self, action: &[u8; 22], data: Option<&[u8]>) -> Served {
        let by = self.context.contract;
        match SentAction::read(&by, action, &[], data) {
            Some(sent) if sent.value == 0 => self.follow_up(Following::ContextFree(sent)),
            _ => Served::REFUSED,
        }
    }

    fn follow_up(&mut self, what: Following) -> Served {
        self.requests.follow_ups.push(FollowUp {
            frame: self.running.number,
            by: self.context.contract,
            what,
        });
        Served::DONE
    }
}
