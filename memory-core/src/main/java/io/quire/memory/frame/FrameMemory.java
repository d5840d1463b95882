package io.quire.memory.frame;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.platform.BulkCopy;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.platform.SegmentScope;
import io.quire.memory.platform.ZeroPages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of all pools of a manager that the processor can address. An <em>offset</em> names a byte; it is a long
 * that page table entries carry. With native access an offset is an address, and one constant segment covers all
 * memory, so a hot path loads no bounds. Without native access it is the number of the pool and the place in it.
 * <p>
 * Any thread. A frame may be reused while a thread reads it, so every caller either holds the frame or checks
 * afterwards that its translation was not invalidated.
 * <p>
 * The pools stay mapped as long as this object, or a segment of {@link #slice}, is reachable. The constant segment
 * keeps nothing mapped. So an operation during which the garbage collector might run (a bulk operation) keeps this
 * object reachable until its end.
 */
public final class FrameMemory {

    /** The largest size of {@link #zeros}. */
    public static final long ZEROS_BYTES_MAX = ZeroPages.SIZE_BYTES;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final VarHandle ATOMIC_INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle ATOMIC_LONG = ValueLayout.JAVA_LONG.varHandle();

    private static final @Nullable MemorySegment EVERYTHING = NativeAccess.ENABLED ? SegmentScope.everything() : null;

    /** By number of the pool; null for private pools. Keeps the addresses of the pools valid. */
    private final @Nullable MemorySegment[] pools;
    private volatile boolean closed;

    FrameMemory(@Nullable MemorySegment[] pools) {
        this.pools = pools;
    }

    /** The offset of the first byte of a pool; a multiple of the page size. */
    static long origin(int number, @Nullable MemorySegment pool) {
        if (pool == null) {
            return FrameOffset.ofPrivatePool(number);
        }
        return EVERYTHING != null ? pool.address() : FrameOffset.ofPool(number);
    }

    public byte getByte(long offset) {
        return segment(offset).get(JAVA_BYTE, place(offset));
    }

    public short getShort(long offset) {
        return segment(offset).get(SHORT, place(offset));
    }

    public int getInt(long offset) {
        return segment(offset).get(INT, place(offset));
    }

    public long getLong(long offset) {
        return segment(offset).get(LONG, place(offset));
    }

    public int getIntVolatile(long offset) {
        return (int) ATOMIC_INT.getVolatile(segment(offset), place(offset));
    }

    public long getLongVolatile(long offset) {
        return (long) ATOMIC_LONG.getVolatile(segment(offset), place(offset));
    }

    public void setByte(long offset, byte value) {
        segment(offset).set(JAVA_BYTE, place(offset), value);
    }

    public void setShort(long offset, short value) {
        segment(offset).set(SHORT, place(offset), value);
    }

    public void setInt(long offset, int value) {
        segment(offset).set(INT, place(offset), value);
    }

    public void setLong(long offset, long value) {
        segment(offset).set(LONG, place(offset), value);
    }

    public void setIntOpaque(long offset, int value) {
        ATOMIC_INT.setOpaque(segment(offset), place(offset), value);
    }

    public void setIntRelease(long offset, int value) {
        ATOMIC_INT.setRelease(segment(offset), place(offset), value);
    }

    public void setLongOpaque(long offset, long value) {
        ATOMIC_LONG.setOpaque(segment(offset), place(offset), value);
    }

    public void setLongRelease(long offset, long value) {
        ATOMIC_LONG.setRelease(segment(offset), place(offset), value);
    }

    public void setIntVolatile(long offset, int value) {
        ATOMIC_INT.setVolatile(segment(offset), place(offset), value);
    }

    public void setLongVolatile(long offset, long value) {
        ATOMIC_LONG.setVolatile(segment(offset), place(offset), value);
    }

    public boolean compareAndSetInt(long offset, int expected, int value) {
        return ATOMIC_INT.compareAndSet(segment(offset), place(offset), expected, value);
    }

    public boolean compareAndSetLong(long offset, long expected, long value) {
        return ATOMIC_LONG.compareAndSet(segment(offset), place(offset), expected, value);
    }

    public int compareAndExchangeInt(long offset, int expected, int value) {
        return (int) ATOMIC_INT.compareAndExchange(segment(offset), place(offset), expected, value);
    }

    public long compareAndExchangeLong(long offset, long expected, long value) {
        return (long) ATOMIC_LONG.compareAndExchange(segment(offset), place(offset), expected, value);
    }

    public int getAndSetInt(long offset, int value) {
        return (int) ATOMIC_INT.getAndSet(segment(offset), place(offset), value);
    }

    public long getAndSetLong(long offset, long value) {
        return (long) ATOMIC_LONG.getAndSet(segment(offset), place(offset), value);
    }

    public int getAndAddInt(long offset, int delta) {
        return (int) ATOMIC_INT.getAndAdd(segment(offset), place(offset), delta);
    }

    public long getAndAddLong(long offset, long delta) {
        return (long) ATOMIC_LONG.getAndAdd(segment(offset), place(offset), delta);
    }

    /** Copies out of the frames. */
    public void copyTo(long offset, MemorySegment target, long targetOffset, long sizeBytes) {
        try {
            MemorySegment.copy(segment(offset), place(offset), target, targetOffset, sizeBytes);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Copies into the frames. */
    public void copyFrom(MemorySegment source, long sourceOffset, long offset, long sizeBytes) {
        try {
            MemorySegment.copy(source, sourceOffset, segment(offset), place(offset), sizeBytes);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Copies from one run of frames to another. The caller holds both. */
    public void copy(long sourceOffset, long targetOffset, long sizeBytes) {
        try {
            if (EVERYTHING != null && sizeBytes >= BulkCopy.WORTHWHILE_BYTES) {
                BulkCopy.copy(sourceOffset, targetOffset, sizeBytes); // an offset is an address
            } else {
                MemorySegment.copy(segment(sourceOffset), place(sourceOffset), segment(targetOffset),
                        place(targetOffset), sizeBytes);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    public void fill(long offset, long sizeBytes, byte value) {
        try {
            segment(offset).asSlice(place(offset), sizeBytes).fill(value);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The first position at which the range differs from a range of {@code other}, or -1. */
    public long mismatch(long offset, FrameMemory other, long otherOffset, long sizeBytes) {
        try {
            return mismatch(offset, other.segment(otherOffset), place(otherOffset), sizeBytes);
        } finally {
            Reference.reachabilityFence(other);
        }
    }

    /** The first position at which the range differs from a part of a segment, or -1. */
    public long mismatch(long offset, MemorySegment other, long otherOffset, long sizeBytes) {
        try {
            return MemorySegment.mismatch(segment(offset), place(offset), place(offset) + sizeBytes,
                    other, otherOffset, otherOffset + sizeBytes);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Returns a read-only segment over a range of frames that the caller holds. It lives as long as the arena. Without
     * native access the library cannot end a view, so the segment is a copy in the arena.
     */
    public MemorySegment readOnly(long offset, long sizeBytes, Arena arena) {
        if (EVERYTHING != null) {
            return view(offset, sizeBytes, arena).asReadOnly();
        }
        MemorySegment copy = arena.allocate(sizeBytes);
        copyTo(offset, copy, 0, sizeBytes);
        return copy.asReadOnly();
    }

    /**
     * Returns a read-only segment of zeros that lives as long as the arena.
     *
     * @param sizeBytes up to {@link #ZEROS_BYTES_MAX}
     */
    public static MemorySegment zeros(long sizeBytes, Arena arena) {
        return (EVERYTHING != null ? SegmentScope.view(ZeroPages.address(), sizeBytes, arena)
                : arena.allocate(sizeBytes)).asReadOnly();
    }

    /**
     * Returns a segment over a range within one pool. Its addresses stay mapped as long as the segment is reachable.
     * Without native access the segment throws once the pool is closed or unreachable.
     */
    public MemorySegment slice(long offset, long sizeBytes) {
        if (EVERYTHING == null) {
            return segment(offset).asSlice(place(offset), sizeBytes);
        }
        for (MemorySegment pool : pools) { // there are few
            if (pool != null && offset >= pool.address() && offset - pool.address() < pool.byteSize()) {
                return pool.asSlice(offset - pool.address(), sizeBytes);
            }
        }
        throw new IllegalArgumentException("no pool has memory at 0x" + Long.toHexString(offset));
    }

    /**
     * Returns a segment over a range of frames that the caller holds. It lives as long as the arena. The caller makes
     * the arena {@linkplain SegmentScope#keep keep} an object from which this one is reachable.
     *
     * @throws UnsupportedOperationException without native access, because then the library cannot end a view
     */
    public MemorySegment view(long offset, long sizeBytes, Arena arena) {
        if (EVERYTHING == null) {
            throw new UnsupportedOperationException("the pin holds its pages, but its segments need native access: "
                    + "start Java with --enable-native-access=io.quire.memory, or ALL-UNNAMED on the class path");
        }
        return SegmentScope.view(offset, sizeBytes, arena);
    }

    /** Keeps an object reachable as long as a view of the arena can be used. Does nothing if views are copies. */
    public static void keep(Object keeper, Arena arena) {
        if (EVERYTHING != null) {
            SegmentScope.keep(keeper, arena);
        }
    }

    void close() {
        closed = true;
    }

    private MemorySegment segment(long offset) {
        if (EVERYTHING != null) {
            return EVERYTHING;
        }
        // A reader checks the version of its space after the access. With native access that is enough, because the
        // addresses stay mapped. Without it the closed arena would throw before the check, and its exception means
        // nothing to the user.
        if (closed) {
            throw new ClosedException("the memory manager of this memory");
        }
        return Objects.requireNonNull(pools[FrameOffset.pool(offset)], "the processor cannot address a private frame");
    }

    private static long place(long offset) {
        return EVERYTHING != null ? offset : FrameOffset.place(offset);
    }
}
