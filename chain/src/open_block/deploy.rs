//! Deployments, and new code of contracts that there are.

use super::actions::{Stop, UnderWay};
use super::outcome::native_frame;
use super::{NewTransaction, OpenBlock};
use crate::body::Body;
use crate::error::ChainError;
use crate::interface;
use crate::names::RegIdText;
use crate::receipt::{Receipt, Verdict, Work};
use crate::registry::{CodeChoice, CodeRefusal, Contract, ContractFlags, ContractRecord};
use crate::session::Rejection;
use abi::layout::INPUT_MAX;
use abi::{Gas, Semantics};
use bridge::{EngineId, PrepareError};
use hostapi::accounts::{self, Account};
use loader::Image;
use state::keys::{self, KeyId, RegId};

/// A contract to deploy.
#[derive(Clone, Copy, Debug)]
pub struct Deploy<'a> {
    /// Who deploys it and pays, and owns it then.
    pub sender: RegId,
    /// Its image.
    pub image: &'a Image,
    /// The rules it shall run under.
    pub semantics: Semantics,
    /// Its local name.
    pub name: Option<&'a str>,
    /// What is chosen for it.
    pub flags: ContractFlags,
    /// What it is called with at once, before anybody else can call it.
    pub init: Option<Init<'a>>,
    /// Its ABI in binary form.
    pub abi: Option<&'a [u8]>,
}

/// New code for a contract that there is.
#[derive(Clone, Copy, Debug)]
pub struct SetCode<'a> {
    /// Who sets it and pays: the contract's owner.
    pub sender: RegId,
    /// The contract.
    pub contract: RegId,
    /// Its image.
    pub image: &'a Image,
    /// The rules it shall run under.
    pub semantics: Semantics,
    /// What is chosen for it.
    pub flags: ContractFlags,
    /// What it is called with at once.
    pub init: Option<Init<'a>>,
    /// Its ABI in binary form; without one it has none any more.
    pub abi: Option<&'a [u8]>,
}

/// The call that initialises a contract, by the one who sets its code and in the same transaction.
#[derive(Clone, Copy, Debug)]
pub struct Init<'a> {
    /// Its input.
    pub input: &'a [u8],
    /// The most gas that it may use.
    pub gas: Gas,
}

impl Init<'_> {
    fn kept(&self) -> (Vec<u8>, Gas) {
        (self.input.to_vec(), self.gas)
    }
}

/// Where code is installed.
enum Place<'a> {
    /// In a new contract, with its account under this key id, and a local name.
    New(KeyId, Account, Option<&'a str>),
    /// In a contract that there is.
    Old(ContractRecord),
}

/// Code that is installed.
struct Code<'a> {
    sender: RegId,
    id: RegId,
    image: &'a Image,
    semantics: Semantics,
    flags: ContractFlags,
    init: Option<Init<'a>>,
    abi: Option<&'a [u8]>,
}

impl OpenBlock<'_> {
    /// Deploys a contract. The sender pays gas for each byte of the image and of its ABI, before anything is made of
    /// them. An image that cannot be run is paid for too, because it was looked at, and so is one that is not
    /// initialised: the receipt says why there is no contract ([`Receipt::refusal`]).
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
            init,
            abi,
        } = *deploy;
        check_init(init)?;
        self.check_room()?;
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
        let name_bytes = name.unwrap_or_default().len();
        let input_bytes = init.map_or(0, |init| init.input.len());
        let gas = self.schedule.deploy_gas(
            image.code_bytes() + abi.map_or(0, <[u8]>::len),
            name_bytes + input_bytes,
        );
        let body = Body::Deploy {
            sender,
            code_hash: image.code_hash(),
            semantics,
            name: name.unwrap_or_default().into(),
            flags,
            init: init.as_ref().map(Init::kept),
            abi: abi.map(interface::hash),
        };
        let code = Code {
            sender,
            id,
            image,
            semantics,
            flags,
            init,
            abi,
        };
        self.install(&code, Place::New(key_id, account, name), gas, body)
    }

    /// Sets the code of a contract again: its account, balance, data and name stay. It costs what deploying it costs
    /// without the account, and is paid for, as a deployment is, also where the image cannot be run or is not
    /// initialised: then the contract keeps the code that it has.
    ///
    /// # Errors
    /// If there is no such contract, its code must not be set ([`CodeRefusal`]), the sender cannot pay, this build has
    /// no engine for the image, or the node fails. The block is then as it was.
    pub fn set_code(&mut self, set: &SetCode<'_>) -> Result<&Receipt, ChainError> {
        let SetCode {
            sender,
            contract,
            image,
            semantics,
            flags,
            init,
            abi,
        } = *set;
        check_init(init)?;
        self.check_room()?;
        let code = CodeChoice {
            code_hash: image.code_hash(),
            semantics,
            flags,
            abi: abi.map(interface::hash),
        };
        let record = self.settable(&sender, &contract, Some(code))?;
        let input_bytes = init.map_or(0, |init| init.input.len());
        let code_bytes = image.code_bytes() + abi.map_or(0, <[u8]>::len);
        let gas = self.schedule.upgrade_gas(code_bytes, input_bytes);
        let body = Body::SetCode {
            sender,
            contract,
            code: Some(code),
            init: init.as_ref().map(Init::kept),
        };
        let code = Code {
            sender,
            id: contract,
            image,
            semantics,
            flags,
            init,
            abi,
        };
        self.install(&code, Place::Old(record), gas, body)
    }

    /// Removes the code of a contract: its account, balance, data and name stay, nobody can call it, and its owner can
    /// set its code again. It costs what being a transaction costs.
    ///
    /// # Errors
    /// As [`OpenBlock::set_code`].
    pub fn remove_code(&mut self, sender: RegId, contract: RegId) -> Result<&Receipt, ChainError> {
        self.check_room()?;
        let record = self.settable(&sender, &contract, None)?;
        let gas = self.schedule.upgrade_gas(0, 0).0;
        let fee = gas.saturating_mul(self.gas_price);
        let transaction = self.identify(Body::SetCode {
            sender,
            contract,
            code: None,
            init: None,
        })?;
        let since = self.state.checkpoint();
        self.pay(&sender, fee)?;
        let removed = record.contract.map(|old| old.code_hash);
        self.ready = None;
        self.state
            .put(&keys::contract(&contract), record.with_code(None).encode());
        let work = Work::Undeploy {
            code_hash: removed.unwrap_or_default(),
        };
        self.finish_native(transaction, since, (sender, contract, 0), (gas, fee), work)
    }

    /// The record of a contract whose code `sender` may set so.
    pub(super) fn settable(
        &mut self,
        sender: &RegId,
        contract: &RegId,
        code: Option<CodeChoice>,
    ) -> Result<ContractRecord, ChainError> {
        let record = ContractRecord::load(&mut self.state, contract)?;
        let record = record.ok_or_else(|| ChainError::NoContract {
            name: RegIdText(*contract).to_string(),
        })?;
        record.may_set(sender, code)?;
        match self.chain.genesis().upgrades {
            true => Ok(record),
            false => Err(CodeRefusal::NoUpgrades.into()),
        }
    }

    /// Pays `gas` and what initialising may cost, installs the code, and initialises it.
    fn install(
        &mut self,
        code: &Code<'_>,
        place: Place<'_>,
        gas: Gas,
        body: Body,
    ) -> Result<&Receipt, ChainError> {
        let before = self.place();
        match self.install_or_fail(code, place, gas, body) {
            Ok(()) => Ok(self.newest()),
            Err(error) => {
                self.go_back(before);
                Err(error)
            }
        }
    }

    fn install_or_fail(
        &mut self,
        code: &Code<'_>,
        place: Place<'_>,
        gas: Gas,
        body: Body,
    ) -> Result<(), ChainError> {
        let since = self.state.checkpoint();
        let price = self.gas_price;
        let init_gas = code.init.map_or(Gas::ZERO, |init| init.gas);
        let most = Gas(gas.0.saturating_add(init_gas.0));
        let reserved = self.reserve(code.sender, most, price)?;
        let (transaction, under, result) = self.installed(code, place, body)?;
        let mut done = self.conclude(&reserved, gas, under, result)?;
        let reason = match done.verdict {
            Verdict::Success => None,
            Verdict::NotDeployed { ref reason } => Some(reason.clone()),
            ref failed => Some(format!("it is not initialised: {failed}")),
        };
        if let Some(reason) = reason {
            if let Some(Work::Deploy { refusal, .. }) =
                done.frames.first_mut().map(|frame| &mut frame.work)
            {
                *refusal = Some(reason.clone());
            }
            done.verdict = Verdict::NotDeployed { reason };
        }
        self.finish(transaction, since, (code.sender, code.id), done)?;
        Ok(())
    }

    /// Installs code that is paid for, and initialises it.
    fn installed(
        &mut self,
        code: &Code<'_>,
        place: Place<'_>,
        body: Body,
    ) -> Result<(NewTransaction, UnderWay<'static>, Result<(), Stop>), ChainError> {
        let transaction = self.identify(body)?;
        let code_hash = code.image.code_hash();
        let replaced = match &place {
            Place::New(..) => None,
            Place::Old(record) => record.contract.map(|old| old.code_hash),
        };
        let code_bytes = u32::try_from(code.image.code_bytes());
        let work = Work::Deploy {
            replaced,
            code_hash,
            semantics: code.semantics,
            engine: EngineId::of(code.image),
            code_bytes: code_bytes.expect("an image is far below 4 GiB"),
            refusal: None,
        };
        let context = self.context(code.sender, transaction.id);
        let limit = code.init.map_or(Gas::ZERO, |init| init.gas);
        let mut under = UnderWay::new(context, self.rules(Semantics::V1), limit);
        let frame = native_frame((code.sender, code.id, 0), work);
        under.resume(vec![frame], Gas::ZERO, Gas::ZERO);
        let rules = self.rules(code.semantics);
        let prepared = match self.chain.modules().prepare(code.image, &rules) {
            Ok(prepared) => prepared,
            Err(ChainError::Image(error)) => {
                let reason = reason(&error);
                let refused = Stop::failed(Verdict::NotDeployed { reason });
                return Ok((transaction, under, Err(refused)));
            }
            Err(error) => return Err(error),
        };
        let abi = match code.abi.map(|abi| (abi, interface::actions(abi))) {
            None => None,
            Some((abi, Ok(actions))) => {
                let hash = interface::hash(abi);
                self.state.put(&keys::abi(&hash), abi);
                self.state.put(&keys::abi_actions(&hash), actions);
                Some(hash)
            }
            Some((_, Err(problem))) => {
                let reason = format!("its ABI: {problem}");
                let refused = Stop::failed(Verdict::NotDeployed { reason });
                return Ok((transaction, under, Err(refused)));
            }
        };
        let contract = Contract::of(code_hash, code.semantics, &*prepared, code.flags, abi);
        self.state.put(&keys::code(&code_hash), code.image.encode());
        self.ready = None;
        match place {
            Place::New(key_id, account, name) => {
                self.register(&code.sender, &code.id, contract);
                account.register(&mut self.state, &key_id);
                if let Some(name) = name {
                    self.state.put(&keys::name(name), code.id);
                }
            }
            Place::Old(record) => {
                let record = record.with_code(Some(contract));
                self.state.put(&keys::contract(&code.id), record.encode());
            }
        }
        let result = match code.init {
            Some(init) => self.initialise(&mut under, (code.sender, code.id), init.input),
            None => Ok(()),
        };
        Ok((transaction, under, result))
    }

    /// Keeps a new contract of `owner`.
    pub(super) fn register(&mut self, owner: &RegId, id: &RegId, contract: Contract) {
        let record = ContractRecord {
            owner: *owner,
            sequence: 1,
            contract: Some(contract),
        };
        self.state.put(&keys::contract(id), record.encode());
        self.registered += 1;
    }
}

/// Refuses an input that no contract can take.
fn check_init(init: Option<Init<'_>>) -> Result<(), Rejection> {
    let length = init.map_or(0, |init| init.input.len());
    match length > INPUT_MAX {
        true => Err(Rejection::InputTooLong { length }),
        false => Ok(()),
    }
}

/// Why an image was not deployed, in words that do not depend on the engine: they are hashed.
fn reason(error: &PrepareError) -> String {
    match error {
        PrepareError::Compile(_) => "the engine does not take the module".into(),
        error => error.to_string(),
    }
}
