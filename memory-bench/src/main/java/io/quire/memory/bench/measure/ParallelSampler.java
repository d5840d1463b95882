package io.quire.memory.bench.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;

/**
 * Samples several threads that do the same at the same time. A sample is the mean of the costs in all threads. Each
 * thread has a sampler of its own.
 */
public final class ParallelSampler implements Sampler, AutoCloseable {

    private final List<Follower> followers = new ArrayList<>();
    private final CyclicBarrier start;
    private final Sampler here;

    private volatile boolean closed;

    /**
     * Starts the other threads.
     *
     * @param here the sampler of the thread that calls {@link #sample()}
     * @param there the samplers of the other threads
     */
    public ParallelSampler(Sampler here, Sampler... there) {
        this.here = here;
        start = new CyclicBarrier(1 + there.length);
        for (Sampler sampler : there) {
            Follower follower = new Follower(sampler);
            followers.add(follower);
            Thread.ofPlatform().daemon().name("parallel-sampler").start(follower::follow);
        }
    }

    @Override
    public double sample() {
        followers.forEach(follower -> follower.sampled = new CompletableFuture<>());
        await();
        double sum = here.sample();
        for (Follower follower : followers) {
            sum += follower.sampled.join();
        }
        return sum / (1 + followers.size());
    }

    @Override
    public void close() {
        closed = true;
        await();
        followers.forEach(follower -> follower.ended.join());
    }

    private final class Follower {

        private final CompletableFuture<Void> ended = new CompletableFuture<>();
        private final Sampler there;

        private volatile CompletableFuture<Double> sampled = new CompletableFuture<>();

        Follower(Sampler there) {
            this.there = there;
        }

        void follow() {
            for (await(); !closed; await()) {
                try {
                    sampled.complete(there.sample());
                } catch (RuntimeException | Error failure) {
                    sampled.completeExceptionally(failure);
                }
            }
            ended.complete(null);
        }
    }

    private void await() {
        try {
            start.await();
        } catch (InterruptedException | BrokenBarrierException failure) {
            throw new IllegalStateException("another thread was lost", failure);
        }
    }
}
