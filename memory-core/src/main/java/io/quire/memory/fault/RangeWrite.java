package io.quire.memory.fault;

import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.KeptPages;
import io.quire.memory.table.PageTable;

/**
 * The write of a range that is too long to be written in one step. It lasts from before the first page is made writable
 * until the last byte is written. In that time no page of the range moves to a device or becomes exclusive to one. So
 * once all pages are writable, only a fork, an unmap or the like can refuse a byte. If the preparation is refused, the
 * frames that it has taken go back.
 * <p>
 * For one thread.
 */
public final class RangeWrite implements AutoCloseable {

    private final SpaceState space;
    private final TieredMemory memory;
    private final KeptPages.WriteRange range;
    private final FilledPages filled;

    private RangeWrite(SpaceState space, TieredMemory memory, long from, long to) {
        this.space = space;
        this.memory = memory;
        this.range = new KeptPages.WriteRange(from, to);
        this.filled = new FilledPages(space, memory.pools(), from);
    }

    /**
     * Begins the write of a range.
     *
     * @throws io.quire.memory.contract.OutOfFramesException if the range needs more frames than there are; nothing has
     *         changed then
     * @throws io.quire.memory.contract.MemoryException if a byte of it may not be written
     */
    static RangeWrite begin(SpaceState space, TieredMemory memory, long address, long sizeBytes) {
        space.table().permissions().checkAllWritable(address, sizeBytes);
        RangeWrite write = new RangeWrite(space, memory, Geometry.pageStart(address),
                Geometry.pageStart(address + sizeBytes + Geometry.PAGE_BYTES - 1));
        write.checkFrames();
        write.keepInPlace();
        return write;
    }

    private void keepInPlace() {
        PageTable table = space.table();
        table.lock();
        try {
            table.root(); // refuses a closed space
            table.kept().add(range);
        } finally {
            table.unlock();
        }
    }

    /**
     * Checks that the range can get the frames that it needs now.
     *
     * @throws io.quire.memory.contract.OutOfFramesException if there are fewer
     */
    public void checkFrames() {
        FrameNeeds needs = FrameNeeds.ofWrite(space, memory, range.from(), range.to(), filled);
        if (!needs.areMet()) {
            throw memory.shortageOfRange(space, needs.frames());
        }
    }

    /** Gives back the frames that a refused preparation has taken. */
    public void undo(Throwable refusal) {
        filled.giveBack(refusal);
    }

    /** Ends the write. */
    @Override
    public void close() {
        space.table().lock();
        try {
            space.table().kept().remove(range);
        } finally {
            space.table().unlock();
        }
    }
}
