//! Transactions of a stored block, executed again.

use super::{CallRequest, Deploy, Init, OpenBlock, SetCode};
use crate::body::Body;
use crate::error::ChainError;
use crate::receipt::Receipt;
use abi::Gas;
use loader::Image;
use state::Checkpoint;
use state::keys::Hash;

/// What bodies name by hash.
pub(crate) trait Kept {
    /// The image of a hash.
    ///
    /// # Errors
    /// If it is not there, or the node fails.
    fn image(&self, hash: &Hash) -> Result<Image, ChainError>;

    /// The ABI of a hash, in binary form.
    ///
    /// # Errors
    /// As [`Kept::image`].
    fn abi(&self, hash: &Hash) -> Result<Vec<u8>, ChainError>;
}

impl OpenBlock<'_> {
    /// Executes a transaction as a block keeps it, with images and ABIs by their hashes.
    ///
    /// # Errors
    /// As the function for its kind, and those of `kept`.
    pub(crate) fn again(&mut self, body: &Body, kept: &dyn Kept) -> Result<&Receipt, ChainError> {
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
                abi,
            } => self.deploy(&Deploy {
                sender: *sender,
                image: &kept.image(code_hash)?,
                semantics: *semantics,
                name: Some(name.as_str()).filter(|name| !name.is_empty()),
                flags: *flags,
                init: init.as_ref().map(init_of),
                abi: abi.map(|hash| kept.abi(&hash)).transpose()?.as_deref(),
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
                code: Some(code),
                init,
            } => self.set_code(&SetCode {
                sender: *sender,
                contract: *contract,
                image: &kept.image(&code.code_hash)?,
                semantics: code.semantics,
                flags: code.flags,
                init: init.as_ref().map(init_of),
                abi: code.abi.map(|hash| kept.abi(&hash)).transpose()?.as_deref(),
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
