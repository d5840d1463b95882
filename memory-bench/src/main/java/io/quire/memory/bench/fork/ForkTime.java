package io.quire.memory.bench.fork;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.LinuxFork;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does {@code fork()} cost at different sizes, and beside Linux?
 * <p>
 * Expected: some 200 ns at any size. A fork makes four objects, about 400 bytes in all, takes one lock, fences once and
 * updates five counters. It looks at no page. Linux copies the page table of 1 GiB, 512 times 4 KiB, and raises a
 * counter in the {@code struct page} of each of 262,144 pages: some milliseconds.
 * <p>
 * A cost that grows with the size would mean that fork walks the tree.
 */
public class ForkTime extends JmhBenchmark {

    static final int FORKS = 64;

    private static final int LINUX_FORKS = 5;
    private static final int LINUX_WRITES = 16;

    /** Our samples for each run of the Linux program. */
    private static final int SAMPLES = 21;

    @Param({"MIB_1", "GIB_1", "GIB_64"})
    public SpaceSize size;

    private final @Nullable AddressSpace[] children = new AddressSpace[FORKS];

    private MemoryManager manager;
    private AddressSpace space;
    private Accessor accessor;
    private long address;

    static ForkTime of(SpaceSize size) {
        ForkTime fork = new ForkTime();
        fork.size = size;
        fork.open();
        return fork;
    }

    @Setup(Level.Trial)
    public void open() {
        // Room for a page that another thread may write after each fork.
        manager = MemoryManager.builder().hostPool((size.pages() + 2L * FORKS) * Pages.PAGE_BYTES).build();
        space = manager.newAddressSpace();
        accessor = space.accessor();
        address = space.map(size.mappedBytes());
        size.writePages(accessor, address);
    }

    @Benchmark
    @OperationsPerInvocation(FORKS)
    public long fork() {
        for (int i = 0; i < FORKS; i++) {
            children[i] = space.fork();
        }
        return FORKS;
    }

    @TearDown(Level.Invocation)
    public void closeChildren() {
        for (int i = 0; i < FORKS; i++) {
            AddressSpace child = children[i];
            if (child != null) {
                child.close();
                children[i] = null;
            }
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        accessor.close();
        space.close();
        manager.close();
    }

    AddressSpace space() {
        return space;
    }

    /** Returns the first address of the space. */
    long address() {
        return address;
    }

    /** Returns the operation as the tour times it. */
    Timed timed() {
        return new Timed(this::fork, FORKS, () -> {}, this::closeChildren);
    }

    /** Adds the rows to the table. */
    public static void answer(@Nullable LinuxFork linux, Report report) {
        report.progress("fork of 1 MiB, 1 GiB, 64 GiB, and by Linux ...");
        ForkTime small = of(SpaceSize.MIB_1);
        ForkTime large = of(SpaceSize.GIB_1);
        ForkTime huge = of(SpaceSize.GIB_64);
        try {
            report.add("fork of 64 GiB mapped", "of 1 MiB", Promise.FORK_OF_ANY_SIZE,
                    Paired.BATCHES.compare(huge.timed(), small.timed()));
            report.add("fork of 1 GiB resident", "of 1 MiB", Target.NONE,
                    Paired.BATCHES.compare(large.timed(), small.timed()));
            String what = "fork of 1 GiB resident";
            if (linux == null) {
                report.missing(what, LinuxFork.NAME, Promise.FORK_BESIDE_LINUX, LinuxFork.MISSING);
            } else {
                report.add(what, LinuxFork.NAME, Promise.FORK_BESIDE_LINUX,
                        Paired.PROCESSES.compare(large.timed().medianOf(SAMPLES),
                                () -> linux.measure(SpaceSize.GIB_1.mappedBytes(), LINUX_FORKS, LINUX_WRITES).fork()));
            }
        } finally {
            small.close();
            large.close();
            huge.close();
        }
    }
}
