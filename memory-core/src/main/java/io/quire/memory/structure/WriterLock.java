package io.quire.memory.structure;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.MemoryException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/**
 * Lets one writer at a time change a map; others spin, yield, then sleep. The word lives in the space, so a
 * fork takes a copy of it along; that copy names the parent and counts as free. Not reentrant.
 * <p>
 * Releasing is a write, and a fork by another thread can make it one that needs a frame. If there is none the
 * word cannot be changed, by this writer or any other; the turn is then remembered as over until somebody
 * can.
 */
final class WriterLock {

    /**
     * The turns that are over. One that nobody can take up any more stays: at most one for each map and
     * space.
     */
    private static final Set<Turn> OVER = ConcurrentHashMap.newKeySet();

    private static final int SPINS = 100;
    private static final int YIELDS = 100;
    private static final long LONGEST_NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

    private final Region region;
    private final long seed;

    WriterLock(Region region) {
        this.region = region;
        this.seed = region.get(MapHeader.SEED_AT);
    }

    /**
     * Waits for the lock and takes it.
     *
     * @return the word, for {@link #unlock}
     */
    long lock() {
        IdleStrategy idle = null;
        while (true) {
            long word = region.getAcquire(MapHeader.LOCK_AT);
            long spaceId = region.memory().spaceId();
            boolean over = isOver(word);
            if (LockWord.isFree(word, spaceId) || over) {
                long mine = LockWord.take(word, spaceId);
                // ORDER(map-locked) acquire: all that the writer before did is visible.
                if (region.compareAndSet(MapHeader.LOCK_AT, word, mine)) {
                    if (over) {
                        OVER.remove(new Turn(seed, region.address(), word));
                    }
                    return mine;
                }
            }
            if (idle == null) {
                idle = newIdleStrategy();
            }
            idle.idle();
        }
    }

    /** Gives the lock up. Does not throw, since what the writer did is done. */
    void unlock(long word) {
        try {
            // ORDER(map-locked) release: what this writer did, then the word that lets the next one in.
            region.setRelease(MapHeader.LOCK_AT, LockWord.release(word));
        } catch (ClosedException gone) {
            return; // and the lock with it
        } catch (MemoryException notNow) {
            OVER.add(new Turn(seed, region.address(), word));
        }
    }

    /** How to wait for a writer: spins, yields, then sleeps. */
    static IdleStrategy newIdleStrategy() {
        return new BackoffIdleStrategy(SPINS, YIELDS, 1, LONGEST_NAP_NANOS);
    }

    private boolean isOver(long word) {
        return !OVER.isEmpty() && OVER.contains(new Turn(seed, region.address(), word));
    }

    /** One stay in the lock of one map. Seeds are random, so that two managers are told apart. */
    private record Turn(long seed, long address, long word) {
    }
}
