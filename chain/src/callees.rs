//! The contracts that a running one can call: [`Contracts`] finds them, and `WithContracts` is a host around
//! which there are some.

use crate::chain::Chain;
use crate::registry::{Contract, ContractFlags};
use abi::{Gas, Name, Schedule};
use bridge::engine::Request;
use bridge::meter::forwarded;
use bridge::{Entered, FrameEnd, Module, Outcome, Rules, Usage, World};
use hostapi::hash::blake2b;
use hostapi::{Answer, CallEnd, CallStatus, Failure, Host, HostApi, NodeError, NotEntered};
use state::Overlay;
use state::keys::{Hash, RegId};
use std::sync::Arc;

/// Where deployed contracts come from.
pub trait Contracts: std::fmt::Debug {
    /// The contract of this id, if there is one.
    ///
    /// # Errors
    /// If the node fails.
    fn find(&self, state: &mut Overlay<'_>, id: &RegId) -> Result<Option<Contract>, NodeError> {
        Contract::load(state, id)
    }

    /// `contract`, prepared to run by the prices of `schedule`.
    ///
    /// # Errors
    /// If the node fails: it was prepared once, when it was deployed.
    fn module(
        &self,
        state: &mut Overlay<'_>,
        contract: &Contract,
        schedule: &Arc<Schedule>,
    ) -> Result<Arc<dyn Module>, NodeError>;
}

impl Contracts for Chain {
    fn module(
        &self,
        state: &mut Overlay<'_>,
        contract: &Contract,
        schedule: &Arc<Schedule>,
    ) -> Result<Arc<dyn Module>, NodeError> {
        let rules = Rules::by(schedule, contract.semantics);
        self.modules()
            .get(state, &contract.code_hash, &rules)
            .map_err(|error| NodeError::Engine(error.to_string()))
    }
}

/// The run of a contract that another one called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalleeRun {
    /// The contract's record.
    pub contract: Contract,
    /// BLAKE2b of its input.
    pub input_hash: Hash,
    /// How the run ended.
    pub outcome: Outcome,
    /// What it used, that of the contracts it called included.
    pub usage: Usage,
}

/// A host with the contracts of a chain in reach.
pub(crate) struct WithContracts<'h, 'a, 's> {
    pub(crate) host: &'h mut Host<'a, 's>,
    contracts: &'h dyn Contracts,
    schedule: &'h Arc<Schedule>,
    /// The runs of the frames that were entered, in order.
    pub(crate) runs: Vec<CalleeRun>,
    /// The places in `runs` of the frames under way.
    under_way: Vec<usize>,
}

impl<'h, 'a, 's> WithContracts<'h, 'a, 's> {
    pub(crate) fn new(
        host: &'h mut Host<'a, 's>,
        contracts: &'h dyn Contracts,
        schedule: &'h Arc<Schedule>,
    ) -> Self {
        WithContracts {
            host,
            contracts,
            schedule,
            runs: Vec::new(),
            under_way: Vec::new(),
        }
    }
}

impl HostApi for WithContracts<'_, '_, '_> {
    fn call(&mut self, method: u16, request: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        self.host.call(method, request)
    }

    fn allow(&mut self, gas: Gas) {
        self.host.allow(gas);
    }
}

impl World for WithContracts<'_, '_, '_> {
    fn has_others(&self) -> bool {
        true
    }

    fn enter(
        &mut self,
        request: Request<'_>,
        left: Gas,
    ) -> Result<Option<Box<Entered>>, Failure<CallEnd>> {
        let host = &mut *self.host;
        host.allow(left);
        let Some(entry) = host.entry(request.method, request.bytes)? else {
            return Ok(None);
        };
        let price = host.paid();
        let gas = forwarded(Gas(left.0.saturating_sub(price.0)), entry.gas);
        let Some(contract) = self.contracts.find(host.state(), &entry.contract)? else {
            host.not_entered(NotEntered::NoContract);
            return Ok(None);
        };
        // All that costs little is asked before the contract is prepared.
        let barred = if contract.semantics.is_dacrs() {
            Some(NotEntered::OldRules)
        } else if gas < contract.entry_gas {
            Some(NotEntered::Gas)
        } else if entry.value != 0 && !contract.takes_money(host.state(), entry.input)? {
            Some(NotEntered::Unpayable)
        } else {
            host.bars(&entry, contract.flags.contains(ContractFlags::REENTRANT))?
        };
        if let Some(reason) = barred {
            host.not_entered(reason);
            return Ok(None);
        }
        let module = self
            .contracts
            .module(host.state(), &contract, self.schedule)?;
        let input: Arc<[u8]> = contract
            .input(&entry.contract, Name::EMPTY, entry.input)
            .into();
        if let Err(reason) = host.enter(&entry, Arc::clone(&input), module.account_check())? {
            host.not_entered(reason);
            return Ok(None);
        }
        self.under_way.push(self.runs.len());
        self.runs.push(CalleeRun {
            contract,
            input_hash: blake2b(&input),
            outcome: Outcome::Success,
            usage: Usage::default(),
        });
        Ok(Some(Box::new(Entered {
            contract: entry.contract,
            module,
            input,
            price,
            gas,
        })))
    }

    fn leave(&mut self, end: &FrameEnd) -> Result<bool, NodeError> {
        if let Some(run) = self.under_way.pop().and_then(|at| self.runs.get_mut(at)) {
            run.outcome = end.outcome;
            run.usage = end.usage;
        }
        let (ended, aborted) = match end.outcome {
            Outcome::Success => (CallStatus::Success, false),
            Outcome::Refused { code } => (CallStatus::Refused(code), false),
            Outcome::Fault { fault } => (CallStatus::Fault, fault.aborts()),
        };
        let status = self.host.leave(ended, aborted, end.usage.gas)?;
        Ok(status == CallStatus::Success)
    }

    fn answer(&mut self, left: Gas) -> Result<Answer<'_>, Failure<CallEnd>> {
        self.host.answer_call(left)
    }
}
