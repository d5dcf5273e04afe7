//! Deployments.

use super::OpenBlock;
use crate::body::Body;
use crate::error::ChainError;
use crate::receipt::{Receipt, Work};
use crate::registry::{Contract, ContractFlags};
use abi::Semantics;
use bridge::{EngineId, PrepareError};
use hostapi::accounts::{self, Account};
use loader::Image;
use state::keys::{self, RegId};

/// A contract to deploy.
#[derive(Clone, Copy, Debug)]
pub struct Deploy<'a> {
    /// Who deploys it and pays.
    pub sender: RegId,
    /// Its image.
    pub image: &'a Image,
    /// The rules it shall run under.
    pub semantics: Semantics,
    /// Its local name.
    pub name: Option<&'a str>,
    /// What is chosen for it.
    pub flags: ContractFlags,
}

impl OpenBlock<'_> {
    /// Deploys a contract. The sender pays gas for each byte of the image, before anything is made of it. An
    /// image that cannot be run is paid for too, because it was looked at: the receipt says why there is no
    /// contract ([`Receipt::refusal`]).
    ///
    /// # Errors
    /// If the name is taken, the sender cannot pay, this build has no engine for the image, or the node fails.
    /// The block is then as it was.
    pub fn deploy(&mut self, deploy: &Deploy<'_>) -> Result<&Receipt, ChainError> {
        let Deploy {
            sender,
            image,
            semantics,
            name,
            flags,
        } = *deploy;
        let id = self.next_regid()?;
        if let Some(name) = name {
            self.check_free(name)?;
        }
        let key_id = accounts::contract_key_id(&id);
        let account = Account {
            balance: 0,
            regid: Some(id),
            public_key: None,
        };
        let account = self.with_paid(&key_id, account)?;
        let code_bytes = u32::try_from(image.code_bytes()).expect("an image is far below 4 GiB");
        let name_bytes = name.unwrap_or_default().len();
        let gas = self
            .rules()
            .schedule
            .deploy_gas(image.code_bytes(), name_bytes)
            .0;
        let fee = gas.saturating_mul(self.chain.genesis().gas_price);
        let before = self.state.checkpoint();
        self.pay(&sender, fee)?;
        let engine = EngineId::of(image);
        let rules = self.chain.rules(semantics);
        let (prepared, refusal) = match self.chain.modules().prepare(image, &rules) {
            Ok(prepared) => (Some(prepared), None),
            Err(ChainError::Image(error)) => (None, Some(reason(&error))),
            Err(error) => {
                self.state.revert(before);
                return Err(error);
            }
        };
        let code_hash = image.code_hash();
        if let Some(prepared) = prepared {
            let contract = Contract::of(code_hash, semantics, &*prepared, flags);
            let code = image.encode();
            self.state.put(&keys::code(&code_hash), code);
            self.state.put(&keys::contract(&id), contract.encode());
            account.register(&mut self.state, &key_id);
            if let Some(name) = name {
                self.state.put(&keys::name(name), id);
            }
            self.registered += 1;
        }
        let transaction = self.identify(Body::Deploy {
            sender,
            code_hash,
            semantics,
            name: name.unwrap_or_default().into(),
            flags,
        })?;
        let work = Work::Deploy {
            code_hash,
            semantics,
            engine,
            code_bytes,
            refusal,
        };
        self.finish_native(transaction, before, (sender, id, 0), (gas, fee), work)
    }
}

/// Why an image was not deployed, in words that do not depend on the engine: they are hashed.
fn reason(error: &PrepareError) -> String {
    match error {
        PrepareError::Compile(_) => "the engine does not take the module".into(),
        error => error.to_string(),
    }
}
