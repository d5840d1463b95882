package io.quire.memory.structure;

/**
 * The word in front of each record of a log. All methods are pure.
 * <pre>
 *  63                              32 31                               0
 * +----------------------------------+----------------------------------+
 * |               TAG                |              LENGTH              |
 * +----------------------------------+----------------------------------+
 *                  32                                  32  bits
 * </pre>
 * TAG depends on the log and on the position: the word of another place, of an earlier round through the ring, or of
 * another log has another one, but for one in four billion.
 */
final class RecordWord {

    static final int BYTES = Long.BYTES;

    private static final long LENGTH_MASK = (1L << Integer.SIZE) - 1;

    private RecordWord() {
    }

    static long of(long identity, long position, int length) {
        return tag(identity, position) << Integer.SIZE | length;
    }

    /** True if a record of this log can begin with the word at this position. */
    static boolean isOf(long word, long identity, long position) {
        return word >>> Integer.SIZE == tag(identity, position);
    }

    /** The length of the record in bytes; negative only if it was forged. */
    static int length(long word) {
        return (int) (word & LENGTH_MASK);
    }

    /** How far it is to the next record. */
    static long stride(long length) {
        return BYTES + (length + BYTES - 1 & -BYTES);
    }

    /** In the upper half of a product each bit of the position counts. */
    private static long tag(long identity, long position) {
        long mixed = (position ^ identity) * 0x9E37_79B9_7F4A_7C15L;
        return ((mixed ^ (mixed >>> Integer.SIZE)) * 0xD6E8_FEB8_6659_FD93L) >>> Integer.SIZE;
    }
}
