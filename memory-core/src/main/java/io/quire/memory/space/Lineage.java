package io.quire.memory.space;

import io.quire.memory.table.Geometry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A space and all that was forked from it, to any depth: the open ones. Who shares a frame is of one lineage and has it
 * at the same address, so a lineage and an address are the way back from a frame to the entries that map it.
 * <p>
 * Any thread. A fork is added under the lock of its parent; so whoever holds the locks of all sees all.
 */
final class Lineage {

    private static final Comparator<Space> BY_ID = Comparator.comparingInt(Space::id);

    private final ConcurrentHashMap<Integer, Space> open = new ConcurrentHashMap<>();
    private final AtomicInteger added = new AtomicInteger();

    /** Held during a migration, and while none may run. Taken before the lock of any space. */
    private final ReentrantLock migration = new ReentrantLock();

    /** This lineage for each page of a leaf, to be copied from. */
    private final Lineage[] copies = new Lineage[Geometry.FAN_OUT];

    Lineage() {
        Arrays.fill(copies, this);
    }

    /** Puts this lineage into an array, for the pages of a leaf at most. */
    void fill(@Nullable Lineage[] lineages, int from, int count) {
        System.arraycopy(copies, 0, lineages, from, count);
    }

    /** A number for a page of this lineage that other pages will hardly have. */
    long key(long address) {
        return ((long) System.identityHashCode(this) << Integer.SIZE) ^ address;
    }

    void add(Space space) {
        open.put(space.id(), space);
        added.incrementAndGet();
    }

    void remove(Space space) {
        open.remove(space.id(), space);
    }

    /** Lets no two migrations of one lineage run at a time. */
    ReentrantLock migration() {
        return migration;
    }

    /**
     * Locks the tables of all open spaces, in the order of their ids; nobody else holds two. Nothing in their tables
     * changes until {@link #unlock}, but for the bytes of pages.
     */
    List<Space> lock() {
        while (true) {
            int seen = added.get();
            List<Space> locked = new ArrayList<>(open.values());
            locked.sort(BY_ID);
            for (Space space : locked) {
                space.lock();
            }
            if (added.get() == seen) {
                locked.removeIf(Lineage::unlockClosed);
                return locked;
            }
            unlock(locked); // somebody was forked meanwhile
        }
    }

    private static boolean unlockClosed(Space space) {
        boolean closed = space.isClosed();
        if (closed) {
            space.unlock();
        }
        return closed;
    }

    static void unlock(List<Space> locked) {
        for (Space space : locked) {
            space.unlock();
        }
    }

    @Override
    public String toString() {
        return "Lineage[open=" + open.size() + "]";
    }
}
