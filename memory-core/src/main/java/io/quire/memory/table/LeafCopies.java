package io.quire.memory.table;

import io.quire.memory.guard.Wait;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The copies of leaves of one table that are being made without its lock. A copy relies on the leaf and its frames
 * staying as they are. Only a migration changes a leaf that is shared, so a migration waits for the copies.
 * <p>
 * Any thread, but a copy begins under the lock of the table.
 */
public final class LeafCopies {

    private final AtomicInteger unfinished = new AtomicInteger();

    LeafCopies() {
    }

    void begin() {
        unfinished.incrementAndGet();
    }

    void end() {
        unfinished.decrementAndGet();
    }

    /** Waits for the copies that have begun, a few microseconds. The caller holds the lock, so no other begins. */
    public void awaitEnd() {
        if (unfinished.get() != 0) {
            Wait.until(() -> unfinished.get() == 0);
        }
    }

    @Override
    public String toString() {
        return "LeafCopies[unfinished=" + unfinished + "]";
    }
}
