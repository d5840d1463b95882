package io.quire.memory.bench.firstwrite;

import io.quire.memory.AddressSpace;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Forks a space at a given rate until this is closed. Like the C program that it is compared with, it never makes up
 * for missed forks.
 */
final class Forker implements AutoCloseable {

    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AddressSpace space;
    private final long first;

    private volatile boolean done;

    Forker(AddressSpace space, int forksPerSecond, long first) {
        this.space = space;
        this.first = first;
        if (forksPerSecond == 0) {
            ended.complete(null);
        } else {
            long interval = TimeUnit.SECONDS.toNanos(1) / forksPerSecond;
            Thread.ofPlatform().daemon().name("forker").start(() -> run(interval));
        }
    }

    private void run(long intervalNanos) {
        try {
            fork(intervalNanos);
            ended.complete(null);
        } catch (RuntimeException | Error failure) {
            ended.completeExceptionally(failure);
        }
    }

    private void fork(long intervalNanos) {
        AddressSpace last = null;
        for (long due = first; sleepUntil(due); due = Math.max(due + intervalNanos, System.nanoTime())) {
            AddressSpace next = space.fork();
            if (last != null) {
                last.close();
            }
            last = next;
        }
        if (last != null) {
            last.close();
        }
    }

    private boolean sleepUntil(long due) {
        for (long left = due - System.nanoTime(); left > 0 && !done; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        return !done;
    }

    @Override
    public void close() {
        done = true;
        ended.join();
    }
}
