package io.quire.memory.bench.longmap;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.MeasuredSpace;
import io.quire.memory.bench.fixture.Xorshift;
import io.quire.memory.bench.measure.Comparison;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.structure.ForkableLongMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.agrona.collections.Long2LongHashMap;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import scala.collection.immutable.HashMap;

/**
 * What do a get and a put of a random key cost in a map from long to long with 500,000 entries, and a put beside a
 * snapshot that was taken a thousand puts ago? Beside Scala's persistent map, which forks as cheaply, and beside
 * {@link ConcurrentHashMap} and Agrona's map, which cannot be forked. The caches are warm as far as 14 MiB fit: the
 * loops do nothing else.
 * <p>
 * Expected for ours: a get reads the header, four inner nodes, and two lines of a bucket, 150 ns. A put takes the lock,
 * reads the header and the whole bucket, and stores one word, 100 ns more. Beside a snapshot it writes a new bucket, on
 * average one and a half new inner nodes, and some 15 words in one step; and every ninth put is the first to a page.
 * <p>
 * If a put beside a snapshot cost much more, it would copy pages other than those of new nodes.
 */
public class LongMaps extends JmhBenchmark {

    private static final int ENTRIES = 500_000;
    private static final int BATCH = 1000;
    private static final long POOL_BYTES = 512L << 20;
    private static final long MISSING = -1;

    /** Updates after each snapshot whose memory is measured. */
    private static final int[] UPDATES = {10, 100, 1_000, 10_000};

    /** About so many updates are measured, after some snapshots. */
    private static final int UPDATES_MEASURED = 20_000;
    private static final int SNAPSHOTS_MIN = 4;
    private static final int SNAPSHOTS_MAX = 200;

    /** Few rounds, because beside snapshots a sample takes milliseconds. */
    private static final Paired ROUNDS = new Paired(100, 101);

    private MemoryManager memory;
    private AddressSpace space;
    private Accessor accessor;
    private ForkableLongMap ours;
    private ConcurrentHashMap<Long, Long> concurrent;
    private Long2LongHashMap open;
    private HashMap<Long, Long> persistent;
    private @Nullable AddressSpace snapshot;
    private final long[] keys = new long[BATCH];
    private long random = Xorshift.SEED;

    @Setup(Level.Trial)
    public void open() {
        memory = MemoryManager.builder().hostPool(POOL_BYTES).touchAhead(true).build();
        space = memory.newAddressSpace();
        accessor = space.accessor();
        ours = ForkableLongMap.create(space).with(accessor);
        concurrent = new ConcurrentHashMap<>();
        open = new Long2LongHashMap(MISSING);
        persistent = new HashMap<>();
        for (int i = 0; i < ENTRIES; i++) {
            long key = key(i);
            ours.put(key, i);
            concurrent.put(key, (long) i);
            open.put(key, i);
            persistent = persistent.updated(key, (long) i);
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        accessor.close();
        space.close();
        memory.close();
    }

    private static long key(long number) {
        return number * 0x9E3779B97F4A7C15L;
    }

    /** Chooses random keys for the next batch; all of them are in the maps. */
    @Setup(Level.Invocation)
    public void chooseKeys() {
        for (int i = 0; i < BATCH; i++) {
            random = Xorshift.next(random);
            keys[i] = key((random >>> 33) % ENTRIES);
        }
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long get() {
        long sum = 0;
        for (long key : keys) {
            sum += ours.getOrDefault(key, MISSING);
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long getOfConcurrentHashMap() {
        long sum = 0;
        for (long key : keys) {
            sum += concurrent.getOrDefault(key, MISSING);
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long getOfAgrona() {
        long sum = 0;
        for (long key : keys) {
            sum += open.get(key);
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long getOfScala() {
        HashMap<Long, Long> root = persistent;
        long sum = 0;
        for (long key : keys) {
            sum += root.apply(key);
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long put() {
        for (long key : keys) {
            ours.put(key, ++random);
        }
        return random;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long putToConcurrentHashMap() {
        for (long key : keys) {
            concurrent.put(key, ++random);
        }
        return random;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long putToAgrona() {
        for (long key : keys) {
            open.put(key, ++random);
        }
        return random;
    }

    /** Also what it costs beside a snapshot: the old root, which somebody keeps. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long putToScala() {
        for (long key : keys) {
            persistent = persistent.updated(key, ++random);
        }
        return random;
    }

    /** Adds the rows to the table. */
    public static void answer(Report report) {
        report.progress("maps from long to long ...");
        LongMaps maps = new LongMaps();
        maps.open();
        try {
            maps.compare(report);
            report.note("A snapshot of a map of 500,000 longs keeps for an update: " + maps.kept() + ".");
        } finally {
            maps.close();
        }
    }

    private void compare(Report report) {
        report.add("map of longs get", "Scala HashMap", Target.atMost(0.5), compare(this::get, this::getOfScala));
        report.add("map of longs get", "ConcurrentHashMap", Target.NONE,
                compare(this::get, this::getOfConcurrentHashMap));
        report.add("map of longs get", "Agrona Long2LongHashMap", Target.NONE, compare(this::get, this::getOfAgrona));
        report.add("map of longs put", "Scala HashMap", Target.atMost(0.5), compare(this::put, this::putToScala));
        report.add("map of longs put", "ConcurrentHashMap", Target.NONE,
                compare(this::put, this::putToConcurrentHashMap));
        report.add("map of longs put", "Agrona Long2LongHashMap", Target.NONE, compare(this::put, this::putToAgrona));
        report.add("map of longs put beside a snapshot", "Scala HashMap", Target.atMost(1.2), ROUNDS.compare(
                new Timed(this::put, BATCH, this::takeSnapshot, this::closeSnapshot), timed(this::putToScala)));
    }

    private Comparison compare(LongSupplier our, LongSupplier their) {
        return ROUNDS.compare(timed(our), timed(their));
    }

    private Timed timed(LongSupplier operation) {
        return new Timed(operation, BATCH, this::chooseKeys, () -> {});
    }

    private void takeSnapshot() {
        chooseKeys();
        snapshot = space.snapshot();
    }

    private void closeSnapshot() {
        if (snapshot != null) {
            snapshot.close();
            MeasuredSpace.reclaim(memory);
        }
    }

    /** What snapshots keep for an update, at several numbers of updates after each. */
    private String kept() {
        List<String> figures = new ArrayList<>();
        for (int updates : UPDATES) {
            figures.add(String.format(Locale.ROOT, "%.2f KiB at %,d updates a snapshot", keptBytes(updates) / 1024,
                    updates));
        }
        return String.join(", ", figures);
    }

    /** Frames only: the tree of a snapshot takes some hundred bytes of heap for each 64 pages that are written. */
    private double keptBytes(int updates) {
        List<AddressSpace> snapshots = new ArrayList<>();
        MeasuredSpace.reclaim(memory);
        long before = memory.statistics().usedBytes();
        int count = Math.clamp(UPDATES_MEASURED / updates, SNAPSHOTS_MIN, SNAPSHOTS_MAX);
        for (int number = 0; number < count; number++) {
            snapshots.add(space.snapshot());
            for (int i = 0; i < updates; i++) {
                random = Xorshift.next(random);
                ours.put(key((random >>> 33) % ENTRIES), random);
            }
        }
        double kept = memory.statistics().usedBytes() - before;
        snapshots.forEach(AddressSpace::close);
        return kept / (count * updates);
    }
}
