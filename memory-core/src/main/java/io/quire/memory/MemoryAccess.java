package io.quire.memory;

import io.quire.memory.contract.MisalignedAddressException;
import io.quire.memory.frame.FrameMemory;
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
 * Reads and writes a space by address. {@link Accessor} does it fast for one thread, {@link AddressSpace} for any.
 * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="access"}
 * <p>
 * <b>Values.</b> 1, 2, 4 and 8 bytes at any address, in the byte order of the machine or a given one. Aligned values
 * never tear. A value that is not aligned may cross pages, and a concurrent reader may see it half written.
 * <p>
 * <b>Ordered and atomic access.</b> {@code Opaque}, {@code Acquire}, {@code Release}, {@code Volatile},
 * compare-and-set, compare-and-exchange, get-and-set and get-and-add need aligned addresses and mean what they mean in
 * {@link VarHandle}. The atomic ones are writes, also when they find another value than expected: they need the right
 * to write, and the space gets a page of its own.
 * <p>
 * <b>Between threads.</b> The mode of an access means the same through any accessor and through the space itself, and
 * wherever the page lies or moves meanwhile. All threads see the volatile and atomic accesses of a space in one order.
 * A fork or snapshot is a cut through that order: it has everything that was written before and nothing of what comes
 * after. If a thread reads in the fork what was written by a release or volatile access, it sees what the writer had
 * done before. After the fork the two sides are separate memory: an access of one side orders nothing in the other.
 * <p>
 * <b>Progress.</b> Reads are lock-free: a read starts over if a translation of the space was invalidated meanwhile. A
 * write to a page that is resident and not shared is wait-free. Some accesses take the lock of the space: the first
 * write to each 64 pages, ever or after a fork; with a device attached, the first write to each page; a write over
 * several pages, if one of them was not written by the same accessor before; and the first access to a page that is in
 * private memory, exclusive to a device, or moving.
 * <p>
 * <b>Refusals.</b> Every method may throw these; nothing has changed then, except in the cases under <i>Ranges</i>:
 * <ul>
 * <li>{@link io.quire.memory.contract.AddressNotMappedException} if a byte is not mapped
 * <li>{@link io.quire.memory.contract.ProtectionException} if its protection, or a snapshot, does not allow the access
 * <li>{@link io.quire.memory.contract.OutOfFramesException} if no frame is left for a write, or for a page that has to
 * come to the host from private memory
 * <li>{@link io.quire.memory.contract.DriverFailedException} if a device had to be told or asked, and failed
 * <li>{@link io.quire.memory.contract.WaitTimeoutException} if a write waited too long for a slot or for another writer
 * <li>{@link io.quire.memory.contract.DriverReentryException} if it would wait inside a call of the library to a driver
 * <li>{@link io.quire.memory.contract.ClosedException} after close of the space or the accessor
 * <li>{@link WrongThreadException} if it is an accessor of another thread
 * <li>{@link IllegalArgumentException} for a negative size
 * <li>{@link NullPointerException} for null
 * </ul>
 * <p>
 * <b>Ranges.</b> A range is written as a whole or, if it is refused, not at all. If it needs more frames than are
 * free, it is refused before it takes one. If it is refused later, pages that had no frame give theirs back; copies of
 * shared pages stay. In two cases the first part of the range may have been written ({@link #copy} has one more):
 * <ul>
 * <li>The range has more than 256 KiB, and meanwhile another thread unmaps, protects or closes it, or forks the space
 * and then a frame is missing or a device fails. The part ends at the page that was refused, or up to 256 KiB before
 * it.
 * <li>The source is closed, or its file gets shorter, while it is copied.
 * </ul>
 * While a range of more than 256 KiB is written its pages do not move, as if they were pinned.
 */
public abstract sealed class MemoryAccess extends PageAccess permits Accessor, AddressSpace {

    static {
        SpaceFinder.install(access -> ((MemoryAccess) access).inner(),
                access -> new AccessSection((MemoryAccess) access));
    }

    MemoryAccess(FrameMemory memory) {
        super(memory);
    }

    /**
     * Returns the number of the space. A structure in memory can write it there, and so tell its own marks from those
     * that a fork has copied.
     *
     * @return a positive number; no two open spaces of a manager have the same
     */
    public abstract long spaceId();

    // ---- reads

    /**
     * Reads a byte.
     *
     * @param address of the byte
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final byte getByte(long address) {
        return (byte) (word(address & -Long.BYTES, address) >>> shift(address, Byte.BYTES));
    }

    /**
     * Reads 2 bytes as a short, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final short getShort(long address) {
        return (short) bits(address, Short.BYTES);
    }

    /**
     * Reads 4 bytes as an int, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final int getInt(long address) {
        return (int) bits(address, Integer.BYTES);
    }

    /**
     * Reads 8 bytes as a long, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final long getLong(long address) {
        return isAligned(address, Long.BYTES) ? word(address, address) : bits(address, Long.BYTES);
    }

    /**
     * Reads 4 bytes as a float, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final float getFloat(long address) {
        return Float.intBitsToFloat(getInt(address));
    }

    /**
     * Reads 8 bytes as a double, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final double getDouble(long address) {
        return Double.longBitsToDouble(getLong(address));
    }

    /**
     * Reads 2 bytes as a short in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param order of the bytes in memory
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final short getShort(long address, ByteOrder order) {
        return isNative(order) ? getShort(address) : Short.reverseBytes(getShort(address));
    }

    /**
     * Reads 4 bytes as an int in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param order of the bytes in memory
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final int getInt(long address, ByteOrder order) {
        return isNative(order) ? getInt(address) : Integer.reverseBytes(getInt(address));
    }

    /**
     * Reads 8 bytes as a long in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param order of the bytes in memory
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final long getLong(long address, ByteOrder order) {
        return isNative(order) ? getLong(address) : Long.reverseBytes(getLong(address));
    }

    /**
     * Reads 4 bytes as a float in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param order of the bytes in memory
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final float getFloat(long address, ByteOrder order) {
        return Float.intBitsToFloat(getInt(address, order));
    }

    /**
     * Reads 8 bytes as a double in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param order of the bytes in memory
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final double getDouble(long address, ByteOrder order) {
        return Double.longBitsToDouble(getLong(address, order));
    }

    /**
     * Reads an aligned int with opaque mode, as {@link VarHandle#getOpaque} does.
     *
     * @param address a multiple of 4
     * @return the value
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final int getIntOpaque(long address) {
        return getInt(aligned(address, Integer.BYTES)); // a validated read is one load that the compiler keeps
    }

    /**
     * Reads an aligned long with opaque mode, as {@link VarHandle#getOpaque} does.
     *
     * @param address a multiple of 8
     * @return the value
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final long getLongOpaque(long address) {
        return getLong(aligned(address, Long.BYTES));
    }

    /**
     * Reads an aligned int with acquire mode: sees what its writer had written before the release of the value.
     *
     * @param address a multiple of 4
     * @return the value
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see #setIntRelease
     */
    public final int getIntAcquire(long address) {
        int value = getIntOpaque(address);
        VarHandle.acquireFence();
        return value;
    }

    /**
     * Reads an aligned long with acquire mode: sees what its writer had written before the release of the value.
     *
     * @param address a multiple of 8
     * @return the value
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see #setLongRelease
     */
    public final long getLongAcquire(long address) {
        long value = getLongOpaque(address);
        VarHandle.acquireFence();
        return value;
    }

    /**
     * Reads an aligned int with volatile mode; see <i>Between threads</i> above.
     *
     * @param address a multiple of 4
     * @return the value
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
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

    /**
     * Reads an aligned long with volatile mode; see <i>Between threads</i> above.
     *
     * @param address a multiple of 8
     * @return the value
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
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

    /**
     * Writes a byte.
     *
     * @param address of the byte
     * @param value to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setByte(long address, byte value) {
        long entered = enterWrite(address);
        try {
            memory.setByte(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes a short as 2 bytes, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
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

    /**
     * Writes an int as 4 bytes, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
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

    /**
     * Writes a long as 8 bytes, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
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

    /**
     * Writes a float as 4 bytes, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setFloat(long address, float value) {
        setInt(address, Float.floatToRawIntBits(value));
    }

    /**
     * Writes a double as 8 bytes, in the byte order of the machine.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setDouble(long address, double value) {
        setLong(address, Double.doubleToRawLongBits(value));
    }

    /**
     * Writes a short as 2 bytes in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @param order of the bytes in memory
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setShort(long address, short value, ByteOrder order) {
        setShort(address, isNative(order) ? value : Short.reverseBytes(value));
    }

    /**
     * Writes an int as 4 bytes in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @param order of the bytes in memory
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setInt(long address, int value, ByteOrder order) {
        setInt(address, isNative(order) ? value : Integer.reverseBytes(value));
    }

    /**
     * Writes a long as 8 bytes in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @param order of the bytes in memory
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setLong(long address, long value, ByteOrder order) {
        setLong(address, isNative(order) ? value : Long.reverseBytes(value));
    }

    /**
     * Writes a float as 4 bytes in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @param order of the bytes in memory
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setFloat(long address, float value, ByteOrder order) {
        setInt(address, Float.floatToRawIntBits(value), order);
    }

    /**
     * Writes a double as 8 bytes in a given byte order.
     *
     * @param address of the first byte; any, aligned or not
     * @param value to be written
     * @param order of the bytes in memory
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setDouble(long address, double value, ByteOrder order) {
        setLong(address, Double.doubleToRawLongBits(value), order);
    }

    /**
     * Writes an aligned int with opaque mode, as {@link VarHandle#setOpaque} does.
     *
     * @param address a multiple of 4
     * @param value to be written
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setIntOpaque(long address, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            memory.setIntOpaque(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned long with opaque mode, as {@link VarHandle#setOpaque} does.
     *
     * @param address a multiple of 8
     * @param value to be written
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setLongOpaque(long address, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            memory.setLongOpaque(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned int with release mode: a thread that acquires the value sees what this thread had written
     * before.
     *
     * @param address a multiple of 4
     * @param value to be written
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see #getIntAcquire
     */
    public final void setIntRelease(long address, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            memory.setIntRelease(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned long with release mode: a thread that acquires the value sees what this thread had written
     * before.
     *
     * @param address a multiple of 8
     * @param value to be written
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see #getLongAcquire
     */
    public final void setLongRelease(long address, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            memory.setLongRelease(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned int with volatile mode; see <i>Between threads</i> above.
     *
     * @param address a multiple of 4
     * @param value to be written
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setIntVolatile(long address, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            // ORDER(volatile-access) release: in the slot, so that no later read finds the page elsewhere without it.
            memory.setIntVolatile(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned long with volatile mode; see <i>Between threads</i> above.
     *
     * @param address a multiple of 8
     * @param value to be written
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void setLongVolatile(long address, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            // ORDER(volatile-access) release: in the slot, so that no later read finds the page elsewhere without it.
            memory.setLongVolatile(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned int if it has the expected value, atomically and with volatile mode.
     *
     * @param address a multiple of 4
     * @param expected the value that is to be replaced
     * @param value to be written
     * @return true if the value was written
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see #compareAndExchangeInt
     */
    public final boolean compareAndSetInt(long address, int expected, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            return memory.compareAndSetInt(entered & OFFSET_MASK, expected, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned long if it has the expected value, atomically and with volatile mode.
     *
     * @param address a multiple of 8
     * @param expected the value that is to be replaced
     * @param value to be written
     * @return true if the value was written
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see #compareAndExchangeLong
     */
    public final boolean compareAndSetLong(long address, long expected, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            return memory.compareAndSetLong(entered & OFFSET_MASK, expected, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned int if it has the expected value, atomically and with volatile mode.
     *
     * @param address a multiple of 4
     * @param expected the value that is to be replaced
     * @param value to be written
     * @return the value before; if it is the expected one, {@code value} was written
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see #compareAndSetInt
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
     * Writes an aligned long if it has the expected value, atomically and with volatile mode.
     *
     * @param address a multiple of 8
     * @param expected the value that is to be replaced
     * @param value to be written
     * @return the value before; if it is the expected one, {@code value} was written
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see #compareAndSetLong
     */
    public final long compareAndExchangeLong(long address, long expected, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            return memory.compareAndExchangeLong(entered & OFFSET_MASK, expected, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned int and returns the value before, atomically and with volatile mode.
     *
     * @param address a multiple of 4
     * @param value to be written
     * @return the value before
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final int getAndSetInt(long address, int value) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            return memory.getAndSetInt(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Writes an aligned long and returns the value before, atomically and with volatile mode.
     *
     * @param address a multiple of 8
     * @param value to be written
     * @return the value before
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final long getAndSetLong(long address, long value) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            return memory.getAndSetLong(entered & OFFSET_MASK, value);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Adds to an aligned int and returns the value before, atomically and with volatile mode. The sum wraps around.
     *
     * @param address a multiple of 4
     * @param delta to be added
     * @return the value before
     * @throws MisalignedAddressException if the address is no multiple of 4
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final int getAndAddInt(long address, int delta) {
        long entered = enterWrite(aligned(address, Integer.BYTES));
        try {
            return memory.getAndAddInt(entered & OFFSET_MASK, delta);
        } finally {
            exitWrite(entered);
        }
    }

    /**
     * Adds to an aligned long and returns the value before, atomically and with volatile mode. The sum wraps around.
     *
     * @param address a multiple of 8
     * @param delta to be added
     * @return the value before
     * @throws MisalignedAddressException if the address is no multiple of 8
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final long getAndAddLong(long address, long delta) {
        long entered = enterWrite(aligned(address, Long.BYTES));
        try {
            return memory.getAndAddLong(entered & OFFSET_MASK, delta);
        } finally {
            exitWrite(entered);
        }
    }

    // ---- many at once

    /**
     * Creates an empty group of values, which are to be written in one step.
     *
     * @return the group; an accessor's may be used by its thread only
     */
    public final WriteGroup newWriteGroup() {
        return new WriteGroup(this);
    }

    /**
     * Reads many aligned longs from anywhere: {@code values[i] = getLong(addresses[i])}. Translates all addresses
     * before the first load, so that cache misses overlap. After an exception the values are undefined.
     *
     * @param addresses multiples of 8
     * @param values gets the values
     * @param count how many to read; 0 to the length of the shorter array
     * @throws MisalignedAddressException if an address is no multiple of 8
     * @throws IndexOutOfBoundsException if {@code count} is negative or more than the length of an array
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
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
     * Copies bytes out of the space into a segment. Each page is copied as it is at one moment; different pages may be
     * of different moments. After an exception the target is undefined.
     *
     * @param address of the first byte; any
     * @param target the segment to write to
     * @param targetOffset of the first byte in the target
     * @param sizeBytes zero or more
     * @throws IllegalArgumentException if the size is negative or the target is read-only
     * @throws IndexOutOfBoundsException if the target has fewer bytes behind the offset, or the offset is negative
     * @throws IllegalStateException if the target is closed
     * @throws WrongThreadException if the target is another thread's
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see AddressSpace#runs
     */
    public final void copyTo(long address, MemorySegment target, long targetOffset, long sizeBytes) {
        Objects.requireNonNull(target, "target");
        checkRange(address, sizeBytes);
        Objects.checkFromIndexSize(targetOffset, sizeBytes, target.byteSize());
        readRange(address, target, targetOffset, sizeBytes);
    }

    /**
     * Copies bytes out of the space into an array, as {@link #copyTo(long, MemorySegment, long, long)} does.
     *
     * @param address of the first byte; any
     * @param target the array to write to
     * @param targetOffset the index of the first byte in the target
     * @param length how many bytes; zero or more
     * @throws IllegalArgumentException if the length is negative
     * @throws IndexOutOfBoundsException if the target has fewer bytes behind the offset, or the offset is negative
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void copyTo(long address, byte[] target, int targetOffset, int length) {
        Objects.requireNonNull(target, "target");
        copyTo(address, MemorySegment.ofArray(target), targetOffset, length);
    }

    /**
     * Copies longs out of the space into an array, each as {@link #getLong(long)} reads it. After an exception the
     * target is undefined.
     *
     * @param address of the first byte; any
     * @param target the array to write to
     * @param targetIndex the index of the first long in the target
     * @param count how many longs; zero or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if the target has fewer longs behind the index, or the index is negative
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
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
     * @param address of the first byte; any
     * @param target the array to write to
     * @param targetIndex the index of the first double in the target
     * @param count how many doubles; zero or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if the target has fewer doubles behind the index, or the index is negative
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void copyTo(long address, double[] target, int targetIndex, int count) {
        Objects.requireNonNull(target, "target");
        checkPart(targetIndex, count, target.length);
        copyTo(address, MemorySegment.ofArray(target), (long) targetIndex * Double.BYTES, (long) count * Double.BYTES);
    }

    /**
     * Copies bytes out of the space into a buffer, from its position to its limit, and sets the position to the limit.
     * The bytes are copied as they are, whatever the byte order of the buffer is. To read from the buffer what
     * {@link #setDouble(long, double)} wrote, give it {@link ByteOrder#nativeOrder()}. After an exception the position is
     * what it was, and the bytes behind it are undefined.
     *
     * @param address of the first byte; any
     * @param target the buffer to fill
     * @throws ReadOnlyBufferException if the buffer is read-only
     * @throws IllegalStateException if the buffer belongs to a segment that is closed
     * @throws WrongThreadException if the buffer belongs to a segment of another thread
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
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
     * Copies bytes of a segment into the space.
     *
     * @param source the segment to read
     * @param sourceOffset of the first byte in the source
     * @param address of the first byte to write; any
     * @param sizeBytes zero or more
     * @throws IllegalArgumentException if the size is negative
     * @throws IndexOutOfBoundsException if the source has fewer bytes behind the offset, or the offset is negative
     * @throws IllegalStateException if the source is closed; if it is closed during the call, part of the range may
     *         have been written
     * @throws WrongThreadException if the source is another thread's
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see AddressSpace#writableRuns
     */
    public final void copyFrom(MemorySegment source, long sourceOffset, long address, long sizeBytes) {
        Objects.requireNonNull(source, "source");
        checkRange(address, sizeBytes);
        Objects.checkFromIndexSize(sourceOffset, sizeBytes, source.byteSize());
        checkReadable(source, sourceOffset, sizeBytes);
        writeRange(address, sizeBytes,
                (offset, done, length) -> memory.copyFrom(source, sourceOffset + done, offset, length));
    }

    /**
     * Copies bytes of an array into the space.
     *
     * @param source the array to read
     * @param sourceOffset the index of the first byte in the source
     * @param address of the first byte to write; any
     * @param length how many bytes; zero or more
     * @throws IllegalArgumentException if the length is negative
     * @throws IndexOutOfBoundsException if the source has fewer bytes behind the offset, or the offset is negative
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void copyFrom(byte[] source, int sourceOffset, long address, int length) {
        Objects.requireNonNull(source, "source");
        copyFrom(MemorySegment.ofArray(source), sourceOffset, address, length);
    }

    /**
     * Copies longs of an array into the space, each as {@link #setLong(long, long)} writes it.
     *
     * @param source the array to read
     * @param sourceIndex the index of the first long in the source
     * @param address of the first byte to write; any
     * @param count how many longs; zero or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if the source has fewer longs behind the index, or the index is negative
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void copyFrom(long[] source, int sourceIndex, long address, int count) {
        Objects.requireNonNull(source, "source");
        checkPart(sourceIndex, count, source.length);
        copyFrom(MemorySegment.ofArray(source), (long) sourceIndex * Long.BYTES, address, (long) count * Long.BYTES);
    }

    /**
     * Copies doubles of an array into the space, each as {@link #setDouble(long, double)} writes it.
     *
     * @param source the array to read
     * @param sourceIndex the index of the first double in the source
     * @param address of the first byte to write; any
     * @param count how many doubles; zero or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if the source has fewer doubles behind the index, or the index is negative
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void copyFrom(double[] source, int sourceIndex, long address, int count) {
        Objects.requireNonNull(source, "source");
        checkPart(sourceIndex, count, source.length);
        copyFrom(MemorySegment.ofArray(source), (long) sourceIndex * Double.BYTES, address,
                (long) count * Double.BYTES);
    }

    /**
     * Copies bytes of a buffer into the space, from its position to its limit, and sets the position to the limit. The
     * bytes are copied as they are, whatever the byte order of the buffer is. To read with
     * {@link #getDouble(long)} what was put into the buffer, give it {@link ByteOrder#nativeOrder()} before. After an exception the position is what it was.
     *
     * @param source the buffer to read
     * @param address of the first byte to write; any
     * @throws IllegalStateException if the buffer belongs to a segment that is closed; if that is closed during the
     *         call, part of the range may have been written
     * @throws WrongThreadException if the buffer belongs to a segment of another thread
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void copyFrom(ByteBuffer source, long address) {
        int end = Objects.requireNonNull(source, "source").limit();
        MemorySegment rest = MemorySegment.ofBuffer(source);
        copyFrom(rest, 0, address, rest.byteSize());
        source.position(end);
    }

    /** Throws before anything changes if the source is closed, another thread's, or a file that has become shorter. */
    private static void checkReadable(MemorySegment source, long offset, long sizeBytes) {
        if (sizeBytes > 0) {
            source.get(ValueLayout.JAVA_BYTE, offset);
            source.get(ValueLayout.JAVA_BYTE, offset + sizeBytes - 1);
        }
    }

    /**
     * Copies bytes from one place of the space to another. The ranges may overlap: the target gets what the source was.
     * <p>
     * Up to 256 KiB are read before they are written, each page as it is at one moment. A target of more than 256 KiB
     * may be partly written for the reasons under <i>Ranges</i> above, and also if another thread moves the source to
     * private memory, or unmaps or protects it, during the call. The part is the last of the range if the target begins
     * inside the source, else the first.
     *
     * @param from the first address to read; any
     * @param to the first address to write; any
     * @param sizeBytes zero or more
     * @throws IllegalArgumentException if the size is negative
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public final void copy(long from, long to, long sizeBytes) {
        checkRange(from, sizeBytes);
        checkRange(to, sizeBytes);
        copyRange(from, to, sizeBytes);
    }

    /**
     * Sets every byte of a range to one value.
     *
     * @param address of the first byte; any
     * @param sizeBytes zero or more
     * @param value of each byte
     * @throws IllegalArgumentException if the size is negative
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     * @see AddressSpace#discard
     */
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
     * @param address of the first byte; any
     * @param other the segment to compare with
     * @param otherOffset of the first byte in the segment
     * @param sizeBytes zero or more
     * @return how far from the beginning the first difference is, in bytes; -1 if there is none
     * @throws IllegalArgumentException if the size is negative
     * @throws IndexOutOfBoundsException if the segment has fewer bytes behind the offset, or the offset is negative
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
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
     * Compares a range with one of another space or of this one.
     *
     * @param address of the first byte; any
     * @param other the space to compare with, perhaps this one
     * @param otherAddress of the first byte there; any
     * @param sizeBytes zero or more
     * @return how far from the beginning the first difference is, in bytes; -1 if there is none
     * @throws IllegalArgumentException if the size is negative
     * @throws io.quire.memory.contract.MemoryException if an access is refused; see <i>Refusals</i> above
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

    private static void checkPart(int index, int count, int length) {
        if (count < 0) {
            throw new IllegalArgumentException("a count cannot be negative: count=" + count);
        }
        Objects.checkFromIndexSize(index, count, length);
    }

    private static boolean isNative(ByteOrder order) {
        return Objects.requireNonNull(order, "order") == ByteOrder.nativeOrder();
    }
}
