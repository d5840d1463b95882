package io.quire.memory.table;

/**
 * One invalidation as {@link TranslationVersion} remembers it. All methods are pure.
 * <pre>
 *  63                        38 37    35 34                              0
 * +----------------------------+--------+---------------------------------+
 * |   VERSION (its low bits)   |  KIND  |         address / 4096          |
 * +----------------------------+--------+---------------------------------+
 *              26                  3                    35                  bits
 * </pre>
 * The word has its own version in it, so that a thread that looks for an invalidation sees if the word is of that one:
 * it may not be stored yet, or another one may have its place already. KIND is 0 for a page and 1 for all pages of a
 * leaf; any other kind is for no address.
 */
final class InvalidationWord {

    private static final int PAGE_BITS = 35;
    private static final int KIND_BITS = 3;
    private static final int VERSION_SHIFT = PAGE_BITS + KIND_BITS;

    private static final long PAGE_MASK = (1L << PAGE_BITS) - 1;
    private static final long KIND_MASK = (1L << KIND_BITS) - 1;

    private static final long PAGE = 0;
    private static final long LEAF = 1;

    private InvalidationWord() {
    }

    /**
     * The word of an invalidation.
     *
     * @param what as in {@link TranslationVersion#invalidate}
     */
    static long of(long version, long what) {
        long kind = what < 0 ? LEAF - what : (what & TranslationVersion.WHOLE_LEAF) != 0 ? LEAF : PAGE;
        long page = what < 0 ? 0 : what >>> Geometry.PAGE_SHIFT & PAGE_MASK;
        return version << VERSION_SHIFT | kind << PAGE_BITS | page;
    }

    /** True if a word is that of the invalidation which made a version. */
    static boolean isOf(long word, long version) {
        return word >>> VERSION_SHIFT == version << VERSION_SHIFT >>> VERSION_SHIFT;
    }

    /** What was invalidated, as in {@link TranslationVersion#invalidate}. */
    static long what(long word) {
        long kind = word >>> PAGE_BITS & KIND_MASK;
        long address = (word & PAGE_MASK) << Geometry.PAGE_SHIFT;
        return kind == PAGE ? address : kind == LEAF ? address | TranslationVersion.WHOLE_LEAF : LEAF - kind;
    }
}
