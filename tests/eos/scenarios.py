"""Scenarios of actions, told without a chain: what record.py has an EOS chain do, and the Rust test ours.

A scenario is a list of blocks, a block a list of transactions, a transaction a list of actions. An action is an account
and what each account does whose part is in its data. `random_scenarios` makes the same ones each time.
"""

import itertools
import random

ACCOUNTS = "abcde"


def action(account, **does):
    return {"account": account, "does": does}


def notify(account):
    return ["notify", account]


def inline(account, **does):
    return ["inline", action(account, **does)]


def context_free(account, **does):
    return ["context_free", action(account, **does)]


def write(row):
    return ["write", row]


def fail(text):
    return ["fail", text]


def defer(number, account, **does):
    """An action for the next block, under an id."""
    return ["defer", number, action(account, **does)]


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
    yield one("an action of oneself", action("a", a=[inline("a", b=[write(12)])]))

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
        "one that defers another one",
        [action("a", a=[defer(9, "b", b=[defer(10, "c", c=[write(29)])])])],
        [],
        [],
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
    """So many transactions of a few actions each."""
    chance = random.Random(51)
    rows = itertools.count(1000)

    def parts(depth, is_free):
        does = {}
        for account in chance.sample(ACCOUNTS, chance.randint(1, 3)):
            does[account] = [did for did in (one(depth, is_free) for _ in range(chance.randint(0, 3))) if did]
        return does

    def one(depth, is_free):
        kind = chance.random()
        account = chance.choice(ACCOUNTS)
        if kind < 0.05:
            return fail(f"no {chance.randrange(100)}")
        if is_free:
            return None
        if kind < 0.4:
            return notify(account)
        if kind < 0.55:
            return write(next(rows))
        if depth < 3 and kind < 0.85:
            return inline(account, **with_own(account, parts(depth + 1, False)))
        if depth < 3:
            return context_free(account, **with_own(account, parts(depth + 1, True)))
        return None

    def with_own(account, does):
        does.setdefault(account, [])
        return does

    for number in range(count):
        actions = []
        for _ in range(chance.randint(1, 3)):
            account = chance.choice(ACCOUNTS)
            actions.append(action(account, **with_own(account, parts(0, False))))
        yield {"name": f"random {number}", "blocks": [[actions]]}
