package io.quire.memory.bench.firstwrite;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.LinuxFork;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.bench.measure.Figures;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Sampler;
import io.quire.memory.bench.measure.Timed;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does the first write to a page cost after a fork of 1 GiB, while the child lives, beside Linux and beside a
 * plain copy of the page?
 * <p>
 * Expected: the copy, 300 ns from memory, and 200 to 500 ns more. Every first write copies a page. The first write to a
 * leaf also copies the leaf and raises the counts of 64 frames, 8 of them in a cache line. If the pages are clustered,
 * 64 writes share that cost; if they are scattered, two writes of three pay it. Linux copies the page too, after a trap
 * and under the lock of its page table, and flushes the TLB entry.
 * <p>
 * The copies go into frames that the round before freed; the same is true of Linux.
 */
public class FirstWrite extends JmhBenchmark {

    private static final long SIZE_BYTES = 1L << 30;

    /** Pages written after each fork: as many as one directory of the page table maps. */
    private static final int WRITES = 4096;
    private static final int LINUX_FORKS = 3;
    private static final String LINUX = "Linux";

    /** Which pages are written. */
    public enum Spread {

        /** Pages anywhere in the space. */
        SCATTERED,
        /** All pages of 16 MiB, in random order. */
        CLUSTERED
    }

    @Param
    public Spread spread;

    private final long[] offsets = new long[WRITES];

    private Pages pages;
    private ResidentSpace resident;
    private FlatMemory source;
    private FlatMemory target;
    private AddressSpace child;

    @Setup(Level.Trial)
    public void open() {
        pages = new Pages(spread == Spread.SCATTERED ? SIZE_BYTES : (long) WRITES * Pages.PAGE_BYTES);
        resident = ResidentSpace.withRoomForCopies(SIZE_BYTES);
        source = new FlatMemory(SIZE_BYTES);
        target = new FlatMemory(SIZE_BYTES);
    }

    @TearDown(Level.Trial)
    public void close() {
        resident.close();
        source.close();
        target.close();
    }

    /** Forks, and chooses the pages to write. */
    @Setup(Level.Invocation)
    public void fork() {
        pages.choose(WRITES);
        long clusterBytes = (long) WRITES * Pages.PAGE_BYTES;
        long start = spread == Spread.SCATTERED ? 0
                : pages.below((int) (SIZE_BYTES / clusterBytes)) * clusterBytes;
        for (int i = 0; i < WRITES; i++) {
            offsets[i] = start + pages.offset(i);
        }
        child = resident.space().fork();
    }

    @Benchmark
    @OperationsPerInvocation(WRITES)
    public long quire() {
        Accessor accessor = resident.accessor();
        long address = resident.address();
        for (int i = 0; i < WRITES; i++) {
            accessor.setLong(address + offsets[i], i);
        }
        return WRITES;
    }

    /** Copies the same pages from one flat segment to another, where they lie in a different order. */
    @Benchmark
    @OperationsPerInvocation(WRITES)
    public long plainCopy() {
        MemorySegment from = source.segment();
        MemorySegment to = target.segment();
        for (int i = 0; i < WRITES; i++) {
            MemorySegment.copy(from, offsets[i], to, offsets[WRITES - 1 - i], Pages.PAGE_BYTES);
        }
        return WRITES;
    }

    /** Closes the child, and so frees the pages that only the child still had. */
    @TearDown(Level.Invocation)
    public void closeChild() {
        child.close();
        resident.reclaim();
    }

    // ---- the tour

    /** Adds the rows to the table. */
    public static void answer(@Nullable LinuxFork linux, Report report) {
        for (Spread spread : Spread.values()) {
            String label = spread.name().toLowerCase(Locale.ROOT);
            report.progress("first write after a fork of 1 GiB, pages " + label + " ...");
            FirstWrite write = new FirstWrite();
            write.spread = spread;
            write.open();
            try {
                write.compareWithCopy("first write, " + label, report);
                if (spread == Spread.SCATTERED) {
                    write.compareWithLinux("first write, " + label, linux, report);
                }
            } finally {
                write.close();
            }
        }
    }

    private void compareWithCopy(String what, Report report) {
        report.add(what, "plain copy of 4 KiB",
                spread == Spread.SCATTERED ? Promise.FIRST_WRITE_SCATTERED : Promise.FIRST_WRITE_CLUSTERED,
                Paired.LONG_BATCHES.compare(timed(this::quire), timed(this::plainCopy)));
    }

    private Timed timed(LongSupplier operation) {
        return new Timed(operation, WRITES, this::fork, this::closeChild);
    }

    private void compareWithLinux(String what, @Nullable LinuxFork linux, Report report) {
        if (linux == null) {
            report.missing(what, LINUX, Promise.FIRST_WRITE_BESIDE_LINUX, LinuxFork.MISSING);
            return;
        }
        Histogram ours = new Histogram(3);
        Histogram theirP99 = new Histogram(3);
        Sampler theirs = () -> {
            LinuxFork.Times times = linux.measure(SIZE_BYTES, LINUX_FORKS, WRITES);
            theirP99.recordValue(times.firstWriteP99());
            return (double) times.firstWrite();
        };
        report.add(what, LINUX, Promise.FIRST_WRITE_BESIDE_LINUX,
                Paired.PROCESSES.compare(medianOfSingleWrites(ours), theirs));
        report.note("First write, each timed alone and with the clock included: p50 "
                + at(50, ours) + ", p99 " + at(99, ours) + ", max " + at(100, ours) + "; Linux p99 "
                + at(50, theirP99) + ".");
    }

    private static String at(double percentile, Histogram times) {
        return Figures.nanos((double) times.getValueAtPercentile(percentile));
    }

    /** Times each write alone, and as many writes as fork-timer does. */
    private Sampler medianOfSingleWrites(Histogram all) {
        return () -> {
            Histogram sample = new Histogram(3);
            for (int i = 0; i < LINUX_FORKS; i++) {
                fork();
                timeEachWrite(sample);
                closeChild();
            }
            all.add(sample);
            return (double) sample.getValueAtPercentile(50);
        };
    }

    private void timeEachWrite(Histogram times) {
        Accessor accessor = resident.accessor();
        long address = resident.address();
        for (int i = 0; i < WRITES; i++) {
            long start = System.nanoTime();
            accessor.setLong(address + offsets[i], i);
            times.recordValue(System.nanoTime() - start);
        }
    }
}
