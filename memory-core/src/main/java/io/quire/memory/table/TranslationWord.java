package io.quire.memory.table;

/**
 * One translation as an accessor keeps it. All methods are pure; {@link TranslationCache} keeps their results.
 * <pre>
 *  63            48 47                                      12 11           0
 * +----------------+------------------------------------------+--------------+
 * |      TAG       |         OFFSET of the frame / 4096       |    STAMP     |
 * +----------------+------------------------------------------+--------------+
 *         16                          36                             12       bits
 * </pre>
 * TAG is the part of the address above its page and its index in the cache, plus one. So tag 0 means no translation: no
 * address has it, not even an invalid one. STAMP is 0 for a page that may only be read, and the current stamp of the
 * cache for a page that may also be written: a new stamp forbids all writes at once.
 */
final class TranslationWord {

    private static final int STAMP_BITS = 12;
    private static final int TAG_SHIFT = 48;

    private static final long TAG_MAX = (1L << (Long.SIZE - TAG_SHIFT)) - 1;

    private static final long STAMP_MASK = (1L << STAMP_BITS) - 1;
    private static final long OFFSET_MASK = ((1L << TAG_SHIFT) - 1) & ~STAMP_MASK;

    static final long NONE = 0;
    static final long READ_ONLY = 0;
    static final long STAMP_MAX = STAMP_MASK;

    private TranslationWord() {
    }

    /** The tag of an address; never 0. */
    static long tag(long address, int tagShift) {
        return (address >>> tagShift) + 1;
    }

    /** True if a word has room for the tag. */
    static boolean fits(long tag) {
        return tag <= TAG_MAX;
    }

    static long of(long tag, long offset, long stamp) {
        return tag << TAG_SHIFT | offset | stamp;
    }

    static boolean hasTag(long word, long tag) {
        return word >>> TAG_SHIFT == tag;
    }

    /** Both in one branch: each branch in a loop of a user costs room that the compiler does not have for more. */
    static boolean hasTagAndStamp(long word, long tag, long stamp) {
        return (((word >>> TAG_SHIFT) ^ tag) | ((word & STAMP_MASK) ^ stamp)) == 0;
    }

    /** The offset at which the frame begins. */
    static long offset(long word) {
        return word & OFFSET_MASK;
    }
}
