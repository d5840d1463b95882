package io.quire.memory.structure;

/** What the elements of a {@link ForkableArray} are. */
public enum ElementType {

    /** 1 byte. */
    BYTE(1, Byte.BYTES, false),

    /** 2 bytes. */
    SHORT(2, Short.BYTES, false),

    /** 4 bytes. */
    INT(3, Integer.BYTES, false),

    /** 8 bytes. */
    LONG(4, Long.BYTES, false),

    /** 4 bytes, a floating-point number. */
    FLOAT(5, Float.BYTES, true),

    /** 8 bytes, a floating-point number. */
    DOUBLE(6, Double.BYTES, true);

    /** Long.MAX_VALUE as a double: it is one more, but is converted back to Long.MAX_VALUE. */
    private static final double BEYOND_LONGS = 0x1p63;

    private final int code;
    private final int sizeBytes;
    private final boolean isFloating;

    ElementType(int code, int sizeBytes, boolean isFloating) {
        this.code = code;
        this.sizeBytes = sizeBytes;
        this.isFloating = isFloating;
    }

    /**
     * Returns the size of an element.
     *
     * @return 1, 2, 4 or 8 bytes
     */
    public int sizeBytes() {
        return sizeBytes;
    }

    /** The number by which the header of an array names the type. */
    int code() {
        return code;
    }

    /**
     * Returns the bits of an element with a value, in the low bits.
     *
     * @throws IllegalArgumentException if no element can have just that value
     */
    long bits(long value) {
        if (isFloating) {
            double wide = this == FLOAT ? (float) value : (double) value;
            if ((long) wide != value || wide == BEYOND_LONGS) {
                throw doesNotFit(Long.toString(value));
            }
            return bits(wide);
        }
        int unused = Long.SIZE - sizeBytes * Byte.SIZE;
        if (value << unused >> unused != value) {
            throw doesNotFit(Long.toString(value));
        }
        return value;
    }

    /**
     * Returns the bits of an element with a value, which is rounded to the nearest float if this is {@link #FLOAT}.
     *
     * @throws IllegalArgumentException if the elements are whole numbers
     */
    long bits(double value) {
        if (!isFloating) {
            throw doesNotFit(Double.toString(value));
        }
        return this == DOUBLE ? Double.doubleToRawLongBits(value) : Float.floatToRawIntBits((float) value);
    }

    private IllegalArgumentException doesNotFit(String value) {
        return new IllegalArgumentException("an element cannot have this value: type=" + this + ", value=" + value);
    }
}
