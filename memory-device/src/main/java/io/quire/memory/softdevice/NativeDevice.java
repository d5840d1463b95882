package io.quire.memory.softdevice;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A device in C that the library reaches by native calls, like a real driver: translations are addresses, and no check
 * of Java stops a wrong one.
 * {@snippet file="io/quire/memory/softdevice/snippets/SoftwareDeviceSnippetsTest.java" region="native"}
 * <p>
 * It needs native access for this module and the native library on the class path; see {@link #isAvailable}.
 *
 * @see JavaDevice
 */
public final class NativeDevice extends SoftwareDevice {

    /** All open devices, by their number in C. */
    private static final Map<Long, NativeDevice> DEVICES = new ConcurrentHashMap<>();

    private final @Nullable MemorySegment coherent;
    private final long id;
    private final AtomicLong lastTicket = new AtomicLong();
    private final Map<Long, Operation> operations = new ConcurrentHashMap<>();
    private final ReentrantLock closeLock = new ReentrantLock();
    private final BlockingCalls blocking;

    // For the time after close.
    private volatile DeviceCounters lastCounters = DeviceCounters.of(new long[DeviceCounters.WORDS]);
    private volatile List<DeviceEvent> lastEvents = List.of();

    private NativeDevice(String name, PoolKind kind, long sizeBytes) {
        super(name, kind, sizeBytes);
        blocking = new BlockingCalls(name);
        coherent = kind == PoolKind.DEVICE_COHERENT ? map(sizeBytes) : null;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(JAVA_LONG);
            int status = NativeCalls.create(coherent == null ? 0 : coherent.address(), sizeBytes, Upcall.FUNCTION,
                    number);
            if (status != Status.OK) {
                throw failed("call=create", status);
            }
            id = number.get(JAVA_LONG, 0);
        }
    }

    /**
     * Tells if a native device can be created: native access is enabled and the library was built for this system.
     *
     * @return true if {@link #coherent} and {@link #privateMemory} work
     * @see #whyUnavailable
     */
    public static boolean isAvailable() {
        return NativeLibrary.missing() == null;
    }

    /**
     * Says why no native device can be created, and what to do if that can be helped.
     *
     * @return a sentence; empty if one can be created
     */
    public static String whyUnavailable() {
        String missing = NativeLibrary.missing();
        return missing == null ? "" : missing;
    }

    /**
     * Creates a device whose memory the processor can load and store.
     *
     * @param name for messages
     * @param sizeBytes of its memory; a positive multiple of 4096
     * @return the device, to be closed by the caller or with the manager that has its driver
     * @throws IllegalArgumentException if the size is 0, negative, no multiple of 4096, or more than 2<sup>31</sup> - 1
     *         frames
     * @throws UnsupportedOperationException unless {@link #isAvailable}
     */
    public static NativeDevice coherent(String name, long sizeBytes) {
        requireLibrary();
        return registered(new NativeDevice(name, PoolKind.DEVICE_COHERENT, sizeBytes));
    }

    /**
     * Creates a device whose memory the processor cannot address.
     *
     * @param name for messages
     * @param sizeBytes of its memory; a positive multiple of 4096
     * @return the device, to be closed by the caller or with the manager that has its driver
     * @throws IllegalArgumentException if the size is 0, negative, no multiple of 4096, or more than 2<sup>31</sup> - 1
     *         frames
     * @throws UnsupportedOperationException unless {@link #isAvailable}
     */
    public static NativeDevice privateMemory(String name, long sizeBytes) {
        requireLibrary();
        return registered(new NativeDevice(name, PoolKind.DEVICE_PRIVATE, sizeBytes));
    }

    /** Throws if there is no library; called first, or the error would be one of class initialization. */
    private static void requireLibrary() {
        NativeLibrary.symbols();
    }

    private static NativeDevice registered(NativeDevice device) {
        DEVICES.put(device.id, device);
        return device;
    }

    private MemorySegment map(long sizeBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(JAVA_LONG);
            int status = NativeCalls.memoryMap(sizeBytes, address);
            if (status != Status.OK) {
                throw failed("call=memoryMap(" + sizeBytes + ")", status);
            }
            return NativeCalls.collected(address.get(JAVA_LONG, 0), sizeBytes);
        }
    }

    @Override
    MemorySegment memory() {
        if (coherent == null) {
            throw new IllegalStateException("the memory of a private device has no address: device=" + name());
        }
        return coherent;
    }

    @Override
    int allocated(int frame) {
        return NativeCalls.frameAllocated(id, frame);
    }

    @Override
    int freed(int frame) {
        return NativeCalls.frameFreed(id, frame);
    }

    @Override
    int allocated(int[] frames, int[] granted) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_INT);
            int status = NativeCalls.framesAllocated(id, arena.allocateFrom(JAVA_INT, frames), frames.length, count);
            granted[0] = count.get(JAVA_INT, 0);
            return status;
        }
    }

    @Override
    int freed(int[] frames, int count) {
        try (Arena arena = Arena.ofConfined()) {
            return NativeCalls.framesFreed(id, arena.allocateFrom(JAVA_INT, frames), count);
        } catch (OutOfMemoryError full) { // the library tells it only once
            return freedOneByOne(frames, count);
        }
    }

    private int freedOneByOne(int[] frames, int count) {
        int status = Status.OK;
        for (int i = 0; i < count; i++) {
            int freed = freed(frames[i]);
            status = status == Status.OK ? freed : status;
        }
        return status;
    }

    @Override
    public void poison(boolean on) {
        NativeCalls.poison(id, on ? 1 : 0); // has no effect after close
    }

    @Override
    int copyIn(MemorySegment source, int frame) {
        if (source.isNative()) {
            return NativeCalls.copyIn(id, source, frame);
        }
        try (Arena arena = Arena.ofConfined()) {
            return NativeCalls.copyIn(id, arena.allocate(PAGE_BYTES).copyFrom(source), frame);
        }
    }

    @Override
    int copyOut(int frame, MemorySegment target) {
        if (target.isNative()) {
            return NativeCalls.copyOut(id, frame, target);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment page = arena.allocate(PAGE_BYTES);
            int status = NativeCalls.copyOut(id, frame, page);
            if (status == Status.OK) {
                target.copyFrom(page);
            }
            return status;
        }
    }

    @Override
    int zero(int frame) {
        return NativeCalls.zero(id, frame);
    }

    @Override
    int attach(DeviceMirror mirror) {
        return NativeCalls.attach(id, mirror.id());
    }

    @Override
    int detach(DeviceMirror mirror) {
        return NativeCalls.detach(id, mirror.id());
    }

    @Override
    int invalidateStart(DeviceMirror mirror, Invalidation invalidation) {
        return NativeCalls.invalidateStart(id, mirror.id(), invalidation.start(), invalidation.end(),
                Codes.of(invalidation.kind()), invalidation.owner(), invalidation.sequence(),
                invalidation.mayBlock() ? 1 : 0);
    }

    @Override
    int invalidateEnd(DeviceMirror mirror, Invalidation invalidation) {
        return NativeCalls.invalidateEnd(id, mirror.id(), invalidation.start(), invalidation.end(),
                Codes.of(invalidation.kind()), invalidation.owner(), invalidation.sequence());
    }

    @Override
    int map(DeviceMirror mirror, Translations translations) {
        List<PageTranslation> pages = translations.pages();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = arena.allocate(pages.size() * NativeCalls.TRANSLATION_BYTES, Long.BYTES);
            store(pages, table);
            return NativeCalls.map(id, mirror.id(), pages.getFirst().address(), translations.sequence(), pages.size(),
                    table);
        }
    }

    @Override
    boolean testAndClearAccessed(DeviceMirror mirror, long address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment accessed = arena.allocate(JAVA_INT);
            return NativeCalls.testAndClearAccessed(id, mirror.id(), address, accessed) == Status.OK
                    && accessed.get(JAVA_INT, 0) != 0;
        }
    }

    @Override
    int run(Operation operation, MemorySegment buffer, int limitMillis) {
        if (!Thread.currentThread().isVirtual()) {
            return runHere(operation, buffer, limitMillis);
        }
        if (!DEVICES.containsKey(id)) {
            return Status.UNKNOWN_DEVICE;
        }
        int status = blocking.inLine(leftMillis -> runHere(operation, buffer, leftMillis), limitMillis);
        return status == Status.UNKNOWN_DEVICE ? Status.CLOSED : status; // it was closed during the wait
    }

    /** Waits in C. */
    private int runHere(Operation operation, MemorySegment buffer, int limitMillis) {
        long ticket = lastTicket.incrementAndGet();
        operations.put(ticket, operation);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(NativeCalls.RESULT_BYTES, Long.BYTES);
            MemorySegment bytes = buffer.byteSize() == 0 ? MemorySegment.NULL
                    : arena.allocate(buffer.byteSize()).copyFrom(buffer);
            int status = NativeCalls.run(id, ask(operation, ticket, arena), bytes, limitMillis, result);
            operation.pages = result.get(JAVA_LONG, NativeCalls.RESULT_PAGES);
            operation.faultRounds = result.get(JAVA_LONG, NativeCalls.RESULT_FAULT_ROUNDS);
            operation.retries = result.get(JAVA_LONG, NativeCalls.RESULT_RETRIES);
            operation.value = result.get(JAVA_LONG, NativeCalls.RESULT_VALUE);
            if (status == Status.OK && operation.kind.isRead()) {
                buffer.copyFrom(bytes);
            }
            return status;
        } finally {
            operations.remove(ticket);
        }
    }

    private static MemorySegment ask(Operation operation, long ticket, Arena arena) {
        MemorySegment ask = arena.allocate(NativeCalls.OPERATION_BYTES, Long.BYTES);
        ask.set(JAVA_INT, NativeCalls.OPERATION_KIND, operation.kind.code);
        ask.set(JAVA_LONG, NativeCalls.OPERATION_TICKET, ticket);
        ask.set(JAVA_LONG, NativeCalls.OPERATION_MIRROR, operation.mirror.id());
        ask.set(JAVA_LONG, NativeCalls.OPERATION_ADDRESS, operation.address);
        ask.set(JAVA_LONG, NativeCalls.OPERATION_TARGET, operation.target);
        ask.set(JAVA_LONG, NativeCalls.OPERATION_SIZE_BYTES, operation.sizeBytes);
        ask.set(JAVA_LONG, NativeCalls.OPERATION_VALUE, operation.argument);
        return ask;
    }

    /** C calls this when it needs translations. No exception may pass from here into C: that ends the process. */
    private static final class Upcall {

        static final MemorySegment FUNCTION = NativeCalls.faultFunction(MethodHandles.lookup(), Upcall.class, "fault");

        private Upcall() {
        }

        @SuppressWarnings("unused") // called by C
        static int fault(long device, long ticket, long mirror, long address, int pages, int access,
                MemorySegment sequence, MemorySegment translations) {
            try {
                NativeDevice asking = DEVICES.get(device);
                Operation operation = asking == null ? null : asking.operations.get(ticket);
                return operation == null ? Status.FAULT_FAILED // its caller has given up
                        : answer(operation, address, pages, access, sequence, translations);
            } catch (Throwable unexpected) { // heap or stack is full: this must not end the process
                return Status.FAULT_FAILED;
            }
        }

        private static int answer(Operation operation, long address, int pages, int access, MemorySegment sequence,
                MemorySegment translations) {
            try {
                Translations answer = operation.fault(address, pages, Codes.ACCESSES.get(access));
                if (answer == null) {
                    return Status.FAULT_FAILED;
                }
                store(answer.pages(), NativeCalls.at(translations, pages * NativeCalls.TRANSLATION_BYTES));
                NativeCalls.at(sequence, Long.BYTES).set(JAVA_LONG, 0, answer.sequence());
                return Status.OK;
            } catch (Throwable unusable) {
                operation.fail(unusable);
                return Status.FAULT_FAILED;
            }
        }
    }

    private static void store(List<PageTranslation> pages, MemorySegment table) {
        long at = 0;
        for (PageTranslation page : pages) {
            table.set(JAVA_LONG, at + NativeCalls.TRANSLATION_HOST, page.frame() < 0 ? addressOf(page) : 0);
            table.set(JAVA_INT, at + NativeCalls.TRANSLATION_FRAME, page.frame());
            table.set(JAVA_INT, at + NativeCalls.TRANSLATION_ACCESS, Codes.of(page.access()));
            at += NativeCalls.TRANSLATION_BYTES;
        }
    }

    private static long addressOf(PageTranslation page) {
        MemorySegment memory = page.memory();
        if (memory == null) {
            return 0;
        }
        if (!memory.isNative() || memory.byteSize() != PAGE_BYTES) {
            throw new IllegalArgumentException("a page is not 4096 bytes of native memory: address=0x"
                    + Long.toHexString(page.address()) + ", memory=" + memory);
        }
        return memory.address();
    }

    @Override
    public List<TableEntry> table(DeviceMirror mirror) {
        int capacity = 1024;
        while (true) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment count = arena.allocate(JAVA_INT);
                MemorySegment entries = arena.allocate(capacity * NativeCalls.ENTRY_BYTES, Long.BYTES);
                if (NativeCalls.table(id, mirror.id(), capacity, entries, count) != Status.OK) {
                    return List.of();
                }
                int found = count.get(JAVA_INT, 0);
                if (found <= capacity) {
                    return entriesIn(entries, found);
                }
                capacity = found;
            }
        }
    }

    private static List<TableEntry> entriesIn(MemorySegment entries, int count) {
        List<TableEntry> list = new ArrayList<>(count);
        for (long i = 0; i < count; i++) {
            long at = i * NativeCalls.ENTRY_BYTES;
            list.add(new TableEntry(entries.get(JAVA_LONG, at + NativeCalls.ENTRY_ADDRESS),
                    entries.get(JAVA_INT, at + NativeCalls.ENTRY_FRAME),
                    Codes.ACCESSES.get(entries.get(JAVA_INT, at + NativeCalls.ENTRY_ACCESS)),
                    entries.get(JAVA_INT, at + NativeCalls.ENTRY_ACCESSED) != 0,
                    entries.get(JAVA_INT, at + NativeCalls.ENTRY_STALE) != 0));
        }
        list.sort(Comparator.comparingLong(TableEntry::address));
        return List.copyOf(list);
    }

    @Override
    public long staleTranslations() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_LONG);
            return NativeCalls.stale(id, count) == Status.OK ? count.get(JAVA_LONG, 0) : 0;
        }
    }

    @Override
    public boolean isAccessing() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment accessing = arena.allocate(JAVA_INT);
            return NativeCalls.accessing(id, accessing) == Status.OK && accessing.get(JAVA_INT, 0) != 0;
        }
    }

    @Override
    public DeviceCounters counters() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment words = arena.allocate(JAVA_LONG, DeviceCounters.WORDS);
            return NativeCalls.counters(id, words) == Status.OK ? DeviceCounters.of(words.toArray(JAVA_LONG))
                    : lastCounters;
        }
    }

    @Override
    public List<DeviceEvent> events() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_INT);
            MemorySegment events = arena.allocate(EVENTS * NativeCalls.EVENT_BYTES, Long.BYTES);
            return NativeCalls.events(id, EVENTS, events, count) == Status.OK
                    ? eventsIn(events, count.get(JAVA_INT, 0)) : lastEvents;
        }
    }

    private static List<DeviceEvent> eventsIn(MemorySegment events, int count) {
        List<DeviceEvent> list = new ArrayList<>(count);
        for (long i = 0; i < count; i++) {
            MemorySegment event = events.asSlice(i * NativeCalls.EVENT_BYTES, NativeCalls.EVENT_BYTES);
            list.add(DeviceEvent.of(event.get(JAVA_LONG, NativeCalls.EVENT_NUMBER),
                    event.get(JAVA_INT, NativeCalls.EVENT_TYPE),
                    event.get(JAVA_LONG, NativeCalls.EVENT_MIRROR),
                    event.get(JAVA_LONG, NativeCalls.EVENT_START),
                    event.get(JAVA_LONG, NativeCalls.EVENT_END),
                    event.get(JAVA_LONG, NativeCalls.EVENT_SEQUENCE),
                    event.get(JAVA_INT, NativeCalls.EVENT_KIND),
                    event.get(JAVA_INT, NativeCalls.EVENT_OWNER),
                    event.get(JAVA_INT, NativeCalls.EVENT_FRAME)));
        }
        return List.copyOf(list);
    }

    @Override
    void inject(Fault fault) {
        int status = switch (fault) {
            case Fault.FailAllocation(int k) -> NativeCalls.failAllocation(id, k);
            case Fault.FailCopy(int k, int code) -> NativeCalls.failCopy(id, k, code);
            case Fault.Delay(FaultInjection.Phase phase, int micros) ->
                NativeCalls.delay(id, Codes.of(phase), micros);
            case Fault.RefuseNonBlocking(boolean on) -> NativeCalls.refuseNonBlocking(id, on ? 1 : 0);
            case Fault.HoldInvalidations(boolean on) -> NativeCalls.holdInvalidations(id, on ? 1 : 0);
            case Fault.HoldAccesses(boolean on) -> NativeCalls.holdAccesses(id, on ? 1 : 0);
        };
        if (status != Status.OK && status != Status.UNKNOWN_DEVICE) {
            throw failed("call=" + fault, status);
        }
    }

    @Override
    public void close() {
        closeLock.lock();
        try {
            NativeCalls.holdAccesses(id, 0); // otherwise the calls below would wait
            lastCounters = counters();
            lastEvents = events();
            int status = Thread.currentThread().isVirtual() ? blocking.beside(this::closeHere) : closeHere();
            if (status != Status.OK && status != Status.UNKNOWN_DEVICE) {
                throw failed("call=close", status);
            }
            DEVICES.remove(id);
        } finally {
            closeLock.unlock();
        }
    }

    /** Waits in C. */
    private int closeHere() {
        return NativeCalls.close(id, closeLimitMillis());
    }
}
