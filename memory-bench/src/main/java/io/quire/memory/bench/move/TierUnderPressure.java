package io.quire.memory.bench.move;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.Zipf;
import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Lines;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Sampler;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.contract.PageState;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does an access to a word cost when the pages in use no longer fit the device? The device has 64 MiB; the working
 * set grows from half of that to four times as much. Pages are drawn by Zipf's law, and a quarter of the accesses are
 * writes.
 * <p>
 * There are two ways to use the tier. <em>In place:</em> the pages are moved to the device once, and as many as fit
 * stay there. A word is accessed wherever its page is, and the manager promotes pages that it evicted by mistake.
 * <em>Moved first:</em> the program asks where the page is, and migrates it if it is on the host. The rivals are flat
 * memory without any tier, and a cache as people write it by hand, which copies pages in and out ({@link CopyInCache}).
 * <p>
 * The device is a pool of ordinary memory, as fast as the host. So this shows what the bookkeeping costs, not what a
 * real device would gain. These times are no reason to use a tier.
 * <p>
 * Expected: in place costs as much as a read of a space at any size, twice the flat read, because nothing has to be
 * moved before an access. While all pages fit, moved first costs as much as the cache by hand plus 20 to 50 ns for the
 * question where the page is. Beyond that, a miss of the cache copies one or two pages, 300 to 700 ns; a miss of ours
 * migrates one page alone, 2 us, and evicts one in a batch, 0.5 us. At twice the size every tenth access is a miss,
 * which adds 60 ns an access for the cache and 250 ns for ours.
 * <p>
 * If moved first takes more than 500 ns an access, as it does on two processors, the evictions of the agent and those
 * of the migrations obstruct each other. If in place grew with the working set, pages would move back and forth. If the
 * share on the device fell faster than the size of the pool explains, the wrong pages would be kept.
 */
public class TierUnderPressure extends JmhBenchmark {

    private static final String DEVICE = "device";
    private static final long DEVICE_BYTES = 64L << 20;
    private static final int PERCENT = 100;

    private static final int ACCESSES = 1 << 18;
    private static final int WRITES_MASK = 3;
    private static final int WORD_STEP = 67 * Long.BYTES;
    private static final int WORD_MASK = Pages.PAGE_BYTES - Long.BYTES;

    private static final int PASSES = 3;
    private static final int QUICK_SETTLE_MILLIS = 300;
    private static final int FULL_SETTLE_MILLIS = 15_000;

    private static final List<Integer> QUICK_PERCENTS = List.of(50, 200, 400);
    private static final List<Integer> ALL_PERCENTS = List.of(50, 75, 100, 125, 150, 200, 300, 400);

    @Param({"50", "100", "200", "400"})
    public int workingSetPercent;

    private final long[] offsets = new long[ACCESSES];

    private Tiered inPlace;
    private Tiered movedFirst;
    private FlatMemory flat;
    private FlatMemory home;
    private FlatMemory cached;
    private CopyInCache cache;

    /** A working set, of which as much as fits was moved to a device. */
    private record Tiered(MemoryManager manager, AddressSpace space, Accessor accessor, MemoryPool device, long address)
            implements AutoCloseable {

        /** Makes a working set. The host has room for all of it, so that every page can be evicted. */
        static Tiered of(long sizeBytes) {
            MemoryManager manager = MemoryManager.builder().hostPool(sizeBytes).deviceCoherentPool(DEVICE, DEVICE_BYTES)
                    .promotion(true).build();
            AddressSpace space = manager.newAddressSpace();
            Accessor accessor = space.accessor();
            long address = space.map(sizeBytes);
            for (long at = 0; at < sizeBytes; at += Pages.PAGE_BYTES) {
                accessor.setLong(address + at, at);
            }
            space.migrate(address, sizeBytes, manager.pool(DEVICE));
            return new Tiered(manager, space, accessor, manager.pool(DEVICE), address);
        }

        boolean isOnDevice(long at) {
            return space.pageState(at).place() == PageState.Place.DEVICE_COHERENT;
        }

        @Override
        public void close() {
            accessor.close();
            space.close();
            manager.close();
        }
    }

    private static TierUnderPressure of(int workingSetPercent) {
        TierUnderPressure tier = new TierUnderPressure();
        tier.workingSetPercent = workingSetPercent;
        tier.open();
        return tier;
    }

    @Setup(Level.Trial)
    public void open() {
        long sizeBytes = DEVICE_BYTES / PERCENT * workingSetPercent / Pages.PAGE_BYTES * Pages.PAGE_BYTES;
        drawOffsets(sizeBytes);
        inPlace = Tiered.of(sizeBytes);
        movedFirst = Tiered.of(sizeBytes);
        flat = new FlatMemory(sizeBytes);
        home = new FlatMemory(sizeBytes);
        cached = new FlatMemory(DEVICE_BYTES);
        cache = new CopyInCache(home.segment(), cached.segment());
    }

    @TearDown(Level.Trial)
    public void close() {
        inPlace.close();
        movedFirst.close();
        flat.close();
        home.close();
        cached.close();
    }

    /** Draws the offsets of the accesses. The popular pages are scattered over the working set. */
    private void drawOffsets(long sizeBytes) {
        Pages pages = new Pages(sizeBytes);
        pages.choose(pages.count());
        long[] drawn = new Zipf(pages.count(), 1).draw(ACCESSES);
        for (int i = 0; i < ACCESSES; i++) {
            offsets[i] = pages.offset((int) drawn[i]) + (i * WORD_STEP & WORD_MASK);
        }
    }

    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long inPlace() {
        Accessor accessor = inPlace.accessor;
        long address = inPlace.address;
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            long at = address + offsets[i];
            if ((i & WRITES_MASK) == 0) {
                accessor.setLong(at, i);
            } else {
                sum += accessor.getLong(at);
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long movedFirst() {
        return useMovedFirst(new long[1]);
    }

    private long useMovedFirst(long[] misses) {
        Accessor accessor = movedFirst.accessor;
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            long at = movedFirst.address + offsets[i];
            if (!movedFirst.isOnDevice(at)) {
                misses[0]++;
                movedFirst.space.migrate(at & -Pages.PAGE_BYTES, Pages.PAGE_BYTES, movedFirst.device);
            }
            if ((i & WRITES_MASK) == 0) {
                accessor.setLong(at, i);
            } else {
                sum += accessor.getLong(at);
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long flat() {
        MemorySegment segment = flat.segment();
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            if ((i & WRITES_MASK) == 0) {
                segment.set(JAVA_LONG, offsets[i], i);
            } else {
                sum += segment.get(JAVA_LONG, offsets[i]);
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long copiedIn() {
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            if ((i & WRITES_MASK) == 0) {
                cache.setLong(offsets[i], i);
            } else {
                sum += cache.getLong(offsets[i]);
            }
        }
        return sum;
    }

    // ---- the tour

    /** Adds two charts: what an access costs, and how many accesses find their page on the device. */
    public static void answer(Report report) {
        Lines times = new Lines();
        Lines shares = new Lines();
        int settleMillis = report.isFull() ? FULL_SETTLE_MILLIS : QUICK_SETTLE_MILLIS;
        for (int percent : report.isFull() ? ALL_PERCENTS : QUICK_PERCENTS) {
            report.progress("accesses to a working set of " + percent + " % of a device ...");
            TierUnderPressure tier = of(percent);
            try {
                tier.settle(settleMillis);
                tier.timeAll(times);
                tier.countAll(shares);
            } finally {
                tier.close();
            }
        }
        String how = " The device is 64 MiB of ordinary memory, no faster than the host, so only the bookkeeping "
                + "shows. Pages by Zipf's law, a quarter of the accesses are writes, one thread.";
        Axis x = Axis.linear("working set, of the device", Axis.Unit.PERCENT);
        report.add(new Chart("tier-under-pressure", "What does a word cost when the working set outgrows the device?",
                "In place: the page stays where it is. Moved first: it is migrated if it is on the host." + how, x,
                Axis.logarithmic("an access", Axis.Unit.NANOS), times.all()));
        report.add(new Chart("tier-share-on-device", "How many accesses find their page on the device?",
                "In place after " + settleMillis / 1000.0 + " s of accesses; the others bring in what they miss." + how,
                x, Axis.linear("found on the device", Axis.Unit.PERCENT), shares.all()));
    }

    /** Gives the manager time to promote what is used. */
    private void settle(int millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() - end < 0) {
            inPlace();
        }
    }

    private void timeAll(Lines times) {
        times.ours("in place", workingSetPercent, nanosOf(this::inPlace));
        times.ours("moved first", workingSetPercent, nanosOf(this::movedFirst));
        times.theirs("flat memory, no device", workingSetPercent, nanosOf(this::flat));
        times.theirs("copied in and out by hand", workingSetPercent, nanosOf(this::copiedIn));
    }

    private static double nanosOf(LongSupplier pass) {
        Sampler timed = Timed.of(ACCESSES, pass);
        timed.sample();
        return timed.medianOf(PASSES).sample();
    }

    private void countAll(Lines shares) {
        int found = 0;
        for (long offset : offsets) {
            found += inPlace.isOnDevice(inPlace.address + offset) ? 1 : 0;
        }
        shares.ours("in place", workingSetPercent, percent(found));
        long[] misses = new long[1];
        useMovedFirst(misses);
        shares.ours("moved first", workingSetPercent, percent(ACCESSES - misses[0]));
        long before = cache.misses();
        copiedIn();
        shares.theirs("copied in and out by hand", workingSetPercent, percent(ACCESSES - (cache.misses() - before)));
    }

    private static double percent(long accesses) {
        return (double) PERCENT * accesses / ACCESSES;
    }
}
