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
 * A space and everything that was forked from it, to any depth; only the open spaces are kept. Spaces that share a
 * frame are of one lineage and map the frame at the same address. So a lineage and an address lead from a frame back to
 * the entries that map it.
 * <p>
 * Any thread. A fork is added under the lock of its parent, so whoever holds the locks of all spaces sees all of them.
 */
public final class Lineage {

    private static final long NO_PAGE = -1;

    private final ConcurrentHashMap<Integer, SpaceState> open = new ConcurrentHashMap<>();
    private final AtomicInteger added = new AtomicInteger();

    /** Held during a migration, or to keep one from running. Taken before the lock of any space. */
    private final Mutex migration = new Mutex();

    /**
     * Held while the spaces are being locked. So two threads that hold some of the locks never wait for each other.
     */
    private final Mutex locking = new Mutex();

    /** Odd while the spaces are being locked. */
    private volatile int gate;

    /** The page that is on its way home, of any space of the lineage. */
    private long homeward = NO_PAGE;

    /** This lineage once for each page of a leaf: the source that {@link #fill} copies from. */
    private final Lineage[] copies = new Lineage[Geometry.FAN_OUT];

    public Lineage() {
        Arrays.fill(copies, this);
    }

    /** Puts this lineage into some elements of an array, at most as many as a leaf has pages. */
    void fill(@Nullable Lineage[] lineages, int from, int count) {
        System.arraycopy(copies, 0, lineages, from, count);
    }

    /** Returns a number for a page of this lineage that another page is unlikely to have. */
    public long key(long address) {
        return ((long) System.identityHashCode(this) << Integer.SIZE) ^ address;
    }

    public void add(SpaceState space) {
        open.put(space.table().id(), space);
        added.incrementAndGet();
    }

    /** True if only one space of the lineage is open. */
    public boolean isAlone() {
        return open.mappingCount() == 1;
    }

    /** True if a space belongs to this lineage and is open. */
    public boolean contains(PageTable table) {
        SpaceState its = open.get(table.id());
        return its != null && its.table() == table;
    }

    /** Allocates nothing. */
    public void remove(SpaceState space) {
        open.remove(space.table().id(), space);
    }

    /** The lock that lets one migration of the lineage run at a time. */
    public Mutex migration() {
        return migration;
    }

    // ---- all spaces at once

    /**
     * Locks the tables of all open spaces; no other thread holds two of them. Until {@link #unlock} nothing changes in
     * these tables, only bytes of pages may. Forks of the lineage that begin meanwhile wait until all are locked.
     * Otherwise a thread that forks without pause could keep this from ever ending.
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

    /** The spaces that are open at some moment, and what it takes to lock them when the heap is full. One thread. */
    public record Known(List<SpaceState> spaces, int added, List<SpaceState> locked) {
    }

    /** Returns the spaces that are open now, for {@link #lock(Known)}. */
    public Known known() {
        int seen = added.get(); // first: a space that is added meanwhile counts as unknown
        List<SpaceState> spaces = new ArrayList<>(open.values());
        return new Known(spaces, seen, new ArrayList<>(spaces.size()));
    }

    /**
     * As {@link #lock()}, for a thread that cannot leave things as they are on a full heap. Allocates nothing, unless a
     * space was added since these were known, or another thread is using one.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // as above
    public List<SpaceState> lock(Known known) {
        locking.lock();
        try {
            gate++;
            return tryLock(known) ? known.locked() : lockAll();
        } finally {
            gate++;
            locking.unlock();
        }
    }

    /** Locks the known spaces that are still open. Locks none and returns false if there are others. */
    private boolean tryLock(Known known) {
        known.locked().clear();
        boolean areAll = false;
        try {
            for (int i = 0; i < known.spaces().size(); i++) {
                SpaceState space = known.spaces().get(i);
                if (!space.table().isLockedByMe()) {
                    lock(space, known.locked());
                }
            }
            areAll = added.get() == known.added();
            return areAll;
        } finally {
            if (!areAll) {
                unlock(known.locked());
            }
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
            } while (added.get() != seen); // again if a fork that had passed the gate added a space
            return locked;
        } catch (Throwable failed) {
            unlock(locked);
            throw failed;
        }
    }

    private static void lock(SpaceState space, List<SpaceState> locked) {
        locked.add(space); // first: whatever fails, what is locked is in the list
        space.table().lock();
        if (space.table().isClosed()) {
            space.table().unlock();
            locked.removeLast();
        } else {
            // STEP(lock a lineage 2): a copy of a leaf still counts references to its frames
            space.table().copies().awaitEnd();
            // What an Error kept from being released still counts as a reference.
            space.table().invalidateAndRelease(TranslationVersion.ALL);
        }
    }

    /** Unlocks the spaces that this thread has locked; allocates nothing. */
    public static void unlock(List<SpaceState> spaces) {
        for (int i = 0; i < spaces.size(); i++) {
            SpaceState space = spaces.get(i);
            if (space.table().isLockedByMe()) {
                space.table().unlock();
            }
        }
    }

    /** Waits while another thread locks all spaces. A fork calls this before it takes the lock of its parent. */
    public void awaitGate() {
        int seen = gate;
        if ((seen & 1) != 0) {
            CallbackThread.requireOutside(); // whoever locks them may wait for this very driver
            Wait.until(() -> gate != seen); // only this time: the next one must not make a fork wait again
        }
    }

    // ---- a page on its way home

    /** Makes devices and writers leave a page alone until it is home; under the locks of all spaces. */
    public void beginHomeward(long page) {
        homeward = page;
    }

    /** Ends what {@link #beginHomeward} began; under the locks of all spaces. */
    public void endHomeward() {
        homeward = NO_PAGE;
    }

    /** True if a page is on its way home, which nobody may stop; under the lock of any space. */
    public boolean isHomeward(long page) {
        return homeward == page;
    }

    /** Waits for the migration that is running, if one is. The caller holds no lock. */
    @SuppressWarnings("LockNotBeforeTry") // taken only to wait for it
    public void awaitMigration() {
        migration.lock();
        migration.unlock();
    }

    @Override
    public String toString() {
        return "Lineage[open=" + open.size() + "]";
    }
}
