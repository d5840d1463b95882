package io.quire.memory.transfer;

import io.quire.memory.Mapping;
import io.quire.memory.table.Geometry;
import java.util.List;

/**
 * The addresses that are mapped, whatever their protection: disjoint ranges in ascending order, no two of which touch.
 */
final class AddressRanges {

    private final long[] starts;
    private final long[] ends;
    private final int count;

    private AddressRanges(long[] starts, long[] ends, int count) {
        this.starts = starts;
        this.ends = ends;
        this.count = count;
    }

    /** All addresses that there can be. */
    static AddressRanges all() {
        return new AddressRanges(new long[1], new long[] {Geometry.ADDRESS_LIMIT}, 1);
    }

    /** Joins mappings that touch. */
    static AddressRanges of(List<Mapping> mappings) {
        long[] starts = new long[mappings.size()];
        long[] ends = new long[mappings.size()];
        int count = 0;
        for (Mapping mapping : mappings) {
            if (count == 0 || ends[count - 1] != mapping.address()) {
                starts[count++] = mapping.address();
            }
            ends[count - 1] = mapping.end();
        }
        return new AddressRanges(starts, ends, count);
    }

    int count() {
        return count;
    }

    long start(int range) {
        return starts[range];
    }

    long end(int range) {
        return ends[range];
    }

    /** True if one range has all addresses between two. */
    boolean contain(long from, long to) {
        int range = firstBehind(from);
        return range < count && starts[range] <= from && to <= ends[range];
    }

    /**
     * The first address behind another one at which a range begins or ends; the limit of all addresses if none does.
     */
    long nextEdge(long address) {
        int range = firstBehind(address);
        if (range == count) {
            return Geometry.ADDRESS_LIMIT;
        }
        return starts[range] > address ? starts[range] : ends[range];
    }

    /** The index of the first range that ends behind an address. */
    int firstBehind(long address) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ends[middle] > address) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    @Override
    public String toString() {
        return "AddressRanges[count=" + count + "]";
    }
}
