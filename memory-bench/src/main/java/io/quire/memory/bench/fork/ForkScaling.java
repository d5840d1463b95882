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
 * How do the costs of a fork, of the first writes after it and of its end grow with the size of the space, and with the
 * number of other live forks? The life of a fork: it is taken; the space writes to {@value #WRITES} random pages; the
 * fork is closed; what only the fork had is destroyed. Each step is an {@link Operation}. The charts show medians. Each
 * step includes one reading of the clock, 30 ns.
 * <p>
 * Expected: flat lines. A fork makes a few objects, 200 to 300 ns. A first write copies a page, 300 ns from memory, and
 * the leaf above it, 200 to 500 ns. The first write after a fork also copies the path from the top, which has one node
 * more for each factor of 64 in size. A small space fits the caches of the processor, so its first writes are cheaper.
 * A close destroys at most 16 nodes itself, and each leaf among them gives up 64 references: 5 us. The rest, some 50
 * leaves after 64 scattered writes, is left to the reclaimer: 20 us. That depends on how much was written, not on the
 * size.
 * <p>
 * Other live forks make a list longer and some counts higher, and they need memory that does not fit the caches of the
 * processor. They change nothing else.
 * <p>
 * Linux's fork copies the page table, so it takes 512 times as long for 512 times the size. A copy of all bytes grows
 * in the same way, 100 ms for 1 GiB. If a line of ours grew with the size, something would walk the table.
 */
public class ForkScaling extends JmhBenchmark {

    static final int WRITES = 64;

    /** Unmeasured lives at the beginning, and before each point of a chart. */
    private static final int FIRST_WARM_UPS = 20_000;
    private static final int WARM_UPS = 2_000;
    private static final int LIVES = 501;

    /** A step in the life of a fork. */
    public enum Operation {

        FORK("fork", 1),
        FIRST_WRITE("first write", WRITES),
        /** Closes the fork, after {@value #WRITES} first writes of the space. */
        CLOSE("close", 1),
        /** Destroys all that the close has left: the leaves and pages that the {@value #WRITES} writes replaced. */
        RECLAIM("what close leaves to the reclaimer", 1);

        private final String label;
        private final int count;

        Operation(String label, int count) {
            this.label = label;
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

    /** How many forks live, with the one that is measured. */
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

    /** Opens the space. The manager has no agent, so that only {@link #reclaim} destroys what a close leaves. */
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

    /**
     * Returns how many frames are needed. If other forks live, every page is copied once for them, and each of them has
     * a page of its own.
     */
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

    /** Goes through the life of a fork up to the measured step. */
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

    /**
     * Does the measured step: one fork, {@value #WRITES} writes, one close, or all that a close left. To measure a fork
     * alone, ForkTime is better.
     */
    @Benchmark
    public long step() {
        return switch (operation) {
            case FORK -> fork();
            case FIRST_WRITE -> writeFirst();
            case CLOSE -> closeFork();
            case RECLAIM -> reclaim();
        };
    }

    /** Goes through the rest of the life of the fork. */
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

    /** Forks until this many forks live. Each differs from the one before by one page. */
    private void keepAlive(int forks) {
        while (living.size() < forks) {
            living.add(space.fork());
            pages.choose(1);
            accessor.setLong(address(0), living.size());
        }
    }

    // ---- the tour

    /** Adds two charts. */
    public static void answer(@Nullable LinuxFork linux, Report report) {
        ForkCharts charts = new ForkCharts(linux, report);
        charts.drawBySize();
        charts.drawByLiveForks();
    }

    /** Adds a point to each of our lines. Each line is a step in the life of a fork. */
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
            lines.ours(step.label, x, (double) times.of(step).getValueAtPercentile(50) / step.count);
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
