package io.quire.memory.space;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.driver.DriverWork;
import io.quire.memory.frame.FramePool;
import io.quire.memory.table.Geometry;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The pages of one leaf that one migration is to move: which frames, where to, and what became of each. */
final class Batch {

    /** No frame: not to be moved. */
    static final long NONE = FramePool.NONE;

    final Lineage lineage;
    final long leafStart;
    final FramePool target;

    /** Whether devices may be waited for, and exclusive access be ended. */
    final boolean mayBlock;
    final boolean dissolves;

    /** By page of the leaf: the frame the page is in, and the one it goes to. */
    final long[] sources = new long[Geometry.FAN_OUT];
    final long[] targets = new long[Geometry.FAN_OUT];
    final @Nullable PageOutcome[] outcomes = new PageOutcome[Geometry.FAN_OUT];

    /** The call of a driver that fills targets, and whose it is. */
    @Nullable DriverWork filling;
    @Nullable DriverLink filledBy;

    Batch(Lineage lineage, long address, FramePool target, boolean mayBlock, boolean dissolves) {
        this.lineage = lineage;
        this.leafStart = address & -Geometry.LEAF_BYTES;
        this.target = target;
        this.mayBlock = mayBlock;
        this.dissolves = dissolves;
        Arrays.fill(sources, NONE);
        Arrays.fill(targets, NONE);
    }

    long address(int page) {
        return leafStart + ((long) page << Geometry.PAGE_SHIFT);
    }

    boolean isEmpty() {
        return Arrays.stream(sources).allMatch(source -> source == NONE);
    }

    /** Whether a page between two addresses was in no frame. */
    boolean hasGap(long from, long to) {
        for (long page = from; page < to; page += Geometry.PAGE_BYTES) {
            if (sources[Geometry.pageIndex(page)] == NONE) {
                return true;
            }
        }
        return false;
    }

    /** Whether a page is on its way: marked, and not decided yet. */
    boolean isMoving(int page) {
        return targets[page] != NONE && outcomes[page] == null;
    }

    boolean isAnyMoving() {
        return firstMoving() < Geometry.FAN_OUT;
    }

    int firstMoving() {
        int page = 0;
        while (page < Geometry.FAN_OUT && !isMoving(page)) {
            page++;
        }
        return page;
    }

    int lastMoving() {
        int page = Geometry.FAN_OUT - 1;
        while (page >= 0 && !isMoving(page)) {
            page--;
        }
        return page;
    }
}
