package io.quire.memory.frame;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.platform.Reservation;
import io.quire.memory.platform.SegmentScope;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a pool, reached by <em>offset</em>: a long between {@link #origin()} and {@code origin() + sizeBytes()}
 * that page table entries carry. With native access an offset is an address, and all pools are seen through one
 * constant segment, which leaves no bounds to load on a hot path; without, it counts from the pool's first byte.
 * <p>
 * Any thread. A reader may be overtaken by the reuse of a frame, so every caller either holds the frame or checks
 * afterwards that it was not withdrawn.
 */
public final class FrameMemory implements AutoCloseable {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final VarHandle ATOMIC_INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle ATOMIC_LONG = ValueLayout.JAVA_LONG.varHandle();

    private static final @Nullable MemorySegment EVERYTHING = NativeAccess.ENABLED ? SegmentScope.everything() : null;

    private final Reservation reservation;
    private final MemorySegment pool;
    private final long origin;
    private volatile boolean closed;

    FrameMemory(long sizeBytes) {
        reservation = Reservation.of(sizeBytes);
        pool = reservation.segment();
        origin = EVERYTHING != null ? pool.address() : 0;
    }

    /** The offset of the first byte; a multiple of the page size. */
    long origin() {
        return origin;
    }

    public byte getByte(long offset) {
        return segment().get(JAVA_BYTE, offset);
    }

    public long getLong(long offset) {
        return segment().get(LONG, offset);
    }

    public void setByte(long offset, byte value) {
        segment().set(JAVA_BYTE, offset, value);
    }

    public void setShort(long offset, short value) {
        segment().set(SHORT, offset, value);
    }

    public void setInt(long offset, int value) {
        segment().set(INT, offset, value);
    }

    public void setLong(long offset, long value) {
        segment().set(LONG, offset, value);
    }

    public void setIntOpaque(long offset, int value) {
        ATOMIC_INT.setOpaque(segment(), offset, value);
    }

    public void setIntRelease(long offset, int value) {
        ATOMIC_INT.setRelease(segment(), offset, value);
    }

    public void setLongOpaque(long offset, long value) {
        ATOMIC_LONG.setOpaque(segment(), offset, value);
    }

    public void setLongRelease(long offset, long value) {
        ATOMIC_LONG.setRelease(segment(), offset, value);
    }

    public boolean compareAndSetInt(long offset, int expected, int value) {
        return ATOMIC_INT.compareAndSet(segment(), offset, expected, value);
    }

    public boolean compareAndSetLong(long offset, long expected, long value) {
        return ATOMIC_LONG.compareAndSet(segment(), offset, expected, value);
    }

    public int getAndAddInt(long offset, int delta) {
        return (int) ATOMIC_INT.getAndAdd(segment(), offset, delta);
    }

    public long getAndAddLong(long offset, long delta) {
        return (long) ATOMIC_LONG.getAndAdd(segment(), offset, delta);
    }

    /** Copies out of the pool. */
    public void copyTo(long offset, MemorySegment target, long targetOffset, long sizeBytes) {
        MemorySegment.copy(segment(), offset, target, targetOffset, sizeBytes);
    }

    /** Copies into the pool. */
    public void copyFrom(MemorySegment source, long sourceOffset, long offset, long sizeBytes) {
        MemorySegment.copy(source, sourceOffset, segment(), offset, sizeBytes);
    }

    /** Copies within the pool. */
    public void copy(long sourceOffset, long targetOffset, long sizeBytes) {
        MemorySegment.copy(segment(), sourceOffset, segment(), targetOffset, sizeBytes);
    }

    public void fill(long offset, long sizeBytes, byte value) {
        segment().asSlice(offset, sizeBytes).fill(value);
    }

    /** The first position in which the range differs from one of another pool or of this one, or -1. */
    public long mismatch(long offset, FrameMemory other, long otherOffset, long sizeBytes) {
        return mismatch(offset, other.segment(), otherOffset, sizeBytes);
    }

    /** The first position in which the range differs from a part of another segment, or -1. */
    public long mismatch(long offset, MemorySegment other, long otherOffset, long sizeBytes) {
        return MemorySegment.mismatch(segment(), offset, offset + sizeBytes,
                other, otherOffset, otherOffset + sizeBytes);
    }

    /**
     * A read-only segment over a range of frames the caller holds, for as long as the arena lives. Without native
     * access no view can be ended, so it is a copy, allocated in the arena.
     */
    public MemorySegment readOnly(long offset, long sizeBytes, Arena arena) {
        if (EVERYTHING != null) {
            return SegmentScope.readOnlyView(offset, sizeBytes, arena);
        }
        MemorySegment copy = arena.allocate(sizeBytes);
        copyTo(offset, copy, 0, sizeBytes);
        return copy.asReadOnly();
    }

    @Override
    public void close() {
        closed = true;
        reservation.close();
    }

    private MemorySegment segment() {
        if (EVERYTHING != null) {
            return EVERYTHING;
        }
        // Readers look at the version of their space after the access. With native access the addresses are still
        // there; a closed arena would answer first, with an exception of its own.
        if (closed) {
            throw new ClosedException("the memory manager of this memory");
        }
        return pool;
    }
}
