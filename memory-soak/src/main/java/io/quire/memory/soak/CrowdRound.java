package io.quire.memory.soak;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.OutOfAddressesException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.contract.TooManySpacesException;
import io.quire.memory.contract.WaitTimeoutException;
import io.quire.memory.device.DriverException;
import io.quire.memory.softdevice.SoftwareDevice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Many threads in one space and its forks. Writers write stamps, other workers fork and check, and others disturb them
 * with every operation there is. The seed decides which workers take part; how they interleave is chance.
 */
final class CrowdRound {

    private static final Set<Class<?>> REFUSALS = Set.of(OutOfFramesException.class, DriverFailedException.class,
            PagesBusyException.class, ProtectionException.class, TooManySpacesException.class,
            LongTermPinException.class, PinLimitException.class, StructureFullException.class,
            WaitTimeoutException.class, OutOfAddressesException.class, DriverException.class);

    private static final boolean HOG = Boolean.getBoolean("soak.hog");
    private static final long THREADS_END_NANOS = 10_000_000_000L;
    private static final long PAUSE_NANOS = 1_000_000;

    final Settings settings;
    final Machine machine;
    final AddressSpace root;
    final List<Writer> writers = new ArrayList<>();
    final List<MapWriter> mapWriters = new ArrayList<>();
    final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
    final AtomicLong turns = new AtomicLong();
    final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();

    private final Watchdog watchdog;
    private final Random random;

    /** Has room for all devices, so that an attachment can be listed when there is no memory. */
    private final List<Attachment> attachments = Collections.synchronizedList(new ArrayList<>(8));
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile boolean over;

    /** The thread that fills the heap; null if there is none. */
    private volatile @Nullable Thread hog;

    CrowdRound(Settings settings, Watchdog watchdog) {
        this.settings = settings;
        this.watchdog = watchdog;
        random = new Random(settings.seed());
        machine = new Machine(random, settings, 2L << (20 + random.nextInt(4)), random.nextInt(4) > 0);
        root = machine.manager.newAddressSpace("root");
    }

    /** Builds virtual threads; platform threads if the heap gets full, because the JDK then loses virtual ones. */
    static Thread.Builder virtual() {
        return HOG ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
    }

    /** Runs for as many seconds as the settings say. */
    void run() {
        List<Worker> workers = new Crowd(this, random).workers();
        try {
            for (Worker worker : workers) {
                String name = worker.getClass().getSimpleName();
                // Made now: while the heap is full, only the library under test should need memory.
                String turn = "seed=" + settings.seed() + ", crowd, " + name;
                String end = "seed=" + settings.seed() + ", crowd, end of " + name;
                threads.add((random.nextInt(3) == 0 ? virtual() : Thread.ofPlatform().daemon())
                        .name("soak-" + name).unstarted(() -> work(worker, turn, end)));
            }
            hog = HOG ? threads.stream().filter(one -> one.getName().equals("soak-Hog")).findFirst().orElse(null)
                    : null;
            Thread[] all = threads.toArray(new Thread[0]);
            for (Thread thread : all) {
                thread.start();
            }
            await(settings.seconds() * 1000L);
            over = true;
            for (Thread thread : all) {
                thread.join();
            }
            throwFailure();
            end();
        } catch (InterruptedException unwanted) {
            throw new SoakFailure("the thread of the round was interrupted", unwanted);
        } catch (RuntimeException | Error failed) {
            throw new SoakFailure("crowd, seed=" + settings.seed() + ", " + machine + ", refusals=" + report() + ": "
                    + failed + "; repeat with only=crowd seconds=" + settings.seconds() + " seed=" + settings.seed(),
                    failed);
        } finally {
            over = true;
            watchdog.rests();
        }
    }

    private void await(long millis) throws InterruptedException {
        long end = System.nanoTime() + millis * 1_000_000;
        while (System.nanoTime() < end && failure.get() == null) {
            Thread.sleep(20);
        }
    }

    private void work(Worker worker, String turn, String end) {
        try {
            while (!over) {
                watchdog.begins(turn);
                turnInFullHeap(worker);
                turns.incrementAndGet();
            }
            watchdog.begins(end);
            awaitHog();
            worker.end();
        } catch (Throwable failed) {
            failure.compareAndSet(null, failed);
        } finally {
            watchdog.rests();
        }
    }

    /** Waits until nobody fills the heap any more. */
    private void awaitHog() {
        Thread its = hog;
        while (its != null && its.isAlive() && !its.equals(Thread.currentThread())) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Runs a turn. If the soak itself runs out of memory while the heap is filled, that is no failure. */
    private void turnInFullHeap(Worker worker) {
        try {
            turn(worker);
        } catch (OutOfMemoryError full) {
            if (!HOG) {
                throw full;
            }
        }
    }

    private void turn(Worker worker) {
        try {
            worker.turn();
        } catch (RuntimeException | OutOfMemoryError | LinkageError | InternalError refused) {
            refused(refused); // a LinkageError or InternalError may come from a call site that found no memory
        }
    }

    /** Counts a refusal that is allowed; fails for any other. */
    void refused(Throwable refused) {
        if (HOG && isForWantOfMemory(refused)) {
            return;
        }
        count(refused);
        if (!REFUSALS.contains(refused.getClass()) && !isOfDetached(refused)) {
            throw refused instanceof SoakFailure wrong ? wrong : new SoakFailure("refused without a reason", refused);
        }
    }

    /** True if a full heap has broken a class of the JDK, or the toString of a record. */
    private static boolean isOfJdk(Throwable one) {
        return (one instanceof NoClassDefFoundError && !String.valueOf(one.getMessage()).contains("quire"))
                || (one instanceof BootstrapMethodError && Stream.of(one.getStackTrace())
                        .anyMatch(frame -> frame.getMethodName().equals("toString")));
    }

    private void count(Throwable refused) {
        try {
            refusals.computeIfAbsent(refused.getClass().getSimpleName(), _ -> new LongAdder()).increment();
        } catch (OutOfMemoryError full) {
            if (!HOG) {
                throw full;
            }
        }
    }

    /**
     * True if a full heap is the cause, directly or not. The virtual machine may throw the same Error twice, and then
     * {@code addSuppressed} throws an exception of its own. The JDK wraps an Error that comes while it links a call
     * site. And a class of the JDK cannot be used any more when its initializer has failed.
     */
    private static boolean isForWantOfMemory(Throwable refused) {
        for (Throwable one = refused; one != null; one = one.getCause()) {
            if (one instanceof OutOfMemoryError || isOfJdk(one)) {
                return true;
            }
        }
        return false;
    }

    /** True if a device was detached while it worked. */
    private static boolean isOfDetached(Throwable refused) {
        String message = String.valueOf(refused.getMessage());
        return (refused instanceof IllegalArgumentException && message.startsWith("mirror is not attached"))
                || (refused instanceof ClosedException && (message.contains("mirror")
                        || message.contains("attach") || message.contains("device")));
    }

    boolean isOver() {
        return over || failure.get() != null;
    }

    static boolean isHogged() {
        return HOG;
    }

    String report() {
        return new TreeMap<>(refusals).toString();
    }

    private void throwFailure() {
        Throwable failed = failure.get();
        if (failed != null) {
            throw failed instanceof SoakFailure wrong ? wrong : new SoakFailure("a thread has failed", failed);
        }
    }

    // ---- devices of the root

    @Nullable Attachment attachment(Random chance) {
        synchronized (attachments) {
            return attachments.isEmpty() ? null : attachments.get(chance.nextInt(attachments.size()));
        }
    }

    SoftwareDevice deviceOf(Attachment attachment) {
        String text = attachment.toString();
        return machine.devices.stream().filter(device -> text.contains(device.name())).findFirst()
                .orElseThrow(() -> new SoakFailure("an attachment does not name its device: " + text));
    }

    /** Attaches a device, or detaches it if it is attached. */
    void toggle(int device) {
        String name = machine.devices.get(device).name();
        synchronized (attachments) {
            Attachment attached = attachments.stream().filter(one -> one.toString().contains(name)).findFirst()
                    .orElse(null);
            if (attached != null) {
                attached.close(); // if that fails, it stays attached
                attachments.remove(attached);
            } else {
                attachments.add(machine.manager.device(name).attach(root));
            }
        }
    }

    // ---- the end

    private void end() throws InterruptedException {
        machine.devices.forEach(device -> device.faults().clear());
        root.protect(writers.getFirst().range, (long) Writer.PAGES * ModelSpace.PAGE,
                io.quire.memory.contract.Protection.READ_WRITE);
        checkRoot();
        watchdog.begins("seed=" + settings.seed() + ", crowd, close");
        root.close();
        if (HOG) {
            machine.awaitLostHandles();
        }
        machine.checkEmpty();
        machine.close();
        checkThreads();
    }

    /** Checks the root. If a page cannot come home for want of a frame, tries again. */
    private void checkRoot() {
        for (int attempt = 0;; attempt++) {
            try {
                Fork.itself(root, writers).check(random);
                for (MapWriter writer : mapWriters) {
                    writer.check(root, writer.returned, writer.begun);
                }
                return;
            } catch (OutOfFramesException | TooManySpacesException refused) {
                if (attempt == 100) {
                    throw refused;
                }
                machine.manager.maintain();
                Thread.onSpinWait();
            }
        }
    }

    private static void checkThreads() throws InterruptedException {
        long end = System.nanoTime() + THREADS_END_NANOS;
        while (Thread.getAllStackTraces().keySet().stream().anyMatch(CrowdRound::isOfLibrary)) {
            if (System.nanoTime() > end) {
                throw new SoakFailure("a thread of the library is left: " + Thread.getAllStackTraces().keySet()
                        .stream().filter(CrowdRound::isOfLibrary).toList());
            }
            Thread.sleep(10);
        }
    }

    private static boolean isOfLibrary(Thread thread) {
        return thread.isAlive() && thread.getName().startsWith("quire-agent-soak");
    }
}
