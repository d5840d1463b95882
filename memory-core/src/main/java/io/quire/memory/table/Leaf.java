package io.quire.memory.table;

import io.quire.memory.frame.FramePools;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The leaves of the tree. A leaf has the entries of 64 pages, the number of directories that list it, and a bit for
 * each page that was translated lately. It <em>is</em> an array: an object between directory and entry would cost each
 * read one more cache line. Only this class knows what lies where.
 * <pre>
 *   index    0 .. 63              64             65
 *          +------------------+--------------+------------+
 *          | entries of pages |  references  |  accessed  |
 *          +------------------+--------------+------------+
 * </pre>
 */
public final class Leaf {

    private static final int REFERENCES = Geometry.FAN_OUT;
    private static final int ACCESSED = REFERENCES + 1;
    private static final int LENGTH = ACCESSED + 1;

    private static final VarHandle ELEMENTS = MethodHandles.arrayElementVarHandle(long[].class);

    private Leaf() {
    }

    /** Creates a leaf of absent pages, with one reference. */
    public static long[] create() {
        long[] leaf = new long[LENGTH];
        leaf[REFERENCES] = 1;
        return leaf;
    }

    /**
     * Makes a new leaf a copy of another one: adds one reference to each frame, and allows no writes. If an Error
     * interrupts it, the copy has some of the pages, and a reference to exactly their frames.
     */
    public static void fill(long[] copy, long[] original, FramePools pools) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long entry = entry(original, page);
            if (Entry.isPresent(entry)) {
                long shared = Entry.readOnly(entry);
                pools.acquire(Entry.offset(entry));
                copy[page] = shared; // a store: no Error can come between it and the reference
            }
        }
    }

    /** Returns an entry. Whoever finds a frame in it also sees the content of the frame. */
    public static long entry(long[] leaf, int page) {
        // ORDER(page-filled) acquire: the bytes of the frame were stored before the entry.
        return (long) ELEMENTS.getAcquire(leaf, page);
    }

    /**
     * Changes an entry that nobody else changes now: the caller has the leaf alone, because its space is frozen or does
     * not list it for writers yet, or because nobody lists it any more.
     */
    public static void set(long[] leaf, int page, long entry) {
        // ORDER(page-filled) release: zeros or copied bytes first, then the entry that leads readers to them.
        ELEMENTS.setRelease(leaf, page, entry);
    }

    /**
     * Changes an entry if it is still as it was.
     *
     * @return false if another thread has changed it
     */
    public static boolean compareAndSet(long[] leaf, int page, long seen, long entry) {
        // ORDER(page-filled) release: as in set.
        return ELEMENTS.compareAndSet(leaf, page, seen, entry);
    }

    /**
     * The number of directories that list the leaf. If this returns 1 to the owner of that directory, no other thread
     * can raise it.
     */
    public static long references(long[] leaf) {
        // ORDER(node-shared) acquire: the last owner may change what the others have finished copying.
        return (long) ELEMENTS.getAcquire(leaf, REFERENCES);
    }

    static void acquire(long[] leaf) {
        ELEMENTS.getAndAddAcquire(leaf, REFERENCES, 1L);
    }

    /**
     * Removes one directory if there are others.
     *
     * @return false if there are no others: the count stays 1, and the leaf is the caller's alone
     */
    public static boolean releaseShared(long[] leaf) {
        long seen = references(leaf);
        while (seen != 1) {
            // ORDER(node-shared) release: this space has finished before another one finds itself the last owner.
            if (ELEMENTS.weakCompareAndSet(leaf, REFERENCES, seen, seen - 1)) {
                return true;
            }
            seen = references(leaf);
        }
        return false;
    }

    /**
     * Notes that a page was translated. RACY(page-accessed): if two threads do this at once, a bit can be lost or come
     * back, and the page is evicted one round too early or too late. The next translation repairs it.
     */
    public static void setAccessed(long[] leaf, int page) {
        long bits = (long) ELEMENTS.getOpaque(leaf, ACCESSED);
        if ((bits & 1L << page) == 0) {
            ELEMENTS.setOpaque(leaf, ACCESSED, bits | 1L << page);
        }
    }

    /** Forgets that some pages were translated. RACY(page-accessed): see {@link #setAccessed}. */
    public static void clearAccessed(long[] leaf, long pages) {
        long bits = (long) ELEMENTS.getOpaque(leaf, ACCESSED);
        if ((bits & pages) != 0) {
            ELEMENTS.setOpaque(leaf, ACCESSED, bits & ~pages);
        }
    }

    /** True if a page was translated since the last call for it. RACY(page-accessed): see {@link #setAccessed}. */
    public static boolean testAndClearAccessed(long[] leaf, int page) {
        long bits = (long) ELEMENTS.getOpaque(leaf, ACCESSED);
        if ((bits & 1L << page) == 0) {
            return false;
        }
        ELEMENTS.setOpaque(leaf, ACCESSED, bits & ~(1L << page));
        return true;
    }
}
