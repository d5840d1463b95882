"""The lock of the library, and how it is taken from a thread that has left without giving it up.

A takes it again and again. B waits, and looks whose turn it is and whether that thread is inside the library: if it is
not, B takes the lock from it. The look stops the thread, so it is exact at its moment, and old right behind it.
"""

from mc import END, Scenario

FREE = {"turn": 0, "owner": "", "A inside": 0, "B inside": 0, "in section": 0}


def holder(name="A", rounds=2, by_turn=True, clear_first=True, loses=False):
    """`loses`: a full stack throws it out of the last section, and it gives nothing up."""

    def enter(t):
        t.my["rounds"] = t.my.get("rounds", 0) + 1
        t.store(name + " inside", 1)
        t.fence()

    def take(t):
        if by_turn:
            seen = t.load("turn")
            t.wait_until(seen % 2 == 0 and t.exchange("turn", seen, seen + 1))
        else:
            t.wait_until(t.exchange("owner", "", name))

    def name_owner(t):
        if by_turn:
            t.store("owner", name)

    return [enter, take, name_owner] + section(name, by_turn, clear_first, enter, rounds, loses)


def section(name, by_turn, clear_first, again=None, rounds=1, loses=False):
    def begin(t):
        t.require(t.add("in section", 1) == 1, "two threads have the lock")

    def end(t):
        t.add("in section", -1)
        if loses and t.my["rounds"] == rounds:
            return leave

    def check(t):
        t.require(t.load("owner") == name, f"the lock of {name} is another's")

    def give_turn_too_early(t):
        if by_turn and not clear_first:
            t.store("turn", t.load("turn") + 1)
            t.fence()

    def clear_owner(t):
        t.store("owner", "")

    def give_turn(t):
        if by_turn and clear_first:
            t.store("turn", t.load("turn") + 1)
        t.fence()

    def leave(t):
        t.store(name + " inside", 0)
        t.fence()
        return again if t.my.get("rounds", rounds) < rounds else END

    return [begin, end, check, give_turn_too_early, clear_owner, give_turn, leave]


def watcher(by_turn=True, clear_first=True, looks=True):
    def see_turn(t):
        t.my["turn"] = t.load("turn")

    def see_owner(t):
        t.my["owner"] = t.load("owner")

    def take_if_free(t):
        if by_turn and t.my["turn"] % 2 == 0:
            return name_owner if t.exchange("turn", t.my["turn"], t.my["turn"] + 1) else see_turn
        if not by_turn and not t.my["owner"]:
            return begin if t.exchange("owner", "", "B") else see_turn
        if not t.my["owner"]:
            return see_turn

    def look(t):
        if looks and t.load("A inside") == 1:
            return see_turn

    def take_from_who_left(t):
        if by_turn:
            return name_owner if t.exchange("turn", t.my["turn"], t.my["turn"] + 2) else see_turn
        return begin if t.exchange("owner", t.my["owner"], "B") else see_turn

    def name_owner(t):
        t.store("owner", "B")

    steps = section("B", by_turn, clear_first)
    begin = steps[0]
    return [see_turn, see_owner, take_if_free, look, take_from_who_left, name_owner] + steps


SCENARIOS = [
    Scenario("mutex: taken again and again, beside who waits", FREE, [holder(), watcher()]),
    Scenario("mutex: the holder is thrown out of its second turn", FREE, [holder(loses=True), watcher()]),
    Scenario("mutex: whoever waits knows the thread, not the turn", FREE,
             [holder(by_turn=False), watcher(by_turn=False)], must_fail=True),
    Scenario("mutex: the turn is given before the owner is cleared", FREE,
             [holder(clear_first=False), watcher(clear_first=False)], must_fail=True),
    Scenario("mutex: nobody looks at the stack", FREE, [holder(), watcher(looks=False)], must_fail=True),
]
