package io.quire.memory.space;

import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * The leaves that map one stretch of addresses in the open spaces of a lineage, and the spaces that see each; found by
 * walking every space, while the locks of all are held. Several spaces may share one leaf.
 */
final class Mappers {

    private final List<long[]> leaves = new ArrayList<>();
    private final List<Space> spaces = new ArrayList<>();

    private Mappers() {
    }

    static Mappers find(List<Space> locked, long leafStart) {
        Mappers mappers = new Mappers();
        for (Space space : locked) {
            LeafDirectory directory = space.root().directory(leafStart);
            long[] leaf = directory == null ? null : directory.leaf(Geometry.leafIndex(leafStart));
            if (leaf != null) {
                mappers.spaces.add(space);
                mappers.addLeaf(leaf);
            }
        }
        return mappers;
    }

    @SuppressWarnings("ReferenceEquality") // the very same leaf, not an equal one
    private void addLeaf(long[] leaf) {
        for (long[] known : leaves) {
            if (known == leaf) {
                return;
            }
        }
        leaves.add(leaf);
    }

    /** The spaces that have a leaf here. */
    List<Space> spaces() {
        return spaces;
    }

    /** How many leaves map a page to a frame. */
    int count(int page, long frame) {
        int count = 0;
        for (long[] leaf : leaves) {
            count += maps(leaf, page, frame) ? 1 : 0;
        }
        return count;
    }

    /** Whether every leaf that maps a page to a frame has it marked as migrating, and there is one. */
    boolean isMarked(int page, long frame) {
        boolean any = false;
        for (long[] leaf : leaves) {
            if (maps(leaf, page, frame)) {
                any = true;
                if (!Entry.isMigrating(Leaf.entry(leaf, page))) {
                    return false;
                }
            }
        }
        return any;
    }

    /** Whether a leaf has the page exclusive to a device. */
    boolean isExclusive(int page, long frame) {
        for (long[] leaf : leaves) {
            if (maps(leaf, page, frame) && Entry.isExclusive(Leaf.entry(leaf, page))) {
                return true;
            }
        }
        return false;
    }

    /** Changes the entry of every leaf that maps a page to a frame. */
    void change(int page, long frame, LongUnaryOperator step) {
        for (long[] leaf : leaves) {
            if (maps(leaf, page, frame)) {
                Leaf.set(leaf, page, step.applyAsLong(Leaf.entry(leaf, page)));
            }
        }
    }

    /**
     * Whether a page was used in one of the spaces of a lineage since this was asked last. Accessors forget a page that
     * was, so that its next use is noticed.
     */
    static boolean testAndClearAccessed(Lineage lineage, long address) {
        List<Space> locked = lineage.lock();
        try {
            Mappers mappers = find(locked, address & -Geometry.LEAF_BYTES);
            boolean accessed = mappers.testAndClearAccessed(Geometry.pageIndex(address));
            if (accessed) {
                mappers.spaces.forEach(space -> space.withdrawals().withdraw(address));
            }
            return accessed;
        } finally {
            Lineage.unlock(locked);
        }
    }

    boolean testAndClearAccessed(int page) {
        boolean accessed = false;
        for (long[] leaf : leaves) {
            accessed |= Leaf.testAndClearAccessed(leaf, page);
        }
        return accessed;
    }

    /** A frame that a page of a lineage is in, whichever fork's; {@link Batch#NONE} if it is in none. */
    static long anyFrame(Lineage lineage, long address) {
        List<Space> locked = lineage.lock();
        try {
            for (long[] leaf : find(locked, address & -Geometry.LEAF_BYTES).leaves) {
                long entry = Leaf.entry(leaf, Geometry.pageIndex(address));
                if (Entry.isPresent(entry)) {
                    return Entry.offset(entry);
                }
            }
            return Batch.NONE;
        } finally {
            Lineage.unlock(locked);
        }
    }

    private static boolean maps(long[] leaf, int page, long frame) {
        long entry = Leaf.entry(leaf, page);
        return Entry.isPresent(entry) && Entry.offset(entry) == frame;
    }
}
