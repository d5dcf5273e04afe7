//! Calls between contracts: the frames of a transaction, one above the other.
//!
//! The contract that a transaction calls runs in the outermost frame. A method that calls another
//! contract suspends its frame; [`Host::enter`] begins the callee's, [`Host::leave`] ends it, keeps or
//! reverts what it did, and answers the caller. Who runs the contracts is not known here.

use crate::accounts::Account;
use crate::context::CallContext;
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::{Answer, CallEnd, HostApi, HostFault, NodeError, Status};
use crate::prints::Print;
use crate::requests::Requests;
use crate::settle::settle;
use abi::method::{Method, MethodSpec, Request};
use abi::{ExitCode, Gas, codec, method};
use state::keys::{Key, RegId};
use state::{Checkpoint, Overlay, Place};
use std::sync::Arc;

/// The most frames that run at one time, the outermost one counted.
pub const DEPTH_MAX: usize = 8;
/// The most frames of one transaction beside the outermost one: their numbers have 16 bits.
pub const FRAMES_MAX: usize = u16::MAX as usize - 1;
/// The most data that a frame returns, in bytes: with the result it fits in a reply.
pub const RETURN_MAX: usize = 4_079;
/// The longest error text, in bytes.
pub const ERROR_TEXT_MAX: usize = 256;
/// The most topics of an event.
pub const TOPICS_MAX: usize = 4;
/// The size of the record of a call in bytes: contract 6, value 8, gas 8.
const CALL_SIZE: usize = 22;

/// A call of another contract, as its caller asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'r> {
    /// The contract to be entered.
    pub contract: RegId,
    /// The amount sent to it, in the smallest unit.
    pub value: u64,
    /// The most gas that it shall use; `None` for as much as may be.
    pub gas: Option<Gas>,
    /// Whether nothing may be changed in the frame, nor in those above it.
    pub is_static: bool,
    /// Its input.
    pub input: &'r [u8],
}

/// Why a contract is not entered. The number is the code that its caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum NotEntered {
    /// There is no such contract.
    NoContract = 1,
    /// [`DEPTH_MAX`] frames are running.
    TooDeep = 2,
    /// The contract is running already, and was not deployed as reentrant.
    Reentrant = 3,
    /// The caller does not hold the amount, or the contract cannot hold it.
    Funds = 4,
    /// The gas does not pay for entering the contract.
    Gas = 5,
    /// The contract runs under the old chain's rules, which have no gas.
    OldRules = 6,
    /// The transaction has had [`FRAMES_MAX`] calls.
    TooMany = 7,
    /// The contract takes no amounts.
    Unpayable = 8,
}

/// The end of a call of another contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallStatus {
    /// The contract succeeded.
    Success,
    /// The contract ended with this code; with 1, it asked for money that it must not have.
    Refused(ExitCode),
    /// The contract could not go on.
    Fault,
    /// The contract did not run.
    NotEntered(NotEntered),
}

impl CallStatus {
    /// The two bytes that the caller sees: status and code.
    #[must_use]
    pub const fn bytes(self) -> [u8; 2] {
        match self {
            CallStatus::Success => [1, 1],
            CallStatus::Refused(code) => [2, code.0],
            CallStatus::Fault => [3, 0],
            CallStatus::NotEntered(reason) => [4, reason as u8],
        }
    }
}

/// An event that a contract has emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The number of the frame that emitted it; the outermost one is 0.
    pub frame: u16,
    /// Its name, 1 to 32 letters of `a` to `z`, `0` to `9` and `_`.
    pub name: String,
    /// Its topics, at most [`TOPICS_MAX`].
    pub topics: Vec<[u8; 32]>,
    /// Its data.
    pub data: Vec<u8>,
}

/// A frame that was entered by another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The number of the frame that entered it.
    pub parent: u16,
    /// Its contract.
    pub contract: RegId,
    /// The contract that entered it.
    pub caller: RegId,
    /// The amount sent to it, in the smallest unit.
    pub value: u64,
    /// Whether nothing could be changed in it.
    pub is_static: bool,
    /// How it ended.
    pub status: CallStatus,
    /// The outcome of its requests, where a run that succeeded must not have them.
    pub refusal: Option<String>,
    /// The data it returned.
    pub returned: Vec<u8>,
    /// Its error text.
    pub error: Option<Vec<u8>>,
    /// Its prints, in order.
    pub prints: Vec<Print>,
}

/// What the frames of a run said, beside what they asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The data that the outermost frame returned.
    pub returned: Vec<u8>,
    /// The error text of the outermost frame, or of the one that aborted the transaction.
    pub error: Option<Vec<u8>>,
    /// The events of frames that succeeded, in order.
    pub events: Vec<Event>,
    /// The frames that others entered, in the order of entering: the first one is number 1.
    pub frames: Vec<Frame>,
}

/// The part of a host that each frame has for itself, beside its context.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    /// Its number; the outermost one is 0.
    pub(crate) number: u16,
    pub(crate) caller: RegId,
    pub(crate) mode: Mode,
    /// The accounts whose authority the frame of an action has; `None` in any other, which has its caller's.
    pub(crate) actors: Option<Arc<[RegId]>>,
    /// The input of a frame that another one entered; that of the outermost one is in its context.
    pub(crate) input: Option<Arc<[u8]>>,
}

/// What a frame may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Anything.
    Full,
    /// It changes nothing of the state.
    Static,
    /// It does not even see it.
    ContextFree,
}

impl Mode {
    /// Whether a frame must not call this method.
    #[inline(always)]
    pub(crate) const fn refuses(self, spec: &MethodSpec) -> bool {
        match self {
            Mode::Full => false,
            Mode::Static => spec.gas.effect.changes_state(),
            Mode::ContextFree => !spec.is_context_free(),
        }
    }
}

/// The frames of a call but the running one, and what all of them have said.
#[derive(Debug, Default)]
pub(crate) struct Frames<'a> {
    /// Those that wait, the outermost one first.
    suspended: Vec<Suspended<'a>>,
    /// With the data that the running frame has returned, and its error text.
    pub(crate) transcript: Transcript,
}

/// A frame whose contract waits for the one that it called.
#[derive(Debug)]
pub(crate) struct Suspended<'a> {
    context: CallContext<'a>,
    running: Running,
    returned: Vec<u8>,
    requests: Requests,
    found: Option<(Key, Place)>,
    /// What it had sent, the state and the number of events before the callee.
    sent: u64,
    state: Checkpoint,
    events: usize,
}

impl<'s> Host<'_, 's> {
    /// Reads a call of another contract, and pays the price of the method. `None` if it is refused: then
    /// [`Host::answer_call`] says so.
    ///
    /// # Errors
    /// As [`HostApi::call`].
    pub fn entry<'r>(
        &mut self,
        method: u16,
        request: &'r [u8],
    ) -> Result<Option<Entry<'r>>, Failure<CallEnd>> {
        let semantics = self.context.semantics;
        let spec = method::spec_under(semantics, method).ok_or(HostFault::UnknownMethod(method))?;
        self.begin_call();
        self.pay(self.schedule.rule(spec).before(codec::claimed(request)))?;
        let (call, input, is_static) = match Request::read(semantics, spec.method, request) {
            Some(Request::CallContract { call, input }) => (call, input, false),
            Some(Request::StaticCall { call, input }) => (call, input, true),
            _ => return Ok(None),
        };
        self.asked(call, input, is_static)
    }

    /// The frame that a call asks for, once sending its amount is paid; `None` if it is refused.
    fn asked<'r>(
        &mut self,
        call: &[u8; CALL_SIZE],
        input: Option<&'r [u8]>,
        is_static: bool,
    ) -> Result<Option<Entry<'r>>, Failure<CallEnd>> {
        let Some((contract, value, gas)) = fields(call) else {
            return Ok(None);
        };
        if self.running.mode == Mode::ContextFree {
            return Ok(None);
        }
        let is_static = is_static || self.running.mode == Mode::Static;
        if value != 0 {
            if is_static {
                return Ok(None);
            }
            self.pay(Gas(self.schedule.effects.value))?;
        }
        Ok(Some(Entry {
            contract,
            value,
            gas: (gas != 0).then_some(Gas(gas)),
            is_static,
            input: input.unwrap_or_default(),
        }))
    }

    /// Serves a call of another contract where there is none.
    pub(crate) fn call_nobody(
        &mut self,
        call: &[u8; CALL_SIZE],
        input: Option<&[u8]>,
        is_static: bool,
    ) -> Result<Served, Failure<CallEnd>> {
        if self.asked(call, input, is_static)?.is_none() {
            return Ok(Served::REFUSED);
        }
        self.not_entered(NotEntered::NoContract);
        Ok(Served::DONE)
    }

    /// What the call being served has cost so far.
    #[must_use]
    pub const fn paid(&self) -> Gas {
        self.paid
    }

    /// The state, as the frames have left it so far.
    pub const fn state(&mut self) -> &mut Overlay<'s> {
        self.state
    }

    /// Why `entry` cannot be entered, whose contract is reentrant or not: asked before anything is done for it that
    /// its price does not pay, as preparing the contract.
    ///
    /// # Errors
    /// If the node fails.
    pub fn bars(
        &mut self,
        entry: &Entry<'_>,
        reentrant: bool,
    ) -> Result<Option<NotEntered>, NodeError> {
        let runs = |id: &RegId| *id == entry.contract;
        let (suspended, entered) = match &self.frames {
            Some(frames) => (&frames.suspended[..], frames.transcript.frames.len()),
            None => (&[][..], 0),
        };
        let entered = self.frames_before.saturating_add(entered);
        let running = runs(&self.context.contract)
            || suspended.iter().any(|frame| runs(&frame.context.contract));
        let barred = if suspended.len() + 1 >= DEPTH_MAX {
            Some(NotEntered::TooDeep)
        } else if running && !reentrant {
            Some(NotEntered::Reentrant)
        } else if entered >= FRAMES_MAX {
            Some(NotEntered::TooMany)
        } else if entry.value != 0 && self.accounts(&entry.contract, entry.value)?.is_none() {
            Some(NotEntered::Funds)
        } else {
            None
        };
        Ok(barred)
    }

    /// Begins the frame of `entry`: moves the amount, and suspends the caller's. `input` is the entry's, and the
    /// callee has the account check on or not.
    ///
    /// # Errors
    /// If the node fails.
    pub fn enter(
        &mut self,
        entry: &Entry<'_>,
        input: Arc<[u8]>,
        account_check: bool,
    ) -> Result<Result<(), NotEntered>, NodeError> {
        let caller = self.context.contract;
        let state = self.state.checkpoint();
        let sent = self.requests.sent;
        if entry.value != 0 && !self.send(&entry.contract, entry.value)? {
            return Ok(Err(NotEntered::Funds));
        }
        let frames = self.frames.get_or_insert_default();
        let transcript = &mut frames.transcript;
        transcript.frames.push(Frame {
            parent: self.running.number,
            contract: entry.contract,
            caller,
            value: entry.value,
            is_static: entry.is_static,
            status: CallStatus::Fault,
            refusal: None,
            returned: Vec::new(),
            error: None,
            prints: Vec::new(),
        });
        let number = u16::try_from(transcript.frames.len()).unwrap_or(u16::MAX);
        let running = Running {
            number,
            caller,
            mode: match entry.is_static {
                true => Mode::Static,
                false => Mode::Full,
            },
            actors: None,
            input: Some(input),
        };
        let context = CallContext {
            contract: entry.contract,
            // A frame above the outermost one keeps its input beside its context.
            input: &[],
            pay_amount: entry.value,
            account_check,
            ..self.context
        };
        let caller = Suspended {
            context: std::mem::replace(&mut self.context, context),
            running: std::mem::replace(&mut self.running, running),
            returned: std::mem::take(&mut transcript.returned),
            requests: std::mem::take(&mut self.requests),
            found: self.found.take(),
            sent,
            state,
            events: transcript.events.len(),
        };
        frames.suspended.push(caller);
        Ok(Ok(()))
    }

    /// The accounts of the running contract and of `to`, each with its place, as they are once `amount` has moved;
    /// `None` where the one does not hold it or the other cannot.
    fn accounts(&mut self, to: &RegId, amount: u64) -> Result<Option<Moved>, NodeError> {
        let Some((from, mut payer)) = Account::of(self.state, &self.context.contract)? else {
            return Ok(None);
        };
        let Some((place, mut payee)) = Account::of(self.state, to)? else {
            return Ok(None);
        };
        let Some(left) = payer.balance.checked_sub(amount) else {
            return Ok(None);
        };
        // What a contract sends itself stays where it is.
        if from == place {
            return Ok(Some([(from, payer), (place, payee)]));
        }
        let most = self.context.network.max_amount();
        let sum = payee.balance.checked_add(amount);
        let Some(sum) = sum.filter(|&sum| sum <= most) else {
            return Ok(None);
        };
        (payer.balance, payee.balance) = (left, sum);
        Ok(Some([(from, payer), (place, payee)]))
    }

    /// Moves an amount from the running contract to another account, if the one holds it and the other can.
    fn send(&mut self, to: &RegId, amount: u64) -> Result<bool, NodeError> {
        let Some(moved) = self.accounts(to, amount)? else {
            return Ok(false);
        };
        // Also what it sends itself, which stays where it is: the callee accounts for it.
        self.requests.sent = self.requests.sent.saturating_add(amount);
        for (place, account) in moved {
            account.set(self.state, place);
        }
        Ok(true)
    }

    /// Ends the running frame as its run ended, which used so much gas: makes what a successful one asked for, or
    /// reverts what it did. Its caller runs on once it has the [`Host::answer_call`]; an aborted frame hands its
    /// error text down to it.
    ///
    /// # Errors
    /// If the node fails.
    pub fn leave(
        &mut self,
        ended: CallStatus,
        aborted: bool,
        used: Gas,
    ) -> Result<CallStatus, NodeError> {
        let Some(frames) = &mut self.frames else {
            return Ok(ended);
        };
        let Some(caller) = frames.suspended.pop() else {
            return Ok(ended);
        };
        let mut status = ended;
        let mut refusal = None;
        if ended == CallStatus::Success {
            match settle(&self.requests, self.state, &self.context) {
                Ok(()) => {}
                Err(Failure::Contract(refused)) => {
                    status = CallStatus::Refused(ExitCode::SUCCESS);
                    refusal = Some(refused.to_string());
                }
                Err(Failure::Node(error)) => return Err(error),
            }
        }
        let transcript = &mut frames.transcript;
        let number = std::mem::replace(&mut self.running, caller.running).number;
        let mut requests = std::mem::replace(&mut self.requests, caller.requests);
        let returned = std::mem::replace(&mut transcript.returned, caller.returned);
        // A caller that goes on has no error text yet.
        let error = match aborted {
            true => transcript.error.clone(),
            false => transcript.error.take(),
        };
        self.context = caller.context;
        self.found = caller.found;
        if status == CallStatus::Success {
            self.requests.follow_ups.append(&mut requests.follow_ups);
        } else {
            self.state.revert(caller.state);
            transcript.events.truncate(caller.events);
            self.requests.sent = caller.sent;
        }
        let at = usize::from(number).wrapping_sub(1);
        if let Some(frame) = transcript.frames.get_mut(at) {
            frame.status = status;
            frame.refusal = refusal;
            frame.returned.clone_from(&returned);
            frame.error = error;
            frame.prints = requests.prints;
        }
        self.begin_call();
        self.result(status, used, &returned);
        Ok(status)
    }

    /// Replies to the caller of a contract that is not entered.
    pub fn not_entered(&mut self, reason: NotEntered) {
        self.result(CallStatus::NotEntered(reason), Gas::ZERO, &[]);
    }

    /// The reply to a call of another contract.
    fn result(&mut self, status: CallStatus, used: Gas, data: &[u8]) {
        let mut record = [0; 10];
        record[..2].copy_from_slice(&status.bytes());
        record[2..].copy_from_slice(&used.0.to_le_bytes());
        self.reply.item(&record);
        if !data.is_empty() {
            self.reply.item(data);
        }
    }

    /// The answer to a call of another contract, once [`Host::leave`] or [`Host::not_entered`] has the reply; one
    /// without a reply is refused. The caller has `left` to pay for it.
    ///
    /// # Errors
    /// [`CallEnd::OutOfGas`] if it cannot.
    pub fn answer_call(&mut self, left: Gas) -> Result<Answer<'_>, Failure<CallEnd>> {
        self.allow(left);
        let status = if self.reply.is_empty() {
            Status::Refused
        } else {
            Status::Done
        };
        let rule = self.schedule.rule(Method::CallContract.spec());
        let price = rule.after(self.reply.payload());
        self.pay(price)?;
        Ok(Answer {
            status,
            reply: self.reply.framed(),
            step_delta: 0,
            gas: self.paid,
            refund: Gas::ZERO,
            reason: None,
        })
    }

    /// Emits an event, if `records` is a name and topics.
    pub(crate) fn emit(
        &mut self,
        records: &[[u8; 32]],
        data: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        let Some((name, topics)) = records.split_first() else {
            return Ok(Served::REFUSED);
        };
        let Some(name) = event_name(name).filter(|_| topics.len() <= TOPICS_MAX) else {
            return Ok(Served::REFUSED);
        };
        let topic = self.schedule.effects.topic;
        self.pay(Gas(topic.saturating_mul(topics.len() as u64)))?;
        let frame = self.running.number;
        let frames = self.frames.get_or_insert_default();
        frames.transcript.events.push(Event {
            frame,
            name,
            topics: topics.to_vec(),
            data: data.unwrap_or_default().to_vec(),
        });
        Ok(Served::DONE)
    }

    /// Sets the data that the frame returns.
    pub(crate) fn return_data(&mut self, data: &[u8]) -> Served {
        if data.len() > RETURN_MAX {
            return Served::REFUSED;
        }
        let frames = self.frames.get_or_insert_default();
        frames.transcript.returned = data.to_vec();
        Served::DONE
    }

    /// Ends the frame with an error text; `None` if it must not be so.
    pub(crate) fn fail(&mut self, code: ExitCode, text: Option<&[u8]>) -> Option<ExitCode> {
        let text = text.unwrap_or_default();
        if code.is_success() || text.len() > ERROR_TEXT_MAX {
            return None;
        }
        let frames = self.frames.get_or_insert_default();
        frames.transcript.error = Some(text.to_vec());
        Some(code)
    }
}

/// The name of an event: letters, and then zeros to the end.
fn event_name(record: &[u8; 32]) -> Option<String> {
    let length = record
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(record.len());
    let (name, rest) = record.split_at(length);
    let is_letter = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    let right =
        !name.is_empty() && name.iter().all(is_letter) && rest.iter().all(|&byte| byte == 0);
    right.then(|| String::from_utf8_lossy(name).into_owned())
}

/// Two accounts between which an amount moves: who sends it, and who gets it.
type Moved = [(Place, Account); 2];

/// Contract, amount and gas of the record of a call.
fn fields(call: &[u8; CALL_SIZE]) -> Option<(RegId, u64, u64)> {
    let (contract, rest) = call.split_first_chunk::<6>()?;
    let (value, gas) = rest.split_first_chunk::<8>()?;
    Some((
        *contract,
        u64::from_le_bytes(*value),
        u64::from_le_bytes(gas.try_into().ok()?),
    ))
}
