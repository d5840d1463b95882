package io.quire.memory.space;

import io.quire.memory.handle.LostHandles;
import io.quire.memory.handle.WatchedHandle;

/** A pin of a space. Those of accessors are given back with the accessor. */
final class WatchedPin extends WatchedHandle {

    private final Pinned pinned;
    private final int use;

    WatchedPin(Object handle, Pinned pinned) {
        super(handle);
        this.pinned = pinned;
        this.use = pinned.use();
    }

    @Override
    protected LostHandles lostHandles() {
        return pinned.space().machine().lostHandles();
    }

    @Override
    protected boolean giveBack() {
        return pinned.space().unpin(pinned, use);
    }

    @Override
    protected String describe() {
        // Not as the pin is by now: given back, with segments that were shown, it would be told as one that was closed.
        return pinned.describe();
    }
}
