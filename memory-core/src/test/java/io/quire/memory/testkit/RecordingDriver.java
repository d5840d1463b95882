package io.quire.memory.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.DriverException;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.device.Translations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A device that keeps its side of the contract, records its calls, and notices if the library breaks the contract. A
 * test can make it misbehave in calls of its choice. Loads and stores are done by the device, through its own page
 * table. Thread-safe.
 */
public abstract class RecordingDriver implements DeviceDriver, AfterEachCallback {

    /** Calls that the library makes. */
    public enum Call {
        FRAME_ALLOCATED, FRAME_FREED, ATTACHED, DETACHED, START, END, MAPPED, LOOK_FOR_USE, COPY_TO_DEVICE,
        COPY_TO_HOST, ZERO, CLOSE
    }

    /** Error code of {@link #failing}. */
    public static final int CODE = 4711;

    private static final int PAGE = 4096;

    /** Number of times that an access asks for a translation before the test fails. */
    private static final int ASKS = 1_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Call, Integer> calls = new EnumMap<>(Call.class);
    private final Map<Call, Map<Integer, BooleanSupplier>> instead = new EnumMap<>(Call.class);
    private final List<Invalidation> started = new ArrayList<>();
    private final List<Invalidation> ended = new ArrayList<>();
    private final List<String> breaches = new ArrayList<>();
    private final Map<Long, Table> tables = new HashMap<>();
    private final BitSet used = new BitSet();
    private final CountDownLatch released = new CountDownLatch(1);
    private final int frames;
    private volatile Hook onAttached = _ -> {};
    private boolean mayEndBadly;

    /** The page table of one mirror. */
    private static final class Table {

        private final Map<Long, PageTranslation> translations = new HashMap<>();
        private long sequence;
        private int openWindows;
    }

    private RecordingDriver(int frames) {
        this.frames = frames;
    }

    public int frames() {
        return frames;
    }

    // ---- misbehaviour that a test chooses

    /**
     * Runs this at the start of the nth call of a kind, counted from 1 and from now. If it returns false, so does the
     * call.
     */
    public void on(Call call, int nth, BooleanSupplier deed) {
        lock.lock();
        try {
            instead.computeIfAbsent(call, _ -> new HashMap<>()).put(count(call) + nth, deed);
        } finally {
            lock.unlock();
        }
    }

    /** Makes a call fail with {@link #CODE}. */
    public static boolean failing() {
        throw new DriverException("the device is on fire", CODE);
    }

    /**
     * Runs something that may wait for a lock, while the library waits for the driver. It runs on a new thread, because
     * the library refuses it on the thread of the driver.
     */
    public static boolean elsewhere(BooleanSupplier deed) {
        return CompletableFuture.supplyAsync(deed::getAsBoolean, command -> Thread.ofPlatform().daemon().start(command))
                .join();
    }

    /** Does not return before {@link #release}, even if it is interrupted. */
    public boolean hanging() {
        boolean interrupted = false;
        while (true) {
            try {
                released.await();
                break;
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return true;
    }

    /** Lets all hanging calls return. */
    public void release() {
        released.countDown();
    }

    /** Allows frames and mirrors to be left at the end of the test. */
    public void mayEndBadly() {
        mayEndBadly = true;
    }

    /** Something that a test does with a mirror. */
    @FunctionalInterface
    public interface Hook {
        void mirror(DeviceMirror mirror);
    }

    /** Runs this each time a mirror is attached, while the library waits for the driver. */
    public void onAttached(Hook hook) {
        onAttached = hook;
    }

    // ---- the record

    /** Returns the number of calls of a kind. */
    public int count(Call call) {
        lock.lock();
        try {
            return calls.getOrDefault(call, 0);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the invalidations that started since the last call of this method. */
    public List<Invalidation> takeStarted() {
        lock.lock();
        try {
            List<Invalidation> taken = List.copyOf(started);
            started.clear();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the kinds of {@link #takeStarted}. */
    public List<InvalidationKind> takeKinds() {
        return takeStarted().stream().map(Invalidation::kind).toList();
    }

    /** Returns the number of frames in use. */
    public int usedFrames() {
        lock.lock();
        try {
            return used.cardinality();
        } finally {
            lock.unlock();
        }
    }

    /** Returns true if the device has a translation of a page. */
    public boolean hasTranslation(DeviceMirror mirror, long address) {
        lock.lock();
        try {
            return table(mirror).translations.containsKey(address & -PAGE);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the calls by which the library broke the contract. */
    public List<String> breaches() {
        lock.lock();
        try {
            return List.copyOf(breaches);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void afterEach(ExtensionContext test) {
        release();
        if (test.getExecutionException().isEmpty()) {
            assertThat(breaches()).as("breaches of the contract").isEmpty();
            if (!mayEndBadly) {
                assertThat(count(Call.CLOSE)).as("number of calls of close").isOne();
                assertThat(usedFrames()).as("frames of the device still in use").isZero();
                assertThat(tables).as("mirrors still attached").isEmpty();
            }
        }
    }

    // ---- the device at work

    /** Loads a word. The address must be a multiple of 8. */
    public long load(DeviceMirror mirror, long address) {
        return access(mirror, address, DeviceAccess.READ, value -> value);
    }

    /** Stores a word. */
    public void store(DeviceMirror mirror, long address, long value) {
        access(mirror, address, DeviceAccess.WRITE, _ -> value);
    }

    /** Adds to a word by exclusive access, and returns the word before. */
    public long add(DeviceMirror mirror, long address, long more) {
        return access(mirror, address, DeviceAccess.ATOMIC, value -> value + more);
    }

    private long access(DeviceMirror mirror, long address, DeviceAccess access, LongUnaryOperator change) {
        for (int asks = 0; asks < ASKS; asks++) {
            lock.lock();
            try {
                PageTranslation known = table(mirror).translations.get(address & -PAGE);
                if (known != null && known.access().compareTo(access) >= 0) {
                    MemorySegment page = Objects.requireNonNullElseGet(known.memory(),
                            () -> privatePage(known.frame()));
                    long before = page.get(ValueLayout.JAVA_LONG, address & (PAGE - 1));
                    if (access != DeviceAccess.READ) {
                        page.set(ValueLayout.JAVA_LONG, address & (PAGE - 1), change.applyAsLong(before));
                    }
                    return before;
                }
            } finally {
                lock.unlock();
            }
            install(mirror, mirror.fault(address & -PAGE, 1, access));
        }
        throw new AssertionError("each translation was outdated when it came: address=0x"
                + Long.toHexString(address));
    }

    /** Puts translations into the page table; returns false if they are outdated. */
    public boolean install(DeviceMirror mirror, Translations translations) {
        lock.lock();
        try {
            Table table = table(mirror);
            if (translations.sequence() > table.sequence) {
                breaches.add("an answer is newer than every invalidation: " + translations);
            }
            if (translations.sequence() != table.sequence) {
                return false;
            }
            for (PageTranslation page : translations.pages()) {
                if (page.frame() >= 0 && !used.get(page.frame())) {
                    breaches.add("a translation leads to a frame that is not in use: " + page);
                }
                if (page.frame() < 0 && page.memory() == null) {
                    breaches.add("a translation leads nowhere: " + page);
                }
                table.translations.put(page.address(), page);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    abstract MemorySegment privatePage(int frame);

    private Table table(DeviceMirror mirror) {
        return tables.computeIfAbsent(mirror.id(), id -> {
            breaches.add("a mirror that is not attached: id=" + id);
            return new Table();
        });
    }

    // ---- calls of the library

    /** Counts a call, and misbehaves if the test wants that. */
    boolean answer(Call call) {
        BooleanSupplier deed;
        lock.lock();
        try {
            int number = calls.merge(call, 1, Integer::sum);
            deed = instead.getOrDefault(call, Map.of()).get(number);
            if (calls.getOrDefault(Call.CLOSE, 0) > (call == Call.CLOSE ? 1 : 0)) {
                breaches.add("called after it was closed: " + call);
            }
        } finally {
            lock.unlock();
        }
        return deed == null || deed.getAsBoolean(); // without the lock: it may hang
    }

    @Override
    public boolean frameAllocated(int frame) {
        if (!answer(Call.FRAME_ALLOCATED)) {
            return false;
        }
        lock.lock();
        try {
            if (frame < 0 || frame >= frames || used.get(frame)) {
                breaches.add("a frame cannot be allocated: " + frame);
            }
            used.set(frame);
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void frameFreed(int frame) {
        lock.lock();
        try {
            if (!used.get(frame)) {
                breaches.add("a frame was freed that was not in use: " + frame);
            }
            used.clear(frame);
        } finally {
            lock.unlock();
        }
        answer(Call.FRAME_FREED);
    }

    @Override
    public void attached(DeviceMirror mirror) {
        lock.lock();
        try {
            if (tables.put(mirror.id(), new Table()) != null) {
                breaches.add("a mirror was attached twice: id=" + mirror.id());
            }
        } finally {
            lock.unlock();
        }
        try {
            answer(Call.ATTACHED);
            onAttached.mirror(mirror);
        } catch (DriverException refused) {
            lock.lock();
            try {
                tables.remove(mirror.id());
            } finally {
                lock.unlock();
            }
            throw refused;
        }
    }

    @Override
    public void detached(DeviceMirror mirror) {
        lock.lock();
        try {
            if (tables.remove(mirror.id()) == null) {
                breaches.add("a mirror was detached that is not attached: id=" + mirror.id());
            }
        } finally {
            lock.unlock();
        }
        answer(Call.DETACHED);
    }

    @Override
    public boolean invalidateStart(DeviceMirror mirror, Invalidation invalidation) {
        boolean granted;
        try {
            granted = answer(Call.START);
        } catch (DriverException failed) {
            keep(mirror, invalidation, false);
            throw failed;
        }
        if (granted) {
            keep(mirror, invalidation, true);
        }
        return granted;
    }

    private void keep(DeviceMirror mirror, Invalidation invalidation, boolean opens) {
        lock.lock();
        try {
            Table table = table(mirror);
            if (invalidation.sequence() != table.sequence + 1) {
                breaches.add("the sequence jumps: " + table.sequence + " to " + invalidation);
            }
            table.sequence = invalidation.sequence();
            table.openWindows += opens ? 1 : 0;
            boolean mayStillRead = invalidation.kind() == InvalidationKind.PROTECTION_PAGE;
            table.translations.entrySet().removeIf(entry -> invalidation.start() <= entry.getKey()
                    && entry.getKey() < invalidation.end()
                    && !(mayStillRead && entry.getValue().access() == DeviceAccess.READ));
            started.add(invalidation);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void invalidateEnd(DeviceMirror mirror, Invalidation invalidation) {
        lock.lock();
        try {
            Table table = table(mirror);
            table.openWindows--;
            if (table.openWindows < 0) {
                breaches.add("an end without a start: " + invalidation);
            }
            ended.add(invalidation);
        } finally {
            lock.unlock();
        }
        answer(Call.END);
    }

    /** Returns true while an invalidation has started and not ended. */
    public boolean isAnyWindowOpen() {
        lock.lock();
        try {
            return tables.values().stream().anyMatch(table -> table.openWindows > 0);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the invalidations that ended since the last call of this method, by sequence. */
    public List<Invalidation> takeEnded() {
        lock.lock();
        try {
            List<Invalidation> taken = ended.stream().sorted(Comparator.comparingLong(Invalidation::sequence)).toList();
            ended.clear();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void mapped(DeviceMirror mirror, Translations translations) {
        answer(Call.MAPPED);
        install(mirror, translations);
    }

    @Override
    public boolean testAndClearAccessed(DeviceMirror mirror, long address) {
        answer(Call.LOOK_FOR_USE);
        return false;
    }

    @Override
    public void close() {
        answer(Call.CLOSE);
    }

    /** A device whose memory the processor can address. */
    public static final class Coherent extends RecordingDriver implements CoherentDriver {

        private final MemorySegment memory;

        public Coherent(int frames) {
            super(frames);
            memory = Arena.ofAuto().allocate((long) frames * PAGE, PAGE);
        }

        @Override
        public MemorySegment memory() {
            return memory;
        }

        @Override
        MemorySegment privatePage(int frame) {
            return memory.asSlice((long) frame * PAGE, PAGE);
        }
    }

    /** A device whose memory the processor cannot address. */
    public static final class Private extends RecordingDriver implements PrivateDriver {

        private final @Nullable MemorySegment[] pages;

        public Private(int frames) {
            super(frames);
            pages = new MemorySegment[frames];
        }

        @Override
        MemorySegment privatePage(int frame) {
            MemorySegment page = pages[frame];
            if (page == null) {
                page = MemorySegment.ofArray(new long[PAGE / Long.BYTES]);
                pages[frame] = page;
            }
            return page;
        }

        @Override
        public void copyToDevice(MemorySegment source, int frame) {
            answer(Call.COPY_TO_DEVICE);
            privatePage(frame).copyFrom(source);
        }

        @Override
        public void copyToHost(int frame, MemorySegment target) {
            answer(Call.COPY_TO_HOST);
            target.copyFrom(privatePage(frame));
        }

        @Override
        public void zero(int frame) {
            answer(Call.ZERO);
            privatePage(frame).fill((byte) 0);
        }
    }
}
