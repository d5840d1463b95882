package io.quire.memory.bench.fork;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.LinuxFork;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.measure.Lines;
import io.quire.memory.bench.measure.Report;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How do a fork, the first writes after it and its end grow with the size of the space, and with the number of other
 * forks that live? The life of a fork: it is taken; the space writes to {@value #WRITES} random pages; the fork is
 * closed; what it held alone is destroyed. Each step is an {@link Operation}. The pictures show medians, with one
 * reading of the clock, 30 ns, in each step.
 * <p>
 * Expected: flat lines. A fork makes a few objects, 200 to 300 ns. A first write copies a page, 300 ns from memory, and
 * the leaf above it, 200 to 500 ns; the first of all also copies the path from the top, one more node for each 64-fold
 * of the size. A small space fits the caches of the processor, so its first writes are cheaper. A close destroys at
 * most 16 nodes itself, of which each leaf gives up 64 references: 5 us. The rest, some 50 leaves after 64 scattered
 * writes, is left to the reclaimer: 20 us, by what was written and not by what there is.
 * <p>
 * Other forks are spaces of their own: a list that is longer, counts that are higher, and more memory that the caches
 * of the processor do not hold.
 * <p>
 * Linux's fork copies the page table: 512 times as much for 512 times the size. So does a copy of all bytes, 100 ms for
 * 1 GiB. A line of ours that grows with the size would mean that something walks the table.
 */
public class ForkScaling extends JmhBenchmark {

    static final int WRITES = 64;

    /** Lives that are thrown away at the beginning, and before each place of a picture. */
    private static final int FIRST_WARM_UPS = 20_000;
    private static final int WARM_UPS = 2_000;
    private static final int LIVES = 501;

    /** A step in the life of a fork. */
    public enum Operation {

        FORK("fork", 1),
        FIRST_WRITE("first write", WRITES),
        /** Of a fork from which the space has gone away by so many writes. */
        CLOSE("close", 1),
        /** All of what the close has left, with the leaves and pages of so many writes. */
        RECLAIM("what close leaves to the reclaimer", 1);

        private final String words;
        private final int count;

        Operation(String words, int count) {
            this.words = words;
            this.count = count;
        }
    }

    private record LifeTimes(Histogram fork, Histogram firstWrite, Histogram close, Histogram reclaim) {

        Histogram of(Operation step) {
            return switch (step) {
                case FORK -> fork;
                case FIRST_WRITE -> firstWrite;
                case CLOSE -> close;
                case RECLAIM -> reclaim;
            };
        }
    }

    @Param
    public Operation operation;

    @Param({"MIB_1", "MIB_16", "MIB_256", "GIB_1", "GIB_64"})
    public SpaceSize size;

    /** With the one that is measured. */
    @Param("1")
    public int liveForks;

    private final Deque<AddressSpace> living = new ArrayDeque<>();
    private final long[] addresses = new long[WRITES];

    private Pages pages;
    private MemoryManager manager;
    private AddressSpace space;
    private Accessor accessor;
    private long address;
    private @Nullable AddressSpace fork;

    private static ForkScaling of(SpaceSize size, int liveForks) {
        ForkScaling scaling = new ForkScaling();
        scaling.size = size;
        scaling.liveForks = liveForks;
        scaling.open();
        return scaling;
    }

    /** Starts no agent, so that only {@link #reclaim} destroys what a close leaves. */
    @Setup(Level.Trial)
    public void open() {
        pages = new Pages((long) size.pages() * Pages.PAGE_BYTES);
        manager = MemoryManager.builder().hostPool(frames() * Pages.PAGE_BYTES).backgroundAgent(false).build();
        space = manager.newAddressSpace();
        accessor = space.accessor();
        address = space.map(size.mappedBytes());
        size.writePages(accessor, address);
        if (liveForks > 1) {
            touchRoomForCopies();
            keepAlive(liveForks - 1);
        }
    }

    /** With others alive, every page is copied once for them; and each of them has a page of its own. */
    private long frames() {
        return (liveForks > 1 ? 2L * size.pages() + liveForks : size.pages()) + 2L * WRITES;
    }

    private void touchRoomForCopies() {
        try (AddressSpace _ = space.fork()) {
            size.writePages(accessor, address);
        }
        reclaim();
    }

    @TearDown(Level.Trial)
    public void close() {
        living.forEach(AddressSpace::close);
        living.clear();
        accessor.close();
        space.close();
        manager.close();
    }

    /** Goes through the life of a fork up to the step that is measured. */
    @Setup(Level.Invocation)
    public void before() {
        if (operation != Operation.FORK) {
            fork();
            choosePages();
        }
        if (operation == Operation.CLOSE || operation == Operation.RECLAIM) {
            writeFirst();
        }
        if (operation == Operation.RECLAIM) {
            closeFork();
        }
    }

    /** One fork, {@value #WRITES} writes, one close, or all that is left of one; a fork alone is better by ForkTime. */
    @Benchmark
    public long step() {
        return switch (operation) {
            case FORK -> fork();
            case FIRST_WRITE -> writeFirst();
            case CLOSE -> closeFork();
            case RECLAIM -> reclaim();
        };
    }

    /** And through the rest of it. */
    @TearDown(Level.Invocation)
    public void after() {
        if (fork != null) {
            closeFork();
        }
        reclaim();
    }

    private long fork() {
        fork = space.fork();
        return 1;
    }

    private long writeFirst() {
        for (int i = 0; i < WRITES; i++) {
            accessor.setLong(addresses[i], i);
        }
        return WRITES;
    }

    private long closeFork() {
        Objects.requireNonNull(fork).close();
        fork = null;
        return 1;
    }

    private long reclaim() {
        return manager.reclaim(Integer.MAX_VALUE);
    }

    private void choosePages() {
        pages.choose(WRITES);
        for (int i = 0; i < WRITES; i++) {
            addresses[i] = address(i);
        }
    }

    private long address(int index) {
        return address + pages.offset(index) / Pages.PAGE_BYTES * size.strideBytes();
    }

    /** Forks so many, each a page away from the one before. */
    private void keepAlive(int forks) {
        while (living.size() < forks) {
            living.add(space.fork());
            pages.choose(1);
            accessor.setLong(address(0), living.size());
        }
    }

    // ---- the tour

    /** Adds two pictures. */
    public static void answer(@Nullable LinuxFork linux, Report report) {
        ForkCharts charts = new ForkCharts(linux, report);
        charts.drawBySize();
        charts.drawByLiveForks();
    }

    /** Adds a point to each of our lines: a step in the life of a fork. */
    static void sample(SpaceSize size, int liveForks, Lines lines, double x) {
        ForkScaling scaling = of(size, liveForks);
        try {
            scaling.sampleLives(lines, x);
        } finally {
            scaling.close();
        }
    }

    private void sampleLives(Lines lines, double x) {
        boolean isFirst = lines.all().isEmpty();
        timeLives(isFirst ? FIRST_WARM_UPS : WARM_UPS);
        LifeTimes times = timeLives(LIVES);
        for (Operation step : Operation.values()) {
            lines.ours(step.words, x, (double) times.of(step).getValueAtPercentile(50) / step.count);
        }
    }

    private LifeTimes timeLives(int lives) {
        LifeTimes times = new LifeTimes(new Histogram(3), new Histogram(3), new Histogram(3), new Histogram(3));
        for (int i = 0; i < lives; i++) {
            choosePages();
            long start = System.nanoTime();
            fork();
            long forked = System.nanoTime();
            writeFirst();
            long written = System.nanoTime();
            closeFork();
            long closed = System.nanoTime();
            reclaim();
            long reclaimed = System.nanoTime();
            times.fork.recordValue(forked - start);
            times.firstWrite.recordValue(written - forked);
            times.close.recordValue(closed - written);
            times.reclaim.recordValue(reclaimed - closed);
        }
        return times;
    }
}
