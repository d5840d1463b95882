"""A pin against migration, fork, unmap and the page's own writers: Pins, FrameWord.

The page is in frame F, holds 1, and space A is the one that pins. The pin's holder stores 3 through the pin, which no
slot tells of; a write of the processor stores 2. A frame that is free goes to another space, which writes 9. A pin is
taken under the lock, or by an accessor inside its writer slot.
"""

from frames import ABSENT, FOREIGN, HOLD, REFERENCE, foreign_write, holds, next_owner, references, releaser
from mc import END, Scenario

# B is the other side of a fork. G, H and S are for copies; `pinned` is the registry of A.
MEMORY = {
    "lock": 0, "version": 0, "slot": 0, "entry": ("F", "W"), "B": "", "pinned": "", "F": 1, "F count": REFERENCE, "G": 0,
    "G count": 0, "H": 0, "H count": 0, "S": 0, "S count": 0,
}


def frame_of(t):
    return t.my["frame"]


def pinner(locked=True, unshare=True, unpin=False):
    def look_too_early(t):
        if not locked:
            t.my["frame"], _ = t.load("entry")

    def lock(t):
        if locked:
            t.lock("lock")

    def make_exclusive(t):
        if not locked:
            return hold
        t.my["frame"], _ = t.load("entry")
        if not t.my["frame"]:
            t.unlock("lock")
            return END
        if not unshare or references(t.load(t.my["frame"] + " count")) == 1:
            return take_mark_off

    def copy(t):
        t.store("H", t.load(t.my["frame"]))
        t.add("H count", REFERENCE)
        t.store("entry", ("H", ""))
        t.store("version", t.load("version") + 1)

    def take_copy(t):
        t.my["frame"] = "H"

    def take_mark_off(t):
        if unshare:
            t.store("entry", (t.my["frame"], "W"))

    def hold(t):
        t.add(t.my["frame"] + " count", HOLD)

    def register(t):
        t.store("pinned", t.my["frame"])
        t.my["pinned"] = t.my["frame"]
        if locked:
            t.unlock("lock")

    def use(t):
        t.require(t.load(t.my["frame"]) != FOREIGN, "a pinned frame is another space's")
        if unshare:
            t.store(t.my["frame"], 3)
            t.my["wrote"] = 3
        if not unpin:
            return END

    def unregister(t):
        t.lock("lock")
        t.store("pinned", "")
        t.unlock("lock")

    def let_go(t):
        t.add(t.my["frame"] + " count", -HOLD)
        t.my["pinned"] = ""

    return [look_too_early, lock, make_exclusive, copy, *releaser(frame_of), take_copy, take_mark_off, hold, register,
            use, unregister, let_go]


def accessor(slot=True, register_inside=True, unpin=False):
    """Pins as it writes: with F in its cache as writable at version 0. Writes of the processor go on beside it."""

    def enter(t):
        if slot:
            t.store("slot", 1)

    def look(t):
        if t.load("version") != 0:
            t.store("slot", 0)
            return END

    def hold(t):
        t.add("F count", HOLD)

    def register(t):
        if register_inside:
            t.store("pinned", "F")

    def leave(t):
        t.store("slot", 0)
        t.my["pinned"] = "F"

    def register_late(t):
        if not register_inside:
            t.store("pinned", "F")

    def use(t):
        t.require(t.load("F") != FOREIGN, "a pinned frame is another space's")
        t.store("F", 3)
        t.my["wrote"] = 3
        if not unpin:
            return END

    def enter_again(t):
        if slot:
            t.store("slot", 1)

    def unregister(t):
        t.store("pinned", "")

    def let_go(t):
        t.add("F count", -HOLD)
        t.my["pinned"] = ""

    def leave_again(t):
        t.store("slot", 0)

    return [enter, look, hold, register, leave, register_late, use, enter_again, unregister, let_go, leave_again]


def migrator(look_at_mark=True, count_holds=True, look_again=True):
    """As in migrate.py; the processor's writers are left out."""

    def lock_to_mark(t):
        t.lock("lock")

    def mark(t):
        if t.load("entry")[0] != "F" or holds(t.load("F count")):
            t.unlock("lock")
            return END
        t.store("entry", ("F", "M"))
        t.add("F count", HOLD)

    def withdraw(t):
        t.store("version", t.load("version") + 1)
        t.membarrier()

    def await_accessors(t):
        t.wait_until(t.load("slot") == 0)

    def look_at_holds(t):
        if look_again and holds(t.load("F count")) != 1:
            return give_up
        t.unlock("lock")

    def copy(t):
        t.store("G", t.load("F"))

    def lock_to_commit(t):
        t.lock("lock")

    def decide(t):
        frame, bits = t.load("entry")
        count = t.load("F count")
        marked = frame == "F" and (bits == "M" or not look_at_mark)
        if not marked or references(count) != 1 or (count_holds and holds(count) != 1):
            return give_up

    def replace(t):
        t.add("G count", REFERENCE)
        t.store("entry", ("G", ""))
        t.store("version", t.load("version") + 1)
        t.fence()

    def release(t):
        t.add("F count", -REFERENCE - HOLD)
        t.unlock("lock")
        return END

    def give_up(t):
        if t.load("entry") == ("F", "M"):
            t.store("entry", ("F", ""))
        t.add("F count", -HOLD)
        t.unlock("lock")

    return [lock_to_mark, mark, withdraw, await_accessors, look_at_holds, copy, lock_to_commit, decide, replace,
            release, give_up]


def forker(copy_pinned=True, wait=True):
    """B becomes a fork of A; the thread reads what B has."""

    def lock(t):
        t.lock("lock")

    def withdraw(t):
        t.my["frame"], _ = t.load("entry")
        t.store("entry", (t.my["frame"], ""))
        t.store("version", t.load("version") + 1)
        t.membarrier()

    def await_accessors(t):
        t.wait_until(not wait or t.load("slot") == 0)

    def look_at_pins(t):
        if not copy_pinned or t.load("pinned") != t.my["frame"]:
            return share

    def copy(t):
        t.store("G", t.load(t.my["frame"]))
        t.add("G count", REFERENCE)
        t.my["frame"] = "G"
        return give_to_child

    def share(t):
        t.add(t.my["frame"] + " count", REFERENCE)

    def give_to_child(t):
        t.store("B", t.my["frame"])
        t.unlock("lock")

    def read_child(t):
        t.my["child"] = t.load(t.my["frame"])

    def read_child_again(t):
        t.require(t.load(t.my["frame"]) == t.my["child"], "the child changed after the fork had returned")

    return [lock, withdraw, await_accessors, look_at_pins, copy, share, give_to_child, read_child,
            read_child_again]


def failing_fork(frames_first=True):
    """A fork that finds no frame for the copy of a pinned page; its half of the tree is left to the reclaimer."""

    def lock(t):
        t.lock("lock")

    def share(t):
        if not frames_first:
            t.my["frame"], _ = t.load("entry")
            t.add(t.my["frame"] + " count", REFERENCE)

    def find_none_free(t):
        t.unlock("lock")

    def reclaim(t):
        if not frames_first:
            t.add(t.my["frame"] + " count", -REFERENCE)

    return [lock, share, find_none_free, reclaim]


def writer(**release):
    """A write of the processor in A, under the lock; migrate.py has the writers that are not."""

    def lock(t):
        t.lock("lock")

    def look(t):
        t.my["frame"], _ = t.load("entry")
        if not t.my["frame"]:
            return unlock
        if references(t.load(t.my["frame"] + " count")) == 1:
            return write

    def copy(t):
        t.store("S", t.load(t.my["frame"]))
        t.add("S count", REFERENCE)
        t.store("entry", ("S", ""))
        t.store("version", t.load("version") + 1)

    def take_copy(t):
        t.my["frame"] = "S"

    def write(t):
        t.store("entry", (t.my["frame"], "W"))
        t.store(t.my["frame"], 2)

    def unlock(t):
        t.unlock("lock")

    return [lock, look, copy, *releaser(frame_of, **release), take_copy, write, unlock]


def closer_of_b(**release):
    def withdraw(t):
        t.store("B", "")

    return [withdraw, *releaser(lambda t: "F", **release)]


def unmapper(wait=True):
    def lock(t):
        t.lock("lock")

    def remove(t):
        t.my["frame"], _ = t.load("entry")
        t.store("entry", ABSENT)
        t.store("version", t.load("version") + 1)
        t.membarrier()

    def await_accessors(t):
        t.wait_until(not wait or t.load("slot") == 0)

    def look(t):
        if not t.my["frame"]:
            return unlock

    def unlock(t):
        t.unlock("lock")

    return [lock, remove, await_accessors, look, *releaser(frame_of), unlock]


def pin_is_the_page(memory, variables):
    """At the end a pinned frame is the one that the page is in, unless that was unmapped; counts are right."""
    frame, bits = memory["entry"]
    for my in variables:
        if my.get("pinned") and frame and my["pinned"] != frame:
            return f"the pin is of frame {my['pinned']}, the page in frame {frame}"
        if my.get("wrote") == 3 and frame and memory[frame] not in (2, 3):
            return "what was written through a pin was lost"
    for name in "FGHS":
        owners = (frame == name) + (memory["B"] == name) + (name == "F" and any(my.get("owns") for my in variables))
        pins = sum(my.get("pinned") == name for my in variables)
        if memory[name + " count"] != owners * REFERENCE + pins * HOLD:
            return f"frame {name} has {owners} owners and {pins} pins, and counts {memory[name + ' count']}"
    return foreign_write(memory, variables)


# ---- the last reference and the last hold of a frame go at once

LAST = {"F count": REFERENCE + HOLD, "references": 1, "holds": 1, "freed": 0}


def giver(of_count, one_word=True):
    word, other = ("references", "holds") if of_count == REFERENCE else ("holds", "references")

    def give_up(t):
        if one_word:
            t.my["last"] = t.add("F count", -of_count) == 0
        else:
            t.add(word, -1)

    def look(t):
        if not one_word:
            t.my["last"] = t.load(word) == 0 and t.load(other) == 0

    def free(t):
        if t.my["last"]:
            t.add("freed", 1)

    return [give_up, look, free]


def count_is_zero(memory, _):
    return f"nobody has the frame, and it counts {memory['F count']}" if memory["F count"] else None


def freed_once(memory, _):
    return None if memory["freed"] == 1 else f"the frame was freed {memory['freed']} times"


SHARED = dict(MEMORY, **{"entry": ("F", ""), "B": "F", "F count": 2 * REFERENCE})

SCENARIOS = [
    Scenario("pins: migration, the frame is used again", MEMORY, [pinner(), migrator(), next_owner()],
             pin_is_the_page),
    Scenario("pins: migration, unpinned at once", MEMORY, [pinner(unpin=True), migrator(), next_owner()],
             pin_is_the_page),
    Scenario("pins: fork and a write of the parent", MEMORY, [pinner(), forker(), writer()], pin_is_the_page),
    Scenario("pins: a fork that finds no frame, and a write", MEMORY, [pinner(), failing_fork(), writer()],
             pin_is_the_page),
    Scenario("pins: of a shared page, and a write", SHARED, [pinner(), writer(), closer_of_b(), next_owner()],
             pin_is_the_page),
    Scenario("pins: unmapped while pinned, the frame is used again", MEMORY,
             [pinner(unpin=True), unmapper(), next_owner()], pin_is_the_page),
    Scenario("pins: by an accessor, migration, the frame is used again", MEMORY,
             [accessor(), migrator(), next_owner()], pin_is_the_page),
    Scenario("pins: by an accessor, migration, unpinned at once", MEMORY,
             [accessor(unpin=True), migrator(), next_owner()], pin_is_the_page),
    Scenario("pins: by an accessor, fork and a write of the parent", MEMORY, [accessor(), forker(), writer()],
             pin_is_the_page),
    Scenario("pins: by an accessor, fork, unpinned at once", MEMORY, [accessor(unpin=True), forker(), writer()],
             pin_is_the_page),
    Scenario("pins: by an accessor, unmapped, the frame is used again", MEMORY,
             [accessor(unpin=True), unmapper(), next_owner()], pin_is_the_page),
    Scenario("pins: unmapped and unpinned, one word", LAST, [giver(REFERENCE), giver(HOLD)], freed_once),
    Scenario("pins: unmapped and unpinned, a store if only one reference is left", LAST,
             [releaser(lambda t: "F"), giver(HOLD)], count_is_zero),
    Scenario("pins: a migration looks at neither mark nor holds", MEMORY,
             [pinner(), migrator(look_at_mark=False, count_holds=False)], pin_is_the_page, must_fail=True),
    Scenario("pins: a migration looks at holds only", MEMORY,
             [pinner(unpin=True), migrator(look_at_mark=False)], pin_is_the_page, must_fail=True),
    Scenario("pins: taken without the lock", MEMORY, [pinner(locked=False), migrator(), next_owner()],
             pin_is_the_page, must_fail=True),
    Scenario("pins: by an accessor without its slot, and fork", MEMORY,
             [accessor(slot=False), forker(), writer()], pin_is_the_page, must_fail=True),
    Scenario("pins: by an accessor, and a fork that does not wait", MEMORY,
             [accessor(), forker(wait=False), writer()], pin_is_the_page, must_fail=True),
    Scenario("pins: by an accessor, registered after it left its slot, and fork", MEMORY,
             [accessor(register_inside=False), forker(), writer()], pin_is_the_page, must_fail=True),
    Scenario("pins: by an accessor, a migration does not look at holds again", MEMORY,
             [accessor(unpin=True), migrator(look_again=False)], pin_is_the_page, must_fail=True),
    Scenario("pins: by an accessor without its slot, the frame is used again", MEMORY,
             [accessor(slot=False), unmapper(), next_owner()], pin_is_the_page, must_fail=True),
    Scenario("pins: fork shares a pinned page", MEMORY, [pinner(), forker(copy_pinned=False), writer()],
             pin_is_the_page, must_fail=True),
    Scenario("pins: a fork shares, then finds no frame", MEMORY,
             [pinner(), failing_fork(frames_first=False), writer()], pin_is_the_page, must_fail=True),
    Scenario("pins: for reading, of a shared page, not unshared", SHARED,
             [pinner(unshare=False), writer()], pin_is_the_page, must_fail=True),
    Scenario("pins: unmapped and unpinned, two words", LAST,
             [giver(REFERENCE, one_word=False), giver(HOLD, one_word=False)], freed_once, must_fail=True),
    Scenario("pins: by an accessor, unmapped, not waited for", MEMORY,
             [accessor(unpin=True), unmapper(wait=False), next_owner()], pin_is_the_page, must_fail=True),
    Scenario("pins: the last reference of a held frame is given up by a store", LAST,
             [releaser(lambda t: "F", may_store=lambda count: references(count) == 1), giver(HOLD)], count_is_zero,
             must_fail=True),
    Scenario("pins: references of a shared frame are given up by stores", SHARED,
             [writer(may_store=lambda count: True), closer_of_b(may_store=lambda count: True)], pin_is_the_page,
             must_fail=True),
]
