package io.quire.memory.space;

import io.quire.memory.handle.LostHandles;
import io.quire.memory.handle.WatchedHandle;

/** Watches the handle of a space, fork or snapshot, or the cursor that a snapshot was made for. */
final class WatchedSpace extends WatchedHandle {

    private final Space space;

    WatchedSpace(Object handle, Space space) {
        super(handle);
        this.space = space;
    }

    @Override
    protected LostHandles lostHandles() {
        return space.machine().lostHandles();
    }

    @Override
    protected boolean giveBack() {
        return space.close(); // false if the user, or the end of the manager, has closed it before
    }

    @Override
    protected String describe() {
        return space.describe();
    }
}
