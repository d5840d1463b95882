package io.quire.memory.lineage;

import io.quire.memory.guard.CallbackThread;
import io.quire.memory.guard.Mutex;
import io.quire.memory.guard.Wait;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.TranslationVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A space and all that was forked from it, to any depth: the open ones. Spaces that share a frame are of one lineage and
 * have it at the same address, so a lineage and an address are the way back from a frame to the entries that map it.
 * <p>
 * Any thread. A fork is added under the lock of its parent; so whoever holds the locks of all sees all.
 */
public final class Lineage {

    private static final long NO_PAGE = -1;

    private final ConcurrentHashMap<Integer, SpaceState> open = new ConcurrentHashMap<>();
    private final AtomicInteger added = new AtomicInteger();

    /** Held during a migration, and while none may run. Taken before the lock of any space. */
    private final Mutex migration = new Mutex();

    /** Held while the spaces are being locked: whoever holds several locks has nobody to wait for who does, too. */
    private final Mutex locking = new Mutex();

    /** Odd while the spaces are being locked. */
    private volatile int gate;

    /** The page that is on its way home, of whichever space. */
    private long homeward = NO_PAGE;

    /** This lineage for each page of a leaf, to be copied from. */
    private final Lineage[] copies = new Lineage[Geometry.FAN_OUT];

    public Lineage() {
        Arrays.fill(copies, this);
    }

    /** Puts this lineage into an array, for the pages of a leaf at most. */
    void fill(@Nullable Lineage[] lineages, int from, int count) {
        System.arraycopy(copies, 0, lineages, from, count);
    }

    /** A number for a page of this lineage that other pages will hardly have. */
    public long key(long address) {
        return ((long) System.identityHashCode(this) << Integer.SIZE) ^ address;
    }

    public void add(SpaceState space) {
        open.put(space.table().id(), space);
        added.incrementAndGet();
    }

    /** Whether a space is one of this lineage, and open. */
    public boolean contains(PageTable table) {
        SpaceState its = open.get(table.id());
        return its != null && its.table() == table;
    }

    /** Allocates nothing. */
    public void remove(SpaceState space) {
        open.remove(space.table().id(), space);
    }

    /** Lets no two migrations of one lineage run at a time. */
    public Mutex migration() {
        return migration;
    }

    // ---- all spaces at once

    /**
     * Locks the tables of all open spaces; nobody else holds two of them. Nothing in their tables changes until
     * {@link #unlock}, but for the bytes of pages. Forks of the lineage that begin meanwhile wait until all are locked,
     * so that this does not run after a thread that forks without pause.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // nobody else changes the gate
    public List<SpaceState> lock() {
        // STEP(lock a lineage 1)
        locking.lock();
        try {
            gate++;
            return lockAll();
        } finally {
            // STEP(lock a lineage 4)
            gate++;
            locking.unlock();
        }
    }

    private List<SpaceState> lockAll() {
        List<SpaceState> locked = new ArrayList<>(open.size() + 1);
        try {
            int seen;
            do {
                seen = added.get();
                // STEP(lock a lineage 2)
                for (SpaceState space : open.values()) {
                    if (!space.table().isLockedByMe()) {
                        lock(space, locked);
                    }
                }
                // STEP(lock a lineage 3)
            } while (added.get() != seen); // a fork that was past the gate came between
            return locked;
        } catch (Throwable failed) {
            unlock(locked);
            throw failed;
        }
    }

    private static void lock(SpaceState space, List<SpaceState> locked) {
        locked.add(space); // before: what is locked is in the list, whatever fails
        space.table().lock();
        if (space.table().isClosed()) {
            space.table().unlock();
            locked.removeLast();
        } else {
            space.table().invalidateAndRelease(TranslationVersion.ALL); // what an Error has left there counts as a reference
        }
    }

    /** Unlocks those of the spaces that this thread has locked; allocates nothing. */
    public static void unlock(List<SpaceState> spaces) {
        for (int i = 0; i < spaces.size(); i++) {
            SpaceState space = spaces.get(i);
            if (space.table().isLockedByMe()) {
                space.table().unlock();
            }
        }
    }

    /** Lets whoever is locking all spaces come first; before a fork takes the lock of its parent. */
    public void awaitGate() {
        int seen = gate;
        if ((seen & 1) != 0) {
            CallbackThread.requireOutside(); // who locks them may wait for this very driver
            Wait.until(() -> gate != seen); // for this one only: the next may not make a fork wait again
        }
    }

    // ---- a page on its way home

    /** Has devices and writers leave a page alone until it is home; under the locks of all spaces. */
    public void beginHomeward(long page) {
        homeward = page;
    }

    /** Ends that; under the locks of all spaces. */
    public void endHomeward() {
        homeward = NO_PAGE;
    }

    /** Whether a page is on its way home, and is not to be kept from it; under the lock of any space. */
    public boolean isHomeward(long page) {
        return homeward == page;
    }

    /** Waits for the migration that runs now, if one does; the caller holds no lock. */
    @SuppressWarnings("LockNotBeforeTry") // there is nothing to do with the lock
    public void awaitMigration() {
        migration.lock();
        migration.unlock();
    }

    @Override
    public String toString() {
        return "Lineage[open=" + open.size() + "]";
    }
}
