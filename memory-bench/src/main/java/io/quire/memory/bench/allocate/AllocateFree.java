package io.quire.memory.bench.allocate;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.frame.FrameAllocator;
import io.quire.memory.frame.Magazine;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to free a page of 4 KiB and to allocate another, beside Netty's adaptive allocator,
 * malloc and a confined arena? So many pages are live, and the oldest goes.
 * <p>
 * Expected: 5 to 15 ns. A frame goes into a slot and comes out of one: two exchanges in the first-level cache
 * for the magazine of a stripe and its claim, one for a magazine of one's own, at 4 or 5 ns each. Netty makes
 * or recycles an object and counts references, 80 to 100 ns; malloc has bins that pages of 4 KiB do not fit,
 * 40 ns; an arena makes objects and zeroes the page, 110 ns.
 * <p>
 * Only the arena gives zeroed memory. Ours is zeroed or copied into where it is used, by the fault.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class AllocateFree {

    static final int PAGES = 4096;

    private static final int PAGE_BYTES = 4096;

    /** The frames of 1 GiB; only their numbers are handed out. */
    private static final int FRAMES = 1 << 18;

    /** A power of two. */
    @Param({"1", "128"})
    public int live;

    private FrameAllocator allocator;
    private Magazine magazine;
    private ByteBufAllocator adaptive;
    private int[] frames;
    private int[] magazineFrames;
    private ByteBuf[] buffers;
    private long[] addresses;
    private Arena[] arenas;

    static AllocateFree of(int live) {
        AllocateFree pages = new AllocateFree();
        pages.live = live;
        pages.open();
        return pages;
    }

    @Setup(Level.Trial)
    public void open() {
        allocator = new FrameAllocator(FRAMES);
        magazine = allocator.newMagazine();
        adaptive = new AdaptiveByteBufAllocator(true);
        frames = new int[live];
        magazineFrames = new int[live];
        buffers = new ByteBuf[live];
        addresses = new long[live];
        arenas = new Arena[live];
        Arrays.setAll(frames, i -> allocator.allocate());
        Arrays.setAll(magazineFrames, i -> magazine.allocate());
        Arrays.setAll(buffers, i -> adaptive.directBuffer(PAGE_BYTES));
        Arrays.setAll(addresses, i -> Malloc.malloc(PAGE_BYTES));
        Arrays.setAll(arenas, i -> Arena.ofConfined());
    }

    @TearDown(Level.Trial)
    public void close() {
        magazine.close();
        for (int i = 0; i < live; i++) {
            buffers[i].release();
            Malloc.free(addresses[i]);
            arenas[i].close();
        }
    }

    /** Whichever thread: the magazine of a stripe. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long allocator() {
        return turnOver(allocator, frames);
    }

    /** A magazine of this thread. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long magazine() {
        return turnOver(magazine, magazineFrames);
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long netty() {
        long sum = 0;
        for (int i = 0; i < PAGES; i++) {
            int slot = i & (live - 1);
            buffers[slot].release();
            buffers[slot] = adaptive.directBuffer(PAGE_BYTES);
            sum += buffers[slot].capacity();
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long malloc() {
        long sum = 0;
        for (int i = 0; i < PAGES; i++) {
            int slot = i & (live - 1);
            Malloc.free(addresses[slot]);
            addresses[slot] = Malloc.malloc(PAGE_BYTES);
            sum += addresses[slot];
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long confinedArena() {
        long sum = 0;
        for (int i = 0; i < PAGES; i++) {
            int slot = i & (live - 1);
            arenas[slot].close();
            arenas[slot] = Arena.ofConfined();
            sum += arenas[slot].allocate(PAGE_BYTES, PAGE_BYTES).address();
        }
        return sum;
    }

    /** Frees and allocates through the allocator, keeping as many frames as there are. */
    static long turnOver(FrameAllocator allocator, int[] frames) {
        long sum = 0;
        for (int i = 0; i < PAGES; i++) {
            int slot = i & (frames.length - 1);
            allocator.free(frames[slot]);
            frames[slot] = allocator.allocate();
            sum += frames[slot];
        }
        return sum;
    }

    /** The same through a magazine. */
    static long turnOver(Magazine magazine, int[] frames) {
        long sum = 0;
        for (int i = 0; i < PAGES; i++) {
            int slot = i & (frames.length - 1);
            magazine.free(frames[slot]);
            frames[slot] = magazine.allocate();
            sum += frames[slot];
        }
        return sum;
    }

    // ---- the tour

    /** Adds the rows to the table. */
    public static void answer(Report report) {
        for (int live : new int[] {1, 128}) {
            String which = ", " + live + " live, ";
            report.progress("allocate and free" + which + "one thread ...");
            AllocateFree pages = of(live);
            try {
                pages.compare("allocate + free" + which, Timed.of(PAGES, pages::allocator), report);
                pages.compare("magazine" + which, Timed.of(PAGES, pages::magazine), report);
            } finally {
                pages.close();
            }
        }
    }

    private void compare(String what, Timed ours, Report report) {
        report.add(what + "Netty adaptive", Target.atLeast(5),
                Paired.BATCHES.compare(ours, Timed.of(PAGES, this::netty)));
        report.add(what + "malloc/free", Target.atLeast(3),
                Paired.BATCHES.compare(ours, Timed.of(PAGES, this::malloc)));
        report.add(what + "confined arena", Target.NONE,
                Paired.LONG_BATCHES.compare(ours, Timed.of(PAGES, this::confinedArena)));
    }
}
