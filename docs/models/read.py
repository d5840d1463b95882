"""A reader against copy-on-write and the reuse of the frame: MemoryAccess.word, Space.faultPage,
withdrawRetired.

The page is in frame F, which two spaces share. One of them writes and gets a copy in frame G, the other one
is dropped, and F goes to a third space, which writes 9 into it. Also: what a page shows while it is filled.
"""

from frames import REFERENCE, releaser
from mc import END, Scenario

MEMORY = {"version": 0, "entry": "F", "F": 1, "G": 0, "F count": 2 * REFERENCE}
RETRIES = 2


def reader(check=True, allowed=(1, 2)):
    def take_version(t):
        t.my["version"] = t.load("version")

    def translate(t):
        t.my["frame"] = t.load("entry")

    def load(t):
        t.my["value"] = t.load(t.my["frame"])

    def look_again(t):
        if check and t.load("version") != t.my["version"]:
            t.my["retries"] = t.my.get("retries", 0) + 1
            return take_version if t.my["retries"] < RETRIES else END
        t.require(t.my["value"] in allowed, f"the reader returned {t.my['value']}")

    return [take_version, translate, load, look_again]


def copier(version_first=True):
    def copy(t):
        t.store("G", t.load("F"))

    def publish(t):
        t.store("entry", "G")

    def withdraw(t):
        if version_first:
            t.store("version", 1)
            t.fence()

    def withdraw_late(t):
        if not version_first:
            t.store("version", 1)
            t.fence()

    def write(t):
        t.store("G", 2)

    return [copy, publish, withdraw, *releaser(lambda t: "F"), withdraw_late, write]


def dropper():
    return releaser(lambda t: "F")


def next_owner():
    def allocate(t):
        t.wait_until(t.load("F count") == 0)

    def write(t):
        t.store("F", 9)

    return [allocate, write]


UNWRITTEN = {"version": 0, "entry": "zero frame", "zero frame": 0, "F": 9}


def first_writer(fill_first=True):
    def fill(t):
        if fill_first:
            t.store("F", 0)

    def publish(t):
        t.store("entry", "F")

    def fill_late(t):
        if not fill_first:
            t.store("F", 0)

    return [fill, publish, fill_late]


SCENARIOS = [
    Scenario("read: copy-on-write, then the frame is used again", MEMORY,
             [reader(), copier(), dropper(), next_owner()]),
    Scenario("read: version changed after the frame was released", MEMORY,
             [reader(), copier(version_first=False), dropper(), next_owner()], must_fail=True),
    Scenario("read: version not looked at again", MEMORY,
             [reader(check=False), copier(), dropper(), next_owner()], must_fail=True),
    Scenario("fill: zeros, then the entry", UNWRITTEN, [reader(allowed=(0,)), first_writer()]),
    Scenario("fill: the entry, then zeros", UNWRITTEN, [reader(allowed=(0,)), first_writer(fill_first=False)],
             must_fail=True),
]
