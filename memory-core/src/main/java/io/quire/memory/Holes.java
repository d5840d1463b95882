package io.quire.memory;

import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.Root;
import java.util.Objects;

/** Where a range has pages and where it has none. */
final class Holes {

    private Holes() {
    }

    /**
     * The end of a hole: the first address from {@code from} on that has a page, or the limit, unless that lies before.
     * Lock-free; takes as many steps as the range has leaves, and what has none costs nothing.
     */
    static long end(Root root, long from, long limit) {
        long address = from;
        while (address < limit) {
            address = Math.max(address, root.nextLeaf(address, limit));
            LeafDirectory directory = root.directory(address);
            long[] leaf = directory == null ? null : directory.leaf(Geometry.leafIndex(address));
            long leafEnd = (address & -Geometry.LEAF_BYTES) + Geometry.LEAF_BYTES;
            if (leaf == null) {
                address = leafEnd;
            }
            for (; address < leafEnd && address < limit; address = Geometry.pageStart(address) + Geometry.PAGE_BYTES) {
                if (Entry.isPresent(Leaf.entry(Objects.requireNonNull(leaf), Geometry.pageIndex(address)))) {
                    return address;
                }
            }
        }
        return Math.max(from, limit);
    }

    /** The end of what has pages, side by side: the first address from {@code from} on that has none, or the limit. */
    static long begin(Root root, long from, long limit) {
        long address = from;
        while (address < limit && end(root, address, address + 1) == address) {
            address = Geometry.pageStart(address) + Geometry.PAGE_BYTES;
        }
        return Math.min(address, limit);
    }
}
