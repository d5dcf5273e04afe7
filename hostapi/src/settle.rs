//! What happens after a run that succeeded: everything the contract asked for is checked and made.

use crate::app_funds;
use crate::context::CallContext;
use crate::failure::Failure;
use crate::outputs;
use crate::refusal::SettleRefusal;
use crate::requests::Requests;
use state::Overlay;

/// Checks and makes what a contract asked for in a run that succeeded, in the original's order: the
/// output records are checked, then paid, then the account check is made if it is on, then the app
/// accounts change. The sum of all balances stays what it was.
///
/// # Errors
/// [`Failure::Contract`] fails the transaction; [`Failure::Node`] gives it up. Either way `state` is
/// as it was before the call.
pub fn settle(
    requests: &Requests,
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), Failure<SettleRefusal>> {
    let before = state.checkpoint();
    let result = make(requests, state, context);
    if result.is_err() {
        state.revert(before);
    }
    result
}

fn make(
    requests: &Requests,
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), Failure<SettleRefusal>> {
    outputs::check(&requests.outputs, state, context)?;
    outputs::apply(&requests.outputs, state, context)?;
    if context.account_check {
        let debits = outputs::own_debits(&requests.outputs, state, context)?;
        let paid = context.pay_amount.cast_signed();
        // Amounts that come back can be sent again and again, so their sum has no bound.
        let moved = i128::from(requests.sent) - i128::from(requests.come_back);
        let moved = i64::try_from(moved).ok();
        let change = debits
            .zip(moved)
            .and_then(|(debits, moved)| paid.checked_sub(debits.checked_add(moved)?));
        if change.is_none() || change != app_funds::net(&requests.funds) {
            return Err(SettleRefusal::AccountCheck.into());
        }
    }
    app_funds::apply(&requests.funds, state, context)
}
