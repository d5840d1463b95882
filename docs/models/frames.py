"""The word of a frame and the entry of a page, as the models of the device tier have them.

The count is one word: each leaf that lists the frame is a REFERENCE, each pin and each migration in progress a HOLD;
the frame is free at 0. Who gives up the only reference of a frame that nobody holds stores the count, for there is
nobody to race with; all other changes are exchanges. An entry is a frame and its bits: W writable, M migrating, X
exclusive to a device.
"""

from mc import END

REFERENCE = 16
HOLD = 1
ABSENT = ("", "")
FOREIGN = 9


def references(count):
    return count // REFERENCE


def holds(count):
    return count % REFERENCE


def is_sole(count):
    return count == REFERENCE


def releaser(frame, may_store=is_sole):
    """The steps of who gives up a reference; `frame` tells of which frame."""

    def look_at_count(t):
        t.my["count"] = t.load(frame(t) + " count")

    def give_up(t):
        count = t.my.pop("count")
        if may_store(count):
            t.store(frame(t) + " count", count - REFERENCE)
        elif not t.exchange(frame(t) + " count", count, count - REFERENCE):
            return look_at_count

    return [look_at_count, give_up]


def next_owner(frame="F", heed_holds=True):
    """Another space that gets the frame if it is free when it looks, and writes into it."""

    def allocate(t):
        count = t.load(frame + " count")
        free = count == 0 if heed_holds else references(count) == 0
        if not free or not t.exchange(frame + " count", count, count + REFERENCE):
            return END

    def write(t):
        t.store(frame, FOREIGN)
        t.my["owns"] = True

    return [allocate, write]


def foreign_write(memory, variables, frame="F"):
    """What is wrong if the next owner's bytes are not in its frame any more."""
    if any(my.get("owns") for my in variables) and memory[frame] != FOREIGN:
        return "a write landed in the frame of another space"
    return None
