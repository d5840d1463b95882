"""Two spaces, A and B, that share nodes after a fork: OwnedTree, Directory, Leaf, Retired, FramePool.

Everything one space does to its tree is ordered by its lock, so each space is one thread here, and its
readers are others. Across spaces there are reference counts only.
"""

from mc import END, Scenario


# ---- A copies the shared leaf L; B finds itself its last owner, adopts it and changes it in place

STALE_LEAF = {"A.version": 0, "A.leaf": "L", "L": "F", "copy": "F", "L references": 2, "F": 1, "H": 0}


def reader_of_a():
    def take_version(t):
        t.my["version"] = t.load("A.version")

    def find_leaf(t):
        t.my["leaf"] = t.load("A.leaf")

    def translate(t):
        t.my["frame"] = t.load(t.my["leaf"])

    def load(t):
        t.my["value"] = t.load(t.my["frame"])

    def look_again(t):
        if t.load("A.version") != t.my["version"]:
            return END
        t.require(t.my["value"] == 1, "a reader of A returned what B wrote")

    return [take_version, find_leaf, translate, load, look_again]


def copy_leaf_in_a(version_first=True):
    def replace(t):
        t.store("A.leaf", "copy")

    def withdraw(t):
        if version_first:
            t.store("A.version", 1)
            t.fence()

    def release(t):
        t.add("L references", -1)

    def withdraw_late(t):
        if not version_first:
            t.store("A.version", 1)
            t.fence()

    return [replace, withdraw, release, withdraw_late]


def adopt_leaf_in_b():
    def adopt(t):
        t.wait_until(t.load("L references") == 1)

    def fill(t):
        t.store("H", 2)

    def publish(t):
        t.store("L", "H")

    return [adopt, fill, publish]


# ---- A fault of A replaces a node; another thread writes through the new one and tells an accessor's owner

REPLACED = {"version": 0, "new leaf": "absent", "old leaf": "F", "F": 1, "G": 1, "told": 0}


def fault_that_replaces(version_first=True):
    def withdraw(t):
        if version_first:
            t.store("version", 1)
            t.fence()

    def allow_writes(t):
        t.store("new leaf", "G writable")

    def withdraw_late(t):
        t.store("version", 1)
        t.fence()

    return [withdraw, allow_writes, withdraw_late]


def writer_through_new_node():
    def find(t):
        t.wait_until(t.load("new leaf") == "G writable")

    def write(t):
        t.store("G", 2)

    def tell(t):
        t.store("told", 1)

    return [find, write, tell]


def accessor_with_old_node():
    def hear(t):
        t.wait_until(t.load("told") == 1)

    def take_version(t):
        # The accessor learned the old node under version 0; under any other it walks anew.
        if t.load("version") != 0:
            return END

    def load(t):
        t.my["value"] = t.load(t.load("old leaf"))

    def look_again(t):
        t.require(t.load("version") != 0 or t.my["value"] == 2,
                  "a read does not see a write that came before it")

    return [hear, take_version, load, look_again]


# ---- both spaces fault on pages of one leaf, or one of them drops it

SHARED = {
    "L references": 2, "F references": 1, "A.lists": "L", "B.lists": "L",
    "L.W": 1, "F": 1, "A.page": "F", "B.page": "F", "A copy": 0, "B copy": 0,
}


def release(t, count, compares):
    """One reference less than was seen, if it is still so."""
    if compares:
        return t.exchange(count, t.my["seen"], t.my["seen"] - 1)
    t.add(count, -1)
    return True


def fault(space, writes, keep_stale_w=False, acquire_late=False, compares=True):
    """Makes the leaf and the page of a space its own and writes to it."""
    copy = space + " copy"

    def own_leaf(t):
        if t.load("L references") != 1:
            return copy_leaf

    def adopt_leaf(t):
        t.my["writable"] = t.load("L.W") == 1 if keep_stale_w else t.load("F references") == 1
        return own_page

    def copy_leaf(t):
        t.my["writable"] = False
        t.store(space + ".lists", "own")
        if not acquire_late:
            t.add("F references", 1)

    def look_at_leaf(t):
        t.my["seen"] = t.load("L references")
        if t.my["seen"] == 1:
            return destroy_leaf  # the last reference goes into the queue with the leaf

    def release_leaf(t):
        if not release(t, "L references", compares):
            return look_at_leaf
        return acquire_after_all if acquire_late else own_page

    def destroy_leaf(t):
        t.store("L references", 0)
        t.add("F references", -1)
        return acquire_after_all if acquire_late else own_page

    def acquire_after_all(t):
        t.require(t.load("F references") > 0, "a frame is acquired that is free")
        t.add("F references", 1)

    def own_page(t):
        if not writes:
            return END
        if t.my["writable"] or t.load("F references") == 1:
            return write_in_place

    def copy_page(t):
        t.store(copy, t.load("F"))

    def publish_page(t):
        t.store(space + ".page", copy)

    def release_frame(t):
        t.add("F references", -1)

    def write_to_copy(t):
        t.store(copy, space)
        return END

    def write_in_place(t):
        t.store("F", space)

    return [own_leaf, adopt_leaf, copy_leaf, look_at_leaf, release_leaf, destroy_leaf, acquire_after_all, own_page,
            copy_page, publish_page, release_frame, write_to_copy, write_in_place]


def drop(space, compares=True):
    def look_at_leaf(t):
        t.my["seen"] = t.load("L references")
        if t.my["seen"] == 1:
            return destroy_leaf

    def release_leaf(t):
        return leave if release(t, "L references", compares) else look_at_leaf

    def destroy_leaf(t):
        t.store("L references", 0)
        t.add("F references", -1)

    def leave(t):
        t.store(space + ".page", "none")
        t.store(space + ".lists", "none")

    return [look_at_leaf, release_leaf, destroy_leaf, leave]


def pages_and_counts(expected):
    """At the end each space reads its value, and F has as many references as spaces that map it."""

    def at_end(memory, _):
        users = [space for space in "AB" if memory[space + ".page"] == "F"]
        if memory["F references"] != len(users):
            return f"frame F has {memory['F references']} references and {len(users)} users"
        if memory["L references"] != [memory["A.lists"], memory["B.lists"]].count("L"):
            return f"the leaf has {memory['L references']} references"
        for space, value in expected.items():
            if memory[memory[space + ".page"]] != value:
                return f"space {space} reads {memory[memory[space + '.page']]}, not {value}"
        return None

    return at_end


# ---- two leaves map one frame; both spaces write

TWO_LEAVES = {"F references": 2, "F": 1, "A.page": "F", "B.page": "F", "A copy": 0, "B copy": 0}


def fault_page(space, release_first=False):
    copy = space + " copy"

    def look(t):
        if t.load("F references") == 1:
            return write_in_place

    def release_too_early(t):
        if release_first:
            t.add("F references", -1)

    def copy_page(t):
        t.store(copy, t.load("F"))

    def publish(t):
        t.store(space + ".page", copy)

    def release(t):
        if not release_first:
            t.add("F references", -1)

    def write_to_copy(t):
        t.store(copy, space)
        return END

    def write_in_place(t):
        t.store("F", space)

    return [look, release_too_early, copy_page, publish, release, write_to_copy, write_in_place]


def copies_hold_the_old_value(memory, variables):
    for space in "AB":
        if memory[memory[space + ".page"]] != space:
            return f"space {space} lost its write"
    return None


def fault_page_and_check(space, release_first=False):
    steps = fault_page(space, release_first)
    names = [step.__name__ for step in steps]

    def check_copy(t):
        t.require(t.load(space + " copy") == 1, "the copy has a write of the other space in it")

    place = names.index("write_to_copy")
    return steps[:place] + [check_copy] + steps[place:]


SCENARIOS = [
    Scenario("nodes: stale leaf, version changed, then released", STALE_LEAF,
             [reader_of_a(), copy_leaf_in_a(), adopt_leaf_in_b()]),
    Scenario("nodes: stale leaf, released, then version changed", STALE_LEAF,
             [reader_of_a(), copy_leaf_in_a(version_first=False), adopt_leaf_in_b()], must_fail=True),
    Scenario("nodes: replaced, version changed, then writes allowed", REPLACED,
             [fault_that_replaces(), writer_through_new_node(), accessor_with_old_node()]),
    Scenario("nodes: replaced, writes allowed, then version changed", REPLACED,
             [fault_that_replaces(version_first=False), writer_through_new_node(), accessor_with_old_node()],
             must_fail=True),
    Scenario("nodes: both spaces write to one page", SHARED, [fault("A", True), fault("B", True)],
             pages_and_counts({"A": "A", "B": "B"})),
    Scenario("nodes: A writes, B owns its leaf for another page", SHARED,
             [fault("A", True), fault("B", False)],
             pages_and_counts({"A": "A", "B": 1})),
    Scenario("nodes: A adopts and keeps W, B has copied", SHARED,
             [fault("A", True, keep_stale_w=True), fault("B", False)], pages_and_counts({"A": "A", "B": 1}),
             must_fail=True),
    Scenario("nodes: A writes, B is dropped", SHARED, [fault("A", True), drop("B")],
             pages_and_counts({"A": "A"})),
    Scenario("nodes: A writes, B is dropped, counts decremented without a comparison", SHARED,
             [fault("A", True, compares=False), drop("B", compares=False)], pages_and_counts({"A": "A"}),
             must_fail=True),
    Scenario("nodes: A copies, B is dropped, frames acquired after the leaf was released", SHARED,
             [fault("A", True, acquire_late=True), drop("B")], pages_and_counts({"A": "A"}), must_fail=True),
    Scenario("nodes: one frame in two leaves, both spaces write", TWO_LEAVES,
             [fault_page_and_check("A"), fault_page_and_check("B")], copies_hold_the_old_value),
    Scenario("nodes: one frame in two leaves, released before it is copied", TWO_LEAVES,
             [fault_page_and_check("A", release_first=True), fault_page_and_check("B")],
             copies_hold_the_old_value, must_fail=True),
]
