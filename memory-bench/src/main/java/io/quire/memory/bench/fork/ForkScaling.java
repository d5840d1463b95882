package io.quire.memory.bench.fork;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.LinuxFork;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Lines;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Sampler;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.platform.MachineMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
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

    private static final int WRITES = 64;

    /** Lives that are thrown away at the beginning, and before each place of a picture. */
    private static final int FIRST_WARM_UPS = 20_000;
    private static final int WARM_UPS = 2_000;
    private static final int LIVES = 501;

    private static final int LINUX_FORKS = 7;
    private static final int COPIES = 3;
    private static final long LARGEST_COPY_BYTES = 1L << 30;

    /** Live forks are counted for a space of this size; a fork differs by a page from the one before. */
    private static final SpaceSize SIZE_OF_LIVE_FORKS = SpaceSize.MIB_16;
    private static final List<Integer> LIVE_FORKS = List.of(1, 10, 100, 1_000, 10_000);
    private static final int LINUX_CHILDREN_MAX = 100;

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
        report.progress("a fork's life by size, and beside Linux and copies ...");
        answerBySize(linux, report);
        report.progress("a fork's life beside up to " + LIVE_FORKS.getLast() + " forks ...");
        answerByLiveForks(linux, report);
    }

    private static void answerBySize(@Nullable LinuxFork linux, Report report) {
        Lines lines = new Lines();
        for (SpaceSize each : SpaceSize.values()) {
            if (isWorthwhile(each, report)) {
                sample(each, 1, lines, (double) each.mappedBytes());
                if (each.isResident()) {
                    sampleRivals(linux, each, lines);
                }
            }
        }
        if (linux == null) {
            report.note("Forks by size: " + LinuxFork.MISSING);
        }
        report.add(new Chart("fork-by-size", "What does a fork cost, by the size of what is forked?",
                "A fork is taken, the space writes to " + WRITES + " random pages, the fork is closed. First "
                        + "writes: ours is the mean of those " + WRITES + ", Linux's the median. 64 GiB are mapped, a "
                        + "page in every 16 MiB written; all else is resident. What a close leaves to the reclaimer "
                        + "depends on what was written, and is done by others.",
                Axis.logarithmic("size", Axis.Unit.BYTES), Axis.logarithmic("time", Axis.Unit.NANOS),
                lines.all()));
    }

    /** Whether there is time for a size, and memory: ours, or the process of Linux, and half as much for the rest. */
    private static boolean isWorthwhile(SpaceSize each, Report report) {
        if (each != SpaceSize.GIB_8) {
            return true;
        }
        boolean fits = MachineMemory.availableBytes() >= each.mappedBytes() + each.mappedBytes() / 2;
        if (report.isFull() && !fits) {
            report.note("Forks by size: 8 GiB resident do not fit this machine.");
        }
        return report.isFull() && fits;
    }

    private static void sampleRivals(@Nullable LinuxFork linux, SpaceSize each, Lines lines) {
        long sizeBytes = each.mappedBytes();
        double x = (double) sizeBytes;
        if (linux != null) {
            sampleLinux(linux.measure(sizeBytes, LINUX_FORKS, WRITES), lines, x);
        }
        if (sizeBytes <= LARGEST_COPY_BYTES) {
            try (FlatMemory from = new FlatMemory(sizeBytes); FlatMemory to = new FlatMemory(sizeBytes)) {
                Sampler copy = Timed.of(1, () -> copy(from.segment(), to.segment()));
                lines.theirs("copy of all bytes", x, copy.medianOf(COPIES).sample());
            }
        }
    }

    private static void sampleLinux(LinuxFork.Times times, Lines lines, double x) {
        lines.theirs(LinuxFork.WORDS, x, (double) times.fork());
        lines.theirs("Linux first write", x, (double) times.firstWrite());
    }

    private static long copy(MemorySegment from, MemorySegment to) {
        to.copyFrom(from);
        return to.byteSize();
    }

    private static void answerByLiveForks(@Nullable LinuxFork linux, Report report) {
        Lines lines = new Lines();
        for (int count : LIVE_FORKS) {
            sample(SIZE_OF_LIVE_FORKS, count, lines, count);
            if (linux != null && report.isFull() && count <= LINUX_CHILDREN_MAX) {
                long sizeBytes = SIZE_OF_LIVE_FORKS.mappedBytes();
                sampleLinux(linux.measure(sizeBytes, LINUX_FORKS, WRITES, count - 1), lines, count);
            }
        }
        report.add(new Chart("fork-by-live-forks", "What does a fork cost, by the number of those that live?",
                "A space of 16 MiB, all resident, of which so many forks live, each a page away from the one before. "
                        + "The last of them is taken, and closed again after " + WRITES + " first writes.",
                Axis.logarithmic("live forks", Axis.Unit.COUNT), Axis.logarithmic("time", Axis.Unit.NANOS),
                lines.all()));
    }

    private static void sample(SpaceSize size, int liveForks, Lines lines, double x) {
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
