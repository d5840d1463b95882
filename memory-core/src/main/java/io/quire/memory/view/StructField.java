package io.quire.memory.view;

import io.quire.memory.MemoryAccess;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/**
 * A field of a struct in a space: found once by a {@link MemoryLayout} and a path, then read and written at the address
 * of any such struct.
 * {@snippet file="io/quire/memory/snippets/StructSnippetsTest.java" region="struct"}
 * <p>
 * <b>What the layout says holds.</b> Values have the byte order of the layout. The address of a struct must be a
 * multiple of the alignment of the outermost layout, or the access is refused. So a value whose layout is aligned never
 * tears. Values of layouts such as {@link ValueLayout#JAVA_LONG_UNALIGNED} may, as {@link MemoryAccess} says.
 * <p>
 * <b>Types.</b> A field has one type, that of its layout: byte, short, int, long, float or double. Methods of other
 * types throw {@link UnsupportedOperationException}.
 * <p>
 * <b>Sequences.</b> A path may leave the elements of a sequence open by {@link PathElement#sequenceElement()}. Then the
 * methods with an index choose the element.
 * {@snippet file="io/quire/memory/snippets/StructSnippetsTest.java" region="sequence"}
 * With several open sequences, {@link #element} fixes the outermost one.
 * <p>
 * <b>Other modes.</b> For volatile and atomic access give {@link #addressIn(long)} to a method of {@link MemoryAccess};
 * those take values in the byte order of the machine.
 * <p>
 * <b>Threads.</b> Immutable. Which threads may read and write depends on the access.
 * <p>
 * <b>Refusals.</b> Each get and set may throw what {@link MemoryAccess} throws, and these; nothing has changed then:
 * <ul>
 * <li>{@link UnsupportedOperationException} if the field has another type, or the path leaves more or fewer indexes
 * open than the method takes
 * <li>{@link IllegalArgumentException} if the address is no multiple of the alignment
 * <li>{@link IndexOutOfBoundsException} if the sequence has no such element
 * <li>{@link NullPointerException} for null
 * </ul>
 */
public final class StructField {

    private final ValueLayout value;
    private final Class<?> type;
    private final ByteOrder order;
    private final long offsetBytes;

    /** Of the outermost layout, less one: these bits of an address must be zero. */
    private final long alignmentMask;
    private final FieldPath.Dimension[] open;

    private StructField(ValueLayout value, long offsetBytes, long alignmentMask, List<FieldPath.Dimension> open) {
        this.value = value;
        this.type = value.carrier();
        this.order = value.order();
        this.offsetBytes = offsetBytes;
        this.alignmentMask = alignmentMask;
        this.open = open.toArray(new FieldPath.Dimension[0]);
    }

    /**
     * Finds a field.
     *
     * @param layout of the struct
     * @param path from the layout to a value, as for {@link MemoryLayout#varHandle}
     * @return the field, to be kept in a constant
     * @throws IllegalArgumentException if the path does not fit the layout, does not end at a value, or ends at a value
     *         of a type that {@link MemoryAccess} does not have: boolean, char or a native address
     */
    public static StructField of(MemoryLayout layout, PathElement... path) {
        Objects.requireNonNull(layout, "layout");
        FieldPath found = FieldPath.of(layout, Objects.requireNonNull(path, "path"));
        return new StructField(value(found.layout()), found.offsetBytes(), layout.byteAlignment() - 1, found.open());
    }

    private static ValueLayout value(MemoryLayout found) {
        if (!(found instanceof ValueLayout value)) {
            throw new IllegalArgumentException("the path must end at a value: layout=" + found);
        }
        if (value instanceof AddressLayout) {
            throw new IllegalArgumentException("a native address means nothing in a space: layout=" + value
                    + "; use JAVA_LONG for an address of the space");
        }
        if (value.carrier() == boolean.class || value.carrier() == char.class) {
            throw new IllegalArgumentException("a field cannot be a " + value.carrier() + ": layout=" + value
                    + "; use " + (value.carrier() == boolean.class ? "JAVA_BYTE" : "JAVA_SHORT"));
        }
        return value;
    }

    /**
     * Returns the layout of the value.
     *
     * @return what the path led to
     */
    public ValueLayout layout() {
        return value;
    }

    /**
     * Fixes the element of the outermost sequence that the path leaves open.
     *
     * @param index of the element
     * @return the field in that element, with one open sequence less
     * @throws IndexOutOfBoundsException if there is no such element
     * @throws UnsupportedOperationException if the path leaves no sequence open
     */
    public StructField element(long index) {
        if (open.length == 0) {
            throw wrongIndexes(1);
        }
        return new StructField(value, offsetBytes + elementOffset(index), alignmentMask,
                List.of(open).subList(1, open.length));
    }

    /**
     * Returns where the value is.
     *
     * @param address of the struct
     * @return the address of the field in that struct
     * @throws IllegalArgumentException if the address is no multiple of the alignment of the layout
     * @throws UnsupportedOperationException if the path leaves a sequence open
     */
    public long addressIn(long address) {
        if (open.length != 0) {
            throw wrongIndexes(0);
        }
        return aligned(address) + offsetBytes;
    }

    /**
     * Returns where the value is in an element of the sequence that the path leaves open.
     *
     * @param address of the struct
     * @param index of the element
     * @return the address of the field in that struct
     * @throws IllegalArgumentException if the address is no multiple of the alignment of the layout
     * @throws IndexOutOfBoundsException if there is no such element
     * @throws UnsupportedOperationException if the path leaves no sequence open, or several
     */
    public long addressIn(long address, long index) {
        if (open.length != 1) {
            throw wrongIndexes(1);
        }
        return aligned(address) + offsetBytes + elementOffset(index);
    }

    private long elementOffset(long index) {
        FieldPath.Dimension outermost = open[0];
        return Objects.checkIndex(index, outermost.count()) * outermost.strideBytes();
    }

    private long aligned(long address) {
        if ((address & alignmentMask) != 0) {
            throw misaligned(address);
        }
        return address;
    }

    // ---- values

    /**
     * Reads a field of type byte.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public byte getByte(MemoryAccess access, long address) {
        return checked(access, byte.class).getByte(addressIn(address));
    }

    /**
     * Reads a field of type byte in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public byte getByte(MemoryAccess access, long address, long index) {
        return checked(access, byte.class).getByte(addressIn(address, index));
    }

    /**
     * Writes a field of type byte.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setByte(MemoryAccess access, long address, byte newValue) {
        checked(access, byte.class).setByte(addressIn(address), newValue);
    }

    /**
     * Writes a field of type byte in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setByte(MemoryAccess access, long address, long index, byte newValue) {
        checked(access, byte.class).setByte(addressIn(address, index), newValue);
    }

    /**
     * Reads a field of type short.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public short getShort(MemoryAccess access, long address) {
        return checked(access, short.class).getShort(addressIn(address), order);
    }

    /**
     * Reads a field of type short in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public short getShort(MemoryAccess access, long address, long index) {
        return checked(access, short.class).getShort(addressIn(address, index), order);
    }

    /**
     * Writes a field of type short.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setShort(MemoryAccess access, long address, short newValue) {
        checked(access, short.class).setShort(addressIn(address), newValue, order);
    }

    /**
     * Writes a field of type short in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setShort(MemoryAccess access, long address, long index, short newValue) {
        checked(access, short.class).setShort(addressIn(address, index), newValue, order);
    }

    /**
     * Reads a field of type int.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public int getInt(MemoryAccess access, long address) {
        return checked(access, int.class).getInt(addressIn(address), order);
    }

    /**
     * Reads a field of type int in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public int getInt(MemoryAccess access, long address, long index) {
        return checked(access, int.class).getInt(addressIn(address, index), order);
    }

    /**
     * Writes a field of type int.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setInt(MemoryAccess access, long address, int newValue) {
        checked(access, int.class).setInt(addressIn(address), newValue, order);
    }

    /**
     * Writes a field of type int in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setInt(MemoryAccess access, long address, long index, int newValue) {
        checked(access, int.class).setInt(addressIn(address, index), newValue, order);
    }

    /**
     * Reads a field of type long.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public long getLong(MemoryAccess access, long address) {
        return checked(access, long.class).getLong(addressIn(address), order);
    }

    /**
     * Reads a field of type long in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public long getLong(MemoryAccess access, long address, long index) {
        return checked(access, long.class).getLong(addressIn(address, index), order);
    }

    /**
     * Writes a field of type long.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setLong(MemoryAccess access, long address, long newValue) {
        checked(access, long.class).setLong(addressIn(address), newValue, order);
    }

    /**
     * Writes a field of type long in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setLong(MemoryAccess access, long address, long index, long newValue) {
        checked(access, long.class).setLong(addressIn(address, index), newValue, order);
    }

    /**
     * Reads a field of type float.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public float getFloat(MemoryAccess access, long address) {
        return checked(access, float.class).getFloat(addressIn(address), order);
    }

    /**
     * Reads a field of type float in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public float getFloat(MemoryAccess access, long address, long index) {
        return checked(access, float.class).getFloat(addressIn(address, index), order);
    }

    /**
     * Writes a field of type float.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setFloat(MemoryAccess access, long address, float newValue) {
        checked(access, float.class).setFloat(addressIn(address), newValue, order);
    }

    /**
     * Writes a field of type float in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setFloat(MemoryAccess access, long address, long index, float newValue) {
        checked(access, float.class).setFloat(addressIn(address, index), newValue, order);
    }

    /**
     * Reads a field of type double.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public double getDouble(MemoryAccess access, long address) {
        return checked(access, double.class).getDouble(addressIn(address), order);
    }

    /**
     * Reads a field of type double in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @return the value
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public double getDouble(MemoryAccess access, long address, long index) {
        return checked(access, double.class).getDouble(addressIn(address, index), order);
    }

    /**
     * Writes a field of type double.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setDouble(MemoryAccess access, long address, double newValue) {
        checked(access, double.class).setDouble(addressIn(address), newValue, order);
    }

    /**
     * Writes a field of type double in an element of a sequence.
     *
     * @param access the space, or an accessor of it
     * @param address of the struct
     * @param index of the element
     * @param newValue to be written
     * @throws io.quire.memory.contract.MemoryException if the access is refused; see <i>Refusals</i> above
     */
    public void setDouble(MemoryAccess access, long address, long index, double newValue) {
        checked(access, double.class).setDouble(addressIn(address, index), newValue, order);
    }

    /** Returns the access, which a field of that type may use. */
    private MemoryAccess checked(MemoryAccess access, Class<?> wanted) {
        Objects.requireNonNull(access, "access");
        if (type != wanted) {
            throw wrongType(wanted);
        }
        return access;
    }

    private UnsupportedOperationException wrongType(Class<?> wanted) {
        return new UnsupportedOperationException("the field has another type: wanted=" + wanted + ", type=" + type
                + ", field=" + this);
    }

    private UnsupportedOperationException wrongIndexes(int given) {
        return new UnsupportedOperationException("the path leaves another number of sequences open: indexes=" + given
                + ", open=" + open.length + ", field=" + this + "; fix the outermost one with element(index)");
    }

    private IllegalArgumentException misaligned(long address) {
        return new IllegalArgumentException("the address of a struct must be a multiple of its alignment: address=0x"
                + Long.toHexString(address) + ", alignment=" + (alignmentMask + 1) + ", field=" + this
                + "; for packed structs use a layout withByteAlignment(1)");
    }

    @Override
    public String toString() {
        return "StructField[" + value + ", offsetBytes=" + offsetBytes + ", open=" + List.of(open) + "]";
    }
}
