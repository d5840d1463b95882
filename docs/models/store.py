"""A reader of a store of nodes beside its one writer: NodeReader, NodeStore, LongBucket. No locks for the reader.

The reader looks for key 1, which has a value all the time; a value never gets older. Forks are not here: a change is
stored in one stay in a writer slot, as a range is (armed.py).
"""

from mc import END, Scenario

# ---- a node is replaced, and its place used again

NODES = {"epoch": 0, "ref": "A", "A.key": 1, "A.value": 1, "B.key": 0, "B.value": 0}


def reader(look_again=True):
    """Follows the reference, reads the node, and looks at the epoch before and after."""

    def load_epoch(t):
        t.my["epoch"] = t.load("epoch")

    def load_ref(t):
        t.my["at"] = t.load("ref")

    def load_key(t):
        t.my["key"] = t.load(t.my["at"] + ".key")

    def load_value(t):
        t.my["value"] = t.load(t.my["at"] + ".value")

    def load_epoch_again(t):
        if look_again and t.load("epoch") != t.my["epoch"]:
            return END  # it begins again
        t.require(t.my["key"] == 1, "a key that is there was not found")
        t.require(t.my["value"] in (1, 2), "the value of another key")

    return [load_epoch, load_ref, load_key, load_value, load_epoch_again]


def writer(node_first=True, raises="before", fenced=True):
    """Puts a new value in a new node, counts the note of the old one, and uses its place for another key."""

    def write_key(t):
        t.store_plain("B.key", 1)

    def write_value(t):
        if node_first:
            t.store_plain("B.value", 2)

    def change_ref(t):
        if node_first:
            t.fence()  # the group begins with a release fence
        t.store("ref", "B")

    def write_value_late(t):
        if not node_first:
            t.store("B.value", 2)

    def count_notes(t):
        if raises == "before":
            t.store("epoch", 1)
        if fenced:
            t.fence()

    def use_key_again(t):
        t.store_plain("A.key", 7)

    def use_value_again(t):
        t.store_plain("A.value", 7)

    def count_notes_late(t):
        if raises == "after":
            t.store("epoch", 1)

    return [write_key, write_value, change_ref, write_value_late, count_notes, use_key_again, use_value_again,
            count_notes_late]


# ---- an entry is removed from a slot, and the slot filled again; or a slot is filled that was never used

SLOT = {"epoch": 0, "tag": 1, "key": 1, "value": 1}
VACANT = {"epoch": 0, "tag": 0, "key": 0, "value": 0}


def slot_reader(wanted=1, allowed=(None, 1), look_again=True):
    """Tag, then key, then value. What it finds must be a value that the key has had, or None."""

    def load_epoch(t):
        t.my["epoch"] = t.load("epoch")

    def load_tag(t):
        t.my["found"] = t.load("tag") == wanted
        if not t.my["found"]:
            return load_epoch_again

    def load_key(t):
        t.my["found"] = t.load("key") == wanted

    def load_value(t):
        t.my["value"] = t.load("value")

    def load_epoch_again(t):
        if look_again and t.load("epoch") != t.my["epoch"]:
            return END
        value = t.my.get("value") if t.my["found"] else None
        t.require(value in allowed, f"the value {value}")

    return [load_epoch, load_tag, load_key, load_value, load_epoch_again]


def slot_writer(raises=True):
    """Removes key 1, and puts key 2 with a tag of its own into the slot."""

    def remove(t):
        t.store("tag", -1)

    def raise_epoch(t):
        if raises:
            t.store("epoch", 1)

    def set_key(t):
        t.store("key", 2)

    def set_value(t):
        t.store("value", 2)

    def set_tag(t):
        t.store("tag", 2)

    return [remove, raise_epoch, set_key, set_value, set_tag]


def first_filler(tag_last=True):
    """Puts key 5 into a slot that was never used."""

    def set_tag(t):
        if not tag_last:
            t.store("tag", 5)

    def set_key(t):
        t.store("key", 5)

    def set_value(t):
        t.store("value", 5)

    def set_tag_last(t):
        if tag_last:
            t.store("tag", 5)

    return [set_tag, set_key, set_value, set_tag_last]


def late_reader():
    """Has heard that the change is done: then it must find the key."""

    def hear(t):
        t.wait_until(t.load("tag") == 5)

    def load_key(t):
        t.require(t.load("key") == 5, "the tag was there before the key")

    def load_value(t):
        t.require(t.load("value") == 5, "the tag was there before the value")

    return [hear, load_key, load_value]


SCENARIOS = [
    Scenario("store: a node is replaced, and its place used again", NODES, [reader(), writer()]),
    Scenario("store: the reference before the bytes of the node", NODES, [reader(), writer(node_first=False)],
             must_fail=True),
    Scenario("store: the epoch is not raised", NODES, [reader(), writer(raises="never")], must_fail=True),
    Scenario("store: the epoch is raised after the place was used again", NODES, [reader(), writer(raises="after")],
             must_fail=True),
    Scenario("store: the new bytes may overtake the epoch", NODES, [reader(), writer(fenced=False)], must_fail=True),
    Scenario("store: the reader does not look at the epoch again", NODES, [reader(look_again=False), writer()],
             must_fail=True),
    Scenario("store: a slot is filled again", SLOT, [slot_reader(), slot_writer()]),
    Scenario("store: a slot is filled again without the epoch", SLOT, [slot_reader(), slot_writer(raises=False)],
             must_fail=True),
    Scenario("store: a slot is filled for the first time", VACANT, [late_reader(), first_filler()]),
    Scenario("store: a slot is filled for the first time, the tag first", VACANT,
             [late_reader(), first_filler(tag_last=False)], must_fail=True),
]
