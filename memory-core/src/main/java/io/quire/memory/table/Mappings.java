package io.quire.memory.table;

import io.quire.memory.contract.Protection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which addresses of a space exist and what may be done there: disjoint ranges of whole pages in ascending order.
 * Immutable, so that forks share it and readers need no lock; a change copies it.
 */
public final class Mappings {

    /** No address exists. */
    public static final Mappings NONE = new Mappings(List.of());

    /** The first leaf of a space is never mapped: small numbers are no addresses. */
    public static final long LOWEST = Geometry.LEAF_BYTES;

    private final Range[] ranges;

    private Mappings(List<Range> ranges) {
        this.ranges = ranges.toArray(Range[]::new);
    }

    /** A mapping, or the part of one that was protected alike. */
    public record Range(long start, long end, Protection protection) {

        public long sizeBytes() {
            return end - start;
        }

        boolean overlaps(long from, long to) {
            return Math.max(start, from) < Math.min(end, to);
        }

        Range part(long from, long to) {
            return new Range(Math.max(start, from), Math.min(end, to), protection);
        }

        @Override
        public String toString() {
            return "[0x" + Long.toHexString(start) + ", 0x" + Long.toHexString(end) + ") " + protection;
        }
    }

    /** The range an address lies in, or null. */
    public @Nullable Range find(long address) {
        int index = indexOf(address);
        return index >= 0 ? ranges[index] : null;
    }

    /** The first address from {@code from} on that is not mapped; at least {@code to} if all below it are. */
    public long firstGap(long from, long to) {
        long mapped = from;
        for (int i = Math.max(indexOf(from), 0); i < ranges.length && mapped < to; i++) {
            if (ranges[i].start > mapped) {
                break;
            }
            mapped = Math.max(mapped, ranges[i].end);
        }
        return mapped;
    }

    /** The parts of mappings that lie between two addresses, ascending. */
    public List<Range> between(long from, long to) {
        return Arrays.stream(ranges).filter(range -> range.overlaps(from, to))
                .map(range -> range.part(from, to)).toList();
    }

    /**
     * Where a new mapping fits: behind all others, or else in the first gap; with a page of nothing on both sides, at
     * the start of a leaf.
     *
     * @return the address, or -1
     */
    public long place(long sizeBytes) {
        long behind = ranges.length == 0 ? LOWEST : leafAfter(ranges[ranges.length - 1].end);
        if (behind + sizeBytes <= Geometry.ADDRESS_LIMIT) {
            return behind;
        }
        long candidate = LOWEST;
        for (Range range : ranges) {
            if (candidate + sizeBytes < range.start) {
                return candidate;
            }
            candidate = leafAfter(range.end);
        }
        return -1;
    }

    /** The first range that a new one would overlap, or have no page of nothing between; null if there is none. */
    public @Nullable Range obstacle(long start, long end) {
        for (Range range : ranges) {
            if (range.overlaps(start - Geometry.PAGE_BYTES, end + Geometry.PAGE_BYTES)) {
                return range;
            }
        }
        return null;
    }

    /** With one more range, which overlaps none. */
    public Mappings plus(long start, long end, Protection protection) {
        return replaced(start, end, protection);
    }

    /** Without the addresses between two. */
    public Mappings minus(long start, long end) {
        return replaced(start, end, null);
    }

    /** With another protection between two addresses, all of which are mapped. */
    public Mappings protect(long start, long end, Protection protection) {
        return replaced(start, end, protection);
    }

    /** How many bytes are mapped. */
    public long sizeBytes() {
        return Arrays.stream(ranges).mapToLong(Range::sizeBytes).sum();
    }

    /** The range nearest to an address, in words. */
    public String nearest(long address) {
        long from = Math.max(address, 0);
        Range best = null;
        long bestDistance = Long.MAX_VALUE;
        for (Range range : ranges) {
            long distance = from < range.start ? range.start - from : from - range.end + 1;
            if (distance < bestDistance) {
                best = range;
                bestDistance = distance;
            }
        }
        return best == null ? "none" : best.toString();
    }

    private Mappings replaced(long start, long end, @Nullable Protection protection) {
        List<Range> result = new ArrayList<>(ranges.length + 2);
        int i = 0;
        for (; i < ranges.length && ranges[i].start < start; i++) {
            result.add(ranges[i].end > start ? ranges[i].part(ranges[i].start, start) : ranges[i]);
        }
        if (protection != null) {
            result.add(new Range(start, end, protection));
        }
        for (i = Math.max(i - 1, 0); i < ranges.length; i++) {
            if (ranges[i].end > end) {
                result.add(ranges[i].start < end ? ranges[i].part(end, ranges[i].end) : ranges[i]);
            }
        }
        return new Mappings(result);
    }

    /** The index of the range with the address, or less than 0. */
    private int indexOf(long address) {
        int low = 0;
        int high = ranges.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (address < ranges[middle].start) {
                high = middle - 1;
            } else if (address >= ranges[middle].end) {
                low = middle + 1;
            } else {
                return middle;
            }
        }
        return -1;
    }

    /** At least one page away, at the start of a leaf. */
    private static long leafAfter(long end) {
        return (end + Geometry.PAGE_BYTES + Geometry.LEAF_BYTES - 1) & -Geometry.LEAF_BYTES;
    }

    @Override
    public String toString() {
        return Arrays.toString(ranges);
    }
}
