package io.quire.memory.table;

import org.jspecify.annotations.Nullable;

/**
 * The copy of a shared leaf, for a first write. It is made without the lock: a reference of this thread keeps the leaf
 * and its frames as they are. If anything has changed in the meantime, the copy is dropped, and the caller looks again.
 * <p>
 * Serves one thread once.
 */
final class LeafCopy {

    private final PageTable table;
    private final long address;

    /** The root by which the leaf was found. */
    private final Root root;
    private final long[] shared;
    private final long[] copy = Leaf.create();

    /** What this thread has to give back at the end; all of it, whenever an Error comes. */
    private final Retired held = new Retired();

    private LeafCopy(PageTable table, long address, long[] shared) {
        this.table = table;
        this.address = address;
        this.root = table.root();
        this.shared = shared;
        held.reserve(2, 0);
    }

    /** Makes the leaf of an address the space's own; if it is shared, by a copy. */
    static void own(PageTable table, long address) {
        LeafCopy one = ownOrHold(table, address);
        if (one != null) {
            one.run();
        }
    }

    /** Makes the leaf the space's own if that takes no copy, and returns null; otherwise takes a reference to it. */
    private static @Nullable LeafCopy ownOrHold(PageTable table, long address) {
        table.lock();
        try {
            table.permissions().checkWritable(address);
            LeafDirectory directory = table.ownDirectory(address);
            int index = Geometry.leafIndex(address);
            long[] leaf = directory.leaf(index);
            if (leaf == null || directory.writableLeaf(index) != null || Leaf.references(leaf) == 1) {
                // STEP(own a leaf 1)
                table.tree().ownLeaf(directory, address, table.root().mappings());
                return null;
            }
            LeafCopy one = new LeafCopy(table, address, leaf); // first: from here on nothing is allocated
            // STEP(own a leaf 2)
            Leaf.acquire(leaf);
            one.held.add(leaf);
            table.copies().begin();
            return one;
        } finally {
            table.invalidateAndRelease(TranslationVersion.NODES);
            table.unlock();
        }
    }

    private void run() {
        try {
            putIn(fill());
        } finally {
            giveBack();
        }
    }

    /** Returns the place of the copy among what this thread has to give back. */
    private int fill() {
        try {
            // STEP(own a leaf 3)
            int at = held.add(copy);
            Leaf.fill(copy, shared, table.tables().pools());
            return at;
        } finally {
            table.copies().end();
        }
    }

    @SuppressWarnings("ReferenceEquality") // the very same root and leaf
    private void putIn(int at) {
        table.lock();
        try {
            // STEP(own a leaf 4)
            LeafDirectory directory = table.rootOrNull() == root ? root.directory(address) : null;
            int index = Geometry.leafIndex(address);
            if (directory != null && directory.leaf(index) == shared && directory.writableLeaf(index) == null) {
                directory.replace(index, shared, copy, held.nodes, at);
                table.translations().invalidate(TranslationVersion.NODES);
            }
        } finally {
            table.unlock();
        }
    }

    private void giveBack() {
        Reclaimer reclaimer = table.tables().reclaimer();
        try {
            // STEP(own a leaf 5)
            held.release(reclaimer, table.tables().pools());
        } catch (OutOfMemoryError | StackOverflowError later) {
            reclaimer.leave(held);
        }
    }
}
