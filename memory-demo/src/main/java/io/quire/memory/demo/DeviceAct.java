package io.quire.memory.demo;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.Device;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.Pin;
import io.quire.memory.TierStatistics;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.NativeDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The second act of the demo: a device works on the live map. Part of the map moves to the memory of the device. Forks
 * are taken while the device and the processor read and write that part. A long-term pin is refused, and more pages
 * than fit are moved to the device. Every step is checked, and at the end the map has the content that it had before.
 * For one thread.
 */
final class DeviceAct {

    static final int LOW_WATERMARK = 5;
    static final int HIGH_WATERMARK = 10;

    /**
     * A third of the device holds pages of the map and another third holds their copies, so the watermarks are not
     * reached.
     */
    private static final int SHARE_MOVED = 3;
    private static final int TIMES_TOO_MUCH = 2;
    private static final int PERCENT = 100;

    private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Checks checks = new Checks();
    private final MemorySegment word = MemorySegment.ofArray(new long[1]);
    private final MemoryManager memory;
    private final MemoryPool pool;
    private final SoftwareDevice device;
    private final LoadedMap loaded;
    private final AddressSpace live;
    private final Accessor accessor;
    private final DeviceMirror mirror;
    private final long start;
    private final long pages;

    private DeviceAct(MemoryManager memory, SoftwareDevice device, LoadedMap loaded, Accessor accessor,
            DeviceMirror mirror) {
        this.memory = memory;
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
     * Runs the act.
     *
     * @param memory the manager that was built with the device
     * @param loaded the live map, with no open forks; it is at least twice as large as the device
     * @throws InterruptedException if the caller was interrupted
     */
    static DeviceOutcome run(MemoryManager memory, SoftwareDevice device, LoadedMap loaded)
            throws InterruptedException {
        try (Accessor accessor = loaded.space().accessor();
                Attachment attached = memory.device(device.name()).attach(loaded.space())) {
            return new DeviceAct(memory, device, loaded, accessor, attached.mirror()).play();
        }
    }

    private DeviceOutcome play() throws InterruptedException {
        DeviceOutcome.Moved moved = move();
        List<DeviceOutcome.AfterFork> afterForks = new ArrayList<>();
        afterForks.add(readAfterFork());
        afterForks.add(writeAfterFork("both write, copies stay there (SAME_POOL)", CowPlacement.SAME_POOL, 0));
        afterForks.add(writeAfterFork("both write, the kernel's rule (HOST)", CowPlacement.HOST, pages));
        String refusal = pinForLong();
        DeviceOutcome.Pressure pressure = loadTooMuch();
        checkMap();
        checks.checkEqual("broken rules of the device", device.counters().violations(), 0);
        checks.checkEqual("translations to freed frames", device.staleTranslations(), 0);
        return new DeviceOutcome(words(), NativeDevice.whyUnavailable(), pool.sizeBytes(), moved, afterForks,
                pressure, refusal, checks.made(), checks.passed(), checks.firstFailure());
    }

    private String words() {
        return switch (device) {
            case NativeDevice _ -> "device in C";
            case JavaDevice _ -> "device in Java";
        };
    }

    // ---- part of the map moves

    private DeviceOutcome.Moved move() {
        long before = processorSum(accessor, pages);
        long startNanos = System.nanoTime();
        long moved = live.migrate(start, pages * Units.PAGE_BYTES, pool).moved();
        long nanos = System.nanoTime() - startNanos;
        checks.checkEqual("pages that moved to the device", moved, pages);
        checks.checkEqual("pages on the device", pagesOnDevice(), pages);
        checks.checkEqual("sum by the processor after the move", processorSum(accessor, pages), before);
        checks.checkEqual("sum by the device", deviceSum(mirror, pages), before);
        return new DeviceOutcome.Moved(moved, nanos, pages * Units.PAGE_BYTES / Long.BYTES);
    }

    private void moveBack() {
        checks.checkEqual("pages on the device again",
                live.migrate(start, pages * Units.PAGE_BYTES, pool).there(), pages);
    }

    // ---- forks

    private DeviceOutcome.AfterFork readAfterFork() {
        long sum = deviceSum(mirror, pages);
        TierStatistics before = tier();
        try (AddressSpace fork = live.fork("read by the device"); Accessor past = fork.accessor();
                Attachment attached = device().attach(fork)) {
            checks.checkEqual("sum of the map by the device", deviceSum(mirror, pages), sum);
            checks.checkEqual("sum of the map by the processor", processorSum(accessor, pages), sum);
            checks.checkEqual("sum of a fork by the device", deviceSum(attached.mirror(), pages), sum);
            checks.checkEqual("sum of a fork by the processor", processorSum(past, pages), sum);
            return afterFork("both read every page, of the map and the fork", before, 0, 0);
        }
    }

    private DeviceOutcome.AfterFork writeAfterFork(String label, CowPlacement placement, long expectedOff) {
        live.cowPlacement(placement);
        long sum = deviceSum(mirror, pages);
        TierStatistics before = tier();
        DeviceOutcome.AfterFork after;
        try (AddressSpace fork = live.fork("written beside"); Accessor past = fork.accessor()) {
            addToEveryPage(1);
            after = afterFork(label, before, pages, expectedOff);
            checks.checkEqual("sum by the device after adding one to " + pages + " pages", deviceSum(mirror, pages),
                    sum + pages);
            checks.checkEqual("sum of the fork after the map was written", processorSum(past, pages), sum);
        }
        addToEveryPage(-1);
        checks.checkEqual("sum of the map after its words were restored", processorSum(accessor, pages), sum);
        moveBack();
        return after;
    }

    /** Changes a word of every page. The device and the processor change every other page each. */
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

    /** Returns what was counted since {@code before}. The fork is still open. */
    private DeviceOutcome.AfterFork afterFork(String label, TierStatistics before, long written, long expectedOff) {
        TierStatistics now = tier();
        long off = now.pagesCopiedOff() - before.pagesCopiedOff();
        checks.checkEqual("pages that left the device, " + label, off, expectedOff);
        checks.checkEqual("pages of the map still on the device, " + label, pagesOnDevice(), pages - expectedOff);
        return new DeviceOutcome.AfterFork(label, now.deviceFaults() - before.deviceFaults(),
                now.invalidations() - before.invalidations(), written, off);
    }

    // ---- a refused pin, and more pages than fit

    private String pinForLong() {
        long refusedBefore = tier().longTermPinsRefused();
        try (Pin _ = live.pin(start, Units.PAGE_BYTES, PinTerm.LONG, PinAccess.WRITE)) {
            checks.check(false, "a long-term pin of a device page was granted");
            return "";
        } catch (LongTermPinException refused) {
            checks.checkEqual("long-term pins refused", tier().longTermPinsRefused() - refusedBefore, 1);
            return String.valueOf(refused.getMessage());
        }
    }

    private DeviceOutcome.Pressure loadTooMuch() throws InterruptedException {
        long tooMany = (long) device.frames() * TIMES_TOO_MUCH;
        long sum = processorSum(accessor, tooMany);
        live.migrate(start, pages * Units.PAGE_BYTES, memory.hostPool());
        long evictedBefore = tier().pagesEvicted();
        int loaded = loadInParts(tooMany);
        long free = awaitWatermark();
        long evicted = tier().pagesEvicted() - evictedBefore;
        checks.checkEqual("pages that went to the device", loaded, tooMany);
        checks.check(evicted >= loaded - device.frames(), "more is on the device than fits: loaded: "
                + loaded + ", evicted: " + evicted + ", frames: " + device.frames());
        checks.check(free * PERCENT >= (long) device.frames() * LOW_WATERMARK,
                "the device is fuller than its watermark allows: free: " + free + ", frames: " + device.frames());
        checks.checkEqual("sum by the device of pages on both sides", deviceSum(mirror, tooMany), sum);
        return new DeviceOutcome.Pressure(loaded, evicted, free);
    }

    /** Moves the pages in parts that fit, because a migration never evicts pages of its own range. */
    private int loadInParts(long tooMany) {
        int loaded = 0;
        long part = device.frames() / 2L;
        for (long done = 0; done < tooMany; done += part) {
            loaded += live.migrate(start + done * Units.PAGE_BYTES, Math.min(part, tooMany - done) * Units.PAGE_BYTES,
                    pool).moved();
        }
        return loaded;
    }

    /** Waits until the manager's agent has evicted enough pages, and returns how many are free then. */
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

    /** Checks the whole map, whichever tier its pages are in. */
    private void checkMap() {
        Checksum found = new Checksum(Checksum::entryHash);
        loaded.in(accessor).forEach(found::add);
        checks.checkEqual("entries of the map", found.entries(), loaded.expected().entries());
        checks.checkEqual("checksum of the map", found.sum(), loaded.expected().checksum());
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
