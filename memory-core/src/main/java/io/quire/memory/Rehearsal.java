package io.quire.memory;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.guard.Mutex;
import io.quire.memory.guard.SharedWriterSlots;
import io.quire.memory.guard.Wait;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.guard.Writers;
import io.quire.memory.table.Geometry;
import io.quire.memory.trace.CreationSite;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Does once what users do, on a small manager of its own, while the first manager of the process is built.
 * <p>
 * The virtual machine links a call through a variable handle, and the site of a lambda, when they are first reached.
 * That takes memory and stack. In a full heap or on a full stack an Error would come out of code that cannot fail
 * later, and would leave the lambda, or a class of the JDK that was being initialized, of no use for the rest of the
 * process. So the first time is here, and never in an operation of the user.
 */
final class Rehearsal {

    private static final int PAGES = 8;
    private static final long SIZE_BYTES = (long) PAGES * Geometry.PAGE_BYTES;

    /** Copies of a few bytes and of many take different paths. */
    private static final int[] COPIED_BYTES = {1, 8, 24, 64, Geometry.PAGE_BYTES};

    private static final Duration DEADLINE = Duration.ofSeconds(10);
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int SPACE_ID = 1;
    private static final long LONGEST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

    private static final System.Logger LOGGER = System.getLogger(Rehearsal.class.getName());
    private static final AtomicBoolean BEGUN = new AtomicBoolean();
    private static volatile @Nullable Thread player;

    private Rehearsal() {
    }

    /** Starts the rehearsal on a thread of its own, unless one was started. The caller goes on whatever comes of it. */
    static void begin() {
        if (BEGUN.compareAndSet(false, true)) {
            boolean started = false;
            try {
                Thread thread = Thread.ofPlatform().daemon().name("quire-rehearsal").unstarted(Rehearsal::playOrReport);
                player = thread;
                thread.start();
                started = true;
            } catch (OutOfMemoryError full) {
                LOGGER.log(System.Logger.Level.DEBUG, "no thread for a rehearsal; the next manager tries again", full);
            } finally {
                BEGUN.set(started);
            }
        }
    }

    /**
     * Waits until the rehearsal is over, unless this is its own thread. Code that is compiled during the rehearsal
     * would be compiled for all that the rehearsal does, and not for what the user does.
     */
    static void awaitEnd() {
        Thread thread = player;
        if (thread != null && !thread.equals(Thread.currentThread())) {
            Wait.tryUntil(() -> !thread.isAlive(), LONGEST_NANOS);
        }
    }

    private static void playOrReport() {
        try {
            play();
        } catch (Throwable failed) {
            BEGUN.set(false);
            LOGGER.log(System.Logger.Level.DEBUG, "a rehearsal has failed; the next manager tries again", failed);
        }
    }

    private static void play() {
        waitForOthers();
        CreationSite.now(true).where();
        MemoryManager manager = MemoryManager.builder().name("rehearsal").hostPool(1 << 20)
                .deviceCoherentPool("coherent", 1 << 18).device("private", new RehearsalDevice()).watermarks(1, 2)
                .cowPlacement(CowPlacement.SAME_POOL).backgroundAgent(false).build();
        try {
            AddressSpace space = manager.newAddressSpace();
            long address = space.map(SIZE_BYTES);
            access(space, address);
            forks(space, address);
            move(manager, space, address);
            share(manager, space, address);
            look(manager, space, address);
            space.unmap(address, SIZE_BYTES);
            space.close();
            manager.newAddressSpace();
        } finally {
            manager.closeAll(DEADLINE);
        }
    }

    /**
     * Waits for a lock that is taken and for writes in progress. Another thread ends each of them once it is waited
     * for.
     */
    private static void waitForOthers() {
        Mutex lock = new Mutex();
        WriterSlot slot = new WriterSlot();
        Writers shared = new Writers(SPACE_ID, new SharedWriterSlots());
        AtomicBoolean isInside = new AtomicBoolean();
        AtomicInteger waits = new AtomicInteger();
        Thread waiter = Thread.currentThread();
        Thread other = Thread.ofPlatform().daemon().name("quire-rehearsal-other").unstarted(() -> {
            lock.lock();
            slot.arm(0);
            slot.enter();
            int sharedSlot = shared.enterShared();
            isInside.set(true);
            awaitWait(waiter, waits, 1);
            slot.exit();
            awaitWait(waiter, waits, 2);
            shared.exitShared(sharedSlot);
            awaitWait(waiter, waits, 3);
            lock.unlock();
        });
        Writers writers = new Writers(SPACE_ID, new SharedWriterSlots());
        writers.add(slot, other);
        other.start();
        while (!isInside.get() && other.isAlive()) { // it may have found no memory
            Thread.onSpinWait();
        }
        waits.set(1);
        writers.await(1);
        waits.set(2);
        shared.await(1);
        waits.set(3);
        lock.lock();
        lock.unlock();
        Wait.until(() -> !other.isAlive());
    }

    /** Waits until a thread is in its wait of this number, or takes too long for it. */
    private static void awaitWait(Thread waiter, AtomicInteger waits, int number) {
        long end = System.nanoTime() + LONGEST_WAIT_NANOS;
        do {
            LockSupport.parkNanos(NAP_NANOS);
        } while ((waits.get() < number || waiter.getState() != Thread.State.TIMED_WAITING) && System.nanoTime() < end);
    }

    private static void access(AddressSpace space, long address) {
        use(space, address);
        try (Accessor accessor = space.accessor()) {
            use(accessor, address);
            // No pin: one that was taken here keeps the compiler from seeing that later ones need be no objects.
        }
        for (PinTerm term : PinTerm.values()) {
            try (Pin pin = space.pin(address, SIZE_BYTES, term, PinAccess.READ)) {
                pin.segments();
            }
        }
        try (RunCursor runs = space.runs(address, SIZE_BYTES)) {
            runs.next();
        }
    }

    private static void use(MemoryAccess access, long address) {
        access.setByte(address, access.getByte(address));
        access.setShort(address, access.getShort(address));
        access.setInt(address, access.getInt(address));
        access.setLong(address, access.getLong(address));
        access.setIntOpaque(address, access.getIntOpaque(address));
        access.setLongOpaque(address, access.getLongOpaque(address));
        access.setIntRelease(address, access.getIntAcquire(address));
        access.setLongRelease(address, access.getLongAcquire(address));
        access.setIntVolatile(address, access.getIntVolatile(address));
        access.setLongVolatile(address, access.getLongVolatile(address));
        access.compareAndSetInt(address, 0, access.getAndAddInt(address, 0));
        access.compareAndSetLong(address, 0, access.getAndAddLong(address, 0));
        access.getAndSetInt(address, access.compareAndExchangeInt(address, 0, 0));
        access.getAndSetLong(address, access.compareAndExchangeLong(address, 0, 0));
        long across = address + Geometry.PAGE_BYTES - 1;
        access.setLong(across, access.getLong(across));
        access.gatherLongs(new long[] {address, address + Geometry.PAGE_BYTES}, new long[2], 2);
        for (int sizeBytes : COPIED_BYTES) {
            byte[] bytes = new byte[sizeBytes];
            access.copyTo(address, bytes, 0, sizeBytes);
            access.copyFrom(bytes, 0, address, sizeBytes);
            access.fill(address, sizeBytes, (byte) 0);
            access.copy(address, address + 1, sizeBytes);
            access.mismatch(address, MemorySegment.ofArray(bytes), 0, sizeBytes);
            access.mismatch(address, access, address + Geometry.PAGE_BYTES, sizeBytes);
            copyWith(access, address, ByteBuffer.wrap(bytes));
            copyWith(access, address, ByteBuffer.allocateDirect(sizeBytes));
        }
        long[] longs = new long[2];
        access.copyTo(address, longs, 0, longs.length);
        access.copyFrom(longs, 0, address, longs.length);
        double[] doubles = new double[2];
        access.copyTo(address, doubles, 0, doubles.length);
        access.copyFrom(doubles, 0, address, doubles.length);
        access.newWriteGroup().setLong(address, 1).setInt(address + Geometry.PAGE_BYTES, 1)
                .setShort(address, (short) 1).setByte(address, (byte) 1).commit();
    }

    private static void copyWith(MemoryAccess access, long address, ByteBuffer buffer) {
        access.copyTo(address, buffer);
        access.copyFrom(buffer.flip(), address);
    }

    private static void forks(AddressSpace space, long address) {
        try (AddressSpace fork = space.fork(); AddressSpace snapshot = space.snapshot()) {
            snapshot.getLong(address);
            use(space, address);
            try (Accessor accessor = fork.accessor()) {
                use(accessor, address);
            }
            space.protect(address, SIZE_BYTES, Protection.READ_ONLY);
            space.protect(address, SIZE_BYTES, Protection.READ_WRITE);
            space.discard(address, Geometry.PAGE_BYTES);
            space.fill(address, SIZE_BYTES, (byte) 1);
        }
    }

    private static void move(MemoryManager manager, AddressSpace space, long address) {
        for (MemoryPool pool : manager.pools()) {
            try (AddressSpace fork = space.fork()) {
                space.migrate(address, SIZE_BYTES, pool);
                use(fork, address);
                space.setLong(address, 1);
                space.migrate(address, SIZE_BYTES, manager.hostPool());
            }
            space.discard(address, Geometry.PAGE_BYTES);
        }
        space.migrate(address, SIZE_BYTES, manager.pool("private"));
        manager.evict(manager.pool("private"), PAGES);
    }

    /** Lets a device work on the space. */
    private static void share(MemoryManager manager, AddressSpace space, long address) {
        Device device = manager.device("private");
        try (Attachment attachment = device.attach(space)) {
            space.discard(address, SIZE_BYTES);
            attachment.mirror().fault(address, 1, DeviceAccess.READ);
            space.discard(address, SIZE_BYTES);
            for (DeviceAccess access : DeviceAccess.values()) {
                attachment.mirror().fault(address, PAGES, access);
                space.setLong(address, 1);
            }
            attachment.makeExclusive(address, SIZE_BYTES);
            space.fork().close();
            space.migrate(address, SIZE_BYTES, device.pool());
            attachment.mirror().fault(address, PAGES, DeviceAccess.WRITE);
            try (AddressSpace fork = space.fork()) {
                fork.setLong(address, 1);
                attachment.mirror().fault(address, PAGES, DeviceAccess.WRITE);
            }
            manager.evict(device.pool(), PAGES);
        }
        try (AddressSpace other = manager.newAddressSpace()) {
            device.attach(other);
        }
        device.attach(space);
        device.close();
    }

    /** Reads what is open and how much is used. */
    private static void look(MemoryManager manager, AddressSpace space, long address) {
        try (AddressSpace fork = space.fork(); Pin pin = fork.pin(address, 1, PinTerm.SHORT, PinAccess.READ)) {
            manager.openPins();
            manager.openSpaces();
            space.statistics();
            space.mappings();
            pin.segments();
            manager.maintain();
        }
        manager.trim();
    }
}
