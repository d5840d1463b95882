package io.quire.memory;

import io.quire.memory.contract.MisalignedAddressException;
import io.quire.memory.fault.RangeWrite;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.Space;
import io.quire.memory.space.SpaceFinder;
import io.quire.memory.table.Geometry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.util.Arrays;
import java.util.Objects;

/**
 * Reading and writing a space, by address: what {@link Accessor} does fast for one thread and {@link AddressSpace} does
 * for any.
 * <p>
 * <b>Values.</b> 1, 2, 4 and 8 bytes at any address, in the byte order of the machine or a given one. Aligned values
 * never tear. A value that is not aligned may be seen half written by a reader that runs at the same time; it may cross
 * pages. {@code Opaque}, {@code Acquire}, {@code Release}, {@code Volatile}, compare-and-set, compare-and-exchange,
 * get-and-set and get-and-add take aligned addresses and mean what they mean in {@link VarHandle}. The atomic ones need
 * the right to write, and get the space a page of its own, also if they then find another value than expected.
 * <p>
 * <b>Between threads.</b> The mode of an access means the same through any accessor and through the space itself, and
 * wherever the page lies or moves meanwhile. All threads see the volatile and atomic accesses of a space in one order.
 * A fork or snapshot is a cut through that order: it has what was written before and nothing of what comes after, and
 * who reads in it what was written by a release or volatile access sees what the writer had done before that. After
 * the fork the two sides are memory of their own, and an access of one orders nothing in the other.
 * <p>
 * <b>Progress.</b> Reads are lock-free: they look again if a translation of the space was invalidated meanwhile. Writes
 * to a page that is resident and not shared are wait-free; the first write to a page, ever or after a fork, takes the
 * lock of the space, and so does the first access to one that is in private memory, exclusive to a device, or moving.
 * <p>
 * <b>Refusals</b>, for every method, nothing changed:
 * {@link io.quire.memory.contract.AddressNotMappedException} if a byte is not mapped,
 * {@link io.quire.memory.contract.ProtectionException} if its protection, or a snapshot, does not allow the access,
 * {@link io.quire.memory.contract.OutOfFramesException} if a write needs a frame and none is left, or a page that comes
 * home from private memory,
 * {@link io.quire.memory.contract.DriverFailedException} if a device had to be told or asked and failed,
 * {@link io.quire.memory.contract.ClosedException} after close of the space or the accessor, and
 * {@link IllegalArgumentException} for a negative size. A range is written whole or, if it is refused, not at all, and the
 * frames it got go back. Only a range of more than 256 KiB may be found partly written, if another thread forks the space
 * at the same time and then a frame is missing or a device fails, or if another thread unmaps, protects or closes it:
 * what has been written then is the first part, up to the page that was refused or to up to 256 KiB before it. So may
 * any range whose source ends while it is copied. While a range of more than 256 KiB is written its pages do not move, as
 * if they were pinned.
 */
public abstract sealed class MemoryAccess permits Accessor, AddressSpace {

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    /** So much is written in one go: a few microseconds that a fork may have to wait. */
    private static final long WHOLE_WRITE_BYTES = 64L << Geometry.PAGE_SHIFT;

    private static final int OFFSET_BITS = 48;
    private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;

    static {
        SpaceFinder.install(access -> ((MemoryAccess) access).inner());
    }

    final FrameMemory memory;

    MemoryAccess(FrameMemory memory) {
        this.memory = memory;
    }

    // ---- what an accessor and a space do differently

    /** What this leads to, behind the handle. */
    abstract Space inner();

    /** The version that {@link #locate} will hold to; taken before it. */
    abstract long translationVersion();

    /** Where the byte at an address is read now. */
    abstract long locate(long address);

    /** Where aligned longs are read now: an offset for as many addresses as there is room for offsets. */
    void locateAll(long[] addresses, long[] offsets) {
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = locate(aligned(addresses[i], Long.BYTES));
        }
    }

    /** True if every translation obtained at this version is still valid; else the next version is another. */
    abstract boolean isStill(long version);

    /**
     * Begins a write within one page: makes it writable and keeps it where it is until {@link #exitWrite}.
     *
     * @return the offset of the byte, and above {@link #OFFSET_BITS} what exitWrite needs to know
     */
    abstract long enterWrite(long address);

    abstract void exitWrite(long entered);

    /**
     * Begins a write over successive pages, all of which stay where they are until {@link #exitWrite}.
     *
     * @param address in the first page
     * @param offsets gets where each page begins; as many as there are pages
     */
    abstract long enterWrites(long address, long[] offsets);

    /**
     * The number of the space this goes to, positive; no two open spaces of a manager have the same. Lets a structure
     * tell a mark it left in memory itself from one that a fork brought along.
     */
    public abstract long spaceId();

    /** Refuses a range of which a byte is not mapped. */
    abstract void checkMapped(long address, long sizeBytes);

    /** The space that a range is written to; refuses a caller that may not. */
    abstract Space spaceOfRange();

    // ---- reads

    /** Reads a byte. */
    public final byte getByte(long address) {
        return (byte) (word(address & -Long.BYTES, address) >>> shift(address, Byte.BYTES));
    }

    /** Reads 2 bytes in the byte order of the machine. */
    public final short getShort(long address) {
        return (short) bits(address, Short.BYTES);
    }

    /** Reads 4 bytes in the byte order of the machine. */
    public final int getInt(long address) {
        return (int) bits(address, Integer.BYTES);
    }

    /** Reads 8 bytes in the byte order of the machine. */
    public final long getLong(long address) {
        return isAligned(address, Long.BYTES) ? word(address, address) : bits(address, Long.BYTES);
    }

    /** Reads 4 bytes as a float. */
    public final float getFloat(long address) {
        return Float.intBitsToFloat(getInt(address));
    }

    /** Reads 8 bytes as a double. */
    public final double getDouble(long address) {
        return Double.longBitsToDouble(getLong(address));
    }

    /** Reads 2 bytes in a given order. */
    public final short getShort(long address, ByteOrder order) {
        return isNative(order) ? getShort(address) : Short.reverseBytes(getShort(address));
    }

    /** Reads 4 bytes in a given order. */
    public final int getInt(long address, ByteOrder order) {
        return isNative(order) ? getInt(address) : Integer.reverseBytes(getInt(address));
    }

    /** Reads 8 bytes in a given order. */
    public final long getLong(long address, ByteOrder order) {
        return isNative(order) ? getLong(address) : Long.reverseBytes(getLong(address));
    }

    /** Reads 4 bytes in a given order as a float. */
    public final float getFloat(long address, ByteOrder order) {
        return Float.intBitsToFloat(getInt(address, order));
    }

    /** Reads 8 bytes in a given order as a double. */
    public final double getDouble(long address, ByteOrder order) {
        return Double.longBitsToDouble(getLong(address, order));
    }

    /** Reads an aligned int, opaque. */
    public final int getIntOpaque(long address) {
        return getInt(aligned(address, Integer.BYTES)); // a validated read is one load that the compiler keeps
    }

    /** Reads an aligned long, opaque. */
    public final long getLongOpaque(long address) {
        return getLong(aligned(address, Long.BYTES));
    }

    /** Reads an aligned int; what was written before its release is visible after. */
    public final int getIntAcquire(long address) {
        int value = getIntOpaque(address);
        VarHandle.acquireFence();
        return value;
    }

    /** Reads an aligned long; what was written before its release is visible after. */
    public final long getLongAcquire(long address) {
        long value = getLongOpaque(address);
        VarHandle.acquireFence();
        return value;
    }

    /** Reads an aligned int, volatile; see the class comment. */
    public final int getIntVolatile(long address) {
        aligned(address, Integer.BYTES);
        while (true) {
            long version = translationVersion();
            // ORDER(volatile-access) acquire: then the version; if it is the same, no page had taken this one's place.
            int value = memory.getIntVolatile(locate(address));
            // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
            VarHandle.loadLoadFence();
            if (isStill(version)) {
                return value;
            }
        }
    }

    /** Reads an aligned long, volatile; see the class comment. */
    public final long getLongVolatile(long address) {
        aligned(address, Long.BYTES);
        while (true) {
            long version = translationVersion();
            // ORDER(volatile-access) acquire: then the version; if it is the same, no page had taken this one's place.
            long value = memory.getLongVolatile(locate(address));
            // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
            VarHandle.loadLoadFence();
            if (isStill(version)) {
                return value;
            }
        }
    }

    // ---- writes

    /** Writes a byte. */
    public final void setByte(long address, byte value) {
        long entered = enterWrite(address);
        try {
            memory.setByte(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Writes 2 bytes in the byte order of the machine. */
    public final void setShort(long address, short value) {
        if (crossesPage(address, Short.BYTES)) {
            setAcross(address, value, Short.BYTES);
            return;
        }
        long entered = enterWrite(address);
        try {
            memory.setShort(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Writes 4 bytes in the byte order of the machine. */
    public final void setInt(long address, int value) {
        if (crossesPage(address, Integer.BYTES)) {
            setAcross(address, value, Integer.BYTES);
            return;
        }
        long entered = enterWrite(address);
        try {
            memory.setInt(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Writes 8 bytes in the byte order of the machine. */
    public final void setLong(long address, long value) {
        if (crossesPage(address, Long.BYTES)) {
            setAcross(address, value, Long.BYTES);
            return;
        }
        long entered = enterWrite(address);
        try {
            memory.setLong(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Writes a float as 4 bytes. */
    public final void setFloat(long address, float value) {
        setInt(address, Float.floatToRawIntBits(value));
    }

    /** Writes a double as 8 bytes. */
    public final void setDouble(long address, double value) {
        setLong(address, Double.doubleToRawLongBits(value));
    }

    /** Writes 2 bytes in a given order. */
    public final void setShort(long address, short value, ByteOrder order) {
        setShort(address, isNative(order) ? value : Short.reverseBytes(value));
    }

    /** Writes 4 bytes in a given order. */
    public final void setInt(long address, int value, ByteOrder order) {
        setInt(address, isNative(order) ? value : Integer.reverseBytes(value));
    }

    /** Writes 8 bytes in a given order. */
    public final void setLong(long address, long value, ByteOrder order) {
        setLong(address, isNative(order) ? value : Long.reverseBytes(value));
    }

    /** Writes a float as 4 bytes in a given order. */
    public final void setFloat(long address, float value, ByteOrder order) {
        setInt(address, Float.floatToRawIntBits(value), order);
    }

    /** Writes a double as 8 bytes in a given order. */
    public final void setDouble(long address, double value, ByteOrder order) {
        setLong(address, Double.doubleToRawLongBits(value), order);
    }

    /** Writes an aligned int, opaque. */
    public final void setIntOpaque(long address, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            memory.setIntOpaque(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Writes an aligned long, opaque. */
    public final void setLongOpaque(long address, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            memory.setLongOpaque(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Writes an aligned int; what this thread wrote before is visible to whoever acquires it. */
    public final void setIntRelease(long address, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            memory.setIntRelease(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Writes an aligned long; what this thread wrote before is visible to whoever acquires it. */
    public final void setLongRelease(long address, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            memory.setLongRelease(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Writes an aligned int, volatile; see the class comment. */
    public final void setIntVolatile(long address, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            // ORDER(volatile-access) release: in the slot, so that no later read finds the page elsewhere without it.
            memory.setIntVolatile(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Writes an aligned long, volatile; see the class comment. */
    public final void setLongVolatile(long address, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            // ORDER(volatile-access) release: in the slot, so that no later read finds the page elsewhere without it.
            memory.setLongVolatile(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Sets an aligned int if it has the expected value, atomically, as a volatile access. */
    public final boolean compareAndSetInt(long address, int expected, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            return memory.compareAndSetInt(entered & OFFSET_MASK, expected, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Sets an aligned long if it has the expected value, atomically, as a volatile access. */
    public final boolean compareAndSetLong(long address, long expected, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            return memory.compareAndSetLong(entered & OFFSET_MASK, expected, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Sets an aligned int if it has the expected value, atomically, as a volatile access.
     *
     * @return the value that was found: the expected one if, and only if, it was set
     */
    public final int compareAndExchangeInt(long address, int expected, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            return memory.compareAndExchangeInt(entered & OFFSET_MASK, expected, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Sets an aligned long if it has the expected value, atomically, as a volatile access.
     *
     * @return the value that was found: the expected one if, and only if, it was set
     */
    public final long compareAndExchangeLong(long address, long expected, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            return memory.compareAndExchangeLong(entered & OFFSET_MASK, expected, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Sets an aligned int, atomically, as a volatile access; the value before. */
    public final int getAndSetInt(long address, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            return memory.getAndSetInt(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Sets an aligned long, atomically, as a volatile access; the value before. */
    public final long getAndSetLong(long address, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            return memory.getAndSetLong(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /** Adds to an aligned int, atomically, as a volatile access; the value before. */
    public final int getAndAddInt(long address, int delta) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            return memory.getAndAddInt(entered & OFFSET_MASK, delta);
        } finally {
            exitWrite(entered);
        }
    }

    /** Adds to an aligned long, atomically, as a volatile access; the value before. */
    public final long getAndAddLong(long address, long delta) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            return memory.getAndAddLong(entered & OFFSET_MASK, delta);
        } finally {
            exitWrite(entered);
        }
    }

    // ---- ranges

    /**
     * Reads many aligned longs from anywhere: {@code values[i] = getLong(addresses[i])}. All addresses are translated
     * before the first load, so that cache misses overlap. After an exception the values are undefined.
     *
     * @param count how many, at most the length of both arrays
     * @throws MisalignedAddressException if an address is no multiple of 8
     */
    public final void gatherLongs(long[] addresses, long[] values, int count) {
        Objects.requireNonNull(addresses, "addresses");
        Objects.requireNonNull(values, "values");
        Objects.checkFromIndexSize(0, count, addresses.length);
        Objects.checkFromIndexSize(0, count, values.length);
        long[] offsets = new long[count]; // not in the caller's array, which another thread could write to
        long version;
        do {
            version = translationVersion();
            locateAll(addresses, offsets);
            for (int i = 0; i < count; i++) {
                values[i] = memory.getLong(offsets[i]);
            }
            // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
            VarHandle.loadLoadFence();
        } while (!isStill(version));
    }

    /**
     * Copies bytes out of the space. Each page is copied as it is at one moment; pages may be of different moments.
     * After an exception the target is undefined.
     *
     * @throws IndexOutOfBoundsException if the target is too small
     */
    public final void copyTo(long address, MemorySegment target, long targetOffset, long sizeBytes) {
        Objects.requireNonNull(target, "target");
        checkRange(address, sizeBytes);
        Objects.checkFromIndexSize(targetOffset, sizeBytes, target.byteSize());
        readRange(address, target, targetOffset, sizeBytes);
    }

    /** Copies bytes out of the space into an array. */
    public final void copyTo(long address, byte[] target, int targetOffset, int length) {
        Objects.requireNonNull(target, "target");
        copyTo(address, MemorySegment.ofArray(target), targetOffset, length);
    }

    /**
     * Copies longs out of the space into an array, each as {@link #getLong(long)} reads it. After an exception the
     * target is undefined.
     *
     * @param address any
     * @param targetIndex where the first goes
     * @param count how many; zero or more
     * @throws IndexOutOfBoundsException if the target is too small
     */
    public final void copyTo(long address, long[] target, int targetIndex, int count) {
        Objects.requireNonNull(target, "target");
        checkPart(targetIndex, count, target.length);
        copyTo(address, MemorySegment.ofArray(target), (long) targetIndex * Long.BYTES, (long) count * Long.BYTES);
    }

    /**
     * Copies doubles out of the space into an array, each as {@link #getDouble(long)} reads it. After an exception the
     * target is undefined.
     *
     * @param address any
     * @param targetIndex where the first goes
     * @param count how many; zero or more
     * @throws IndexOutOfBoundsException if the target is too small
     */
    public final void copyTo(long address, double[] target, int targetIndex, int count) {
        Objects.requireNonNull(target, "target");
        checkPart(targetIndex, count, target.length);
        copyTo(address, MemorySegment.ofArray(target), (long) targetIndex * Double.BYTES, (long) count * Double.BYTES);
    }

    /**
     * Copies bytes out of the space into the rest of a buffer, from its position to its limit, and sets the position to
     * the limit. The byte order of the buffer plays no part. After an exception the position is what it was, and the
     * bytes behind it are undefined.
     *
     * @throws ReadOnlyBufferException if the buffer is read-only
     * @throws IllegalStateException if the buffer is of a segment that is closed
     * @throws WrongThreadException if the buffer is of a segment of another thread
     */
    public final void copyTo(long address, ByteBuffer target) {
        if (Objects.requireNonNull(target, "target").isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        int end = target.limit();
        MemorySegment rest = MemorySegment.ofBuffer(target);
        copyTo(address, rest, 0, rest.byteSize());
        target.position(end);
    }

    /**
     * Copies bytes into the space.
     *
     * @throws IndexOutOfBoundsException if the source is too small
     * @throws IllegalStateException if the source is closed; if it is closed during the call, part of the range may have
     *         been written
     * @throws WrongThreadException if the source is another thread's
     */
    public final void copyFrom(MemorySegment source, long sourceOffset, long address, long sizeBytes) {
        Objects.requireNonNull(source, "source");
        checkRange(address, sizeBytes);
        Objects.checkFromIndexSize(sourceOffset, sizeBytes, source.byteSize());
        checkReadable(source, sourceOffset, sizeBytes);
        writeRange(address, sizeBytes,
                (offset, done, length) -> memory.copyFrom(source, sourceOffset + done, offset, length));
    }

    /** Copies bytes of an array into the space. */
    public final void copyFrom(byte[] source, int sourceOffset, long address, int length) {
        Objects.requireNonNull(source, "source");
        copyFrom(MemorySegment.ofArray(source), sourceOffset, address, length);
    }

    /**
     * Copies longs of an array into the space, each as {@link #setLong(long, long)} writes it.
     *
     * @param sourceIndex where the first is
     * @param address any
     * @param count how many; zero or more
     * @throws IndexOutOfBoundsException if the source is too small
     */
    public final void copyFrom(long[] source, int sourceIndex, long address, int count) {
        Objects.requireNonNull(source, "source");
        checkPart(sourceIndex, count, source.length);
        copyFrom(MemorySegment.ofArray(source), (long) sourceIndex * Long.BYTES, address, (long) count * Long.BYTES);
    }

    /**
     * Copies doubles of an array into the space, each as {@link #setDouble(long, double)} writes it.
     *
     * @param sourceIndex where the first is
     * @param address any
     * @param count how many; zero or more
     * @throws IndexOutOfBoundsException if the source is too small
     */
    public final void copyFrom(double[] source, int sourceIndex, long address, int count) {
        Objects.requireNonNull(source, "source");
        checkPart(sourceIndex, count, source.length);
        copyFrom(MemorySegment.ofArray(source), (long) sourceIndex * Double.BYTES, address,
                (long) count * Double.BYTES);
    }

    /**
     * Copies the rest of a buffer into the space, from its position to its limit, and sets the position to the limit. The
     * byte order of the buffer plays no part. After an exception the position is what it was.
     *
     * @throws IllegalStateException if the buffer is of a segment that is closed; if that is closed during the call, part
     *         of the range may have been written
     * @throws WrongThreadException if the buffer is of a segment of another thread
     */
    public final void copyFrom(ByteBuffer source, long address) {
        int end = Objects.requireNonNull(source, "source").limit();
        MemorySegment rest = MemorySegment.ofBuffer(source);
        copyFrom(rest, 0, address, rest.byteSize());
        source.position(end);
    }

    /** Refuses a source that is closed, another thread's, or a file that has become shorter, before anything changes. */
    private static void checkReadable(MemorySegment source, long offset, long sizeBytes) {
        if (sizeBytes > 0) {
            source.get(ValueLayout.JAVA_BYTE, offset);
            source.get(ValueLayout.JAVA_BYTE, offset + sizeBytes - 1);
        }
    }

    /**
     * Copies bytes from one place of the space to another. The two may overlap: the target becomes what the source was.
     * Up to 256 KiB are read before they are written, each page as it is at one moment. A target of more than 256 KiB may
     * be found partly written for the reasons that the class comment names, and also if another thread moves the source
     * to private memory, or has it unmapped or protected, during the call: what has been written then is the last part if
     * the target begins inside the source, else the first.
     *
     * @param from the first address to read
     * @param to the first address to write
     * @param sizeBytes zero or more
     */
    public final void copy(long from, long to, long sizeBytes) {
        checkRange(from, sizeBytes);
        checkRange(to, sizeBytes);
        MemorySegment part = MemorySegment.ofArray(new byte[(int) Math.min(sizeBytes, WHOLE_WRITE_BYTES)]);
        PageWriter writer = (offset, done, length) -> memory.copyFrom(part, done, offset, length);
        if (sizeBytes <= WHOLE_WRITE_BYTES) {
            copyPart(from, to, sizeBytes, part, writer);
            return;
        }
        StackRoom.require();
        Space space = spaceOfRange();
        try (RangeWrite write = space.machine().faultPath().beginWrite(space.state(), to, sizeBytes)) {
            bringHere(from, sizeBytes);
            prepare(write, to, sizeBytes);
            boolean isBackward = from < to && to - from < sizeBytes; // or the source were overwritten before it is read
            for (long done = 0; done < sizeBytes;) {
                long length = Math.min(WHOLE_WRITE_BYTES, sizeBytes - done);
                long at = isBackward ? sizeBytes - done - length : done;
                copyPart(from + at, to + at, length, part, writer);
                done += length;
            }
        }
    }

    /** Copies as much as is written in one go. What is read is put aside: in the writer slot nobody may take a fault. */
    private void copyPart(long from, long to, long length, MemorySegment part, PageWriter writer) {
        readRange(from, part, 0, length);
        writeWhole(to, 0, length, writer);
    }

    /** Has every page of a range within reach of the processor. */
    private void bringHere(long address, long sizeBytes) {
        for (long done = 0; done < sizeBytes; done += partOfPage(address + done, sizeBytes - done)) {
            getByte(address + done);
        }
    }

    /** Sets every byte of a range. */
    public final void fill(long address, long sizeBytes, byte value) {
        checkRange(address, sizeBytes);
        byte[] page = new byte[(int) Math.min(sizeBytes, Geometry.PAGE_BYTES)];
        Arrays.fill(page, value);
        MemorySegment source = MemorySegment.ofArray(page); // copied, because that allocates nothing half way
        writeRange(address, sizeBytes, (offset, _, length) -> memory.copyFrom(source, 0, offset, length));
    }

    /**
     * Compares a range with a part of a segment.
     *
     * @return the index of the first byte that differs, or -1
     * @throws IndexOutOfBoundsException if the segment is too small
     */
    public final long mismatch(long address, MemorySegment other, long otherOffset, long sizeBytes) {
        Objects.requireNonNull(other, "other");
        checkRange(address, sizeBytes);
        Objects.checkFromIndexSize(otherOffset, sizeBytes, other.byteSize());
        for (long done = 0; done < sizeBytes;) {
            long length = partOfPage(address + done, sizeBytes - done);
            long version;
            long found;
            do {
                version = translationVersion();
                found = memory.mismatch(locate(address + done), other, otherOffset + done, length);
                // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
                VarHandle.loadLoadFence();
            } while (!isStill(version));
            if (found >= 0) {
                return done + found;
            }
            done += length;
        }
        return -1;
    }

    /**
     * Compares a range with one of another space, or of this one.
     *
     * @return the index of the first byte that differs, or -1
     */
    public final long mismatch(long address, MemoryAccess other, long otherAddress, long sizeBytes) {
        Objects.requireNonNull(other, "other");
        checkRange(address, sizeBytes);
        other.checkRange(otherAddress, sizeBytes);
        for (long done = 0; done < sizeBytes;) {
            long length = partOfPage(otherAddress + done, partOfPage(address + done, sizeBytes - done));
            long version;
            long otherVersion;
            long found;
            do {
                version = translationVersion();
                otherVersion = other.translationVersion();
                found = memory.mismatch(locate(address + done),
                        other.memory, other.locate(otherAddress + done), length);
                // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
                VarHandle.loadLoadFence();
            } while (!isStill(version) || !other.isStill(otherVersion));
            if (found >= 0) {
                return done + found;
            }
            done += length;
        }
        return -1;
    }

    // ---- the two loops everything above is made of

    /**
     * An aligned long. Never crosses a page, never tears.
     *
     * @param address of the long
     * @param wanted the first byte of it that the caller wants: what a refusal names
     */
    long word(long address, long wanted) {
        while (true) {
            // STEP(read 1)
            long version = translationVersion();
            // STEP(read 4): the bytes, and then the version again
            long value = memory.getLong(locate(wanted) & -Long.BYTES);
            // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
            VarHandle.loadLoadFence();
            // STEP(read 5)
            if (isStill(version)) {
                return value;
            }
        }
    }

    /** 2, 4 or 8 bytes from the one or two aligned longs they lie in, in the low bits of the result. */
    private long bits(long address, int sizeBytes) {
        long first = word(address & -Long.BYTES, address);
        int at = (int) address & Long.BYTES - 1;
        if (at + sizeBytes <= Long.BYTES) {
            return first >>> shift(address, sizeBytes);
        }
        long next = (address & -Long.BYTES) + Long.BYTES;
        long second = word(next, next);
        int firstBits = (Long.BYTES - at) * Byte.SIZE;
        return LITTLE_ENDIAN ? (first >>> (Long.SIZE - firstBits)) | (second << firstBits)
                : ((first << (Long.SIZE - firstBits)) | (second >>> firstBits)) >>> (Long.SIZE - sizeBytes * Byte.SIZE);
    }

    /** How far the bytes at an address lie from the low end of their aligned long. */
    private static int shift(long address, int sizeBytes) {
        int at = (int) address & Long.BYTES - 1;
        return (LITTLE_ENDIAN ? at : Long.BYTES - sizeBytes - at) * Byte.SIZE;
    }

    /** Copies a range, page by page. */
    private void readRange(long address, MemorySegment target, long targetOffset, long sizeBytes) {
        for (long done = 0; done < sizeBytes;) {
            long length = partOfPage(address + done, sizeBytes - done);
            long version;
            do {
                version = translationVersion();
                memory.copyTo(locate(address + done), target, targetOffset + done, length);
                // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
                VarHandle.loadLoadFence();
            } while (!isStill(version));
            done += length;
        }
    }

    /** Writes a value over the end of a page, a byte at a time. */
    private void setAcross(long address, long value, int sizeBytes) {
        checkRange(address, sizeBytes);
        writeRange(address, sizeBytes, (offset, done, length) -> {
            for (int i = 0; i < length; i++) {
                int at = (int) done + i;
                int shift = (LITTLE_ENDIAN ? at : sizeBytes - 1 - at) * Byte.SIZE;
                memory.setByte(offset + i, (byte) (value >>> shift));
            }
        });
    }

    /** Writes what lies within one page: {@code length} bytes at an offset, {@code done} bytes into the range. */
    private interface PageWriter {
        void write(long offset, long done, long length);
    }

    /**
     * Writes a range, up to {@link #WHOLE_WRITE_BYTES} of it at a time: all of that or, if it is refused, nothing. Of a
     * longer range, what can be refused is refused before the first byte; the class comment names what cannot.
     */
    private void writeRange(long address, long sizeBytes, PageWriter writer) {
        if (sizeBytes <= WHOLE_WRITE_BYTES) {
            writeWhole(address, 0, sizeBytes, writer);
            return;
        }
        StackRoom.require();
        Space space = spaceOfRange();
        try (RangeWrite write = space.machine().faultPath().beginWrite(space.state(), address, sizeBytes)) {
            prepare(write, address, sizeBytes);
            writeParts(address, sizeBytes, writer);
        }
    }

    private void writeParts(long address, long sizeBytes, PageWriter writer) {
        for (long done = 0; done < sizeBytes;) {
            long room = WHOLE_WRITE_BYTES - Geometry.pageOffset(address + done);
            long length = Math.min(room, sizeBytes - done);
            writeWhole(address + done, done, length, writer);
            done += length;
        }
    }

    /** Up to {@link #WHOLE_WRITE_BYTES}, which may be a page more than so many pages. */
    private void writeWhole(long address, long done, long length, PageWriter writer) {
        if (length == 0) {
            return;
        }
        long inPage = Geometry.pageOffset(address);
        int pages = (int) ((inPage + length + Geometry.PAGE_BYTES - 1) >>> Geometry.PAGE_SHIFT);
        long[] offsets = new long[pages];
        long entered = enterWrites(address, offsets);
        try {
            long end = done + length;
            for (long offset : offsets) {
                long part = Math.min(Geometry.PAGE_BYTES - inPage, end - done);
                writer.write(offset + inPage, done, part);
                done += part;
                inPage = 0;
            }
        } finally {
            exitWrite(entered);
        }
    }

    /** Has every page of a range resident and writable. */
    private void prepare(RangeWrite write, long address, long sizeBytes) {
        try {
            for (long done = 0; done < sizeBytes; done += partOfPage(address + done, sizeBytes - done)) {
                exitWrite(enterWrite(address + done));
            }
        } catch (Throwable refused) {
            write.undo(refused);
            throw refused;
        }
    }

    private static void checkPart(int index, int count, int length) {
        if (count < 0) {
            throw new IllegalArgumentException("a count cannot be negative: count=" + count);
        }
        Objects.checkFromIndexSize(index, count, length);
    }

    private void checkRange(long address, long sizeBytes) {
        Ranges.notNegative(sizeBytes);
        // Within one page the access itself finds out.
        if (sizeBytes > Geometry.PAGE_BYTES - Geometry.pageOffset(address)) {
            checkMapped(address, sizeBytes);
        }
    }

    private static long partOfPage(long address, long sizeBytes) {
        return Math.min(sizeBytes, Geometry.PAGE_BYTES - Geometry.pageOffset(address));
    }

    private static boolean crossesPage(long address, int sizeBytes) {
        return Geometry.pageOffset(address) > Geometry.PAGE_BYTES - sizeBytes;
    }

    private static boolean isAligned(long address, int sizeBytes) {
        return (address & sizeBytes - 1) == 0;
    }

    static long aligned(long address, int sizeBytes) {
        if (!isAligned(address, sizeBytes)) {
            throw new MisalignedAddressException(address, sizeBytes);
        }
        return address;
    }

    private static boolean isNative(ByteOrder order) {
        return Objects.requireNonNull(order, "order") == ByteOrder.nativeOrder();
    }
}
