"""Readers and writers against unmap, discard and protect: Space.withdraw, Space.protect, Space.offsetForRead.

A reader that finds no page, or a hidden one, in an address that is mapped and readable takes it for zeros.
The page holds 1; once its frame F is free, another space writes 9 into it.
"""

from mc import END, Scenario

MEMORY = {"version": 0, "mapped": 1, "entry": "F", "F": 1, "slot": 0, "free": 0}
RETRIES = 2


def reader():
    def take_version(t):
        t.my["version"] = t.load("version")

    def take_root(t):
        t.my["mapped"] = t.load("mapped")

    def translate(t):
        t.my["frame"] = t.load("entry")

    def load(t):
        if t.my["frame"] == "F":
            t.my["value"] = t.load("F")
        elif t.my["mapped"]:
            t.my["value"] = 0
        else:
            return END  # an exception says that the address is not mapped, or not readable

    def look_again(t):
        if t.load("version") != t.my["version"]:
            t.my["retries"] = t.my.get("retries", 0) + 1
            return take_version if t.my["retries"] < RETRIES else END
        t.require(t.my["value"] != 0, "a page that was written read as zeros")
        t.require(t.my["value"] != 9, "a reader returned the data of another space")

    return [take_version, take_root, translate, load, look_again]


def writer(cached=False):
    """An accessor; `cached`: it keeps the subtree that the entry is in, which may be taken out as a whole."""

    def refresh(t):
        t.my["version"] = t.load("version")
        if cached:
            t.my["entry"] = t.load("entry")
            if t.my["entry"] != "F":
                return END

    def enter(t):
        t.store("slot", 1)

    def look(t):
        if t.load("version") != t.my["version"]:
            return leave
        if (t.my["entry"] if cached else t.load("entry")) != "F":
            return leave

    def write(t):
        t.store("F", 2)

    def leave(t):
        t.store("slot", 0)

    return [refresh, enter, look, write, leave]


def unmapper(mappings_first=True, wait=True, version_again=True):
    def change_mappings(t):
        t.store("mapped", 0 if mappings_first else 1)

    def next_version(t):
        if mappings_first:
            t.store("version", 1)
            t.fence()

    def remove_entry(t):
        t.store("entry", "absent")

    def change_mappings_late(t):
        t.store("mapped", 0)

    def version_after(t):
        if version_again:
            t.store("version", 2)
            t.fence()

    def issue(t):
        t.membarrier()

    def await_writers(t):
        t.wait_until(not wait or t.load("slot") == 0)

    def release(t):
        t.store("free", 1)
        t.fence()

    return [change_mappings, next_version, remove_entry, change_mappings_late, version_after, issue,
            await_writers, release]


def next_owner():
    def allocate(t):
        t.wait_until(t.load("free") == 1)

    def write(t):
        t.store("F", 9)

    return [allocate, write]


def foreign_frame_untouched(memory, _):
    return None if memory["F"] == 9 else "a write landed in the frame of another space"


def hider(mappings_first=True):
    """protect: nothing may be read any more; the page stays."""

    def change_mappings(t):
        if mappings_first:
            t.store("mapped", 0)
            t.store("version", 1)
            t.fence()

    def hide(t):
        t.store("entry", "hidden")

    def change_mappings_late(t):
        if not mappings_first:
            t.store("mapped", 0)
            t.store("version", 1)
            t.fence()

    return [change_mappings, hide, change_mappings_late]


HIDDEN = dict(MEMORY, mapped=0, entry="hidden")


def shower(entries_first=True):
    """protect: may be read again."""

    def show(t):
        if entries_first:
            t.store("entry", "F")

    def change_mappings(t):
        t.store("mapped", 1)
        t.store("version", 1)
        t.fence()

    def show_late(t):
        if not entries_first:
            t.store("entry", "F")

    return [show, change_mappings, show_late]


SCENARIOS = [
    Scenario("unmap: mappings, then entries; a reader", MEMORY, [reader(), unmapper(), next_owner()]),
    Scenario("unmap: entries, then mappings; a reader", MEMORY,
             [reader(), unmapper(mappings_first=False), next_owner()], must_fail=True),
    Scenario("unmap: a writer is waited for", MEMORY, [writer(), unmapper(), next_owner()],
             foreign_frame_untouched),
    Scenario("unmap: a writer is not waited for", MEMORY, [writer(), unmapper(wait=False), next_owner()],
             foreign_frame_untouched, must_fail=True),
    Scenario("unmap: a subtree as a whole, a writer that keeps it", MEMORY,
             [writer(cached=True), unmapper(), next_owner()], foreign_frame_untouched),
    Scenario("unmap: a subtree as a whole, no new version after it is out", MEMORY,
             [writer(cached=True), unmapper(version_again=False), next_owner()], foreign_frame_untouched,
             must_fail=True),
    Scenario("protect: mappings, then hidden", MEMORY, [reader(), hider()]),
    Scenario("protect: hidden, then mappings", MEMORY, [reader(), hider(mappings_first=False)],
             must_fail=True),
    Scenario("protect: visible, then mappings", HIDDEN, [reader(), shower()]),
    Scenario("protect: mappings, then visible", HIDDEN, [reader(), shower(entries_first=False)],
             must_fail=True),
]
