//! [`Host`]: serves a contract's calls from the method table.

use crate::actions::ActionFrame;
use crate::context::{CallContext, ChainView};
use crate::failure::Failure;
use crate::frames::{Frames, Mode, Running, Transcript};
use crate::hash::{double_sha256, sha256};
use crate::host::{Answer, CallEnd, HostApi, HostFault, KEPT_EACH, KEPT_MAX, Status};
use crate::outputs::Output;
use crate::requests::Requests;
use abi::codec;
use abi::method::{self, Method, Request};
use abi::{Gas, Schedule};
use state::keys::Key;
use state::{Overlay, Place};
use std::sync::Arc;

/// The host of one run: the methods of the table, over one overlay.
#[derive(Debug)]
pub struct Host<'a, 's> {
    /// The prices in force.
    pub(crate) schedule: &'a Schedule,
    /// The facts of the running frame.
    pub(crate) context: CallContext<'a>,
    pub(crate) chain: &'a dyn ChainView,
    pub(crate) state: &'a mut Overlay<'s>,
    /// What the running frame has for itself.
    pub(crate) running: Running,
    /// The other frames, and what all have said. Most calls need none of it.
    pub(crate) frames: Option<Box<Frames<'a>>>,
    /// The frames that the transaction began before the outermost one of this host.
    pub(crate) frames_before: usize,
    pub(crate) requests: Requests,
    pub(crate) reply: Reply,
    /// The key of the contract's data last asked for, and its place: what is read is mostly written next.
    pub(crate) found: Option<(Key, Place)>,
    /// What the call being served may still cost.
    allowed: Gas,
    /// What the call being served has cost so far.
    pub(crate) paid: Gas,
    /// What the run has written and printed, where nothing is paid for that: see [`KEPT_MAX`].
    kept: usize,
}

/// What a run under the old rules keeps of keys that it only looks at, in bytes, before it gives them up. Under our
/// own rules they are paid for.
const READS_MAX: usize = 16 << 20;

impl<'a, 's> Host<'a, 's> {
    /// A host for one run, by the prices of `data-sheet`. It reads and writes `state`; taking that back is the caller's
    /// part.
    pub fn new(
        context: &'a CallContext<'a>,
        chain: &'a dyn ChainView,
        state: &'a mut Overlay<'s>,
    ) -> Host<'a, 's> {
        Host {
            schedule: &Schedule::DATA_SHEET,
            context: *context,
            running: Running {
                number: 0,
                caller: context.sender,
                mode: Mode::Full,
                actors: None,
                input: None,
            },
            frames: None,
            frames_before: 0,
            chain,
            state,
            requests: Requests::default(),
            reply: Reply::new(),
            found: None,
            allowed: Gas::MAX,
            paid: Gas::ZERO,
            kept: 0,
        }
    }

    /// The same by the prices of `schedule`.
    #[must_use]
    pub const fn priced_by(mut self, schedule: &'a Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// The same for the outermost frame of an action.
    #[must_use]
    pub fn for_action(mut self, action: &ActionFrame) -> Self {
        self.running.caller = action.caller;
        self.running.actors = Some(Arc::clone(&action.actors));
        if action.is_context_free {
            self.running.mode = Mode::ContextFree;
        }
        self.frames_before = action.frames_before;
        self
    }

    /// Ends the run: what it asked for.
    #[must_use]
    pub fn finish(self) -> Requests {
        self.requests
    }

    /// Ends the run: what it asked for, and what its frames said.
    #[must_use]
    pub fn finish_frames(self) -> (Requests, Transcript) {
        let transcript = self.frames.map(|frames| frames.transcript);
        (self.requests, transcript.unwrap_or_default())
    }

    /// Begins to serve a call: nothing is replied, and nothing paid yet.
    pub(crate) fn begin_call(&mut self) {
        self.reply.clear();
        self.paid = Gas::ZERO;
    }

    /// Serves a request.
    #[inline(always)]
    fn serve(&mut self, request: Request<'_>) -> Result<Served, Failure<CallEnd>> {
        match request {
            Request::Compare { a, b } => self.compare(a, b),
            Request::Mul { a, b } => self.answer(&a.wrapping_mul(b).to_le_bytes()),
            Request::Add { a, b } => self.answer(&a.wrapping_add(b).to_le_bytes()),
            Request::Sub { a, b } => self.answer(&a.wrapping_sub(b).to_le_bytes()),
            Request::Div { a, b } => self.divide(a, b),
            Request::Hash { data } => self.answer(&double_sha256(data)),
            Request::Des { data, key, encrypt } => self.des(data, key, encrypt == 1),
            Request::Verify {
                signature,
                public_key,
                hash,
            } => self.verify(signature, public_key, hash),
            Request::Sign => Ok(Served::DONE),
            Request::Print { hex, text } => self.print(hex != 0, text),
            Request::TxContract { tx } => self.tx_contract(tx),
            Request::TxAccount { tx } => self.about_tx(tx, |tx| tx.sender),
            Request::Pubkey { account } => self.pubkey(account),
            Request::Balance { account } => self.balance(account),
            Request::TxHeight { tx } => self.about_tx(tx, |tx| tx.height.to_le_bytes()),
            Request::BlockHash { height } => self.block_hash(height),
            Request::Height => self.answer(&self.context.height.to_le_bytes()),
            Request::DbWrite { key, value } | Request::DbWrite2014 { key, value, .. } => {
                self.db_write(key, value)
            }
            Request::DbDelete { key } => self.db_delete(key),
            Request::DbRead { key } => self.db_read(key),
            Request::DbSize => self.db_size(),
            Request::DbNext { index, after } => self.db_next(index, after),
            Request::DbSeek { seek, bound } => self.db_seek(seek, bound),
            Request::DbRange { range, bound, end } => self.db_range(range, bound, end),
            Request::RowWrite {
                indexes,
                key,
                value,
            } => self.row_write(indexes, key, value),
            Request::RowDelete { indexes, key } => self.row_delete(indexes, key),
            Request::IndexSeek { seek, bound } => self.index_seek(seek, bound),
            Request::IndexDelete { entry, key } => self.index_delete(entry, key),
            Request::ObjectCreate { owner } => self.object_create(owner),
            Request::ObjectDelete { id } => self.object_delete(id),
            Request::ObjectOwner { object } => self.object_owner(object),
            Request::ObjectSetOwner { id, owner } => self.object_set_owner(id, owner),
            Request::ObjectApprove { id, account } => self.object_approve(id, account),
            Request::ObjectGet { object, field } => self.object_get(object, field),
            Request::ObjectSet { id, field, value } => self.object_set(id, field, value),
            Request::ObjectNext {
                owner,
                contract,
                after,
            } => self.object_next(owner, contract, after),
            Request::TxHash => {
                self.reply.item(&self.context.tx_hash);
                Ok(Served::DONE)
            }
            Request::DbModify { key, value } => self.db_modify(key, value),
            Request::Output { records } => self.output(records.iter().copied().map(Output)),
            Request::Output2014 { records } => self.output(records.iter().map(Output::from_2014)),
            Request::ScriptData { contract, key } => self.script_data(contract, key),
            Request::ScriptId => {
                self.reply.item(&self.context.contract);
                Ok(Served::DONE)
            }
            Request::TxSender => {
                self.reply.item(&self.context.sender);
                Ok(Served::DONE)
            }
            Request::Input => {
                match &self.running.input {
                    None => self.reply.item(self.context.input),
                    Some(input) => self.reply.item(input),
                }
                Ok(Served::DONE)
            }
            Request::Unpack { format } => match self.running.input.clone() {
                None => self.unpack(format, self.context.input),
                Some(input) => self.unpack(format, &input),
            },
            Request::TxUnpack { format, tx } => self.tx_unpack(format, tx),
            Request::PayAmount => self.answer(&self.context.pay_amount.to_le_bytes()),
            Request::AppFree { user } => self.app_free(user),
            Request::AppFrozen { fund } => self.app_frozen(fund),
            Request::AppOperate { records } => self.app_operate(records),
            Request::Address { account } => self.address(account),
            Request::Sha256Once { data } => self.answer(&sha256(data)),
            Request::BlockTime => self.answer(&self.context.block_time.to_le_bytes()),
            Request::Caller => {
                self.reply.item(&self.running.caller);
                Ok(Served::DONE)
            }
            // Who runs contracts asks `Host::entry`; to a host alone there are no others.
            Request::CallContract { call, input } => self.call_nobody(call, input, false),
            Request::StaticCall { call, input } => self.call_nobody(call, input, true),
            Request::HasAuth { account } => self.has_auth(account),
            Request::Notify { account } => Ok(self.notify(account)),
            Request::SendAction {
                action,
                authorization,
                data,
            } => self.send_action(action, authorization, data),
            Request::SendContextFree { action, data } => Ok(self.send_context_free(action, data)),
            Request::SendDeferred {
                deferred,
                authorization,
                data,
            } => self.send_deferred(deferred, authorization, data),
            Request::CancelDeferred { id } => self.cancel_deferred(id),
            Request::Emit { event, data } => self.emit(event, data),
            Request::ReturnData { data } => Ok(self.return_data(data)),
            Request::Fail { code, text } => match self.fail(code, text) {
                Some(code) => Err(CallEnd::Exit(code, Gas::ZERO).into()),
                None => Ok(Served::REFUSED),
            },
            Request::Abort { code, text } => match self.fail(code, text) {
                Some(code) => Err(CallEnd::Abort(code, Gas::ZERO).into()),
                None => Ok(Served::REFUSED),
            },
        }
    }

    /// Takes the price of what is done next, or ends the run before it is done.
    pub(crate) fn pay(&mut self, price: Gas) -> Result<(), Failure<CallEnd>> {
        self.paid = Gas(self.paid.0.saturating_add(price.0));
        // The old rules limit steps.
        match self.paid > self.allowed && !self.context.semantics.is_dacrs() {
            true => Err(CallEnd::OutOfGas.into()),
            false => Ok(()),
        }
    }

    /// Counts what a write or a print keeps, and ends a run that nothing else would end.
    pub(crate) fn keep(&mut self, bytes: usize) -> Result<(), Failure<CallEnd>> {
        if self.context.semantics.is_dacrs() {
            self.kept = self.kept.saturating_add(bytes).saturating_add(KEPT_EACH);
            if self.kept > KEPT_MAX {
                return Err(HostFault::TooMuchKept.into());
            }
        }
        Ok(())
    }

    /// Answers with one item.
    pub(crate) fn answer(&mut self, item: &[u8]) -> Result<Served, Failure<CallEnd>> {
        self.reply.item(item);
        Ok(Served::DONE)
    }

    /// What to make of a call that the original's node did not survive, or that made it read out of
    /// bounds: a failed run under the old rules, a refused call under ours.
    pub(crate) fn undefined(&self, method: Method) -> Result<Served, Failure<CallEnd>> {
        if self.context.semantics.is_dacrs() {
            return Err(HostFault::Undefined(method.id()).into());
        }
        Ok(Served::REFUSED)
    }

    /// What a call that ends the run ends with: what was done for it is paid for, or a contract could have it done
    /// again and again by callees that it costs nothing.
    #[cold]
    fn call_ended(&self, failure: Failure<CallEnd>) -> Failure<CallEnd> {
        match failure {
            Failure::Contract(end) => end.costing(self.paid).into(),
            Failure::Node(error) => error.into(),
        }
    }

    /// Serves a call, each part once it is paid for.
    #[inline(always)]
    fn serve_call(&mut self, method: u16, request: &[u8]) -> Result<Served, Failure<CallEnd>> {
        let semantics = self.context.semantics;
        let spec = method::spec_under(semantics, method).ok_or(HostFault::UnknownMethod(method))?;
        if semantics.is_dacrs() && self.state.reads_size() > READS_MAX {
            self.state.forget_reads();
            self.found = None;
        }
        let rule = self.schedule.rule(spec);
        let claimed = match spec.reads_request() {
            true => codec::claimed(request),
            false => 0,
        };
        self.pay(rule.before(claimed))?;
        let served = match Request::read(semantics, spec.method, request) {
            Some(_) if self.running.mode.refuses(spec) => {
                Served::refused("no place for it in a call that is static or context-free")
            }
            Some(request) => self.serve(request)?,
            None => Served::refused("the request has not the method's form"),
        };
        // Where there is never an answer, no answer cannot mean no: a payment would be lost without a word.
        if served.status == Status::Refused && spec.reply.is_empty() && !semantics.is_dacrs() {
            return Err(HostFault::RequestRefused(spec.id).into());
        }
        if self.reply.lacks_bytes && semantics.is_dacrs() {
            return Err(HostFault::EmptyReplyItem.into());
        }
        self.pay(rule.after(self.reply.payload()))?;
        Ok(served)
    }
}

impl HostApi for Host<'_, '_> {
    fn call(&mut self, method: u16, request: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        self.begin_call();
        match self.serve_call(method, request) {
            Ok(served) => Ok(Answer {
                status: served.status,
                reply: &self.reply.framed,
                step_delta: served.step_delta,
                gas: self.paid,
                refund: served.refund,
                reason: served.reason,
            }),
            Err(failure) => Err(self.call_ended(failure)),
        }
    }

    fn allow(&mut self, gas: Gas) {
        self.allowed = gas;
    }
}

/// What a method did, besides writing its reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    pub(crate) status: Status,
    pub(crate) step_delta: i64,
    pub(crate) refund: Gas,
    /// As in [`Answer`].
    pub(crate) reason: Option<&'static str>,
}

impl Served {
    /// Served, and nothing given back.
    pub(crate) const DONE: Served = Served {
        status: Status::Done,
        step_delta: 0,
        refund: Gas::ZERO,
        reason: None,
    };
    /// Not served, and nothing changed.
    pub(crate) const REFUSED: Served = Served {
        status: Status::Refused,
        ..Served::DONE
    };

    /// Not served, for this reason.
    pub(crate) const fn refused(reason: &'static str) -> Served {
        Served {
            reason: Some(reason),
            ..Served::REFUSED
        }
    }
}

/// The reply of the call being served. Its buffer is used again by the next call.
#[derive(Debug)]
pub(crate) struct Reply {
    framed: Vec<u8>,
    items: usize,
    /// Whether an item was to be added that has no bytes: no frame can hold it.
    lacks_bytes: bool,
}

impl Reply {
    fn new() -> Reply {
        Reply {
            framed: Vec::with_capacity(64), // most replies fit in
            items: 0,
            lacks_bytes: false,
        }
    }

    fn clear(&mut self) {
        self.framed.clear();
        self.items = 0;
        self.lacks_bytes = false;
    }

    /// Adds an item. One without bytes is the same as none.
    pub(crate) fn item(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.lacks_bytes = true;
            return;
        }
        // A longer item has no frame, and could not be delivered if it had one.
        let bytes = &bytes[..bytes.len().min(usize::from(u16::MAX))];
        codec::push_item(&mut self.framed, bytes);
        self.items += 1;
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// The items, framed.
    pub(crate) fn framed(&self) -> &[u8] {
        &self.framed
    }

    /// The bytes of all items without their length fields.
    pub(crate) fn payload(&self) -> usize {
        self.framed.len() - 2 * self.items
    }
}
