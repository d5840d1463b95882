package io.quire.memory.pin;

import io.quire.memory.handle.LostHandles;
import io.quire.memory.handle.WatchedHandle;

/** Watches a pin that was taken by a space. A pin by an accessor is given back with the accessor. */
public final class WatchedPin extends WatchedHandle {

    private final PinRecord pinned;
    private final int use;

    public WatchedPin(Object handle, PinRecord pinned) {
        super(handle);
        this.pinned = pinned;
        this.use = pinned.use();
    }

    @Override
    protected LostHandles lostHandles() {
        return pinned.list().registry().lostHandles();
    }

    @Override
    protected boolean giveBack() {
        return pinned.list().unpin(pinned, use);
    }

    @Override
    protected String describe() {
        // Not toString(): the pin is given back by now, and if it had segments, toString() would call it closed.
        return pinned.describe();
    }
}
