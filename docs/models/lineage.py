"""The locks of all spaces of a lineage are taken while others fork and close: Lineage.lock, Space.fork, Space.close.

Space 0 is there first; a fork of the newest space gets the next number. A thread that migrates takes the locks of all.
"""

from mc import END, Scenario

FORKS = 3
MEMORY = dict({"gate": 0, "added": 0, "open": (0,)}, **{f"lock {space}": 0 for space in range(FORKS + 1)})


def locker(gate=True, second_look=True, rounds_max=2):
    """Lists the open spaces and takes those locks that it has not, until nothing was added meanwhile."""

    def raise_gate(t):
        t.my["locked"] = ()
        t.my["rounds"] = 0
        if gate:
            t.store("gate", 1)
            t.fence()

    def look(t):
        t.my["rounds"] += 1
        t.require(t.my["rounds"] <= rounds_max, "whoever locks a lineage runs after its forks")
        t.my["seen"] = t.load("added")

    def list_open(t):
        t.my["todo"] = tuple(space for space in t.load("open") if space not in t.my["locked"])

    def take(t):
        if not t.my["todo"]:
            return look_again
        space, *rest = t.my["todo"]
        t.lock(f"lock {space}")
        t.my["todo"] = tuple(rest)
        t.my["locked"] += (space,)
        return take

    def look_again(t):
        if second_look and t.load("added") != t.my["seen"]:
            return look

    def lower_gate(t):
        if gate:
            t.store("gate", 0)

    def work(t):
        t.require(set(t.load("open")) <= set(t.my["locked"]), "a space of the lineage was overlooked")

    def give_up(t):
        if not t.my["locked"]:
            return END
        space, *rest = t.my["locked"]
        t.unlock(f"lock {space}")
        t.my["locked"] = tuple(rest)
        return give_up

    return [raise_gate, look, list_open, take, look_again, lower_gate, work, give_up]


def forker(gate=True, listed_under_lock=True):
    """Forks the newest space and closes its parent, again and again."""

    def next_fork(t):
        t.my["parent"] = t.my.get("parent", -1) + 1
        if t.my["parent"] == FORKS:
            return END

    def await_gate(t):
        t.wait_until(not gate or t.load("gate") == 0)

    def lock(t):
        t.lock(f"lock {t.my['parent']}")

    def list_child(t):
        if listed_under_lock:
            add(t)

    def unlock(t):
        t.unlock(f"lock {t.my['parent']}")

    def list_child_late(t):
        if not listed_under_lock:
            add(t)

    def add(t):
        t.fence()
        t.store("open", t.load("open") + (t.my["parent"] + 1,))
        t.store("added", t.load("added") + 1)
        t.fence()

    def lock_to_close(t):
        t.lock(f"lock {t.my['parent']}")

    def close(t):
        t.unlock(f"lock {t.my['parent']}")
        t.fence()

    def take_out(t):
        t.store("open", tuple(space for space in t.load("open") if space != t.my["parent"]))
        t.fence()
        return next_fork

    return [next_fork, await_gate, lock, list_child, unlock, list_child_late, lock_to_close, close, take_out]


SCENARIOS = [
    Scenario("lineage: a thread forks without pause", MEMORY, [locker(), forker()]),
    Scenario("lineage: no second look", MEMORY, [locker(second_look=False), forker()], must_fail=True),
    Scenario("lineage: a child is listed after its parent was unlocked", MEMORY,
             [locker(), forker(listed_under_lock=False)], must_fail=True),
    Scenario("lineage: forks do not wait at the gate", MEMORY, [locker(), forker(gate=False)], must_fail=True),
    Scenario("lineage: the gate is not closed", MEMORY, [locker(gate=False), forker()], must_fail=True),
]
