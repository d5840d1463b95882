package io.quire.memory.space;

import io.quire.memory.frame.FrameMemory;

/**
 * Reads many words of a space and looks at the version once, at the end. That saves most of what a single read costs.
 * Call {@link #begin}, then {@link #at} for each node and the getters for its words, then {@link #isStill}. If that is
 * false, begin again. Until then the words may be anything, so check one before you use it as an address or a length.
 * <p>
 * For the structures of this library. Users get no such thing, because it is easy to misuse.
 * <p>
 * As thread-safe as the access it was made of.
 */
public abstract class ReadSection {

    private final FrameMemory memory;

    protected ReadSection(FrameMemory memory) {
        this.memory = memory;
    }

    /** Returns the version to hand to {@link #isStill}. */
    public abstract long begin();

    /**
     * Returns where the byte of an address is read now, and the bytes behind it up to the end of its page.
     *
     * @throws io.quire.memory.contract.MemoryException if the address may not be read
     */
    public abstract long at(long address);

    /** True if all that was read since {@link #begin} returned this version is what was there. */
    public abstract boolean isStill(long version);

    /**
     * True if a write to the page of an address needs no copy of the page, as far as is known. A fork by another thread
     * may change that at any moment, so this can decide what is cheaper, but never what is right.
     */
    public abstract boolean isOwn(long address);

    /** Returns a byte at an offset that {@link #at} has returned, or behind it in the same page. */
    public final byte getByte(long offset) {
        return memory.getByte(offset);
    }

    /** Returns two bytes, likewise. */
    public final short getShort(long offset) {
        return memory.getShort(offset);
    }

    /** Returns four bytes, likewise. */
    public final int getInt(long offset) {
        return memory.getInt(offset);
    }

    /** Returns eight bytes, likewise. */
    public final long getLong(long offset) {
        return memory.getLong(offset);
    }
}
