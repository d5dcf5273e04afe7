//! [`Receipt`]: what became of a transaction, in a form that never changes.

use crate::error::ChainError;
use crate::names::RegIdText;
use crate::wire::{Reader, Writer};
use abi::Semantics;
use bridge::{EngineId, Fault, Outcome};
use hostapi::Print;
use hostapi::hash::blake2b;
use hostapi::prints::visible;
use state::keys::{Hash, RegId};
use std::fmt;

/// The version of the encoding.
const VERSION: u16 = 1;

/// What became of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction's id.
    pub id: Hash,
    /// The height of its block.
    pub height: u32,
    /// Its place in the block, counted from 0.
    pub index: u16,
    /// Who sent it.
    pub sender: RegId,
    /// The contract called or deployed, or the account made.
    pub target: RegId,
    /// What the sender paid for it, in the smallest unit.
    pub fee: u64,
    /// What it did.
    pub action: ActionReceipt,
}

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionReceipt {
    /// Made an account.
    NewAccount {
        /// The gas it took, for which nobody pays.
        gas: u64,
    },
    /// Moved money from one account to another.
    Transfer {
        /// How much, in the smallest unit.
        amount: u64,
        /// The gas charged.
        gas: u64,
    },
    /// Deployed a contract.
    Deploy {
        /// The hash of its image.
        code_hash: Hash,
        /// The rules it runs under.
        semantics: Semantics,
        /// What runs it.
        engine: EngineId,
        /// The size of its image in bytes.
        code_bytes: u32,
        /// The gas charged.
        gas: u64,
        /// Why there is no contract, where the image cannot be run.
        refusal: Option<String>,
    },
    /// Called a contract.
    Call(Box<CallReceipt>),
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReceipt {
    /// The rules it ran under.
    pub semantics: Semantics,
    /// What ran it.
    pub engine: EngineId,
    /// The version of the gas schedule.
    pub schedule: u16,
    /// The hash of the contract's image.
    pub code_hash: Hash,
    /// BLAKE2b of the input.
    pub input_hash: Hash,
    /// What was sent with the call, in the smallest unit.
    pub value: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// Machine cycles.
    pub cycles: u64,
    /// Instructions executed.
    pub instructions: u64,
    /// The old chain's step counter.
    pub steps: i64,
    /// Gas used, before anything was given back.
    pub gas: u64,
    /// Gas given back.
    pub refund: u64,
    /// How many calls into the host it made.
    pub host_calls: u32,
    /// BLAKE2b of the host-call log, see [`crate::hostlog`].
    pub host_log: Hash,
    /// What it printed.
    pub prints: Vec<Print>,
}

/// How a call ended. Only after a success are the contract's changes kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The contract ended with exit code 1 and got what it asked for.
    Success,
    /// The contract ended with another exit code.
    Refused {
        /// The code.
        code: u8,
    },
    /// The contract ended with exit code 1, but asked for something it must not have, or cost more than
    /// its fee.
    SettlementFailed {
        /// Why.
        reason: String,
    },
    /// The contract could not go on.
    Fault {
        /// The fault's name, as in [`Fault::name`].
        name: String,
        /// The same as a sentence.
        reason: String,
    },
}

impl Verdict {
    /// `success`, `refused` or `fault`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Verdict::Success => "success",
            Verdict::Refused { .. } | Verdict::SettlementFailed { .. } => "refused",
            Verdict::Fault { .. } => "fault",
        }
    }

    /// Whether the changes were kept.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Verdict::Success)
    }

    /// The contract's exit code, where it reached its exit.
    #[must_use]
    pub const fn exit_code(&self) -> Option<u8> {
        match self {
            Verdict::Success | Verdict::SettlementFailed { .. } => Some(1),
            Verdict::Refused { code } => Some(*code),
            Verdict::Fault { .. } => None,
        }
    }

    /// The name of the fault, if there was one.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        match self {
            Verdict::Fault { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Why there is no success, as a sentence.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Verdict::SettlementFailed { reason } | Verdict::Fault { reason, .. } => Some(reason),
            Verdict::Success | Verdict::Refused { .. } => None,
        }
    }
}

impl From<Fault> for Verdict {
    fn from(fault: Fault) -> Verdict {
        Verdict::Fault {
            name: fault.name().into(),
            reason: fault.to_string(),
        }
    }
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Success => Verdict::Success,
            Outcome::Refused { code } => Verdict::Refused { code: code.0 },
            Outcome::Fault { fault } => fault.into(),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Success => write!(f, "success"),
            Verdict::Refused { code } => write!(f, "refused with exit code {code}"),
            Verdict::SettlementFailed { reason } => write!(f, "refused: {reason}"),
            Verdict::Fault { name, reason } => write!(f, "fault {name}: {reason}"),
        }
    }
}

/// The tags of [`ActionReceipt`] and [`Verdict`] in the encoding.
mod tag {
    pub(super) const NEW_ACCOUNT: u8 = 1;
    pub(super) const DEPLOY: u8 = 2;
    pub(super) const CALL: u8 = 3;
    pub(super) const TRANSFER: u8 = 4;
    pub(super) const SUCCESS: u8 = 1;
    pub(super) const REFUSED: u8 = 2;
    pub(super) const SETTLEMENT_FAILED: u8 = 3;
    pub(super) const FAULT: u8 = 4;
}

impl Receipt {
    /// The call's part, if the transaction was one.
    #[must_use]
    pub fn call(&self) -> Option<&CallReceipt> {
        match &self.action {
            ActionReceipt::Call(call) => Some(call),
            ActionReceipt::NewAccount { .. }
            | ActionReceipt::Transfer { .. }
            | ActionReceipt::Deploy { .. } => None,
        }
    }

    /// The gas used, before anything was given back.
    #[must_use]
    pub fn gas(&self) -> u64 {
        match &self.action {
            ActionReceipt::NewAccount { gas }
            | ActionReceipt::Transfer { gas, .. }
            | ActionReceipt::Deploy { gas, .. } => *gas,
            ActionReceipt::Call(call) => call.gas,
        }
    }

    /// The gas the sender was charged for: what was used, less what was given back.
    #[must_use]
    pub fn gas_charged(&self) -> u64 {
        match &self.action {
            ActionReceipt::NewAccount { gas }
            | ActionReceipt::Transfer { gas, .. }
            | ActionReceipt::Deploy { gas, .. } => *gas,
            ActionReceipt::Call(call) => call.gas.saturating_sub(call.refund),
        }
    }

    /// What it says to people: names and values, a line each. A value is as the contract has it: [`visible`] makes it
    /// stay within its line.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let (sender, target) = (RegIdText(self.sender), RegIdText(self.target));
        let mut rows = vec![
            ("transaction", hex::encode(self.id)),
            ("block", format!("{}, index {}", self.height, self.index)),
        ];
        match &self.action {
            ActionReceipt::NewAccount { gas } => rows.extend([
                ("new account", target.to_string()),
                ("cost", format!("{gas} gas, fee {}", self.fee)),
            ]),
            ActionReceipt::Transfer { amount, gas } => rows.extend([
                ("transfer", format!("{sender} to {target}, amount {amount}")),
                ("cost", format!("{gas} gas, fee {}", self.fee)),
            ]),
            ActionReceipt::Deploy {
                code_hash,
                semantics,
                engine,
                code_bytes,
                gas,
                refusal,
            } => {
                match refusal {
                    None => rows.push(("deploy", format!("{target}, by {sender}"))),
                    Some(reason) => rows.extend([
                        ("deploy", format!("nothing, by {sender}")),
                        ("outcome", format!("refused: {reason}")),
                    ]),
                }
                rows.extend([
                    (
                        "code",
                        format!("{} ({code_bytes} bytes)", hex::encode(code_hash)),
                    ),
                    ("engine", format!("{engine}, semantics {semantics}")),
                    ("cost", format!("{gas} gas, fee {}", self.fee)),
                ]);
            }
            ActionReceipt::Call(call) => {
                let CallReceipt {
                    cycles,
                    instructions,
                    steps,
                    gas,
                    refund,
                    value,
                    verdict,
                    ..
                } = call.as_ref();
                rows.extend([
                    ("call", format!("{sender} to {target}, value {value}")),
                    ("outcome", verdict.to_string()),
                ]);
                // WebAssembly has none of these.
                if call.engine == EngineId::Mcs51 {
                    let ran = format!(
                        "{cycles} machine cycles, {instructions} instructions, {steps} steps"
                    );
                    rows.push(("ran", ran));
                }
                rows.extend([(
                    "cost",
                    format!("{gas} gas less {refund} given back, fee {}", self.fee),
                )]);
                let prints = call.prints.iter();
                rows.extend(prints.map(|print| ("printed", print.to_string())));
            }
        }
        rows
    }

    /// Why an image was not deployed, if the transaction was to deploy one and it cannot be run.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match &self.action {
            ActionReceipt::Deploy { refusal, .. } => refusal.as_deref(),
            ActionReceipt::NewAccount { .. }
            | ActionReceipt::Transfer { .. }
            | ActionReceipt::Call(_) => None,
        }
    }

    /// The receipt of a deployment, unless there is no contract.
    ///
    /// # Errors
    /// [`ChainError::NotDeployed`].
    pub fn deployed(&self) -> Result<&Receipt, ChainError> {
        match self.refusal() {
            Some(reason) => Err(ChainError::NotDeployed {
                reason: reason.into(),
            }),
            None => Ok(self),
        }
    }

    /// The BLAKE2b of the encoding.
    #[must_use]
    pub fn hash(&self) -> Hash {
        blake2b(&self.encode())
    }

    /// The stored form. All numbers are little-endian:
    ///
    /// ```text
    /// version 2 · id 32 · height 4 · index 2 · sender 6 · target 6 · fee 8 · tag 1
    /// account: gas 8
    /// transfer: amount 8 · gas 8
    /// deploy:  code hash 32 · semantics 1 · engine 1 · code bytes 4 · gas 8 · refusal (empty for none)
    /// call:    semantics 1 · engine 1 · schedule 2 · code hash 32 · input hash 32 · value 8
    ///          verdict 1 · code 1 (refused) | reason (settlement failed) | name, reason (fault)
    ///          cycles 8 · instructions 8 · steps 8 · gas 8 · refund 8 · host calls 4 · host log 32
    ///          prints 4 · each: hex 1, text
    /// ```
    ///
    /// Texts have their length in front (4).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(224); // a successful call that prints nothing takes 218
        w.u16(VERSION);
        w.array(&self.id);
        w.u32(self.height);
        w.u16(self.index);
        w.array(&self.sender);
        w.array(&self.target);
        w.u64(self.fee);
        match &self.action {
            ActionReceipt::NewAccount { gas } => {
                w.u8(tag::NEW_ACCOUNT);
                w.u64(*gas);
            }
            ActionReceipt::Transfer { amount, gas } => {
                w.u8(tag::TRANSFER);
                w.u64(*amount);
                w.u64(*gas);
            }
            ActionReceipt::Deploy {
                code_hash,
                semantics,
                engine,
                code_bytes,
                gas,
                refusal,
            } => {
                w.u8(tag::DEPLOY);
                w.array(code_hash);
                w.u8(semantics.code());
                w.u8(engine.code());
                w.u32(*code_bytes);
                w.u64(*gas);
                w.text(refusal.as_deref().unwrap_or_default());
            }
            ActionReceipt::Call(call) => {
                w.u8(tag::CALL);
                call.encode(&mut w);
            }
        }
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
            height: r.u32()?,
            index: r.u16()?,
            sender: r.array()?,
            target: r.array()?,
            fee: r.u64()?,
            action: match r.u8()? {
                tag::NEW_ACCOUNT => ActionReceipt::NewAccount { gas: r.u64()? },
                tag::TRANSFER => ActionReceipt::Transfer {
                    amount: r.u64()?,
                    gas: r.u64()?,
                },
                tag::DEPLOY => ActionReceipt::Deploy {
                    code_hash: r.array()?,
                    semantics: Semantics::from_code(r.u8()?)?,
                    engine: EngineId::from_code(r.u8()?)?,
                    code_bytes: r.u32()?,
                    gas: r.u64()?,
                    refusal: Some(r.text()?)
                        .filter(|reason| !reason.is_empty())
                        .map(Into::into),
                },
                tag::CALL => ActionReceipt::Call(Box::new(CallReceipt::decode(&mut r)?)),
                _ => return None,
            },
        };
        r.end()?;
        Some(receipt)
    }
}

impl CallReceipt {
    fn encode(&self, w: &mut Writer) {
        w.u8(self.semantics.code());
        w.u8(self.engine.code());
        w.u16(self.schedule);
        w.array(&self.code_hash);
        w.array(&self.input_hash);
        w.u64(self.value);
        match &self.verdict {
            Verdict::Success => w.u8(tag::SUCCESS),
            Verdict::Refused { code } => {
                w.u8(tag::REFUSED);
                w.u8(*code);
            }
            Verdict::SettlementFailed { reason } => {
                w.u8(tag::SETTLEMENT_FAILED);
                w.text(reason);
            }
            Verdict::Fault { name, reason } => {
                w.u8(tag::FAULT);
                w.text(name);
                w.text(reason);
            }
        }
        w.u64(self.cycles);
        w.u64(self.instructions);
        w.i64(self.steps);
        w.u64(self.gas);
        w.u64(self.refund);
        w.u32(self.host_calls);
        w.array(&self.host_log);
        let prints = u32::try_from(self.prints.len()).expect("a run's gas does not buy 4 G prints");
        w.u32(prints);
        for print in &self.prints {
            w.u8(u8::from(print.hex));
            w.bytes(&print.bytes);
        }
    }

    fn decode(r: &mut Reader<'_>) -> Option<CallReceipt> {
        Some(CallReceipt {
            semantics: Semantics::from_code(r.u8()?)?,
            engine: EngineId::from_code(r.u8()?)?,
            schedule: r.u16()?,
            code_hash: r.array()?,
            input_hash: r.array()?,
            value: r.u64()?,
            verdict: match r.u8()? {
                tag::SUCCESS => Verdict::Success,
                tag::REFUSED => Verdict::Refused { code: r.u8()? },
                tag::SETTLEMENT_FAILED => Verdict::SettlementFailed {
                    reason: r.text()?.into(),
                },
                tag::FAULT => Verdict::Fault {
                    name: r.text()?.into(),
                    reason: r.text()?.into(),
                },
                _ => return None,
            },
            cycles: r.u64()?,
            instructions: r.u64()?,
            steps: r.i64()?,
            gas: r.u64()?,
            refund: r.u64()?,
            host_calls: r.u32()?,
            host_log: r.array()?,
            prints: {
                let count = r.u32()?;
                let prints = (0..count).map(|_| {
                    let hex = match r.u8()? {
                        0 => false,
                        1 => true,
                        _ => return None,
                    };
                    Some(Print {
                        hex,
                        bytes: r.bytes()?.to_vec(),
                    })
                });
                prints.collect::<Option<_>>()?
            },
        })
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (name, value)) in self.rows().into_iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{name:<12} {}", visible(&value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call(verdict: Verdict) -> Receipt {
        Receipt {
            id: [0x11; 32],
            height: 0x0102_0304,
            index: 5,
            sender: [8, 0, 0, 0, 1, 0],
            target: [9, 0, 0, 0, 2, 0],
            fee: 777,
            action: ActionReceipt::Call(Box::new(CallReceipt {
                semantics: Semantics::V1,
                engine: EngineId::Mcs51,
                schedule: 1,
                code_hash: [0x22; 32],
                input_hash: [0x33; 32],
                value: 500,
                verdict,
                cycles: 1000,
                instructions: 600,
                steps: -3,
                gas: 1234,
                refund: 56,
                host_calls: 7,
                host_log: [0x44; 32],
                prints: vec![Print {
                    hex: true,
                    bytes: vec![0xDE, 0xAD],
                }],
            })),
        }
    }

    fn verdicts() -> [Verdict; 4] {
        [
            Verdict::Success,
            Verdict::Refused { code: 4 },
            Verdict::SettlementFailed {
                reason: "unbalanced".into(),
            },
            Verdict::Fault {
                name: "out_of_gas".into(),
                reason: "out of gas".into(),
            },
        ]
    }

    // Written down with Python's struct and hashlib modules from the documentation of `encode`.
    #[test]
    fn encoding_is_the_documented_one_to_the_byte() {
        let golden = "\
            0100111111111111111111111111111111111111111111111111111111111111111104030201050008000000\
            0100090000000200090300000000000003010101002222222222222222222222222222222222222222222222\
            2222222222222222223333333333333333333333333333333333333333333333333333333333333333f40100\
            0000000000040a0000006f75745f6f665f6761730a0000006f7574206f6620676173e8030000000000005802\
            000000000000fdffffffffffffffd20400000000000038000000000000000700000044444444444444444444\
            44444444444444444444444444444444444444444444010000000102000000dead";
        let [.., fault] = verdicts();
        let receipt = call(fault);
        assert_eq!(hex::encode(receipt.encode()), golden);
        assert_eq!(
            hex::encode(receipt.hash()),
            "712f73beb77afeabe779f7c4e2b8668f43ecf3a0ab4c1837014166f2069fae0d"
        );
    }

    #[test]
    fn every_kind_of_receipt_reads_back() {
        let mut receipts: Vec<Receipt> = verdicts().into_iter().map(call).collect();
        for refusal in [None, Some("no header".into())] {
            let action = ActionReceipt::Deploy {
                code_hash: [7; 32],
                semantics: Semantics::Dacrs2014,
                engine: EngineId::Wasm,
                code_bytes: 4096,
                gas: 819_200,
                refusal,
            };
            receipts.push(Receipt {
                action,
                ..receipts[0].clone()
            });
        }
        receipts.push(Receipt {
            action: ActionReceipt::Transfer { amount: 7, gas: 9 },
            ..receipts[0].clone()
        });
        receipts.push(Receipt {
            action: ActionReceipt::NewAccount { gas: 20_100 },
            ..receipts[0].clone()
        });
        for receipt in receipts {
            let bytes = receipt.encode();
            assert_eq!(Receipt::decode(&bytes).as_ref(), Some(&receipt));
            for length in 0..bytes.len() {
                assert_eq!(
                    Receipt::decode(&bytes[..length]),
                    None,
                    "cut to {length} bytes"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn no_other_bytes_stand_for_a_receipt(at in 0usize..400, byte: u8) {
            let [.., fault] = verdicts();
            let mut bytes = call(fault).encode();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Some(receipt) = Receipt::decode(&bytes) {
                prop_assert_eq!(receipt.encode(), bytes);
            }
        }
    }
}
