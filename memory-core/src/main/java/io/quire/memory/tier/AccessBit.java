package io.quire.memory.tier;

/** Where a page leaves its mark when somebody uses it. */
@FunctionalInterface
public interface AccessBit {

    /** For an evictor in need: whatever it looks at counts as not used, so that the next frame is a victim. */
    AccessBit IGNORED = frame -> false;

    /**
     * Says whether the page in a frame was accessed since the last call for it, and clears the mark. Called without a
     * lock, by the thread that looks for a victim; the frame may have been freed, and used again, by then, which does
     * no harm.
     */
    boolean testAndClear(int frame);
}
