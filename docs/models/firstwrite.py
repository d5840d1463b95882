"""First writes without the lock: FirstWrite, LeafCopy, PageTable.freeze.

A page of a space is in frame F, which a sibling shares, and a first write puts a copy in. Everything under the lock of
the space is one thread here. A writer's slot fences fully, as a shared slot does; armed.py has the slots of accessors.
An entry is a frame and its bits: W writable, N new, M migrating.
"""

from frames import ABSENT, FOREIGN
from mc import END, Scenario

SHARED = {
    "root": 0, "version": 0, "entry": ("F", ""), "F": 1, "F count": 2, "told": 0, "child": "",
    "A.slot": 0, "B.slot": 0, "A.copy": 0, "B.copy": 0, "A.copy count": 0, "B.copy count": 0,
}


def first_write(me, root_check=True, w_at_once=False, heed_new=True, release_first=False, tell=False, writes=True):
    """Puts a copy in if the frame is shared, takes the frame if it is not, and writes 2 to it or beside it."""
    slot = me + ".slot"
    copy = me + ".copy"

    def load_root(t):
        t.my["root"] = t.load("root")
        if t.my["root"] != 0:
            return END  # the leaf is not the space's own any more

    def look(t):
        frame, bits = t.my["seen"] = t.load("entry")
        if "W" in bits or "M" in bits:
            return END  # an ordinary write, or a case for the lock
        t.my["next"] = "reuse" if "N" in bits or t.load(frame + " count") == 1 else "copy"
        if t.my["next"] == "reuse":
            return enter

    def copy_bytes(t):
        t.store_plain(copy, t.load(t.my["seen"][0]))

    def take_copy(t):
        t.add(copy + " count", 1)

    def release_too_early(t):
        if release_first:
            t.add(t.my["seen"][0] + " count", -1)

    def enter(t):
        t.exchange(slot, 0, 1)

    def look_at_root(t):
        if root_check and t.load("root") != t.my["root"]:
            return give_up
        if t.my["next"] == "reuse":
            return invalidate_for_other

    def put_in(t):
        bits = "W" if w_at_once else "N"
        if not t.exchange("entry", t.my["seen"], (copy, bits)):
            return give_up

    def invalidate(t):
        t.add("version", 1)

    def allow(t):
        if not w_at_once:
            t.exchange("entry", (copy, "N"), (copy, "W"))
        t.my["frame"] = copy

    def write(t):
        if writes and t.load("entry")[1] == "W":
            t.store_plain(t.my["frame"], 2)

    def leave(t):
        t.store(slot, 0)
        t.fence()

    def release(t):
        if t.my["next"] == "copy" and not release_first:
            t.add(t.my["seen"][0] + " count", -1)

    def tell_reader(t):
        if tell:
            t.store("told", 1)
        return END

    def invalidate_for_other(t):
        if heed_new and "N" in t.my["seen"][1]:
            t.add("version", 1)

    def take_over(t):
        frame = t.my["seen"][0]
        if not t.exchange("entry", t.my["seen"], (frame, "W")):
            return give_up
        t.my["frame"] = frame
        return write

    def give_up(t):
        t.store(slot, 0)
        if t.my["next"] == "copy":
            t.add(copy + " count", -1)
        return END

    return [load_root, look, copy_bytes, take_copy, release_too_early, enter, look_at_root, put_in, invalidate, allow,
            write, leave, release, tell_reader, invalidate_for_other, take_over, give_up]


# ---- 1: a fork

def first_write_and_more(heed_others=True):
    """A first write, and then an ordinary write by the translation that it has kept."""

    def load_root(t):
        if t.load("root") != 0:
            return END

    def enter(t):
        t.exchange("A.slot", 0, 1)

    def load_version(t):
        t.my["version"] = t.load("version")

    def look_at_root(t):
        if t.load("root") != 0:
            return leave_for_good

    def put_in(t):
        t.exchange("entry", ("F", ""), ("A.copy", "N"))

    def invalidate(t):
        t.my["made"] = t.add("version", 1)

    def allow(t):
        t.exchange("entry", ("A.copy", "N"), ("A.copy", "W"))

    def leave(t):
        t.store("A.slot", 0)
        t.fence()
        if heed_others and t.my["made"] != t.my["version"] + 1:
            return END  # something else was invalidated in between: the page has to be looked up again

    def enter_to_write(t):
        t.exchange("A.slot", 0, 1)
        if t.load("version") != t.my["made"]:
            return leave_for_good

    def write(t):
        t.store("A.copy", 2)

    def leave_for_good(t):
        t.store("A.slot", 0)
        return END

    return [load_root, enter, load_version, look_at_root, put_in, invalidate, allow, leave, enter_to_write, write,
            leave_for_good]


def forker():
    def change_root(t):
        t.store("root", 1)
        t.add("version", 1)

    def await_a(t):
        t.wait_until(t.load("A.slot") == 0)

    def share(t):
        t.my["entry"] = t.load("entry")

    def read_child(t):
        t.my["child"] = t.load(t.my["entry"][0])

    def read_child_again(t):
        t.require(t.load("entry") == t.my["entry"], "a leaf that a child has was changed")
        t.require(t.load(t.my["entry"][0]) == t.my["child"], "the child changed after the fork had returned")

    return [change_root, await_a, share, read_child, read_child_again]


# ---- 2, 3: two first writes, and a reader that has F in its cache

def reader_that_is_told():
    """It has kept F at version 0, which is valid while the version is 0."""

    def hear(t):
        t.wait_until(t.load("told") == 1)

    def load(t):
        t.my["value"] = t.load("F")

    def look_at_version(t):
        t.require(t.load("version") != 0 or t.my["value"] == 2, "a read misses a write that it was told of")

    return [hear, load, look_at_version]


def writer_to_the_copy():
    """Finds the page writable, writes, and tells."""

    def find(t):
        frame, bits = t.load("entry")
        t.wait_until(bits == "W")
        t.my["frame"] = frame

    def write(t):
        t.store_plain(t.my["frame"], 2)

    def tell(t):
        t.store("told", 1)

    return [find, write, tell]


def reader(allowed=(1, 2)):
    def load_version(t):
        t.my["version"] = t.load("version")

    def translate(t):
        t.my["frame"] = t.load("entry")[0]

    def load(t):
        t.my["value"] = t.load(t.my["frame"])

    def look_again(t):
        if t.load("version") == t.my["version"]:
            t.require(t.my["value"] in allowed, f"a read returned {t.my['value']}")

    return [load_version, translate, load, look_again]


def sibling(drops=True):
    """Gives up its reference to F, or writes to F in place when it is the last that has it."""

    def look(t):
        t.my["count"] = t.load("F count")

    def drop_or_write(t):
        if drops:
            if not t.exchange("F count", t.my["count"], t.my["count"] - 1):
                return look
        elif t.my["count"] == 1:
            t.store_plain("F", FOREIGN)

    return [look, drop_or_write]


def next_owner():
    def allocate(t):
        if t.load("F count") != 0 or not t.exchange("F count", 0, 1):
            return END

    def write(t):
        t.store("F", FOREIGN)

    return [allocate, write]


def one_frame_lives(memory, variables):
    frame, bits = memory["entry"]
    if bits != "W":
        return f"the page is left as {memory['entry']}"
    if memory[frame] not in (1, 2):
        return f"the page holds {memory[frame]}"
    for copy in "A.copy", "B.copy":
        if memory[copy + " count"] != (1 if frame == copy else 0):
            return f"{copy} counts {memory[copy + ' count']}, and the page is in {frame}"
    return None


# ---- 5: an unmap, a discard

EMPTY = {"root": 0, "version": 0, "entry": ABSENT, "frozen": 0, "A.slot": 0, "G": 7, "G count": 0}


def fill():
    def load_root(t):
        t.my["root"] = t.load("root")
        if t.load("frozen") or t.my["root"] != 0:
            return END  # not mapped any more, or a case for the lock

    def take_frame(t):
        t.add("G count", 1)
        t.store_plain("G", 0)

    def enter(t):
        t.exchange("A.slot", 0, 1)

    def look_at_root(t):
        if t.load("root") != t.my["root"] or t.load("frozen"):
            return give_up

    def put_in(t):
        if not t.exchange("entry", ABSENT, ("G", "W")):
            return give_up

    def leave(t):
        t.store("A.slot", 0)
        return END

    def give_up(t):
        t.store("A.slot", 0)
        t.add("G count", -1)
        return END

    return [load_root, take_frame, enter, look_at_root, put_in, leave, give_up]


def unmapper(freeze=True):
    def change_mappings(t):
        t.store("root", 1)
        t.store("frozen", 1)
        t.add("version", 1)

    def await_first_writes(t):
        t.wait_until(not freeze or t.load("A.slot") == 0)

    def take_out(t):
        t.my["frame"] = t.load("entry")[0]
        t.store("entry", ABSENT)

    def invalidate(t):
        t.add("version", 1)

    def await_writes(t):
        t.wait_until(t.load("A.slot") == 0)

    def release(t):
        if t.my["frame"]:
            t.add(t.my["frame"] + " count", -1)

    def thaw(t):
        t.store("frozen", 0)

    return [change_mappings, await_first_writes, take_out, invalidate, await_writes, release, thaw]


def nothing_is_mapped(memory, _):
    if memory["entry"] != ABSENT:
        return "a page is under no mapping"
    if memory["G count"] != 0:
        return "a frame is in use that no page has"
    return None


# ---- 6: a leaf is copied without the lock; it lists F, and a sibling, S, lists it too

LEAF = {
    "lock": 0, "root": 0, "L count": 2, "F count": 1, "G count": 0, "L": "F", "C": "", "A.leaf": "L", "copies": 0,
    "S.lock": 0,
}


def own_leaf(hold=True, root_check=True, counted=True):
    def lock(t):
        t.lock("lock")

    def look(t):
        t.my["root"] = t.load("root")
        if t.load("A.leaf") != "L" or t.load("L count") == 1:
            t.unlock("lock")
            return END  # it is the space's own already, or is adopted

    def hold_leaf(t):
        if hold:
            t.add("L count", 1)
        if counted:
            t.add("copies", 1)
        t.unlock("lock")

    def load_entry(t):
        t.my["frame"] = t.load("L")

    def acquire_frame(t):
        t.require(t.add(t.my["frame"] + " count", 1) > 1, "a frame is acquired that is free")

    def end_copy(t):
        t.store("C", t.my["frame"])
        if counted:
            t.add("copies", -1)

    def lock_again(t):
        t.lock("lock")

    def put_in(t):
        if (root_check and t.load("root") != t.my["root"]) or t.load("A.leaf") != "L":
            return drop
        t.store("A.leaf", "C")
        t.add("L count", -1)

    def unlock(t):
        t.unlock("lock")
        return release_hold

    def drop(t):
        t.unlock("lock")
        t.add(t.my["frame"] + " count", -1)

    def release_hold(t):
        if hold and t.add("L count", -1) == 0:
            t.add(t.load("L") + " count", -1)

    return [lock, look, hold_leaf, load_entry, acquire_frame, end_copy, lock_again, put_in, unlock, drop, release_hold]


def drop_leaf():
    """The sibling is closed: it gives up the leaf, and destroys it if nobody else has it."""

    def release(t):
        if t.add("L count", -1) == 0:
            t.add(t.load("L") + " count", -1)

    return [release]


def unmap_leaf():
    """This space gives the leaf up, with a new root."""

    def lock(t):
        t.lock("lock")

    def take_out(t):
        t.my["leaf"] = t.load("A.leaf")
        t.store("root", t.load("root") + 1)
        t.store("A.leaf", "")

    def release(t):
        leaf = t.my["leaf"]
        if leaf == "C":
            t.add(t.load("C") + " count", -1)
        elif leaf == "L" and t.add("L count", -1) == 0:
            t.add(t.load("L") + " count", -1)

    def unlock(t):
        t.unlock("lock")

    return [lock, take_out, release, unlock]


def migrator(await_copies=True, new_root=True):
    """Moves the page of a leaf that several spaces share from F to G, under the locks of all."""

    def lock(t):
        t.lock("lock")

    def await_end_of_copies(t):
        t.wait_until(not await_copies or t.load("copies") == 0)

    def renew_root(t):
        if new_root:
            t.store("root", t.load("root") + 1)

    def replace(t):
        if t.load("A.leaf") != "L":
            return unlock  # it would have to move both leaves
        t.add("G count", 1)
        t.store("L", "G")
        t.fence()

    def release(t):
        t.add("F count", -1)

    def unlock(t):
        t.unlock("lock")

    return [lock, await_end_of_copies, renew_root, replace, release, unlock]


def leaves_and_counts(memory, _):
    lists = {"L": memory["L"], "C": memory["C"], "": ""}
    users = {"F": 0, "G": 0}
    if memory["L count"] > 0:
        users[memory["L"]] += 1
    if memory["A.leaf"] == "C":
        users[memory["C"]] += 1
    for frame, count in users.items():
        if memory[frame + " count"] != count:
            return f"frame {frame} has {count} users and counts {memory[frame + ' count']}"
    if memory["A.leaf"] == "C" and memory["L count"] > 0 and lists["C"] != lists["L"]:
        return "a copy of a leaf shows a frame that the page has left"
    return None


# ---- 8: the page moves away and home while a first write copies it

MOVING = dict(SHARED, **{"H": 1, "H count": 2})


def away_and_home(new_root=True):
    """F is somebody else's in between; then the page comes home to the same frame."""

    def leave_frame(t):
        if new_root:
            t.store("root", t.load("root") + 1)
        t.store("entry", ("H", ""))
        t.add("version", 1)

    def let_another_write(t):
        t.store("F", FOREIGN)

    def come_home(t):
        t.store("F", 1)

    def take_frame(t):
        t.store("entry", ("F", ""))
        t.add("version", 1)

    return [leave_frame, let_another_write, come_home, take_frame]


def page_is_whole(memory, _):
    value = memory[memory["entry"][0]]
    return None if value in (1, 2) else f"the page holds {value}, which another space has written"


def marker(by_exchange=True):
    """The holder of the lock marks the page, as a migration does without freezing the table."""

    def look(t):
        t.my["seen"] = t.load("entry")

    def mark(t):
        frame, _ = t.my["seen"]
        if by_exchange:
            if not t.exchange("entry", t.my["seen"], (frame, "M")):
                return look
        else:
            t.store("entry", (frame, "M"))

    def unmark(t):
        frame, bits = t.load("entry")
        t.store("entry", (frame, ""))

    return [look, mark, unmark]


def page_has_a_frame(memory, _):
    frame = memory["entry"][0]
    return None if memory[frame + " count"] > (1 if frame == "F" else 0) else f"the page is in {frame}, which is free"


# ---- 9: the memory of the last invalidations; both words have one place

RING = {"version": 0, "word": (0, ""), "cached p": 1, "cached q": 1}


def invalidator(page, name_version=True):
    def make_version(t):
        t.my["version"] = t.add("version", 1)

    def remember(t):
        t.store("word", (t.my["version"] if name_version else "any", page))

    return [make_version, remember]


def late_accessor():
    """Kept p and q at version 0. A second place for the words would only make this harder to miss."""

    def load_version(t):
        t.my["to"] = t.load("version")

    def apply(t):
        t.my["kept"] = "pq"
        if t.my["to"] > 1:
            t.my["kept"] = ""  # too far behind
        elif t.my["to"] == 1:
            version, page = t.load("word")
            known = version in (1, "any")
            t.my["kept"] = t.my["kept"].replace(page, "") if known and page else ("" if not known else "pq")

    def check(t):
        t.my["at"] = t.my["to"]

    return [load_version, apply, check]


def forgotten(first):
    def at_end(memory, variables):
        my = variables[2]
        if my["to"] == 1 and variables[first]["version"] == 1:
            page = "pq"[first]
            if page in my["kept"]:
                return "an accessor goes on with a page that was invalidated"
        return None

    return at_end


def each_is_forgotten(memory, variables):
    return forgotten(0)(memory, variables) or forgotten(1)(memory, variables)


SCENARIOS = [
    Scenario("first write: a fork", SHARED, [first_write("A"), forker()]),
    Scenario("first write: a fork, the root is not looked at", SHARED, [first_write("A", root_check=False), forker()],
             must_fail=True),
    Scenario("first write: another write by the same translation, and a fork", SHARED,
             [first_write_and_more(), forker()]),
    Scenario("first write: another write, a version of the fork in between is not heeded", SHARED,
             [first_write_and_more(heed_others=False), forker()], must_fail=True),
    Scenario("first write: two of them", SHARED, [first_write("A"), first_write("B")], one_frame_lives),
    Scenario("first write: two of them, and a reader that is told", SHARED,
             [first_write("A", tell=True), first_write("B", tell=True), reader_that_is_told()], one_frame_lives),
    Scenario("first write: two of them, N is not heeded", SHARED,
             [first_write("A", tell=True), first_write("B", heed_new=False, tell=True), reader_that_is_told()],
             one_frame_lives, must_fail=True),
    Scenario("first write: another write to the copy, and a reader that is told", SHARED,
             [first_write("A"), writer_to_the_copy(), reader_that_is_told()]),
    Scenario("first write: another write to the copy, W at once", SHARED,
             [first_write("A", w_at_once=True), writer_to_the_copy(), reader_that_is_told()], must_fail=True),
    Scenario("first write: a reader, while the sibling drops F and another space takes it", SHARED,
             [first_write("A"), reader(), sibling(), next_owner()]),
    Scenario("first write: the same, F released before the version", SHARED,
             [first_write("A", release_first=True), reader(), sibling(), next_owner()], must_fail=True),
    Scenario("first write: the sibling writes in place when it is the last", SHARED,
             [first_write("A"), reader(), sibling(drops=False)], page_is_whole),
    Scenario("first write: the same, F released before the copy is put in", SHARED,
             [first_write("A", release_first=True), reader(), sibling(drops=False)], page_is_whole, must_fail=True),
    Scenario("first write: an empty page, unmapped", EMPTY, [fill(), unmapper()], nothing_is_mapped),
    Scenario("first write: an empty page, unmapped without a wait before", EMPTY, [fill(), unmapper(freeze=False)],
             nothing_is_mapped, must_fail=True),
    Scenario("own a leaf: two threads, and the sibling drops it", LEAF, [own_leaf(), own_leaf(), drop_leaf()],
             leaves_and_counts),
    Scenario("own a leaf: without a reference, the sibling drops it, and the space as well", LEAF,
             [own_leaf(hold=False), drop_leaf(), unmap_leaf()], leaves_and_counts, must_fail=True),
    Scenario("own a leaf: the sibling drops it, and the space as well", LEAF, [own_leaf(), drop_leaf(), unmap_leaf()],
             leaves_and_counts),
    Scenario("own a leaf: the page migrates", LEAF, [own_leaf(), migrator()], leaves_and_counts),
    Scenario("own a leaf: the page migrates, copies are not waited for", LEAF,
             [own_leaf(), migrator(await_copies=False)], leaves_and_counts, must_fail=True),
    Scenario("own a leaf: the page migrates, without a new root", LEAF, [own_leaf(), migrator(new_root=False)],
             leaves_and_counts, must_fail=True),
    Scenario("own a leaf: the page migrates, the root is not looked at", LEAF,
             [own_leaf(root_check=False), migrator()], leaves_and_counts, must_fail=True),
    Scenario("first write: the page moves away and home", MOVING, [first_write("A", writes=False), away_and_home()],
             page_is_whole),
    Scenario("first write: the page moves away and home, under the same root", MOVING,
             [first_write("A", writes=False), away_and_home(new_root=False)], page_is_whole, must_fail=True),
    Scenario("first write: the page is marked", SHARED, [first_write("A"), marker()], page_has_a_frame),
    Scenario("first write: the page is marked by a store", SHARED, [first_write("A"), marker(by_exchange=False)],
             page_has_a_frame, must_fail=True),
    Scenario("invalidations: two at a time, and a late accessor", RING,
             [invalidator("p"), invalidator("q"), late_accessor()], each_is_forgotten),
    Scenario("invalidations: the same, words without a version", RING,
             [invalidator("p", name_version=False), invalidator("q", name_version=False), late_accessor()],
             each_is_forgotten, must_fail=True),
]
