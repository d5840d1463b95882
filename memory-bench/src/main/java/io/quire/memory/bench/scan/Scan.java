package io.quire.memory.bench.scan;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.RunCursor;
import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to add up all words of 1 GiB with a run cursor, beside the same loop over one flat segment? The
 * result is the cost for one page.
 * <p>
 * Expected: the same if the pages were written in order, because then they lie side by side in the pool. A run then has
 * 512 pages, whose words take some eighty microseconds to read from memory; opening and ending the run takes a few. If
 * the pages are scattered, a run is one page, which takes a few hundred nanoseconds to read. Then the cost of opening
 * runs shows, and the processor cannot prefetch beyond a page.
 * <p>
 * Less than 0.95 in order would mean that frames are not allocated in ascending order.
 */
public class Scan extends JmhBenchmark {

    private static final long SIZE_BYTES = 1L << 30;
    private static final int PAGES = (int) (SIZE_BYTES / Pages.PAGE_BYTES);

    /** The order in which the pages were written, and so the order of their frames. */
    public enum Layout {
        ORDERED, SCATTERED
    }

    @Param
    public Layout layout;

    private ResidentSpace resident;
    private FlatMemory flat;

    @Setup(Level.Trial)
    public void open() {
        resident = layout == Layout.ORDERED ? ResidentSpace.of(SIZE_BYTES)
                : ResidentSpace.scattered(SIZE_BYTES);
        flat = new FlatMemory(SIZE_BYTES);
    }

    @TearDown(Level.Trial)
    public void close() {
        resident.close();
        flat.close();
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long quire() {
        long sum = 0;
        try (RunCursor runs = resident.space().runs(resident.address(), SIZE_BYTES)) {
            while (runs.next()) {
                sum += sum(runs.memory());
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long flat() {
        return sum(flat.segment());
    }

    private static long sum(MemorySegment memory) {
        long sum = 0;
        for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
            sum += memory.get(JAVA_LONG, at);
        }
        return sum;
    }

    /** Adds a row for each layout to the table. */
    public static void answer(Report report) {
        for (Layout layout : report.isFull() ? Layout.values() : new Layout[] {Layout.ORDERED}) {
            String label = layout.name().toLowerCase(Locale.ROOT);
            report.progress("scan of 1 GiB, pages " + label + " in the pool ...");
            Scan scan = new Scan();
            scan.layout = layout;
            scan.open();
            try {
                report.add("scan of 1 GiB, " + label + ", a page", "flat loop",
                        layout == Layout.ORDERED ? Promise.SCAN : Target.NONE,
                        Paired.LONG_BATCHES.compare(Timed.of(PAGES, scan::quire),
                                Timed.of(PAGES, scan::flat)));
            } finally {
                scan.close();
            }
        }
    }
}
