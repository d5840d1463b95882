package io.quire.memory.pin;

import io.quire.memory.handle.LostHandles;
import io.quire.memory.handle.WatchedHandle;

/** A pin of a space. Those of accessors are given back with the accessor. */
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
        // Not as the pin is by now: given back, with segments that were shown, it would be told as one that was closed.
        return pinned.describe();
    }
}
