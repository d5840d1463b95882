"""The word of a frame and the entry of a page, as the models of the device tier have them.

The count is one word: each leaf that lists the frame is a REFERENCE, each pin and each migration in progress a
HOLD; the frame is free at 0. An entry is a frame and its bits: W writable, M migrating, X exclusive to a device.
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
