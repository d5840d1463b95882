package io.quire.memory.bench.fork;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.Xorshift;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A thread that writes to random pages of a space, as fast as it can, until this is closed. If the space has many more
 * pages than the thread writes between two forks, nearly every write is the first to its page.
 */
final class FirstWriter implements AutoCloseable {

    private final CompletableFuture<Void> begun = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AtomicLong writes = new AtomicLong();
    private final AddressSpace space;
    private final long address;
    private final long offsetMask;

    private volatile boolean done;

    private FirstWriter(AddressSpace space, long address, long sizeBytes) {
        this.space = space;
        this.address = address;
        offsetMask = sizeBytes - Pages.PAGE_BYTES;
    }

    /**
     * Starts the thread, and waits until it writes.
     *
     * @param sizeBytes the size of the range that it writes to, a power of two
     */
    static FirstWriter start(AddressSpace space, long address, long sizeBytes) {
        FirstWriter writer = new FirstWriter(space, address, sizeBytes);
        Thread.ofPlatform().daemon().name("first-writer").start(writer::run);
        writer.begun.join();
        return writer;
    }

    private void run() {
        try (Accessor accessor = space.accessor()) {
            begun.complete(null);
            write(accessor);
            ended.complete(null);
        } catch (RuntimeException | Error failure) {
            begun.completeExceptionally(failure);
            ended.completeExceptionally(failure);
        }
    }

    private void write(Accessor accessor) {
        long random = Xorshift.SEED;
        for (long i = 1; !done; i++) {
            random = Xorshift.next(random);
            accessor.setLong(address + (random & offsetMask), i);
            writes.setOpaque(i); // a volatile store would fence, and Quire's writes do not
        }
    }

    /** Returns how many writes were done. */
    long writes() {
        return writes.getOpaque();
    }

    @Override
    public void close() {
        done = true;
        ended.join();
    }
}
