package io.quire.memory.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts the invalidations of one space, like {@code tlb_gen} in Linux, and remembers the last few, so that an accessor
 * that comes late forgets only those. Any thread; wait-free.
 */
public final class TranslationVersion {

    /** Nodes of the table were replaced, or the table was frozen; every page is where it was. */
    public static final long NODES = -1;
    /** No translation from before allows writes any more. */
    public static final long WRITES = -2;
    /** Any page may be gone, or in another frame. */
    public static final long ALL = -3;

    /** In the low bits of an address: all pages of its leaf, not only its own. */
    static final long WHOLE_LEAF = 1;

    /** The number of invalidations that are remembered, a power of two. */
    private static final int REMEMBERED = 16;

    private static final VarHandle VERSION;
    private static final VarHandle LAST = MethodHandles.arrayElementVarHandle(long[].class);

    static {
        try {
            VERSION = MethodHandles.lookup().findVarHandle(TranslationVersion.class, "version", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final long[] last = new long[REMEMBERED];
    private volatile long version;

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
        LAST.setOpaque(last, index(next), InvalidationWord.of(next, what));
        return next;
    }

    /** Makes a cache that was valid at version {@code from} forget what was invalidated up to version {@code to}. */
    public void apply(TranslationCache cache, long from, long to) {
        if (to - from > REMEMBERED) {
            cache.forgetAll();
            return;
        }
        for (long step = from + 1; step <= to; step++) {
            long word = (long) LAST.getOpaque(last, index(step));
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

    private static int index(long version) {
        return (int) version & (REMEMBERED - 1);
    }

    @Override
    public String toString() {
        return "TranslationVersion[version=" + version() + "]";
    }
}
