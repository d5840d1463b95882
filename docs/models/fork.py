"""A writer with a slot against a fork: WriterSlot, SharedWriterSlots, Writers.await, Space.share.

What holds for fork holds for protect and close: the root or the version is changed, then writers are awaited.
"""

from mc import END, Scenario

MEMORY = {"slot": 0, "version": 0, "page": 0, "forked": 0}


def writer(full_fence=False, look_first=False):
    """An accessor: publishes its slot with a light fence, which is none for the processor, then looks."""

    def look_too_early(t):
        if look_first and t.load("version") != 0:
            return END

    def enter(t):
        t.store("slot", 1)
        if full_fence:
            t.fence()

    def look(t):
        if not look_first and t.load("version") != 0:
            return leave

    def write(t):
        t.store("page", 1)

    def leave(t):
        t.store("slot", 0)

    return [look_too_early, enter, look, write, leave]


def direct_writer(fenced=True):
    """A writer that claims a shared slot by an exchange."""

    def enter(t):
        if fenced:
            t.exchange("slot", 0, 1)
        else:
            t.store("slot", 1)

    def look(t):
        if t.load("version") != 0:
            return leave

    def write(t):
        t.store("page", 1)

    def leave(t):
        t.store("slot", 0)

    return [enter, look, write, leave]


def forker(barrier="membarrier", wait=True):
    def withdraw(t):
        t.store("version", 1)
        t.fence()

    def issue(t):
        if barrier == "membarrier":
            t.membarrier()
        else:
            t.fence()

    def await_writers(t):
        t.wait_until(not wait or t.load("slot") == 0)

    def read_child(t):
        t.my["child"] = t.load("page")

    def read_child_again(t):
        t.require(t.load("page") == t.my["child"], "the child changed after the fork had returned")

    return [withdraw, issue, await_writers, read_child, read_child_again]


def writer_that_forks():
    """The only accessor belongs to the thread that forks: its slot is idle, and no membarrier is issued."""

    def enter(t):
        t.store("slot", 1)

    def write(t):
        t.store("page", 1)

    def leave(t):
        t.store("slot", 0)

    def withdraw(t):
        t.store("version", 1)
        t.fence()

    def hand_out_child(t):
        t.store("forked", 1)

    return [enter, write, leave, withdraw, hand_out_child]


def child_reader():
    def receive_child(t):
        t.wait_until(t.load("forked") == 1)

    def read(t):
        t.require(t.load("page") == 1, "a write that came before the fork is not in the child")

    return [receive_child, read]


SCENARIOS = [
    Scenario("fork: light fence, membarrier", MEMORY, [writer(), forker()]),
    Scenario("fork: full fences on both sides", MEMORY, [writer(full_fence=True), forker(barrier="fence")]),
    Scenario("fork: light fence, no membarrier", MEMORY, [writer(), forker(barrier="fence")], must_fail=True),
    Scenario("fork: writers are not waited for", MEMORY, [writer(), forker(wait=False)], must_fail=True),
    Scenario("fork: version looked at before the slot is published", MEMORY,
             [writer(look_first=True), forker()], must_fail=True),
    Scenario("fork alone: a direct writer of another thread, no membarrier", MEMORY,
             [direct_writer(), forker(barrier="fence")]),
    Scenario("fork alone: a direct writer that does not fence", MEMORY,
             [direct_writer(fenced=False), forker(barrier="fence")], must_fail=True),
    Scenario("fork alone: the caller's own accessor, no membarrier", MEMORY,
             [writer_that_forks(), child_reader()]),
]
