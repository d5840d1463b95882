package io.quire.examples;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The smallest driver that follows the rules. To write a driver of your own, begin with a copy. The device is a memory
 * segment with two operations, {@link #load} and {@link #store}.
 * <p>
 * A driver has three parts:
 * <ol>
 * <li><b>Memory.</b> {@link #memory} says where it is. The library hands out its frames and tells the driver of each;
 * the driver may refuse one.
 * <li><b>A page table for each space.</b> A <i>mirror</i> is one space as one device sees it. The table says where the
 * pages of the mirror are. It holds no references: the library calls {@link #invalidateStart} before an entry becomes
 * wrong.
 * <li><b>A lock.</b> The device holds it during each access, and {@link #invalidateStart} takes it. So when that method
 * returns, no access that used an old entry is in progress.
 * </ol>
 * An answer to a fault may be out of date by the time the driver installs it. So the driver keeps the sequence of the
 * last invalidation of each mirror, and installs an answer only if the answer has the same sequence.
 */
public final class SkeletonDriver implements CoherentDriver {

    private static final int PAGE_BYTES = 4096;

    /** Native memory that all threads may use: a mapped device file, a NUMA node or, as here, ordinary memory. */
    private final MemorySegment memory;

    /** Guards the page tables and the bits of the frames. The device holds it during each access. */
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, PageTable> tables = new HashMap<>();
    private final BitSet framesInUse = new BitSet();

    /** The page table of one mirror. */
    private static final class PageTable {

        /** The sequence of the last invalidation; 0 before the first. */
        private long sequence;

        /** The translations that the device has, by the address of the page. */
        private final TreeMap<Long, PageTranslation> pages = new TreeMap<>();
    }

    /**
     * Creates a driver for a device with memory of its own.
     *
     * @param sizeBytes the size of that memory, a multiple of 4096
     */
    public SkeletonDriver(long sizeBytes) {
        memory = Arena.ofAuto().allocate(sizeBytes, PAGE_BYTES);
    }

    // ---- called by the library, always on one thread for each device

    @Override
    public MemorySegment memory() {
        return memory;
    }

    /** Accepts every frame. If a driver returns false, the library goes on as if the device were full. */
    @Override
    public boolean frameAllocated(int frame) {
        lock.lock();
        try {
            framesInUse.set(frame);
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void frameFreed(int frame) {
        lock.lock();
        try {
            framesInUse.clear(frame);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void attached(DeviceMirror mirror) {
        lock.lock();
        try {
            tables.put(mirror.id(), new PageTable());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void detached(DeviceMirror mirror) {
        lock.lock();
        try {
            tables.remove(mirror.id());
        } finally {
            lock.unlock();
        }
    }

    // @start region="invalidate"
    /** Forgets the translations of a range; first waits for accesses that use them. Must not wait for a fault. */
    @Override
    public boolean invalidateStart(DeviceMirror mirror, Invalidation invalidation) {
        if (invalidation.mayBlock()) {
            lock.lock();
        } else if (!lock.tryLock()) {
            return false;                                           // the library asks again later
        }
        try {
            PageTable table = table(mirror);
            table.pages.subMap(invalidation.start(), invalidation.end()).clear();
            table.sequence = invalidation.sequence();
            return true;
        } finally {
            lock.unlock();
        }
    }
    // @end

    @Override
    public void close() {
        // A real driver releases its device here. The library no longer uses any frame, and no mirror is attached.
    }

    // ---- done by the device, on threads of its own

    /** Reads 8 bytes of a space, as a program on the device would. */
    public long load(DeviceMirror mirror, long address) {
        return access(mirror, address, DeviceAccess.READ, page -> page.get(JAVA_LONG, address % PAGE_BYTES));
    }

    /** Writes 8 bytes of a space. */
    public void store(DeviceMirror mirror, long address, long value) {
        access(mirror, address, DeviceAccess.WRITE, page -> {
            page.set(JAVA_LONG, address % PAGE_BYTES, value);
            return value;
        });
    }

    /** Returns how many frames the library uses now. */
    public int framesInUse() {
        lock.lock();
        try {
            return framesInUse.cardinality();
        } finally {
            lock.unlock();
        }
    }

    /** One access of the device to one page. */
    private interface PageAccess {
        long to(MemorySegment page);
    }

    // @start region="access"
    private long access(DeviceMirror mirror, long address, DeviceAccess needed, PageAccess access) {
        long page = address - address % PAGE_BYTES;
        while (true) {
            lock.lock();
            try {
                PageTranslation known = table(mirror).pages.get(page);
                if (known != null && known.access().compareTo(needed) >= 0) {
                    return access.to(bytes(known));                             // under the lock: see invalidateStart
                }
            } finally {
                lock.unlock();
            }
            install(mirror, mirror.fault(page, 1, needed));                     // fault() may wait for invalidateStart
        }
    }

    /** The bytes of a page. {@code page.memory()} is null for a page in a frame of a private device, and only then. */
    private MemorySegment bytes(PageTranslation page) {
        MemorySegment reachable = page.memory();
        return reachable != null ? reachable : memory.asSlice((long) page.frame() * PAGE_BYTES, PAGE_BYTES);
    }

    private void install(DeviceMirror mirror, Translations answer) {
        lock.lock();
        try {
            PageTable table = table(mirror);
            if (table.sequence == answer.sequence()) {                          // else it is out of date: ask again
                answer.pages().forEach(page -> table.pages.put(page.address(), page));
            }
        } finally {
            lock.unlock();
        }
    }
    // @end

    private PageTable table(DeviceMirror mirror) {
        PageTable table = tables.get(mirror.id());
        if (table == null) {
            throw new IllegalArgumentException("the mirror is not attached: mirror=" + mirror.id() + ", space="
                    + mirror.spaceName());
        }
        return table;
    }

    /** Lets the processor and the device work on one space. */
    public static void main(String[] args) {
        SkeletonDriver driver = new SkeletonDriver(16L << 20);
        // @start region="attach"
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).device("skeleton", driver).build();
                AddressSpace space = memory.newAddressSpace("shared");
                Attachment attachment = memory.device("skeleton").attach(space)) {

            long address = space.map(1L << 20);
            space.setLong(address, 42);                                         // the processor writes,
            long seen = driver.load(attachment.mirror(), address);              // the device reads,
            space.migrate(address, 1L << 20, memory.pool("skeleton"));          // the pages go to the device,
            try (AddressSpace past = space.fork()) {                            // a fork shares them,
                driver.store(attachment.mirror(), address, 43);                 // and the device's write copies one
                System.out.println("device saw " + seen + ", space " + space.getLong(address) + ", fork "
                        + past.getLong(address) + ", frames in use " + driver.framesInUse());
            }
        }
        // @end
        System.out.println("after the end: frames in use " + driver.framesInUse());
    }
}
