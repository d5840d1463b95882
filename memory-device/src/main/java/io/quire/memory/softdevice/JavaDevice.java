package io.quire.memory.softdevice;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import io.quire.memory.softdevice.PageTable.Slot;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A device in Java. It needs no native access; its memory comes from an automatic arena.
 * {@snippet file="io/quire/memory/softdevice/snippets/SoftwareDeviceSnippetsTest.java" region="device"}
 *
 * @see NativeDevice
 */
public final class JavaDevice extends SoftwareDevice {

    private static final VarHandle WORD = JAVA_LONG.varHandle();
    private static final long HOLD_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

    /** Many more than an operation makes: compiled frames take less stack than interpreted ones. */
    private static final int CALLS_UNDER_LOCK = 1000;

    private final MemorySegment memory;
    private final Thread worker;

    // Read and written without the lock.
    private volatile boolean holdAccesses;
    private volatile boolean accessing;

    /** Guards the fields below. An access holds it for one page at most; a fault does not hold it. */
    private final ReentrantLock lock = new ReentrantLock();
    /** Wakes the worker: there is an operation, or the device is closed. */
    private final Condition work = lock.newCondition();
    /** Wakes all other threads: an operation is finished, the worker has ended, or a hold is over. */
    private final Condition changed = lock.newCondition();
    /** Not an ArrayDeque: that loses its elements if there is no memory to grow. */
    private final List<Job> queue = new ArrayList<>();
    /** One for each mirror. A list: to find one allocates nothing, so a full heap stops no invalidation. */
    private final List<PageTable> tables = new ArrayList<>();
    private final Journal journal = new Journal();
    private final FrameStates states;
    private final int[] delayMicros = new int[Codes.PHASES.size()];
    private int allocationsToFailure;
    private int copiesToFailure;
    private int copyFailure;
    private boolean refuseNonBlocking;
    private boolean holdInvalidations;
    private boolean closing;
    private boolean ended;

    /** An operation in the queue, or in progress. */
    private static final class Job {

        final Operation operation;
        final MemorySegment buffer;
        int status;
        boolean finished;
        boolean abandoned;

        Job(Operation operation, MemorySegment buffer) {
            this.operation = operation;
            this.buffer = buffer;
        }
    }

    private JavaDevice(String name, PoolKind kind, long sizeBytes) {
        super(name, kind, sizeBytes);
        memory = Arena.ofAuto().allocate(sizeBytes, PAGE_BYTES);
        states = new FrameStates(memory, frames());
        worker = Thread.ofPlatform().daemon().name("device-" + name).unstarted(this::workUntilClosed);
    }

    /**
     * Creates a device whose memory the processor can load and store.
     *
     * @param name for messages
     * @param sizeBytes of its memory; a positive multiple of 4096
     * @return the device, to be closed by the caller or with the manager that has its driver
     * @throws IllegalArgumentException if the size is 0, negative, no multiple of 4096, or more than 2<sup>31</sup> - 1
     *         frames
     */
    public static JavaDevice coherent(String name, long sizeBytes) {
        return started(new JavaDevice(name, PoolKind.DEVICE_COHERENT, sizeBytes));
    }

    /**
     * Creates a device whose memory the processor cannot address.
     *
     * @param name for messages
     * @param sizeBytes of its memory; a positive multiple of 4096
     * @return the device, to be closed by the caller or with the manager that has its driver
     * @throws IllegalArgumentException if the size is 0, negative, no multiple of 4096, or more than 2<sup>31</sup> - 1
     *         frames
     */
    public static JavaDevice privateMemory(String name, long sizeBytes) {
        return started(new JavaDevice(name, PoolKind.DEVICE_PRIVATE, sizeBytes));
    }

    private static JavaDevice started(JavaDevice device) {
        device.worker.start();
        return device;
    }

    @Override
    MemorySegment memory() {
        return memory;
    }

    // Frames.

    @Override
    int allocated(int frame) {
        lock.lock();
        try {
            if (closing || !states.has(frame)) {
                return closing ? Status.UNKNOWN_DEVICE : Status.BAD_ARGUMENT;
            }
            if (states.isLive(frame)) {
                journal.count(DeviceCounters.DOUBLE_ALLOCATIONS);
                return Status.DOUBLE_ALLOCATION;
            }
            if (allocationsToFailure > 0 && --allocationsToFailure == 0) {
                journal.count(DeviceCounters.REFUSED_ALLOCATIONS);
                journal.frame(DeviceEvent.Type.ALLOCATION_REFUSED, frame);
                return Status.REFUSED;
            }
            states.allocate(frame);
            journal.count(DeviceCounters.ALLOCATIONS);
            journal.count(DeviceCounters.LIVE_FRAMES);
            journal.frame(DeviceEvent.Type.ALLOCATED, frame);
            return Status.OK;
        } finally {
            lock.unlock();
        }
    }

    @Override
    int freed(int frame) {
        lock.lock();
        try {
            if (closing || !states.has(frame)) {
                return closing ? Status.UNKNOWN_DEVICE : Status.BAD_ARGUMENT;
            }
            if (!states.isLive(frame)) {
                journal.count(DeviceCounters.DOUBLE_FREES);
                return Status.DOUBLE_FREE;
            }
            states.free(frame);
            journal.count(DeviceCounters.FREES);
            journal.uncount(DeviceCounters.LIVE_FRAMES);
            journal.frame(DeviceEvent.Type.FREED, frame);
            return Status.OK;
        } finally {
            lock.unlock();
        }
    }

    @Override
    int allocated(int[] frames, int[] granted) {
        lock.lock();
        try {
            int status = hasAll(frames);
            while (granted[0] < frames.length && status == Status.OK) {
                status = allocated(frames[granted[0]]);
                granted[0] += status == Status.OK ? 1 : 0;
            }
            return status;
        } finally {
            lock.unlock();
        }
    }

    @Override
    int freed(int[] frames, int count) {
        lock.lock();
        try {
            int status = hasAll(frames);
            for (int i = 0; i < count && status != Status.BAD_ARGUMENT; i++) {
                int freed = freed(frames[i]);
                status = status == Status.OK ? freed : status;
            }
            return status;
        } finally {
            lock.unlock();
        }
    }

    private int hasAll(int[] frames) {
        for (int frame : frames) {
            if (!states.has(frame)) {
                return Status.BAD_ARGUMENT;
            }
        }
        return Status.OK;
    }

    @Override
    public void poison(boolean on) {
        lock.lock();
        try {
            states.poison(on);
        } finally {
            lock.unlock();
        }
    }

    // Copies.

    @Override
    int copyIn(MemorySegment source, int frame) {
        return copy(DeviceEvent.Type.COPIED_IN, frame, source);
    }

    @Override
    int copyOut(int frame, MemorySegment target) {
        return copy(DeviceEvent.Type.COPIED_OUT, frame, target);
    }

    @Override
    int zero(int frame) {
        return copy(DeviceEvent.Type.ZEROED, frame, MemorySegment.NULL);
    }

    private int copy(DeviceEvent.Type type, int frame, MemorySegment host) {
        lock.lock();
        try {
            dawdle(FaultInjection.Phase.COPY);
            if (closing || !states.has(frame)) {
                return closing ? Status.UNKNOWN_DEVICE : Status.BAD_ARGUMENT;
            }
            journal.count(DeviceCounters.COPIES);
            if (!states.isLive(frame)) {
                journal.count(DeviceCounters.USE_AFTER_FREE);
                return Status.USE_AFTER_FREE;
            }
            if (copiesToFailure > 0 && --copiesToFailure == 0) {
                journal.frame(DeviceEvent.Type.COPY_FAILED, frame);
                return copyFailure;
            }
            journal.frame(type, frame);
            MemorySegment bytes = states.bytes(frame);
            switch (type) {
                case COPIED_IN -> bytes.copyFrom(host);
                case COPIED_OUT -> host.copyFrom(bytes);
                default -> bytes.fill((byte) 0);
            }
            return Status.OK;
        } finally {
            lock.unlock();
        }
    }

    // Mirrors.

    @Override
    int attach(DeviceMirror mirror) {
        lock.lock();
        try {
            if (closing) {
                return Status.UNKNOWN_DEVICE;
            }
            if (table(mirror.id()) != null) {
                journal.count(DeviceCounters.PROTOCOL_ERRORS);
                return Status.PROTOCOL_ERROR;
            }
            tables.add(new PageTable(mirror.id()));
            journal.mirror(DeviceEvent.Type.ATTACHED, mirror.id());
            return Status.OK;
        } finally {
            lock.unlock();
        }
    }

    @Override
    int detach(DeviceMirror mirror) {
        lock.lock();
        try {
            if (closing) {
                return Status.UNKNOWN_DEVICE;
            }
            PageTable table = table(mirror.id());
            if (table == null) {
                journal.count(DeviceCounters.PROTOCOL_ERRORS);
                return Status.UNKNOWN_MIRROR;
            }
            tables.remove(table);
            journal.mirror(DeviceEvent.Type.DETACHED, mirror.id());
            return Status.OK;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable PageTable table(long mirror) {
        for (int i = 0; i < tables.size(); i++) {
            if (tables.get(i).mirror == mirror) {
                return tables.get(i);
            }
        }
        return null;
    }

    // Invalidations.

    @Override
    int invalidateStart(DeviceMirror mirror, Invalidation invalidation) {
        if (!isInvalidation(invalidation)) {
            return Status.BAD_ARGUMENT;
        }
        if (!invalidation.mayBlock() && accessing) {
            return Status.REFUSED;
        }
        lock.lock();
        try {
            if (!invalidation.mayBlock() && refuseNonBlocking) {
                journal.count(DeviceCounters.REFUSED_INVALIDATIONS);
                journal.invalidation(DeviceEvent.Type.INVALIDATE_REFUSED, mirror.id(), invalidation);
                return Status.REFUSED;
            }
            while (holdInvalidations && !closing) {
                changed.awaitUninterruptibly();
            }
            dawdle(FaultInjection.Phase.INVALIDATE);
            return closing ? Status.UNKNOWN_DEVICE : invalidate(mirror.id(), invalidation);
        } finally {
            lock.unlock();
        }
    }

    private int invalidate(long mirror, Invalidation invalidation) {
        PageTable table = table(mirror);
        if (table == null || invalidation.sequence() <= table.sequence) {
            journal.count(DeviceCounters.PROTOCOL_ERRORS);
            return table == null ? Status.UNKNOWN_MIRROR : Status.PROTOCOL_ERROR;
        }
        table.begin(invalidation);
        journal.count(DeviceCounters.INVALIDATIONS + Codes.of(invalidation.kind()));
        journal.invalidation(DeviceEvent.Type.INVALIDATE_START, mirror, invalidation);
        return Status.OK;
    }

    @Override
    int invalidateEnd(DeviceMirror mirror, Invalidation invalidation) {
        if (!isInvalidation(invalidation)) {
            return Status.BAD_ARGUMENT;
        }
        lock.lock();
        try {
            if (closing) {
                return Status.UNKNOWN_DEVICE;
            }
            PageTable table = table(mirror.id());
            if (table == null || !table.end(invalidation)) {
                journal.count(DeviceCounters.PROTOCOL_ERRORS);
                return table == null ? Status.UNKNOWN_MIRROR : Status.PROTOCOL_ERROR;
            }
            journal.invalidation(DeviceEvent.Type.INVALIDATE_END, mirror.id(), invalidation);
            return Status.OK;
        } finally {
            lock.unlock();
        }
    }

    private static boolean isInvalidation(Invalidation invalidation) {
        return invalidation.start() >= 0 && invalidation.start() % PAGE_BYTES == 0
                && invalidation.start() < invalidation.end();
    }

    // The page table.

    @Override
    int map(DeviceMirror mirror, Translations translations) {
        List<PageTranslation> pages = translations.pages();
        lock.lock();
        try {
            if (closing) {
                return Status.UNKNOWN_DEVICE;
            }
            journal.mapped(mirror.id(), pages.getFirst().address(), pages.size(), translations.sequence());
            return install(mirror.id(), translations);
        } finally {
            lock.unlock();
        }
    }

    /** Installs all of the translations or none. */
    private int install(long mirror, Translations translations) {
        PageTable table = table(mirror);
        if (table == null) {
            return Status.UNKNOWN_MIRROR;
        }
        if (table.sequence != translations.sequence()) {
            return Status.OUTDATED;
        }
        List<PageTranslation> pages = translations.pages();
        if (table.isChanging(pages.getFirst().address(), pages.getLast().address() + PAGE_BYTES)) {
            journal.count(DeviceCounters.PROTOCOL_ERRORS);
            return Status.PROTOCOL_ERROR;
        }
        for (PageTranslation page : pages) {
            int status = check(page);
            if (status != Status.OK) {
                return status;
            }
        }
        for (PageTranslation page : pages) {
            table.put(slot(page));
        }
        return Status.OK;
    }

    private int check(PageTranslation page) {
        MemorySegment bytes = page.memory();
        if (page.frame() == -1) {
            return bytes == null || bytes.byteSize() != PAGE_BYTES ? Status.BAD_ANSWER : Status.OK;
        }
        if (!states.has(page.frame())) {
            return Status.BAD_ANSWER;
        }
        if (!states.isLive(page.frame())) {
            journal.count(DeviceCounters.USE_AFTER_FREE);
            return Status.USE_AFTER_FREE;
        }
        return Status.OK;
    }

    private Slot slot(PageTranslation page) {
        int frame = page.frame();
        MemorySegment bytes = page.memory();
        return frame < 0 && bytes != null
                ? new Slot(page.address(), -1, 0, bytes, page.access())
                : new Slot(page.address(), frame, states.generation(frame), states.bytes(frame), page.access());
    }

    @Override
    boolean testAndClearAccessed(DeviceMirror mirror, long address) {
        lock.lock();
        try {
            PageTable table = table(mirror.id());
            Slot slot = table == null ? null : table.find(address);
            boolean accessed = slot != null && slot.accessed;
            if (slot != null) {
                slot.accessed = false;
            }
            return accessed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<TableEntry> table(DeviceMirror mirror) {
        lock.lock();
        try {
            PageTable table = table(mirror.id());
            List<TableEntry> entries = new ArrayList<>();
            if (table != null) {
                for (Slot slot : table.slots()) {
                    entries.add(new TableEntry(slot.address, slot.frame, slot.access, slot.accessed,
                            states.isStale(slot)));
                }
            }
            return List.copyOf(entries);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long staleTranslations() {
        lock.lock();
        try {
            return tables.stream().flatMap(table -> table.slots().stream()).filter(states::isStale).count();
        } finally {
            lock.unlock();
        }
    }

    // Operations.

    /** Fails on a full stack before the lock is taken: later, the lock might stay taken for ever. */
    private static boolean hasRoom(int calls) {
        return calls == 0 || hasRoom(calls - 1);
    }

    @Override
    int run(Operation operation, MemorySegment buffer, int limitMillis) {
        Job job = new Job(operation, buffer);
        BooleanSupplier finished = () -> job.finished; // allocated first: a job in the queue has to be waited for
        boolean isRoom = hasRoom(CALLS_UNDER_LOCK);
        assert isRoom;
        lock.lock();
        try {
            if (closing) {
                return ended ? Status.UNKNOWN_DEVICE : Status.CLOSED;
            }
            queue.add(job);
            work.signal();
            if (!awaitUninterruptibly(finished, TimeUnit.MILLISECONDS.toNanos(limitMillis))) {
                job.abandoned = true;
                return Status.TIMED_OUT;
            }
            return job.status;
        } finally {
            lock.unlock();
        }
    }

    private void workUntilClosed() {
        lock.lock();
        try {
            while (!closing || !queue.isEmpty()) {
                if (queue.isEmpty()) {
                    work.awaitUninterruptibly();
                } else {
                    Job job = queue.removeFirst();
                    job.status = performUnlocked(job);
                    job.finished = true;
                    changed.signalAll();
                }
            }
        } finally {
            ended = true;
            changed.signalAll();
            lock.unlock();
        }
    }

    private int performUnlocked(Job job) {
        lock.unlock();
        try {
            return perform(job);
        } catch (Throwable unexpected) { // such as no memory: the caller gets it, and this thread goes on
            job.operation.fail(unexpected);
            return Status.FAULT_FAILED;
        } finally {
            lock.lock();
        }
    }

    private int perform(Job job) {
        Operation operation = job.operation;
        long counted = operation.kind == Operation.Kind.COPY ? operation.target : operation.address;
        long done = 0;
        long progress = System.nanoTime();
        int fruitless = 0;
        while (done < operation.sizeBytes) {
            long piece = pieceAfter(operation, done);
            int status = step(job, done, piece);
            if (status == Status.OK) {
                operation.pages += done == 0 || (counted + done) % PAGE_BYTES == 0 ? 1 : 0;
                done += piece;
                progress = System.nanoTime();
                fruitless = 0;
            } else if (status != Status.OUTDATED) {
                return status;
            } else if (++fruitless > FRUITLESS_STEPS && System.nanoTime() - progress > FRUITLESS_NANOS) {
                return Status.BUSY;
            }
        }
        return Status.OK;
    }

    /** Returns how many bytes from here on are within one page of each range. */
    private static long pieceAfter(Operation operation, long done) {
        long piece = Math.min(operation.sizeBytes - done, leftInPage(operation.address + done));
        return operation.kind == Operation.Kind.COPY ? Math.min(piece, leftInPage(operation.target + done)) : piece;
    }

    private static long leftInPage(long address) {
        return PAGE_BYTES - address % PAGE_BYTES;
    }

    /** Does one piece. If it has to fault for that, returns OUTDATED: the caller looks again. */
    private int step(Job job, long done, long piece) {
        Operation operation = job.operation;
        boolean copies = operation.kind == Operation.Kind.COPY;
        long missing = operation.address + done;
        DeviceAccess access = operation.kind.access;
        lock.lock();
        try {
            PageTable table = table(operation.mirror.id());
            if (closing || job.abandoned || table == null) {
                return table == null ? Status.UNKNOWN_MIRROR : Status.CLOSED;
            }
            Slot slot = usable(table, missing, access);
            Slot target = slot;
            if (slot != null && copies) {
                missing = operation.target + done;
                access = DeviceAccess.WRITE;
                target = usable(table, missing, access);
            }
            if (slot != null && target != null) {
                if (states.isStale(slot) || states.isStale(target)) {
                    journal.count(DeviceCounters.USE_AFTER_FREE);
                    return Status.USE_AFTER_FREE;
                }
                access(job, done, piece, slot, target);
                return Status.OK;
            }
        } finally {
            lock.unlock();
        }
        return operation.kind == Operation.Kind.READ_MAPPED ? Status.NOT_MAPPED
                : faultRound(operation, missing, operation.sizeBytes - done, access);
    }

    private static @Nullable Slot usable(PageTable table, long address, DeviceAccess access) {
        Slot slot = table.find(address);
        return slot != null && slot.suffices(access) ? slot : null;
    }

    /** Does one piece of an operation. Holds the lock, so invalidations wait. */
    private void access(Job job, long done, long piece, Slot slot, Slot target) {
        accessing = true;
        try {
            while (holdAccesses) {
                LockSupport.parkNanos(HOLD_NANOS);
            }
            sleepUninterruptibly(delayMicros[Codes.of(FaultInjection.Phase.ACCESS)]);
            slot.accessed = true;
            target.accessed = true;
            Operation operation = job.operation;
            long at = (operation.address + done) % PAGE_BYTES;
            MemorySegment bytes = slot.memory.asSlice(at, piece);
            switch (operation.kind) {
                case READ, READ_MAPPED -> MemorySegment.copy(bytes, 0, job.buffer, done, piece);
                case WRITE -> MemorySegment.copy(job.buffer, done, bytes, 0, piece);
                case FILL -> bytes.fill((byte) operation.argument);
                case SUM -> operation.value += sum(bytes);
                case COPY -> MemorySegment.copy(bytes, 0, target.memory, (operation.target + done) % PAGE_BYTES, piece);
                case ADD -> operation.value = (long) WORD.getAndAdd(bytes, 0L, operation.argument);
            }
        } finally {
            accessing = false;
        }
    }

    private static long sum(MemorySegment bytes) {
        long sum = 0;
        for (long at = 0; at < bytes.byteSize(); at += Long.BYTES) {
            sum += bytes.get(JAVA_LONG_UNALIGNED, at);
        }
        return sum;
    }

    private int faultRound(Operation operation, long address, long sizeBytes, DeviceAccess access) {
        long first = address & -PAGE_BYTES;
        long left = (address - first + sizeBytes + PAGE_BYTES - 1) / PAGE_BYTES;
        int count = (int) Math.min(left, MAX_FAULT_PAGES);
        Translations answer = operation.fault(first, count, access);
        long mirror = operation.mirror.id();
        lock.lock();
        try {
            journal.count(DeviceCounters.FAULTS);
            journal.fault(mirror, first, count, answer == null ? 0 : answer.sequence(), access);
            int status = answer == null ? Status.FAULT_FAILED : install(mirror, answer);
            if (answer != null && status == Status.OUTDATED) {
                journal.outdated(mirror, answer.sequence());
                journal.count(DeviceCounters.RETRIES);
                operation.retries++;
                return Status.OUTDATED;
            }
            operation.faultRounds++;
            return status == Status.OK ? Status.OUTDATED : status;
        } finally {
            lock.unlock();
        }
    }

    // What tests read and set.

    @Override
    public boolean isAccessing() {
        return accessing;
    }

    @Override
    public DeviceCounters counters() {
        lock.lock();
        try {
            return journal.counters();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<DeviceEvent> events() {
        lock.lock();
        try {
            return journal.events();
        } finally {
            lock.unlock();
        }
    }

    @Override
    void inject(Fault fault) {
        if (fault instanceof Fault.HoldAccesses hold) {
            holdAccesses = hold.on();
            return;
        }
        lock.lock();
        try {
            switch (fault) {
                case Fault.FailAllocation(int k) -> allocationsToFailure = k;
                case Fault.FailCopy(int k, int code) -> {
                    copiesToFailure = k;
                    copyFailure = code;
                }
                case Fault.Delay(FaultInjection.Phase phase, int micros) -> delayMicros[Codes.of(phase)] = micros;
                case Fault.RefuseNonBlocking(boolean on) -> refuseNonBlocking = on;
                case Fault.HoldInvalidations(boolean on) -> {
                    holdInvalidations = on;
                    changed.signalAll();
                }
                case Fault.HoldAccesses(boolean on) -> holdAccesses = on;
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        holdAccesses = false; // an access that is held has the lock
        lock.lock();
        try {
            closing = true;
            work.signalAll();
            changed.signalAll();
            if (!awaitUninterruptibly(() -> ended, TimeUnit.MILLISECONDS.toNanos(closeLimitMillis()))) {
                throw failed("call=close", Status.BUSY);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a condition; false if it did not come true in time. Holds the lock, but not while it waits. */
    private boolean awaitUninterruptibly(BooleanSupplier condition, long limitNanos) {
        boolean interrupted = false;
        long left = limitNanos;
        try {
            while (!condition.getAsBoolean() && left > 0) {
                try {
                    left = changed.awaitNanos(left);
                } catch (InterruptedException interrupt) {
                    interrupted = true;
                }
            }
            return condition.getAsBoolean();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits as long as a test has set for a phase. Holds the lock, but not while it waits. */
    private void dawdle(FaultInjection.Phase phase) {
        int micros = delayMicros[Codes.of(phase)];
        lock.unlock();
        try {
            sleepUninterruptibly(micros);
        } finally {
            lock.lock();
        }
    }

    private static void sleepUninterruptibly(int micros) {
        long deadline = System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(micros);
        boolean interrupted = false;
        for (long left = deadline - System.nanoTime(); left > 0; left = deadline - System.nanoTime()) {
            try {
                TimeUnit.NANOSECONDS.sleep(left);
            } catch (InterruptedException interrupt) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
