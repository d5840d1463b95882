"""A frame that several spaces of a lineage map, A and its forks, moves from F to G for all of them.

A migration takes the locks of all open spaces of the lineage. Readers take none, and what a space does to its own
table takes only its own lock. The page holds 1; once F is free another space writes 9 into it.
"""

from frames import FOREIGN, HOLD, REFERENCE, foreign_write, holds, next_owner, references, releaser
from mc import END, Scenario

# One leaf, L, that both spaces list. J and K are for their own copies, G, S and T for frames.
ONE_LEAF = {
    "A.lock": 0, "B.lock": 0, "A.version": 0, "B.version": 0, "listed": "AB", "A.leaf": "L", "B.leaf": "L",
    "L references": 2, "L": ("F", ""), "J": ("", ""), "K": ("", ""), "F count": REFERENCE, "F": 1,
    "G count": 0, "G": 0, "S count": REFERENCE, "S": 0, "T count": REFERENCE, "T": 0,
}
TWO_LEAVES = dict(ONE_LEAF, **{"B.leaf": "K", "L references": 1, "K": ("F", ""), "F count": 2 * REFERENCE})
BEFORE_FORK = dict(ONE_LEAF, **{"listed": "A", "B.leaf": "", "L references": 1})
OWN_LEAF = {"A": "J", "B": "K"}
OWN_FRAME = {"A": "S", "B": "T"}


def migrator(spaces="AB", list_again=True, withdraw_from="AB", compare_references=True):
    """`spaces`: which it knows of and locks, if they are listed."""

    def list_to_mark(t):
        t.my["listed"] = t.load("listed")

    def lock_a_to_mark(t):
        t.lock("A.lock")

    def lock_b_to_mark(t):
        if "B" in t.my["listed"] and "B" in spaces:
            t.lock("B.lock")

    def list_again_to_mark(t):
        if list_again and "B" in t.load("listed") and "B" not in t.my["listed"]:
            t.unlock("A.lock")
            return list_to_mark

    def mark(t):
        leaves = mappers(t)
        if not leaves:
            t.my["outcome"] = "gone"
            return unlock_b
        for leaf in leaves:
            t.store(leaf, ("F", "M"))
        t.add("F count", HOLD)

    def withdraw_writes(t):
        # No page of F has W here, so there is no writer to wait for.
        next_versions(t)

    def unlock_b_marked(t):
        if "B" in t.my["listed"] and "B" in spaces:
            t.unlock("B.lock")

    def unlock_a_marked(t):
        t.unlock("A.lock")

    def copy(t):
        t.require(t.load("F") != FOREIGN, "a frame is copied that belongs to another space")
        t.store("G", t.load("F"))

    def list_to_commit(t):
        t.my["listed"] = t.load("listed")

    def lock_a_to_commit(t):
        t.lock("A.lock")

    def lock_b_to_commit(t):
        if "B" in t.my["listed"] and "B" in spaces:
            t.lock("B.lock")

    def list_again_to_commit(t):
        if list_again and "B" in t.load("listed") and "B" not in t.my["listed"]:
            t.unlock("A.lock")
            return list_to_commit

    def decide(t):
        leaves = mappers(t)
        t.my["leaves"] = "".join(leaves)
        count = t.load("F count")
        if not leaves or any(t.load(leaf)[1] != "M" for leaf in leaves) or holds(count) != 1:
            return take_marks_back
        if compare_references and references(count) != len(leaves):
            return take_marks_back

    def replace(t):
        t.add("G count", len(t.my["leaves"]) * REFERENCE)
        for leaf in t.my["leaves"]:
            t.store(leaf, ("G", ""))

    def withdraw(t):
        next_versions(t)

    def release(t):
        left = t.add("F count", -len(t.my["leaves"]) * REFERENCE - HOLD)
        t.require(left == 0, "the page is reported as moved, and its old frame is still in use")
        t.my["outcome"] = "moved"
        return unlock_b

    def take_marks_back(t):
        for leaf in t.my["leaves"]:
            t.store(leaf, ("F", ""))
        t.add("F count", -HOLD)
        t.my["outcome"] = "busy"

    def unlock_b(t):
        if "B" in t.my["listed"] and "B" in spaces:
            t.unlock("B.lock")

    def unlock_a(t):
        t.unlock("A.lock")

    def mappers(t):
        """The leaves that map F in the locked spaces, each once."""
        locked = [space for space in t.my["listed"] if space in spaces]
        leaves = {t.load(space + ".leaf") for space in locked}
        return sorted(leaf for leaf in leaves if leaf and t.load(leaf)[0] == "F")

    def next_versions(t):
        for space in t.my["listed"]:
            if space in withdraw_from:
                t.store(space + ".version", t.load(space + ".version") + 1)
        t.fence()

    return [list_to_mark, lock_a_to_mark, lock_b_to_mark, list_again_to_mark, mark, withdraw_writes, unlock_b_marked,
            unlock_a_marked, copy, list_to_commit, lock_a_to_commit, lock_b_to_commit, list_again_to_commit, decide,
            replace, withdraw, release, take_marks_back, unlock_b, unlock_a]


def reader(space, allowed=(1,)):
    def take_version(t):
        t.my["version"] = t.load(space + ".version")

    def find_leaf(t):
        t.my["leaf"] = t.load(space + ".leaf")
        if not t.my["leaf"]:
            return END

    def translate(t):
        t.my["frame"], _ = t.load(t.my["leaf"])

    def load(t):
        t.my["value"] = t.load(t.my["frame"])

    def look_again(t):
        if t.load(space + ".version") != t.my["version"]:
            return take_version
        t.require(t.my["value"] in allowed, f"a reader of {space} returned {t.my['value']}")

    return [take_version, find_leaf, translate, load, look_again]


def fault(space, writes=True, keep_marks=True):
    """Makes the leaf of a space its own; and the page too, if it is the one to be written."""
    own_leaf = OWN_LEAF[space]
    own_frame = OWN_FRAME[space]
    version = space + ".version"

    def lock(t):
        t.lock(space + ".lock")

    def own(t):
        t.my["leaf"] = t.load(space + ".leaf")
        if t.my["leaf"] != "L" or t.load("L references") == 1:
            return own_page

    def acquire_frame(t):
        t.my["frame"], t.my["bits"] = t.load("L")
        t.require(t.add(t.my["frame"] + " count", REFERENCE) > REFERENCE, "a frame is acquired that is free")

    def list_copy(t):
        t.store(own_leaf, (t.my["frame"], t.my["bits"] if keep_marks else ""))
        t.store(space + ".leaf", own_leaf)
        t.my["leaf"] = own_leaf
        t.store(version, t.load(version) + 1)
        t.fence()

    def release_leaf(t):
        if t.add("L references", -1) == 0:
            t.add(t.load("L")[0] + " count", -REFERENCE)

    def own_page(t):
        if not writes:
            return unlock
        t.my["frame"], _ = t.load(t.my["leaf"])
        if references(t.load(t.my["frame"] + " count")) > 1:
            return copy_page

    def allow_writes(t):
        t.store(t.my["leaf"], (t.my["frame"], "W"))
        return write

    def copy_page(t):
        t.store(own_frame, t.load(t.my["frame"]))

    def replace_page(t):
        t.store(t.my["leaf"], (own_frame, ""))
        t.store(version, t.load(version) + 1)
        t.fence()

    def take_copy(t):
        t.my["frame"] = own_frame
        return allow_writes

    def write(t):
        # Under the lock here; migrate.py has the writers that are not.
        t.store(t.my["frame"], space)

    def unlock(t):
        t.unlock(space + ".lock")
        return END

    return [lock, own, acquire_frame, list_copy, release_leaf, own_page, allow_writes, write, unlock, copy_page,
            replace_page, *releaser(lambda t: t.my["frame"]), take_copy]


def close(space="B", withdraw_first=True):
    """Its leaf is L, so that nothing is left for the reclaimer."""

    def delist_too_early(t):
        if not withdraw_first:
            t.store("listed", "A")
            t.fence()

    def lock(t):
        t.lock(space + ".lock")

    def withdraw(t):
        t.store(space + ".leaf", "")
        t.store(space + ".version", t.load(space + ".version") + 1)
        t.fence()

    def release(t):
        t.add("L references", -1)

    def unlock(t):
        t.unlock(space + ".lock")

    def delist(t):
        t.store("listed", "A")

    return [delist_too_early, lock, withdraw, release, unlock, delist]


def reclaimer():
    """Destroys the leaf of a fork that was closed, which maps F too."""

    return releaser(lambda t: "F")


def forker(list_inside=True):
    """A is forked; the thread reads what its child, B, has."""

    def lock(t):
        t.lock("A.lock")

    def share(t):
        t.store("A.version", t.load("A.version") + 1)
        t.add("L references", 1)
        t.store("B.leaf", "L")

    def list_child(t):
        if list_inside:
            t.store("listed", "AB")

    def unlock(t):
        t.unlock("A.lock")

    def list_late(t):
        t.store("listed", "AB")
        t.fence()

    return [lock, share, list_child, unlock, list_late] + reader("B")


def pages_and_counts(written):
    def at_end(memory, variables):
        leaves = {memory["A.leaf"], memory["B.leaf"]} - {""}
        owners = sum(my.get("owns", False) for my in variables)
        for frame, others in ("F", owners), ("G", 0):
            users = sum(memory[leaf][0] == frame for leaf in leaves) + others
            if memory[frame + " count"] != users * REFERENCE:
                return f"frame {frame} has {users} users and counts {memory[frame + ' count']}"
        for space in "AB":
            leaf = memory[space + ".leaf"]
            if leaf and "M" in memory[leaf][1]:
                return "a page is marked for ever"
            expected = space if space in written else 1
            if leaf and memory[memory[leaf][0]] != expected:
                return f"space {space} reads {memory[memory[leaf][0]]}, not {expected}"
        return foreign_write(memory, variables)

    return at_end


# ---- an empty page: L is shared, and only A has mapped the address; a migration fills it with G for A

EMPTY = {"A.leaf": "L", "B.leaf": "L", "L": "", "J": "", "B mapped": 0, "G": 7, "moved": 0}


def filler(own_leaf_first=True):
    def fill(t):
        t.store("J" if own_leaf_first else "L", "G")

    def list_leaf(t):
        t.store("A.leaf", "J" if own_leaf_first else "L")

    return [fill, list_leaf]


def reader_without_mapping():
    """Readers look at the mappings only where they find no page."""

    def translate(t):
        t.require(not t.load(t.load("B.leaf")), "a space reads a page that it has not mapped")

    return [translate]


# ---- out of frames: faults of A and of B evict, which takes the locks of the lineage

LOCKS = {"A.lock": 0, "B.lock": 0}


def fault_that_evicts(space, unlock_first=True):
    def lock(t):
        t.lock(space + ".lock")

    def find_none_free(t):
        if unlock_first:
            t.unlock(space + ".lock")

    def lock_a(t):
        if unlock_first or space != "A":
            t.lock("A.lock")

    def lock_b(t):
        if unlock_first or space != "B":
            t.lock("B.lock")

    def unlock_b(t):
        t.unlock("B.lock")

    def unlock_a(t):
        t.unlock("A.lock")

    return [lock, find_none_free, lock_a, lock_b, unlock_b, unlock_a]


SCENARIOS = [
    Scenario("shared: one leaf, a reader of the child", ONE_LEAF, [migrator(), reader("B"), next_owner()],
             pages_and_counts("")),
    Scenario("shared: one leaf, the child copies it, for another page", ONE_LEAF,
             [migrator(), fault("B", writes=False), next_owner()], pages_and_counts("")),
    Scenario("shared: one leaf, the child copies it without marks", ONE_LEAF,
             [migrator(), fault("B", writes=False, keep_marks=False), next_owner()], pages_and_counts("")),
    Scenario("shared: one leaf, the parent writes", ONE_LEAF, [migrator(), fault("A"), next_owner()],
             pages_and_counts("A")),
    Scenario("shared: one leaf, both write", ONE_LEAF, [migrator(), fault("A"), fault("B")], pages_and_counts("AB")),
    Scenario("shared: two leaves, a reader of the child", TWO_LEAVES, [migrator(), reader("B"), next_owner()],
             pages_and_counts("")),
    Scenario("shared: two leaves, both write", TWO_LEAVES, [migrator(), fault("A"), fault("B")],
             pages_and_counts("AB")),
    Scenario("shared: a dead leaf is destroyed", dict(ONE_LEAF, **{"F count": 2 * REFERENCE}),
             [migrator(), reclaimer(), fault("A"), next_owner()], pages_and_counts("A")),
    Scenario("shared: forked meanwhile", BEFORE_FORK, [migrator(), forker(), next_owner()], pages_and_counts("")),
    Scenario("shared: the child is closed meanwhile", ONE_LEAF, [migrator(), close(), reader("B"), next_owner()],
             pages_and_counts("")),
    Scenario("shared: one leaf, only the parent locked", ONE_LEAF,
             [migrator(spaces="A"), fault("B", writes=False), next_owner()], pages_and_counts(""), must_fail=True),
    Scenario("shared: one leaf, new version for the parent only", ONE_LEAF,
             [migrator(withdraw_from="A"), reader("B"), next_owner()], pages_and_counts(""), must_fail=True),
    Scenario("shared: two leaves, only the parent locked, references not compared", TWO_LEAVES,
             [migrator(spaces="A", compare_references=False), fault("B")], pages_and_counts("B"), must_fail=True),
    Scenario("shared: a dead leaf, references not compared", dict(ONE_LEAF, **{"F count": 2 * REFERENCE}),
             [migrator(compare_references=False), reclaimer()], pages_and_counts(""), must_fail=True),
    Scenario("shared: forked meanwhile, spaces not listed again", BEFORE_FORK,
             [migrator(list_again=False), forker(), next_owner()], pages_and_counts(""), must_fail=True),
    Scenario("shared: forked meanwhile, the child listed after the lock", BEFORE_FORK,
             [migrator(), forker(list_inside=False), next_owner()], pages_and_counts(""), must_fail=True),
    Scenario("shared: the child is delisted, then withdrawn", ONE_LEAF,
             [migrator(), close(withdraw_first=False), reader("B"), next_owner()], pages_and_counts(""),
             must_fail=True),
    Scenario("shared: an empty page, in a leaf of its own", EMPTY, [filler(), reader_without_mapping()]),
    Scenario("shared: an empty page, in the shared leaf", EMPTY,
             [filler(own_leaf_first=False), reader_without_mapping()], must_fail=True),
    Scenario("shared: faults evict after they have unlocked", LOCKS, [fault_that_evicts("A"), fault_that_evicts("B")]),
    Scenario("shared: faults evict and hold their locks", LOCKS,
             [fault_that_evicts("A", unlock_first=False), fault_that_evicts("B", unlock_first=False)],
             must_fail=True),
]
