package io.quire.memory.structure;

import io.quire.memory.contract.StructureFullException;
import io.quire.memory.guard.Mutex;
import io.quire.memory.space.SpaceFinder;
import io.quire.memory.table.Geometry;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/**
 * How many elements an array has, and how that changes. Two words of the header tell:
 * <pre>
 *     40  LENGTH    in elements
 *     48  ZERO FROM  behind the length, the elements from this one on are zeros; those before it may be anything
 * </pre>
 * A change is one store of LENGTH, so a fork and an {@link Error} at any point leave a whole array:
 * <ul>
 * <li><em>append</em>: raise ZERO FROM beyond the new elements; write them; store LENGTH.
 * <li><em>grow</em>: clear what lies between LENGTH and ZERO FROM; store LENGTH.
 * <li><em>shrink</em>: raise ZERO FROM to LENGTH; store LENGTH; clear what lies between, and lower ZERO FROM. If the
 * clearing fails, the next grow or shrink does it.
 * </ul>
 * Elements are looked up with {@link #covers}, which needs no look into the space. Any thread; the changes are for the
 * holder of the lock.
 */
final class ArrayLength {

    private static final int LENGTH_AT = Extent.KIND_AT;
    private static final int ZERO_FROM_AT = LENGTH_AT + Long.BYTES;

    /** A constant, so that it is linked before anything can fail. */
    private static final Supplier<Shared> NEW_SHARED = Shared::new;

    private final Extent extent;
    private final int elementBytes;
    private final long capacity;
    private final Shared shared;

    ArrayLength(Extent extent, int elementBytes) {
        this.extent = extent;
        this.elementBytes = elementBytes;
        this.capacity = extent.dataBytes() / elementBytes;
        this.shared = SpaceFinder.of(extent.memory()).residents().at(extent.address(), Shared.class, NEW_SHARED);
    }

    /** The most that the length can be. */
    long capacity() {
        return capacity;
    }

    /** The length of the array now. What its writers had written before is visible. */
    long now() {
        // ORDER(array-length) acquire: the elements that were appended before the length was stored.
        return checked(extent.getAcquire(LENGTH_AT));
    }

    private long checked(long length) {
        if (length < 0 || length > capacity) {
            throw extent.damaged("its length is impossible: length=" + length + ", capacity=" + capacity);
        }
        return length;
    }

    /** True if the array has an element of this index. */
    boolean covers(long index) {
        return Long.compareUnsigned(index, shared.least) < 0 || coversNow(index);
    }

    private boolean coversNow(long index) {
        if (Long.compareUnsigned(index, now()) >= 0) {
            return false;
        }
        if (shared.lock.tryLock()) { // else another thread changes the length, and sets this itself
            try {
                shared.least = now();
            } finally {
                shared.lock.unlock();
            }
        }
        return true;
    }

    /** Forgets the length of an array that was at this address before. */
    void begin() {
        shared.lock.lock();
        try {
            shared.least = 0;
        } finally {
            shared.lock.unlock();
        }
    }

    // ---- changes

    /** Waits until no other thread changes the length of this array in this space. */
    void lock() {
        shared.lock.lock();
    }

    void unlock() {
        shared.lock.unlock();
    }

    /**
     * Makes room for elements at the end.
     *
     * @return the index of the first
     */
    long beginAppend(long count) {
        extent.checkIdentity();
        long length = now();
        if (count > capacity - length) {
            throw full(count, length);
        }
        long end = length + count;
        if (end > zeroFrom()) {
            long page = Extent.PAGE_BYTES / elementBytes;
            extent.set(ZERO_FROM_AT, Math.min(capacity, (end + page - 1) / page * page));
        }
        return length;
    }

    /** Makes elements that were written a part of the array. */
    void endAppend(long end) {
        store(end);
        shared.least = end;
    }

    /** Makes the array longer, by zeros, or shorter. */
    void change(long length) {
        extent.checkIdentity();
        long old = now();
        if (length > capacity) {
            throw full(length - old, old);
        }
        if (length > old) {
            grow(old, length);
        } else if (length < old) {
            shrink(old, length);
        }
    }

    private void grow(long old, long length) {
        if (zeroFrom() > old) {
            clearFrom(old);
        }
        store(length);
        shared.least = length;
    }

    private void shrink(long old, long length) {
        if (zeroFrom() < old) {
            extent.set(ZERO_FROM_AT, old);
        }
        shared.least = length; // first: it may be too small, and never too large
        store(length);
        try {
            clearFrom(length);
        } catch (Throwable later) {
            // Frames ran out, a device failed, or the stack is full. The array is shorter all the same, and the next
            // grow or shrink clears what lies behind it.
            return;
        }
    }

    private void store(long length) {
        // ORDER(array-length) release: first the elements, then the length that counts them.
        extent.setRelease(LENGTH_AT, length);
    }

    private long zeroFrom() {
        return checked(extent.get(ZERO_FROM_AT));
    }

    /** Clears the elements from an index on, and gives their pages back. */
    private void clearFrom(long index) {
        long from = index * elementBytes;
        long end = zeroFrom() * elementBytes;
        long firstPage = Geometry.pageStart(from + Extent.PAGE_BYTES - 1);
        clearInPage(from, Math.min(end, firstPage) - from);
        extent.discard(firstPage, Geometry.pageStart(end + Extent.PAGE_BYTES - 1) - firstPage);
        extent.set(ZERO_FROM_AT, index);
    }

    /** Clears a part of a page, unless it is clear: then the page may need no frame. */
    private void clearInPage(long from, long bytes) {
        if (bytes > 0) {
            long address = extent.dataAt(from);
            MemorySegment zeros = MemorySegment.ofArray(new byte[(int) bytes]);
            if (extent.memory().mismatch(address, zeros, 0, bytes) >= 0) {
                extent.memory().copyFrom(zeros, 0, address, bytes);
            }
        }
    }

    private StructureFullException full(long count, long length) {
        long neededBytes = Math.min(count, Long.MAX_VALUE / elementBytes) * elementBytes;
        return new StructureFullException(extent.toString(), neededBytes, length * elementBytes, extent.sizeBytes());
    }

    /** What all objects over one array in one space share. */
    private static final class Shared {

        final Mutex lock = new Mutex();

        /** The array has at least as many elements. Written under the lock. */
        volatile long least;
    }
}
