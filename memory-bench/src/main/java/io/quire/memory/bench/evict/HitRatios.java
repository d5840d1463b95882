package io.quire.memory.bench.evict;

import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How often is a page resident when it is used, compared with other policies and with the optimum?
 * <p>
 * Expected: never behind LRU or CLOCK, and never more than a point behind the best of SIEVE, 2Q and S3-FIFO. Those
 * policies see every access; ours sees one accessed bit for each page, and only when it looks.
 */
public final class HitRatios {

    /** Sizes of the cache, in percent of the pages of the trace. */
    static final int[] SIZES = {5, 10, 20, 40};

    /** How many points the best of SIEVE, 2Q and S3-FIFO may be ahead. */
    static final double BEHIND_BEST_MAX = 1;

    /** A difference in points that counts as equal: half of the last digit in the table. */
    static final double EQUAL = 0.005;

    private HitRatios() {
    }

    /**
     * Hits of each policy in percent, for one trace and one size of the cache.
     *
     * @param percent size of the cache, in percent of the pages of the trace
     */
    record Row(Trace trace, int percent, double lru, double clock, double sieve, double twoQueues, double s3Fifo,
            double quire, double optimum) {

        static Row of(Trace trace, int percent) {
            int pages = trace.pages();
            int frames = Math.max(1, Math.round(pages * percent / 100f));
            return new Row(trace, percent,
                    trace.hitPercent(new Lru(pages, frames)),
                    trace.hitPercent(new Clock(pages, frames)),
                    trace.hitPercent(new Sieve(pages, frames)),
                    trace.hitPercent(new TwoQueues(pages, frames)),
                    trace.hitPercent(new S3Fifo(pages, frames)),
                    trace.hitPercent(new Quire(pages, frames)),
                    trace.hitPercent(new Optimum(trace, frames)));
        }

        /** Returns how many points ours is ahead of the better of LRU and CLOCK. */
        double aheadOfClassics() {
            return quire - Math.max(lru, clock);
        }

        /** Returns how many points ours is ahead of the best of SIEVE, 2Q and S3-FIFO. */
        double aheadOfBest() {
            return quire - Math.max(Math.max(sieve, twoQueues), s3Fifo);
        }

        boolean meetsTarget() {
            return aheadOfClassics() >= -EQUAL && aheadOfBest() >= -BEHIND_BEST_MAX;
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT,
                    "| %s | %d %% | %.2f | %.2f | %.2f | %.2f | %.2f | **%.2f** | %.2f | %+.2f | %+.2f | %s |",
                    trace.name(), percent, lru, clock, sieve, twoQueues, s3Fifo, quire, optimum, aheadOfClassics(),
                    aheadOfBest(), meetsTarget() ? "yes" : "NO");
        }
    }

    /** Adds the row of the synthetic traces to the table. */
    public static void answer(Report report) {
        report.progress("hit ratios of synthetic traces ...");
        List<Row> rows = SyntheticTraces.all().parallelStream()
                .flatMap(trace -> Arrays.stream(SIZES).mapToObj(percent -> Row.of(trace, percent))).toList();
        long met = rows.stream().filter(Row::meetsTarget).count();
        report.addFigure("hit ratios of synthetic traces", Promise.EVICTION, met + " of " + rows.size(),
                met == rows.size());
    }

    /** Prints the table for the synthetic traces, and then for those of the folder, if one is given. */
    public static void main(String[] arguments) throws IOException {
        List<Trace> traces = new ArrayList<>(SyntheticTraces.all());
        if (arguments.length > 0) {
            traces.addAll(TraceFile.readAll(Path.of(arguments[0])));
        }
        print(traces, System.out);
    }

    private static void print(List<Trace> traces, PrintStream out) {
        out.println("| trace | size | LRU | CLOCK | SIEVE | 2Q | S3-FIFO | Quire | optimum "
                + "| to the better of LRU, CLOCK | to the best of SIEVE, 2Q, S3-FIFO | target met |");
        out.println("|---|---|---|---|---|---|---|---|---|---|---|---|");
        int rows = 0;
        int met = 0;
        double ahead = 0;
        for (Trace trace : traces) {
            for (int percent : SIZES) {
                Row row = Row.of(trace, percent);
                out.println(row);
                rows++;
                met += row.meetsTarget() ? 1 : 0;
                ahead += row.aheadOfBest();
            }
        }
        out.println();
        out.printf(Locale.ROOT, "%d of %d met; mean to the best of SIEVE, 2Q and S3-FIFO: %+.2f points%n", met, rows,
                ahead / rows);
        traces.forEach(trace -> out.printf(Locale.ROOT, "%s: %,d accesses, %,d pages%n", trace.name(),
                trace.accesses().length, trace.pages()));
    }
}
