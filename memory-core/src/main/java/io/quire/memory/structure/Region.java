package io.quire.memory.structure;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.table.Geometry;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one map as one access reaches it, by offset from its header. Offsets are the same in every
 * fork. As safe for threads as the access is.
 *
 * @param memory how it is reached
 * @param address where the header is; a multiple of the page size
 * @param sizeBytes whole pages
 * @param space the space, if it is known: for what an accessor cannot do
 */
record Region(MemoryAccess memory, long address, long sizeBytes, @Nullable AddressSpace space) {

    static final int PAGE_BYTES = Geometry.PAGE_BYTES;

    /** Giving pages back costs a barrier on all processors; for fewer than 64 KiB it does not pay. */
    private static final long WORTH_DISCARDING = 16 * PAGE_BYTES;

    long get(long offset) {
        return memory.getLong(address + offset);
    }

    long getAcquire(long offset) {
        return memory.getLongAcquire(address + offset);
    }

    void set(long offset, long value) {
        memory.setLong(address + offset, value);
    }

    void setRelease(long offset, long value) {
        memory.setLongRelease(address + offset, value);
    }

    boolean compareAndSet(long offset, long expected, long value) {
        return memory.compareAndSetLong(address + offset, expected, value);
    }

    /** Has the page of an aligned long resident and writable, without a change. */
    void makeWritable(long offset) {
        memory.getAndAddLong(address + offset, 0);
    }

    void read(long offset, byte[] target, int length) {
        memory.copyTo(address + offset, target, 0, length);
    }

    void write(long offset, byte[] source) {
        memory.copyFrom(source, 0, address + offset, source.length);
    }

    void write(long offset, MemorySegment source, long sizeBytes) {
        memory.copyFrom(source, 0, address + offset, sizeBytes);
    }

    void clear(long offset, long sizeBytes) {
        memory.fill(address + offset, sizeBytes, (byte) 0);
    }

    /** Whether the bytes at an offset are those of the key. */
    boolean holds(long offset, byte[] key) {
        return memory.mismatch(address + offset, MemorySegment.ofArray(key), 0, key.length) < 0;
    }

    /** Whether so many bytes at an offset are inside, behind the header. */
    boolean contains(long offset, long bytes) {
        return offset >= MapHeader.BYTES && offset <= sizeBytes - bytes;
    }

    /**
     * Gives whole pages between two offsets back, if that pays and the space is known. What they hold is
     * lost.
     */
    void discard(long from, long to) {
        long first = from + PAGE_BYTES - 1 & -PAGE_BYTES;
        long bytes = (to & -PAGE_BYTES) - first;
        if (space != null && bytes >= WORTH_DISCARDING) {
            space.discard(address + first, bytes);
        }
    }

    @Override
    public String toString() {
        return "map at 0x" + Long.toHexString(address);
    }
}
