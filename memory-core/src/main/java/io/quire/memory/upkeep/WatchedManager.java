package io.quire.memory.upkeep;

import io.quire.memory.handle.LostHandles;
import io.quire.memory.handle.WatchedHandle;
import java.time.Duration;

/** Watches a manager. All that it has opened keeps it reachable, so when it is lost, all of that is lost too. */
final class WatchedManager extends WatchedHandle {

    /** How long one attempt to close it waits. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Ending ending;
    private int spaces;

    WatchedManager(Object handle, Ending ending) {
        super(handle);
        this.ending = ending;
    }

    @Override
    protected LostHandles lostHandles() {
        return ending.machine().lostHandles();
    }

    @Override
    protected boolean giveBack() {
        spaces = Math.max(spaces, ending.machine().spaces().count());
        return ending.closeAll(PATIENCE);
    }

    @Override
    protected String describe() {
        return "memory manager " + ending.machine().name() + ", age=" + ending.age().toMillis() + " ms, spaces open="
                + spaces;
    }
}
