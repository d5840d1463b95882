package io.quire.memory.bench.demo;

import io.quire.memory.AddressSpace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Takes one fork after another, has each checked once, at a random time after it was taken, and keeps a
 * bounded number open. When there is no room for one more, it closes any of the checked ones.
 */
final class ForkKeeper {

    /** The most forks it keeps open, if memory allows. */
    static final int MOST_OPEN = 32;

    /** The part of them that may wait for a check; at the end all of these have to be waited for. */
    private static final int SHARE_UNCHECKED = 8;

    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(20);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<LiveFork> unchecked = new ArrayList<>();
    private final List<LiveFork> checked = new ArrayList<>();
    private final Latencies forksAmidUpdates = new Latencies();
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AddressSpace live;
    private final Writer writer;
    private final History history;
    private final Course course;
    private final RandomGenerator random;
    private final int mostOpen;

    // Guarded by the lock.
    private int beingChecked;
    private int closedBeforeOlder;
    private boolean ended;

    ForkKeeper(AddressSpace live, Writer writer, Course course, int mostOpen, RandomGenerator random) {
        this.live = live;
        this.writer = writer;
        this.course = course;
        this.mostOpen = mostOpen;
        this.random = random;
        history = writer.history();
    }

    /** Works until the course ends; the forks stay open. */
    void run() {
        try {
            while (makeRoom()) {
                LiveFork fork = random.nextBoolean() ? forkAmidUpdates() : forkBetweenUpdates();
                if (fork != null) {
                    add(fork);
                }
            }
        } finally {
            end();
        }
    }

    // ---- forks

    /** Forks in this thread, wherever the writer is just now. */
    private LiveFork forkAmidUpdates() {
        long first = history.remember();
        try {
            long start = System.nanoTime();
            AddressSpace fork = live.fork();
            forksAmidUpdates.addSince(start);
            return new LiveFork(taken.get(), fork, history.since(first));
        } finally {
            history.forget();
        }
    }

    /** Has the writer fork; null if a failure came first. */
    private @Nullable LiveFork forkBetweenUpdates() {
        CompletableFuture<Writer.Taken> asked = writer.askForFork();
        while (!asked.isDone()) {
            if (course.hasFailed()) {
                return null;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        Writer.Taken fork = asked.join();
        return new LiveFork(taken.get(), fork.fork(), fork.moments());
    }

    private void add(LiveFork fork) {
        lock.lock();
        try {
            unchecked.add(fork);
            taken.incrementAndGet();
            open.incrementAndGet();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until one more fork may be open; false if the course is over first. */
    private boolean makeRoom() {
        lock.lock();
        try {
            while (course.isOn()) {
                int waiting = unchecked.size() + beingChecked;
                boolean readersAreFar = waiting >= Math.max(1, mostOpen / SHARE_UNCHECKED);
                if (!readersAreFar && open.get() < mostOpen) {
                    return true;
                }
                if (!readersAreFar && !checked.isEmpty()) {
                    close(checked.remove(random.nextInt(checked.size())));
                } else {
                    changed.awaitNanos(TimeUnit.MILLISECONDS.toNanos(50));
                }
            }
            return false;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // ---- checks

    /** Any fork that has not been checked; waits for one, null if there will be none. */
    @Nullable LiveFork nextToCheck() throws InterruptedException {
        lock.lock();
        try {
            while (unchecked.isEmpty()) {
                if (ended) {
                    return null;
                }
                changed.await();
            }
            beingChecked++;
            return unchecked.remove(random.nextInt(unchecked.size()));
        } finally {
            lock.unlock();
        }
    }

    /** The fork may be closed from now on. */
    void doneWith(LiveFork fork) {
        lock.lock();
        try {
            beingChecked--;
            checked.add(fork);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // ---- closing

    /** Closes the forks that are open, in random order. After all threads have ended. */
    void closeAll() {
        lock.lock();
        try {
            checked.addAll(unchecked);
            unchecked.clear();
            while (!checked.isEmpty()) {
                close(checked.remove(random.nextInt(checked.size())));
            }
        } finally {
            lock.unlock();
        }
    }

    private void close(LiveFork fork) {
        boolean isOldest = oldest(checked) > fork.number() && oldest(unchecked) > fork.number();
        closedBeforeOlder += isOldest ? 0 : 1;
        fork.space().close();
        open.decrementAndGet();
    }

    private static int oldest(List<LiveFork> forks) {
        return forks.stream().map(LiveFork::number).min(Comparator.naturalOrder()).orElse(Integer.MAX_VALUE);
    }

    // ---- what it did

    /** Forks taken so far. Any thread. */
    int taken() {
        return taken.get();
    }

    /** Forks that are open now. Any thread. */
    int open() {
        return open.get();
    }

    /** How many forks it keeps open at most. */
    int mostOpen() {
        return mostOpen;
    }

    /** How many forks were closed while an older one was open. */
    int closedBeforeOlder() {
        return closedBeforeOlder;
    }

    Latencies forksAmidUpdates() {
        return forksAmidUpdates;
    }
}
