package io.quire.memory.table;

/**
 * The page table entry: what one page of one leaf is. All methods are pure; {@link Leaf} publishes their results.
 * <pre>
 *  63            48 47                                      12 11     3  2 1 0
 * +----------------+------------------------------------------+---------+-+-+-+
 * |    reserved    |         OFFSET of the frame / 4096       | reserved|P|W|R|
 * +----------------+------------------------------------------+---------+-+-+-+
 *         16                          36                           9     1 1 1  bits
 *
 *   absent --present--> R,P --writable--> R,W,P --readOnly--> R,P --hidden--> P --visible--> R,P
 * </pre>
 * The field of the offset lies where the offset itself has it, so that a reader needs a mask and no shift. W counts
 * only in a leaf that its directory lists as writable: a fork takes W away from a whole tree without touching it.
 */
public final class Entry {

    /** No frame: the page was never written, or is not mapped. */
    public static final long ABSENT = 0;

    private static final long READABLE = 1;
    private static final long WRITABLE = 1 << 1;
    private static final long PRESENT = 1 << 2;

    private static final int OFFSET_END = 48;
    private static final long OFFSET_MASK = (1L << OFFSET_END) - 1 & -Geometry.PAGE_BYTES;

    private Entry() {
    }

    /** A readable page in the frame at an offset. */
    public static long present(long offset) {
        assert (offset & ~OFFSET_MASK) == 0 : "offset=0x" + Long.toHexString(offset);
        return offset | READABLE | PRESENT;
    }

    public static long writable(long entry) {
        return entry | WRITABLE;
    }

    public static long readOnly(long entry) {
        return entry & ~WRITABLE;
    }

    /** Takes all access away and keeps the frame. */
    public static long hidden(long entry) {
        return entry & ~(READABLE | WRITABLE);
    }

    /** Gives the right to read back. */
    public static long visible(long entry) {
        return entry | READABLE;
    }

    public static boolean isPresent(long entry) {
        return (entry & PRESENT) != 0;
    }

    public static boolean isReadable(long entry) {
        return (entry & READABLE) != 0;
    }

    public static boolean isWritable(long entry) {
        return (entry & WRITABLE) != 0;
    }

    /** Where the frame begins. */
    public static long offset(long entry) {
        return entry & OFFSET_MASK;
    }

    /** The entry in words. */
    public static String toString(long entry) {
        if (!isPresent(entry)) {
            return "absent";
        }
        return "0x" + Long.toHexString(offset(entry)) + (isReadable(entry) ? " R" : " -")
                + (isWritable(entry) ? "W" : "-");
    }
}
