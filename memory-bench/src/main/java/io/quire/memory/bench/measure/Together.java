package io.quire.memory.bench.measure;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;

/**
 * Two threads that do the same at the same time: the mean of what one operation costs either of them. Each
 * has a sampler of its own, which only that thread uses.
 */
public final class Together implements Sampler, AutoCloseable {

    private final CyclicBarrier start = new CyclicBarrier(2);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Sampler here;
    private final Sampler there;

    private volatile CompletableFuture<Double> sampled = new CompletableFuture<>();
    private volatile boolean closed;

    /**
     * Starts the other thread.
     *
     * @param here what the thread that calls {@link #sample()} does
     * @param there what the other one does
     */
    public Together(Sampler here, Sampler there) {
        this.here = here;
        this.there = there;
        Thread.ofPlatform().daemon().name("together").start(this::follow);
    }

    @Override
    public double sample() {
        sampled = new CompletableFuture<>();
        await();
        return (here.sample() + sampled.join()) / 2;
    }

    @Override
    public void close() {
        closed = true;
        await();
        ended.join();
    }

    private void follow() {
        for (await(); !closed; await()) {
            try {
                sampled.complete(there.sample());
            } catch (RuntimeException | Error failure) {
                sampled.completeExceptionally(failure);
            }
        }
        ended.complete(null);
    }

    private void await() {
        try {
            start.await();
        } catch (InterruptedException | BrokenBarrierException failure) {
            throw new IllegalStateException("the other thread was lost", failure);
        }
    }
}
