package io.quire.memory.lineage;

import io.quire.memory.frame.FramePool;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.LeafPages;
import java.util.ArrayList;
import java.util.List;

/**
 * The reverse map (rmap) of the addresses of one leaf: the leaves that the open spaces of a lineage have there, and the
 * spaces that have one. It is found by walking every space while the locks of all are held. Several spaces may share
 * one leaf.
 */
public final class ReverseMap {

    private final List<long[]> leaves;
    private final List<SpaceState> spaces;

    private ReverseMap(int mostSpaces) {
        leaves = new ArrayList<>(mostSpaces);
        spaces = new ArrayList<>(mostSpaces);
    }

    public static ReverseMap find(List<SpaceState> locked, long leafStart) {
        ReverseMap map = withRoomFor(locked.size());
        map.refill(locked, leafStart);
        return map;
    }

    /** Creates an empty map, for {@link #refill} when there may be no memory. */
    public static ReverseMap withRoomFor(int mostSpaces) {
        return new ReverseMap(mostSpaces);
    }

    /** Finds the leaves anew. Allocates nothing if there is room for these spaces. */
    public void refill(List<SpaceState> locked, long leafStart) {
        leaves.clear();
        spaces.clear();
        for (int i = 0; i < locked.size(); i++) {
            SpaceState space = locked.get(i);
            LeafDirectory directory = space.table().root().directory(leafStart);
            long[] leaf = directory == null ? null : directory.leaf(Geometry.leafIndex(leafStart));
            if (leaf != null) {
                spaces.add(space);
                addLeaf(leaf);
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // the very same leaf, not an equal one
    private void addLeaf(long[] leaf) {
        for (int i = 0; i < leaves.size(); i++) {
            if (leaves.get(i) == leaf) {
                return;
            }
        }
        leaves.add(leaf);
    }

    /** The spaces that have a leaf here. */
    public List<SpaceState> spaces() {
        return spaces;
    }

    /**
     * Counts what the leaves say about some pages, with one look at each entry.
     *
     * @param frames for each page, the frame that it is expected in
     */
    public MapCount look(long pages, long[] frames) {
        MapCount seen = new MapCount();
        for (long[] leaf : leaves) {
            seen.add(leaf, pages, frames);
        }
        return seen;
    }

    /** Computes what an entry becomes. */
    @FunctionalInterface
    public interface Step {
        long next(int page, long entry);
    }

    /** Changes, in every leaf, the entries that map some pages to their frames. */
    public void change(long pages, long[] frames, Step step) {
        for (int i = 0; i < leaves.size(); i++) { // no iterator: there may be no memory when marks are taken back
            long[] leaf = leaves.get(i);
            for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
                int page = LeafPages.first(rest);
                long entry = Leaf.entry(leaf, page);
                // A first write may take an unmarked entry away, unless the table is frozen.
                while (MapCount.maps(entry, frames[page])
                        && !Leaf.compareAndSet(leaf, page, entry, step.next(page, entry))) {
                    entry = Leaf.entry(leaf, page);
                }
            }
        }
    }

    /** Forgets that some pages were used. */
    public void clearAccessed(long pages) {
        for (long[] leaf : leaves) {
            Leaf.clearAccessed(leaf, pages);
        }
    }

    /**
     * True if a page was used in a space of the lineage since the last call for it. If it was, all accessors forget it,
     * so that its next use is noticed.
     */
    public static boolean testAndClearAccessed(Lineage lineage, long address) {
        List<SpaceState> locked = lineage.lock();
        try {
            ReverseMap map = find(locked, address & -Geometry.LEAF_BYTES);
            boolean accessed = map.testAndClearAccessed(Geometry.pageIndex(address));
            if (accessed) {
                map.spaces.forEach(space -> space.table().translations().invalidate(address));
            }
            return accessed;
        } finally {
            Lineage.unlock(locked);
        }
    }

    private boolean testAndClearAccessed(int page) {
        boolean accessed = false;
        for (long[] leaf : leaves) {
            accessed |= Leaf.testAndClearAccessed(leaf, page);
        }
        return accessed;
    }

    /** A frame that holds a page in some space of the lineage; {@link FramePool#NONE} if none does. */
    public static long anyFrame(Lineage lineage, long address) {
        List<SpaceState> locked = lineage.lock();
        try {
            for (long[] leaf : find(locked, address & -Geometry.LEAF_BYTES).leaves) {
                long entry = Leaf.entry(leaf, Geometry.pageIndex(address));
                if (Entry.isPresent(entry)) {
                    return Entry.offset(entry);
                }
            }
            return FramePool.NONE;
        } finally {
            Lineage.unlock(locked);
        }
    }
}
