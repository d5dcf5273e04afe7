//! [`Requests`]: what a run asks for beyond its data.

use crate::actions::FollowUp;
use crate::app_funds::{self, FundRecord};
use crate::outputs::Output;
use crate::prints::Print;

/// The requests of a run besides changes of its data, granted after it by [`fn@crate::settle`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// The output records, in order of the calls.
    pub outputs: Vec<Output>,
    /// The operations on app accounts, in order of the calls.
    pub funds: Vec<FundRecord>,
    /// What it has sent with calls of other contracts, and paid for deferred actions, in the smallest unit.
    pub sent: u64,
    /// What came back to it of deferred actions that it cancelled, in the smallest unit.
    pub come_back: u64,
    /// What is to follow the run, in order of the calls; an inline action's amount is in `sent` already.
    pub follow_ups: Vec<FollowUp>,
    /// What it printed.
    pub prints: Vec<Print>,
}

impl Requests {
    /// The operations on app accounts in the order in which they are made: users in byte order, each
    /// one's in order of the calls.
    #[must_use]
    pub fn funds_in_order(&self) -> Vec<&FundRecord> {
        app_funds::in_order(&self.funds)
    }
}
