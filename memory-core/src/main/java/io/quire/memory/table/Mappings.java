package io.quire.memory.table;

import io.quire.memory.contract.Protection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The mappings of a space: the addresses that exist, and what may be done there. They are disjoint ranges of whole
 * pages in ascending order. Immutable, so forks share them and readers need no lock; a change makes a copy.
 */
public final class Mappings {

    /** No address exists. */
    public static final Mappings NONE = new Mappings(List.of());

    /** The lowest address of a mapping. The first leaf is never mapped, so that a small number is no address. */
    public static final long LOWEST = Geometry.LEAF_BYTES;

    private final Range[] ranges;

    private Mappings(List<Range> ranges) {
        this.ranges = ranges.toArray(Range[]::new);
    }

    /** A mapping, or a part of one that has the same protection throughout. */
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

    /** The range that an address lies in; null if it is not mapped. */
    public @Nullable Range find(long address) {
        int index = indexOf(address);
        return index >= 0 ? ranges[index] : null;
    }

    /**
     * The first unmapped address from {@code from} on; at least {@code to} if everything before {@code to} is mapped.
     */
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
     * Finds a place for a new mapping: behind all others, or else in the first gap. The place begins at the start of a
     * leaf and is surrounded by unmapped guard pages.
     *
     * @return the address, or -1 if no gap is large enough
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

    /** The first range that a new one would overlap or touch, with no guard page in between; null if there is none. */
    public @Nullable Range obstacle(long start, long end) {
        for (Range range : ranges) {
            if (range.overlaps(start - Geometry.PAGE_BYTES, end + Geometry.PAGE_BYTES)) {
                return range;
            }
        }
        return null;
    }

    /** These mappings with one more range, which overlaps none of them. */
    public Mappings plus(long start, long end, Protection protection) {
        return replaced(start, end, protection);
    }

    /** These mappings without the addresses between two. */
    public Mappings minus(long start, long end) {
        return replaced(start, end, null);
    }

    /** These mappings with another protection between two addresses; all pages there are mapped. */
    public Mappings protect(long start, long end, Protection protection) {
        return replaced(start, end, protection);
    }

    /** The number of mapped bytes. */
    public long sizeBytes() {
        return Arrays.stream(ranges).mapToLong(Range::sizeBytes).sum();
    }

    /** The range nearest to an address, as text. */
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

    /** The index of the range with the address; negative if there is none. */
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

    /** The first start of a leaf that leaves a guard page behind a range. */
    private static long leafAfter(long end) {
        return (end + Geometry.PAGE_BYTES + Geometry.LEAF_BYTES - 1) & -Geometry.LEAF_BYTES;
    }

    @Override
    public String toString() {
        return Arrays.toString(ranges);
    }
}
