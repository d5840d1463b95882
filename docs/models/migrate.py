"""One page moves from frame F to frame G: Migration.mark, copy, commit; bringing a private page home.

The page holds 1, a write of the processor makes it 2, and once F is free another space writes 9 into it.
"""

from frames import ABSENT, FOREIGN, HOLD, REFERENCE, foreign_write, holds, is_sole, next_owner, references, releaser
from mc import END, Scenario

MEMORY = {"lock": 0, "version": 0, "slot": 0, "entry": ("F", "W"), "F": 1, "F count": REFERENCE, "G": 0, "H": 0}
DEAD_LEAF = dict(MEMORY, **{"F count": 2 * REFERENCE})


def migrator(target="G", wait=True, entry_first=True, version_first=True, look_at_mark=True, count_holds=True):
    def lock_to_mark(t):
        t.lock("lock")

    def mark(t):
        frame, bits = t.load("entry")
        if frame != "F" or "M" in bits:
            return unlock_unmoved
        if entry_first:
            t.store("entry", ("F", "M"))
        t.add("F count", HOLD)

    def next_version(t):
        t.store("version", t.load("version") + 1)
        t.fence()

    def mark_late(t):
        if not entry_first:
            t.store("entry", ("F", "M"))

    def issue(t):
        t.membarrier()

    def await_writers(t):
        t.wait_until(not wait or t.load("slot") == 0)

    def unlock_marked(t):
        t.unlock("lock")

    def copy(t):
        t.require(t.load("F") != FOREIGN, "a frame is copied that belongs to another space")
        t.store(target, t.load("F"))

    def lock_to_commit(t):
        t.lock("lock")

    def decide(t):
        frame, bits = t.load("entry")
        count = t.load("F count")
        marked = frame == "F" and ("M" in bits or not look_at_mark)
        # More references than leaves are those of dead leaves: F moves all the same, and is free when they are gone.
        held_alone = references(count) >= 1 and (holds(count) == 1 or not count_holds)
        if not marked or not held_alone:
            return take_mark_back

    def replace(t):
        # Without W: who wrote through the new entry now would be missed by who still reads through the old one.
        t.store("entry", (target, ""))

    def withdraw(t):
        if version_first:
            t.store("version", t.load("version") + 1)
            t.fence()

    def release(t):
        t.add("F count", -REFERENCE - HOLD)

    def withdraw_late(t):
        t.store("version", t.load("version") + 1)
        t.unlock("lock")
        return END

    def take_mark_back(t):
        frame, bits = t.load("entry")
        if frame == "F" and "M" in bits:
            t.store("entry", ("F", ""))
        t.add("F count", -HOLD)

    def unlock_unmoved(t):
        t.unlock("lock")

    return [lock_to_mark, mark, next_version, mark_late, issue, await_writers, unlock_marked, copy, lock_to_commit,
            decide, replace, withdraw, release, withdraw_late, take_mark_back, unlock_unmoved]


def reader():
    """An accessor that reads twice; it keeps the translation as long as the version is the same."""

    def take_version(t):
        t.my["version"] = t.load("version")

    def translate(t):
        t.my["frame"], _ = t.load("entry")

    def load(t):
        if t.my["frame"] == "":
            return END
        t.my["value"] = t.load(t.my["frame"])

    def look_again(t):
        if t.load("version") != t.my["version"]:
            return take_version
        t.require(t.my["value"] in (1, 2), f"the reader returned {t.my['value']}")

    def load_by_cache(t):
        t.my["value"] = t.load(t.my["frame"])

    def look_once_more(t):
        t.require(t.load("version") != t.my["version"] or t.my["value"] in (1, 2),
                  f"the reader returned {t.my['value']}")

    return [take_version, translate, load, look_again, load_by_cache, look_once_more]


def writer():
    """An accessor that has F in its cache as writable. Its fault takes the mark away: the writer wins."""

    def enter(t):
        t.store("slot", 1)

    def look(t):
        if t.load("version") != t.my.get("version", 0):
            return leave_unwritten

    def write(t):
        t.store(t.my.get("frame", "F"), 2)
        t.my["wrote"] = True

    def leave(t):
        t.store("slot", 0)
        return END

    def leave_unwritten(t):
        t.store("slot", 0)

    def take_version(t):
        t.my["version"] = t.load("version")

    def translate(t):
        t.my["frame"], bits = t.load("entry")
        if "W" in bits:
            return enter

    def lock(t):
        t.lock("lock")

    def fault(t):
        t.my["frame"], _ = t.load("entry")
        if t.my["frame"]:
            t.store("entry", (t.my["frame"], "W"))

    def unlock(t):
        t.my["version"] = t.load("version")
        t.unlock("lock")
        return enter if t.my["frame"] else END

    return [enter, look, write, leave, leave_unwritten, take_version, translate, lock, fault, unlock]


def direct_writer():
    """A writer without an accessor: it looks at the entry, in a slot of its own."""
    _, _, write, leave, _, _, _, lock, fault, unlock = writer()

    def enter_shared(t):
        t.exchange("slot", 0, 1)

    def look_at_entry(t):
        t.my["frame"], bits = t.load("entry")
        return write if "W" in bits else leave_to_fault

    def leave_to_fault(t):
        t.store("slot", 0)
        return lock

    def unlock_again(t):
        return enter_shared if unlock(t) != END else END

    return [enter_shared, look_at_entry, write, leave, leave_to_fault, lock, fault, unlock_again]


def neighbour_fault(heed_marks=True):
    """A fault of another page of the leaf adopts it, and sets W anew for all its pages: each has one reference."""

    def lock(t):
        t.lock("lock")

    def adopt(t):
        frame, bits = t.load("entry")
        if frame and not ("M" in bits and heed_marks):
            t.store("entry", (frame, bits.replace("W", "") + "W"))

    def unlock(t):
        t.unlock("lock")

    return [lock, adopt, unlock]


def unmapper():
    def lock(t):
        t.lock("lock")

    def remove(t):
        t.my["frame"], _ = t.load("entry")
        t.store("entry", ABSENT)

    def withdraw(t):
        t.store("version", t.load("version") + 1)
        t.fence()

    def issue(t):
        t.membarrier()

    def await_writers(t):
        t.wait_until(t.load("slot") == 0)

    def look(t):
        if t.my["frame"] != "F":
            return unlock

    def unlock(t):
        t.unlock("lock")

    return [lock, remove, withdraw, issue, await_writers, look, *releaser(lambda t: "F"), unlock]


def destroyer(may_store=is_sole):
    """Destroys the dead leaf of a fork that was closed: one reference less for F."""
    return releaser(lambda t: "F", may_store)


def page_and_counts(memory, variables):
    """At the end the page has what was written, and F as many references as owners."""
    frame, bits = memory["entry"]
    if frame and any(my.get("wrote") for my in variables) and memory[frame] != 2:
        return "a write was lost"
    owners = (frame == "F") + sum(my.get("owns", False) for my in variables)
    if memory["F count"] != owners * REFERENCE:
        return f"frame F has {owners} owners and counts {memory['F count']}"
    if "M" in bits:
        return "the page is marked for ever"
    return foreign_write(memory, variables)


# ---- a page gets another frame; another thread writes through the new entry and tells an accessor's owner

REPLACED = {"version": 0, "entry": ("F", ""), "F": 1, "G": 1, "told": 0}


def replacement(writable_first=False):
    """Copy-on-write, after the bytes were copied."""

    def replace(t):
        t.store("entry", ("G", "W" if writable_first else ""))

    def withdraw(t):
        t.store("version", 1)
        t.fence()

    def allow_writes(t):
        t.store("entry", ("G", "W"))

    return [replace, withdraw, allow_writes]


def writer_through_new_entry():
    def find(t):
        t.wait_until(t.load("entry") == ("G", "W"))

    def write(t):
        t.store("G", 2)

    def tell(t):
        t.store("told", 1)

    return [find, write, tell]


def accessor_with_old_frame():
    def hear(t):
        t.wait_until(t.load("told") == 1)

    def look(t):
        if t.load("version") != 0:
            return END

    def load(t):
        t.my["value"] = t.load("F")

    def look_again(t):
        t.require(t.load("version") != 0 or t.my["value"] == 2, "a read does not see a write that came before it")

    return [hear, look, load, look_again]


# ---- a private page comes home: faults of two threads, and an eviction

PRIVATE = dict(MEMORY, entry=("F", "private"))


def bringer(target):
    """Marks, copies and commits in one section under the lock, whatever migration is under way."""

    def lock(t):
        t.lock("lock")

    def look(t):
        if t.load("entry")[0] != "F":
            return unlock

    def copy(t):
        t.require(t.load("F") != FOREIGN, "a frame is copied that belongs to another space")
        t.store(target, t.load("F"))

    def replace(t):
        t.store("entry", (target, ""))

    def withdraw(t):
        t.store("version", t.load("version") + 1)
        t.fence()

    def unlock(t):
        t.unlock("lock")

    return [lock, look, copy, replace, withdraw, *releaser(lambda t: "F"), unlock]


def bringer_in_two_phases(target):
    """What the other one marked it marks again, for it needs the page."""
    steps = migrator(target)
    mark = next(step for step in steps if step.__name__ == "mark")

    def mark_anew(t):
        if t.load("entry")[0] != "F":
            return steps[-1]
        t.store("entry", ("F", "M"))
        t.add("F count", HOLD)

    return [mark_anew if step is mark else step for step in steps]


def at_home(memory, variables):
    if memory["entry"][0] == "F":
        return "two faults, and the page is not at home"
    return page_and_counts(memory, variables)


SCENARIOS = [
    Scenario("migrate: a writer, the frame is used again", MEMORY, [migrator(), writer(), next_owner()],
             page_and_counts),
    Scenario("migrate: a direct writer", MEMORY, [migrator(), direct_writer(), next_owner()], page_and_counts),
    Scenario("migrate: a reader, the frame is used again", MEMORY, [migrator(), reader(), next_owner()],
             page_and_counts),
    Scenario("migrate: a reader and a writer", MEMORY, [migrator(), writer(), reader()], page_and_counts),
    Scenario("migrate: unmapped meanwhile, the frame is used again", MEMORY,
             [migrator(), unmapper(), next_owner()], page_and_counts),
    Scenario("migrate: unmapped meanwhile, a writer", MEMORY, [migrator(), unmapper(), writer()], page_and_counts),
    Scenario("migrate: two migrations and a writer", MEMORY, [migrator(), migrator("H"), writer()],
             page_and_counts),
    Scenario("migrate: a neighbour's fault adopts the leaf", dict(MEMORY, entry=("F", "")),
             [migrator(), neighbour_fault(), direct_writer()], page_and_counts),
    Scenario("migrate: a dead leaf counts in the frame, the frame is used again", DEAD_LEAF,
             [migrator(), destroyer(), next_owner()], page_and_counts),
    Scenario("migrate: a dead leaf counts in the frame, a writer", DEAD_LEAF, [migrator(), destroyer(), writer()],
             page_and_counts),
    Scenario("migrate: a dead leaf is destroyed without regard to who else counts", DEAD_LEAF,
             [migrator(), destroyer(may_store=lambda count: True), next_owner()], page_and_counts, must_fail=True),
    Scenario("migrate: writers are not waited for", MEMORY, [migrator(wait=False), writer(), next_owner()],
             page_and_counts, must_fail=True),
    Scenario("migrate: new version, then marked", MEMORY, [migrator(entry_first=False), writer(), next_owner()],
             page_and_counts, must_fail=True),
    Scenario("migrate: old frame released, then the new version", MEMORY,
             [migrator(version_first=False), reader(), next_owner()], page_and_counts, must_fail=True),
    Scenario("migrate: committed without a look at the mark", MEMORY,
             [migrator(look_at_mark=False), writer()], page_and_counts, must_fail=True),
    Scenario("migrate: two migrations, holds are not counted", MEMORY,
             [migrator(count_holds=False), migrator("H"), writer()], page_and_counts, must_fail=True),
    Scenario("migrate: a frame is freed without regard to holds", MEMORY,
             [migrator(), unmapper(), next_owner(heed_holds=False)], page_and_counts, must_fail=True),
    Scenario("migrate: a neighbour's fault makes marked pages writable", dict(MEMORY, entry=("F", "")),
             [migrator(), neighbour_fault(heed_marks=False), direct_writer()], page_and_counts, must_fail=True),
    Scenario("replace: the page, new version, then W", REPLACED,
             [replacement(), writer_through_new_entry(), accessor_with_old_frame()]),
    Scenario("replace: the page with W, then the new version", REPLACED,
             [replacement(writable_first=True), writer_through_new_entry(), accessor_with_old_frame()],
             must_fail=True),
    Scenario("home: two faults", PRIVATE, [bringer("G"), bringer("H"), next_owner()], at_home),
    Scenario("home: a fault during an eviction", PRIVATE, [bringer("G"), migrator("H"), next_owner()], at_home),
    Scenario("home: two faults, each in two phases", PRIVATE,
             [bringer_in_two_phases("G"), bringer_in_two_phases("H")], at_home, must_fail=True),
]
