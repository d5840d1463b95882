package io.quire.memory.table;

import io.quire.memory.frame.FramePools;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The leaves of the tree: the entries of 64 pages, how many directories list the leaf, and a bit for each page that was
 * translated lately. A leaf <em>is</em> an array, because every object between a directory and an entry costs each read
 * a cache line; this class is the only one that knows what lies where.
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

    /** A leaf of absent pages with one reference. */
    public static long[] create() {
        long[] leaf = new long[LENGTH];
        leaf[REFERENCES] = 1;
        return leaf;
    }

    /**
     * Makes a new leaf a copy: its frames get one reference more each, and may not be written through it. After an
     * Error it has a part of the pages, with the references of just these.
     */
    public static void fill(long[] copy, long[] original, FramePools pools) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long entry = entry(original, page);
            if (Entry.isPresent(entry)) {
                long shared = Entry.readOnly(entry);
                pools.acquire(Entry.offset(entry));
                copy[page] = shared; // a store: with the reference, whatever happens
            }
        }
    }

    /** An entry, and with it the content of its frame. */
    public static long entry(long[] leaf, int page) {
        // ORDER(page-filled) acquire: the bytes of the frame were there before the entry was.
        return (long) ELEMENTS.getAcquire(leaf, page);
    }

    /** Changes an entry. Only the owner of the leaf does, under the lock of its space. */
    public static void set(long[] leaf, int page, long entry) {
        // ORDER(page-filled) release: zeros or copied bytes first, then the entry that leads readers to them.
        ELEMENTS.setRelease(leaf, page, entry);
    }

    /** How many directories list the leaf. If this returns 1 to the owner of that directory, no other can raise it. */
    public static long references(long[] leaf) {
        // ORDER(node-shared) acquire: the last owner may change what the others have finished copying.
        return (long) ELEMENTS.getAcquire(leaf, REFERENCES);
    }

    static void acquire(long[] leaf) {
        ELEMENTS.getAndAddAcquire(leaf, REFERENCES, 1L);
    }

    /**
     * One directory less, if there are others.
     *
     * @return false if there are none: then the count stays 1, and the caller alone has the leaf
     */
    public static boolean releaseShared(long[] leaf) {
        long seen = references(leaf);
        while (seen != 1) {
            // ORDER(node-shared) release: this space is done with the node, for whoever finds itself the last owner.
            if (ELEMENTS.weakCompareAndSet(leaf, REFERENCES, seen, seen - 1)) {
                return true;
            }
            seen = references(leaf);
        }
        return false;
    }

    /**
     * Remembers that a page was translated. RACY(page-accessed): a bit can be lost or come back when two threads do
     * this at once; then a page is evicted, or stays, one turn too early. The next translation repairs it.
     */
    public static void setAccessed(long[] leaf, int page) {
        long bits = (long) ELEMENTS.getOpaque(leaf, ACCESSED);
        if ((bits & 1L << page) == 0) {
            ELEMENTS.setOpaque(leaf, ACCESSED, bits | 1L << page);
        }
    }

    /** Forgets that pages were translated: those whose bits are set. RACY(page-accessed): see {@link #setAccessed}. */
    public static void clearAccessed(long[] leaf, long pages) {
        long bits = (long) ELEMENTS.getOpaque(leaf, ACCESSED);
        if ((bits & pages) != 0) {
            ELEMENTS.setOpaque(leaf, ACCESSED, bits & ~pages);
        }
    }

    /** Whether a page was translated since this was asked last. RACY(page-accessed): see {@link #setAccessed}. */
    public static boolean testAndClearAccessed(long[] leaf, int page) {
        long bits = (long) ELEMENTS.getOpaque(leaf, ACCESSED);
        if ((bits & 1L << page) == 0) {
            return false;
        }
        ELEMENTS.setOpaque(leaf, ACCESSED, bits & ~(1L << page));
        return true;
    }
}
