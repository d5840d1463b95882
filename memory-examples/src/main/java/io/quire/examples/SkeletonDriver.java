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
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The smallest driver that follows the rules: copy it to begin a driver of your own. The device is a memory segment and
 * two operations, {@link #load} and {@link #store}.
 * <p>
 * Three things belong to a driver:
 * <ol>
 * <li><b>Memory.</b> {@link #memory} says where it is. The library hands the frames out; the driver is told of each, and
 * may refuse one.
 * <li><b>A page table for each space</b> (for each <i>mirror</i>). It says where a page is. It holds no references: the
 * library tells the driver when an entry is no longer right.
 * <li><b>A lock.</b> The device holds it during an access. {@link #invalidateStart} takes it too, so it returns only when
 * no access that used the old entries is in progress.
 * </ol>
 * The rule about the sequence: an answer to a fault may be out of date by the time it is installed. The driver keeps the
 * sequence of the last invalidation of each mirror, and installs an answer only if the answer has the same one.
 */
public final class SkeletonDriver implements CoherentDriver {

    private static final int PAGE_BYTES = 4096;

    /** Any native memory that every thread may use: a device file, a NUMA node, or, as here, ordinary memory. */
    private final MemorySegment memory;

    /** Guards all below, and is held during each access of the device. */
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, PageTable> tables = new HashMap<>();
    private final BitSet framesInUse = new BitSet();

    /** What the device knows of one space. */
    private static final class PageTable {

        /** The sequence of the last invalidation; 0 before the first. */
        private long sequence;

        /** By the address of the page. */
        private final TreeMap<Long, PageTranslation> pages = new TreeMap<>();
    }

    /**
     * A device with so much memory.
     *
     * @param sizeBytes a multiple of 4096
     */
    public SkeletonDriver(long sizeBytes) {
        memory = Arena.ofAuto().allocate(sizeBytes, PAGE_BYTES);
    }

    // ---- what the library calls, always from one thread, the device's

    @Override
    public MemorySegment memory() {
        return memory;
    }

    /** A device that cannot give this frame now returns false, and the library looks for another place. */
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
    /** Forgets the translations of a range, after the access that may use one. Must not wait for a fault. */
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
        // A real driver gives its device back here. The library uses no frame any more, and no mirror is attached.
    }

    // ---- what the device does, on threads of its own

    /** Reads 8 bytes of a space, as a kernel that runs on the device would. */
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

    /** How many frames hold pages. */
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
                if (known != null && (needed == DeviceAccess.READ || known.access() == needed)) {
                    return access.to(Objects.requireNonNull(known.memory()));   // under the lock: see invalidateStart
                }
            } finally {
                lock.unlock();
            }
            install(mirror, mirror.fault(page, 1, needed));                     // with no lock, amid no access
        }
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

    /** Lets processor and device work on one space. */
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
