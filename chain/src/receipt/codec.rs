//! The stored form of receipts, which is what they are hashed by. It never changes.

use super::{ActionReceipt, CallReceipt, Receipt, Verdict};
use crate::wire::{Reader, Writer};
use abi::Semantics;
use bridge::EngineId;
use hostapi::Print;

/// The version of the encoding.
const VERSION: u16 = 1;

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
