"""Scenarios of actions, told without a chain: what record.py has an EOS chain do, and the Rust test ours.

A scenario is a list of blocks, a block a list of transactions, a transaction a list of actions. An action is an account,
a name, and what each account does whose part is in its data. `random_scenarios` makes the same ones each time.
"""

import itertools
import json
import random

ACCOUNTS = "abcde"

# The id of a deferred action whose sender fails when it is told of its failure.
FAILS_WHEN_TOLD = "fails when told"


def action(account, name="go", **does):
    return {"account": account, "name": name, "does": does}


def free(account, name="go", **does):
    """A context-free action of a transaction."""
    return {**action(account, name, **does), "context_free": True}


def notify(account):
    return ["notify", account]


def inline(account, name="go", **does):
    return ["inline", action(account, name, **does)]


def context_free(account, name="go", **does):
    return ["context_free", action(account, name, **does)]


def write(row):
    return ["write", row]


def fail(text):
    return ["fail", text]


def defer(number, account, **does):
    """An action for the next block, under an id."""
    return ["defer", number, action(account, **does)]


def defer_and_tell(number, account, **does):
    """The same, and its sender is to be told if it fails."""
    return ["defer_and_tell", number, action(account, **does)]


def cancel(number):
    return ["cancel", number]


def chosen():
    one = lambda name, *actions: {"name": name, "blocks": [[list(actions)]]}
    yield one("a transfer tells both sides", action("a", a=[notify("b"), notify("c"), write(1)], b=[write(1)], c=[write(1)]))
    yield one(
        "who is notified notifies others",
        action("a", a=[notify("b"), notify("c")], b=[notify("d")], c=[notify("e"), notify("d")]),
    )
    yield one("nobody is notified twice", action("a", a=[notify("b"), notify("b"), notify("a")], b=[notify("a"), notify("b")]))
    yield one("inline actions come after those who are notified", action("a", a=[inline("d"), notify("b")], b=[inline("e")]))
    yield one(
        "context-free inline actions come before inline ones",
        action("a", a=[inline("b"), context_free("c"), inline("d"), notify("e")], e=[context_free("b"), inline("c")]),
    )
    yield one(
        "inline actions of inline actions",
        action(
            "a",
            a=[inline("b", b=[inline("c", c=[notify("d"), write(3)]), notify("e")]), inline("d")],
        ),
    )
    yield one("four inline actions deep", action("a", a=nested("bcde", [write(4)])))
    yield one("five inline actions deep", action("a", a=nested("bcdea", [write(5)])))
    yield one("an inline action that fails takes all back", action("a", a=[write(5), inline("b", b=[write(5), fail("no b")])]))
    yield one("who is notified can refuse", action("a", a=[write(6), notify("b")], b=[write(6), fail("not me")]))
    yield one(
        "a context-free inline action that fails",
        action("a", a=[write(7), context_free("b", b=[fail("free no")])]),
    )
    yield one("a failure after a notification", action("a", a=[notify("b"), inline("c", c=[fail("late")])], b=[write(8)]))
    yield one("several actions", action("a", a=[notify("b"), write(9)], b=[write(9)]), action("c", c=[inline("d", d=[write(9)])]))
    yield one("the second of two fails", action("a", a=[write(10)]), action("b", b=[write(10), fail("second")]))
    yield one("the first of two fails", action("a", a=[write(11), fail("first")]), action("b", b=[write(11)]))
    yield one("an action of oneself", action("a", a=[inline("a", a=[write(12)])]))
    yield one(
        "each has its name",
        action("a", "pay", a=[notify("b"), inline("c", "take", c=[notify("d")]), context_free("e", "look")]),
        action("b", "stop"),
    )

    yield one("context-free actions come first", action("a", a=[notify("b")]), free("c", "see"), action("d"), free("d"))
    yield one(
        "context-free actions are numbered before the others",
        free("c"),
        action("a", a=[notify("b"), context_free("e"), inline("d")], b=[inline("a")]),
        action("b"),
    )
    yield one("a context-free action that fails", free("b", b=[fail("too free")]), action("a", a=[write(13)]))
    yield one("an action that fails behind a context-free one", free("b"), action("a", a=[write(14)]), action("b", b=[fail("b")]))

    yield one("a context-free action that notifies", free("b", b=[notify("c")]), action("a", a=[write(15)]))
    yield one("a context-free action that sends", free("b", b=[inline("c")]), action("a", a=[write(16)]))
    yield one("a context-free action that writes", free("b", b=[write(17)]), action("a", a=[write(17)]))
    yield one("a context-free inline action that notifies", action("a", a=[context_free("b", b=[notify("c")]), write(18)]))

    then = lambda name, *blocks: {"name": name, "blocks": [[[did] for did in block] for block in blocks]}
    yield then("a deferred action", [action("a", a=[defer(1, "b", b=[write(20), notify("c")], c=[write(20)])])], [])
    yield then("a deferred action that fails", [action("a", a=[write(22), defer(2, "b", b=[write(21), fail("late")])])], [])
    yield then(
        "a cancelled one does not run",
        [action("a", a=[defer(4, "b", b=[write(23)])]), action("a", a=[cancel(4), write(24)])],
        [],
    )
    yield then("one of a failed transaction does not run", [action("a", a=[defer(5, "b", b=[write(25)]), fail("so not")])], [])
    yield then(
        "they run in the order of sending",
        [action("b", b=[defer(6, "c", c=[write(26)])]), action("a", a=[defer(7, "c", c=[write(27)]), defer(8, "d", d=[inline("e", e=[write(28)])])])],
        [],
    )
    yield then(
        "an id that waits",
        [action("a", a=[defer(11, "b", b=[write(30)])]), action("a", a=[defer(11, "b", b=[write(31)]), write(32)])],
        [],
    )
    yield then(
        "an id that is free again",
        [action("a", a=[defer(12, "b", b=[write(33)]), cancel(12), defer(12, "b", b=[write(34)])])],
        [action("a", a=[defer(12, "c", c=[write(35)])])],
        [],
    )
    yield then(
        "another one has ids of its own",
        [action("a", a=[defer(13, "c", c=[write(36)])]), action("b", b=[cancel(13), defer(13, "d", d=[write(36)])])],
        [],
    )
    yield then("nothing to cancel", [action("a", a=[cancel(14), write(37)])])
    yield then(
        "one that fails stops no other",
        [action("a", a=[defer(15, "b", b=[write(38), fail("stop")]), defer(16, "b", b=[write(39)])])],
        [action("c", c=[write(38)])],
    )
    yield then(
        "one that defers another one",
        [action("a", a=[defer(9, "b", b=[defer(10, "c", c=[write(29)])])])],
        [],
        [],
    )


def told_of():
    """Deferred actions whose sender is told when they fail."""
    then = lambda name, *blocks: {"name": name, "blocks": [[[did] for did in block] for block in blocks]}
    yield then("one that works is not told of", [action("a", a=[defer_and_tell(1, "b", b=[write(1)])])], [])
    yield then("one that fails", [action("a", a=[defer_and_tell(2, "b", b=[write(2), fail("late")]), write(2)])], [])
    yield then("what it has sent fails", [action("a", a=[defer_and_tell(3, "b", b=[write(3), inline("c", c=[fail("too")])])])], [])
    yield then(
        "who fails when told",
        [action("a", a=[defer_and_tell(FAILS_WHEN_TOLD, "b", b=[write(4), fail("late")]), write(4)])],
        [],
        [],
    )
    yield then(
        "each is told of before the next one runs",
        [
            action(
                "a",
                a=[
                    defer_and_tell(5, "b", b=[fail("one")]),
                    defer_and_tell(FAILS_WHEN_TOLD, "c", c=[fail("two")]),
                    defer_and_tell(6, "d", d=[write(5), notify("e")], e=[write(5)]),
                ],
            ),
            action("b", b=[defer_and_tell(5, "a", a=[fail("three")])]),
        ],
        [action("c", c=[write(5)])],
    )


def nested(accounts, does):
    """An inline action of the first account that sends one of the second, and so on; the last one does this."""
    for account in reversed(accounts):
        does = [inline(account, **{account: does})]
    return does


def rows_of(scenario):
    """The rows that a scenario can write, with their accounts, each once and in order."""
    found = set()

    def look(action):
        for account, script in action["does"].items():
            for kind, *what in script:
                if kind == "write":
                    found.add((account, what[0]))
                elif isinstance(what[-1], dict):
                    look(what[-1])

    for block in scenario["blocks"]:
        for actions in block:
            for action in actions:
                look(action)
    return sorted(found)


def random_scenarios(count):
    """So many transactions of a few actions each, of bounded size."""
    chance = random.Random(51)
    rows = itertools.count(1000)

    def named():
        return chance.choice(["go", "pay", "stop"])

    def parts(account, depth, is_free=False):
        """A script for the account, and for some of those that it could notify."""
        others = [other for other in ACCOUNTS if other != account]
        does = {}
        for who in [account, *chance.sample(others, chance.randint(0, 4))]:
            most = 3 if who == account else 2
            script = [did for did in (one(depth, is_free) for _ in range(chance.randint(0, most))) if did]
            if script:
                does[who] = script
        return does

    def one(depth, is_free):
        kind = chance.random()
        account = chance.choice(ACCOUNTS)
        if kind < 0.01:
            return fail(f"no {chance.randrange(100)}")
        if is_free:
            return None
        if kind < 0.4:
            return notify(account)
        if kind < 0.5:
            return write(next(rows))
        # Five deep is one too many.
        if depth == 5:
            return None
        if kind < 0.85:
            return inline(account, named(), **parts(account, depth + 1))
        return context_free(account, named(), **parts(account, depth + 1, True))

    def actions():
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            account = chance.choice(ACCOUNTS)
            yield free(account, named(), **parts(account, 0, True))
        for _ in range(chance.randint(1, 3)):
            account = chance.choice(ACCOUNTS)
            yield action(account, named(), **parts(account, 0))

    for number in range(count):
        script = list(actions())
        # EOS sends no inline action of more than 4,096 bytes.
        while len(json.dumps(script)) > 3000:
            script = list(actions())
        yield {"name": f"random {number}", "blocks": [[script]]}
