package io.quire.memory.bench.firstwrite;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.Lateness;
import io.quire.memory.bench.fixture.LinuxWrites;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.Xorshift;
import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Figures;
import io.quire.memory.bench.measure.Lines;
import io.quire.memory.bench.measure.Report;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What does a write cost while another thread forks 1 to 64 times a second, each time closing the fork before? The
 * writer has {@value #WRITES_PER_SECOND} writes a second to do, each at a fixed time. The rivals are a Linux process
 * that is forked while it writes, and a program that stops to copy all of its memory.
 * <p>
 * A write is timed from when it was due, not from when it began: a write that waits makes the writes behind it late,
 * and their senders wait too. A clock that started with each write would leave out the very writes that matter
 * (coordinated omission). The schedule is fixed in advance, so nothing has to be corrected afterwards.
 * <p>
 * Expected: a write between two forks takes 100 ns with the clock, and the first write to a page 1 us. At 64 forks a
 * second most writes are first writes. A fork waits for a single write, and a writer waits for a single fork: a write
 * that meets a fork takes some 10 us. So the median goes from 100 ns to 1 us as forks become more frequent, and p99.9
 * is at most a few times 10 us. Linux copies its page table while writers wait, 20 us for each MiB: from ten forks a
 * second on, more than one write in a hundred is late by milliseconds. A copy of 256 MiB takes 50 ms, and every write
 * that is due meanwhile is late; with 16 copies a second there is no time for anything else.
 * <p>
 * If our p99.9 is in milliseconds at every rate, and even without forks, the machine took the processor away. If it is
 * so only at high rates, a fork, or the reclaiming of the one before, stops writers.
 * <p>
 * Runs only in the tour, because JMH cannot follow a schedule.
 */
public final class WritesDuringForks {

    private static final int WRITES_PER_SECOND = 100_000;
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1) / WRITES_PER_SECOND;
    private static final int WARM_UP_FORKS_PER_SECOND = 64;

    /**
     * A program that spends more than this part of its time on copies gets nothing else done, so it is not measured.
     */
    private static final double LARGEST_SHARE_OF_COPIES = 0.75;

    /** If one write in a hundred takes longer than this without any fork, other programs keep the machine busy. */
    private static final double BUSY_NANOS = 1_000_000;

    private static final List<Integer> ALL_RATES = List.of(0, 1, 2, 4, 8, 16, 32, 64);
    private static final List<Integer> QUICK_RATES = List.of(0, 8, 64);

    private final long sizeBytes;
    private final int seconds;
    private final Lines lines = new Lines();

    private WritesDuringForks(long sizeBytes, int seconds) {
        this.sizeBytes = sizeBytes;
        this.seconds = seconds;
    }

    /** Adds a chart, and a note about writes without any fork. */
    public static void answer(Report report) {
        WritesDuringForks writes = report.isFull() ? new WritesDuringForks(256L << 20, 4)
                : new WritesDuringForks(64L << 20, 1);
        List<Integer> rates = report.isFull() ? ALL_RATES : QUICK_RATES;
        report.progress("writes beside up to " + rates.getLast() + " forks a second, " + (writes.sizeBytes >> 20)
                + " MiB ...");
        writes.measureOurs(rates, report);
        try (LinuxWrites linux = LinuxWrites.unpack()) {
            writes.measureLinux(linux, rates, report);
        }
        writes.measureCopies(rates, report);
        report.add(new Chart("write-latency-during-forks", "What does a write cost while forks are taken?",
                String.format(Locale.ROOT, "%,d", WRITES_PER_SECOND) + " writes a second to random words of "
                        + (writes.sizeBytes >> 20) + " MiB, each timed from when it was due. Another thread "
                        + "takes forks, and each time closes the one before; Linux does the same with processes; the "
                        + "program that copies stops writing meanwhile. The two threads need two processors that "
                        + "nothing else uses.",
                Axis.logarithmic("forks a second", Axis.Unit.PER_SECOND),
                Axis.logarithmic("time until written", Axis.Unit.NANOS), writes.lines.all()));
    }

    // ---- ours

    /** The pool has room for the pages of the space, of its fork, and of the fork before, which is being destroyed. */
    private void measureOurs(List<Integer> rates, Report report) {
        try (MemoryManager manager = MemoryManager.builder().hostPool(3 * sizeBytes).build();
                AddressSpace space = manager.newAddressSpace()) {
            long address = space.map(sizeBytes);
            touchAll(space, address);
            writeBesideForks(space, address, WARM_UP_FORKS_PER_SECOND);
            for (int rate : rates) {
                Lateness late = lateness(writeBesideForks(space, address, rate));
                if (rate == 0) {
                    note("Quire", late, report);
                } else {
                    lines.ours("Quire p50", rate, late.p50());
                    lines.ours("Quire p99", rate, late.p99());
                    lines.ours("Quire p99.9", rate, late.p999());
                    lines.ours("Quire max", rate, late.max());
                }
            }
        }
    }

    /** Touches every frame of the pool, so that no page fault of the operating system is measured. */
    private void touchAll(AddressSpace space, long address) {
        writePages(space, address);
        try (AddressSpace _ = space.fork()) {
            writePages(space, address);
            try (AddressSpace _ = space.fork()) {
                writePages(space, address);
            }
        }
    }

    private void writePages(AddressSpace space, long address) {
        for (long at = 0; at < sizeBytes; at += Pages.PAGE_BYTES) {
            space.setLong(address + at, at);
        }
    }

    private Histogram writeBesideForks(AddressSpace space, long address, int forksPerSecond) {
        long first = System.nanoTime();
        try (Forker _ = new Forker(space, forksPerSecond, first); Accessor accessor = space.accessor()) {
            Histogram nanos = new Histogram(3);
            long random = Xorshift.SEED;
            long writes = (long) seconds * WRITES_PER_SECOND;
            for (long i = 0; i < writes; i++) {
                long due = first + i * INTERVAL_NANOS;
                awaitTime(due);
                random = Xorshift.next(random);
                accessor.setLong(address + (random & offsetMask()), i);
                nanos.recordValue(System.nanoTime() - due);
            }
            return nanos;
        }
    }

    // ---- the rivals

    private void measureLinux(@Nullable LinuxWrites linux, List<Integer> rates, Report report) {
        if (linux == null) {
            report.note("Writes during forks: " + LinuxWrites.MISSING);
            return;
        }
        for (int rate : rates) {
            Lateness late = linux.measure(sizeBytes, rate, WRITES_PER_SECOND, seconds);
            if (rate == 0) {
                note("Linux", late, report);
            } else {
                addTheirs("Linux fork(), ", rate, late);
            }
        }
    }

    private void measureCopies(List<Integer> rates, Report report) {
        try (FlatMemory live = new FlatMemory(sizeBytes); FlatMemory copy = new FlatMemory(sizeBytes)) {
            long start = System.nanoTime();
            copy.segment().copyFrom(live.segment());
            long copyNanos = System.nanoTime() - start;
            for (int rate : rates) {
                if (rate > 0 && copyNanos * rate < LARGEST_SHARE_OF_COPIES * TimeUnit.SECONDS.toNanos(1)) {
                    addTheirs("stop and copy, ", rate,
                            lateness(writeAndCopy(live.segment(), copy.segment(), rate)));
                }
            }
            report.note("Writes during forks: a copy of all " + (sizeBytes >> 20) + " MiB takes "
                    + Figures.nanos((double) copyNanos) + ", so it is not shown where it would take more than three "
                    + "quarters of the time.");
        }
    }

    private void addTheirs(String name, int rate, Lateness late) {
        lines.theirs(name + "p50", rate, late.p50());
        lines.theirs(name + "p99", rate, late.p99());
        lines.theirs(name + "p99.9", rate, late.p999());
    }

    /** Writes and copies on one thread, because nobody may write plain memory while it is copied. */
    private Histogram writeAndCopy(MemorySegment live, MemorySegment copy, int copiesPerSecond) {
        Histogram nanos = new Histogram(3);
        long copyInterval = TimeUnit.SECONDS.toNanos(1) / copiesPerSecond;
        long first = System.nanoTime();
        long nextCopy = first;
        long random = Xorshift.SEED;
        long writes = (long) seconds * WRITES_PER_SECOND;
        for (long i = 0; i < writes; i++) {
            long due = first + i * INTERVAL_NANOS;
            if (due - nextCopy >= 0) {
                copy.copyFrom(live);
                nextCopy += copyInterval;
            }
            awaitTime(due);
            random = Xorshift.next(random);
            live.set(JAVA_LONG, random & offsetMask(), i);
            nanos.recordValue(System.nanoTime() - due);
        }
        return nanos;
    }

    private long offsetMask() {
        return sizeBytes - Long.BYTES;
    }

    private static void awaitTime(long due) {
        while (System.nanoTime() - due < 0) {
            Thread.onSpinWait();
        }
    }

    private static Lateness lateness(Histogram nanos) {
        return new Lateness((double) nanos.getValueAtPercentile(50), (double) nanos.getValueAtPercentile(99),
                (double) nanos.getValueAtPercentile(99.9), (double) nanos.getMaxValue());
    }

    private static void note(String whose, Lateness late, Report report) {
        report.note("Writes without any fork, " + whose + ": p50 " + Figures.nanos(late.p50()) + ", p99 "
                + Figures.nanos(late.p99()) + ", p99.9 " + Figures.nanos(late.p999()) + ", max "
                + Figures.nanos(late.max()) + ". This much is due to the machine.");
        if (late.p99() > BUSY_NANOS) {
            report.warn("Writes during forks: one write in a hundred was late by more than "
                    + Figures.nanos(BUSY_NANOS) + " without any fork, so the picture says little about forks.");
        }
    }
}
