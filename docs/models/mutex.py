"""The lock of the library, and how it is taken from a thread that has left without giving it up.

A takes it again and again. B and C wait, and look whether the thread whose turn it is is inside the library: if it is
not, one of them claims the lock, looks again, and takes it. A look stops the thread, so it is exact at its moment, and
old right behind it.
"""

from mc import END, Scenario

FREE = {"turn": 0, "owner": "", "again": 0, "claimed": 0, "A inside": 0, "in section": 0}


def holder(name="A", rounds=2, clear_first=True, loses=None, minds_claims=True, looks_again=True):
    """`loses`: in that round a full stack throws it out of the section, and it gives nothing up."""

    def enter(t):
        t.my["rounds"] = t.my.get("rounds", 0) + 1
        t.store(name + " inside", 1)
        t.fence()

    def take(t):
        if t.load("owner") == name:  # it has left, and the lock is still its own
            return take_again
        seen = t.load("turn")
        t.wait_until(seen % 2 == 0 and t.exchange("turn", seen, seen + 1))

    def name_owner(t):
        t.store("owner", name)
        return begin

    def take_again(t):
        if minds_claims and t.load("claimed") == 1:
            return take

    def look_again(t):
        if looks_again and t.load("owner") != name:  # a claim has ended since
            return take

    def count_again(t):
        t.store("again", t.load("again") + 1)

    steps = section(name, clear_first, enter, rounds, loses)
    begin = steps[0]
    return [enter, take, name_owner, take_again, look_again, count_again] + steps


def section(name, clear_first, restart=None, rounds=1, loses=None):
    def begin(t):
        t.require(t.add("in section", 1) == 1, "two threads have the lock")

    def end(t):
        t.add("in section", -1)
        if loses is not None and t.my["rounds"] == loses:
            return leave

    def check(t):
        t.require(t.load("owner") == name, f"the lock of {name} is another's")

    def give_once(t):
        if t.load("again") > 0:
            t.store("again", t.load("again") - 1)
            return leave

    def give_turn_too_early(t):
        if not clear_first:
            t.store("turn", t.load("turn") + 1)
            t.fence()

    def clear_owner(t):
        t.store("owner", "")

    def give_turn(t):
        if clear_first:
            t.store("turn", t.load("turn") + 1)
        t.fence()

    def leave(t):
        t.store(name + " inside", 0)
        t.fence()
        return restart if t.my.get("rounds", rounds) < rounds else END

    return [begin, end, check, give_once, give_turn_too_early, clear_owner, give_turn, leave]


def watcher(name="B", clear_first=True, looks=True, claims=True, looks_again=True):
    """It waits for A only: while the owner is another waiter, which is inside for certain, it does nothing."""

    def see_owner(t):
        t.my["owner"] = t.load("owner")

    def take_if_free(t):
        seen = t.load("turn")
        if seen % 2 == 0:
            return name_owner if t.exchange("turn", seen, seen + 1) else see_owner
        if t.my["owner"] != "A":
            t.wait_until(t.load("owner") == "A" or t.load("turn") % 2 == 0)
            return see_owner

    def look(t):
        if looks and t.load("A inside") == 1:
            return see_owner

    def claim(t):
        if claims and not t.exchange("claimed", 0, 1):
            return see_owner

    def see_turn(t):
        t.my["turn"] = t.load("turn")

    def see_owner_again(t):
        if t.my["turn"] % 2 == 0 or t.load("owner") != t.my["owner"]:
            return give_up

    def look_again(t):
        if looks and looks_again and t.load("A inside") == 1:
            return give_up

    def take(t):
        if not t.exchange("turn", t.my["turn"], t.my["turn"] + 2):
            return give_up

    def take_owner(t):
        t.store("owner", name)

    def forget_again(t):
        t.store("again", 0)

    def end_claim(t):
        if claims:
            t.store("claimed", 0)
            t.fence()
        return begin

    def give_up(t):
        if claims:
            t.store("claimed", 0)
            t.fence()
        return see_owner

    def name_owner(t):
        t.store("owner", name)

    steps = section(name, clear_first)
    begin = steps[0]
    return [see_owner, take_if_free, look, claim, see_turn, see_owner_again, look_again, take, take_owner, forget_again,
            end_claim, give_up, name_owner] + steps


SCENARIOS = [
    Scenario("mutex: taken again and again, beside a waiter", FREE, [holder(), watcher()]),
    Scenario("mutex: the holder is thrown out of its second turn", FREE, [holder(loses=2), watcher()]),
    Scenario("mutex: the holder is thrown out, and two wait", FREE,
             [holder(rounds=1, loses=1), watcher(), watcher("C")]),
    Scenario("mutex: the holder is thrown out, and comes back", FREE, [holder(loses=1), watcher()]),
    Scenario("mutex: the holder is thrown out and comes back, and two wait", FREE,
             [holder(loses=1), watcher(), watcher("C")]),
    Scenario("mutex: two take it from the same thread", FREE,
             [holder(rounds=1, loses=1), watcher(claims=False), watcher("C", claims=False)], must_fail=True),
    Scenario("mutex: the holder comes back past a claim", FREE,
             [holder(loses=1, minds_claims=False), watcher()], must_fail=True),
    Scenario("mutex: the holder comes back, and misses a claim that has ended", FREE,
             [holder(loses=1, looks_again=False), watcher()], must_fail=True),
    Scenario("mutex: nobody looks again after the claim", FREE,
             [holder(loses=1), watcher(looks_again=False)], must_fail=True),
    Scenario("mutex: the turn is given before the owner is cleared", FREE,
             [holder(clear_first=False), watcher(clear_first=False)], must_fail=True),
    Scenario("mutex: nobody looks at the stack", FREE, [holder(), watcher(looks=False)], must_fail=True),
]
