package io.quire.memory.demo;

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
 * Takes one fork after another and keeps a bounded number of them open. Readers check each fork once, in random order.
 * If there is no room for one more fork, it closes a random fork that was checked.
 */
final class ForkKeeper {

    /** The largest number of open forks, if memory allows. */
    static final int MOST_OPEN = 32;

    /** One part in this many of the open forks may wait for a check. A run ends only when these are checked too. */
    private static final int SHARE_UNCHECKED = 8;

    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(20);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<LiveFork> unchecked = new ArrayList<>();
    private final List<LiveFork> checked = new ArrayList<>();
    private final Latencies forksDuringUpdates = new Latencies();
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AddressSpace live;
    private final Writer writer;
    private final ChecksumHistory history;
    private final RunControl control;
    private final RandomGenerator random;
    private final int mostOpen;

    // Guarded by the lock.
    private int beingChecked;
    private int closedBeforeOlder;
    private boolean ended;

    ForkKeeper(AddressSpace live, Writer writer, RunControl control, int mostOpen, RandomGenerator random) {
        this.live = live;
        this.writer = writer;
        this.control = control;
        this.mostOpen = mostOpen;
        this.random = random;
        history = writer.history();
    }

    /** Takes forks until the run ends. The forks stay open. */
    void run() {
        try {
            while (makeRoom()) {
                LiveFork fork = random.nextBoolean() ? forkDuringUpdates() : forkBetweenUpdates();
                if (fork != null) {
                    add(fork);
                }
            }
        } finally {
            end();
        }
    }

    // ---- forks

    /** Forks in this thread. The writer may be in the middle of an update. */
    private LiveFork forkDuringUpdates() {
        long first = history.remember();
        try {
            long start = System.nanoTime();
            AddressSpace fork = live.fork();
            forksDuringUpdates.addSince(start);
            return new LiveFork(taken.get(), fork, history.since(first));
        } finally {
            history.forget();
        }
    }

    /** Asks the writer to fork. Returns null if something fails first. */
    private @Nullable LiveFork forkBetweenUpdates() {
        CompletableFuture<Writer.Taken> asked = writer.askForFork();
        while (!asked.isDone()) {
            if (control.hasFailed()) {
                // The writer may still take the fork, and the manager cannot be closed while it is open.
                CompletableFuture<Void> _ = asked.thenAccept(late -> late.fork().close());
                return null;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        Writer.Taken fork = asked.join();
        return new LiveFork(taken.get(), fork.fork(), fork.candidates());
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

    /** Waits until one more fork may be open. Returns false if the run ends first. */
    private boolean makeRoom() {
        lock.lock();
        try {
            while (control.isRunning()) {
                int waiting = unchecked.size() + beingChecked;
                boolean readersAreBehind = waiting >= Math.max(1, mostOpen / SHARE_UNCHECKED);
                if (!readersAreBehind && open.get() < mostOpen) {
                    return true;
                }
                if (!readersAreBehind && !checked.isEmpty()) {
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

    /** Waits for a fork that has not been checked, and returns a random one. Returns null if there will be none. */
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

    /** Notes that a fork has been checked and may be closed. */
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

    /** Closes all open forks in random order, after all threads have ended. */
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

    // ---- results

    /** Returns how many forks were taken so far. For any thread. */
    int taken() {
        return taken.get();
    }

    /** Returns how many forks are open now. For any thread. */
    int open() {
        return open.get();
    }

    /** Returns how many forks may be open at a time. */
    int mostOpen() {
        return mostOpen;
    }

    /** Returns how many forks were closed while an older one was open. */
    int closedBeforeOlder() {
        return closedBeforeOlder;
    }

    Latencies forksDuringUpdates() {
        return forksDuringUpdates;
    }
}
