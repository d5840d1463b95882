package io.quire.memory.fault;

import io.quire.memory.attach.Arrival;
import io.quire.memory.attach.Exclusives;
import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.attach.Mirror;
import io.quire.memory.attach.Notifier;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.driver.DriverCall;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.Mappings;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.Root;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Finds the frame of a page for a device, and makes the page what the device needs. A read copies nothing. A write does
 * copy-on-write like one by the processor, but an unshared page in the device's own private memory stays there.
 * Everything under the lock of the space.
 */
public final class DeviceFaults {

    private final TieredMemory memory;
    private final FramePools pools;
    private final PageFaults faults;

    /** Serves the spaces of one manager. */
    public DeviceFaults(TieredMemory memory, PageFaults faults) {
        this.memory = memory;
        this.pools = memory.pools();
        this.faults = faults;
    }

    /** Returns a translation, or null if the page has to come home first or is on its way. */
    public @Nullable PageTranslation resolve(SpaceState space, Mirror mirror, long page, DeviceAccess access) {
        return switch (access) {
            case READ -> read(space, mirror, page);
            case WRITE -> write(space, mirror, page);
            case ATOMIC -> atomic(space, mirror, page);
        };
    }

    private @Nullable PageTranslation read(SpaceState space, Mirror mirror, long page) {
        PageTable table = space.table();
        table.permissions().checkReadable(table.root(), page, "read by device " + mirror.device().name());
        long entry = table.entry(page);
        if (!Entry.isPresent(entry)) {
            mirror.mappedPages().addZero(page);
            return new PageTranslation(page, -1, pools.memory().slice(pools.zeroFrame(), Geometry.PAGE_BYTES),
                    DeviceAccess.READ);
        }
        if (Entry.isExclusive(entry)) {
            space.exclusives().dissolve(page);
        }
        if (Entry.isPrivate(entry) && !isOwn(mirror.device(), Entry.offset(entry))) {
            return null;
        }
        return translation(space, mirror, page, Entry.offset(entry), DeviceAccess.READ);
    }

    private @Nullable PageTranslation write(SpaceState space, Mirror mirror, long page) {
        PageTable table = space.table();
        table.permissions().checkWritable(page);
        long entry = table.entry(page);
        if (faults.isHomeward(space, page, entry)) {
            return null;
        }
        if (Entry.isPrivate(entry) && isOwn(mirror.device(), Entry.offset(entry))) {
            return writePrivate(space, mirror, page);
        }
        long frame = faults.write(space, page, pools);
        return frame == PageFaults.AWAY ? null : translation(space, mirror, page, frame, DeviceAccess.WRITE);
    }

    private PageTranslation writePrivate(SpaceState space, Mirror mirror, long page) {
        PageTable table = space.table();
        long[] leaf = table.ownLeaf(page);
        int index = Geometry.pageIndex(page);
        long entry = Entry.settled(Leaf.entry(leaf, index));
        long frame = Entry.offset(entry);
        if (pools.references(frame) == 1) {
            Leaf.set(leaf, index, entry); // a migration that is copying gives up
            return translation(space, mirror, page, frame, DeviceAccess.WRITE);
        }
        table.retired().reserve(0, 1);
        long copy = copyPrivate(space, mirror.device(), frame, page);
        boolean done = false;
        try (Notifier.Window _ = space.notifier().start(InvalidationKind.CLEAR, page)) {
            PageFaults.replace(table, leaf, page, Leaf.entry(leaf, index), copy, true); // the table is frozen
            done = true;
        } finally {
            if (!done) {
                PageFaults.releaseUnlessMapped(leaf, page, copy, pools);
            }
        }
        memory.events().copied();
        if (pools.isHost(copy)) {
            memory.events().copiedOff();
        }
        return translation(space, mirror, page, copy, DeviceAccess.WRITE);
    }

    /** Copies a shared page of private memory for the writer, to where the placement of the space wants it. */
    private long copyPrivate(SpaceState space, ManagedDevice device, long source, long page) {
        int from = device.pool().frame(source);
        long near = space.cowPlacement() == CowPlacement.SAME_POOL ? device.pool().allocate() : FramePool.NONE;
        long copy = near != FramePool.NONE ? near : memory.allocateFrame(space, pools);
        DriverCall<?> copying = null;
        boolean done = false;
        try {
            copying = device.calls().beginRun("copy for a write", () -> copyPrivate(device, from, copy));
            copying.await();
            if (near != FramePool.NONE) {
                memory.tier(device.pool()).holds(near, space.lineage(), page);
            }
            done = true;
            return copy;
        } finally {
            if (!done && (copying == null || !copying.mayStillRun())) {
                pools.release(copy);
            }
        }
    }

    private void copyPrivate(ManagedDevice device, int from, long copy) {
        if (pools.isHost(copy)) {
            device.privateDriver().copyToHost(from, pools.memory().slice(copy, Geometry.PAGE_BYTES));
        } else {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment between = arena.allocate(Geometry.PAGE_BYTES, Geometry.PAGE_BYTES);
                device.privateDriver().copyToHost(from, between);
                device.calls().next();
                device.privateDriver().copyToDevice(between, device.pool().frame(copy));
            }
        }
    }

    private @Nullable PageTranslation atomic(SpaceState space, Mirror mirror, long page) {
        long frame = makeExclusive(space, page, mirror);
        // STEP(exclusive access 4)
        return frame == PageFaults.AWAY ? null : translation(space, mirror, page, frame, DeviceAccess.ATOMIC);
    }

    /**
     * Gives a page to a device, whatever state the page was in.
     *
     * @return the offset of its frame, or {@link PageFaults#AWAY}
     * @throws PagesBusyException if it is pinned
     */
    private long makeExclusive(SpaceState space, long page, Mirror mirror) {
        PageTable table = space.table();
        Exclusives exclusives = space.exclusives();
        if (mirror.equals(exclusives.ownerOf(page))) {
            table.permissions().checkWritable(page);
            mirror.mappedPages().add(DeviceAccess.ATOMIC);
            return Entry.offset(table.entry(page));
        }
        // STEP(exclusive access 1)
        long frame = faults.write(space, page, pools);
        if (frame == PageFaults.AWAY) {
            return frame;
        }
        space.pins().endIdleViews();
        refusePinned(space, page, frame);
        exclusives.reserve();
        // STEP(exclusive access 2)
        try (Notifier.Window _ = space.notifier().start(InvalidationKind.EXCLUSIVE, page, page + Geometry.PAGE_BYTES,
                mirror.device(), true)) {
            long[] leaf = table.ownLeaf(page);
            boolean taken = false;
            try {
                // STEP(exclusive access 3)
                exclusives.give(leaf, page, mirror);
                table.invalidateAndWait(page);
                // Again, because an accessor could pin without the lock until its writer slot was waited for.
                refusePinned(space, page, frame);
                taken = true;
            } finally {
                if (!taken) {
                    exclusives.restore(page);
                }
            }
        }
        mirror.mappedPages().add(DeviceAccess.ATOMIC);
        return frame;
    }

    private static void refusePinned(SpaceState space, long page, long frame) {
        PinRecord pin = space.pins().find(page, frame);
        if (pin != null) {
            throw new PagesBusyException("a pinned page cannot be exclusive to a device: space="
                    + space.table().name() + ", address=0x" + Long.toHexString(page) + ", held by " + pin
                    + "; close the pin first");
        }
        if (space.table().kept().isBeingWritten(page)) {
            throw new PagesBusyException("a range that is being written cannot be exclusive to a device: space="
                    + space.table().name() + ", address=0x" + Long.toHexString(page)
                    + "; try again when the write is done");
        }
    }

    /** Returns what a device may map, without a fault, of pages of a leaf that have just come to it. */
    public Arrival arrived(SpaceState space, Mirror mirror, long leafStart, long pages) {
        PageTable table = space.table();
        Root current = table.root();
        LeafDirectory directory = current.directory(leafStart);
        int index = Geometry.leafIndex(leafStart);
        long[] leaf = directory == null ? null : directory.leaf(index);
        Arrival arrival = new Arrival(pools, mirror, leafStart);
        if (leaf == null || directory == null) {
            return arrival;
        }
        boolean isOwn = !table.isSnapshot() && directory.isOwnedBy(current.generation())
                && directory.writableLeaf(index) != null;
        Mappings.Range range = null;
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            long address = leafStart + ((long) page << Geometry.PAGE_SHIFT);
            range = range != null && address < range.end() ? range : current.mappings().find(address);
            long entry = Leaf.entry(leaf, page);
            if (range != null && range.protection().isReadable() && isReachable(mirror, entry)) {
                arrival.add(page, Entry.offset(entry), isOwn && mayWrite(entry, range));
            }
        }
        if (!arrival.isEmpty()) {
            mirror.mappedPages().add(arrival.isWritable() ? DeviceAccess.WRITE : DeviceAccess.READ);
        }
        return arrival;
    }

    private static boolean isReachable(Mirror mirror, long entry) {
        return Entry.isReadable(entry) || (Entry.isPrivate(entry) && isOwn(mirror.device(), Entry.offset(entry)));
    }

    /** True if a device may write a page of a leaf that is the space's own. The entry of a private page has no W. */
    private boolean mayWrite(long entry, Mappings.Range range) {
        return Entry.isPrivate(entry) ? range.protection().isWritable() && pools.references(Entry.offset(entry)) == 1
                : Entry.isWritable(entry);
    }

    private PageTranslation translation(SpaceState space, Mirror mirror, long page, long frame, DeviceAccess access) {
        mirror.mappedPages().add(access);
        if (memory.tables().tracksUse(frame)) {
            space.table().setAccessed(page);
        }
        return mirror.device().translation(pools, page, frame, access);
    }

    private static boolean isOwn(ManagedDevice device, long frame) {
        return device.pool().contains(frame);
    }
}
