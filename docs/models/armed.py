"""A thread that waits for writers asks by which version they may write: WriterSlot.arm, OwnSlot, Writers.await.

The slot of an accessor has a flag, `writing`, and a word, `armed`: the version by which its thread may write, plus
one, or 0. Each wait follows a new version and perhaps a new root; a writer that goes by neither writes too late.
"""

from mc import END, Scenario

ARMED = {"version": 0, "root": 0, "writing": 0, "armed": 1, "page": 0, "awaited": 0}
DISARMED = dict(ARMED, armed=0)


def fast_writer(refreshes=False, arm_inside=False):
    """Writes by a version that it knows, with a light fence. If it is out of date it refreshes, and tries again."""

    def begin(t):
        t.my["version"] = 0

    def enter(t):
        t.store("writing", 1)

    def look(t):
        if t.load("version") != t.my["version"]:
            return leave_to_refresh

    def arm_too_early(t):
        if arm_inside:
            t.store("armed", t.load("version") + 1)
            t.fence()

    def write(t):
        t.store("page", t.load("page") + 1)

    def leave(t):
        t.store("writing", 0)
        return END

    def leave_to_refresh(t):
        t.store("writing", 0)
        if not refreshes:
            return END

    def refresh(t):
        t.my["version"] = t.load("version")
        if t.load("root") != 0:
            return END  # what it knew of the page is void

    def arm(t):
        t.store("armed", t.my["version"] + 1)
        t.fence()
        return enter

    return [begin, enter, look, arm_too_early, write, leave, leave_to_refresh, refresh, arm]


def slow_writer(fence=True, look_again=True, check_root=True):
    """A first write: has found its page by root 0 on the slow path, arms, and puts its copy in if the root is the same."""

    def disarm(t):
        t.store("armed", 0)

    def load_version(t):
        t.my["version"] = t.load("version")

    def arm(t):
        t.store("armed", t.my["version"] + 1)
        if fence:
            t.fence()

    def enter(t):
        t.store("writing", 1)

    def look(t):
        if look_again and t.load("version") != t.my["version"]:
            return leave_to_arm_again

    def look_at_root(t):
        if check_root and t.load("root") != 0:
            return leave

    def write(t):
        t.store("page", t.load("page") + 1)

    def leave(t):
        t.store("writing", 0)

    def disarm_at_end(t):
        t.store("armed", 0)
        return END

    def leave_to_arm_again(t):
        t.store("writing", 0)
        return load_version

    return [disarm, load_version, arm, enter, look, look_at_root, write, leave, disarm_at_end, leave_to_arm_again]


def waits(versions=(1,), fence=True, wait=True, root_at=None):
    """One wait after another, as they come under the lock. The last of them shares the page: nobody may write it."""
    steps = []
    for version in versions:
        steps += wait_for(version, fence, wait, root_at is None or version == root_at)

    def share(t):
        t.my["child"] = t.load("page")

    def look_at_child(t):
        t.require(t.load("page") == t.my["child"], "a page was written after all writers had been waited for")

    return steps + [share, look_at_child]


def wait_for(version, fence, wait, is_root_new):
    def change(t):
        if is_root_new:
            t.store("root", version)
        t.store("version", version)
        if fence:
            t.fence()

    def ask(t):
        seen = t.load("armed") - 1
        if seen < t.load("awaited") or seen >= version:
            return note_awaited

    def issue_membarrier(t):
        if wait:
            t.membarrier()

    def await_flag(t):
        t.wait_until(not wait or t.load("writing") == 0)

    def note_awaited(t):
        t.store("awaited", version)

    steps = [change, ask, issue_membarrier, await_flag, note_awaited]
    for step in steps:
        step.__name__ += f"_{version}"
    return steps


SCENARIOS = [
    Scenario("armed: a fast writer", ARMED, [fast_writer(), waits()]),
    Scenario("armed: a fast writer, two waits", ARMED, [fast_writer(), waits((1, 2))]),
    Scenario("armed: a fast writer that refreshes, and a wait that keeps the root", ARMED,
             [fast_writer(refreshes=True), waits((1, 2), root_at=2)]),
    Scenario("armed: a fast writer, not waited for", ARMED, [fast_writer(), waits(wait=False)], must_fail=True),
    Scenario("armed: armed inside the slot", ARMED, [fast_writer(arm_inside=True), waits()], must_fail=True),
    Scenario("armed: a first write", DISARMED, [slow_writer(), waits()]),
    Scenario("armed: a first write, two waits", DISARMED, [slow_writer(), waits((1, 2))]),
    Scenario("armed: a first write, and a wait that keeps the root", DISARMED, [slow_writer(), waits((1, 2), root_at=2)]),
    Scenario("armed: a first write of a thread that was armed", ARMED, [slow_writer(), waits((1, 2), root_at=2)]),
    Scenario("armed: armed without a fence", DISARMED, [slow_writer(fence=False), waits()], must_fail=True),
    Scenario("armed: asked without a fence", DISARMED, [slow_writer(), waits(fence=False)], must_fail=True),
    Scenario("armed: no second look at the version", DISARMED,
             [slow_writer(look_again=False), waits((1, 2), root_at=2)], must_fail=True),
    Scenario("armed: no look at the root", DISARMED, [slow_writer(check_root=False, look_again=True), waits()],
             must_fail=True),
    Scenario("armed: noted as waited for without a wait", ARMED, [fast_writer(), waits((1, 2), wait=False)],
             must_fail=True),
]
