package io.quire.memory.bench.fork;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.MeasuredSpace;
import io.quire.memory.bench.fixture.Pages;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A space that is forked again and again, alone or while another thread writes to it. The last two forks stay open, as
 * the latest snapshots of a program do.
 */
final class ForkedSpace implements AutoCloseable {

    static final long SIZE_BYTES = 512L << 20;

    /** In the first seconds there is always memory that nobody has touched. */
    private static final long POOL_BYTES = 3L << 30;

    private static final int OPEN_FORKS = 2;

    private final Deque<AddressSpace> forks = new ArrayDeque<>();
    private final MemoryManager manager;
    private final AddressSpace space;
    private final long address;

    private @Nullable FirstWriter writer;

    /**
     * Opens the space, and writes to each of its pages.
     *
     * @param touched true if all memory of the pool shall have been touched before
     */
    ForkedSpace(boolean touched) {
        manager = MemoryManager.builder().hostPool(POOL_BYTES).touchAhead(touched).build();
        space = manager.newAddressSpace();
        address = space.map(SIZE_BYTES);
        try (Accessor accessor = space.accessor()) {
            for (long at = 0; at < SIZE_BYTES; at += Pages.PAGE_BYTES) {
                accessor.setLong(address + at, at);
            }
        }
    }

    /** Starts a thread that writes to random pages. */
    void startWriter() {
        writer = FirstWriter.start(space, address, SIZE_BYTES);
    }

    /** Stops the thread, if there is one. Fails if the thread has failed. */
    void stopWriter() {
        if (writer != null) {
            writer.close();
            writer = null;
        }
    }

    AddressSpace fork() {
        AddressSpace fork = space.fork();
        forks.add(fork);
        return fork;
    }

    /** Closes the oldest fork, if there are more than stay open. */
    void closeOldest() {
        if (forks.size() > OPEN_FORKS) {
            forks.remove().close();
        }
    }

    /** Closes all forks, and destroys what they leave. */
    void closeForks() {
        forks.forEach(AddressSpace::close);
        forks.clear();
        MeasuredSpace.reclaim(manager);
    }

    /** Waits awake: after a sleep a fork would also pay for the caches that the processor has lost meanwhile. */
    static void pause(long nanos) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < nanos) {
            Thread.onSpinWait();
        }
    }

    /** Times a number of forks, each some time after the one before. */
    ForkTimes time(int count, long pauseNanos) {
        Histogram nanos = new Histogram(3);
        long writesBefore = writes();
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long start = System.nanoTime();
            fork();
            nanos.recordValue(System.nanoTime() - start);
            closeOldest();
            pause(pauseNanos);
        }
        double seconds = (double) (System.nanoTime() - begin) / TimeUnit.SECONDS.toNanos(1);
        return ForkTimes.of(nanos, (writes() - writesBefore) / seconds);
    }

    private long writes() {
        return writer == null ? 0 : writer.writes();
    }

    @Override
    public void close() {
        stopWriter();
        closeForks();
        space.close();
        manager.close();
    }
}
