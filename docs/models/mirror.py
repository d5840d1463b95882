"""A device with a page table of its own, against what the processor does to a space: Mirror, DeviceDriver.

The space's side runs under its lock. The device's table, the sequence it has kept and the beginning of an access are
under the device's lock, each section one step here. The page holds 1, the device stores 2.
"""

from frames import ABSENT, FOREIGN, HOLD, REFERENCE, foreign_write, holds, next_owner, references
from mc import END, Scenario

# `sequence` is the library's, `kept` the device's; `translation` is what it has installed: frame and bits.
MEMORY = {
    "lock": 0, "version": 0, "sequence": 0, "kept": 0, "translation": ABSENT, "accessing": 0, "entry": ("F", "W"),
    "F": 1, "F count": REFERENCE, "G": 0, "H": 0, "Z": 0, "told": 0, "answers": 0, "homeward": 0,
}
FAULTS = 3


def start(t):
    """invalidateStart, under the lock of the space: the device forgets, and keeps the sequence."""
    t.fence()
    t.store("sequence", t.load("sequence") + 1)
    t.store("translation", ABSENT)
    t.store("kept", t.load("sequence"))
    t.fence()


def await_device(t):
    t.wait_until(t.load("accessing") == 0)


def device(stores=True, check_sequence=True, sequence_under_lock=True, access_during_fault=False, waits_for=None,
           count_under_lock=True, lets_home=True):
    """Stores 2 or loads, through its table; faults when the table has not what it needs.

    A page on its way home it leaves alone (`lets_home`): it waits until the page is there, and faults again.
    """

    def hear(t):
        t.wait_until(waits_for is None or t.load(waits_for) == 1)

    def begin(t):
        frame, bits = t.load("translation")
        if access_during_fault:
            t.store("accessing", 1)
            t.fence()
        if not frame or stores and "W" not in bits:
            return lock
        t.store("accessing", 1)
        t.fence()
        t.my["frame"] = frame

    def access(t):
        if stores:
            t.store(t.my["frame"], 2)
            t.my["wrote"] = True
        else:
            t.my["value"] = t.load(t.my["frame"])
            t.require(t.my["value"] != FOREIGN, "the device loads the data of another space")
            t.require(waits_for is None or t.my["value"] == 2, "the device does not see a write that came before")

    def end(t):
        t.store("accessing", 0)
        return END

    def lock(t):
        t.my["faults"] = t.my.get("faults", 0) + 1
        if t.my["faults"] > FAULTS:
            return END
        t.lock("lock")

    def resolve(t):
        frame, bits = t.load("entry")
        t.my["answer"] = (frame, bits) if frame else ("Z", "")
        if frame and stores and references(t.load("F count")) > 1 and frame == "F":
            return own_start
        if stores and not frame:
            return refuse
        if stores and "M" in bits and lets_home and t.load("homeward"):
            return leave_to_go_home
        if stores and bits != "W":
            t.store("entry", (frame, "W"))  # takes the mark of a migration away
            t.my["answer"] = (frame, "W")

    def answer(t):
        if sequence_under_lock:
            t.my["sequence"] = t.load("sequence")
        if count_under_lock:
            t.add("answers", 1)
        t.unlock("lock")

    def take_sequence_late(t):
        if not sequence_under_lock:
            t.my["sequence"] = t.load("sequence")

    def count_late(t):
        if not count_under_lock:
            t.add("answers", 1)

    def install(t):
        t.fence()
        if not check_sequence or t.load("kept") == t.my["sequence"]:
            t.store("translation", t.my["answer"])
            t.fence()

    def begin_again(t):
        return begin

    def refuse(t):
        t.unlock("lock")
        return END

    def own_start(t):
        start(t)  # copy-on-write: the device may have the shared frame for reading

    def own_copy(t):
        t.store("H", t.load("F"))

    def own_replace(t):
        t.store("entry", ("H", "W"))
        t.store("version", t.load("version") + 1)
        t.fence()

    def own_release(t):
        t.add("F count", -REFERENCE)
        t.my["answer"] = ("H", "W")
        return answer

    def leave_to_go_home(t):
        t.unlock("lock")

    def await_home(t):
        t.wait_until(t.load("homeward") == 0)
        return lock

    return [hear, begin, access, end, lock, resolve, answer, take_sequence_late, install, count_late, begin_again,
            refuse, own_start, own_copy, own_replace, own_release, leave_to_go_home, await_home]


def forker(wait=True, start_first=True):
    """PROTECTION_PAGE, then the new generation; the child reads."""

    def lock(t):
        t.lock("lock")

    def announce(t):
        if start_first:
            start(t)

    def await_accesses(t):
        t.wait_until(not (wait and start_first) or t.load("accessing") == 0)

    def share(t):
        t.store("entry", (t.load("entry")[0], ""))
        t.add("F count", REFERENCE)

    def unlock(t):
        t.unlock("lock")

    def read_child(t):
        t.my["child"] = t.load("F")

    def announce_late(t):
        if not start_first:
            start(t)

    def await_late(t):
        t.wait_until(start_first or t.load("accessing") == 0)

    def read_child_again(t):
        t.require(t.load("F") == t.my["child"], "the child changed after the fork had returned")

    return [lock, announce, await_accesses, share, unlock, read_child, announce_late, await_late, read_child_again]


def unmapper(wait=True, start_first=True):
    def lock(t):
        t.lock("lock")

    def announce(t):
        if start_first:
            start(t)

    def await_accesses(t):
        t.wait_until(not (wait and start_first) or t.load("accessing") == 0)

    def remove(t):
        t.store("entry", ABSENT)
        t.store("version", t.load("version") + 1)
        t.fence()

    def release(t):
        t.add("F count", -REFERENCE)

    def announce_late(t):
        if not start_first:
            start(t)

    def await_late(t):
        t.wait_until(start_first or t.load("accessing") == 0)

    def unlock(t):
        t.unlock("lock")

    return [lock, announce, await_accesses, remove, release, announce_late, await_late, unlock]


def migrator(announce_mark=True, await_mark=True, announce_commit="if answered", home=False, ends_home=True):
    """As in migrate.py; without writers of the processor, so without waiting for them.

    One that brings a page home (`home`) says so under the lock, from the mark to the end, and has to succeed at once.

    The device is told while the page is marked, and both are over before the copy. Announced to commit is only what was
    answered since it was announced to mark.
    """

    def is_announced(t):
        return announce_commit == "always" or announce_commit == "if answered" and t.my["answered"]

    def lock_to_mark(t):
        t.lock("lock")

    def mark(t):
        t.store("entry", ("F", "M"))
        t.store("homeward", 1 if home else 0)
        t.add("F count", HOLD)

    def announce_to_mark(t):
        if announce_mark:
            start(t)

    def await_stores(t):
        if announce_mark and await_mark:
            await_device(t)

    def unlock_marked(t):
        t.my["answers"] = t.load("answers")
        t.unlock("lock")

    def copy(t):
        t.store("G", t.load("F"))

    def lock_to_commit(t):
        t.lock("lock")

    def decide(t):
        count = t.load("F count")
        if t.load("entry") != ("F", "M") or references(count) != 1 or holds(count) != 1:
            return give_up
        t.my["answered"] = t.load("answers") != t.my["answers"]

    def announce_to_commit(t):
        if is_announced(t):
            start(t)

    def await_loads(t):
        if is_announced(t):
            await_device(t)

    def replace(t):
        t.store("entry", ("G", ""))
        t.store("version", t.load("version") + 1)
        t.fence()

    def release(t):
        t.add("F count", -REFERENCE - HOLD)
        end_home(t)
        t.unlock("lock")
        return END

    def give_up(t):
        t.require(not home, "a device keeps a page from coming home")
        t.add("F count", -HOLD)
        t.unlock("lock")

    def end_home(t):
        if ends_home:
            t.store("homeward", 0)

    return [lock_to_mark, mark, announce_to_mark, await_stores, unlock_marked, copy, lock_to_commit, decide,
            announce_to_commit, await_loads, replace, release, give_up]


def page_has_the_store(memory, variables):
    if variables[0].get("wrote") and memory[memory["entry"][0]] != 2:
        return "a store of the device was lost"
    return foreign_write(memory, variables)


# ---- the processor writes where the device reads: copy-on-write of F, and the first write of a page

SHARED = dict(MEMORY, **{"entry": ("F", ""), "F count": 2 * REFERENCE, "translation": ("F", "")})
UNWRITTEN = dict(MEMORY, **{"entry": ABSENT, "translation": ("Z", "")})


def fault(announce="first"):
    def lock(t):
        t.lock("lock")

    def announce_first(t):
        if announce == "first":
            start(t)

    def await_first(t):
        if announce == "first":
            await_device(t)

    def fill(t):
        frame, _ = t.load("entry")
        t.store("G", t.load(frame) if frame else 0)

    def replace(t):
        t.store("entry", ("G", ""))
        t.store("version", t.load("version") + 1)
        t.fence()

    def allow_writes(t):
        t.store("entry", ("G", "W"))
        t.fence()

    def announce_last(t):
        if announce == "last":
            start(t)

    def await_last(t):
        if announce == "last":
            await_device(t)

    def unlock(t):
        t.unlock("lock")

    return [lock, announce_first, await_first, fill, replace, allow_writes, announce_last, await_last, unlock]


def writer():
    """Writes without the lock as soon as it may, and tells."""

    def find(t):
        t.wait_until(t.load("entry") == ("G", "W"))

    def write(t):
        t.store("G", 2)

    def tell(t):
        t.store("told", 1)

    return [find, write, tell]


# ---- a device that refuses to be invalidated without waiting

def refused(counts):
    def lock(t):
        t.lock("lock")

    def announce(t):
        if counts:
            t.store("sequence", t.load("sequence") + 1)  # the device has kept the one before

    def unlock(t):
        t.unlock("lock")

    return [lock, announce, unlock]


def device_has_stored(memory, variables):
    return None if variables[0].get("wrote") else "the device never gets its translation"


SCENARIOS = [
    Scenario("mirror: a store of the device, fork", MEMORY, [device(), forker()]),
    Scenario("mirror: a store of the device, unmap, the frame is used again", MEMORY,
             [device(), unmapper(), next_owner()], foreign_write),
    Scenario("mirror: a store of the device, migration", MEMORY, [device(), migrator(), next_owner()],
             page_has_the_store),
    Scenario("mirror: a store of the device, the page comes home", MEMORY,
             [device(), migrator(home=True), next_owner()], page_has_the_store),
    Scenario("mirror: a store of the device does not wait for a page on its way home", MEMORY,
             [device(lets_home=False), migrator(home=True), next_owner()], page_has_the_store, must_fail=True),
    Scenario("mirror: a page is on its way home for ever", MEMORY,
             [device(), migrator(home=True, ends_home=False), next_owner()], page_has_the_store, must_fail=True),
    Scenario("mirror: a load of the device, migration", MEMORY, [device(stores=False), migrator(), next_owner()],
             page_has_the_store),
    Scenario("mirror: the processor copies a page that the device reads", SHARED,
             [device(stores=False, waits_for="told"), fault(), writer()]),
    Scenario("mirror: the first write of a page that the device reads", UNWRITTEN,
             [device(stores=False, waits_for="told"), fault(), writer()]),
    Scenario("mirror: a refused invalidation", MEMORY, [device(), refused(counts=False)], device_has_stored),
    Scenario("mirror: installed without a look at the sequence, fork", MEMORY,
             [device(check_sequence=False), forker()], must_fail=True),
    Scenario("mirror: installed without a look at the sequence, unmap", MEMORY,
             [device(check_sequence=False), unmapper(), next_owner()], foreign_write, must_fail=True),
    Scenario("mirror: the sequence read after the lock", MEMORY,
             [device(sequence_under_lock=False), forker()], must_fail=True),
    Scenario("mirror: accesses not waited for, fork", MEMORY, [device(), forker(wait=False)],
             must_fail=True),
    Scenario("mirror: accesses not waited for, unmap", MEMORY,
             [device(), unmapper(wait=False), next_owner()], foreign_write, must_fail=True),
    Scenario("mirror: forked, then announced", MEMORY, [device(), forker(start_first=False)], must_fail=True),
    Scenario("mirror: unmapped, then announced", MEMORY, [device(), unmapper(start_first=False), next_owner()],
             foreign_write, must_fail=True),
    Scenario("mirror: a page copied, then announced", SHARED,
             [device(stores=False, waits_for="told"), fault(announce="last"), writer()], must_fail=True),
    Scenario("mirror: the first write of a page is not announced", UNWRITTEN,
             [device(stores=False, waits_for="told"), fault(announce="never"), writer()], must_fail=True),
    Scenario("mirror: a migration does not announce that it begins", MEMORY,
             [device(), migrator(announce_mark=False), next_owner()], page_has_the_store, must_fail=True),
    Scenario("mirror: a migration copies before the device has answered", MEMORY,
             [device(), migrator(await_mark=False), next_owner()], page_has_the_store, must_fail=True),
    Scenario("mirror: a migration does not announce that it ends", MEMORY,
             [device(stores=False), migrator(announce_commit="never"), next_owner()], page_has_the_store,
             must_fail=True),
    Scenario("mirror: a migration announces its end to who has not asked, too", MEMORY,
             [device(stores=False), migrator(announce_commit="always"), next_owner()], page_has_the_store),
    Scenario("mirror: answers are counted when the device has them, migration", MEMORY,
             [device(stores=False, count_under_lock=False), migrator(), next_owner()], page_has_the_store,
             must_fail=True),
    Scenario("mirror: a device that faults inside an access", MEMORY,
             [device(access_during_fault=True), forker()], must_fail=True),
    Scenario("mirror: a refused invalidation uses up a sequence", MEMORY, [device(), refused(counts=True)],
             device_has_stored, must_fail=True),
]
