package io.quire.memory.structure;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.RunCursor;
import io.quire.memory.WritableRunCursor;
import io.quire.memory.platform.StackRoom;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * An array of numbers, such as a column of a table, that lives wholly inside an address space and can grow. A fork of
 * the space, by any thread at any moment, is a fork of the array: at the same address, and writable.
 * {@snippet file="io/quire/memory/snippets/ArraySnippetsTest.java" region="array"}
 * <p>
 * <b>Elements</b> have the {@link ElementType} that the array was created with. Each method that reads or writes one is
 * for one type, and refuses an array of another. Indexes are longs: an array may have more than 2<sup>33</sup>
 * elements. An element that was never written is 0.
 * <p>
 * <b>Threads.</b> Readers never block; any thread may write elements; threads that change the length take turns.
 * Any thread may use an array that was opened through an {@link AddressSpace}. An array that was opened through an
 * {@link io.quire.memory.Accessor} is faster and belongs to the accessor's thread. Any number of such objects may lead
 * to the same array.
 * <p>
 * <b>Atomicity.</b> A single element is read and written whole. An append is atomic: a fork and every reader have all
 * of it or nothing, and a thread that reads the {@linkplain #length() length} sees the elements that it counts.
 * Everything else that moves several elements does so like {@link MemoryAccess}, page by page. A write to an element
 * while another thread makes the array so short that it has no such element is lost, or is what the element has when
 * the array grows again.
 * <p>
 * <b>At memory speed.</b> {@link #copyTo(long, MemorySegment, long, long) copyTo} and
 * {@link #copyFrom(MemorySegment, long, long, long) copyFrom} move many elements at once. The cursor of {@link #runs}
 * gives a loop the elements of one moment as plain segments.
 * {@snippet file="io/quire/memory/snippets/ArraySnippetsTest.java" region="array-scan"}
 * <p>
 * <b>Memory.</b> A page gets a frame with the first write to it; the capacity takes addresses only. An array that gets
 * shorter gives its pages back.
 * <p>
 * <b>Refusals.</b> A method may throw what {@link MemoryAccess} throws, and these:
 * <ul>
 * <li>{@link IndexOutOfBoundsException} if the array has no such element
 * <li>{@link IllegalArgumentException} if the elements are of another type
 * <li>{@link io.quire.memory.contract.StructureFullException} if the capacity is too small
 * <li>{@link IllegalStateException} "the array is damaged" if the program wrote over its header, or another structure
 * is there now
 * <li>{@link NullPointerException} for null, before anything changes
 * </ul>
 * A change of the length that throws has left the array as it was. There is one exception: if an {@link Error} of the
 * virtual machine comes out of it, it may have been done. A change that returns is done: if pages could not be given
 * back, because a device failed, say, the next {@link #resize} to another length does it.
 */
public final class ForkableArray extends ForkableStructure<ForkableArray> {

    /** As many bytes are filled at once. */
    private static final int FILL_BYTES = 1 << 16;

    private final Extent extent;
    private final MemoryAccess memory;
    private final ElementType type;
    private final ArrayLength length;

    /** The address of the first element. */
    private final long elements;

    private ForkableArray(Extent extent, ElementType type) {
        this.extent = extent;
        this.memory = extent.memory();
        this.type = type;
        this.length = new ArrayLength(extent, type.sizeBytes());
        this.elements = extent.dataAt(0);
    }

    /**
     * Maps memory for an array and makes it empty, for any thread.
     * <p>
     * The array cannot grow beyond its capacity. But that takes addresses, not memory, so choose generously; the limits
     * are the 2<sup>47</sup> bytes of addresses that all mappings of the space share.
     * <p>
     * A refusal leaves nothing mapped. Only an {@link Error} of the virtual machine, if the heap or the stack is full,
     * may leave the addresses mapped. To give up the array unmap its {@link #regionBytes()}, and use it no more.
     *
     * @param space the space that the array is to live in
     * @param type of the elements
     * @param capacity the most elements that it shall be able to have; 1 or more, and less than 2<sup>46</sup> bytes;
     *        rounded up to whole pages
     * @return the array, of length 0; nothing has to be closed
     * @throws IllegalArgumentException if the capacity is out of that range
     * @throws io.quire.memory.contract.OutOfAddressesException if the space has no gap that large
     * @throws io.quire.memory.contract.OutOfFramesException if there is no frame for the header
     * @throws io.quire.memory.contract.ProtectionException if the space is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails; nothing is mapped
     * @throws io.quire.memory.contract.ClosedException if the space is closed
     */
    public static ForkableArray create(AddressSpace space, ElementType type, long capacity) {
        Objects.requireNonNull(space, "space");
        Objects.requireNonNull(type, "type");
        long most = Extent.DATA_BYTES_MAX / type.sizeBytes();
        if (capacity < 1 || capacity > most) {
            throw new IllegalArgumentException("an array of this type has a capacity of 1 to " + most
                    + " elements: type=" + type + ", capacity=" + capacity);
        }
        StackRoom.require();
        Extent extent = Extent.create(StructureKind.ARRAY, space, capacity * type.sizeBytes(), type.code());
        ForkableArray array = new ForkableArray(extent, type);
        array.length.begin();
        return array;
    }

    /**
     * Opens an array in the space it was created in, in a fork or in a snapshot. Writes nothing.
     *
     * @param access an {@link AddressSpace}, for any thread, or an {@link io.quire.memory.Accessor}, for its own thread
     * @param address what {@link #address()} returned
     * @return the array
     * @throws IllegalArgumentException if there is no array of this version at the address, or its header is damaged
     * @throws io.quire.memory.contract.AddressNotMappedException if a part of its memory is not mapped
     * @throws io.quire.memory.contract.ClosedException if the space or the accessor is closed
     */
    public static ForkableArray open(MemoryAccess access, long address) {
        Objects.requireNonNull(access, "access");
        return of(Extent.locate(StructureKind.ARRAY, access, address));
    }

    private static ForkableArray of(Extent extent) {
        long code = extent.parameter();
        for (ElementType type : ElementType.values()) {
            if (type.code() == code) {
                return new ForkableArray(extent, type);
            }
        }
        throw new IllegalArgumentException("the array at this address has elements of no known type: address=0x"
                + Long.toHexString(extent.address()) + ", type=" + code);
    }

    /**
     * Opens the same array through another access, such as an accessor of the calling thread.
     * {@snippet file="io/quire/memory/snippets/ArraySnippetsTest.java" region="array-with"}
     *
     * @param access to the same space, or to another space that has this array at the same address, such as a fork
     * @return the array
     * @throws IllegalArgumentException if the access leads to another array or to none
     */
    @Override
    public ForkableArray with(MemoryAccess access) {
        Objects.requireNonNull(access, "access");
        return of(extent.through(access));
    }

    // ---- what it is

    /**
     * Returns where the array begins.
     *
     * @return the address; the same in every fork
     */
    @Override
    public long address() {
        return extent.address();
    }

    /**
     * Returns the type of the elements.
     *
     * @return the type that the array was created with
     */
    public ElementType type() {
        return type;
    }

    /**
     * Returns the number of elements. Does not wait.
     *
     * @return 0 to {@link #capacity()}
     */
    public long length() {
        return length.now();
    }

    /**
     * Returns the greatest length that the array can have.
     *
     * @return what it was created with, or a little more
     */
    public long capacity() {
        return length.capacity();
    }

    /**
     * Returns the size of its memory.
     *
     * @return in bytes, a multiple of 4096: the capacity and one page
     */
    public long regionBytes() {
        return extent.sizeBytes();
    }

    @Override
    MemoryAccess access() {
        return extent.memory();
    }

    // ---- single elements

    /**
     * Reads an element of an array of bytes.
     *
     * @param index 0 to less than the length
     * @return the value
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public byte getByte(long index) {
        return memory.getByte(at(index, ElementType.BYTE, Byte.BYTES));
    }

    /**
     * Reads an element of an array of shorts.
     *
     * @param index 0 to less than the length
     * @return the value
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public short getShort(long index) {
        return memory.getShort(at(index, ElementType.SHORT, Short.BYTES));
    }

    /**
     * Reads an element of an array of ints.
     *
     * @param index 0 to less than the length
     * @return the value
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public int getInt(long index) {
        return memory.getInt(at(index, ElementType.INT, Integer.BYTES));
    }

    /**
     * Reads an element of an array of longs.
     *
     * @param index 0 to less than the length
     * @return the value
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public long getLong(long index) {
        return memory.getLong(at(index, ElementType.LONG, Long.BYTES));
    }

    /**
     * Reads an element of an array of floats.
     *
     * @param index 0 to less than the length
     * @return the value
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public float getFloat(long index) {
        return memory.getFloat(at(index, ElementType.FLOAT, Float.BYTES));
    }

    /**
     * Reads an element of an array of doubles.
     *
     * @param index 0 to less than the length
     * @return the value
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public double getDouble(long index) {
        return memory.getDouble(at(index, ElementType.DOUBLE, Double.BYTES));
    }

    /**
     * Writes an element of an array of bytes.
     *
     * @param index 0 to less than the length
     * @param value to be written
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public void setByte(long index, byte value) {
        memory.setByte(at(index, ElementType.BYTE, Byte.BYTES), value);
    }

    /**
     * Writes an element of an array of shorts.
     *
     * @param index 0 to less than the length
     * @param value to be written
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public void setShort(long index, short value) {
        memory.setShort(at(index, ElementType.SHORT, Short.BYTES), value);
    }

    /**
     * Writes an element of an array of ints.
     *
     * @param index 0 to less than the length
     * @param value to be written
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public void setInt(long index, int value) {
        memory.setInt(at(index, ElementType.INT, Integer.BYTES), value);
    }

    /**
     * Writes an element of an array of longs.
     *
     * @param index 0 to less than the length
     * @param value to be written
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public void setLong(long index, long value) {
        memory.setLong(at(index, ElementType.LONG, Long.BYTES), value);
    }

    /**
     * Writes an element of an array of floats.
     *
     * @param index 0 to less than the length
     * @param value to be written
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public void setFloat(long index, float value) {
        memory.setFloat(at(index, ElementType.FLOAT, Float.BYTES), value);
    }

    /**
     * Writes an element of an array of doubles.
     *
     * @param index 0 to less than the length
     * @param value to be written
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public void setDouble(long index, double value) {
        memory.setDouble(at(index, ElementType.DOUBLE, Double.BYTES), value);
    }

    /**
     * Adds to an element of an array of ints, atomically and with volatile mode. The sum wraps around.
     *
     * @param index 0 to less than the length
     * @param delta to be added
     * @return the value before
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public int getAndAddInt(long index, int delta) {
        return memory.getAndAddInt(at(index, ElementType.INT, Integer.BYTES), delta);
    }

    /**
     * Writes an element of an array of ints if it has the expected value, atomically and with volatile mode.
     *
     * @param index 0 to less than the length
     * @param expected the value that is to be replaced
     * @param value to be written
     * @return true if the value was written
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public boolean compareAndSetInt(long index, int expected, int value) {
        return memory.compareAndSetInt(at(index, ElementType.INT, Integer.BYTES), expected, value);
    }

    /**
     * Adds to an element of an array of longs, atomically and with volatile mode. The sum wraps around.
     *
     * @param index 0 to less than the length
     * @param delta to be added
     * @return the value before
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public long getAndAddLong(long index, long delta) {
        return memory.getAndAddLong(at(index, ElementType.LONG, Long.BYTES), delta);
    }

    /**
     * Writes an element of an array of longs if it has the expected value, atomically and with volatile mode.
     *
     * @param index 0 to less than the length
     * @param expected the value that is to be replaced
     * @param value to be written
     * @return true if the value was written
     * @throws IndexOutOfBoundsException if the array has no such element
     */
    public boolean compareAndSetLong(long index, long expected, long value) {
        return memory.compareAndSetLong(at(index, ElementType.LONG, Long.BYTES), expected, value);
    }

    /** The address of an element; the caller says the type that it needs, and its size. */
    private long at(long index, ElementType needed, int elementBytes) {
        if (type != needed) {
            throw isOf(needed);
        }
        if (!length.covers(index)) {
            throw noElement(index);
        }
        return elements + index * elementBytes;
    }

    private IllegalArgumentException isOf(ElementType needed) {
        return new IllegalArgumentException("the elements of the array are of another type: " + this + ", needed="
                + needed);
    }

    private IndexOutOfBoundsException noElement(long index) {
        return new IndexOutOfBoundsException("the array has no such element: " + this + ", index=" + index
                + ", length=" + length());
    }

    // ---- the length

    /**
     * Makes the array longer, by zeros, or shorter. Zeros take no frames. May wait for another thread that
     * changes the length, and if it gets shorter for writers of this space that are inside a single access.
     *
     * @param newLength 0 to {@link #capacity()}
     * @throws IllegalArgumentException if the length is negative
     * @throws io.quire.memory.contract.StructureFullException if it is more than the capacity
     */
    public void resize(long newLength) {
        if (newLength < 0) {
            throw new IllegalArgumentException("a length cannot be negative: newLength=" + newLength);
        }
        StackRoom.require();
        length.lock();
        try {
            length.change(newLength);
        } finally {
            length.unlock();
        }
    }

    /**
     * Adds an element at the end. May wait for another thread that changes the length.
     *
     * @param value that an element can have: of a floating-point type any that it has exactly
     * @return the index of the element
     * @throws IllegalArgumentException if no element can have that value
     * @throws io.quire.memory.contract.StructureFullException if the array is as long as it can be
     */
    public long append(long value) {
        return appendBits(type.bits(value));
    }

    /**
     * Adds an element at the end of an array of floats or doubles. May wait for another thread that changes the length.
     *
     * @param value the element; rounded to the nearest float if the elements are floats
     * @return the index of the element
     * @throws IllegalArgumentException if the elements are whole numbers
     * @throws io.quire.memory.contract.StructureFullException if the array is as long as it can be
     */
    public long append(double value) {
        return appendBits(type.bits(value));
    }

    private long appendBits(long bits) {
        StackRoom.require();
        length.lock();
        try {
            long index = length.beginAppend(1);
            write(elements + index * type.sizeBytes(), bits);
            length.endAppend(index + 1);
            return index;
        } finally {
            length.unlock();
        }
    }

    private void write(long address, long bits) {
        switch (type.sizeBytes()) {
            case Byte.BYTES -> memory.setByte(address, (byte) bits);
            case Short.BYTES -> memory.setShort(address, (short) bits);
            case Integer.BYTES -> memory.setInt(address, (int) bits);
            default -> memory.setLong(address, bits);
        }
    }

    /**
     * Adds many elements at the end, as one change. May wait for another thread that changes the length.
     *
     * @param source elements in the byte order of the machine, such as {@link MemorySegment#ofArray(double[])} has them
     * @return the index of the first element, or the length if there is none
     * @throws IllegalArgumentException if the size of the source is not that of whole elements
     * @throws IllegalStateException if the source is closed
     * @throws WrongThreadException if the source is another thread's
     * @throws io.quire.memory.contract.StructureFullException if the array cannot be that long
     */
    public long append(MemorySegment source) {
        long bytes = Objects.requireNonNull(source, "source").byteSize();
        if (bytes % type.sizeBytes() != 0) {
            throw new IllegalArgumentException("the source does not have whole elements: " + this + ", sizeBytes="
                    + bytes);
        }
        StackRoom.require();
        length.lock();
        try {
            long index = length.beginAppend(bytes / type.sizeBytes());
            memory.copyFrom(source, 0, elements + index * type.sizeBytes(), bytes);
            length.endAppend(index + bytes / type.sizeBytes());
            return index;
        } finally {
            length.unlock();
        }
    }

    // ---- many elements

    /**
     * Sets elements to one value. Each 64 KiB are written as a whole; if the call throws, those before may have been.
     *
     * @param fromIndex the first element
     * @param count how many; 0 or more
     * @param value that an element can have: of a floating-point type any that it has exactly
     * @throws IllegalArgumentException if no element can have that value, or the count is negative
     * @throws IndexOutOfBoundsException if the array has no such elements
     */
    public void fill(long fromIndex, long count, long value) {
        fillBits(fromIndex, count, type.bits(value));
    }

    /**
     * Sets elements of an array of floats or doubles to one value. Each 64 KiB are written as a whole; if the call
     * throws, those before may have been.
     *
     * @param fromIndex the first element
     * @param count how many; 0 or more
     * @param value of each; rounded to the nearest float if the elements are floats
     * @throws IllegalArgumentException if the elements are whole numbers, or the count is negative
     * @throws IndexOutOfBoundsException if the array has no such elements
     */
    public void fill(long fromIndex, long count, double value) {
        fillBits(fromIndex, count, type.bits(value));
    }

    private void fillBits(long fromIndex, long count, long bits) {
        long address = range(fromIndex, count, type);
        long bytes = count * type.sizeBytes();
        long[] words = new long[(int) (Math.min(bytes, FILL_BYTES) + Long.BYTES - 1) / Long.BYTES];
        Arrays.fill(words, repeated(bits));
        MemorySegment source = MemorySegment.ofArray(words);
        for (long done = 0; done < bytes; done += FILL_BYTES) {
            memory.copyFrom(source, 0, address + done, Math.min(bytes - done, FILL_BYTES));
        }
    }

    /** A word full of elements with these bits. */
    private long repeated(long bits) {
        long word = bits;
        for (int size = type.sizeBytes() * Byte.SIZE; size < Long.SIZE; size *= 2) {
            word = (word & (1L << size) - 1) | (word << size);
        }
        return word;
    }

    /**
     * Copies elements into a segment, in the byte order of the machine. Each page is copied as it is at one moment.
     *
     * @param fromIndex the first element
     * @param target the segment to write to
     * @param targetOffset where to begin in the target, in bytes
     * @param count how many elements; 0 or more
     * @throws IllegalArgumentException if the count is negative or the target is read-only
     * @throws IndexOutOfBoundsException if array or target have no such part
     * @throws IllegalStateException if the target is closed
     * @throws WrongThreadException if the target is another thread's
     */
    public void copyTo(long fromIndex, MemorySegment target, long targetOffset, long count) {
        Objects.requireNonNull(target, "target");
        memory.copyTo(range(fromIndex, count, type), target, targetOffset, count * type.sizeBytes());
    }

    /**
     * Copies elements out of a segment, in the byte order of the machine. Is refused, and may end half way, as
     * {@link MemoryAccess#copyFrom(MemorySegment, long, long, long)}.
     *
     * @param source the segment to read
     * @param sourceOffset where to begin in the source, in bytes
     * @param toIndex the first element to write
     * @param count how many elements; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if source or array have no such part
     * @throws IllegalStateException if the source is closed
     * @throws WrongThreadException if the source is another thread's
     */
    public void copyFrom(MemorySegment source, long sourceOffset, long toIndex, long count) {
        Objects.requireNonNull(source, "source");
        memory.copyFrom(source, sourceOffset, range(toIndex, count, type), count * type.sizeBytes());
    }

    /**
     * Copies elements of an array of bytes, as {@link #copyTo(long, MemorySegment, long, long)} does.
     *
     * @param fromIndex the first element
     * @param target the array to write to
     * @param targetIndex where to begin in the target
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyTo(long fromIndex, byte[] target, int targetIndex, int count) {
        copyTo(fromIndex, ElementType.BYTE, MemorySegment.ofArray(Objects.requireNonNull(target, "target")),
                targetIndex, count);
    }

    /**
     * Copies elements of an array of shorts, as {@link #copyTo(long, MemorySegment, long, long)} does.
     *
     * @param fromIndex the first element
     * @param target the array to write to
     * @param targetIndex where to begin in the target
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyTo(long fromIndex, short[] target, int targetIndex, int count) {
        copyTo(fromIndex, ElementType.SHORT, MemorySegment.ofArray(Objects.requireNonNull(target, "target")),
                targetIndex, count);
    }

    /**
     * Copies elements of an array of ints, as {@link #copyTo(long, MemorySegment, long, long)} does.
     *
     * @param fromIndex the first element
     * @param target the array to write to
     * @param targetIndex where to begin in the target
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyTo(long fromIndex, int[] target, int targetIndex, int count) {
        copyTo(fromIndex, ElementType.INT, MemorySegment.ofArray(Objects.requireNonNull(target, "target")), targetIndex,
                count);
    }

    /**
     * Copies elements of an array of longs, as {@link #copyTo(long, MemorySegment, long, long)} does.
     *
     * @param fromIndex the first element
     * @param target the array to write to
     * @param targetIndex where to begin in the target
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyTo(long fromIndex, long[] target, int targetIndex, int count) {
        copyTo(fromIndex, ElementType.LONG, MemorySegment.ofArray(Objects.requireNonNull(target, "target")),
                targetIndex, count);
    }

    /**
     * Copies elements of an array of floats, as {@link #copyTo(long, MemorySegment, long, long)} does.
     *
     * @param fromIndex the first element
     * @param target the array to write to
     * @param targetIndex where to begin in the target
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyTo(long fromIndex, float[] target, int targetIndex, int count) {
        copyTo(fromIndex, ElementType.FLOAT, MemorySegment.ofArray(Objects.requireNonNull(target, "target")),
                targetIndex, count);
    }

    /**
     * Copies elements of an array of doubles, as {@link #copyTo(long, MemorySegment, long, long)} does.
     *
     * @param fromIndex the first element
     * @param target the array to write to
     * @param targetIndex where to begin in the target
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyTo(long fromIndex, double[] target, int targetIndex, int count) {
        copyTo(fromIndex, ElementType.DOUBLE, MemorySegment.ofArray(Objects.requireNonNull(target, "target")),
                targetIndex, count);
    }

    /**
     * Copies into elements of an array of bytes, as {@link #copyFrom(MemorySegment, long, long, long)} does.
     *
     * @param source the array to read
     * @param sourceIndex where to begin in the source
     * @param toIndex the first element to write
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyFrom(byte[] source, int sourceIndex, long toIndex, int count) {
        copyFrom(ElementType.BYTE, MemorySegment.ofArray(Objects.requireNonNull(source, "source")), sourceIndex,
                toIndex, count);
    }

    /**
     * Copies into elements of an array of shorts, as {@link #copyFrom(MemorySegment, long, long, long)} does.
     *
     * @param source the array to read
     * @param sourceIndex where to begin in the source
     * @param toIndex the first element to write
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyFrom(short[] source, int sourceIndex, long toIndex, int count) {
        copyFrom(ElementType.SHORT, MemorySegment.ofArray(Objects.requireNonNull(source, "source")), sourceIndex,
                toIndex, count);
    }

    /**
     * Copies into elements of an array of ints, as {@link #copyFrom(MemorySegment, long, long, long)} does.
     *
     * @param source the array to read
     * @param sourceIndex where to begin in the source
     * @param toIndex the first element to write
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyFrom(int[] source, int sourceIndex, long toIndex, int count) {
        copyFrom(ElementType.INT, MemorySegment.ofArray(Objects.requireNonNull(source, "source")), sourceIndex,
                toIndex, count);
    }

    /**
     * Copies into elements of an array of longs, as {@link #copyFrom(MemorySegment, long, long, long)} does.
     *
     * @param source the array to read
     * @param sourceIndex where to begin in the source
     * @param toIndex the first element to write
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyFrom(long[] source, int sourceIndex, long toIndex, int count) {
        copyFrom(ElementType.LONG, MemorySegment.ofArray(Objects.requireNonNull(source, "source")), sourceIndex,
                toIndex, count);
    }

    /**
     * Copies into elements of an array of floats, as {@link #copyFrom(MemorySegment, long, long, long)} does.
     *
     * @param source the array to read
     * @param sourceIndex where to begin in the source
     * @param toIndex the first element to write
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyFrom(float[] source, int sourceIndex, long toIndex, int count) {
        copyFrom(ElementType.FLOAT, MemorySegment.ofArray(Objects.requireNonNull(source, "source")), sourceIndex,
                toIndex, count);
    }

    /**
     * Copies into elements of an array of doubles, as {@link #copyFrom(MemorySegment, long, long, long)} does.
     *
     * @param source the array to read
     * @param sourceIndex where to begin in the source
     * @param toIndex the first element to write
     * @param count how many; 0 or more
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if one of the arrays has no such elements
     */
    public void copyFrom(double[] source, int sourceIndex, long toIndex, int count) {
        copyFrom(ElementType.DOUBLE, MemorySegment.ofArray(Objects.requireNonNull(source, "source")), sourceIndex,
                toIndex, count);
    }

    private void copyTo(long fromIndex, ElementType needed, MemorySegment target, long targetIndex, long count) {
        long address = range(fromIndex, count, needed);
        memory.copyTo(address, target, targetIndex * needed.sizeBytes(), count * needed.sizeBytes());
    }

    private void copyFrom(ElementType needed, MemorySegment source, long sourceIndex, long toIndex, long count) {
        long address = range(toIndex, count, needed);
        memory.copyFrom(source, sourceIndex * needed.sizeBytes(), address, count * needed.sizeBytes());
    }

    /** The address of the first of some elements, all of which the array has. */
    private long range(long fromIndex, long count, ElementType needed) {
        if (type != needed) {
            throw isOf(needed);
        }
        if (count < 0) {
            throw new IllegalArgumentException("a count cannot be negative: count=" + count);
        }
        Objects.checkFromIndexSize(fromIndex, count, length());
        return elements + fromIndex * type.sizeBytes();
    }

    /**
     * Opens a cursor that reads elements as they are now: a loop gets the memory in runs of up to 2 MiB, as plain
     * segments of whole elements. Writers go on meanwhile.
     * {@snippet file="io/quire/memory/snippets/ArraySnippetsTest.java" region="array-scan"}
     *
     * @param fromIndex the first element
     * @param count how many; 0 or more
     * @return a cursor before the first run, to be closed by the caller; only the calling thread may use it
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if the array has no such elements
     * @throws io.quire.memory.contract.MemoryException if {@link AddressSpace#runs} throws it
     */
    public RunCursor runs(long fromIndex, long count) {
        return extent.space().runs(range(fromIndex, count, type), count * type.sizeBytes());
    }

    /**
     * Opens a cursor that reads and writes elements: a loop gets the memory in runs of up to 256 KiB, as plain segments
     * of whole elements. Needs native access.
     *
     * @param fromIndex the first element
     * @param count how many; 0 or more
     * @return a cursor before the first run, to be closed by the caller; only the calling thread may use it
     * @throws IllegalArgumentException if the count is negative
     * @throws IndexOutOfBoundsException if the array has no such elements
     * @throws UnsupportedOperationException without native access
     * @throws io.quire.memory.contract.MemoryException if {@link AddressSpace#writableRuns} throws it
     */
    public WritableRunCursor writableRuns(long fromIndex, long count) {
        return extent.space().writableRuns(range(fromIndex, count, type), count * type.sizeBytes());
    }

    @Override
    public String toString() {
        return "ForkableArray[address=0x" + Long.toHexString(address()) + ", type=" + type + ", capacity=" + capacity()
                + "]";
    }
}
