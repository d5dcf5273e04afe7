//! The rows of the commands of the local chain: see [`TABLE`](super::table::TABLE).

use super::table::Effect::{self, Refused, Serves, Tested};

/// As [`TABLE`](super::table::TABLE).
pub(super) const CHAIN: &[(&str, &str, Effect)] = &[
    ("account new carol --store chain", "--balance 5", Serves),
    ("account new carol", "--store chain", Serves),
    ("account list", "--store chain", Serves),
    ("account show alice", "--store chain", Serves),
    ("chain mine", "--store chain", Serves),
    ("chain advance --seconds 5", "--store chain", Serves),
    ("chain advance --store chain", "--seconds 5", Serves),
    ("chain deferred", "--store chain", Serves),
    ("chain schedules", "--store chain", Serves),
    (
        "chain schedule wayki --at 100 --from alice",
        "--store chain",
        Serves,
    ),
    (
        "chain schedule wayki --from alice --store chain",
        "--at 100",
        Serves,
    ),
    (
        "chain schedule wayki --at 100 --store chain",
        "--from alice",
        Serves,
    ),
    ("contract list", "--store chain", Serves),
    ("deploy counter.ihx --store chain", "--from alice", Serves),
    ("deploy counter.ihx --from alice", "--store chain", Serves),
    (
        "deploy counter.ihx --from alice --store chain",
        "--reentrant",
        Serves,
    ),
    (
        "deploy counter.ihx --from alice --store chain",
        "--name c",
        Serves,
    ),
    (
        "deploy counter.ihx --from alice --store chain",
        "--semantics dacrs2017",
        Serves,
    ),
    (
        "deploy w.wat --from alice --store chain",
        "--semantics dacrs2017",
        Refused("v1 only"),
    ),
    ("call counter --store chain", "--from alice", Serves),
    ("call counter --from alice", "--store chain", Serves),
    (
        "call counter --from alice --store chain",
        "--input u32:7",
        Serves,
    ),
    (
        "call counter --from alice --store chain",
        "--value 5",
        Serves,
    ),
    (
        "call counter --from alice --store chain",
        "--gas 1_000_000",
        Serves,
    ),
    (
        "call counter --from alice --store chain",
        "--dry-run",
        Serves,
    ),
    (
        "call counter --from alice --store chain",
        "--record out.json",
        Serves,
    ),
    (
        "call counter --from alice --store chain --input @in.bin",
        "--record in.bin",
        Refused("reads that file"),
    ),
    (
        "call counter --from alice --store chain",
        "--fee 500000",
        Refused("use --gas"),
    ),
    (
        "call counter --from alice --store chain",
        "--fuel-rate 2",
        Refused("use --gas"),
    ),
    (
        "call old --from alice --store chain",
        "--fee 500000",
        Serves,
    ),
    (
        "call old --from alice --store chain",
        "--fuel-rate 2",
        Serves,
    ),
    (
        "call old --from alice --store chain",
        "--gas 500000",
        Refused("use --fee"),
    ),
    ("query counter --store chain", "--from bob", Serves),
    ("query counter", "--store chain", Serves),
    ("query counter --store chain", "--input u32:7", Serves),
    ("query counter --store chain", "--gas 1_000_000", Serves),
    ("query counter --store chain", "--timeout 0", Serves),
    (
        "query counter --store chain",
        "--fee 500000",
        Refused("use --gas"),
    ),
    (
        "query counter --store chain",
        "--fuel-rate 2",
        Refused("use --gas"),
    ),
    (
        "query old --from alice --store chain",
        "--fee 500000",
        Serves,
    ),
    (
        "query old --from alice --store chain",
        "--fuel-rate 2",
        Serves,
    ),
    (
        "query old --from alice --store chain",
        "--gas 500000",
        Refused("use --fee"),
    ),
    ("call counter --from alice --store chain", "--calls", Serves),
    (
        "call counter --from alice --store chain",
        "--image counter.ihx",
        Refused("no symbols beside it"),
    ),
    (
        "call counter --from alice --store chain",
        "--image w.wat",
        Refused("is for the 8051"),
    ),
    (
        "call counter --from alice --store chain",
        "--image token.ihx",
        Tested("a_fault_has_its_place_in_each_frame"),
    ),
    ("query counter --store chain", "--calls", Serves),
    (
        "query counter --store chain",
        "--image counter.ihx",
        Refused("no symbols beside it"),
    ),
    (
        "query counter --store chain",
        "--image w.wat",
        Refused("is for the 8051"),
    ),
    (
        "query counter --store chain",
        "--image token.ihx",
        Tested("a_fault_has_its_place_in_each_frame"),
    ),
    (
        "transact actions.toml --from alice --store chain",
        "--calls",
        Tested("actions_have_a_tree"),
    ),
    (
        "transact actions.toml --from alice --store chain",
        "--image token.ihx",
        Tested("actions_have_a_tree"),
    ),
    (
        "test t.scenario.toml",
        "--calls",
        Tested("a_failing_step_has_its_tree"),
    ),
    ("state counter --store chain", "--prefix ff", Serves),
    (
        "state counter ff --store chain",
        "--prefix ff",
        Refused("cannot be used with"),
    ),
    ("state counter", "--store chain", Serves),
    ("state export out.state", "--store chain", Serves),
    ("state import all.state", "--store empty", Serves),
    ("state check", "--store chain", Serves),
    ("receipt 00", "--store chain", Serves),
    (
        "trace 00",
        "--store chain",
        Tested("each_transaction_comes_out_again"),
    ),
    (
        "trace 00 --store chain",
        "--rwset",
        Tested("a_trace_shows_calls_and_what_was_read_and_written"),
    ),
    (
        "trace 00 --store chain",
        "--image token.ihx",
        Tested("an_image_that_the_store_lacks_is_named"),
    ),
    (
        "trace 00 --store chain",
        "--engine wasm=wasmi",
        Tested("the_engine_option_takes_what_the_build_has"),
    ),
    ("events", "--store chain", Serves),
    (
        "events --store chain",
        "--contract counter",
        Tested("events_are_chosen_by_contract_name_and_height"),
    ),
    (
        "events --store chain",
        "--name swapped",
        Tested("events_are_chosen_by_contract_name_and_height"),
    ),
    (
        "events --store chain",
        "--from 5",
        Tested("events_are_chosen_by_contract_name_and_height"),
    ),
    (
        "events --store chain",
        "--limit 5",
        Tested("a_limit_says_where_the_events_go_on"),
    ),
    ("events --store chain", "--from 6", Refused("at most that")),
    ("events --store chain", "--limit 0", Refused("at least 1")),
    ("block", "--store chain", Serves),
    ("rollback 1", "--store chain", Serves),
];
