package io.quire.memory.bench.access;

import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Sampler;
import io.quire.memory.bench.measure.Series;
import io.quire.memory.bench.measure.Turns;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;

/**
 * How does the cost of a random read grow with the working set?
 * <p>
 * Expected: our line has the same shape, a little higher. Every side climbs where the working set outgrows a cache.
 * Ours climbs a little earlier because its translations take a five-hundredth of the cache, 8 bytes for each 4 KiB.
 * Beyond 1 GiB an accessor cannot keep all translations and finds the rest in the table: two or three dependent loads
 * more, most of them cache misses.
 * <p>
 * A step of ours where the others have none would mean that a structure of the library outgrew a cache.
 */
final class ReadsByWorkingSet {

    private static final Turns TURNS = new Turns(40, 160);
    private static final Turns LONG_TURNS = new Turns(4, 15);

    /** The sizes of the quick tour. The full tour has every power of two. */
    private static final List<Long> QUICK_BYTES = List.of(64L << 10, 1L << 20, 16L << 20, 64L << 20, 256L << 20,
            1L << 30);

    private final List<Line> lines = new ArrayList<>();

    private ReadsByWorkingSet(RivalMemories memory, Report report) {
        addReads("Quire", memory, Memory.QUIRE);
        LongUnaryOperator gather = Gather.loop(memory.words(Memory.QUIRE));
        lines.add(new Line("Quire, 256 in a call", Series.Side.OURS, Long.MAX_VALUE,
                size -> Access.sampler(Gather.WORDS, gather, size)));
        addReads("MemorySegment", memory, Memory.FLAT);
        addReads("Netty ByteBuf", memory, Memory.NETTY);
        String missing = memory.whyMissing(Memory.AGRONA);
        if (missing == null) {
            addReads("Agrona UnsafeBuffer", memory, Memory.AGRONA);
        } else {
            report.note("Read cost against working set: there is no line for Agrona: " + missing);
        }
    }

    private void addReads(String name, RivalMemories memory, Memory whose) {
        LongUnaryOperator loop = RandomRead.loop(memory.words(whose));
        lines.add(new Line(name, whose == Memory.QUIRE ? Series.Side.OURS : Series.Side.THEIRS,
                memory.reach(whose), size -> Access.sampler(RandomRead.READS, loop, size)));
    }

    /** Adds the picture. */
    static void draw(RivalMemories memory, long sizeBytes, Report report) {
        report.progress("read cost against working set ...");
        ReadsByWorkingSet reads = new ReadsByWorkingSet(memory, report);
        if (report.isFull()) {
            LongStream.iterate(QUICK_BYTES.getFirst(), size -> size <= sizeBytes, size -> size * 2)
                    .forEach(reads::measure);
        } else {
            QUICK_BYTES.forEach(reads::measure);
        }
        report.add(new Chart("read-by-working-set", "What does a random 8-byte read cost as the memory grows?",
                "The lines take turns, and each fills the caches for some milliseconds before it is timed; a point is a"
                        + " median. Buffers of Netty and Agrona end below 2 GiB, where their int indexes end.",
                Axis.logarithmic("working set", Axis.Unit.BYTES), Axis.logarithmic("a read", Axis.Unit.NANOS),
                reads.lines.stream().map(line -> new Series(line.name, line.side, line.points)).toList()));
    }

    private void measure(long sizeBytes) {
        List<Line> measured = lines.stream().filter(line -> sizeBytes <= line.bytesMax).toList();
        double[] nanos = (Access.hasToSettle(sizeBytes) ? LONG_TURNS : TURNS)
                .medians(measured.stream().map(line -> line.sampler.apply(sizeBytes)).toList());
        for (int i = 0; i < nanos.length; i++) {
            measured.get(i).points.add(new Series.Point(sizeBytes, nanos[i]));
        }
    }

    /**
     * A line that is being measured.
     *
     * @param bytesMax the largest working set of the line
     * @param sampler measures at one working set
     */
    private record Line(String name, Series.Side side, long bytesMax, LongFunction<Sampler> sampler,
            List<Series.Point> points) {

        Line(String name, Series.Side side, long bytesMax, LongFunction<Sampler> sampler) {
            this(name, side, bytesMax, sampler, new ArrayList<>());
        }
    }
}
