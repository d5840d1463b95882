package io.quire.memory.space;

import io.quire.memory.contract.ClosedException;

/** The handle of a space, fork or snapshot, or the cursor that a snapshot was made for. */
final class WatchedSpace extends WatchedHandle {

    private final Space space;

    WatchedSpace(Object handle, Space space) {
        super(handle);
        this.space = space;
    }

    @Override
    Machine machine() {
        return space.machine();
    }

    @Override
    boolean giveBack() {
        try {
            space.close();
            return true;
        } catch (ClosedException _) { // in time, or by the end of its manager
            return false;
        }
    }

    @Override
    String describe() {
        return space.describe();
    }
}
