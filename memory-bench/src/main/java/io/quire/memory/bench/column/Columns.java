package io.quire.memory.bench.column;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.RunCursor;
import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.Xorshift;
import io.quire.memory.bench.measure.Comparison;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.structure.ElementType;
import io.quire.memory.structure.ForkableArray;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to add up a column of 16 Mi longs with its run cursor, and to read and write its elements in random
 * order through an accessor, beside a {@code long[]} and beside one flat segment?
 * <p>
 * Expected: the scan costs what a scan of a space costs, since it has the same runs. A random read costs what a random
 * read of a space costs, and a comparison of the index with the length, which comes from the heap: 1.5 to 2.5 times a
 * read of a {@code long[]}, and likewise for a write.
 * <p>
 * More for a read would mean that the length is read from the space each time, or that the check of the element type is
 * not inlined.
 */
public class Columns extends JmhBenchmark {

    private static final int LENGTH = 1 << 24;
    private static final int ACCESSES = 4096;

    private MemoryManager memory;
    private AddressSpace space;
    private Accessor accessor;
    private ForkableArray column;
    private long address;
    private FlatMemory flat;
    private long[] heap;
    private long state = Xorshift.SEED;

    @Setup(Level.Trial)
    public void open() {
        long bytes = (long) LENGTH * Long.BYTES;
        memory = MemoryManager.builder().hostPool(2 * bytes + (1 << 20)).build();
        space = memory.newAddressSpace();
        accessor = space.accessor();
        column = ForkableArray.create(space, ElementType.LONG, LENGTH).with(accessor);
        column.resize(LENGTH);
        column.fill(0, LENGTH, 1);
        address = space.map(bytes);
        for (long at = 0; at < bytes; at += Long.BYTES) {
            accessor.setLong(address + at, 1);
        }
        flat = new FlatMemory(bytes);
        heap = new long[LENGTH];
    }

    @TearDown(Level.Trial)
    public void close() {
        flat.close();
        accessor.close();
        space.close();
        memory.close();
    }

    @Benchmark
    @OperationsPerInvocation(LENGTH)
    public long scan() {
        try (RunCursor runs = column.runs(0, LENGTH)) {
            return sum(runs);
        }
    }

    @Benchmark
    @OperationsPerInvocation(LENGTH)
    public long scanOfSpace() {
        try (RunCursor runs = space.runs(address, (long) LENGTH * Long.BYTES)) {
            return sum(runs);
        }
    }

    private static long sum(RunCursor runs) {
        long sum = 0;
        while (runs.next()) {
            sum += sum(runs.memory());
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(LENGTH)
    public long scanOfSegment() {
        return sum(flat.segment());
    }

    private static long sum(MemorySegment memory) {
        long sum = 0;
        for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
            sum += memory.get(JAVA_LONG, at);
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(LENGTH)
    public long scanOfHeap() {
        long sum = 0;
        for (long element : heap) {
            sum += element;
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long get() {
        long random = state;
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            random = Xorshift.next(random);
            sum += column.getLong(random & LENGTH - 1);
        }
        state = random;
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long getOfHeap() {
        long random = state;
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            random = Xorshift.next(random);
            sum += heap[(int) random & LENGTH - 1];
        }
        state = random;
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long set() {
        long random = state;
        for (int i = 0; i < ACCESSES; i++) {
            random = Xorshift.next(random);
            column.setLong(random & LENGTH - 1, random);
        }
        state = random;
        return random;
    }

    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long setOfHeap() {
        long random = state;
        for (int i = 0; i < ACCESSES; i++) {
            random = Xorshift.next(random);
            heap[(int) random & LENGTH - 1] = random;
        }
        state = random;
        return random;
    }

    /** Adds the rows to the table. */
    public static void answer(Report report) {
        report.progress("a column of 16 Mi longs ...");
        Columns columns = new Columns();
        columns.open();
        try {
            report.add("scan of a column of 128 MiB, an element", "run cursor of a space", Target.atLeast(0.95),
                    compare(LENGTH, columns::scan, columns::scanOfSpace));
            report.add("scan of a column of 128 MiB, an element", "flat loop", Target.NONE,
                    compare(LENGTH, columns::scan, columns::scanOfSegment));
            report.add("scan of a column of 128 MiB, an element", "long[]", Target.NONE,
                    compare(LENGTH, columns::scan, columns::scanOfHeap));
            report.add("random get of a column of 128 MiB", "long[]", Target.NONE,
                    compare(ACCESSES, columns::get, columns::getOfHeap));
            report.add("random set of a column of 128 MiB", "long[]", Target.NONE,
                    compare(ACCESSES, columns::set, columns::setOfHeap));
        } finally {
            columns.close();
        }
    }

    private static Comparison compare(int count, LongSupplier ours, LongSupplier theirs) {
        return Paired.LONG_BATCHES.compare(Timed.of(count, ours), Timed.of(count, theirs));
    }
}
