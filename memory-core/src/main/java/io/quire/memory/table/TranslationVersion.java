package io.quire.memory.table;

/**
 * Counts the invalidations of one space, like {@code tlb_gen} in Linux, and remembers the last few, so that an accessor
 * that comes late forgets only those. Any thread; wait-free.
 */
@SuppressWarnings("UnusedVariable") // see Apart
public final class TranslationVersion extends TranslationWords {

    /** Nodes of the table were replaced, or the table was frozen; every page is where it was. */
    public static final long NODES = -1;
    /** No translation from before allows writes any more. */
    public static final long WRITES = -2;
    /** Any page may be gone, or in another frame. */
    public static final long ALL = -3;

    /** In the low bits of an address: all pages of its leaf, not only its own. */
    static final long WHOLE_LEAF = 1;

    private long after01;
    private long after02;
    private long after03;
    private long after04;
    private long after05;
    private long after06;
    private long after07;
    private long after08;
    private long after09;
    private long after10;
    private long after11;
    private long after12;
    private long after13;
    private long after14;
    private long after15;
    private long after16;

    public TranslationVersion() {
    }

    /** The number of invalidations so far. */
    public long version() {
        // ORDER(translation-invalidated) acquire: tables looked at after this are at least as new as the version.
        return version;
    }

    /** True if nothing was invalidated since the version was read. The caller has fenced its loads. */
    public boolean isStill(long seen) {
        return version == seen;
    }

    /**
     * Invalidates translations: whoever looks at the version from here on notices.
     *
     * @param what {@link #NODES}, {@link #WRITES}, {@link #ALL}, the address of a page that has another frame now, or
     *        {@link #leafOf} an address
     * @return the new version
     */
    public long invalidate(long what) {
        // ORDER(translation-invalidated) release: the table was changed before this exchange, and a frame gets another
        // use only after it. So a reader that loaded foreign data sees the new version afterwards.
        long next = (long) VERSION.getAndAdd(this, 1L) + 1;
        remember(next, InvalidationWord.of(next, what));
        return next;
    }

    /** Makes a cache that was valid at version {@code from} forget what was invalidated up to version {@code to}. */
    public void apply(TranslationCache cache, long from, long to) {
        if (to - from > REMEMBERED) {
            cache.forgetAll();
            return;
        }
        for (long step = from + 1; step <= to; step++) {
            long word = remembered(step);
            if (!InvalidationWord.isOf(word, step)) { // not stored yet, or replaced by now
                cache.forgetAll();
                return;
            }
            forget(cache, InvalidationWord.what(word));
        }
    }

    /** Means all pages of the leaf that an address lies in. */
    public static long leafOf(long address) {
        return (address & -Geometry.LEAF_BYTES) | WHOLE_LEAF;
    }

    private static void forget(TranslationCache cache, long what) {
        if (what >= 0 && (what & WHOLE_LEAF) != 0) {
            cache.forgetLeaf(what);
        } else if (what >= 0) {
            cache.forget(what);
        } else if (what == WRITES) {
            cache.forgetWrites();
        } else if (what == ALL) {
            cache.forgetAll();
        }
    }

    @Override
    public String toString() {
        return "TranslationVersion[version=" + version() + "]";
    }
}
