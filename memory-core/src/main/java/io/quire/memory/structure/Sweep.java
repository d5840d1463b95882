package io.quire.memory.structure;

/**
 * Goes over all blocks of a map, in steps, and merges free blocks that lie side by side. When it begins, it empties all
 * free lists. The blocks that were free then go back into the lists, merged, as the sweep passes them; free blocks at
 * the end go back to the top. A block that becomes free meanwhile goes into a list at once and waits for the next
 * sweep; its sequence shows that it is new.
 * <p>
 * Each step is a change of its own that leaves all entries as they are. So a fork between two steps has a whole map,
 * and goes on with the sweep. Used by the holder of the writer lock.
 */
final class Sweep {

    /** The most headers that one step reads; a run of free blocks may be longer. */
    private static final int STEP_BLOCKS = 64;

    /** The most merged runs whose pages one step gives back, so that nobody waits long for it. */
    private static final int MERGED_MAX = 8;

    private static final int PIECE_WRITES = 3;
    private static final int LAST_WRITES = 5; // the words of the header

    private final Overlay change;
    private final Region region;
    private final BlockAllocator blocks;
    private final FreeHints hints;

    /** The runs that this step merged: start, end, start, end, ... */
    private final long[] merged = new long[2 * MERGED_MAX];
    private int mergedWords;

    Sweep(Overlay change, BlockAllocator blocks, FreeHints hints) {
        this.change = change;
        this.region = change.region();
        this.blocks = blocks;
        this.hints = hints;
    }

    boolean isGoing() {
        return change.get(MapHeader.SWEEP_AT) != 0;
    }

    /** True if a sweep may help: one is going on, or something became free since the last one. */
    boolean mayPay() {
        return isGoing() || !hints.isSwept();
    }

    /** True if a sweep pays: one is going on, or a quarter of the memory of all blocks became free. */
    boolean isDue() {
        return isGoing() || hints.freedBytes() > (change.get(MapHeader.TOP_AT) - MapHeader.BYTES) / 4;
    }

    /** Prepares a step: the first one if no sweep is going on. */
    void step(long sequence) {
        mergedWords = 0;
        if (!isGoing()) {
            begin(sequence);
        }
        long top = change.get(MapHeader.TOP_AT);
        long since = change.get(MapHeader.SWEEP_SINCE_AT);
        long at = change.get(MapHeader.SWEEP_AT);
        long run = change.get(MapHeader.SWEEP_RUN_AT);
        if (!MapHeader.isTop(at, top) || (run != 0 && !MapHeader.isTop(run, at - SizeClasses.SMALLEST))) {
            throw MapHeader.damaged("the sweep is at an impossible place", region);
        }
        for (int i = 0; i < STEP_BLOCKS && at < top && hasRoom(); i++) {
            long first = header(at, top);
            boolean free = BlockHeader.kind(first) == BlockHeader.FREE && BlockHeader.sequence(first) <= since;
            if (!free && run != 0) {
                run = link(run, at, sequence);
            }
            if (run == 0) {
                run = free ? at : 0;
                at += SizeClasses.bytes(BlockHeader.sizeClass(first));
            } else if (free) {
                at += SizeClasses.bytes(BlockHeader.sizeClass(first));
            }
        }
        if (at == top) {
            end(run, top, sequence);
        } else {
            change.set(MapHeader.SWEEP_AT, at);
            change.set(MapHeader.SWEEP_RUN_AT, run);
        }
    }

    private void begin(long sequence) {
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            int list = MapHeader.freeListAt(sizeClass);
            if (change.get(list) != 0) {
                change.set(list, 0);
            }
        }
        change.set(MapHeader.SWEEP_SINCE_AT, sequence - 1);
        change.set(MapHeader.SWEEP_AT, MapHeader.BYTES);
        change.set(MapHeader.SWEEP_RUN_AT, 0);
        hints.sweepBegins();
    }

    private void end(long run, long top, long sequence) {
        if (run != 0) {
            change.set(MapHeader.TOP_AT, run);
            noteMerged(run, top, sequence);
        }
        change.set(MapHeader.SWEEP_AT, 0);
        change.set(MapHeader.SWEEP_RUN_AT, 0);
        hints.sweepEnds();
    }

    private boolean hasRoom() {
        return change.hasRoom(BlockAllocator.PIECES_MAX * PIECE_WRITES + LAST_WRITES)
                && mergedWords < merged.length - 2;
    }

    private long header(long block, long top) {
        long first = BlockHeader.mayBegin(region, block) ? change.get(block) : 0;
        if (BlockHeader.kind(first) == 0 || !BlockHeader.isBlock(block, first, BlockHeader.kind(first), top)) {
            throw MapHeader.damaged("there is no block at " + block, region);
        }
        return first;
    }

    /**
     * Puts a run of free blocks into the lists, or as much of it as one step may.
     *
     * @return where the rest begins, or 0 if there is none
     */
    private long link(long run, long end, long sequence) {
        long at = run;
        boolean one = SizeClasses.bytes(BlockHeader.sizeClass(change.get(run))) == end - run;
        for (int i = 0; i < BlockAllocator.PIECES_MAX && at < end; i++) {
            at = blocks.link(at, end, sequence);
        }
        if (!one) {
            noteMerged(run, at, sequence);
        }
        return at < end ? at : 0;
    }

    private void noteMerged(long from, long to, long sequence) {
        merged[mergedWords] = from;
        merged[mergedWords + 1] = to;
        mergedWords += 2;
        change.set(MapHeader.HEADERS_SINCE_AT, sequence);
    }

    /** Gives back the pages of what the step merged, after it was applied. */
    void discard() {
        for (int i = 0; i < mergedWords; i += 2) {
            long top = region.get(MapHeader.TOP_AT);
            long at = merged[i];
            while (at < merged[i + 1] && at < top) {
                blocks.discard(at);
                at += SizeClasses.bytes(BlockHeader.sizeClass(region.get(at)));
            }
            region.discard(at, merged[i + 1]);
        }
    }
}
