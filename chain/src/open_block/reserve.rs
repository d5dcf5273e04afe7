//! The fee of a transaction that is executed frame by frame: taken before it, and what is left given back.

use super::OpenBlock;
use super::actions::{Failed, Stop, UnderWay};
use super::outcome::{BlockPlace, Cost, Done};
use crate::error::ChainError;
use crate::receipt::Verdict;
use abi::Gas;
use hostapi::accounts::give_back;
use state::keys::RegId;

/// A fee that is paid for as much gas as a transaction may use.
pub(super) struct Reserved {
    /// Who has paid, and gets the rest.
    payer: RegId,
    /// The most gas.
    gas: Gas,
    /// The price of one, in the smallest unit.
    price: u64,
    /// Where the block stood once it was paid.
    paid: BlockPlace,
    /// Whether it was paid in an earlier block. The payer can have filled its account since, and then gets what fits.
    is_prepaid: bool,
}

impl OpenBlock<'_> {
    /// Takes the price of `gas` from `payer`, who must have a key.
    ///
    /// # Errors
    /// If the payer cannot pay, or the node fails.
    pub(super) fn reserve(
        &mut self,
        payer: RegId,
        gas: Gas,
        price: u64,
    ) -> Result<Reserved, ChainError> {
        self.pay(&payer, gas.0.saturating_mul(price))?;
        Ok(Reserved {
            payer,
            gas,
            price,
            paid: self.place(),
            is_prepaid: false,
        })
    }

    /// What `payer` has paid in an earlier block.
    pub(super) fn prepaid(&self, payer: RegId, gas: Gas, price: u64) -> Reserved {
        Reserved {
            payer,
            gas,
            price,
            paid: self.place(),
            is_prepaid: true,
        }
    }

    /// Ends a transaction: reverts all that was done since its fee was reserved if it failed, and gives back what is
    /// left of the fee. It used `before` gas beside what its runs used.
    ///
    /// # Errors
    /// If the node fails.
    pub(super) fn conclude(
        &mut self,
        reserved: &Reserved,
        before: Gas,
        mut under: UnderWay<'_>,
        result: Result<(), Stop>,
    ) -> Result<Done, ChainError> {
        let Reserved {
            payer,
            gas: limit,
            price,
            ref paid,
            is_prepaid,
        } = *reserved;
        let gas = before.0.saturating_add(under.used.0);
        let most = self.chain.genesis().network.max_amount();
        let taken = limit.0.saturating_mul(price);
        let fee_of = |refund: Gas| gas.saturating_sub(refund.0).saturating_mul(price);
        let mut refund = Gas::ZERO;
        let mut fee = taken;
        let result = match result {
            Ok(()) => {
                refund = under.refund();
                let rest = taken.saturating_sub(fee_of(refund));
                let given = give_back(&mut self.state, &payer, rest, most)?;
                fee -= given;
                match given == rest || is_prepaid {
                    true => Ok(()),
                    false => Err(Failed {
                        verdict: Verdict::SettlementFailed {
                            reason: format!("the sender would hold more than {most}"),
                        },
                        error: None,
                    }),
                }
            }
            Err(Stop::Failed(failed)) => Err(*failed),
            Err(Stop::Node(error)) => return Err(error),
        };
        let (verdict, error) = match result {
            Ok(()) => (Verdict::Success, None),
            Err(failed) => {
                self.go_back(*paid);
                under.events.clear();
                refund = Gas::ZERO;
                let rest = taken.saturating_sub(fee_of(refund));
                fee = taken - give_back(&mut self.state, &payer, rest, most)?;
                (failed.verdict, failed.error)
            }
        };
        Ok(Done {
            verdict,
            error,
            frames: under.frames,
            events: under.events,
            cost: Cost {
                gas,
                refund: refund.0,
                fee,
                memory: under.memory,
            },
        })
    }
}
