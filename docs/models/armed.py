"""An accessor's slot with `armed`, and who waits for writers and asks before the barrier: WriterSlot, Writers.await.

`armed` is the version that the owner has seen as current, plus one; 0 while the owner is on a slow path; CHANGING while
it puts a page in. A fork makes a new version, asks, and needs the barrier and the flag only if the slot is not quiet. By version 0 the owner writes frame
F0, by version 1, after a first fork, frame F1. What a child has must not change once its fork has waited.
"""

from mc import END, Scenario

CHANGING = -1

MEMORY = {"version": 0, "A.writing": 0, "A.armed": 1, "awaited": 0, "F0": 0, "F1": 0, "told": 0,
          "are shared": 0}
# The owner has written by version 0; a fork has waited since, and made version 1.
IDLE = dict(MEMORY, version=1, awaited=1)


def waiting(names="A", shared="", barrier=True, awaited_first=False):
    """The steps of who has changed something: new version, wait for writers.

    `names`: the accessors; `shared`: the writers in shared slots.
    """

    def withdraw(t):
        t.my["at"] = t.add("version", 1)
        if awaited_first:
            t.store("awaited", t.my["at"])

    def asker(name):
        def ask(t):
            armed = t.load(name + ".armed")
            if armed == CHANGING or armed != 0 and t.load("awaited") <= armed - 1 < t.my["at"]:
                t.my["loud"] = True

        return ask

    def issue(t):
        if not t.my.pop("loud", False):
            return look_at_shared
        if barrier:
            t.membarrier()

    def awaiter(name):
        def await_writer(t):
            t.wait_until(t.load(name + ".writing") == 0)

        return await_writer

    def look_at_shared(t):
        t.wait_until(not t.load("are shared") or all(t.load(name + ".writing") == 0 for name in shared))

    def note(t):
        t.store("awaited", t.my.pop("at"))

    return [withdraw, *map(asker, names), issue, *map(awaiter, names), look_at_shared, note]


def forker(frame="F0", forks=1, **wait):
    """Forks once or twice, and reads what the children have. No lock: nobody else forks."""
    frames = ["F0", "F1"] if forks == 2 else [frame]

    def reader(of):
        def read_child(t):
            t.my[of] = t.load(of)

        return read_child

    def reader_again(of):
        def read_child_again(t):
            t.require(t.load(of) == t.my[of], "the child changed after the fork had returned")

        return read_child_again

    steps = []
    for of in frames:
        steps += [*waiting(**wait), reader(of)]
    return [*steps, *map(reader_again, frames)]


def told_forker():
    """Somebody has told it of the write by version 0."""

    def hear(t):
        t.wait_until(t.load("told") == 1)

    def read(t):
        t.require(t.load("F0") == 1, "a write that came before the fork is not in the child")

    return [hear, *waiting(), read]


def writer(writes=2, arms=True, fenced=True):
    """Writes by its cache; when the version has changed, it leaves its slot, refreshes, and tries again."""

    def enter(t):
        t.store("A.writing", 1)

    def look(t):
        if t.load("version") != t.my.get("version", 0):
            return leave_unwritten

    def write(t):
        t.my["writes"] = t.my.get("writes", 0) + 1
        t.store(f"F{t.my.get('version', 0)}", t.my["writes"])

    def leave(t):
        t.store("A.writing", 0)
        return enter if t.my["writes"] < writes else END

    def leave_unwritten(t):
        t.store("A.writing", 0)

    def refresh(t):
        t.my["version"] = t.load("version")
        if t.my["version"] > 1:
            return END  # every frame is a child's by now

    def arm(t):
        if arms:
            t.store("A.armed", t.my["version"] + 1)
        if fenced:
            t.fence()
        return enter

    return [enter, look, write, leave, leave_unwritten, refresh, arm]


def writer_on_slow_path(arms=True, fenced=True, look_again=True, write_before=False):
    """Leaves the slow path, by its end or because something was thrown, and then writes by its cache.

    `write_before`: it has written before the slow path, and tells of that.
    """

    def enter_before(t):
        if not write_before:
            return disarm
        t.store("A.writing", 1)

    def write_before_it(t):
        if t.load("version") == 0:
            t.store("F0", 1)
            t.store("told", 1)

    def leave_before(t):
        t.store("A.writing", 0)

    def disarm(t):
        t.store("A.armed", 0)

    def take_version(t):
        if t.load("version") != 0:
            return END  # the page is the child's

    def arm(t):
        if arms:
            t.store("A.armed", 1)
        if fenced:
            t.fence()

    def enter(t):
        t.store("A.writing", 1)

    def look(t):
        if look_again and t.load("version") != 0:
            return leave

    def write(t):
        t.store("F0", 1)

    def leave(t):
        t.store("A.writing", 0)

    return [enter_before, write_before_it, leave_before, disarm, take_version, arm, enter, look, write, leave]


def range_writer(refresh_inside=False):
    """Writes two pages in one stay in its slot, both as it found them at the start."""

    def enter(t):
        t.store("A.writing", 1)

    def look(t):
        if t.load("version") != 0:
            return leave

    def write_first(t):
        t.store("F0", 1)

    def refresh_between(t):
        if refresh_inside:
            t.store("A.armed", t.load("version") + 1)
            t.fence()

    def write_second(t):
        t.store("F0", 2)

    def leave(t):
        t.store("A.writing", 0)

    def refresh(t):
        t.store("A.armed", t.load("version") + 1)
        t.fence()

    return [enter, look, write_first, refresh_between, write_second, leave, refresh]


# ---- an idle accessor ends a pin: it enters its slot and does not look at the version there

PINNED = dict(IDLE, place=1, holds=1)


def unpinner(refreshes=True):
    def look(t):
        if not refreshes or t.load("version") == 0:
            return enter

    def refresh(t):
        t.store("A.armed", t.load("version") + 1)
        t.fence()

    def enter(t):
        t.store("A.writing", 1)

    def clear_place(t):
        t.store("place", 0)

    def let_go(t):
        t.add("holds", -1)

    def leave(t):
        t.store("A.writing", 0)

    return [look, refresh, enter, clear_place, let_go, leave]


def waiter_for_unpins():
    def look_at_slot(t):
        t.my["inside"] = t.load("A.writing")

    def look_at_slot_again(t):
        t.require(not t.my["inside"] or t.load("A.writing") == 0, "an unpin that had begun was not waited for")

    return [look_at_slot, *waiting(), look_at_slot_again]


SCENARIOS = [
    Scenario("armed: a writer and a fork", MEMORY, [writer(writes=1), forker()]),
    Scenario("armed: a writer that refreshes, and two forks", MEMORY, [writer(), forker(forks=2)]),
    Scenario("armed: an idle writer refreshes, and a second fork", IDLE, [writer(), forker("F1")]),
    Scenario("armed: a slow path ends during a fork", dict(MEMORY, **{"A.armed": 0}),
             [writer_on_slow_path(), forker()]),
    Scenario("armed: a writer enters a slow path and leaves it", MEMORY,
             [writer_on_slow_path(write_before=True), forker()]),
    Scenario("armed: a writer tells of its write, enters a slow path, and a fork follows", MEMORY,
             [writer_on_slow_path(write_before=True), told_forker()]),
    Scenario("armed: a range is written, then refreshed", MEMORY, [range_writer(), forker()]),
    Scenario("armed: an idle accessor unpins", PINNED, [unpinner(), waiter_for_unpins()]),
    Scenario("armed: not quiet, and no barrier before the flag is looked at", MEMORY,
             [writer(writes=1), forker(barrier=False)], must_fail=True),
    Scenario("armed: awaited set before the wait has ended", MEMORY,
             [writer(writes=1), forker(awaited_first=True)], must_fail=True),
    Scenario("armed: an idle writer refreshes without a fence, and a second fork", IDLE,
             [writer(fenced=False), forker("F1")], must_fail=True),
    Scenario("armed: an idle writer refreshes and does not arm, and a second fork", IDLE,
             [writer(arms=False), forker("F1")], must_fail=True),
    Scenario("armed: a slow path ends without a fence", dict(MEMORY, **{"A.armed": 0}),
             [writer_on_slow_path(fenced=False), forker()], must_fail=True),
    Scenario("armed: a slow path arms by a stale version, not looked at again", dict(MEMORY, **{"A.armed": 0}),
             [writer_on_slow_path(look_again=False), forker()], must_fail=True),
    Scenario("armed: a slow path throws, and nobody arms", MEMORY,
             [writer_on_slow_path(arms=False), forker()], must_fail=True),
    Scenario("armed: a range is refreshed inside the slot", MEMORY,
             [range_writer(refresh_inside=True), forker()], must_fail=True),
    Scenario("armed: an idle accessor unpins and does not refresh", PINNED,
             [unpinner(refreshes=False), waiter_for_unpins()], must_fail=True),
]
