package io.quire.memory.fault;

import io.quire.memory.frame.FrameSource;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.Root;
import io.quire.memory.table.WriterStay;
import java.util.Objects;

/**
 * Handles an access that cannot go on: finds what is in the way, and removes it until the page is there. A read that
 * misses its cache begins here too. A write begins with {@link FirstWrite}. Any thread that holds no lock of a space.
 */
public final class FaultPath {

    private final TieredMemory memory;
    private final PageFaults faults;
    private final Homecoming homecoming;

    /** Serves the spaces of one manager. */
    public FaultPath(TieredMemory memory, PageFaults faults, Homecoming homecoming) {
        this.memory = memory;
        this.faults = faults;
        this.homecoming = homecoming;
    }

    /**
     * Finds the offset to read a byte at, from the table and the mappings: the slow path of a read. A page without a
     * frame is read from the zero frame. The caller checks the version afterwards.
     */
    public long offsetForRead(SpaceState space, long address) {
        PageTable table = space.table();
        while (true) {
            // STEP(read 2)
            Root current = table.root();
            LeafDirectory directory = current.directory(address);
            long[] leaf = directory == null ? null : directory.leaf(Geometry.leafIndex(address));
            long entry = leaf == null ? Entry.ABSENT : Leaf.entry(leaf, Geometry.pageIndex(address));
            if (Entry.isReadable(entry)) {
                table.noteUse(Objects.requireNonNull(leaf), address, Entry.offset(entry));
                return Entry.offset(entry) + Geometry.pageOffset(address);
            }
            // STEP(read 3): by the mappings of the same root
            table.permissions().checkReadable(current, address, "read");
            if (!Entry.isPresent(entry)) {
                return memory.pools().zeroFrame() + Geometry.pageOffset(address);
            }
            // The page is private, exclusive to a device, or hidden by a protection that is just being lifted.
            makeReadable(space, address);
        }
    }

    /** True if an offset is in the zero frame. */
    public boolean isZero(long offset) {
        return Geometry.pageStart(offset) == memory.pools().zeroFrame();
    }

    /** Makes the page of an address readable for the processor. */
    private void makeReadable(SpaceState space, long address) {
        StackRoom.require();
        PageTable table = space.table();
        boolean here;
        table.lock();
        try {
            table.permissions().checkReadable(address);
            here = faults.read(space, address);
        } finally {
            table.unlock();
        }
        if (!here) {
            homecoming.bringHome(space, Geometry.pageStart(address), null);
        }
    }

    /**
     * The first writes of the calling thread to a space.
     *
     * @param frames where host frames come from, and where the frames go that a first write frees
     * @param stay enters a writer slot for this thread
     */
    public FirstWrite firstWrite(SpaceState space, FrameSource frames, WriterStay stay) {
        return new FirstWrite(faults, homecoming, memory, space, frames, stay);
    }

    /**
     * Begins the write of a range that is too long to be written in one step.
     *
     * @throws io.quire.memory.contract.OutOfFramesException if the range needs more frames than there are; nothing has
     *         changed then
     * @throws io.quire.memory.contract.MemoryException if a byte of it may not be written
     */
    public RangeWrite beginWrite(SpaceState space, long address, long sizeBytes) {
        return RangeWrite.begin(space, memory, address, sizeBytes);
    }
}
