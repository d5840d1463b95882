package io.quire.memory;

import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.Root;
import java.util.Objects;

/** Finds where a range has pages and where it has none. */
final class Holes {

    private Holes() {
    }

    /**
     * Returns where a hole ends: the first address from {@code from} on that has a page, or the limit if there is none
     * before it. Lock-free. Takes a step for each leaf of the range; addresses without a leaf cost nothing.
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

    /** Returns where a hole begins: the first address from {@code from} on that has no page, or the limit. */
    static long begin(Root root, long from, long limit) {
        long address = from;
        while (address < limit && end(root, address, address + 1) == address) {
            address = Geometry.pageStart(address) + Geometry.PAGE_BYTES;
        }
        return Math.min(address, limit);
    }
}
