//! The chain's own actions, executed.

use super::{Stop, UnderWay, Waiting};
use crate::actions::native::{self, Native, SYSTEM};
use crate::error::ChainError;
use crate::names::RegIdText;
use crate::open_block::OpenBlock;
use crate::receipt::{FrameKind, Work};
use crate::registry::{CodeChoice, CodeRefusal, Contract, ContractRecord};
use crate::schedules;
use crate::session::Rejection;
use abi::{Gas, Semantics};
use hostapi::accounts::{Account, contract_key_id};
use hostapi::hash::key_hash;
use hostapi::{Failure, FollowUp, Following, NodeError};
use loader::Image;
use state::keys::{self, Hash, RegId};
use std::sync::Arc;

impl OpenBlock<'_> {
    /// Does an action of the chain itself.
    pub(super) fn native(
        &mut self,
        under: &mut UnderWay<'_>,
        waiting: &Waiting,
    ) -> Result<Option<FollowUp>, Stop> {
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
        let schedule = Arc::clone(&under.rules.schedule);
        let most = self.chain.genesis().network.max_amount();
        let mut tells = None;
        let (receiver, value, work) = match action {
            Native::SetCode {
                contract,
                code_hash,
                flags,
                abi,
            } => {
                let is_new = contract == SYSTEM;
                let code = code_hash.map(|code_hash| CodeChoice {
                    code_hash,
                    semantics: Semantics::V1,
                    flags,
                    abi,
                });
                let (id, work) = self.set_native(under, &actor, contract, code)?;
                if is_new {
                    let data = [&id[..], &subject.data[size_of::<RegId>()..]].concat();
                    tells = Some(data);
                }
                (id, 0, work)
            }
            Native::Transfer { to, amount } => {
                under.charge(Gas(schedule.general.gas_of_value))?;
                if ContractRecord::load(&mut self.state, &to)?.is_some() {
                    let name = RegIdText(to).to_string();
                    let reason = ChainError::ToContract { name }.to_string();
                    return Err(Stop::fault("to_contract", reason));
                }
                native::send(&mut self.state, &actor, &to, amount, most)?;
                (to, amount, Work::Transfer)
            }
            Native::NewAccount { public_key } => {
                under.charge(Gas(schedule.general.gas_of_account))?;
                let refused = |error: ChainError| match error.is_node() {
                    true => Stop::Node(error),
                    false => Stop::fault("no_account", error.to_string()),
                };
                let id = self.next_regid().map_err(refused)?;
                let key_id = key_hash(&public_key);
                let account = Account {
                    balance: 0,
                    regid: Some(id),
                    public_key: Some(public_key),
                };
                let account = self.with_paid(&key_id, account).map_err(refused)?;
                account.register(&mut self.state, &key_id);
                self.registered += 1;
                (id, 0, Work::NewAccount)
            }
            Native::SetSchedule { from, hash } => {
                let work = self.set_schedule(under, &actor, from, hash)?;
                (SYSTEM, 0, work)
            }
        };
        under.push(waiting, FrameKind::Native, work);
        if let Some(frame) = under.frames.last_mut() {
            (frame.receiver, frame.caller, frame.value) = (receiver, actor, value);
        }
        Ok(tells.map(|data| FollowUp {
            frame: 0,
            by: SYSTEM,
            what: Following::Notify {
                account: actor,
                input: Some(data.into()),
            },
        }))
    }

    /// Has a gas schedule hold from a later height on. Only the chain's first account can.
    fn set_schedule(
        &mut self,
        under: &mut UnderWay<'_>,
        actor: &RegId,
        from: u32,
        hash: Hash,
    ) -> Result<Work, Stop> {
        let first = self.chain.first_account();
        if first != Some(*actor) {
            let first = first.map(|id| RegIdText(id).to_string());
            let reason = format!(
                "only the first account of the chain, {}, can change its gas schedule",
                first.unwrap_or_default()
            );
            return Err(Stop::fault("no_authority", reason));
        }
        if from <= self.height {
            let reason = format!(
                "a gas schedule can hold from block {} on at the earliest, not from block {from}",
                u64::from(self.height) + 1
            );
            return Err(Stop::fault("no_schedule", reason));
        }
        let Some(schedule) = schedules::of_hash(&hash) else {
            let reason = "no gas schedule of this version of the program has this hash";
            return Err(Stop::fault("no_schedule", reason.into()));
        };
        let bytes = schedule.encode();
        let per_byte = under.rules.schedule.general.gas_per_input_byte;
        under.charge(Gas(per_byte.saturating_mul(bytes.len() as u64)))?;
        self.state.put(&keys::schedule(from), bytes);
        Ok(Work::SetSchedule {
            from,
            version: schedule.version,
            hash,
        })
    }

    /// Sets the code of a contract to an image that the chain has, or makes a new contract with it.
    fn set_native(
        &mut self,
        under: &mut UnderWay<'_>,
        actor: &RegId,
        contract: RegId,
        code: Option<CodeChoice>,
    ) -> Result<(RegId, Work), Stop> {
        let refused = |error: ChainError| match error.is_node() {
            true => Stop::Node(error),
            false => Stop::fault("no_code", error.to_string()),
        };
        let record = if contract == SYSTEM {
            None
        } else {
            Some(self.settable(actor, &contract, code).map_err(refused)?)
        };
        let Some(CodeChoice {
            code_hash: hash,
            flags,
            abi,
            ..
        }) = code
        else {
            let Some(record) = record else {
                return Err(refused(CodeRefusal::NoCode.into()));
            };
            let code_hash = record.contract.map(|old| old.code_hash);
            self.ready = None;
            let removed = record.with_code(None).encode();
            self.state.put(&keys::contract(&contract), removed);
            let code_hash = code_hash.unwrap_or_default();
            return Ok((contract, Work::Undeploy { code_hash }));
        };
        let schedule = Arc::clone(&under.rules.schedule);
        under.charge(Gas(schedule.general.gas_of_code))?;
        let key = keys::code(&hash);
        let stored = self.state.get(&key).map_err(NodeError::from)?;
        let stored = stored.ok_or_else(|| refused(CodeRefusal::UnknownCode.into()))?;
        let image = Image::decode(stored).map_err(|_| NodeError::damaged(&key, "an image"))?;
        let code_bytes = image.code_bytes();
        under.charge(Gas(
            (code_bytes as u64).saturating_mul(schedule.general.gas_per_code_byte)
        ))?;
        let rules = self.rules(Semantics::V1);
        let prepared = match self.chain.modules().get(&mut self.state, &hash, &rules) {
            Ok(prepared) => prepared,
            Err(ChainError::Image(error)) => {
                let error = ChainError::Image(error);
                return Err(Stop::fault("no_code", error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(abi) = abi
            && self
                .state
                .get(&keys::abi_actions(&abi))
                .map_err(NodeError::from)?
                .is_none()
        {
            return Err(refused(CodeRefusal::UnknownAbi.into()));
        }
        let new = Contract::of(hash, Semantics::V1, &*prepared, flags, abi);
        let replaced = record.and_then(|record| record.contract);
        let work = Work::Deploy {
            replaced: replaced.map(|old| old.code_hash),
            code_hash: hash,
            semantics: Semantics::V1,
            engine: new.engine,
            code_bytes: u32::try_from(code_bytes).unwrap_or(u32::MAX),
            refusal: None,
        };
        self.ready = None;
        if let Some(record) = record {
            let record = record.with_code(Some(new)).encode();
            self.state.put(&keys::contract(&contract), record);
            return Ok((contract, work));
        }
        under.charge(Gas(schedule.general.gas_of_account))?;
        let id = self.next_regid().map_err(refused)?;
        let key_id = contract_key_id(&id);
        let account = Account {
            balance: 0,
            regid: Some(id),
            public_key: None,
        };
        let account = self.with_paid(&key_id, account).map_err(refused)?;
        self.register(actor, &id, new);
        account.register(&mut self.state, &key_id);
        Ok((id, work))
    }
}
