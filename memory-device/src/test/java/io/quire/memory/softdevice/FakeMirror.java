package io.quire.memory.softdevice;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/** Plays the library for a device: a mirror of a space whose pages are on the host or on the device. */
final class FakeMirror implements DeviceMirror {

    static final int PAGE = 4096;
    static final long BASE = 0x10_0000_0000L;

    private static final AtomicLong LAST = new AtomicLong();

    private final long id = LAST.incrementAndGet();
    private final Map<Long, MemorySegment> host = new ConcurrentHashMap<>();
    private final Map<Long, Integer> frames = new ConcurrentHashMap<>();
    private final AtomicLong sequence = new AtomicLong();
    /** The lock of the space: no lookup happens during a change. */
    private final ReentrantLock lock = new ReentrantLock();
    private final SoftwareDevice device;

    /** Number of faults. */
    final AtomicInteger faults = new AtomicInteger();

    /** Runs in each fault, after the fault has read the sequence. */
    volatile Runnable inFault = () -> {};

    /** The access that a fault for writing is answered with. */
    volatile DeviceAccess writeBecomes = DeviceAccess.WRITE;

    /** Maps pages of the host from {@link #BASE} on. */
    FakeMirror(SoftwareDevice device, int pages) {
        this.device = device;
        MemorySegment memory = Arena.ofAuto().allocate((long) pages * PAGE, PAGE);
        for (int i = 0; i < pages; i++) {
            host.put(at(i), memory.asSlice((long) i * PAGE, PAGE));
        }
    }

    static long at(int page) {
        return BASE + (long) page * PAGE;
    }

    MemorySegment page(int page) {
        return host.get(at(page));
    }

    /** Moves a page of the host into a frame of the device, without an invalidation. */
    void putIntoDevice(int page, int frame) {
        if (!device.driver().frameAllocated(frame)) {
            throw new AssertionError("refused: frame=" + frame);
        }
        frames.put(at(page), frame);
    }

    Invalidation invalidation(int page, int pages, InvalidationKind kind, boolean mayBlock) {
        return new Invalidation(kind, at(page), at(page + pages), 0, sequence.incrementAndGet(), mayBlock);
    }

    /** Invalidates pages like the library does; returns false if the device refuses. */
    boolean invalidate(int page, int pages) {
        lock.lock();
        try {
            Invalidation invalidation = invalidation(page, pages, InvalidationKind.CLEAR, true);
            boolean granted = device.driver().invalidateStart(this, invalidation);
            if (granted) {
                device.driver().invalidateEnd(this, invalidation);
            }
            return granted;
        } finally {
            lock.unlock();
        }
    }

    private long lookUp() {
        lock.lock();
        try {
            return sequence.get();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public String spaceName() {
        return "fake";
    }

    @Override
    public Translations fault(long address, int pages, DeviceAccess access) {
        faults.incrementAndGet();
        long lookedUpUnder = lookUp();
        inFault.run();
        List<PageTranslation> found = new ArrayList<>();
        for (int i = 0; i < pages; i++) {
            found.add(translation(address + (long) i * PAGE, access == DeviceAccess.WRITE ? writeBecomes : access));
        }
        return new Translations(lookedUpUnder, found);
    }

    private PageTranslation translation(long address, DeviceAccess access) {
        Integer frame = frames.get(address);
        MemorySegment memory = host.get(address);
        if (memory == null) {
            throw new AddressNotMappedException(spaceName(), address, "none");
        }
        return frame == null ? new PageTranslation(address, -1, memory, access)
                : new PageTranslation(address, frame, null, access);
    }

    @Override
    public List<PageState> snapshot(long address, int pages) {
        throw new UnsupportedOperationException("no device asks for it");
    }
}
