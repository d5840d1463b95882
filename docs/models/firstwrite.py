"""First writes without the lock of the space: FirstWrite, LeafCopy, PageTable.freeze, TranslationVersion.

The page is in frame F, which a sibling maps too. A and B are accessors of one space; each writes a word of the page. A
word holds 1, or 0 in a frame of zeros; a writer makes it 2; another space that gets the frame makes it 9. An entry is a
frame and its bits: W writable, N new, M migrating. The root is (number, generation, state): each that is put in has
another number, generation 0 owns the leaf, and the state is "open" or "unmapped". The table may be frozen.
"""

from armed import CHANGING, waiting
from mc import END, Scenario

ABSENT = ("", "")
OPEN = (0, 0, "open")
FOREIGN = 9
WORDS = "AB"
OWN = {"A": "G", "B": "H"}

# Both accessors are idle since before the last wait.
MEMORY = {
    "root": OPEN, "frozen": 0, "version": 1, "awaited": 1, "are shared": 0, "entry": ("F", ""), "done": 0,
    "F count": 2, "F.A": 1, "F.B": 1, "G count": 0, "G.A": FOREIGN, "G.B": FOREIGN,
    "H count": 0, "H.A": FOREIGN, "H.B": FOREIGN, "K count": 0, "K.A": FOREIGN, "K.B": FOREIGN,
    "A.writing": 0, "A.armed": 1, "A told": 0, "B.writing": 0, "B.armed": 1, "B told": 0,
}
SOLE = dict(MEMORY, **{"F count": 1})
EMPTY = dict(MEMORY, **{"entry": ABSENT, "F count": 1})


def writer(name, slot=True, look_at_root=True, fenced=True, arms=True, by_cache=False, writes_at_once=False,
           marks_new=True, writable_first=False, heeds_new=True, compares=True, release_first=False, moves_on=False,
           releases_if_helped=True, direct=False, fenced_slot=True, says_shared=True, after=None):
    """A write that begins on the slow path of an accessor, and ends if only the lock would help.

    `slot=False`: nobody changes the root or waits for writers, so slot, root and version are not looked at.
    `by_cache`: it writes by the translation that it keeps, as its next write to the page would do.
    `direct`: there is no accessor, and the slot is a shared one.
    """
    own = OWN[name]

    def disarm(t):
        t.wait_until(after is None or t.load(after) == 1)
        t.store(name + ".armed", 0)

    def take_root(t):
        t.my["root"] = t.load("root")
        if t.my["root"][1:] != OPEN[1:]:
            return END

    def look_if_frozen(t):
        if t.load("frozen"):
            return END

    def find_entry(t):
        t.my["seen"] = t.load("entry")
        frame, bits = t.my["seen"]
        if bits == "M":
            return END
        if bits:
            return prepared
        if not frame:
            return take_frame

    def look_at_count(t):
        if t.load(t.my["seen"][0] + " count") == 1:
            return prepared

    def take_frame(t):
        if not t.exchange(own + " count", 0, 1):
            return END
        t.my["own"] = True

    def fill(t):
        frame, _ = t.my["seen"]
        for word in WORDS:
            t.store_plain(f"{own}.{word}", t.load(f"{frame}.{word}") if frame else 0)

    def arm(t):
        if arms:
            t.store(name + ".armed", CHANGING)

    def enter(t):
        enter_slot(t)

    def fence(t):
        if fenced:
            t.fence()

    def take_version(t):
        t.my["version"] = t.load("version")

    def look_at_root_again(t):
        if t.load("root") != t.my["root"] and look_at_root:
            return leave_to_begin

    def look_if_frozen_again(t):
        if t.load("frozen") and look_at_root:
            return leave_to_begin

    def publish(t):
        frame, bits = seen = t.my.pop("seen")
        copied = t.my.get("own", False)
        t.my["frame"] = own if copied else frame
        if bits == "W":
            return done
        if bits == "N" and heeds_new:
            return next_version
        new = frame and copied and marks_new and not writable_first
        # Without the mark there is only the order: the page, version, W.
        value = (t.my["frame"], "N" if new else "" if frame and copied and not writable_first else "W")
        if not compares:
            t.store("entry", value)
        elif not t.exchange("entry", seen, value):
            return leave_to_begin
        if not copied:
            return done
        t.my.pop("own")
        t.require(FOREIGN not in [t.load(f"{own}.{word}") for word in WORDS],
                  "a page is put in with the bytes of another space")
        if not frame:
            return done
        t.my["replaced"] = frame

    def release_too_early(t):
        if release_first:
            give_up(t)

    def next_version(t):
        made = t.add("version", 1)
        if slot and not direct:
            t.my["version"] = made

    def look_for_fork(t):
        # One of the versions in between may be that of a fork.
        t.my["again"] = slot and not moves_on and t.load("root") != t.my["root"]

    def allow(t):
        if not writable_first:
            bits = "N" if marks_new else ""
            helped = not t.exchange("entry", (t.my["frame"], bits), (t.my["frame"], "W"))
            t.my["again"] = helped or t.my.get("again", False)

    def leave(t):
        t.store(name + ".writing", 0)

    def arm_by_version(t):
        t.store(name + ".armed", t.my["version"] + 1)

    def release(t):
        again = t.my.pop("again", False)
        if releases_if_helped or not again:
            give_up(t)
        t.my.pop("replaced", None)
        if again:
            return begin

    def enter_to_write(t):
        enter_slot(t)

    def look_at_root_to_write(t):
        if not by_cache and not writes_at_once and t.load("root") != t.my["root"]:
            t.store(name + ".writing", 0)
            t.my.pop("frame")
            return begin
        t.my.pop("root")

    def look_if_frozen_to_write(t):
        if not by_cache and not writes_at_once and t.load("frozen"):
            t.store(name + ".writing", 0)
            t.my.pop("frame")
            return begin

    def look_at_entry_to_write(t):
        if t.load("entry") != (t.my["frame"], "W"):
            t.store(name + ".writing", 0)
            t.my.pop("frame")
            return begin

    def look_to_write(t):
        if by_cache and t.load("version") != t.my["version"]:
            t.store(name + ".writing", 0)
            t.my.pop("frame")
            return disarm
        t.my.pop("version")

    def write(t):
        t.store_plain(f"{t.my.pop('frame')}.{name}", 2)
        t.my["wrote"] = name

    def leave_written(t):
        t.store(name + ".writing", 0)

    def tell(t):
        t.store(name + " told", 1)
        return END

    def leave_to_begin(t):
        if slot:
            t.store(name + ".writing", 0)
        if slot and not direct:
            t.store(name + ".armed", t.my["version"] + 1)
        t.my.pop("frame", None)

    def give_back(t):
        if t.my.pop("own", False):
            t.store(own + " count", 0)
        return begin

    def give_up(t):
        frame = t.my.pop("replaced", "")
        if frame:
            t.require(t.add(frame + " count", -1) >= 0, "a reference is given up twice")

    def enter_slot(t):
        if direct and says_shared:
            t.store("are shared", 1)
        if direct and fenced_slot:
            t.exchange(name + ".writing", 0, 1)
        else:
            t.store(name + ".writing", 1)

    begin, prepared, done = (take_root, arm, leave) if slot else (find_entry, publish, release)
    if direct:
        prepared = enter
    steps = [disarm, take_root, look_if_frozen, find_entry, look_at_count, take_frame, fill, arm, enter, fence, take_version,
             look_at_root_again, look_if_frozen_again, publish, release_too_early, next_version, look_for_fork, allow, leave, arm_by_version,
             release, enter_to_write, look_at_root_to_write, look_if_frozen_to_write, look_at_entry_to_write,
             look_to_write, write,
             leave_written, tell, leave_to_begin, give_back]
    of_accessor = {disarm, arm, fence, take_version, look_for_fork, arm_by_version, look_to_write}
    of_slot = {take_root, look_if_frozen, enter, look_at_root_again, look_if_frozen_again, leave, enter_to_write,
               look_at_root_to_write, look_if_frozen_to_write, leave_written}
    if not slot:
        left_out = of_accessor | of_slot | {look_at_entry_to_write}
    else:
        left_out = of_accessor if direct else {look_at_entry_to_write}
    return [step for step in steps if step not in left_out and (release_first or step is not release_too_early)]


def reader(name="A"):
    """Keeps its translation as long as the version is the same; it may have been told of the write of `name`."""

    def take_version(t):
        t.my["version"] = t.load("version")

    def translate(t):
        t.my["frame"], _ = t.load("entry")
        if not t.my["frame"]:
            return END

    def hear(t):
        t.my["told"] = t.load(name + " told")

    def load(t):
        t.my["value"] = t.load(f"{t.my['frame']}.{name}")

    def look_again(t):
        if t.load("version") != t.my["version"]:
            return END
        t.require(t.my["value"] != FOREIGN, "a reader returned the data of another space")
        t.require(not t.my["told"] or t.my["value"] == 2, "a read does not see a write that came before it")

    return [take_version, translate, hear, load, look_again]


def next_owner(frame="F"):
    """Another space that gets the frame if it is free when it looks."""

    def allocate(t):
        if not t.exchange(frame + " count", 0, 1):
            return END
        t.my["owns"] = frame

    def write(t):
        for word in WORDS:
            t.store_plain(f"{frame}.{word}", FOREIGN)

    return [allocate, write]


def sibling(closes=True):
    """The sibling gives up its reference, and somebody else gets F if it is free; or it writes in place if it may."""

    def give_up(t):
        if closes:
            t.add("F count", -1)
            t.my["closed"] = True

    def look_at_count(t):
        if not closes and t.load("F count") != 1:
            return END

    def write_in_place(t):
        if not closes:
            t.store_plain("F.A", FOREIGN)
            t.store_plain("F.B", FOREIGN)
            return END

    return [give_up, look_at_count, write_in_place, *next_owner()]


def page_and_counts(memory, variables, shared=True, may_lose=""):
    """At the end the page has what was written, and each frame as many references as it has users."""
    frame, bits = memory["entry"]
    shared = shared and not any(my.get("closed") for my in variables)
    of_sibling = next((my["moved to"] for my in variables if "moved to" in my), "F") if shared else ""
    for name in "FGHK":
        users = (frame == name) + (of_sibling == name) + sum(my.get("owns") == name for my in variables)
        if memory[name + " count"] != users:
            return f"frame {name} has {users} users and counts {memory[name + ' count']}"
    if bits in ("N", "M"):
        return f"the page has {bits} for ever"
    written = {my["wrote"] for my in variables if "wrote" in my} - {*may_lose}
    for word in WORDS:
        if frame and word in written and memory[f"{frame}.{word}"] != 2:
            return f"what {word} wrote was lost"
        if frame and memory[f"{frame}.{word}"] == FOREIGN:
            return "the page has the data of another space"
        for my in variables:
            if my.get("owns") and memory[f"{my['owns']}.{word}"] != FOREIGN:
                return "a write landed in the frame of another space"
    return None


def page_of_one(memory, variables):
    return page_and_counts(memory, variables, shared=False)


# ---- fork

def forker(told=False, twice=False, **wait):
    """Forks the space, and reads what the child has; `told`: it has been told of the write."""

    def hear(t):
        if told and t.load("A told") == 0:
            return END

    def put_root(t):
        number, generation, _ = t.load("root")
        t.store("root", (number + 1, generation + 1, "open"))

    def read_child(t):
        t.my["child"] = content(t)
        t.require(not told or t.my["child"][1] == 2, "a write that came before the fork is not in the child")

    def read_child_again(t):
        t.require(content(t) == t.my["child"], "the child changed after the fork had returned")

    def content(t):
        entry = t.load("entry")
        return entry, entry[0] and t.load(entry[0] + ".A")

    first = [hear, put_root, *waiting(**wait), read_child]
    return first + forker(**wait) if twice else [*first, read_child_again]


# ---- a fault under the lock, of a table that is not frozen

def locked_fault(compares=True, marks_new=True, name="B"):
    """Gives the page to the space alone, and writes it as by a pin. Nobody else here takes the lock."""

    def find_entry(t):
        t.my["seen"] = t.load("entry")
        frame, bits = t.my["seen"]
        t.my["frame"] = frame
        if bits == "W":
            return write
        if bits == "N":
            return next_version

    def look_at_count(t):
        if t.load(t.my["seen"][0] + " count") > 1:
            return copy
        return find_entry if not change(t, t.my["seen"], (t.my["frame"], "W")) else write

    def copy(t):
        t.store("K count", 1)
        for word in WORDS:
            t.store_plain("K." + word, t.load(f"{t.my['frame']}.{word}"))

    def replace(t):
        if not change(t, t.my["seen"], ("K", "N" if marks_new else "")):
            t.store("K count", 0)
            return find_entry
        t.my["replaced"] = t.my["frame"]
        t.my["frame"] = "K"

    def next_version(t):
        t.add("version", 1)

    def allow(t):
        value = (t.my["frame"], "N" if marks_new or "replaced" not in t.my else "")
        change(t, value, (t.my["frame"], "W"))  # who was faster has done the same

    def release(t):
        if "replaced" in t.my:
            t.require(t.add(t.my.pop("replaced") + " count", -1) >= 0, "a reference is given up twice")

    def write(t):
        t.store_plain(f"{t.my['frame']}.{name}", 2)
        t.my["wrote"] = name

    def tell(t):
        t.store(name + " told", 1)

    def change(t, seen, value):
        if compares:
            return t.exchange("entry", seen, value)
        t.store("entry", value)
        return True

    return [find_entry, look_at_count, copy, replace, next_version, allow, release, write, tell]


# ---- unmap and discard, under the lock

def unmapper(unmaps=True, frozen=True, by_exchange=True, root_first=False):
    """Freezes, takes the page out, and thaws; the pages of a discard stay mapped."""
    after = "unmapped" if unmaps else "open"

    def freeze(t):
        t.store("frozen", 1)

    def put_root(t):
        number, generation, _ = t.load("root")
        t.store("root", (number + 1, generation, after))

    def find_entry(t):
        t.my["taken"] = t.load("entry")

    def take_out(t):
        if by_exchange:
            if not t.exchange("entry", t.my["taken"], ABSENT):
                return find_entry
        else:
            t.store("entry", ABSENT)

    def release(t):
        frame, _ = t.my.pop("taken")
        if frame:
            t.require(t.add(frame + " count", -1) >= 0, "a reference is given up twice")

    def thaw(t):
        t.store("frozen", 0)

    def note(t):
        t.store("done", 1)

    freezing = [*(put_root, freeze)[::1 if root_first else -1], *waiting("A")] if frozen else [put_root]
    return [*freezing, find_entry, take_out, *waiting("A"), release, thaw, note]


def nothing_unmapped(memory, variables, shared=True):
    if memory["entry"] != ABSENT:
        return "there is a page under no mapping"
    return page_and_counts(memory, variables, shared)


def nothing_unmapped_of_one(memory, variables):
    return nothing_unmapped(memory, variables, shared=False)


def nothing_discarded(memory, variables, may_lose=""):
    frame, _ = memory["entry"]
    if frame and memory[frame + ".B"] == 1:
        return "what was discarded has come back"
    return page_and_counts(memory, variables, may_lose=may_lose)


def nothing_discarded_and_filled(memory, variables):
    return nothing_discarded(memory, variables, may_lose="A")


# ---- migration, under the lock of the only space that is open; the page of the dead sibling moves too

def mover(home_again=True, new_roots=True, frozen=True, compares=True, root_first=False):
    """Moves the page from F to K. `home_again`: another space gets F, gives it back, and the page moves to F again."""

    def put_new_root(t):
        number, generation, state = t.load("root")
        t.store("root", (number + new_roots, generation, state))

    def move(source, target):
        def freeze(t):
            t.store("frozen", 1)

        def put_root(t):
            put_new_root(t)

        def find_entry(t):
            t.my["seen"] = t.load("entry")
            if t.my["seen"][0] != source:
                return thaw_unmoved

        def mark(t):
            if not compares:
                t.store("entry", (source, "M"))
            elif not t.exchange("entry", t.my["seen"], (source, "M")):
                return find_entry
            t.my.pop("seen")

        def thaw(t):
            t.store("frozen", 0)

        def copy(t):
            for word in WORDS:
                t.store_plain(f"{target}.{word}", t.load(f"{source}.{word}"))

        def commit(t):
            put_new_root(t)
            t.my["references"] = t.load(source + " count")
            t.store(target + " count", t.my["references"])
            t.store("entry", (target, "M"))

        def withdraw(t):
            t.add("version", 1)

        def clear_mark(t):
            t.store("entry", (target, ""))

        def release(t):
            t.add(source + " count", -t.my.pop("references"))
            t.my["moved to"] = target
            return go_on

        def thaw_unmoved(t):
            t.my.pop("seen")
            t.store("frozen", 0)
            return END

        def go_on(t):
            pass

        freezing = [*(put_root, freeze)[::1 if root_first else -1], *waiting("A")] if frozen else []
        return [*freezing, find_entry, mark, *waiting("A"), thaw, copy, commit, withdraw, clear_mark, release,
                thaw_unmoved, go_on]

    def lend_frame(t):
        t.wait_until(t.exchange("F count", 0, 1))
        for word in WORDS:
            t.store_plain("F." + word, FOREIGN)

    def take_frame_back(t):
        t.store("F count", 0)

    return [*move("F", "K"), lend_frame, take_frame_back, *move("K", "F")] if home_again else move("F", "K")


# ---- own a leaf: A's directory D lists leaf L, which a sibling lists too; J and K are for copies, E for D's copy

LEAVES = {
    "lock": 0, "root": (0, 0), "version": 0, "copies": 0, "A.top": "D", "C.top": "", "D lists": "L", "D writable": "",
    "D generation": 0, "D references": 1, "E lists": "", "E writable": "", "E generation": 0, "E references": 0,
    "sibling lists": "L", "L": ("F", ""), "J": ABSENT, "K": ABSENT, "L references": 2, "J references": 0,
    "K references": 0, "F count": 1, "F": 1, "G count": 0, "G": 0,
}


CLOSED = (-1, -1)


def leaf_releaser(leaf_of):
    """One reference of a leaf less; who gives up the last one destroys the leaf."""

    def release_leaf(t):
        leaf = leaf_of(t)
        references = t.add(leaf + " references", -1)
        t.require(references >= 0, "a reference of a leaf is given up twice")
        t.my["dead"] = leaf if references == 0 else ""

    def destroy_leaf(t):
        leaf = t.my.pop("dead")
        if leaf:
            t.require(t.add(t.load(leaf)[0] + " count", -1) >= 0, "a reference of a frame is given up twice")

    return [release_leaf, destroy_leaf]


def owner(copy, extra=True, look_at_root=True, look_at_leaf=True):
    """Makes A's leaf its own; the entries are copied without the lock."""

    def lock(t):
        t.lock("lock")

    def own_directory(t):
        if t.load("root") == CLOSED:
            t.unlock("lock")
            return END
        generation = t.load("root")[1]
        if t.load("A.top") == "E" or t.load("D generation") == generation:
            return look_at_references
        if t.load("D references") == 1:
            t.store("D writable", "")
            t.store("D generation", generation)
            return look_at_references
        t.add(t.load("D lists") + " references", 1)
        t.store("E lists", t.load("D lists"))
        t.store("E generation", generation)
        t.store("E references", 1)
        t.store("A.top", "E")
        t.add("D references", -1)

    def look_at_references(t):
        top = t.my["top"] = t.load("A.top")
        leaf = t.my["leaf"] = t.load(top + " lists")
        if not leaf or t.load(top + " writable") == leaf:
            return unlock_owned
        if t.load(leaf + " references") == 1:
            t.store(top + " writable", leaf)
            return unlock_owned
        t.my["root"] = t.load("root")

    def take_reference(t):
        if extra:
            t.add(t.my["leaf"] + " references", 1)
        t.add("copies", 1)

    def unlock_to_copy(t):
        t.unlock("lock")

    def read_entry(t):
        t.my["entry"] = t.load(t.my["leaf"])

    def acquire_frame(t):
        entry = t.my.pop("entry")
        t.require(t.add(entry[0] + " count", 1) > 1, "a frame is acquired that is free")
        t.store(copy, entry)

    def note_copied(t):
        t.add("copies", -1)

    def lock_again(t):
        t.lock("lock")

    def look_again(t):
        root_changed = t.load("root") != t.my.pop("root") and look_at_root
        leaf_changed = t.load(t.my["top"] + " lists") != t.my["leaf"] and look_at_leaf
        if root_changed or leaf_changed:
            return unlock_in_vain

    def list_for_readers(t):
        t.store(copy + " references", 1)
        t.store(t.my["top"] + " lists", copy)

    def next_version(t):
        t.add("version", 1)

    def list_for_writers(t):
        t.store(t.my["top"] + " writable", copy)

    def unlock(t):
        t.unlock("lock")
        return give_up_extra if extra else forget

    def unlock_in_vain(t):
        t.unlock("lock")
        t.my["again"] = True

    def drop_copy(t):
        t.require(t.add(t.load(copy)[0] + " count", -1) >= 0, "a reference of a frame is given up twice")
        if not extra:
            return forget

    def forget(t):
        t.my.pop("leaf")
        t.my.pop("top")
        return lock if t.my.pop("again", False) else END

    def unlock_owned(t):
        t.my.pop("top")
        t.my.pop("leaf")
        t.unlock("lock")
        return END

    give_up_extra, destroy = leaf_releaser(lambda t: t.my["leaf"])
    return [lock, own_directory, look_at_references, take_reference, unlock_to_copy, read_entry, acquire_frame,
            note_copied, lock_again, look_again, list_for_readers, next_version, list_for_writers,
            *leaf_releaser(lambda t: t.my["leaf"]), unlock, unlock_in_vain, drop_copy, give_up_extra, destroy, forget,
            unlock_owned]


def sibling_that_closes():
    def withdraw(t):
        t.store("sibling lists", "")

    return [withdraw, *leaf_releaser(lambda t: "L"), *taker_of_frame()]


def closer(settles=True):
    """Closes A, and takes it out of the list of its lineage."""

    def lock(t):
        t.lock("lock")

    def drop_root(t):
        t.store("root", CLOSED)

    def settle(t):
        t.wait_until(not settles or t.load("copies") == 0)

    def drop_top(t):
        t.my["leaf"] = t.load("D lists")
        t.store("A.top", "")

    def unlock(t):
        t.unlock("lock")

    return [lock, drop_root, settle, drop_top, *leaf_releaser(lambda t: t.my["leaf"]), unlock]


def leaf_unmapper():
    """Takes the leaf out of A's directory, which A owns."""

    def lock(t):
        t.lock("lock")

    def put_root(t):
        number, generation = t.load("root")
        t.store("root", (number + 1, generation))

    def take_out(t):
        t.my["leaf"] = t.load("D lists")
        t.store("D lists", "")
        t.store("D writable", "")

    def withdraw(t):
        t.add("version", 1)

    def unlock(t):
        t.unlock("lock")

    return [lock, put_root, take_out, withdraw, *leaf_releaser(lambda t: t.my["leaf"]), unlock]


def leaf_forker():
    """C becomes a fork of A. A directory that it has must not change."""

    def lock(t):
        t.lock("lock")

    def put_root(t):
        number, generation = t.load("root")
        t.store("root", (number + 1, generation + 1))

    def withdraw(t):
        t.add("version", 1)

    def share(t):
        t.my["top"] = t.load("A.top")
        t.add(t.my["top"] + " references", 1)
        t.store("C.top", t.my["top"])
        t.my["lists"] = t.load(t.my["top"] + " lists")

    def unlock(t):
        t.unlock("lock")

    def read_child_again(t):
        t.require(t.load(t.my["top"] + " lists") == t.my["lists"], "a directory changed that the child has")

    return [lock, put_root, withdraw, share, unlock, read_child_again]


def taker_of_frame():
    """Another space, which gets F if it is free."""

    def allocate(t):
        if not t.exchange("F count", 0, 1):
            return END
        t.my["owns"] = "F"

    def write(t):
        t.store_plain("F", FOREIGN)

    return [allocate, write]


def leaf_mover(settles=True, new_root_at_commit=True):
    """Moves F to G in every leaf that lists it, under the locks of both spaces; only that of A is ever wanted."""

    def lock_to_mark(t):
        t.lock("lock")

    def settle_to_mark(t):
        t.wait_until(not settles or t.load("root") == CLOSED or t.load("copies") == 0)

    def mark(t):
        put_root(t)
        for leaf in mappers(t):
            t.store(leaf, ("F", "M"))
        t.add("F count", 1)

    def withdraw_marked(t):
        t.add("version", 1)

    def unlock_marked(t):
        t.unlock("lock")

    def copy(t):
        t.store_plain("G", t.load("F"))

    def lock_to_commit(t):
        t.lock("lock")

    def settle_to_commit(t):
        t.wait_until(not settles or t.load("root") == CLOSED or t.load("copies") == 0)

    def commit(t):
        leaves = mappers(t)
        if any(t.load(leaf)[1] != "M" for leaf in leaves):
            return take_marks_back
        if new_root_at_commit:
            put_root(t)
        for leaf in leaves:
            t.store(leaf, ("G", ""))
        t.add("G count", len(leaves))
        t.my["moved"] = len(leaves)

    def withdraw(t):
        t.add("version", 1)

    def release(t):
        t.require(t.add("F count", -t.my.pop("moved") - 1) >= 0, "a reference of a frame is given up twice")
        return unlock

    def take_marks_back(t):
        for leaf in mappers(t):
            t.store(leaf, ("F", ""))
        t.add("F count", -1)

    def unlock(t):
        t.unlock("lock")

    def put_root(t):
        number, generation = t.load("root")
        if (number, generation) != CLOSED:
            t.store("root", (number + 1, generation))

    def mappers(t):
        top = t.load("A.top")
        leaves = {top and t.load(top + " lists"), t.load("sibling lists")}
        return sorted(leaf for leaf in leaves if leaf and t.load(leaf)[0] == "F")

    return [lock_to_mark, settle_to_mark, mark, withdraw_marked, unlock_marked, copy, lock_to_commit, settle_to_commit,
            commit, withdraw, release, take_marks_back, unlock]


def leaves_and_counts(memory, variables):
    """At the end each node and frame has as many references as users, and no page is in a frame of another space."""
    directories = {memory["A.top"], memory["C.top"]} - {""}
    lists = [memory[top + " lists"] for top in directories] + [memory["sibling lists"]]
    for leaf in "LJK":
        if memory[leaf + " references"] != lists.count(leaf):
            return f"leaf {leaf} is listed {lists.count(leaf)} times and counts {memory[leaf + ' references']}"
    for frame in "FG":
        users = sum(memory[leaf][0] == frame for leaf in set(lists) - {""})
        users += sum(my.get("owns") == frame for my in variables)
        if memory[frame + " count"] != users:
            return f"frame {frame} has {users} users and counts {memory[frame + ' count']}"
    for leaf in set(lists) - {""}:
        if memory[leaf][1] == "M":
            return "a page is marked for ever"
        if memory[memory[leaf][0]] != 1:
            return "a page has the data of another space"
    return None


# ---- the ring: several threads make versions, each for a page; a late accessor reads which pages to forget

RING_WORDS = 2
RING = {
    "version": 0, "ring 0": (0, ""), "ring 1": (-1, ""), "P": "old", "P told": 0, "P.old": 1, "P.new": 1,
}


def withdrawer(page, writes=False):
    """Makes a version for a page. `writes`: it replaces the frame before, writes the new one then, and tells."""

    def replace(t):
        t.store(page, "new")

    def next_version(t):
        t.my["version"] = t.add("version", 1)

    def note(t):
        version = t.my.pop("version")
        t.store(f"ring {version % RING_WORDS}", (version, page))
        if not writes:
            return END

    def write(t):
        t.store_plain(page + ".new", 2)

    def tell(t):
        t.store(page + " told", 1)

    return [replace, next_version, note, write, tell] if writes else [next_version, note]


def late_accessor(page, tags=True, refreshes=2):
    """Has a page in its cache since version 0. It may be told of a write of that page, after it has refreshed."""

    def take_version(t):
        t.my["from"], t.my["to"] = t.my.get("to", 0), t.load("version")
        if t.my["to"] - t.my["from"] > RING_WORDS:
            t.my["forgotten"] = True
            t.my["from"] = t.my["to"]

    def look_at_word(t):
        if t.my["from"] == t.my["to"]:
            return hear
        t.my["from"] += 1
        version, withdrawn = t.load(f"ring {t.my['from'] % RING_WORDS}")
        if withdrawn == page or (tags and version != t.my["from"]):
            t.my["forgotten"] = True
        return look_at_word

    def hear(t):
        t.my["told"] = t.load(page + " told")

    def look(t):
        if t.load("version") != t.my["to"]:
            t.my["refreshes"] = t.my.get("refreshes", 0) + 1
            return take_version if t.my["refreshes"] < refreshes else END

    def find(t):
        t.my["frame"] = t.load(page) if t.my.get("forgotten") else "old"

    def load(t):
        t.my["value"] = t.load(f"{page}.{t.my['frame']}")

    def look_again(t):
        t.require(not t.my["told"] or t.my["value"] == 2 or t.load("version") != t.my["to"],
                  "a read does not see a write that came before it")

    return [take_version, look_at_word, hear, look, find, load, look_again]


SCENARIOS = [
    Scenario("first write: a copy, and a fork", MEMORY, [writer("A"), forker()], page_and_counts),
    Scenario("first write: a fill, and a fork", EMPTY, [writer("A"), forker()], page_and_counts),
    Scenario("first write: of the only reference, and a fork", SOLE, [writer("A"), forker()], page_of_one),
    Scenario("first write: who was told of it forks", MEMORY, [writer("A"), forker(told=True)], page_and_counts),
    Scenario("first write: two copies and a reader", MEMORY,
             [writer("A", slot=False), writer("B", slot=False), reader("B")], page_and_counts),
    Scenario("first write: two fills", EMPTY, [writer("A", slot=False), writer("B", slot=False), reader("B")],
             page_and_counts),
    Scenario("first write: a copy, the frame is used again", MEMORY, [writer("A", slot=False), reader(), sibling()],
             page_and_counts),
    Scenario("first write: two copies, the sibling is closed, the frame is used again", MEMORY,
             [writer("A", slot=False), writer("B", slot=False), sibling()], page_and_counts),
    Scenario("first write: two copies, and the sibling writes in place", MEMORY,
             [writer("A", slot=False), writer("B", slot=False), sibling(closes=False)], page_and_counts),
    Scenario("first write: a copy, a write by its translation, and a fork", MEMORY,
             [writer("A", by_cache=True), forker()], page_and_counts),
    Scenario("first write: a fill, a write by its translation, and a fork", EMPTY,
             [writer("A", by_cache=True), forker()], page_and_counts),
    Scenario("first write: a copy, a write by its translation, and two forks", MEMORY,
             [writer("A", by_cache=True), forker(twice=True)], page_and_counts),
    Scenario("first write: a copy, and two forks", MEMORY, [writer("A"), forker(twice=True)], page_and_counts),
    Scenario("first write: a copy, and a fault under the lock", MEMORY,
             [writer("A", slot=False), locked_fault(), reader()], page_and_counts),
    Scenario("first write: a copy, a fault under the lock, the sibling writes in place", MEMORY,
             [writer("A", slot=False), locked_fault(), sibling(closes=False)], page_and_counts),
    Scenario("first write: of the only reference, and a fault under the lock", SOLE,
             [writer("A", slot=False), locked_fault(), reader()], page_of_one),
    Scenario("first write: a fill, and unmap", EMPTY, [writer("A"), unmapper(), next_owner("G")], nothing_unmapped),
    Scenario("first write: a copy, and unmap", MEMORY, [writer("A"), unmapper(), next_owner("G")], nothing_unmapped),
    Scenario("first write: of the only reference, and unmap", SOLE, [writer("A"), unmapper(), next_owner()],
             nothing_unmapped_of_one),
    Scenario("first write: a fill, and discard", EMPTY, [writer("A"), unmapper(unmaps=False), next_owner("G")],
             nothing_discarded),
    Scenario("first write: a copy, and discard", MEMORY, [writer("A"), unmapper(unmaps=False), next_owner("G")],
             nothing_discarded),
    Scenario("first write: of the only reference, and discard", SOLE,
             [writer("A"), unmapper(unmaps=False), next_owner()], page_of_one),
    Scenario("first write: a copy, discard, and then a fill", MEMORY,
             [writer("A"), unmapper(unmaps=False), writer("B", after="done")], nothing_discarded_and_filled),
    Scenario("first write: of a thread without an accessor, and a fork", MEMORY,
             [writer("A", direct=True), forker(names="", shared="A")], page_and_counts),
    Scenario("first write: a copy, and a migration away and home", MEMORY, [writer("A"), mover()], page_and_counts),
    Scenario("first write: of the only reference, and a migration away and home", SOLE, [writer("A"), mover()],
             page_of_one),
    Scenario("own a leaf: two threads, and a fork", LEAVES, [owner("J"), owner("K"), leaf_forker()],
             leaves_and_counts),
    Scenario("own a leaf: two threads, the sibling is closed", LEAVES,
             [owner("J"), owner("K"), sibling_that_closes()], leaves_and_counts),
    Scenario("own a leaf: a fork, the sibling is closed", LEAVES, [owner("J"), leaf_forker(), sibling_that_closes()],
             leaves_and_counts),
    Scenario("own a leaf: unmapped, the sibling is closed, the frame is used again", LEAVES,
             [owner("J"), leaf_unmapper(), sibling_that_closes()], leaves_and_counts),
    Scenario("own a leaf: a migration, the frame is used again", LEAVES, [owner("J"), leaf_mover(), taker_of_frame()],
             leaves_and_counts),
    Scenario("own a leaf: two threads, and a migration", LEAVES, [owner("J"), owner("K"), leaf_mover()],
             leaves_and_counts),
    Scenario("own a leaf: the space is closed, then a migration, the frame is used again", LEAVES,
             [owner("J"), closer(), leaf_mover(), taker_of_frame()], leaves_and_counts),
    Scenario("ring: three versions in a ring of two, a late accessor", RING,
             [withdrawer("P", writes=True), withdrawer("Q"), withdrawer("R"), late_accessor("P")]),

    Scenario("first write: and a fork, the root not looked at in the slot", MEMORY,
             [writer("A", look_at_root=False), forker()], page_and_counts, must_fail=True),
    Scenario("first write: and a fork, entered without a fence", MEMORY, [writer("A", fenced=False), forker()],
             page_and_counts, must_fail=True),
    Scenario("first write: and a fork, disarmed in the slot", MEMORY, [writer("A", arms=False), forker()],
             page_and_counts, must_fail=True),
    Scenario("first write: and a fork, the root not looked at before the write", MEMORY,
             [writer("A", writes_at_once=True), forker()], page_and_counts, must_fail=True),
    Scenario("first write: and a fork, its translation taken for valid across the fork", MEMORY,
             [writer("A", moves_on=True, by_cache=True), forker()], page_and_counts, must_fail=True),
    Scenario("first write: W at once, then the version", MEMORY,
             [writer("A", slot=False, writable_first=True), writer("B", slot=False), reader("B")], page_and_counts,
             must_fail=True),
    Scenario("first write: a new page reused without a version", MEMORY,
             [writer("A", slot=False), writer("B", slot=False, heeds_new=False), reader("B")], page_and_counts,
             must_fail=True),
    Scenario("first write: pages not marked as new", MEMORY,
             [writer("A", slot=False, marks_new=False), writer("B", slot=False, marks_new=False), reader("B")],
             page_and_counts, must_fail=True),
    Scenario("first write: helped, and the old frame not released", MEMORY,
             [writer("A", slot=False, releases_if_helped=False), writer("B", slot=False)], page_and_counts,
             must_fail=True),
    Scenario("first write: the old frame released, then the version", MEMORY,
             [writer("A", slot=False, release_first=True), reader(), sibling()], page_and_counts, must_fail=True),
    Scenario("first write: the entry not compared, the sibling writes in place", MEMORY,
             [writer("A", slot=False, compares=False), writer("B", slot=False), sibling(closes=False)],
             page_and_counts, must_fail=True),
    Scenario("first write: and a fault under the lock that stores", MEMORY,
             [writer("A", slot=False), locked_fault(compares=False)], page_and_counts, must_fail=True),
    Scenario("first write: and a fault under the lock that does not mark its page as new", MEMORY,
             [writer("A", slot=False), locked_fault(marks_new=False), reader()], page_and_counts, must_fail=True),
    Scenario("first write: a fill, and unmap that waits at its end only", EMPTY, [writer("A"), unmapper(frozen=False)],
             nothing_unmapped, must_fail=True),
    Scenario("first write: a copy, and discard that neither freezes nor exchanges", MEMORY,
             [writer("A"), unmapper(unmaps=False, frozen=False, by_exchange=False)], nothing_discarded,
             must_fail=True),
    Scenario("first write: of the only reference, and discard that puts in its root and then freezes", SOLE,
             [writer("A"), unmapper(unmaps=False, root_first=True), next_owner()], page_of_one, must_fail=True),
    Scenario("first write: and a migration that puts in its root and then freezes", SOLE,
             [writer("A"), mover(home_again=False, root_first=True)], page_of_one, must_fail=True),
    Scenario("first write: of a thread without an accessor that does not fence", EMPTY,
             [writer("A", direct=True, fenced_slot=False), forker(names="", shared="A")], page_and_counts,
             must_fail=True),
    Scenario("first write: of the first thread without an accessor, which does not say that there is one", EMPTY,
             [writer("A", direct=True, says_shared=False), forker(names="", shared="A")], page_and_counts,
             must_fail=True),
    Scenario("first write: a copy, a migration away and home, no new root", MEMORY,
             [writer("A"), mover(new_roots=False)], page_and_counts, must_fail=True),
    Scenario("first write: a copy, and a migration that stores its mark and does not freeze", MEMORY,
             [writer("A"), mover(home_again=False, frozen=False, compares=False)], page_and_counts, must_fail=True),
    Scenario("own a leaf: two threads, the leaf not looked at again", LEAVES,
             [owner("J", look_at_leaf=False), owner("K", look_at_leaf=False)], leaves_and_counts, must_fail=True),
    Scenario("own a leaf: unmapped, the sibling is closed, no reference of its own", LEAVES,
             [owner("J", extra=False), leaf_unmapper(), sibling_that_closes()], leaves_and_counts, must_fail=True),
    Scenario("own a leaf: listed although the root has changed, by a fork", LEAVES,
             [owner("J", look_at_root=False), leaf_forker()], leaves_and_counts, must_fail=True),
    Scenario("own a leaf: a migration that does not wait for copies in progress", LEAVES,
             [owner("J"), leaf_mover(settles=False), taker_of_frame()], leaves_and_counts, must_fail=True),
    Scenario("own a leaf: a migration that commits without a new root", LEAVES,
             [owner("J"), leaf_mover(new_root_at_commit=False), taker_of_frame()], leaves_and_counts, must_fail=True),
    Scenario("own a leaf: closed without a wait for copies in progress, then a migration", LEAVES,
             [owner("J"), closer(settles=False), leaf_mover()], leaves_and_counts, must_fail=True),
    Scenario("ring: words without the version", RING,
             [withdrawer("P", writes=True), withdrawer("Q"), late_accessor("P", tags=False)], must_fail=True),
]
