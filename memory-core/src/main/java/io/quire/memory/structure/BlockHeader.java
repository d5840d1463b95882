package io.quire.memory.structure;

/**
 * The first 16 bytes of every block. All methods are pure; the words are changed through the {@link Journal}
 * only.
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
 *   (unborn, FREE) ------------&gt; ENTRY, TABLE -----------&gt; FREE
 * </pre>
 * The sequence is that of the change that made the block what it is. A free block may be split, and free
 * blocks that lie side by side merged; HEADERS SINCE of {@link MapHeader} says when that last took headers away.
 */
final class BlockHeader {

    /** Blocks begin at multiples of it and have multiples of it as sizes. */
    static final int GRAIN = 16;

    static final int BYTES = 16;

    /** Where the second word is, from the beginning of the block. */
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

    /** FREE, ENTRY, TABLE, or 0 where no block was yet. */
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

    // ---- what is believed of words that anybody may have overwritten

    /** Whether so much memory behind an offset is in the region as the smallest block has. */
    static boolean mayBegin(Region region, long block) {
        return block % GRAIN == 0 && region.contains(block, SizeClasses.SMALLEST);
    }

    /** Whether the first word of a block is that of a kind, with a class that is one and fits below an end. */
    static boolean isBlock(long block, long first, int kind, long end) {
        return kind(first) == kind && sizeClass(first) < SizeClasses.COUNT
                && SizeClasses.bytes(sizeClass(first)) <= end - block;
    }

    /** Whether the two words are those of an entry that fits into its block. */
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
            default -> "UNBORN";
        } + " class=" + sizeClass(first) + " sequence=" + sequence(first);
    }
}
