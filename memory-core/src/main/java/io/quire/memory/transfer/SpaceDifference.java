package io.quire.memory.transfer;

import io.quire.memory.AddressSpace;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.table.Geometry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The pages that may differ between two spaces of one lineage: between a space and its fork or snapshot, or between any
 * two that come from one space by forks of forks.
 * {@snippet file="io/quire/memory/snippets/TransferSnippetsTest.java" region="difference"}
 * <p>
 * <b>What it promises.</b> A page that differs is never missed. A page that is named may still be equal: one that was
 * written with the same bytes, that is pinned in either space, that a migration has given its first frame, or that one
 * is moving at this moment. A page that was moved while both shared it is not named. A change of the protection alone
 * is no change.
 * <p>
 * <b>What it costs.</b> Time and heap in proportion to what has changed, not to the size of the spaces: parts that both
 * still share are skipped as a whole. If the mappings of the two were changed, also time in proportion to their number.
 * <p>
 * <b>Moments.</b> Each space is compared as it was at one moment during the call, while writers, forks and migrations
 * go on. For that the call takes a snapshot of each and closes it at its end.
 * <p>
 * Immutable; any thread may use it. It stays valid when the spaces are closed.
 *
 * @see SpaceExport#since
 */
public final class SpaceDifference {

    private final List<ChangedRange> ranges;
    private final long sizeBytes;

    private SpaceDifference(List<ChangedRange> ranges) {
        this.ranges = List.copyOf(ranges);
        long sum = 0;
        for (ChangedRange range : ranges) {
            sum += range.sizeBytes();
        }
        this.sizeBytes = sum;
    }

    /**
     * Finds what may differ between two spaces. May wait, as a fork of each of the two may.
     *
     * @param base the space to compare with
     * @param current a space of the same lineage; may be the base
     * @return the pages that may differ
     * @throws IllegalArgumentException if the spaces are of two lineages
     * @throws io.quire.memory.contract.TooManySpacesException if the manager has no room for two more spaces
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of what it may write
     * @throws io.quire.memory.contract.ClosedException if a space is closed
     */
    public static SpaceDifference between(AddressSpace base, AddressSpace current) {
        Objects.requireNonNull(base, "base");
        Objects.requireNonNull(current, "current");
        StackRoom.require();
        try (SnapshotPair pair = SnapshotPair.of(base, current)) {
            PageRuns changes = pair.compare().changes();
            return new SpaceDifference(pair.shareMappings()
                    ? join(changes, AddressRanges.all(), AddressRanges.all())
                    : join(changes, SnapshotPair.mapped(pair.base()), SnapshotPair.mapped(pair.current())));
        }
    }

    /** Joins the pages in different frames with the addresses that only one of the two has. */
    private static List<ChangedRange> join(PageRuns changes, AddressRanges was, AddressRanges is) {
        List<ChangedRange> ranges = new ArrayList<>();
        int run = 0;
        long end;
        for (long start = 0; start < Geometry.ADDRESS_LIMIT; start = end) {
            while (run < changes.count() && changes.end(run) <= start) {
                run++;
            }
            boolean isInRun = run < changes.count() && changes.start(run) <= start;
            long edge = run == changes.count() ? Geometry.ADDRESS_LIMIT
                    : isInRun ? changes.end(run) : changes.start(run);
            end = Math.min(edge, Math.min(was.nextEdge(start), is.nextEdge(start)));
            PageContent before = content(isInRun && changes.was(run), was.contain(start, end));
            PageContent after = content(isInRun && changes.is(run), is.contain(start, end));
            if (isInRun || before != after) {
                ranges.add(new ChangedRange(start, end - start, before, after));
            }
        }
        return ranges;
    }

    private static PageContent content(boolean hasFrames, boolean isMapped) {
        return hasFrames ? PageContent.WRITTEN : isMapped ? PageContent.HOLE : PageContent.UNMAPPED;
    }

    /**
     * Lists the ranges that may differ.
     *
     * @return disjoint ranges of whole pages in ascending order; a list that does not change
     */
    public List<ChangedRange> ranges() {
        return ranges;
    }

    /**
     * Returns how many bytes of addresses may differ.
     *
     * @return the sum over {@link #ranges()}, a multiple of 4096
     */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Tells if the two spaces have the same content for certain.
     *
     * @return true if there is no range
     */
    public boolean isEmpty() {
        return ranges.isEmpty();
    }

    @Override
    public String toString() {
        return "SpaceDifference[ranges=" + ranges.size() + ", sizeBytes=" + sizeBytes + "]";
    }
}
