package io.quire.memory.bench.demo;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.Device;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.Pin;
import io.quire.memory.TierStatistics;
import io.quire.memory.bench.fixture.DeviceModel;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.softdevice.SoftwareDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The second act: a device works on the live map when the race is over. Part of the map moves to the memory of the
 * device, forks are taken while device and processor read and write it, more than fits is moved there, and a long-term
 * pin is refused. Everything that is shown is checked, and the map holds at the end what it held before. One thread.
 */
final class DeviceAct {

    static final int LOW_WATERMARK = 5;
    static final int HIGH_WATERMARK = 10;

    /** A third lies on the device, its copies are another third, and the watermarks are far. */
    private static final int SHARE_MOVED = 3;
    private static final int TIMES_TOO_MUCH = 2;
    private static final int PERCENT = 100;

    private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Claims claims = new Claims();
    private final MemorySegment word = MemorySegment.ofArray(new long[1]);
    private final MemoryManager memory;
    private final MemoryPool pool;
    private final DeviceModel model;
    private final SoftwareDevice device;
    private final LoadedMap loaded;
    private final AddressSpace live;
    private final Accessor accessor;
    private final DeviceMirror mirror;
    private final long start;
    private final long pages;

    private DeviceAct(MemoryManager memory, DeviceModel model, SoftwareDevice device, LoadedMap loaded,
            Accessor accessor, DeviceMirror mirror) {
        this.memory = memory;
        this.model = model;
        this.device = device;
        this.loaded = loaded;
        this.accessor = accessor;
        this.mirror = mirror;
        pool = memory.pool(device.name());
        live = loaded.space();
        start = loaded.address();
        pages = device.frames() / SHARE_MOVED;
    }

    /**
     * Runs it.
     *
     * @param memory the manager, which was given the device
     * @param loaded the live map, of which there are no forks; it is at least twice as large as the device
     * @throws InterruptedException if the caller was interrupted
     */
    static DeviceShow run(MemoryManager memory, DeviceModel model, SoftwareDevice device, LoadedMap loaded)
            throws InterruptedException {
        try (Accessor accessor = loaded.space().accessor();
                Attachment attached = memory.device(device.name()).attach(loaded.space())) {
            return new DeviceAct(memory, model, device, loaded, accessor, attached.mirror()).play();
        }
    }

    private DeviceShow play() throws InterruptedException {
        DeviceShow.Moved moved = move();
        List<DeviceShow.AfterFork> afterForks = new ArrayList<>();
        afterForks.add(readAfterFork());
        afterForks.add(writeAfterFork("both write, copies stay there (SAME_POOL)", CowPlacement.SAME_POOL, 0));
        afterForks.add(writeAfterFork("both write, the kernel's rule (HOST)", CowPlacement.HOST, pages));
        String refusal = pinForLong();
        DeviceShow.Pressure pressure = loadTooMuch();
        checkMap();
        claims.checkEqual("rules of the device that were broken", device.counters().violations(), 0);
        claims.checkEqual("translations that lead to freed frames", device.staleTranslations(), 0);
        return new DeviceShow(model.words(), DeviceModel.NATIVE.whyMissing(), pool.sizeBytes(), moved, afterForks,
                pressure, refusal, claims.made(), claims.kept(), claims.firstBroken());
    }

    // ---- part of the map moves

    private DeviceShow.Moved move() {
        long before = processorSum(accessor, pages);
        long startNanos = System.nanoTime();
        long moved = live.migrate(start, pages * Units.PAGE_BYTES, pool).moved();
        long nanos = System.nanoTime() - startNanos;
        claims.checkEqual("pages that moved to the device", moved, pages);
        claims.checkEqual("pages that lie on the device", pagesOnDevice(), pages);
        claims.checkEqual("sum by the processor after the move", processorSum(accessor, pages), before);
        claims.checkEqual("sum by the device", deviceSum(mirror, pages), before);
        return new DeviceShow.Moved(moved, nanos, pages * Units.PAGE_BYTES / Long.BYTES);
    }

    private void moveBack() {
        claims.checkEqual("pages on the device again",
                live.migrate(start, pages * Units.PAGE_BYTES, pool).there(), pages);
    }

    // ---- forks

    private DeviceShow.AfterFork readAfterFork() {
        long sum = deviceSum(mirror, pages);
        TierStatistics before = tier();
        try (AddressSpace fork = live.fork("read by the device"); Accessor past = fork.accessor();
                Attachment attached = device().attach(fork)) {
            claims.checkEqual("sum of the map by the device", deviceSum(mirror, pages), sum);
            claims.checkEqual("sum of the map by the processor", processorSum(accessor, pages), sum);
            claims.checkEqual("sum of a fork by the device", deviceSum(attached.mirror(), pages), sum);
            claims.checkEqual("sum of a fork by the processor", processorSum(past, pages), sum);
            return afterFork("both read every page, of the map and the fork", before, 0, 0);
        }
    }

    private DeviceShow.AfterFork writeAfterFork(String label, CowPlacement placement, long expectedOff) {
        live.cowPlacement(placement);
        long sum = deviceSum(mirror, pages);
        TierStatistics before = tier();
        DeviceShow.AfterFork after;
        try (AddressSpace fork = live.fork("written beside"); Accessor past = fork.accessor()) {
            addToEveryPage(1);
            after = afterFork(label, before, pages, expectedOff);
            claims.checkEqual("sum by the device after " + pages + " times one more", deviceSum(mirror, pages),
                    sum + pages);
            claims.checkEqual("sum of the fork after the map was written", processorSum(past, pages), sum);
        }
        addToEveryPage(-1);
        claims.checkEqual("sum of the map with its words put back", processorSum(accessor, pages), sum);
        moveBack();
        return after;
    }

    /** Changes a word of every page, of every other by the device. */
    private void addToEveryPage(long delta) {
        for (long page = 0; page < pages; page++) {
            long address = start + page * Units.PAGE_BYTES;
            long value = accessor.getLong(address) + delta;
            if (page % 2 == 0) {
                word.set(JAVA_LONG, 0, value);
                device.write(mirror, address, word);
            } else {
                accessor.setLong(address, value);
            }
        }
    }

    /** What has been counted since, while the fork is open. */
    private DeviceShow.AfterFork afterFork(String label, TierStatistics before, long written, long expectedOff) {
        TierStatistics now = tier();
        long off = now.pagesCopiedOff() - before.pagesCopiedOff();
        claims.checkEqual("pages that left the device, " + label, off, expectedOff);
        claims.checkEqual("pages of the map still on the device, " + label, pagesOnDevice(), pages - expectedOff);
        return new DeviceShow.AfterFork(label, now.deviceFaults() - before.deviceFaults(),
                now.invalidations() - before.invalidations(), written, off);
    }

    // ---- what is refused, and what does not fit

    private String pinForLong() {
        long refusedBefore = tier().longTermPinsRefused();
        try (Pin _ = live.pin(start, Units.PAGE_BYTES, PinTerm.LONG, PinAccess.WRITE)) {
            claims.check(false, "a page of the device was pinned for long");
            return "";
        } catch (LongTermPinException refused) {
            claims.checkEqual("long-term pins refused", tier().longTermPinsRefused() - refusedBefore, 1);
            return String.valueOf(refused.getMessage());
        }
    }

    private DeviceShow.Pressure loadTooMuch() throws InterruptedException {
        long tooMany = (long) device.frames() * TIMES_TOO_MUCH;
        long sum = processorSum(accessor, tooMany);
        live.migrate(start, pages * Units.PAGE_BYTES, memory.hostPool());
        long evictedBefore = tier().pagesEvicted();
        int loaded = loadInParts(tooMany);
        long free = awaitWatermark();
        long evicted = tier().pagesEvicted() - evictedBefore;
        claims.checkEqual("pages that went to the device", loaded, tooMany);
        claims.check(evicted >= loaded - device.frames(), "more is on the device than fits: loaded: "
                + loaded + ", evicted: " + evicted + ", frames: " + device.frames());
        claims.check(free * PERCENT >= (long) device.frames() * LOW_WATERMARK,
                "the device is fuller than its watermark allows: free: " + free + ", frames: " + device.frames());
        claims.checkEqual("sum by the device of pages here and there", deviceSum(mirror, tooMany), sum);
        return new DeviceShow.Pressure(loaded, evicted, free);
    }

    /** A migration evicts nothing of its own range, so what does not fit is loaded in parts that do. */
    private int loadInParts(long tooMany) {
        int loaded = 0;
        long part = device.frames() / 2L;
        for (long done = 0; done < tooMany; done += part) {
            loaded += live.migrate(start + done * Units.PAGE_BYTES, Math.min(part, tooMany - done) * Units.PAGE_BYTES,
                    pool).moved();
        }
        return loaded;
    }

    /** Waits until the manager's agent has evicted enough; how many pages are free then. */
    private long awaitWatermark() throws InterruptedException {
        long end = System.nanoTime() + LONGEST_WAIT_NANOS;
        while (freePages() * PERCENT < (long) device.frames() * LOW_WATERMARK && System.nanoTime() < end) {
            Thread.sleep(1);
        }
        return freePages();
    }

    private long freePages() {
        return pool.freeBytes() / Units.PAGE_BYTES;
    }

    /** All of the map, wherever its pages lie. */
    private void checkMap() {
        Checksum found = new Checksum(Checksum::entryHash);
        loaded.in(accessor).forEach(found::add);
        claims.checkEqual("entries of the map", found.entries(), loaded.ledger().entries());
        claims.checkEqual("checksum of the map", found.sum(), loaded.ledger().checksum());
    }

    // ---- counting

    private Device device() {
        return memory.device(device.name());
    }

    private TierStatistics tier() {
        return memory.statistics().tier();
    }

    private long pagesOnDevice() {
        long found = 0;
        for (long page = 0; page < pages; page++) {
            PageState state = live.pageState(start + page * Units.PAGE_BYTES);
            found += state.place() == PageState.Place.DEVICE_COHERENT ? 1 : 0;
        }
        return found;
    }

    private long deviceSum(DeviceMirror of, long ofPages) {
        return device.sum(of, start, ofPages * Units.PAGE_BYTES).value();
    }

    private long processorSum(Accessor of, long ofPages) {
        long sum = 0;
        long end = start + ofPages * Units.PAGE_BYTES;
        for (long at = start; at < end; at += Long.BYTES) {
            sum += of.getLong(at);
        }
        return sum;
    }
}
