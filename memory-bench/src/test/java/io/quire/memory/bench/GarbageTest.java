package io.quire.memory.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.quire.memory.Accessor;
import io.quire.memory.Pin;
import io.quire.memory.allocator.FrameAllocator;
import io.quire.memory.allocator.Magazine;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.frame.FrameCache;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import java.lang.management.ManagementFactory;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

/**
 * The hot paths make no garbage. JMH says the same of the benchmarks, in the rows {@code gc.alloc.rate.norm} of
 * {@code mvn -q -Pbench verify -Dbench.args="RandomRead RandomWrite AllocateFree -f 1 -prof gc"}.
 */
class GarbageTest {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final int OPERATIONS = 10_000;
    private static final int BATCHES_MIN = 20;

    /** So long the compiler has to get there, on a machine that is busy with other things too. */
    private static final long LIMIT_NANOS = 20_000_000_000L;

    private static final int PAGES = 64;

    @SuppressWarnings("unused") // to be written is its use
    private volatile Object sink = "";

    @SuppressWarnings("unused") // to be written is its use
    private volatile long results;

    @Test
    void readingAWordMakesNoGarbage() {
        try (ResidentSpace resident = ResidentSpace.of((long) PAGES * Pages.PAGE_BYTES)) {
            Accessor accessor = resident.accessor();
            assertThat(bytesPerOperation(i -> accessor.getLong(address(resident, i)))).isZero();
        }
    }

    @Test
    void writingAWordMakesNoGarbage() {
        try (ResidentSpace resident = ResidentSpace.of((long) PAGES * Pages.PAGE_BYTES)) {
            Accessor accessor = resident.accessor();
            assertThat(bytesPerOperation(i -> {
                accessor.setLong(address(resident, i), i);
                return i;
            })).isZero();
        }
    }

    @Test
    void pinningMakesNoGarbage() {
        try (ResidentSpace resident = ResidentSpace.of((long) PAGES * Pages.PAGE_BYTES)) {
            Accessor accessor = resident.accessor();
            assertThat(bytesPerOperation(i -> {
                try (Pin pin = accessor.pin(address(resident, i), Long.BYTES, PinTerm.SHORT, PinAccess.WRITE)) {
                    return pin.sizeBytes();
                }
            })).isZero();
        }
    }

    @Test
    void aFrameOfAPoolMakesNoGarbage() {
        try (FramePools pools = FramePools.ofHost(PAGES)) {
            FramePool pool = pools.host();
            assertThat(bytesPerOperation(i -> {
                long offset = pool.allocate();
                pool.release(offset);
                return offset;
            })).isZero();
        }
    }

    @Test
    void aFrameOfAnAccessorMakesNoGarbage() {
        try (FramePools pools = FramePools.ofHost(PAGES); FrameCache frames = pools.newFrameCache()) {
            assertThat(bytesPerOperation(i -> {
                long offset = frames.allocate();
                frames.release(offset);
                return offset;
            })).isZero();
        }
    }

    @Test
    void aFrameOfAMagazineMakesNoGarbage() {
        try (Magazine magazine = new FrameAllocator(PAGES).newMagazine()) {
            assertThat(bytesPerOperation(i -> {
                int frame = magazine.allocate();
                magazine.free(frame);
                return frame;
            })).isZero();
        }
    }

    @Test
    void oneObjectAnOperationShows() {
        assertThat(bytesPerOperation(i -> {
            sink = new Object[1];
            return i;
        }, 0)).isBetween(16L, 32L);
    }

    private static long address(ResidentSpace resident, int i) {
        return resident.address() + (long) (i % PAGES) * Pages.PAGE_BYTES;
    }

    /**
     * What this thread allocates for one operation, rounded up. The least of many batches: what an operation allocates
     * shows in every one of them; what the first call makes, or code that is not compiled yet, only in some. Tries on
     * until there is one that allocates nothing.
     */
    private long bytesPerOperation(IntToLongFunction operation) {
        return bytesPerOperation(operation, LIMIT_NANOS);
    }

    private long bytesPerOperation(IntToLongFunction operation, long limitNanos) {
        long least = Long.MAX_VALUE;
        long sum = 0;
        long start = System.nanoTime();
        for (int batch = 0; batch < BATCHES_MIN || least > 0 && System.nanoTime() - start < limitNanos; batch++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < OPERATIONS; i++) {
                sum += operation.applyAsLong(i);
            }
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        results = sum;
        return Math.ceilDiv(least, OPERATIONS);
    }
}
