package io.quire.memory.bench.allocate;

import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.SpecialisedLoop;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import java.lang.invoke.MethodHandles;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to free a page of 4 KiB and allocate another, beside the other allocators of a Java program? A
 * fixed number of pages is live, and the oldest goes first. Ours is what a fault of an accessor calls to get a frame,
 * and to free one when it destroys nodes of a dropped space.
 * <p>
 * Expected: 7 to 10 ns. To free, a store puts the frame into a slot of the accessor's magazine. To allocate, an
 * exchange takes it out, because other threads may take it too: 4 or 5 ns in the first-level cache. The word that
 * counts the mappings of the frame is loaded and stored twice. A thread without an accessor claims a stripe for each of
 * the two: two more exchanges. Netty makes or recycles an object and counts references, 80 to 100 ns. The fast bins of
 * malloc are too small for 4 KiB, 30 to 40 ns. jemalloc and mimalloc have a list for them, and most of their 12 ns are
 * the two calls from Java. Arrow adds its accounting to malloc, 200 ns. A confined arena makes objects and zeroes the
 * page, 110 ns. The close of a shared arena is a handshake with every thread, 20 us.
 * <p>
 * Only arenas hand out zeroed memory. Our frames are zeroed or filled by the fault that uses them.
 * <p>
 * More than 15 ns would mean a second exchange; more than 50 ns, that each page goes back to the trees.
 */
public class AllocateFree extends JmhBenchmark {

    static final int PAGES = 4096;

    /** Pages of one sample of a shared arena, which is slow: its close waits for all threads. */
    private static final int SLOW_PAGES = 64;

    /** How many pages a program may have live. With one page, the page that is freed is allocated again at once. */
    private static final int MANY_LIVE = 128;

    /** The rivals of the quick tour: those of the promises, and parts of our own allocator. */
    private static final Set<Source> QUICK = EnumSet.of(Source.MAGAZINE, Source.POOL, Source.NETTY_ADAPTIVE,
            Source.MALLOC);

    @Param
    public Source source;

    /** How many pages are live; a power of two. */
    @Param({"1", "128"})
    public int live;

    private PageSource pages;
    private LongUnaryOperator loop;

    @Setup(Level.Trial)
    public void open() {
        pages = source.open(live);
        loop = loop(pages);
    }

    @TearDown(Level.Trial)
    public void close() {
        pages.close();
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long allocateAndFree() {
        return loop.applyAsLong(PAGES);
    }

    /** Returns a loop over the pages of one source. Its argument says how many to free and allocate. */
    static LongUnaryOperator loop(PageSource pages) {
        return SpecialisedLoop.of(MethodHandles.lookup(), Loop.class, pages);
    }

    /** Frees and allocates pages; the number of live pages stays the same. */
    static final class Loop implements LongUnaryOperator {

        private static final PageSource SOURCE = SpecialisedLoop.rival(MethodHandles.lookup(), PageSource.class);

        @Override
        public long applyAsLong(long pages) {
            int lastSlot = SOURCE.live() - 1;
            int turns = (int) pages;
            for (int i = 0; i < turns; i++) {
                int slot = i & lastSlot;
                SOURCE.free(slot);
                SOURCE.allocate(slot);
            }
            return pages;
        }
    }

    // ---- the tour

    /** Adds the rows to the table. */
    public static void answer(Report report) {
        report.progress("allocate and free, one thread ...");
        for (Source rival : Source.values()) {
            if (rival != Source.OWN && (report.isFull() || QUICK.contains(rival))) {
                compare(rival, MANY_LIVE, target(rival), report);
            }
            if (rival != Source.OWN && report.isFull()) {
                compare(rival, 1, Target.NONE, report);
            }
        }
    }

    private static Target target(Source rival) {
        return switch (rival) {
            case NETTY_ADAPTIVE -> Promise.ALLOCATE_BESIDE_NETTY;
            case MALLOC -> Promise.ALLOCATE_BESIDE_MALLOC;
            default -> Target.NONE;
        };
    }

    private static void compare(Source rival, int live, Target target, Report report) {
        String what = "allocate + free, " + live + " live";
        String missing = rival.whyMissing();
        if (missing != null) {
            report.missing(what, rival.label(), target, missing);
            return;
        }
        try (PageSource ours = Source.OWN.open(live); PageSource theirs = rival.open(live)) {
            boolean isSlow = rival == Source.SHARED_ARENA;
            report.add(what, rival.label(), target, (isSlow ? Paired.LONG_BATCHES : Paired.BATCHES)
                    .compare(timed(ours, PAGES), timed(theirs, isSlow ? SLOW_PAGES : PAGES)));
        }
    }

    /** Times the freeing and allocating of some number of pages. */
    static Timed timed(PageSource source, int pages) {
        LongUnaryOperator loop = loop(source);
        return Timed.of(pages, () -> loop.applyAsLong(pages));
    }
}
