//! The order of execution.
//!
//! An action runs for its account, then for those who are notified of it, one after the other; then come
//! the context-free inline actions, and then the inline ones, each in the same way. What fails ends the
//! transaction.

use super::{Stop, Subject, UnderWay, Waiting};
use crate::actions::{SYSTEM, apply};
use crate::open_block::OpenBlock;
use crate::receipt::FrameKind;
use crate::registry::{Contract, ContractFlags};
use abi::Name;
use bridge::CallObserver;
use hostapi::{FollowUp, Following, SentAction};
use state::keys::RegId;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// What follows an action, beside those who are notified.
#[derive(Default)]
struct Later {
    context_free: Vec<Waiting>,
    inline: Vec<Waiting>,
}

/// An action and those who are notified of it, or of calls that were made for it.
struct Notified {
    list: Vec<Waiting>,
    /// Which accounts are in it, for the subject at each place in memory.
    known: BTreeSet<(*const Subject, RegId)>,
}

impl Notified {
    fn of(action: Waiting) -> Notified {
        Notified {
            list: vec![action],
            known: BTreeSet::new(),
        }
    }

    /// Whether an account is to be notified, once of each subject, which knows of itself.
    fn is_new(&mut self, subject: &Rc<Subject>, account: RegId) -> bool {
        account != subject.code && self.known.insert((Rc::as_ptr(subject), account))
    }
}

impl OpenBlock<'_> {
    /// Executes an action so many inline actions deep, and all that follows it.
    pub(in crate::open_block) fn perform(
        &mut self,
        under: &mut UnderWay<'_>,
        action: Waiting,
        depth: u8,
        observer: &mut dyn CallObserver,
    ) -> Result<(), Stop> {
        let place = under.place()?;
        let asked = self.execute(under, &action, observer)?;
        self.follow(under, place, action, asked, depth, observer)
    }

    /// Executes what follows an action that has run in the frame at `place`.
    fn follow(
        &mut self,
        under: &mut UnderWay<'_>,
        place: u16,
        action: Waiting,
        asked: Vec<FollowUp>,
        depth: u8,
        observer: &mut dyn CallObserver,
    ) -> Result<(), Stop> {
        let mut later = Later::default();
        let mut notified = Notified::of(action);
        self.queue(under, place, asked, &mut notified, 0, &mut later)?;
        let mut next = 1;
        while let Some(receiver) = notified.list.get(next).cloned() {
            let place = under.place()?;
            let asked = self.execute(under, &receiver, observer)?;
            self.queue(under, place, asked, &mut notified, next, &mut later)?;
            next += 1;
        }
        let Later {
            context_free,
            inline,
        } = later;
        if context_free.len() + inline.len() > 0
            && u64::from(depth) >= under.rules.schedule.general.inline_depth
        {
            let reason = format!("inline actions are more than {depth} deep");
            return Err(Stop::fault("inline_too_deep", reason));
        }
        for action in context_free.into_iter().chain(inline) {
            self.perform(under, action, depth + 1, observer)?;
        }
        Ok(())
    }

    /// Puts what the run of `notified[by]`, whose frame stands at `place`, has asked for where it belongs.
    fn queue(
        &mut self,
        under: &mut UnderWay<'_>,
        place: u16,
        asked: Vec<FollowUp>,
        notified: &mut Notified,
        by: usize,
        later: &mut Later,
    ) -> Result<(), Stop> {
        // What callees that notify were called with, by their frames.
        let mut callees: BTreeMap<u16, Rc<Subject>> = BTreeMap::new();
        for follow_up in asked {
            let parent = place.saturating_add(follow_up.frame);
            let waits = |kind, ordinal, receiver, value, subject| Waiting {
                kind,
                ordinal,
                parent: Some(parent),
                receiver,
                caller: follow_up.by,
                value,
                subject,
            };
            match follow_up.what {
                Following::Notify { account, input } => {
                    let subject = match input {
                        None => notified.list.get(by).map(|of| Rc::clone(&of.subject)),
                        Some(input) => match callees.entry(parent) {
                            Entry::Occupied(known) => Some(Rc::clone(known.get())),
                            Entry::Vacant(new) => {
                                let called = self.called(under, parent, follow_up.by, &input)?;
                                Some(Rc::clone(new.insert(called)))
                            }
                        },
                    };
                    let Some(subject) = subject else { continue };
                    if notified.is_new(&subject, account) {
                        let ordinal = under.next()?;
                        let notice = waits(FrameKind::Notified, ordinal, account, 0, subject);
                        notified.list.push(Waiting {
                            caller: notice.subject.code,
                            ..notice
                        });
                    }
                }
                Following::Inline(sent) => {
                    let ordinal = under.next()?;
                    let (receiver, value) = (sent.account, sent.value);
                    let subject = subject_of(sent, Arc::new([follow_up.by]), false);
                    later
                        .inline
                        .push(waits(FrameKind::Inline, ordinal, receiver, value, subject));
                }
                Following::ContextFree(sent) => {
                    let ordinal = under.next()?;
                    let receiver = sent.account;
                    let subject = subject_of(sent, Arc::new([]), true);
                    later.context_free.push(waits(
                        FrameKind::ContextFree,
                        ordinal,
                        receiver,
                        0,
                        subject,
                    ));
                }
            }
        }
        Ok(())
    }

    /// The call of `contract` in the frame at `place`, as those see it who are notified of it.
    fn called(
        &mut self,
        under: &UnderWay<'_>,
        place: u16,
        contract: RegId,
        input: &[u8],
    ) -> Result<Rc<Subject>, Stop> {
        let record = Contract::load(&mut self.state, &contract)?;
        let has_head = record.is_some_and(|it| it.flags.contains(ContractFlags::APPLY));
        let frame = under.frames.get(usize::from(place));
        Ok(Rc::new(Subject {
            code: contract,
            // The chain's own actions have names.
            action: match frame {
                Some(frame) if contract == SYSTEM => Name(frame.action),
                _ => Name::EMPTY,
            },
            data: if has_head { apply::data(input) } else { input }.to_vec(),
            actors: frame.map(|frame| frame.caller).into_iter().collect(),
            is_context_free: false,
        }))
    }
}

impl OpenBlock<'_> {
    /// Executes what follows the call of a contract, whose frames `under` has taken over.
    pub(in crate::open_block) fn follow_call(
        &mut self,
        under: &mut UnderWay<'_>,
        data: &[u8],
        asked: Vec<FollowUp>,
        observer: &mut dyn CallObserver,
    ) -> Result<(), Stop> {
        let Some(first) = under.frames.first() else {
            return Ok(());
        };
        let call = Waiting {
            kind: first.kind,
            ordinal: first.ordinal,
            parent: None,
            receiver: first.receiver,
            caller: first.caller,
            value: first.value,
            subject: Rc::new(Subject {
                code: first.receiver,
                action: Name::EMPTY,
                data: data.to_vec(),
                actors: Arc::new([first.caller]),
                is_context_free: false,
            }),
        };
        self.follow(under, 0, call, asked, 0, observer)
    }
}

impl OpenBlock<'_> {
    /// Has `sender` call the contract `id`, whose code it has set in the first frame.
    pub(in crate::open_block) fn initialise(
        &mut self,
        under: &mut UnderWay<'_>,
        (sender, id): (RegId, RegId),
        input: &[u8],
    ) -> Result<(), Stop> {
        let call = Waiting {
            kind: FrameKind::Action,
            ordinal: under.next()?,
            parent: Some(0),
            receiver: id,
            caller: sender,
            value: 0,
            subject: Rc::new(Subject {
                code: id,
                action: Name::EMPTY,
                data: input.to_vec(),
                actors: Arc::new([sender]),
                is_context_free: false,
            }),
        };
        self.perform(under, call, 0, &mut ())
    }
}

fn subject_of(sent: SentAction, by: Arc<[RegId]>, is_context_free: bool) -> Rc<Subject> {
    Rc::new(Subject {
        code: sent.account,
        action: sent.name,
        data: sent.data,
        actors: if sent.permissions.is_empty() {
            Arc::new([])
        } else {
            by
        },
        is_context_free,
    })
}
