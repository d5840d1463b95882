package io.quire.memory.transfer;

import io.quire.memory.table.Directory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.UpperDirectory;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Finds the pages that two trees of one lineage have in different frames. Walks through both at once, and skips what
 * they share. Both are trees of snapshots that nobody else can reach, so nodes stay where they are and contents stay
 * what they are; only migrations change entries meanwhile.
 * <p>
 * <b>Nothing is missed.</b> A node that both trees list shows the same pages in both. A frame that both trees list at
 * one address has the same bytes for both. The two entries are read one after the other, and a migration could move one
 * page out of a frame and the other one into it between the two. Then the version of the first space has changed, and
 * the leaf is compared again.
 * <p>
 * Serves one thread once.
 */
final class TreeComparison {

    private final @Nullable PageTable before;
    private final PageTable after;
    private final long from;
    private final long to;
    private final PageRuns changes = new PageRuns();

    private long nodes;

    /**
     * What the last comparison of two leaves has found: a bit for each page that differs, and which of the two has it.
     */
    private long differs;
    private long wasThere;
    private long isThere;

    private TreeComparison(@Nullable PageTable before, PageTable after, long from, long to) {
        this.before = before;
        this.after = after;
        this.from = from;
        this.to = to;
    }

    /** Compares all pages of two snapshots. */
    static TreeComparison between(PageTable before, PageTable after) {
        return new TreeComparison(before, after, 0, Geometry.ADDRESS_LIMIT).run();
    }

    /** Finds the pages of a snapshot that lie between two addresses and have frames, whatever another one has there. */
    static TreeComparison written(PageTable after, long from, long to) {
        return new TreeComparison(null, after, from, to).run();
    }

    private TreeComparison run() {
        compare(before == null ? null : before.root().top(), after.root().top(), 0);
        return this;
    }

    PageRuns changes() {
        return changes;
    }

    /** How many pairs of nodes were looked into. */
    long nodes() {
        return nodes;
    }

    @SuppressWarnings("ReferenceEquality") // the very same node
    private void compare(@Nullable Directory was, @Nullable Directory is, long start) {
        if (was == is) {
            return;
        }
        nodes++;
        int shift = Math.max(shift(was), shift(is)); // one tree may be deeper: the other one is its first child
        for (int i = 0; i < Geometry.FAN_OUT; i++) {
            long childStart = start + ((long) i << shift);
            if (childStart >= to || childStart + (1L << shift) <= from) {
                continue;
            }
            if (shift == Geometry.LEAF_SHIFT) {
                compareLeaves(leaf(was, i), leaf(is, i), childStart);
            } else {
                compare(child(was, i, shift), child(is, i, shift), childStart);
            }
        }
    }

    private static int shift(@Nullable Directory node) {
        return node == null ? Geometry.LEAF_SHIFT : node.childShift();
    }

    /** The child of a node, or of the node that would be above it if its tree were deeper. */
    private static @Nullable Directory child(@Nullable Directory node, int index, int shift) {
        if (node instanceof UpperDirectory upper && upper.childShift() == shift) {
            return upper.child(index);
        }
        return index == 0 ? node : null;
    }

    private static long @Nullable [] leaf(@Nullable Directory node, int index) {
        return node == null ? null : ((LeafDirectory) node).leaf(index);
    }

    @SuppressWarnings("ReferenceEquality") // the very same leaf
    private void compareLeaves(long @Nullable [] was, long @Nullable [] is, long start) {
        if (was == is) {
            return;
        }
        nodes++;
        boolean isValid;
        do {
            long seenBefore = before == null ? 0 : before.translations().version();
            long seenAfter = after.translations().version();
            comparePages(was, is);
            // ORDER(translation-invalidated) fence: the entries were loaded before the versions are looked at again.
            VarHandle.loadLoadFence();
            isValid = after.translations().isStill(seenAfter)
                    && (before == null || before.translations().isStill(seenBefore));
        } while (!isValid);
        addRuns(start);
    }

    private void comparePages(long @Nullable [] was, long @Nullable [] is) {
        wasThere = 0;
        isThere = 0;
        differs = 0;
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long old = was == null ? Entry.ABSENT : Leaf.entry(was, page);
            long now = is == null ? Entry.ABSENT : Leaf.entry(is, page);
            if (!Entry.isSameFrame(old, now)) {
                wasThere |= Entry.isPresent(old) ? 1L << page : 0;
                isThere |= Entry.isPresent(now) ? 1L << page : 0;
                differs |= 1L << page;
            }
        }
    }

    private void addRuns(long start) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long address = start + ((long) page << Geometry.PAGE_SHIFT);
            if (((differs >>> page) & 1) != 0 && from <= address && address < to) {
                int flags =
                        (int) ((wasThere >>> page) & 1) * PageRuns.WAS + (int) ((isThere >>> page) & 1) * PageRuns.IS;
                changes.add(address, address + Geometry.PAGE_BYTES, flags);
            }
        }
    }
}
