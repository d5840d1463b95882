package io.quire.memory.demo;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.NativeDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.structure.ForkableMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * One run of the demo. It opens a manager, loads the map, runs the {@link Race} and the {@link DeviceAct}, closes
 * everything and counts the frames that are left. When {@link #run} returns, nothing is open and no thread runs, unless
 * the library itself failed.
 */
final class DemoRun {

    private static final int WARM_UP_FORKS = 1000;

    /** One part in this many of the whole time is kept for the last checks and for closing. */
    private static final int SHARE_FOR_END = 20;

    /** One part in this many is kept for the race, even if loading takes too long. */
    private static final int SHARE_FOR_RACE = 4;
    private static final long LEAST_RACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Settings settings;
    private final Checksum.EntryHash readersHash;
    private final RunControl control;
    private final Progress progress;
    private final Loader loader;
    private final Plan plan;

    /**
     * Lists the input and plans the memory. The readers get their own hash function, so that a test can pass a wrong
     * one.
     *
     * @throws BadInputException if the input is empty, cannot be read, or is too large
     */
    DemoRun(Settings settings, Checksum.EntryHash readersHash, RunControl control, Progress progress)
            throws BadInputException {
        this.settings = settings;
        this.readersHash = readersHash;
        this.control = control;
        this.progress = progress;
        loader = new Loader(settings.input());
        plan = Plan.of(loader, settings.limitBytes());
    }

    /** Returns one line that says what the run will do. */
    String announcement() {
        return "Quire demo: %s entries, %s; about %d s on %d processors, pool of %s".formatted(
                Units.count(loader.entries()), Units.bytes(loader.sizeBytes()), settings.seconds(),
                Runtime.getRuntime().availableProcessors(), Units.bytes(plan.limitBytes()));
    }

    /**
     * Runs until the time is up, the control is stopped, or something is wrong.
     *
     * @throws BadInputException if the input cannot be loaded
     * @throws ExecutionException if a thread failed
     * @throws InterruptedException if the caller was interrupted
     */
    Outcome run() throws BadInputException, ExecutionException, InterruptedException {
        SoftwareDevice device = newDevice(plan.deviceBytes());
        try (MemoryManager memory = open(device)) {
            warmUp(memory);
            Outcome.Loaded input;
            Race race;
            DeviceOutcome deviceOutcome;
            try (AddressSpace live = memory.newAddressSpace("live")) {
                ForkableMap map = ForkableMap.create(live, plan.mapBytes());
                ExpectedMap expected = load(map);
                input = new Outcome.Loaded(settings.input().description(), expected.entries(),
                        loader.loadedBytes(), control.elapsedNanos());
                planEnd();
                LoadedMap loaded = new LoadedMap(live, map.address(), expected);
                race = new Race(memory, loaded, plan, control, readersHash);
                race.run(progress);
                deviceOutcome = DeviceAct.run(memory, device, loaded);
            }
            long framesLeaked = Reclaim.untilUsedIs(0, memory) / Units.PAGE_BYTES;
            return new Outcome(input, race.writer(), race.forks(), race.memoryUse(), deviceOutcome,
                    race.integrity(framesLeaked));
        } finally {
            device.close(); // does nothing if the manager has closed it already
            progress.end();
        }
    }

    /** Makes the device in C, or the device in Java if the C library was not built. Both are coherent. */
    private static SoftwareDevice newDevice(long sizeBytes) {
        return NativeDevice.isAvailable() ? NativeDevice.coherent("native", sizeBytes)
                : JavaDevice.coherent("java", sizeBytes);
    }

    private MemoryManager open(SoftwareDevice device) throws BadInputException {
        try {
            return MemoryManager.builder().name("demo").hostPool(plan.limitBytes())
                    .device(device.name(), device.driver())
                    .watermarks(DeviceAct.LOW_WATERMARK, DeviceAct.HIGH_WATERMARK).build();
        } catch (IllegalArgumentException | IllegalStateException refused) {
            throw new BadInputException("cannot get a pool of " + Units.bytes(plan.limitBytes()) + ": "
                    + refused.getMessage());
        }
    }

    /** Forks and writes in a separate space until that code is compiled, so that it can be measured. */
    private static void warmUp(MemoryManager memory) {
        try (AddressSpace space = memory.newAddressSpace("warm-up"); Accessor accessor = space.accessor()) {
            FirstWriteProbe probe = FirstWriteProbe.in(space);
            for (int i = 0; i < WARM_UP_FORKS; i++) {
                try (AddressSpace fork = space.fork()) {
                    probe.run(accessor, fork.spaceId());
                }
            }
        }
    }

    private ExpectedMap load(ForkableMap map) throws BadInputException {
        try {
            return loader.load(map, control, progress);
        } catch (OutOfFramesException | StructureFullException full) {
            throw new BadInputException("the input does not fit into the pool: " + full.getMessage());
        }
    }

    /** Gives the race the time that is left. */
    private void planEnd() {
        long totalNanos = TimeUnit.SECONDS.toNanos(settings.seconds());
        long raceNanos = Math.max(LEAST_RACE_NANOS, totalNanos / SHARE_FOR_RACE);
        control.endAfter(Math.max(totalNanos - totalNanos / SHARE_FOR_END, control.elapsedNanos() + raceNanos));
    }
}
