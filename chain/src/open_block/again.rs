//! Transactions of a stored block, executed again.

use super::{CallRequest, Deploy, Init, OpenBlock, SetCode};
use crate::body::Body;
use crate::error::ChainError;
use crate::receipt::Receipt;
use abi::Gas;
use loader::Image;
use state::Checkpoint;
use state::keys::Hash;

impl OpenBlock<'_> {
    /// Executes a transaction as a block keeps it, with images by their hashes.
    ///
    /// # Errors
    /// As the function for its kind, and that of `image`.
    pub(crate) fn again(
        &mut self,
        body: &Body,
        image: &dyn Fn(&Hash) -> Result<Image, ChainError>,
    ) -> Result<&Receipt, ChainError> {
        match body {
            Body::NewAccount { name, balance, .. } => self.new_account(name, *balance),
            Body::Transfer {
                sender,
                target,
                amount,
            } => self.transfer(*sender, *target, *amount),
            Body::Deploy {
                sender,
                code_hash,
                semantics,
                name,
                flags,
                init,
            } => self.deploy(&Deploy {
                sender: *sender,
                image: &image(code_hash)?,
                semantics: *semantics,
                name: Some(name.as_str()).filter(|name| !name.is_empty()),
                flags: *flags,
                init: init.as_ref().map(init_of),
            }),
            Body::SetCode {
                sender,
                contract,
                code: None,
                ..
            } => self.remove_code(*sender, *contract),
            Body::SetCode {
                sender,
                contract,
                code: Some((code_hash, semantics, flags)),
                init,
            } => self.set_code(&SetCode {
                sender: *sender,
                contract: *contract,
                image: &image(code_hash)?,
                semantics: *semantics,
                flags: *flags,
                init: init.as_ref().map(init_of),
            }),
            Body::Actions(list) => self.transact(list, &mut ()),
            Body::Deferred { place, .. } => self.execute_deferred(place),
            Body::OnError(told) => self.tell_failure(told),
            Body::Call {
                sender,
                contract,
                input,
                value,
                payment,
            } => self.call(
                &CallRequest {
                    sender: *sender,
                    contract: *contract,
                    input,
                    value: *value,
                    payment: *payment,
                },
                &mut (),
            ),
        }
    }

    /// Puts what was done so far into the store, and looks at it as though nothing had been read or written. For a
    /// store that nobody keeps.
    ///
    /// # Errors
    /// If the store fails.
    pub(crate) fn look_afresh(&mut self) -> Result<(), ChainError> {
        self.chain.store().commit(self.state.writes())?;
        self.state = self.chain.state();
        self.ready = None;
        Ok(())
    }

    /// The state before everything that it has seen.
    pub(crate) fn beginning(&self) -> Checkpoint {
        self.chain.state().checkpoint()
    }
}

fn init_of((input, gas): &(Vec<u8>, Gas)) -> Init<'_> {
    Init { input, gas: *gas }
}
