package io.quire.memory.tier;

import io.quire.memory.guard.Mutex;
import java.util.function.IntToLongFunction;

/**
 * Chooses which page leaves a full device: S3-FIFO over the frames of one pool, which needs no more of a page than a
 * bit that says whether it was accessed, and looks at the bit only when it searches for a victim.
 * <pre>
 *             added                                    added: known to the ghost, or hinted,
 *               |                                             or one newcomer in 64
 *               v           accessed                          |
 *   +---------------------+            +---------------------------------------------+
 *   |        SMALL        |-----------&gt;|                    MAIN                     |&lt;-+ accessed: to the tail,
 *   | the first 10 % wait |            |           a round for each access,           |--+ or a round to spare
 *   +---------------------+            |       one to spare after the last one        |
 *               | not accessed         +---------------------------------------------+
 *               v                                             | not accessed
 *            victim ---&gt; ghost: fingerprints of 90 %          v
 *                                                           victim
 * </pre>
 * <p>
 * A page that is used once passes through SMALL and does not disturb MAIN, so a scan costs a tenth of the device. A
 * page that comes back while the ghost knows it goes to MAIN. The round to spare makes up for the counters that
 * S3-FIFO keeps on every access. One newcomer in 64 starts in MAIN whatever it is: in a loop larger than the device,
 * where every FIFO and LRU evicts each page just before it is used again, those few stay, are joined by more, and end
 * up as the part of the loop that fits. What each of these is worth: docs/eviction.md.
 * <p>
 * {@link #added}, {@link #removed} and {@link #skipped} may be called by any thread, {@link #nextVictim} by one thread
 * at a time. A lock is held for a few stores to change a list, and never while a page is looked at. Lists that are
 * linked both ways give up a freed frame at once and keep exact order, which stamped entries in a lock-free queue would
 * not; and every call goes with the move or the release of a page, which takes ten times as long.
 * <p>
 * Memory: 18 bytes a frame, all of it allocated at the start.
 */
public final class EvictionQueues {

    /** What {@link #nextVictim} returns when it finds none. */
    public static final int NONE = FrameLists.NONE;

    /** Looks at this many frames at most before it gives up; the next call goes on from there. */
    public static final int LOOKS_MAX = 256;

    private static final int SMALL_PERCENT = 10;

    /** One newcomer in this many starts in MAIN: enough to fill it from a loop, too few to be felt in a scan. */
    private static final int LOOP_INSURANCE = 64;

    private final int smallTarget;
    private final Mutex lock = new Mutex();

    // All below: under the lock.
    private final byte[] places;
    private final int[] fingerprints;
    private final FrameLists lists;
    private final Ghost ghost;
    private int newcomers;

    /**
     * Empty queues for the frames {@code 0 <= frame < frames}.
     *
     * @throws IllegalArgumentException if {@code frames < 1}
     */
    public EvictionQueues(int frames) {
        if (frames < 1) {
            throw new IllegalArgumentException("a pool has frames: frames=" + frames);
        }
        smallTarget = Math.max(1, (int) ((long) frames * SMALL_PERCENT / 100));
        places = new byte[frames];
        fingerprints = new int[frames];
        lists = new FrameLists(frames);
        ghost = new Ghost(Math.max(1, frames - smallTarget));
    }

    /**
     * A frame begins to hold a page. Its accessed bit should be clear by now: the access that brought the page is no
     * sign that there will be others.
     *
     * @param key  names the page wherever it is: the same each time it comes, different from other pages'
     * @param keep somebody has asked for the page to be here: it starts as if it were in use
     * @throws IllegalStateException if the frame is known already, and was not {@link #removed}
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
     * Several frames begin to hold pages nobody has asked to keep, as by {@link #added(int, long, boolean)} for one
     * after the other.
     *
     * @param keys the key of the page in each frame; called under the lock
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
     * A frame no longer holds its page: it was evicted, or freed for any other reason. Frames that were never added may
     * be removed, too.
     */
    public void removed(int frame) {
        lock.lock();
        try {
            remove(frame);
        } finally {
            lock.unlock();
        }
    }

    /** Several frames no longer hold their pages, as by {@link #removed(int)} for one after the other. */
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
     * A victim cannot be evicted now: it is pinned, or busy. It goes behind all others of MAIN. Does nothing if the
     * frame was freed since it was offered.
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
     * The frame whose page is to be evicted next. The caller answers for each of them, some time, by {@link #removed}
     * or {@link #skipped}; until then it is not offered again. One thread at a time.
     *
     * @return a frame, or {@link #NONE} if there is none, or if {@link #LOOKS_MAX} pages were looked at and all are in
     *         use: then the caller may call again, or with {@link AccessBit#IGNORED} when it cannot wait
     */
    public int nextVictim(AccessBit bit) {
        for (int looks = 0; looks < LOOKS_MAX; looks++) {
            int frame = hold();
            if (frame == NONE) {
                return NONE;
            }
            boolean accessed = true; // if it cannot be told, the page stays
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

    /** Puts it back, or says that it is a victim. */
    private boolean settle(int frame, boolean accessed) {
        lock.lock();
        try {
            if (!Place.isHeld(places[frame])) {
                return false; // freed meanwhile, and perhaps added again for another page
            }
            byte place = Place.looked(places[frame], accessed);
            if (Place.isVictim(place)) {
                places[frame] = place;
                return true;
            }
            if (Place.isInSmall(place)) { // not by append: no deeper than hold, which had the stack for it
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
     * Recounts everything.
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

    /** Where the frame is; only for tests. */
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
        return new IllegalStateException("frame holds a page already: frame=" + frame + ", place="
                + Place.toString(places[frame]));
    }
}
