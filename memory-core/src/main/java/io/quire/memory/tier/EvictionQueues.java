package io.quire.memory.tier;

import io.quire.memory.guard.Mutex;
import java.util.function.IntToLongFunction;

/**
 * Chooses which page leaves a full device: S3-FIFO over the frames of one pool. All that it needs of a page is an
 * accessed bit, and it reads the bit only when it searches for a victim.
 * <pre>
 *             added                                    added: known to the ghost, or asked for,
 *               |                                             or one newcomer in 64
 *               v           accessed                          |
 *   +---------------------+            +---------------------------------------------+
 *   |        SMALL        |-----------&gt;|                    MAIN                     |&lt;-+ accessed, or in its
 *   |   newcomers: 10 %   |            |     an accessed page gets another round,    |--+ extra round: to the tail
 *   +---------------------+            |    and an extra one after its last access   |
 *               | not accessed         +---------------------------------------------+
 *               v                                             | not accessed
 *            victim ---&gt; ghost: fingerprints of 90 %          v
 *                                                           victim
 * </pre>
 * <p>
 * A page that is used once passes through SMALL and does not disturb MAIN, so a scan costs a tenth of the device. A
 * page that comes back while the ghost remembers it goes to MAIN. The extra round replaces the counters that S3-FIFO
 * updates at every access. One newcomer in 64 starts in MAIN, whatever it is. That helps a loop larger than the device,
 * where FIFO and LRU evict each page just before it is used again: those few pages stay, more join them, and in the end
 * they are the part of the loop that fits. docs/eviction.md says how much each of these gains.
 * <p>
 * {@link #added}, {@link #removed} and {@link #skipped} may be called by any thread, {@link #nextVictim} by one thread
 * at a time. The lock is held for the few stores that change a list, and never while a bit is tested. The lists are
 * doubly linked, so a freed frame leaves at once and the order is exact; a lock-free queue with stamped entries would
 * have neither. The lock hardly matters, because every call comes with the migration or release of a page, which takes
 * ten times as long.
 * <p>
 * Memory: 18 bytes a frame, all of it allocated at the start.
 */
public final class EvictionQueues {

    /** What {@link #nextVictim} returns when it finds none. */
    public static final int NONE = FrameLists.NONE;

    /** {@link #nextVictim} looks at this many frames at most; the next call continues from there. */
    public static final int LOOKS_MAX = 256;

    private static final int SMALL_PERCENT = 10;

    /** One newcomer in this many starts in MAIN: enough to fill it from a loop, too few to matter in a scan. */
    private static final int LOOP_INSURANCE = 64;

    private final int smallTarget;
    private final Mutex lock = new Mutex();

    // Guarded by the lock:
    private final byte[] places;
    private final int[] fingerprints;
    private final FrameLists lists;
    private final Ghost ghost;
    private int newcomers;

    /**
     * Creates empty queues for the frames {@code 0 <= frame < frames}.
     *
     * @throws IllegalArgumentException if {@code frames < 1}
     */
    public EvictionQueues(int frames) {
        if (frames < 1) {
            throw new IllegalArgumentException("a pool has at least one frame: frames=" + frames);
        }
        smallTarget = Math.max(1, (int) ((long) frames * SMALL_PERCENT / 100));
        places = new byte[frames];
        fingerprints = new int[frames];
        lists = new FrameLists(frames);
        ghost = new Ghost(Math.max(1, frames - smallTarget));
    }

    /**
     * Notes that a frame has a page now. Its accessed bit should be clear: the access that brought the page does not
     * mean that others follow.
     *
     * @param key  identifies the page: the same each time it comes, different for each page
     * @param keep true if a user has asked for the page to be here: it starts as if it were in use
     * @throws IllegalStateException if the frame was added before and not {@link #removed} since
     */
    public void added(int frame, long key, boolean keep) {
        lock.lock();
        try {
            add(frame, Fingerprint.of(key), keep);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Notes that several frames have pages now, which no user has asked for. Does the same as
     * {@link #added(int, long, boolean)} with {@code keep} false for each frame.
     *
     * @param keys returns the key of the page in a frame; called under the lock
     */
    public void added(int[] frames, IntToLongFunction keys) {
        lock.lock();
        try {
            for (int frame : frames) {
                add(frame, Fingerprint.of(keys.applyAsLong(frame)), false);
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(int frame, int fingerprint, boolean keep) {
        if (places[frame] != Place.OUT) {
            throw alreadyHere(frame);
        }
        fingerprints[frame] = fingerprint;
        boolean known = ghost.recall(fingerprint);
        append(frame, known || keep || insured() ? Place.MAIN : Place.SMALL);
    }

    /**
     * Notes that a frame no longer has its page: the page was evicted, or the frame was freed for another reason.
     * Frames that were never added may be removed, too.
     */
    public void removed(int frame) {
        lock.lock();
        try {
            remove(frame);
        } finally {
            lock.unlock();
        }
    }

    /** Notes that several frames no longer have their pages, as {@link #removed(int)} does for one. */
    public void removed(int[] frames) {
        lock.lock();
        try {
            for (int frame : frames) {
                remove(frame);
            }
        } finally {
            lock.unlock();
        }
    }

    private void remove(int frame) {
        byte place = places[frame];
        if (Place.isInSmall(place)) {
            lists.removeFromSmall(frame);
        } else if (Place.isInMain(place)) {
            lists.removeFromMain(frame);
        } else if (place == Place.SMALL_VICTIM) {
            ghost.remember(fingerprints[frame]);
        }
        places[frame] = Place.OUT;
    }

    /**
     * Notes that a victim cannot be evicted now, because it is pinned or busy. It goes to the tail of MAIN. Does
     * nothing if the frame was freed since it was offered.
     */
    public void skipped(int frame) {
        lock.lock();
        try {
            if (Place.isVictim(places[frame])) {
                append(frame, Place.MAIN);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns the frame whose page is to be evicted next. For each victim the caller later calls {@link #removed} or
     * {@link #skipped}; until then the frame is not offered again. One thread at a time.
     *
     * @return a frame; {@link #NONE} if there is none, or if {@link #LOOKS_MAX} pages were looked at and all are in
     *         use. Then the caller may call again, with {@link AccessBit#IGNORED} if it cannot wait
     */
    public int nextVictim(AccessBit bit) {
        for (int looks = 0; looks < LOOKS_MAX; looks++) {
            int frame = hold();
            if (frame == NONE) {
                return NONE;
            }
            boolean accessed = true; // if the test throws, the page stays
            boolean isVictim;
            try {
                accessed = bit.testAndClear(frame);
            } finally {
                isVictim = settle(frame, accessed);
            }
            if (isVictim) {
                return frame;
            }
        }
        return NONE;
    }

    /** Takes the frame that is to be looked at next out of its list. */
    private int hold() {
        lock.lock();
        try {
            int frame;
            if (lists.smallSize() >= smallTarget || lists.mainSize() == 0) {
                frame = lists.oldestOfSmall();
                if (frame == NONE) {
                    return NONE;
                }
                lists.removeFromSmall(frame);
            } else {
                frame = lists.oldestOfMain();
                lists.removeFromMain(frame);
            }
            places[frame] = Place.held(places[frame]);
            return frame;
        } finally {
            lock.unlock();
        }
    }

    /** Puts the frame back into a list, or makes it a victim and returns true. */
    private boolean settle(int frame, boolean accessed) {
        lock.lock();
        try {
            if (!Place.isHeld(places[frame])) {
                return false; // freed meanwhile, perhaps even added again for another page
            }
            byte place = Place.looked(places[frame], accessed);
            if (Place.isVictim(place)) {
                places[frame] = place;
                return true;
            }
            if (Place.isInSmall(place)) { // not by append: no deeper than hold(), for which there was stack
                lists.appendToSmall(frame);
            } else {
                lists.appendToMain(frame);
            }
            places[frame] = place;
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void append(int frame, byte place) {
        if (Place.isInSmall(place)) {
            lists.appendToSmall(frame);
        } else {
            lists.appendToMain(frame);
        }
        places[frame] = place;
    }

    private boolean insured() {
        newcomers++;
        return newcomers % LOOP_INSURANCE == 0;
    }

    /**
     * Checks everything by recounting it.
     *
     * @throws IllegalStateException if lists, links and places disagree
     */
    void check() {
        lock.lock();
        try {
            lists.check(places);
        } finally {
            lock.unlock();
        }
    }

    /** The place of the frame; only for tests. */
    byte place(int frame) {
        lock.lock();
        try {
            return places[frame];
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        lock.lock();
        try {
            return "EvictionQueues[frames=" + places.length + ", small=" + lists.smallSize() + ", main="
                    + lists.mainSize() + "]";
        } finally {
            lock.unlock();
        }
    }

    private IllegalStateException alreadyHere(int frame) {
        return new IllegalStateException("frame has a page already: frame=" + frame + ", place="
                + Place.toString(places[frame]));
    }
}
