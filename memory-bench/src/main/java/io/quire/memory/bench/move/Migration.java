package io.quire.memory.bench.move;

import io.quire.memory.MemoryPool;
import io.quire.memory.bench.fixture.DeviceModel;
import io.quire.memory.bench.fixture.DeviceSpace;
import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to migrate a page, beside copying the same bytes from one flat segment to another? 64 MiB are
 * moved. The number of pages in one call varies, and the device is attached to the space or not.
 * <p>
 * Expected: a copy takes 210 to 300 ns a page. Our own copy takes an eighth less; from 64 KiB on it is that of the C
 * library. A batch is at most what one leaf maps. It has a fixed cost of a microsecond: the tables are locked twice,
 * there are two fences, frames are allocated and freed, and the driver is told of both. Each page costs some 50 ns
 * more: its entry is read twice and changed three times, the word of its frame is exchanged twice, and the page takes
 * its place in the eviction queue. So a page alone takes 2 us, and a batch of 64 reaches 0.8 times the bandwidth of the
 * copy. 512 pages are 8 batches and cost as much per page as 64.
 * <p>
 * An attached device is told three times: before the copy, while the pages are marked; during the copy, that the first
 * window is over; and after the copy, while the old frames are freed, which pages have arrived. The calls run on a
 * thread of the device, so that a deadline can be kept. They cost two hand-overs, of which we wait for a microsecond or
 * two, some 50 ns for each of 64 pages. If another program uses one of two processors, the device's thread and ours
 * share the other, and each hand-over waits for the scheduler.
 * <p>
 * If 64 pages were much slower, some of the fixed work would be done for every page.
 */
public class Migration extends JmhBenchmark {

    private static final long SIZE_BYTES = 64L << 20;
    private static final int PAGES = (int) (SIZE_BYTES / Pages.PAGE_BYTES);

    /** The batch of the promise: as many pages as a leaf maps. */
    private static final int BATCH_PROMISED = 64;
    private static final int[] BATCHES = {1, 8, BATCH_PROMISED, 512};

    /**
     * A batch runs through much code, and takes twice as long until all of it is compiled. So it needs more rounds than
     * a loop does.
     */
    private static final Paired ROUNDS = new Paired(100, 31);

    /** How much one untimed call moves back before each measurement. */
    private static final long RETURN_BYTES = SIZE_BYTES;

    /** Where the pages are moved. */
    public enum Direction { TO_DEVICE, TO_HOST }

    @Param({"1", "8", "64", "512"})
    public int batchPages;

    @Param
    public Direction direction;

    @Param({"false", "true"})
    public boolean attached;

    private DeviceSpace memory;
    private FlatMemory source;
    private FlatMemory target;

    @Setup(Level.Trial)
    public void open() {
        memory = DeviceSpace.onHost(DeviceModel.preferred(), SIZE_BYTES);
        if (!attached) {
            memory.detach();
        }
        source = new FlatMemory(SIZE_BYTES);
        target = new FlatMemory(SIZE_BYTES);
    }

    @TearDown(Level.Trial)
    public void close() {
        memory.close();
        source.close();
        target.close();
    }

    /** Moves all pages back to where the measured migration starts. */
    @Setup(Level.Invocation)
    public void putBack() {
        memory.move(direction == Direction.TO_DEVICE ? memory.hostPool() : memory.devicePool(), RETURN_BYTES);
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long migrate() {
        MemoryPool pool = direction == Direction.TO_DEVICE ? memory.devicePool() : memory.hostPool();
        return memory.move(pool, (long) batchPages * Pages.PAGE_BYTES);
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long plainCopy() {
        MemorySegment from = source.segment();
        MemorySegment to = target.segment();
        long batchBytes = (long) batchPages * Pages.PAGE_BYTES;
        for (long at = 0; at < SIZE_BYTES; at += batchBytes) {
            MemorySegment.copy(from, at, to, at, batchBytes);
        }
        return PAGES;
    }

    /** Adds a row for each batch and direction to the table. */
    public static void answer(Report report) {
        report.progress("migration of 64 MiB, " + DeviceModel.preferred().label() + " ...");
        Migration migration = new Migration();
        migration.attached = true;
        migration.open();
        try {
            migration.compare(report, BATCH_PROMISED);
            migration.attached = false;
            migration.memory.detach();
            migration.compare(report, report.isFull() ? BATCHES : new int[] {BATCH_PROMISED});
        } finally {
            migration.close();
        }
    }

    private void compare(Report report, int... batches) {
        for (Direction each : Direction.values()) {
            for (int batch : batches) {
                direction = each;
                batchPages = batch;
                compare(report);
            }
        }
    }

    private Target target() {
        if (batchPages != BATCH_PROMISED) {
            return Target.NONE;
        }
        if (!attached) {
            return Target.atLeast(0.8);
        }
        return direction == Direction.TO_DEVICE ? Promise.MIGRATION_TO_DEVICE : Promise.MIGRATION_TO_HOST;
    }

    private void compare(Report report) {
        String what = "page to " + (direction == Direction.TO_DEVICE ? "device" : "host") + ", " + batchPages
                + (attached ? " a call, attached" : " a call");
        report.add(what, attached ? "copy" : "plain copy", target(),
                ROUNDS.compare(new Timed(this::migrate, PAGES, this::putBack, () -> {}),
                        Timed.of(PAGES, this::plainCopy)));
    }
}
