package io.quire.memory.bench.pin;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.Pin;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to pin one page for a short time and to unpin it, beside one uncontended exchange of a word?
 * <p>
 * Expected for an accessor: 3 to 4 times an exchange of 5 ns, and no garbage. Two exchanges change the word of the
 * frame. The rest is a lookup as for a write and some ten plain stores, which set and clear the writer slot twice and
 * note what is pinned. Its segments add a confined arena, 30 ns.
 * <p>
 * Expected for a space: 10 times. Pinning and unpinning each take the lock of the space, which is two exchanges more.
 * The page is looked up from the root, and the pin is an object in a list. Its segments need a shared arena, whose
 * close is a handshake with every thread, some 20 us.
 * <p>
 * 10 times for an accessor would mean that its pins take the lock. More than a microsecond would mean that each pin
 * walks the stack of its thread.
 */
public class PinUnpin extends JmhBenchmark {

    private static final int PAGES = 256;

    /** How many words a cache line has. */
    private static final int LINE_WORDS = 8;

    /** A word for each page, each in a cache line of its own. */
    private final AtomicLongArray words = new AtomicLongArray(PAGES * LINE_WORDS);

    private ResidentSpace resident;

    @Setup(Level.Trial)
    public void open() {
        resident = ResidentSpace.of((long) PAGES * Pages.PAGE_BYTES);
    }

    @TearDown(Level.Trial)
    public void close() {
        resident.close();
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long accessor() {
        long pinned = 0;
        for (int page = 0; page < PAGES; page++) {
            try (Pin pin = pinByAccessor(page)) {
                pinned += pin.sizeBytes();
            }
        }
        return pinned;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long accessorWithSegments() {
        long sum = 0;
        for (int page = 0; page < PAGES; page++) {
            try (Pin pin = pinByAccessor(page)) {
                sum += firstWord(pin);
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long space() {
        long pinned = 0;
        for (int page = 0; page < PAGES; page++) {
            try (Pin pin = pinBySpace(page)) {
                pinned += pin.sizeBytes();
            }
        }
        return pinned;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long spaceWithSegments() {
        long sum = 0;
        for (int page = 0; page < PAGES; page++) {
            try (Pin pin = pinBySpace(page)) {
                sum += firstWord(pin);
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long exchange() {
        long done = 0;
        for (int page = 0; page < PAGES; page++) {
            int word = page * LINE_WORDS;
            long value = words.get(word);
            done += words.compareAndSet(word, value, value + 1) ? 1 : 0;
        }
        return done;
    }

    private Pin pinByAccessor(int page) {
        return resident.accessor().pin(addressOf(page), Long.BYTES, PinTerm.SHORT, PinAccess.WRITE);
    }

    private Pin pinBySpace(int page) {
        return resident.space().pin(addressOf(page), Long.BYTES, PinTerm.SHORT, PinAccess.WRITE);
    }

    private long addressOf(int page) {
        return resident.address() + (long) page * Pages.PAGE_BYTES;
    }

    private static long firstWord(Pin pin) {
        return pin.segments().getFirst().get(JAVA_LONG, 0);
    }

    /** Adds a row for each way to pin to the table. */
    public static void answer(Report report) {
        report.progress("short pins ...");
        PinUnpin pins = new PinUnpin();
        pins.open();
        try {
            pins.compare("pin by an accessor", Promise.PIN_BY_ACCESSOR, pins::accessor, report);
            pins.compare("pin by a space", Promise.PIN_BY_SPACE, pins::space, report);
            if (report.isFull()) {
                pins.compare("pin and segment by an accessor", Target.NONE, pins::accessorWithSegments,
                        report);
                pins.compare("pin and segment by a space", Target.NONE, pins::spaceWithSegments, report);
            }
        } finally {
            pins.close();
        }
    }

    private void compare(String what, Target target, LongSupplier operation, Report report) {
        report.add(what, "one exchange", target,
                Paired.BATCHES.compare(Timed.of(PAGES, operation), Timed.of(PAGES, this::exchange)));
    }
}
