package io.quire.memory.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What was taken away from the readers and writers of one space: a version that counts the translations, and what the
 * last few were, so that an accessor that comes late forgets only that. (As processors do that share an address space
 * under Linux: {@code tlb_gen}.)
 * <p>
 * TranslationVersion are made under the lock of the space; everything else is for any thread and wait-free.
 */
public final class TranslationVersion {

    /** Nodes of the table were replaced; every page is where it was. */
    public static final long NODES = -1;
    /** No page may be written as before. */
    public static final long WRITES = -2;
    /** Any page may be gone. */
    public static final long ALL = -3;

    /** In the low bits of an address: all pages of its leaf, not only its own. */
    private static final long WHOLE_LEAF = 1;

    /** A power of two. */
    private static final int REMEMBERED = 16;

    private static final VarHandle LAST = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] last = new long[REMEMBERED];
    private volatile long version;

    public TranslationVersion() {
    }

    /** How many there were. */
    public long version() {
        // ORDER(translation-invalidated) acquire: tables looked at after this are at least as new as the version.
        return version;
    }

    /** Whether there was none since the version was read. The caller has fenced its loads. */
    public boolean isStill(long seen) {
        return version == seen;
    }

    /**
     * Invalidates: from here on, whoever looks at the version again learns of it.
     *
     * @param what {@link #NODES}, {@link #WRITES}, {@link #ALL}, an address whose page has another frame now, or
     *        {@link #leafOf} one
     */
    public void invalidate(long what) {
        long next = version + 1;
        // ORDER(invalidation-remembered) release: the version before this one first, then the word that it used.
        VarHandle.releaseFence();
        LAST.setOpaque(last, index(next), what);
        // ORDER(translation-invalidated) release: the table was changed before; only then may a frame be used again,
        // so a reader that was overtaken sees the new version after it has loaded foreign data.
        version = next;
    }

    /** Has a cache that was good at one version forget what was invalidated up to another one. */
    public void apply(TranslationCache cache, long from, long to) {
        for (long step = Math.max(from, to - REMEMBERED) + 1; step <= to; step++) {
            forget(cache, (long) LAST.getOpaque(last, index(step)));
        }
        // ORDER(invalidation-remembered) acquire: if a word was of a later version than its step, this sees how late.
        VarHandle.loadLoadFence();
        if (version() - from >= REMEMBERED) {
            cache.forgetAll();
        }
    }

    /** All pages of the leaf that an address lies in. */
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
