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
 * TAG is what is left of the address above its page and the index in the cache. STAMP is 0 for a page that may be read,
 * and the current stamp of the cache for one that may be written too: a new stamp forbids all writes at once.
 */
final class TranslationWord {

    private static final int STAMP_BITS = 12;
    private static final int TAG_SHIFT = 48;

    /** No page has this tag, so a word of ones is no translation. */
    private static final long NO_TAG = (1L << (Long.SIZE - TAG_SHIFT)) - 1;

    private static final long STAMP_MASK = (1L << STAMP_BITS) - 1;
    private static final long OFFSET_MASK = ((1L << TAG_SHIFT) - 1) & ~STAMP_MASK;

    static final long NONE = -1L;
    static final long READ_ONLY = 0;
    static final long STAMP_MAX = STAMP_MASK;

    private TranslationWord() {
    }

    static boolean isTag(long tag) {
        return tag >= 0 && tag < NO_TAG;
    }

    static long of(long tag, long offset, long stamp) {
        return tag << TAG_SHIFT | offset | stamp;
    }

    static boolean hasTag(long word, long tag) {
        return word >>> TAG_SHIFT == tag;
    }

    static long stamp(long word) {
        return word & STAMP_MASK;
    }

    /** Where the frame begins. */
    static long offset(long word) {
        return word & OFFSET_MASK;
    }
}
