package io.quire.memory.bench.demo;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.DeviceModel;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.structure.ForkableMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * One run of the demo: opens a pool, loads the map, has a {@link Race} and a {@link DeviceAct}, closes everything and
 * counts what is left. Nothing of it is open or runs when {@link #run} returns, unless it was the library that failed.
 */
final class Trial {

    private static final int WARM_UP_FORKS = 1000;

    /** The part of the time asked for that is kept for the last checks and for closing. */
    private static final int SHARE_FOR_END = 20;

    /** The part that is kept for the race, even if loading takes longer than it should. */
    private static final int SHARE_FOR_RACE = 4;
    private static final long LEAST_RACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Settings settings;
    private final Checksum.EntryHash readersHash;
    private final Course course;
    private final Progress progress;
    private final Loader loader;
    private final Plan plan;

    /**
     * Lists the input and plans for it. Readers get a hash of their own, so that a wrong one can be tried.
     *
     * @throws BadInputException if there is nothing to list, it cannot be read, or it is too large
     */
    Trial(Settings settings, Checksum.EntryHash readersHash, Course course, Progress progress)
            throws BadInputException {
        this.settings = settings;
        this.readersHash = readersHash;
        this.course = course;
        this.progress = progress;
        loader = new Loader(settings.input());
        plan = Plan.of(loader, settings.limitBytes());
    }

    /** What it is going to do, in a line. */
    String announcement() {
        return "Quire demo: %s entries, %s; about %d s on %d processors, pool of %s".formatted(
                Units.count(loader.entries()), Units.bytes(loader.sizeBytes()), settings.seconds(),
                Runtime.getRuntime().availableProcessors(), Units.bytes(plan.limitBytes()));
    }

    /**
     * Runs until the time is up, the course is stopped, or something is wrong.
     *
     * @throws BadInputException if the input cannot be loaded
     * @throws ExecutionException if a thread failed
     * @throws InterruptedException if the caller was interrupted
     */
    Outcome run() throws BadInputException, ExecutionException, InterruptedException {
        DeviceModel model = DeviceModel.preferred();
        SoftwareDevice device = model.coherent(plan.deviceBytes());
        try (MemoryManager memory = open(device)) {
            warmUp(memory);
            Outcome.Loaded loaded;
            Race race;
            DeviceShow show;
            try (AddressSpace live = memory.newAddressSpace("live")) {
                ForkableMap map = ForkableMap.create(live, plan.mapBytes());
                Ledger ledger = load(map);
                loaded = new Outcome.Loaded(settings.input().description(), ledger.entries(),
                        loader.loadedBytes(), course.elapsedNanos());
                planEnd();
                LoadedMap contested = new LoadedMap(live, map.address(), ledger);
                race = new Race(memory, contested, plan, course, readersHash);
                race.run(progress);
                show = DeviceAct.run(memory, model, device, contested);
            }
            long framesLeaked = Reclaim.untilUsedIs(0, memory) / Units.PAGE_BYTES;
            return new Outcome(loaded, race.writer(), race.forks(), race.memoryUse(), show,
                    race.checks(framesLeaked));
        } finally {
            device.close(); // the manager has closed it unless it could not be opened
            progress.end();
        }
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

    /** Forks and writes in a space of its own until all of that is compiled and can be measured. */
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

    private Ledger load(ForkableMap map) throws BadInputException {
        try {
            return loader.load(map, course, progress);
        } catch (OutOfFramesException | StructureFullException full) {
            throw new BadInputException("the input does not fit into the pool: " + full.getMessage());
        }
    }

    /** Takes what is left of the time for the race. */
    private void planEnd() {
        long totalNanos = TimeUnit.SECONDS.toNanos(settings.seconds());
        long raceNanos = Math.max(LEAST_RACE_NANOS, totalNanos / SHARE_FOR_RACE);
        course.endAfter(Math.max(totalNanos - totalNanos / SHARE_FOR_END, course.elapsedNanos() + raceNanos));
    }
}
