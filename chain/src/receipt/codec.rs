//! The stored form of receipts, which is what they are hashed by. It never changes.

use super::{ErrorText, Event, Frame, FrameKind, Meters, Receipt, RunReceipt, Verdict, Work};
use crate::wire::{Reader, Writer};
use abi::Semantics;
use bridge::EngineId;
use hostapi::Print;

/// The version of the encoding. Version 1 had one call at most, and no events.
const VERSION: u16 = 2;

/// The tags of [`Work`] and [`Verdict`] in the encoding.
mod tag {
    pub(super) const NEW_ACCOUNT: u8 = 1;
    pub(super) const DEPLOY: u8 = 2;
    pub(super) const RUN: u8 = 3;
    pub(super) const TRANSFER: u8 = 4;
    pub(super) const NOTHING: u8 = 5;
    pub(super) const UPGRADE: u8 = 6;
    pub(super) const UNDEPLOY: u8 = 7;
    pub(super) const SET_SCHEDULE: u8 = 8;
    pub(super) const SUCCESS: u8 = 1;
    pub(super) const REFUSED: u8 = 2;
    pub(super) const SETTLEMENT_FAILED: u8 = 3;
    pub(super) const FAULT: u8 = 4;
    pub(super) const NOT_DEPLOYED: u8 = 5;
}

impl Receipt {
    /// The stored form:
    ///
    /// ```text
    /// version 2 · id 32 · height · index · sender 6 · target 6 · fee
    /// verdict · error · gas · refund · schedule
    /// cycles · instructions · steps ± · memory · state bytes ± · host calls · write set 32
    /// frames · each: parent (its place plus one, 0 for none) · ordinal · kind 1 · receiver 6 · caller 6
    ///                code 6 · action · value · tag 1 · nothing (account, transfer, no work)
    ///                | deploy | upgrade | code hash 32 (undeploy) | run | schedule
    /// events · each: frame · name · topics 1, each 32 · data
    ///
    /// verdict: tag 1 · code 1 (refused) | reason (settlement failed, not deployed) | name, reason (fault)
    /// error:   0, or 1 and the bytes
    /// upgrade: code hash before 32 · deploy
    /// deploy:  code hash 32 · semantics 1 · engine 1 · code bytes · refusal (empty for none)
    /// schedule: height · version · hash 32
    /// run:     semantics 1 · engine 1 · code hash 32 · input hash 32 · verdict · error
    ///          cycles · instructions · steps ± · gas · host calls · host log 32 · returned
    ///          prints · each: hex 1, text
    /// ```
    ///
    /// The version is little-endian, and so are numbers without a size, which are in LEB128: seven bits a
    /// byte, the lowest first, all bytes but the last with the highest bit, and no more bytes than that
    /// takes. Where there is a ±, the sign is the lowest bit: 0, -1, 1, -2 are 0, 1, 2, 3. Texts and bytes
    /// without a size have their length in front, a number.
    ///
    /// # Panics
    /// If there is no frame, or more than [`Receipt::FRAMES_MAX`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(256); // a successful call that says nothing takes some 240
        w.u16(VERSION);
        w.array(&self.id);
        w.number(self.height.into());
        w.number(self.index.into());
        w.array(&self.sender);
        w.array(&self.target);
        w.number(self.fee);
        self.verdict.encode(&mut w);
        ErrorText::encode(self.error.as_ref(), &mut w);
        w.number(self.gas);
        w.number(self.refund);
        w.number(self.schedule.into());
        self.meters.encode(&mut w);
        w.array(&self.write_set);
        assert!(!self.frames.is_empty(), "a transaction has a frame");
        let frames = u16::try_from(self.frames.len()).expect("a transaction has 65,535 frames");
        w.number(frames.into());
        self.frames.iter().for_each(|frame| frame.encode(&mut w));
        w.number(self.events.len() as u64);
        self.events.iter().for_each(|event| event.encode(&mut w));
        w.end()
    }

    /// The receipt whose stored form this is.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Receipt> {
        let mut r = Reader(bytes);
        if r.u16()? != VERSION {
            return None;
        }
        let receipt = Receipt {
            id: r.array()?,
            height: r.small()?,
            index: r.small()?,
            sender: r.array()?,
            target: r.array()?,
            fee: r.number()?,
            verdict: Verdict::decode(&mut r)?,
            error: ErrorText::decode(&mut r)?,
            gas: r.number()?,
            refund: r.number()?,
            schedule: r.small()?,
            meters: Meters::decode(&mut r)?,
            write_set: r.array()?,
            frames: {
                let frames = (0..r.small()?).map(|place| Frame::decode(place, &mut r));
                frames.collect::<Option<Vec<_>>>()?
            },
            events: {
                let events = (0..r.number()?).map(|_| Event::decode(&mut r));
                events.collect::<Option<_>>()?
            },
        };
        r.end()?;
        let frames = receipt.frames.len();
        let in_a_frame = |event: &Event| usize::from(event.frame()) < frames;
        (frames > 0 && receipt.events.iter().all(in_a_frame)).then_some(receipt)
    }
}

impl Verdict {
    #[inline(always)]
    fn encode(&self, w: &mut Writer) {
        match self {
            Verdict::Success => w.u8(tag::SUCCESS),
            Verdict::Refused { code } => {
                w.u8(tag::REFUSED);
                w.u8(*code);
            }
            Verdict::SettlementFailed { reason } => {
                w.u8(tag::SETTLEMENT_FAILED);
                w.string(reason.as_bytes());
            }
            Verdict::Fault { name, reason } => {
                w.u8(tag::FAULT);
                w.string(name.as_bytes());
                w.string(reason.as_bytes());
            }
            Verdict::NotDeployed { reason } => {
                w.u8(tag::NOT_DEPLOYED);
                w.string(reason.as_bytes());
            }
        }
    }

    fn decode(r: &mut Reader<'_>) -> Option<Verdict> {
        Some(match r.u8()? {
            tag::SUCCESS => Verdict::Success,
            tag::REFUSED => Verdict::Refused { code: r.u8()? },
            tag::SETTLEMENT_FAILED => Verdict::SettlementFailed {
                reason: r.string_of_text()?.into(),
            },
            tag::FAULT => Verdict::Fault {
                name: r.string_of_text()?.into(),
                reason: r.string_of_text()?.into(),
            },
            tag::NOT_DEPLOYED => Verdict::NotDeployed {
                reason: r.string_of_text()?.into(),
            },
            _ => return None,
        })
    }
}

impl ErrorText {
    #[inline(always)]
    fn encode(error: Option<&ErrorText>, w: &mut Writer) {
        match error {
            None => w.u8(0),
            Some(error) => {
                w.u8(1);
                w.string(error.bytes());
            }
        }
    }

    fn decode(r: &mut Reader<'_>) -> Option<Option<ErrorText>> {
        match r.u8()? {
            0 => Some(None),
            1 => ErrorText::new(r.string()?.to_vec()).map(Some),
            _ => None,
        }
    }
}

impl Meters {
    #[inline(always)]
    fn encode(&self, w: &mut Writer) {
        w.number(self.cycles);
        w.number(self.instructions);
        w.signed(self.steps);
        w.number(self.memory);
        w.signed(self.state_bytes);
        w.number(self.host_calls.into());
    }

    fn decode(r: &mut Reader<'_>) -> Option<Meters> {
        Some(Meters {
            cycles: r.number()?,
            instructions: r.number()?,
            steps: r.signed()?,
            memory: r.number()?,
            state_bytes: r.signed()?,
            host_calls: r.small()?,
        })
    }
}

impl Frame {
    #[inline(always)]
    fn encode(&self, w: &mut Writer) {
        w.number(self.parent.map_or(0, |parent| u64::from(parent) + 1));
        w.number(self.ordinal.into());
        w.u8(self.kind.code());
        let accounts = [self.receiver, self.caller, self.code];
        w.0.extend_from_slice(accounts.as_flattened());
        w.number(self.action);
        w.number(self.value);
        match &self.work {
            Work::NewAccount => w.u8(tag::NEW_ACCOUNT),
            Work::Transfer => w.u8(tag::TRANSFER),
            Work::Nothing => w.u8(tag::NOTHING),
            Work::SetSchedule {
                from,
                version,
                hash,
            } => {
                w.u8(tag::SET_SCHEDULE);
                w.number((*from).into());
                w.number((*version).into());
                w.array(hash);
            }
            Work::Undeploy { code_hash } => {
                w.u8(tag::UNDEPLOY);
                w.array(code_hash);
            }
            Work::Deploy {
                replaced,
                code_hash,
                semantics,
                engine,
                code_bytes,
                refusal,
            } => {
                match replaced {
                    None => w.u8(tag::DEPLOY),
                    Some(replaced) => {
                        w.u8(tag::UPGRADE);
                        w.array(replaced);
                    }
                }
                w.array(code_hash);
                w.u8(semantics.code());
                w.u8(engine.code());
                w.number((*code_bytes).into());
                w.string(refusal.as_deref().unwrap_or_default().as_bytes());
            }
            Work::Run(run) => {
                w.u8(tag::RUN);
                run.encode(w);
            }
        }
    }

    fn decode(place: u16, r: &mut Reader<'_>) -> Option<Frame> {
        Some(Frame {
            parent: match r.small::<u16>()?.checked_sub(1) {
                Some(parent) if parent >= place => return None,
                parent => parent,
            },
            ordinal: r.small()?,
            kind: FrameKind::from_code(r.u8()?)?,
            receiver: r.array()?,
            caller: r.array()?,
            code: r.array()?,
            action: r.number()?,
            value: r.number()?,
            work: match r.u8()? {
                tag::NEW_ACCOUNT => Work::NewAccount,
                tag::TRANSFER => Work::Transfer,
                tag::NOTHING => Work::Nothing,
                tag::SET_SCHEDULE => Work::SetSchedule {
                    from: r.small()?,
                    version: r.small()?,
                    hash: r.array()?,
                },
                tag::UNDEPLOY => Work::Undeploy {
                    code_hash: r.array()?,
                },
                tag @ (tag::DEPLOY | tag::UPGRADE) => Work::Deploy {
                    replaced: match tag {
                        tag::UPGRADE => Some(r.array()?),
                        _ => None,
                    },
                    code_hash: r.array()?,
                    semantics: Semantics::from_code(r.u8()?)?,
                    engine: EngineId::from_code(r.u8()?)?,
                    code_bytes: r.small()?,
                    refusal: Some(r.string_of_text()?)
                        .filter(|reason| !reason.is_empty())
                        .map(Into::into),
                },
                tag::RUN => Work::Run(RunReceipt::decode(r)?),
                _ => return None,
            },
        })
    }
}

impl RunReceipt {
    #[inline(always)]
    fn encode(&self, w: &mut Writer) {
        w.array(&[self.semantics.code(), self.engine.code()]);
        w.array(&self.code_hash);
        w.array(&self.input_hash);
        self.verdict.encode(w);
        ErrorText::encode(self.error.as_ref(), w);
        w.number(self.cycles);
        w.number(self.instructions);
        w.signed(self.steps);
        w.number(self.gas);
        w.number(self.host_calls.into());
        w.array(&self.host_log);
        w.string(&self.returned);
        w.number(self.prints.len() as u64);
        for print in &self.prints {
            w.u8(u8::from(print.hex));
            w.string(&print.bytes);
        }
    }

    fn decode(r: &mut Reader<'_>) -> Option<RunReceipt> {
        Some(RunReceipt {
            semantics: Semantics::from_code(r.u8()?)?,
            engine: EngineId::from_code(r.u8()?)?,
            code_hash: r.array()?,
            input_hash: r.array()?,
            verdict: Verdict::decode(r)?,
            error: ErrorText::decode(r)?,
            cycles: r.number()?,
            instructions: r.number()?,
            steps: r.signed()?,
            gas: r.number()?,
            host_calls: r.small()?,
            host_log: r.array()?,
            returned: r.string()?.to_vec(),
            prints: {
                let count = r.number()?;
                let prints = (0..count).map(|_| {
                    let hex = match r.u8()? {
                        0 => false,
                        1 => true,
                        _ => return None,
                    };
                    Some(Print {
                        hex,
                        bytes: r.string()?.to_vec(),
                    })
                });
                prints.collect::<Option<_>>()?
            },
        })
    }
}

impl Event {
    fn encode(&self, w: &mut Writer) {
        w.number(self.frame().into());
        w.string(self.name());
        let topics = u8::try_from(self.topics().len()).expect("an event has at most 4 topics");
        w.u8(topics);
        self.topics().iter().for_each(|topic| w.array(topic));
        w.string(self.data());
    }

    fn decode(r: &mut Reader<'_>) -> Option<Event> {
        let (frame, name) = (r.small()?, r.string()?.to_vec());
        let topics = (0..r.u8()?).map(|_| r.array()).collect::<Option<_>>()?;
        Event::new(frame, name, topics, r.string()?.to_vec()).ok()
    }
}
