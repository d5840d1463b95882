"""A page that is exclusive to a device, against readers, writers and forks of the processor: Space.makeExclusive.

An atomic operation of the device is a load and a store here, with a moment in between at which the page shows
TORN; a write of the processor adds 1 in the same way, without a torn moment. The table of the device and the
sequence it has kept are under the device's lock, each section one step.
"""

from frames import ABSENT
from mc import END, Scenario

TORN = -1
MEMORY = {
    "lock": 0, "version": 0, "slot": 0, "entry": ("F", "W"), "sequence": 0, "kept": 0, "translation": ABSENT,
    "accessing": 0, "other translation": "", "other accessing": 0, "shared": 0, "F": 0,
}
READ_BY_OTHER = dict(MEMORY, **{"other translation": "F"})


def start(t):
    t.fence()
    t.store("sequence", t.load("sequence") + 1)
    t.store("translation", ABSENT)
    t.store("kept", t.load("sequence"))
    t.fence()


def device(wait=True, tell_others=True):
    """Makes the page exclusive and adds 10."""

    def lock(t):
        t.lock("lock")

    def look(t):
        t.my["frame"], bits = t.load("entry")
        if t.load("shared"):
            t.unlock("lock")  # it gets a page of its own; F is for the child alone
            return END
        if bits == "X":
            return answer

    def announce_to_others(t):
        if tell_others:
            t.store("other translation", "")
            t.fence()

    def await_others(t):
        t.wait_until(not tell_others or t.load("other accessing") == 0)

    def take_access(t):
        t.store("entry", (t.my["frame"], "X"))
        t.store("version", t.load("version") + 1)
        t.fence()

    def issue(t):
        t.membarrier()

    def await_writers(t):
        t.wait_until(not wait or t.load("slot") == 0)

    def answer(t):
        t.my["sequence"] = t.load("sequence")
        t.unlock("lock")

    def install(t):
        t.fence()
        if t.load("kept") != t.my["sequence"]:
            return END
        t.store("translation", (t.my["frame"], "ATOMIC"))
        t.fence()

    def begin(t):
        t.fence()
        if t.load("translation")[1] != "ATOMIC":
            return END
        t.store("accessing", 1)
        t.fence()

    def load(t):
        t.my["value"] = t.load("F")
        t.store("F", TORN)

    def store(t):
        t.store("F", t.my["value"] + 10)
        t.my["added"] = 10

    def end(t):
        t.store("accessing", 0)

    return [lock, look, announce_to_others, await_others, take_access, issue, await_writers, answer, install, begin,
            load, store, end]


def dissolve(t):
    """Under the lock: the device first; a thread that finds the entry restored has the page to itself."""
    if t.load("entry")[1] != "X":
        return False
    start(t)
    return True


def processor(writes, notify_first=True):
    """An accessor that reads, or adds 1; on an exclusive page it takes a fault."""

    def take_version(t):
        t.my["version"] = t.load("version")

    def translate(t):
        t.my["frame"], bits = t.load("entry")
        if bits == "X" or writes and bits != "W":
            return lock
        if not writes:
            return load_to_read

    def enter(t):
        t.store("slot", 1)

    def look(t):
        if t.load("version") != t.my["version"]:
            return leave_unwritten

    def load(t):
        t.my["value"] = t.load("F")

    def store(t):
        t.store("F", t.my["value"] + 1)
        t.my["added"] = 1

    def leave(t):
        t.store("slot", 0)
        return END

    def leave_unwritten(t):
        t.store("slot", 0)
        return take_version

    def load_to_read(t):
        t.my["value"] = t.load("F")

    def look_again(t):
        if t.load("version") != t.my["version"]:
            return take_version
        t.require(t.my["value"] != TORN, "the processor sees the middle of an atomic operation")
        return END

    def lock(t):
        t.lock("lock")

    def notify(t):
        if notify_first and not dissolve(t):
            return restore

    def await_device(t):
        t.wait_until(not notify_first or t.load("accessing") == 0)

    def restore(t):
        t.my["was"] = t.load("entry")[1]
        t.store("entry", ("F", "W"))
        t.fence()

    def notify_late(t):
        if not notify_first and t.my["was"] == "X":
            start(t)

    def await_late(t):
        t.wait_until(notify_first or t.load("accessing") == 0)

    def unlock(t):
        t.unlock("lock")
        return take_version

    return [take_version, translate, enter, look, load, store, leave, leave_unwritten, load_to_read, look_again, lock,
            notify, await_device, restore, notify_late, await_late, unlock]


def forker(takes_atomic=True):
    """PROTECTION_PAGE for the whole space; then exclusive pages are ordinary again, and only then shared."""

    def lock(t):
        t.lock("lock")

    def announce(t):
        if takes_atomic:
            start(t)

    def await_device(t):
        t.wait_until(not takes_atomic or t.load("accessing") == 0)

    def restore(t):
        t.store("entry", ("F", ""))

    def share(t):
        t.store("shared", 1)
        t.unlock("lock")

    def read_child(t):
        t.my["child"] = t.load("F")

    def read_child_again(t):
        t.require(t.load("F") == t.my["child"], "the child changed after the fork had returned")

    return [lock, announce, await_device, restore, share, read_child, read_child_again]


def other_device():
    """Has a translation for reading."""

    def begin(t):
        t.fence()
        if not t.load("other translation"):
            return END
        t.store("other accessing", 1)
        t.fence()

    def load(t):
        t.require(t.load("F") != TORN, "another device sees the middle of an atomic operation")

    def end(t):
        t.store("other accessing", 0)

    return [begin, load, end]


def neighbour_fault(heed_exclusive=True):
    """A fault of another page of the leaf adopts it, as it does after protect, and sets W anew for all its pages."""

    def lock(t):
        t.lock("lock")

    def adopt(t):
        frame, bits = t.load("entry")
        if bits != "X" or not heed_exclusive:
            t.store("entry", (frame, "W"))

    def unlock(t):
        t.unlock("lock")

    return [lock, adopt, unlock]


def nothing_lost(memory, variables):
    added = sum(my.get("added", 0) for my in variables)
    return None if memory["F"] == added else f"{added} was added, and the page holds {memory['F']}"


SCENARIOS = [
    Scenario("exclusive: a writer", MEMORY, [device(), processor(True)], nothing_lost),
    Scenario("exclusive: a reader", MEMORY, [device(), processor(False)], nothing_lost),
    Scenario("exclusive: a reader and a writer", MEMORY, [device(), processor(True), processor(False)], nothing_lost),
    Scenario("exclusive: fork", MEMORY, [device(), forker()], nothing_lost),
    Scenario("exclusive: another device reads", READ_BY_OTHER, [device(), other_device()], nothing_lost),
    Scenario("exclusive: a neighbour's fault adopts the leaf", MEMORY,
             [device(), neighbour_fault(), processor(True)], nothing_lost),
    Scenario("exclusive: writers are not waited for", MEMORY, [device(wait=False), processor(True)], nothing_lost,
             must_fail=True),
    Scenario("exclusive: restored, then the device is told; a writer", MEMORY,
             [device(), processor(True, notify_first=False), processor(True)], nothing_lost, must_fail=True),
    Scenario("exclusive: restored, then the device is told; a reader", MEMORY,
             [device(), processor(True, notify_first=False), processor(False)], nothing_lost, must_fail=True),
    Scenario("exclusive: a neighbour's fault makes exclusive pages writable", MEMORY,
             [device(), neighbour_fault(heed_exclusive=False), processor(True)], nothing_lost, must_fail=True),
    Scenario("exclusive: the other device is not told", READ_BY_OTHER,
             [device(tell_others=False), other_device()], nothing_lost, must_fail=True),
    Scenario("exclusive: a fork leaves the device its access", MEMORY, [device(), forker(takes_atomic=False)],
             nothing_lost, must_fail=True),
]
