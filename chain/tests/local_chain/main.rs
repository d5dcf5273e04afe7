//! The chain as its users see it: one program of tests, so that it is linked once.

mod action_limits;
mod action_money;
mod action_trees;
mod actions;
mod atomicity;
mod call_accounts;
mod call_nodes;
mod call_trees;
mod calls;
mod common;
mod deferred;
mod deferred_bounds;
mod dry_runs;
mod eos;
mod hostile;
mod killed_process;
mod money;
mod money_property;
mod objects;
mod old_rules;
mod past;
mod prices;
mod receipts;
mod transactions;
mod upgrades;
mod whole_state;
