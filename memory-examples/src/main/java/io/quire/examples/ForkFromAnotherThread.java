package io.quire.examples;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * Shows how a fork can catch a writer in the middle of an update, and two ways to prevent it.
 * <p>
 * A fork has each single write whole or not at all, but it knows nothing of writes that belong together. Here a
 * transfer takes 1 from one word and adds it to another, so the sum of both never changes. If another thread forks
 * between the two writes, the fork has the first write but not the second, and the sum is wrong there. To prevent that,
 * do one of these:
 * <ul>
 * <li>Let the writer fork between two transfers, and hand the fork to the thread that wants it.
 * <li>Hold one lock around each transfer and around the fork.
 * </ul>
 * A {@link io.quire.memory.structure.ForkableMap} keeps its own rules: a fork by any thread at any moment has a whole
 * map. Two puts are two writes all the same.
 */
public final class ForkFromAnotherThread {

    /** The sum of both words before and after each transfer. */
    private static final long TOTAL = 1_000;

    private static final int SNAPSHOTS = 20_000;

    private final AddressSpace space;
    private final long left;
    private final long right;
    private final Object lock = new Object();
    private volatile boolean stopped;

    private ForkFromAnotherThread(AddressSpace space) {
        this.space = space;
        left = space.map(4096);
        right = left + Long.BYTES;
        space.setLong(left, TOTAL);
    }

    public static void main(String[] args) throws InterruptedException {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace space = memory.newAddressSpace("account")) {
            ForkFromAnotherThread account = new ForkFromAnotherThread(space);
            System.out.println("snapshots in which the sum is wrong, of " + SNAPSHOTS + ":");
            System.out.println("  by another thread:                  " + account.brokenByAnotherThread(SNAPSHOTS));
            System.out.println("  by another thread, under the lock:  " + account.brokenUnderTheLock(SNAPSHOTS));
            System.out.println("  by the writer, between transfers:   " + account.brokenByTheWriter(SNAPSHOTS));
        }
    }

    /** Wrong: this thread may fork between the two writes of a transfer. */
    private int brokenByAnotherThread(int snapshots) throws InterruptedException {
        return whileTransferring(this::transfer, () -> broken(snapshots, space::snapshot));
    }

    /** Right: the lock keeps the fork out of a transfer. */
    private int brokenUnderTheLock(int snapshots) throws InterruptedException {
        return whileTransferring(this::transferUnderTheLock, () -> broken(snapshots, this::snapshotUnderTheLock));
    }

    /** Right, and without a lock: the writer itself forks, after a whole transfer. */
    private int brokenByTheWriter(int snapshots) {
        try (Accessor writer = space.accessor()) {
            return broken(snapshots, () -> {
                transfer(writer);
                return space.snapshot();
            });
        }
    }

    private void transferUnderTheLock(Accessor writer) {
        // @start region="fork-under-lock"
        synchronized (lock) {               // what the writer does:
            transfer(writer);               // two writes that belong together
        }
        // @end
    }

    private AddressSpace snapshotUnderTheLock() {
        // @start region="fork-under-lock"
        synchronized (lock) {               // what the other thread does
            return space.snapshot();
        }
        // @end
    }

    private void transfer(Accessor writer) {
        writer.setLong(left, writer.getLong(left) - 1);
        writer.setLong(right, writer.getLong(right) + 1);
    }

    /** Takes snapshots and counts those in which the sum of both words is wrong. */
    private int broken(int snapshots, Supplier<AddressSpace> takeSnapshot) {
        int broken = 0;
        for (int i = 0; i < snapshots; i++) {
            try (AddressSpace snapshot = takeSnapshot.get()) {
                broken += snapshot.getLong(left) + snapshot.getLong(right) == TOTAL ? 0 : 1;
            }
        }
        return broken;
    }

    /** Does some work while another thread makes transfers, one after the other. */
    private int whileTransferring(Consumer<Accessor> transfer, IntSupplier work) throws InterruptedException {
        stopped = false;
        long before = space.getLong(right);
        Thread writer = Thread.ofPlatform().start(() -> {
            try (Accessor accessor = space.accessor()) {
                while (!stopped) {
                    transfer.accept(accessor);
                }
            }
        });
        try {
            while (space.getLong(right) == before) {
                Thread.onSpinWait();                // until the writer has begun
            }
            return work.getAsInt();
        } finally {
            stopped = true;
            writer.join();
        }
    }
}
