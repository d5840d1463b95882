package io.quire.memory.structure;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.table.Geometry;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one map, reached through one access by the offset from its header. Offsets are the same in every fork.
 * As thread-safe as the access.
 * <p>
 * Offsets and lengths come out of memory that anybody may overwrite. Whoever uses one checks it first; this class
 * checks once more that it does not lead outside the region.
 *
 * @param memory the access
 * @param address the address of the header; a multiple of the page size
 * @param sizeBytes whole pages
 * @param space the space, which can discard pages and an accessor cannot; null if it is not known
 */
record Region(MemoryAccess memory, long address, long sizeBytes, @Nullable AddressSpace space) {

    static final int PAGE_BYTES = Geometry.PAGE_BYTES;

    /** Giving pages back costs a barrier on all processors, which does not pay for fewer than 64 KiB. */
    private static final long WORTH_DISCARDING = 16 * PAGE_BYTES;

    long get(long offset) {
        return memory.getLong(at(offset, Long.BYTES));
    }

    long getAcquire(long offset) {
        return memory.getLongAcquire(at(offset, Long.BYTES));
    }

    void set(long offset, long value) {
        memory.setLong(at(offset, Long.BYTES), value);
    }

    void setRelease(long offset, long value) {
        memory.setLongRelease(at(offset, Long.BYTES), value);
    }

    /** Makes the page of an aligned long resident and writable, without a change to it. */
    void makeWritable(long offset) {
        memory.getAndAddLong(at(offset, Long.BYTES), 0);
    }

    void read(long offset, byte[] target, int length) {
        memory.copyTo(at(offset, length), target, 0, length);
    }

    void write(long offset, byte[] source) {
        memory.copyFrom(source, 0, at(offset, source.length), source.length);
    }

    void write(long offset, MemorySegment source, long bytes) {
        memory.copyFrom(source, 0, at(offset, bytes), bytes);
    }

    void clear(long offset, long bytes) {
        memory.fill(at(offset, bytes), bytes, (byte) 0);
    }

    /** True if the bytes at an offset are those of the key. */
    boolean holds(long offset, byte[] key) {
        return memory.mismatch(at(offset, key.length), MemorySegment.ofArray(key), 0, key.length) < 0;
    }

    /** True if this many bytes at an offset are inside the region, behind the header. */
    boolean contains(long offset, long bytes) {
        return offset >= MapHeader.BYTES && offset <= sizeBytes - bytes;
    }

    /** Gives back the whole pages between two offsets, if that pays and the space is known. Their content is lost. */
    void discard(long from, long to) {
        long first = from + PAGE_BYTES - 1 & -PAGE_BYTES;
        long bytes = (to & -PAGE_BYTES) - first;
        if (space != null && bytes >= WORTH_DISCARDING) {
            space.discard(at(first, bytes), bytes);
        }
    }

    /** The address of this many bytes at an offset, all of which are inside the region. */
    private long at(long offset, long bytes) {
        if (offset < 0 || offset > sizeBytes - bytes) {
            throw outside(offset, bytes);
        }
        return address + offset;
    }

    private IllegalStateException outside(long offset, long bytes) {
        return new IllegalStateException("the map is damaged: it points outside its region: " + this + ", regionBytes="
                + sizeBytes + ", offset=" + offset + ", bytes=" + bytes);
    }

    @Override
    public String toString() {
        return "map at 0x" + Long.toHexString(address);
    }
}
