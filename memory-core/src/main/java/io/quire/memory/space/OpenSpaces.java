package io.quire.memory.space;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.TooManySpacesException;
import io.quire.memory.guard.Wait;
import io.quire.memory.trace.CreationSite;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The open spaces of a manager, by id, and the limit on their number. Any thread. */
public final class OpenSpaces {

    /**
     * The highest limit that a manager can have. A frame or node has at most one reference for each open space and for
     * each tree that waits to be destroyed, so a count of 20 bits never overflows, with room to spare.
     */
    public static final int LIMIT = 1 << 19;

    /** How long {@link #seal} waits for spaces that are being opened. To open one takes much less. */
    private static final long OPENING_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** The value of the count when the manager is closed. */
    private static final int SEALED = Integer.MIN_VALUE;

    private final ConcurrentHashMap<Integer, Space> open = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicInteger lastId = new AtomicInteger();
    private final String manager;
    private final int maxSpaces;
    private final boolean leakTracking;

    OpenSpaces(String manager, int maxSpaces, boolean leakTracking) {
        this.manager = manager;
        this.maxSpaces = maxSpaces;
        this.leakTracking = leakTracking;
    }

    /**
     * Makes room for one more space.
     *
     * @return its id: positive, and not the id of an open space
     * @throws TooManySpacesException if the limit is reached
     * @throws ClosedException after {@link #seal()}
     */
    Integer reserve() {
        Integer id = newId(); // before the count, because it allocates
        int before = count.getAndUpdate(now -> now >= 0 && now < maxSpaces ? now + 1 : now);
        if (before == SEALED) {
            throw new ClosedException("memory manager " + manager);
        }
        if (before == maxSpaces) {
            throw new TooManySpacesException(manager, maxSpaces);
        }
        return id;
    }

    private Integer newId() {
        Integer id;
        do {
            id = lastId.incrementAndGet() & Integer.MAX_VALUE; // wraps after two billion forks
        } while (id == 0 || open.containsKey(id));
        return id;
    }

    /** Undoes {@link #reserve()} when the space could not be opened. Allocates nothing. */
    void cancel(Integer id) {
        open.remove(id);
        count.decrementAndGet();
    }

    /**
     * Lists a space.
     *
     * @throws ClosedException after {@link #seal()}
     */
    void add(Space space) {
        open.put(space.table().id(), space);
        if (isSealed()) {
            open.remove(space.table().id());
            throw new ClosedException("memory manager " + manager);
        }
        space.isCounted = true;
    }

    /**
     * Takes a space off the list. Allocates nothing. After a failure it can be called again, and goes on where it
     * stopped. One thread at a time for each space.
     */
    void remove(Space space) {
        open.remove(space.table().id(), space);
        if (space.isCounted) {
            count.decrementAndGet();
            space.isCounted = false;
        }
    }

    CreationSite creation() {
        return CreationSite.now(leakTracking);
    }

    /** Refuses to open spaces from now on; returns false, and changes nothing, if one is open. */
    public boolean seal() {
        return count.compareAndSet(0, SEALED) || (open.isEmpty() && sealAnyway());
    }

    /**
     * Seals even though the count is not 0. No space is open, so none can be forked. But a thread may be just opening
     * one, or a full stack may have kept a thread from calling {@link #cancel}.
     */
    private boolean sealAnyway() {
        Wait.tryUntil(() -> count.get() == 0 || !open.isEmpty(), OPENING_NANOS);
        int left = count.get();
        return left >= 0 && open.isEmpty() && count.compareAndSet(left, SEALED);
    }

    /** True if no space can be opened any more. */
    public boolean isSealed() {
        return count.get() == SEALED;
    }

    /** Returns the number of open spaces. */
    public int count() {
        return open.size();
    }

    /** True if a report of open spaces shows where they were created. */
    public boolean isLeakTracking() {
        return leakTracking;
    }

    /** Returns all open spaces, oldest first. */
    public List<Space> list() {
        return open.values().stream().sorted(Comparator.comparing(Space::creation)).toList();
    }

    public Collection<Space> unordered() {
        return open.values();
    }
}
