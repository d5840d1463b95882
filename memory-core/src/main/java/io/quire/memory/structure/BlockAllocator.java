package io.quire.memory.structure;

/**
 * Divides the region into blocks. A block is taken from the free list of its size class, else split off a larger free
 * one, else taken from the top. {@link Sweep} merges free blocks.
 * <p>
 * Everything is a write of the change, so it happens together with the change or not at all. The first two words of a
 * free block stay what they are until then; data is written behind them. Used by the holder of the writer lock.
 */
final class BlockAllocator {

    /** In place of a block: there is no room. */
    static final long NONE = 0;

    /** A run of free memory of up to the largest size is so many blocks. */
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
     * @param bytes its size with the header
     * @param kind what it becomes
     * @param second the second word of its header
     * @param sequence that of the change
     * @return its offset, or {@link #NONE}
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
            if (region.get(MapHeader.freeListAt(of)) == 0) { // else it became empty by this change, which may fail
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

    /** Whether a block of that size would come from the top, if there is room. */
    boolean hasNoFree(long bytes) {
        return bytes <= SizeClasses.LARGEST && hints.first(SizeClasses.of(bytes)) == SizeClasses.COUNT;
    }

    private long born(long block, int kind, int sizeClass, long second, long sequence) {
        change.set(block, BlockHeader.of(kind, sizeClass, sequence));
        change.set(block + BlockHeader.SECOND, second);
        return block;
    }

    /** Takes the first block of a list, and frees what of it is not needed; the class it then has. */
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

    /** Makes the first part of a free range a block of a list; where the rest of it begins. */
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

    /** Gives the pages of a block back that hold nothing: all but those that begin or end outside of it. */
    void discard(long block) {
        long end = block + SizeClasses.bytes(BlockHeader.sizeClass(change.get(block)));
        region.discard(block + BlockHeader.BYTES, end);
    }
}
