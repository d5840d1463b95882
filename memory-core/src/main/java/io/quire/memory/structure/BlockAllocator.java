package io.quire.memory.structure;

import io.quire.memory.contract.StructureFullException;

/**
 * Divides the region into blocks. A block is taken from the free list of its size class, or else from the
 * top, or else, when the top has reached the end, from the free list of a larger class. It keeps its class
 * for ever.
 * <p>
 * Everything is a write of the change, so it happens together with the change or not at all. The second word
 * of a free block, its link, stays what it is until then; data is written behind it. Used by the holder of
 * the writer lock.
 */
final class BlockAllocator {

    private final Overlay change;
    private final Region region;

    BlockAllocator(Overlay change) {
        this.change = change;
        this.region = change.region();
    }

    /**
     * Takes a block.
     *
     * @param bytes its size with the header
     * @param kind what it becomes
     * @param second the second word of its header
     * @param sequence that of the change
     * @return its offset
     * @throws StructureFullException if there is no room
     */
    long allocate(long bytes, int kind, long second, long sequence) {
        if (bytes > SizeClasses.LARGEST) {
            throw full(bytes);
        }
        int wanted = SizeClasses.of(bytes);
        long top = change.get(MapHeader.TOP_AT);
        boolean fits = SizeClasses.bytes(wanted) <= region.sizeBytes() - top;
        int last = fits ? wanted : SizeClasses.COUNT - 1;
        for (int sizeClass = wanted; sizeClass <= last; sizeClass++) {
            long block = change.get(MapHeader.freeListAt(sizeClass));
            if (block != 0) {
                change.set(MapHeader.freeListAt(sizeClass), next(block, sizeClass));
                return born(block, BlockHeader.of(kind, sizeClass, sequence), second);
            }
        }
        if (!fits) {
            throw full(SizeClasses.bytes(wanted));
        }
        change.set(MapHeader.TOP_AT, top + SizeClasses.bytes(wanted));
        return born(top, BlockHeader.of(kind, wanted, sequence), second);
    }

    private long born(long block, long first, long second) {
        change.set(block, first);
        change.set(block + BlockHeader.SECOND, second);
        return block;
    }

    /** The block behind a free one in its list. */
    private long next(long block, int sizeClass) {
        long first = region.contains(block, BlockHeader.BYTES) ? change.get(block) : 0;
        if (BlockHeader.kind(first) != BlockHeader.FREE || BlockHeader.sizeClass(first) != sizeClass) {
            throw new IllegalStateException("a free list leads to a block that is not free: " + region
                    + ", class=" + sizeClass + ", block=" + block + ", header="
                    + BlockHeader.toString(first));
        }
        return change.get(block + BlockHeader.SECOND);
    }

    /** Makes a block free. */
    void free(long block, long sequence) {
        int sizeClass = BlockHeader.sizeClass(change.get(block));
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

    private StructureFullException full(long neededBytes) {
        return new StructureFullException(region.toString(), neededBytes, change.get(MapHeader.TOP_AT),
                region.sizeBytes());
    }
}
