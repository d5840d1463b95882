"""How a driver is called by a thread of its own: DriverCalls, FreedFrames, DeviceClosing.

A call is put into a queue and made by the driver's thread; each step of the queue and of the list of freed frames is
one exchange. What went out of use is put into the list, and told before the call that comes next. `told` is what the
driver knows of the one frame: 1 in use, 0 free.
"""

from mc import END, Scenario

CAPACITY = 2
WAKE = "wake"

FREED = {"list": (), "queue": (), "free": 0, "told": 1, "answered": 0, "ended": 0}


def offered(t, call):
    """The queue of the driver's thread takes a call, unless it is full."""
    queue = t.load("queue")
    return len(queue) < CAPACITY and t.exchange("queue", queue, queue + (call,))


def driver(tells_before_each=True, must_end=2):
    """The driver's thread: takes a call, tells what was freed, makes the call. Ends after `must_end` other threads."""

    def take(t):
        queue = t.load("queue")
        if not queue and t.load("ended") == must_end:
            return END
        t.wait_until(queue)
        t.exchange("queue", queue, queue[1:])
        t.my["call"] = queue[0]

    def tell_freed(t):
        if tells_before_each or t.my["call"] == WAKE:
            freed = t.load("list")
            t.exchange("list", freed, ())
            for _ in freed:
                t.require(t.load("told") == 1, "the driver is told twice that a frame is free")
                t.exchange("told", 1, 0)

    def call(t):
        if t.my["call"] == "allocated":
            t.require(t.load("told") == 0, "the driver is asked for a frame that it thinks is in use")
            t.exchange("told", 0, 1)
            t.exchange("answered", 0, 1)
        return take

    return [take, tell_freed, call]


def freer(tell_first=True, wakes=True):
    """Gives the frame back: puts it into the list, wakes the driver's thread if the list was empty."""

    def put(t):
        freed = t.load("list")
        t.exchange("list", freed, freed + ("F",))
        t.my["first"] = not freed

    def wake(t):
        if wakes and t.my["first"]:
            offered(t, WAKE)  # if the queue is full, who takes from it looks into the list

    def give(t):
        t.exchange("free", 0, 1)

    def end(t):
        t.add("ended", 1)

    return [put, wake, give, end] if tell_first else [give, put, wake, end]


def owner():
    """Takes the frame as soon as it is free, asks the driver, and has it in use."""

    def take(t):
        t.wait_until(t.load("free") == 1)
        t.exchange("free", 1, 0)

    def ask(t):
        t.wait_until(offered(t, "allocated"))

    def hear(t):
        t.wait_until(t.load("answered") == 1)

    def end(t):
        t.add("ended", 1)

    return [take, ask, hear, end]


def busy():
    """Another caller, that fills the queue."""

    def ask(t):
        t.wait_until(offered(t, "other"))

    def ask_more(t):
        t.wait_until(offered(t, "other"))

    def end(t):
        t.add("ended", 1)

    return [ask, ask_more, end]


def all_told(memory, _):
    return "the driver is never told of a frame" if memory["list"] else None


# ---- a device is closed beside a space that it is attached to, and beside somebody who attaches it

CLOSING = {"queue": (), "lock": 0, "closing": 0, "listed": 1, "attached": 1, "mirror closed": 0, "closed": 0, "ended": 0}
ATTACHING = dict(CLOSING, **{"listed": 0, "attached": 0})


def detaching(t, then_unlock):
    """Under the lock: whoever closes the mirror posts that, and nobody else does."""
    if t.load("mirror closed") == 0:
        t.my["tells"] = True
        t.store("mirror closed", 1)
    if then_unlock:
        t.unlock("lock")


def detacher(under_lock, last):
    """Closes the mirror and posts it, before it gives the lock up or after; then goes on with `last`."""

    def look(t):
        if t.load("listed") == 0:
            return last[0] if last else END

    def lock(t):
        t.lock("lock")

    def close_mirror(t):
        detaching(t, not under_lock)

    def post(t):
        if t.my.get("tells"):
            t.wait_until(offered(t, "detached"))

    def unlock(t):
        if under_lock:
            t.unlock("lock")

    return [look, lock, close_mirror, post, unlock] + last


def space_closer(under_lock=True):
    def end(t):
        t.add("ended", 1)

    return detacher(under_lock, [end])


def device_closer(under_lock=True):
    def set_closing(t):
        t.store("closing", 1)
        t.fence()

    def post_close(t):
        t.wait_until(offered(t, "close"))

    def end(t):
        t.add("ended", 1)

    return [set_closing] + detacher(under_lock, [post_close, end])


def attacher(list_first=True):
    """Lists the mirror, then looks whether the device is being closed; under the lock of the space."""

    def lock(t):
        t.lock("lock")

    def list_mirror(t):
        if list_first:
            t.store("listed", 1)
            t.fence()

    def look(t):
        if t.load("closing") == 1:
            return refuse

    def attach(t):
        t.wait_until(offered(t, "attached"))

    def list_late(t):
        t.store("listed", 1)
        t.unlock("lock")
        return end

    def refuse(t):
        t.store("mirror closed", 1)
        t.store("listed", 0)
        t.unlock("lock")

    def end(t):
        t.add("ended", 1)

    return [lock, list_mirror, look, attach, list_late, refuse, end]


def device(must_end=2):
    """The driver's thread, with a driver that counts its mirrors."""

    def take(t):
        queue = t.load("queue")
        if not queue and t.load("ended") == must_end:
            return END
        t.wait_until(queue)
        t.exchange("queue", queue, queue[1:])
        t.my["call"] = queue[0]

    def call(t):
        name = t.my["call"]
        t.require(t.load("closed") == 0, "a driver is called after it was closed: " + name)
        if name == "attached":
            t.add("attached", 1)
        elif name == "detached":
            t.require(t.add("attached", -1) == 0, "a driver is told twice that a mirror is detached")
        elif name == "close":
            t.require(t.load("attached") == 0, "a driver is closed while it is attached")
            t.exchange("closed", 0, 1)
        return take

    return [take, call]


def all_detached(memory, _):
    return "a driver is never told that it is detached" if memory["attached"] else None


SCENARIOS = [
    Scenario("calls: a frame is freed and allocated again", FREED, [driver(), freer(), owner()], all_told),
    Scenario("calls: a frame is freed while the queue is full", FREED, [driver(must_end=3), freer(), owner(), busy()],
             all_told),
    Scenario("calls: a frame is free before it is in the list", FREED,
             [driver(), freer(tell_first=False), owner()], all_told, must_fail=True),
    Scenario("calls: the list is looked at only for who woke the thread", FREED,
             [driver(tells_before_each=False, must_end=3), freer(), owner(), busy()], all_told, must_fail=True),
    Scenario("calls: nobody wakes the thread for a freed frame", FREED,
             [driver(must_end=1), freer(wakes=False)], all_told, must_fail=True),
    Scenario("calls: a device is closed beside a space", CLOSING, [device(), space_closer(), device_closer()],
             all_detached),
    Scenario("calls: a device is closed while it is being attached", ATTACHING,
             [device(), attacher(), device_closer()], all_detached),
    Scenario("calls: the end of a mirror is posted after the lock, device is closed", CLOSING,
             [device(), space_closer(under_lock=False), device_closer(under_lock=False)], all_detached,
             must_fail=True),
    Scenario("calls: a mirror is listed after a look at the device", ATTACHING,
             [device(), attacher(list_first=False), device_closer()], all_detached, must_fail=True),
]
