package io.quire.memory.stress;

import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongUnaryOperator;

/** A device without threads of its own: the actor that calls it acts as the device's thread. */
final class StressDevice implements CoherentDriver {

    private static final int PAGE_BYTES = Stage.PAGE_BYTES;

    private final Map<Long, Table> tables = new ConcurrentHashMap<>();
    private final MemorySegment memory;

    StressDevice(int frames) {
        memory = Arena.ofAuto().allocate((long) frames * PAGE_BYTES, PAGE_BYTES);
    }

    /** The translations of one mirror. An access holds the lock, so an invalidation waits for the access. */
    private static final class Table {

        private final ReentrantLock lock = new ReentrantLock();
        private final Map<Long, PageTranslation> pages = new HashMap<>();
        private long sequence;
    }

    void store(DeviceMirror mirror, long address, long value) {
        access(mirror, address, DeviceAccess.WRITE, _ -> value);
    }

    void add(DeviceMirror mirror, long address, long more) {
        access(mirror, address, DeviceAccess.ATOMIC, value -> value + more);
    }

    private void access(DeviceMirror mirror, long address, DeviceAccess access, LongUnaryOperator change) {
        Table table = Objects.requireNonNull(tables.get(mirror.id()));
        while (!tryAccess(table, address, access, change)) {
            install(table, mirror.fault(address & -PAGE_BYTES, 1, access));
        }
    }

    private static boolean tryAccess(Table table, long address, DeviceAccess access, LongUnaryOperator change) {
        table.lock.lock();
        try {
            PageTranslation known = table.pages.get(address & -PAGE_BYTES);
            if (known == null || known.access().compareTo(access) < 0) {
                return false;
            }
            MemorySegment page = Objects.requireNonNull(known.memory());
            long offset = address & (PAGE_BYTES - 1);
            page.set(ValueLayout.JAVA_LONG, offset, change.applyAsLong(page.get(ValueLayout.JAVA_LONG, offset)));
            return true;
        } finally {
            table.lock.unlock();
        }
    }

    private static void install(Table table, Translations translations) {
        table.lock.lock();
        try {
            if (translations.sequence() == table.sequence) {
                translations.pages().forEach(page -> table.pages.put(page.address(), page));
            }
        } finally {
            table.lock.unlock();
        }
    }

    @Override
    public boolean invalidateStart(DeviceMirror mirror, Invalidation invalidation) {
        Table table = Objects.requireNonNull(tables.get(mirror.id()));
        boolean mayStillRead = invalidation.kind() == InvalidationKind.PROTECTION_PAGE;
        table.lock.lock();
        try {
            table.sequence = invalidation.sequence();
            table.pages.values().removeIf(page -> invalidation.start() <= page.address()
                    && page.address() < invalidation.end()
                    && !(mayStillRead && page.access() == DeviceAccess.READ));
        } finally {
            table.lock.unlock();
        }
        return true;
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public boolean frameAllocated(int frame) {
        return true;
    }

    @Override
    public void frameFreed(int frame) {
    }

    @Override
    public void attached(DeviceMirror mirror) {
        tables.put(mirror.id(), new Table());
    }

    @Override
    public void detached(DeviceMirror mirror) {
        tables.remove(mirror.id());
    }

    @Override
    public void close() {
    }
}
