package io.quire.memory.structure;

/**
 * The numbers of entries and of tombstones in the table. All methods are pure.
 * <pre>
 *  63                             32 31                              0
 * +---------------------------------+---------------------------------+
 * |            TOMBSTONES           |             ENTRIES             |
 * +---------------------------------+---------------------------------+
 *                 32                                32            bits
 * </pre>
 */
final class CountsWord {

    private static final int ENTRIES_BITS = 32;
    private static final long ENTRIES_MASK = (1L << ENTRIES_BITS) - 1;

    private CountsWord() {
    }

    static long of(long entries, long tombstones) {
        return tombstones << ENTRIES_BITS | entries;
    }

    static long entries(long word) {
        return word & ENTRIES_MASK;
    }

    static long tombstones(long word) {
        return word >>> ENTRIES_BITS;
    }

    /** The number of slots at which a search does not stop. */
    static long used(long word) {
        return entries(word) + tombstones(word);
    }
}
