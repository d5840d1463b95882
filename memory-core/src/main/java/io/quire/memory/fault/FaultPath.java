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
     * Makes several pages writable, all of which stay so until the caller leaves its writer slot.
     *
     * @param address an address in the first page
     * @param offsets receives the offset of each page
     * @param frames as for one page
     * @param firstWrite makes one page writable
     * @param enter puts the caller into a writer slot; runs under the lock when all pages are there
     */
    public void makeAllWritable(SpaceState space, long address, long[] offsets, FrameSource frames,
            FirstWrite firstWrite, Runnable enter) {
        StackRoom.require();
        memory.reclaimer().reclaim(FirstWrite.NODES_TO_DESTROY * offsets.length, frames);
        FilledPages filled = new FilledPages(space, memory.pools(), Geometry.pageStart(address));
        try {
            checkFrames(space, Geometry.pageStart(address), offsets.length, filled);
            for (int i = 0; i < offsets.length; i++) {
                // An exception names the address that the user gave, not the start of its page.
                firstWrite.makeWritable(
                        i == 0 ? address : Geometry.pageStart(address) + ((long) i << Geometry.PAGE_SHIFT));
            }
            firstWrite.pause();
            makeAllWritable(space, address, offsets, frames, enter, filled);
        } catch (Throwable refused) {
            filled.giveBack(refused);
            throw refused;
        }
    }

    private void makeAllWritable(SpaceState space, long address, long[] offsets, FrameSource frames, Runnable enter,
            FilledPages filled) {
        PageTable table = space.table();
        while (true) {
            long away = -1;
            table.lock();
            try {
                checkFrames(space, Geometry.pageStart(address), offsets.length, filled);
                for (int i = 0; i < offsets.length && away < 0; i++) {
                    long page = Geometry.pageStart(address) + ((long) i << Geometry.PAGE_SHIFT);
                    // An exception names the address that the user gave, not the start of its page.
                    offsets[i] = faults.write(space, i == 0 ? address : page, frames);
                    away = offsets[i] == PageFaults.AWAY ? page : -1;
                }
                if (away < 0) {
                    enter.run();
                    return;
                }
            } finally {
                table.unlock();
            }
            homecoming.bringHome(space, away, null);
        }
    }

    /** Refuses the range before its first fault if it needs more frames than there are. */
    private void checkFrames(SpaceState space, long start, int pages, FilledPages filled) {
        FrameNeeds needs = FrameNeeds.ofWrite(space, memory, start, start + ((long) pages << Geometry.PAGE_SHIFT),
                filled);
        if (!needs.isOneFault() && !needs.areMet()) {
            throw memory.shortageOfRange(space, needs.frames());
        }
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
