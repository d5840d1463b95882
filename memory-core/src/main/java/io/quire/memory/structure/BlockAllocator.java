package io.quire.memory.structure;

/**
 * Divides the region into blocks. A block is taken from the free list of its size class, else split off a larger free
 * block, else taken from the top. {@link Sweep} merges free blocks.
 * <p>
 * All writes to words are a part of the change, so they happen together with it or not at all. Until the change
 * happens, the first two words of a free block stay as they are; data is written behind them. Used by the holder of the
 * writer lock.
 */
final class BlockAllocator {

    /** Returned in place of a block if there is no room. */
    static final long NONE = 0;

    /** A run of free memory up to the largest size is cut into at most this many blocks. */
    static final int PIECES_MAX = 16;

    private final Overlay change;
    private final Region region;
    private final FreeHints hints;

    BlockAllocator(Overlay change, FreeHints hints) {
        this.change = change;
        this.region = change.region();
        this.hints = hints;
    }

    /**
     * Takes a block.
     *
     * @param bytes the size of the block with its header
     * @param kind the kind that the block becomes
     * @param second the second word of its header
     * @param sequence the sequence of the change
     * @return the offset of the block, or {@link #NONE}
     */
    long allocate(long bytes, int kind, long second, long sequence) {
        if (bytes > SizeClasses.LARGEST) {
            return NONE;
        }
        int wanted = SizeClasses.of(bytes);
        for (int of = hints.first(wanted); of < SizeClasses.COUNT; of = hints.first(of + 1)) {
            long block = change.get(MapHeader.freeListAt(of));
            if (block != 0) {
                return born(block, kind, take(block, of, wanted, sequence), second, sequence);
            }
            if (region.get(MapHeader.freeListAt(of)) == 0) { // else this change emptied it, and may still fail
                hints.remove(of);
            }
        }
        long top = change.get(MapHeader.TOP_AT);
        if (SizeClasses.bytes(wanted) > region.sizeBytes() - top) {
            return NONE;
        }
        change.set(MapHeader.TOP_AT, top + SizeClasses.bytes(wanted));
        return born(top, kind, wanted, second, sequence);
    }

    /** True if a block of this size has to come from the top, because no free one is large enough. */
    boolean hasNoFree(long bytes) {
        return bytes <= SizeClasses.LARGEST && hints.first(SizeClasses.of(bytes)) == SizeClasses.COUNT;
    }

    private long born(long block, int kind, int sizeClass, long second, long sequence) {
        change.set(block, BlockHeader.of(kind, sizeClass, sequence));
        change.set(block + BlockHeader.SECOND, second);
        return block;
    }

    /**
     * Takes the first block of a list and frees the part that is not needed.
     *
     * @return the size class of the part that is taken
     */
    private int take(long block, int sizeClass, int wanted, long sequence) {
        long first = BlockHeader.mayBegin(region, block) ? change.get(block) : 0;
        if (BlockHeader.sizeClass(first) != sizeClass
                || !BlockHeader.isBlock(block, first, BlockHeader.FREE, region.sizeBytes())) {
            throw MapHeader.damaged("a free list leads to a block that is not free", region);
        }
        change.set(MapHeader.freeListAt(sizeClass), change.get(block + BlockHeader.SECOND));
        long rest = SizeClasses.bytes(sizeClass) - SizeClasses.bytes(wanted);
        if (rest < SizeClasses.SMALLEST) {
            return sizeClass;
        }
        long end = block + SizeClasses.bytes(sizeClass);
        for (long at = block + SizeClasses.bytes(wanted); at < end; at = link(at, end, sequence)) {}
        return wanted;
    }

    /**
     * Cuts one block off the start of a free range and puts it into its free list.
     *
     * @return where the rest of the range begins
     */
    long link(long from, long end, long sequence) {
        int sizeClass = SizeClasses.largestIn(end - from);
        push(from, sizeClass, sequence);
        hints.linked(sizeClass);
        return from + SizeClasses.bytes(sizeClass);
    }

    /** Makes a block free. */
    void free(long block, long sequence) {
        int sizeClass = BlockHeader.sizeClass(change.get(block));
        push(block, sizeClass, sequence);
        hints.freed(sizeClass);
    }

    private void push(long block, int sizeClass, long sequence) {
        int list = MapHeader.freeListAt(sizeClass);
        change.set(block, BlockHeader.of(BlockHeader.FREE, sizeClass, sequence));
        change.set(block + BlockHeader.SECOND, change.get(list));
        change.set(list, block);
    }

    /** Gives back the pages that lie wholly inside a block, behind its header. */
    void discard(long block) {
        long end = block + SizeClasses.bytes(BlockHeader.sizeClass(change.get(block)));
        region.discard(block + BlockHeader.BYTES, end);
    }
}
