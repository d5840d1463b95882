package io.quire.memory.structure;

/**
 * The first 16 bytes of every block. All methods are pure; only the {@link Journal} changes the words.
 * <pre>
 *        63  62 61       54 53                                            0
 *       +------+-----------+-----------------------------------------------+
 *   0   | KIND |   CLASS   |                   SEQUENCE                    |
 *       +------+-----------+-----------------------------------------------+
 *   8   |  FREE: offset of the next free block of the class, 0 if none     |
 *       |  ENTRY: key length (32), value length (32)                       |
 *       |  TABLE: 0                                                        |
 *       +------------------------------------------------------------------+
 *  16   |  ENTRY: the key, then the value                                  |
 *       |  TABLE: the slots                                                |
 *
 *             allocate                       free
 *   (none, FREE) --------------&gt; ENTRY, TABLE -----------&gt; FREE
 * </pre>
 * SEQUENCE is that of the change that made the block what it is. Free blocks may be split, and merged with their
 * neighbours, which takes headers away; HEADERS SINCE of {@link MapHeader} says when that last happened.
 */
final class BlockHeader {

    /** The offset and the size of every block are multiples of it. */
    static final int GRAIN = 16;

    static final int BYTES = 16;

    /** The offset of the second word in its block. */
    static final int SECOND = Long.BYTES;

    static final int FREE = 1;
    static final int ENTRY = 2;
    static final int TABLE = 3;

    private static final int CLASS_SHIFT = StateWord.SEQUENCE_BITS;
    private static final int CLASS_BITS = 8;
    private static final int KIND_SHIFT = CLASS_SHIFT + CLASS_BITS;
    private static final long SEQUENCE_MASK = (1L << StateWord.SEQUENCE_BITS) - 1;
    private static final int CLASS_MASK = (1 << CLASS_BITS) - 1;

    private BlockHeader() {
    }

    // ---- the first word

    static long of(int kind, int sizeClass, long sequence) {
        return (long) kind << KIND_SHIFT | (long) sizeClass << CLASS_SHIFT | sequence;
    }

    /** FREE, ENTRY or TABLE; 0 where there was never a block. */
    static int kind(long first) {
        return (int) (first >>> KIND_SHIFT);
    }

    static int sizeClass(long first) {
        return (int) (first >>> CLASS_SHIFT) & CLASS_MASK;
    }

    static long sequence(long first) {
        return first & SEQUENCE_MASK;
    }

    // ---- the second word of an entry

    static long lengths(int keyLength, int valueLength) {
        return (long) keyLength << Integer.SIZE | valueLength;
    }

    static int keyLength(long second) {
        return (int) (second >>> Integer.SIZE);
    }

    static int valueLength(long second) {
        return (int) second;
    }

    // ---- checks of words that anybody may have overwritten

    /**
     * True if a block may begin at an offset: the offset is aligned, and the smallest block there is inside the region.
     */
    static boolean mayBegin(Region region, long block) {
        return block % GRAIN == 0 && region.contains(block, SizeClasses.SMALLEST);
    }

    /**
     * True if the first word of a block has this kind and a class that exists, and the block ends at {@code end} or
     * before.
     */
    static boolean isBlock(long block, long first, int kind, long end) {
        return kind(first) == kind && sizeClass(first) < SizeClasses.COUNT
                && SizeClasses.bytes(sizeClass(first)) <= end - block;
    }

    /** True if the two words are those of an entry that fits into its block. */
    static boolean isEntry(long first, long second) {
        return kind(first) == ENTRY && sizeClass(first) < SizeClasses.COUNT
                && keyLength(second) >= 0 && valueLength(second) >= 0
                && BYTES + (long) keyLength(second) + valueLength(second) <= SizeClasses.bytes(sizeClass(first));
    }

    static String toString(long first) {
        return switch (kind(first)) {
            case FREE -> "FREE";
            case ENTRY -> "ENTRY";
            case TABLE -> "TABLE";
            default -> "NONE";
        } + " class=" + sizeClass(first) + " sequence=" + sequence(first);
    }
}
