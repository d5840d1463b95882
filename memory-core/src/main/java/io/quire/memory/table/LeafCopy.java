package io.quire.memory.table;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes the leaf of a page the space's own for a first write. If the leaf is shared, it is copied without the lock: a
 * reference of this thread keeps the leaf and its frames as they are. If anything has changed in the meantime, the copy
 * is dropped, and the caller looks again.
 * <p>
 * Serves one thread once.
 */
final class LeafCopy {

    private final PageTable table;
    private final long address;
    private final int index;
    /** What this thread has to give back at the end; all of it, whenever an Error comes. */
    private final Retired held = new Retired();

    /** The root by which the leaf was found. */
    private @Nullable Root root;

    private long @Nullable [] copy;

    LeafCopy(PageTable table, long address) {
        this.table = table;
        this.address = address;
        this.index = Geometry.leafIndex(address);
        held.reserve(2, 0);
    }

    void run() {
        long[] shared = ownOrHold();
        if (shared == null) {
            return;
        }
        try {
            int at = fill(shared);
            putIn(shared, at);
        } finally {
            giveBack();
        }
    }

    /** Makes the leaf the space's own if that takes no copy; otherwise takes a reference to it and returns it. */
    private long @Nullable [] ownOrHold() {
        table.lock();
        try {
            table.permissions().checkWritable(address);
            LeafDirectory directory = table.ownDirectory(address);
            long[] leaf = directory.leaf(index);
            root = table.root();
            if (leaf == null || directory.writableLeaf(index) != null || Leaf.references(leaf) == 1) {
                // STEP(own a leaf 1)
                table.tree().ownLeaf(directory, address, root.mappings());
                return null;
            }
            copy = Leaf.create();
            // STEP(own a leaf 2)
            Leaf.acquire(leaf);
            held.add(leaf);
            table.copies().begin();
            return leaf;
        } finally {
            table.invalidateAndRelease(TranslationVersion.NODES);
            table.unlock();
        }
    }

    /** Returns the place of the copy among what this thread has to give back. */
    private int fill(long[] shared) {
        try {
            // STEP(own a leaf 3)
            long[] mine = Objects.requireNonNull(copy);
            int at = held.add(mine);
            Leaf.fill(mine, shared, table.tables().pools());
            return at;
        } finally {
            table.copies().end();
        }
    }

    @SuppressWarnings("ReferenceEquality") // the very same root and leaf
    private void putIn(long[] shared, int at) {
        table.lock();
        try {
            // STEP(own a leaf 4)
            Root current = table.rootOrNull();
            if (current == null || current != root) {
                return;
            }
            LeafDirectory directory = Objects.requireNonNull(current.directory(address));
            if (directory.leaf(index) == shared && directory.writableLeaf(index) == null) {
                directory.replace(index, shared, Objects.requireNonNull(copy), held.nodes, at);
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
