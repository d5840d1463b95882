package io.quire.memory.tier;

/** The accessed bits of the pages in a pool: a page has its bit set when it is used. */
@FunctionalInterface
public interface AccessBit {

    /** For an evictor that cannot wait: every page counts as not used, so the next frame is a victim. */
    AccessBit IGNORED = frame -> false;

    /**
     * Returns true if the page in a frame was accessed since the last call for that frame, and clears the bit. The
     * thread that looks for a victim calls it without a lock. The frame may have been freed and used again by then;
     * that does no harm.
     */
    boolean testAndClear(int frame);
}
