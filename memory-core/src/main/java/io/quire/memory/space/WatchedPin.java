package io.quire.memory.space;

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
    Machine machine() {
        return pinned.space().machine();
    }

    @Override
    boolean giveBack() {
        return pinned.space().unpin(pinned, use);
    }

    @Override
    String describe() {
        // Not as the pin is by now: given back, with segments that were shown, it would be told as one that was closed.
        return pinned.describe();
    }
}
