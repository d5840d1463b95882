package io.quire.memory.space;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.driver.DriverCall;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
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
 * Finds where a page of one space is for a device, and makes it what the device needs. A read copies nothing; a write
 * breaks copy-on-write as one by the processor does, except that a page in the device's own private memory stays there
 * while nobody shares it. Everything under the lock of the space.
 */
final class DeviceFaults {

    private final Space space;
    private final PageTable table;
    private final Machine machine;
    private final FramePools pools;

    DeviceFaults(Space space) {
        this.space = space;
        this.table = space.table();
        this.machine = space.machine();
        this.pools = machine.pools();
    }

    /** A translation, or null if the page has to come home first, or is on its way. */
    @Nullable PageTranslation resolve(Mirror mirror, long page, DeviceAccess access) {
        return switch (access) {
            case READ -> read(mirror, page);
            case WRITE -> write(mirror, page);
            case ATOMIC -> atomic(mirror, page);
        };
    }

    private @Nullable PageTranslation read(Mirror mirror, long page) {
        table.permissions().checkReadable(table.root(), page, "read by device " + mirror.link().name());
        long entry = table.entry(page);
        if (!Entry.isPresent(entry)) {
            mirror.mappedZero(page);
            return new PageTranslation(page, -1, pools.memory().slice(pools.zeroFrame(), Geometry.PAGE_BYTES),
                    DeviceAccess.READ);
        }
        if (Entry.isExclusive(entry)) {
            space.exclusives().dissolve(page);
        }
        if (Entry.isPrivate(entry) && !isOwn(mirror.link(), Entry.offset(entry))) {
            return null;
        }
        return translation(mirror, page, Entry.offset(entry), DeviceAccess.READ);
    }

    private @Nullable PageTranslation write(Mirror mirror, long page) {
        table.permissions().checkWritable(page);
        long entry = table.entry(page);
        if (space.faults().isHomeward(page, entry)) {
            return null;
        }
        if (Entry.isPrivate(entry) && isOwn(mirror.link(), Entry.offset(entry))) {
            return writePrivate(mirror, page);
        }
        long frame = space.faults().write(page, pools);
        return frame == PageFaults.AWAY ? null : translation(mirror, page, frame, DeviceAccess.WRITE);
    }

    private PageTranslation writePrivate(Mirror mirror, long page) {
        long[] leaf = table.ownLeaf(page);
        int index = Geometry.pageIndex(page);
        long entry = Entry.settled(Leaf.entry(leaf, index));
        long frame = Entry.offset(entry);
        if (pools.references(frame) == 1) {
            Leaf.set(leaf, index, entry); // a migration that was under way has lost
            return translation(mirror, page, frame, DeviceAccess.WRITE);
        }
        table.retired().reserve(0, 1);
        long copy = copyPrivate(mirror.link(), frame, page);
        boolean done = false;
        try (Notifier.Window _ = space.notifier().start(InvalidationKind.CLEAR, page)) {
            space.faults().replace(leaf, page, entry, copy, true);
            done = true;
        } finally {
            if (!done) {
                PageFaults.releaseUnlessMapped(leaf, page, copy, pools);
            }
        }
        machine.events().copied();
        if (pools.isHost(copy)) {
            machine.events().leftDevice();
        }
        return translation(mirror, page, copy, DeviceAccess.WRITE);
    }

    /** The writer's copy of a shared page in private memory, where the placement of the space wants it. */
    private long copyPrivate(DriverLink link, long source, long page) {
        int from = link.pool().frame(source);
        long near = space.cowPlacement() == CowPlacement.SAME_POOL ? link.pool().allocate() : FramePool.NONE;
        long copy = near != FramePool.NONE ? near : machine.allocateFrame(space, pools);
        DriverCall<?> copying = null;
        boolean done = false;
        try {
            copying = link.calls().beginRun("copy for a write", () -> copyPrivate(link, from, copy));
            copying.await();
            if (near != FramePool.NONE) {
                link.holds(near, space.lineage(), page);
            }
            done = true;
            return copy;
        } finally {
            if (!done && (copying == null || !copying.mayStillRun())) {
                pools.release(copy);
            }
        }
    }

    private void copyPrivate(DriverLink link, int from, long copy) {
        if (pools.isHost(copy)) {
            link.privateDriver().copyToHost(from, pools.memory().slice(copy, Geometry.PAGE_BYTES));
        } else {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment between = arena.allocate(Geometry.PAGE_BYTES, Geometry.PAGE_BYTES);
                link.privateDriver().copyToHost(from, between);
                link.calls().next();
                link.privateDriver().copyToDevice(between, link.pool().frame(copy));
            }
        }
    }

    private @Nullable PageTranslation atomic(Mirror mirror, long page) {
        long frame = space.exclusives().take(page, mirror);
        return frame == PageFaults.AWAY ? null : translation(mirror, page, frame, DeviceAccess.ATOMIC);
    }

    /** What a device may map of pages of a leaf that have come to it, without any fault. */
    Arrival arrived(Mirror mirror, long leafStart, long pages) {
        Root current = table.root();
        LeafDirectory directory = current.directory(leafStart);
        int index = Geometry.leafIndex(leafStart);
        long[] leaf = directory == null ? null : directory.leaf(index);
        Arrival arrival = new Arrival(this, mirror, leafStart);
        if (leaf == null || directory == null) {
            return arrival;
        }
        boolean isOwn = !space.isSnapshot() && directory.isOwnedBy(current.generation())
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
            mirror.mapped(arrival.isWritable() ? DeviceAccess.WRITE : DeviceAccess.READ);
        }
        return arrival;
    }

    private static boolean isReachable(Mirror mirror, long entry) {
        return Entry.isReadable(entry) || (Entry.isPrivate(entry) && isOwn(mirror.link(), Entry.offset(entry)));
    }

    /** Whether a device may write a page of a leaf that is the space's own. W of a private page is not in its entry. */
    private boolean mayWrite(long entry, Mappings.Range range) {
        return Entry.isPrivate(entry) ? range.protection().isWritable() && pools.references(Entry.offset(entry)) == 1
                : Entry.isWritable(entry);
    }

    private PageTranslation translation(Mirror mirror, long page, long frame, DeviceAccess access) {
        mirror.mapped(access);
        if (machine.tables().tracksUse(frame)) {
            table.setAccessed(page);
        }
        return translation(mirror.link(), page, frame, access);
    }

    /** Where a page is for a device. Any thread. */
    PageTranslation translation(DriverLink link, long page, long frame, DeviceAccess access) {
        boolean isPrivate = pools.of(frame).memory() == null;
        return new PageTranslation(page, isOwn(link, frame) ? link.pool().frame(frame) : -1,
                isPrivate ? null : pools.memory().slice(frame, Geometry.PAGE_BYTES), access);
    }

    private static boolean isOwn(DriverLink link, long frame) {
        return link.pool().contains(frame);
    }
}
