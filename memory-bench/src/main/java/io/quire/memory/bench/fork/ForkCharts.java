package io.quire.memory.bench.fork;

import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.LinuxFork;
import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Lines;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Sampler;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.platform.MachineMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The two charts of {@link ForkScaling}: ours beside Linux and beside a copy of all bytes. */
final class ForkCharts {

    private static final int WRITES = ForkScaling.WRITES;

    private static final int LINUX_FORKS = 7;
    private static final int COPIES = 3;
    private static final long LARGEST_COPY_BYTES = 1L << 30;

    /** The size of the space in the chart of live forks. Each fork differs from the one before by one page. */
    private static final SpaceSize SIZE_OF_LIVE_FORKS = SpaceSize.MIB_16;
    private static final List<Integer> LIVE_FORKS = List.of(1, 10, 100, 1_000, 10_000);
    private static final int LINUX_CHILDREN_MAX = 100;

    private final @Nullable LinuxFork linux;
    private final Report report;

    ForkCharts(@Nullable LinuxFork linux, Report report) {
        this.linux = linux;
        this.report = report;
    }

    /** Draws how the cost of a fork and of its end grow with the size of the space. */
    void drawBySize() {
        report.progress("a fork's life by size, and beside Linux and copies ...");
        Lines lines = new Lines();
        for (SpaceSize each : SpaceSize.values()) {
            if (isWorthwhile(each)) {
                ForkScaling.sample(each, 1, lines, (double) each.mappedBytes());
                if (each.isResident()) {
                    sampleRivals(each, lines);
                }
            }
        }
        if (linux == null) {
            report.note("Forks by size: " + LinuxFork.MISSING);
        }
        report.add(new Chart("fork-by-size", "What does a fork cost, by the size of what is forked?",
                "A fork is taken, the space writes to " + WRITES + " random pages, the fork is closed. First "
                        + "writes: ours is the mean of those " + WRITES + ", Linux's the median. Of 64 GiB one page in "
                        + "16 MiB is resident; all other sizes are fully resident. What a close leaves to the "
                        + "reclaimer depends on how much was written, and other threads do it.",
                Axis.logarithmic("size", Axis.Unit.BYTES), Axis.logarithmic("time", Axis.Unit.NANOS),
                lines.all()));
    }

    /**
     * Returns true if there is time for a size, and memory for it: as much as ours or the process of Linux needs, and
     * half as much for the rest.
     */
    private boolean isWorthwhile(SpaceSize each) {
        if (each != SpaceSize.GIB_8) {
            return true;
        }
        boolean fits = MachineMemory.availableBytes() >= each.mappedBytes() + each.mappedBytes() / 2;
        if (report.isFull() && !fits) {
            report.note("Forks by size: 8 GiB resident do not fit this machine.");
        }
        return report.isFull() && fits;
    }

    private void sampleRivals(SpaceSize each, Lines lines) {
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
        lines.theirs(LinuxFork.NAME, x, (double) times.fork());
        lines.theirs("Linux first write", x, (double) times.firstWrite());
    }

    private static long copy(MemorySegment from, MemorySegment to) {
        to.copyFrom(from);
        return to.byteSize();
    }

    /** Draws how the same costs grow with the number of live forks. */
    void drawByLiveForks() {
        report.progress("a fork's life beside up to " + LIVE_FORKS.getLast() + " forks ...");
        Lines lines = new Lines();
        for (int count : LIVE_FORKS) {
            ForkScaling.sample(SIZE_OF_LIVE_FORKS, count, lines, count);
            if (linux != null && report.isFull() && count <= LINUX_CHILDREN_MAX) {
                long sizeBytes = SIZE_OF_LIVE_FORKS.mappedBytes();
                sampleLinux(linux.measure(sizeBytes, LINUX_FORKS, WRITES, count - 1), lines, count);
            }
        }
        report.add(new Chart("fork-by-live-forks", "What does a fork cost, by the number of live forks?",
                "A space of 16 MiB, all resident, and its live forks, each of which differs from the one before by a "
                        + "page. The last fork is timed; it is closed after " + WRITES + " first writes.",
                Axis.logarithmic("live forks", Axis.Unit.COUNT), Axis.logarithmic("time", Axis.Unit.NANOS),
                lines.all()));
    }
}
