package io.quire.memory.allocator;

import io.quire.memory.guard.Wait;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the frames of one pool, by number, to any number of threads, without locks.
 * <pre>
 *   allocate()   magazine.allocate()      allocate(order)
 *       |                |                       |
 *       v                v                       |
 *  +----------+    +----------+                  |        up to 64 frames each, taken by exchange;
 *  | Magazine |    | Magazine |   one a stripe,  |        thieves may take them as well
 *  | (stripe) |    | (owner)  |   one an owner   |
 *  +----------+    +----------+                  |
 *       |  32 frames     |                       |
 *       v                v                       v
 *  +------------------------------------------------+
 *  | TreeAllocator   a tree for each stripe         |     preferences, in Stripes
 *  +------------------------------------------------+
 *       |  ticket: 1 exchange        |  bits: 1 exchange
 *       v                            v
 *  +-----------------+    +-------------------------+
 *  | TreeWord        |    | RowWord                 |     FrameTrees: 2048 and 64 frames a word
 *  +-----------------+    +-------------------------+
 * </pre>
 *
 * <p><b>Source.</b> LLFree (Wrenger et al., USENIX ATC'23) below, magazines (Bonwick and Adams, USENIX ATC'01) above.
 *
 * <p><b>Never NONE while a frame is free.</b> A search reads trees and magazines one after the other, so a frame can
 * move from a place that it has not read yet to one that it has read already. So moves are counted: a transfer between
 * magazines and trees and an attempt to take a run when they begin, a free when it is done. A search that found nothing
 * returns {@link #NONE} only if no transfer was in progress when it began and the counts are the same when it ends.
 * Then no frame became free or moved during the search: a frame that is free at its end was in one place all the time,
 * and the search would have found it there. Otherwise it searches again. A free that does not happen before the
 * allocation may count as later than it.
 *
 * <p><b>Orders.</b> 0 to 6, and 9 for a huge frame of 2 MiB. A run of order n is aligned to {@code 1 << n} frames. An
 * aligned part of a run may be freed by itself; a huge frame only as a whole.
 *
 * <p><b>Progress.</b> Lock-free, with one exception: an allocation that is about to fail waits for threads that are in
 * the middle of a transfer (a few hundred instructions).
 *
 * <p><b>Memory.</b> 0.13 bytes a frame. In addition, whatever the size of the pool, 128 bytes a stripe (4 to 64
 * stripes, two for each processor) and 600 bytes for each magazine in use. After the first uses, allocating and freeing
 * create no objects.
 */
public final class FrameAllocator {
    /** No frame is free. A value and not an exception, because a full pool is normal. */
    public static final int NONE = FrameUnits.NONE;

    /** The order of a huge frame: 512 frames, 2 MiB. */
    public static final int HUGE_ORDER = FrameUnits.AREA_SHIFT;

    private static final int STRIPES_MAX = 64;

    /** Abandoned magazines are removed when there are this many magazines, and at each doubling. */
    private static final int SWEEP_MAGAZINES = 32;

    /** How many times a search that found nothing spins before it yields. */
    private static final int SPINS = 16;

    private final int magazineCapacity;
    private final FrameTrees trees;
    private final Stripes stripes;
    private final TreeAllocator treeAllocator;
    private final MagazineRegistry registry = new MagazineRegistry();
    private final MagazineSlots noSlots;

    /** The magazine of each stripe. The first thread to claim a stripe creates it, so they lie far apart in memory. */
    private final @Nullable Magazine[] striped;

    // RACY(next-stripe): two magazines may get the same stripe; then the stripes are shared less evenly.
    private int nextStripe;

    /**
     * Creates an allocator of the frames 0 to {@code frames - 1}, all of them free.
     *
     * @throws IllegalArgumentException if {@code frames < 1}
     */
    public FrameAllocator(int frames) {
        this(frames, stripesFor(Runtime.getRuntime().availableProcessors()), Magazine.CAPACITY);
    }

    /** For tests: a small allocator has fewer states. Both counts are powers of two. */
    FrameAllocator(int frames, int stripeCount, int magazineCapacity) {
        if (frames < 1) {
            throw new IllegalArgumentException("a pool has at least one frame: frames=" + frames);
        }
        assert Integer.bitCount(magazineCapacity) == 1 && magazineCapacity >= 2 : "slots=" + magazineCapacity;
        this.magazineCapacity = magazineCapacity;
        this.trees = new FrameTrees(frames);
        this.stripes = new Stripes(stripeCount, trees.count());
        this.treeAllocator = new TreeAllocator(trees, stripes);
        this.striped = new @Nullable Magazine[stripeCount];
        this.noSlots = new MagazineSlots(0, null);
    }

    /** Number of frames, free or not. */
    public int frames() {
        return trees.frames();
    }

    /**
     * Allocates one frame. Any thread.
     *
     * @return its number, or {@link #NONE} if at one moment during this call no frame was free
     */
    public int allocate() {
        int stripe = stripes.claim();
        if (stripe == NONE) {
            return allocateAnywhere(stripes.home());
        }
        try {
            return magazineOf(stripe).allocate();
        } finally {
            stripes.unclaim(stripe);
        }
    }

    /**
     * Allocates many frames, in ascending order and in contiguous runs where the pool has them. They come straight from
     * the trees; only the rest comes out of magazines. Any thread.
     *
     * @param frames filled from the front
     * @return how many frames were allocated; fewer than asked for only if at one moment during this call no frame was
     *         free
     */
    public int allocateMany(int[] frames) {
        int taken = treeAllocator.allocateMany(stripes.home(), frames);
        while (taken < frames.length) {
            int frame = allocate();
            if (frame == NONE) {
                return taken;
            }
            frames[taken++] = frame;
        }
        return taken;
    }

    /**
     * Frees frames straight into the trees, so that neighbours can form a run again. Any thread.
     *
     * @param frames sorted and overwritten by this method
     * @throws IllegalArgumentException if a frame is not in this pool; then nothing was freed
     * @throws IllegalStateException if the bit of a frame says that it is free; all others were freed
     */
    public void freeMany(int[] frames) {
        for (int frame : frames) {
            requireInside(frame);
        }
        int refused = trees.giveBatch(frames, frames.length);
        stripes.countMove(stripes.home());
        if (refused != NONE) {
            throw alreadyFree(refused, 0);
        }
    }

    /**
     * Frees one frame. Any thread. {@link Magazine#free} says which double frees it detects.
     *
     * @throws IllegalArgumentException if {@code frame < 0 || frame >= frames()}
     * @throws IllegalStateException if the frame is free already, or part of a huge frame
     */
    public void free(int frame) {
        int stripe = stripes.claim();
        if (stripe == NONE) {
            requireAllocated(frame);
            freeRun(frame, 0);
            return;
        }
        try {
            Magazine magazine = openMagazineOf(stripe);
            if (magazine != null) {
                magazine.free(frame);
            } else {
                requireAllocated(frame);
                freeRun(frame, 0);
            }
        } finally {
            stripes.unclaim(stripe);
        }
    }

    /**
     * Allocates {@code 1 << order} contiguous frames. Any thread.
     *
     * @param order 0 to 6, or {@link #HUGE_ORDER}
     * @return the first frame, a multiple of {@code 1 << order}; or {@link #NONE} if there was no such free
     *         run, even after all magazines had been emptied
     * @throws IllegalArgumentException if there is no such order
     */
    public int allocate(int order) {
        requireOrder(order);
        return order == 0 ? allocate() : allocateRun(order);
    }

    /**
     * Frees {@code 1 << order} contiguous frames: a run that {@link #allocate(int)} returned, or an aligned part of it,
     * but never a part of a huge frame. Any thread. A double free of a run is always detected; for order 0 see
     * {@link Magazine#free}.
     *
     * @throws IllegalArgumentException if there is no such order, or {@code frame} is not a multiple of
     *         {@code 1 << order}, or {@code frame < 0 || frame + (1 << order) > frames()}
     * @throws IllegalStateException if any of these frames is free, or the order is wrong; then nothing was freed
     */
    public void free(int frame, int order) {
        requireOrder(order);
        requireRun(frame, order);
        if (order == 0) {
            free(frame);
        } else {
            freeRun(frame, order);
        }
    }

    /** Creates a magazine, which its owner closes. Any thread. Cheap: it registers itself at its first use. */
    public Magazine newMagazine() {
        return new Magazine(this, stripes.of(nextStripe++));
    }

    /**
     * Number of free frames, including those in magazines. Exact while no thread allocates or frees, otherwise
     * approximate.
     */
    public int freeFrames() {
        return Math.min(frames(), trees.free() + MagazineRegistry.frames(registry.snapshotAcquire()));
    }

    /**
     * True if at least {@code wanted} frames are free. As exact as {@link #freeFrames}, but stops as soon as it has
     * found enough.
     */
    public boolean hasFree(int wanted) {
        return trees.hasFree(wanted) || freeFrames() >= wanted;
    }

    // ---- memory that is given back to the operating system ----

    /** Gives the memory of one area, the size of a huge frame, back to the operating system. */
    @FunctionalInterface
    public interface Returner {
        /** True if the memory was given back. */
        boolean giveBack(int firstFrame);
    }

    /** The number of trees, for {@link #giveBackIdle}. */
    public int trees() {
        return trees.count();
    }

    /**
     * Gives back the memory of all areas that are completely free and were used since their memory was last given back.
     * Empties all magazines first. Any thread.
     *
     * @return how many areas were given back
     */
    public int giveBackFree(Returner memory) {
        drainAll(stripes.home(), registry.snapshotAcquire());
        int given = 0;
        for (int tree = 0; tree < trees.count(); tree++) {
            for (int lane = 0; lane < FrameUnits.TREE_AREAS; lane++) {
                given += giveBack(FrameUnits.areaOfTree(tree, lane), true, memory) ? 1 : 0;
            }
        }
        return given;
    }

    /**
     * Gives back the memory of those areas of a tree that have been completely free since the last call. Any thread.
     *
     * @return how many areas were given back
     */
    public int giveBackIdle(int tree, Returner memory) {
        int given = 0;
        for (int lane = 0; lane < FrameUnits.TREE_AREAS; lane++) {
            int area = FrameUnits.areaOfTree(tree, lane);
            given += !trees.age(area) && giveBack(area, false, memory) ? 1 : 0;
        }
        return given;
    }

    /**
     * Meanwhile no thread can take these frames, so this counts as a transfer: a search that is about to fail waits for
     * its end.
     */
    private boolean giveBack(int area, boolean evenRecent, Returner memory) {
        if (!trees.isUsedAndFree(area, evenRecent)) {
            return false;
        }
        int stripe = stripes.home();
        stripes.beginTransfer(stripe);
        try {
            if (!trees.takeUsed(area, evenRecent)) {
                return false;
            }
            boolean given = false;
            try {
                given = memory.giveBack(area << FrameUnits.AREA_SHIFT);
            } finally {
                if (given) {
                    trees.giveBack(area);
                } else {
                    trees.giveHuge(area);
                }
            }
            return given;
        } finally {
            stripes.endTransfer(stripe);
        }
    }

    /** Marks all frames as used, because their memory was touched. No other thread may use the allocator meanwhile. */
    public void noteTouched() {
        trees.use();
    }

    /**
     * Recounts everything from the bits. Checks that each count equals its clear bits, that each frame in a magazine is
     * allocated and in only one magazine, and that each tree and its stripe agree. No other thread may use the
     * allocator meanwhile.
     *
     * @throws IllegalStateException if a check fails; the message decodes the words
     */
    public void check() {
        trees.check();
        stripes.check(trees);
        BitSet seen = new BitSet();
        for (MagazineSlots magazine : registry.snapshotAcquire()) {
            for (int slot = 0; slot < magazine.capacity(); slot++) {
                int frame = magazine.frameAcquire(slot);
                if (frame != NONE) {
                    checkHeld(frame, seen.get(frame));
                    seen.set(frame);
                }
            }
        }
    }

    private void checkHeld(int frame, boolean seen) {
        if (seen || frame >= frames() || !trees.isTaken(frame)) {
            throw new IllegalStateException("magazine holds a frame that is not its own: frame=" + frame
                    + ", twice=" + seen + ", frames=" + frames()
                    + (frame < frames() ? ", " + trees.describe(frame) : ""));
        }
    }

    // ---- what magazines need ----

    int magazineCapacity() {
        return magazineCapacity;
    }

    TreeAllocator treeAllocator() {
        return treeAllocator;
    }

    Stripes stripes() {
        return stripes;
    }

    /** Stands in for the slots of a magazine that is not open yet; has none. */
    MagazineSlots noSlots() {
        return noSlots;
    }

    void register(int stripe, MagazineSlots magazine) {
        registry.add(magazine);
        int count = registry.snapshotAcquire().length;
        if (count >= SWEEP_MAGAZINES && Integer.bitCount(count) == 1) {
            removeAbandoned(stripe);
        }
    }

    void unregister(MagazineSlots magazine) {
        registry.remove(magazine);
    }

    /** Throws unless the frame is in the pool and its bit says that it is allocated. */
    void requireAllocated(int frame) {
        requireInside(frame);
        if (!trees.isTaken(frame)) {
            throw alreadyFree(frame, 0);
        }
    }

    private void requireInside(int frame) {
        if (frame < 0 || frame >= trees.frames()) {
            throw outOfRange(frame, 0);
        }
    }

    void giveBatch(int[] batch, int count) {
        int refused = trees.giveBatch(batch, count);
        if (refused != NONE) {
            throw alreadyFree(refused, 0);
        }
    }

    /** Allocates one frame from the trees or out of any magazine: the last resort. */
    int allocateAnywhere(int stripe) {
        for (int tries = 0;; tries++) {
            MagazineSlots[] magazines = registry.snapshotAcquire();
            long before = moves(magazines);
            int frame = treeAllocator.allocate(stripe, 0);
            if (frame == NONE) {
                frame = MagazineRegistry.takeAny(magazines, stripe);
            }
            if (frame != NONE || isQuietSince(before, magazines)) {
                return frame;
            }
            pause(tries);
        }
    }

    // ---- runs ----

    private int allocateRun(int order) {
        int stripe = stripes.home();
        int frame = treeAllocator.allocate(stripe, order);
        for (int tries = 0; frame == NONE; tries++) {
            MagazineSlots[] magazines = registry.snapshotAcquire();
            long before = moves(magazines);
            frame = treeAllocator.allocate(stripe, order);
            boolean drained = frame == NONE && drainAll(stripe, magazines);
            if (frame != NONE || (!drained && isQuietSince(before, magazines))) {
                return frame;
            }
            if (!drained) {
                pause(tries);
            }
        }
        return frame;
    }

    private void freeRun(int frame, int order) {
        if (!treeAllocator.free(stripes.home(), frame, order)) {
            throw alreadyFree(frame, order);
        }
    }

    // ---- magazines of other threads ----

    /** Empties all these magazines into the trees. Returns false if they were empty already. */
    private boolean drainAll(int stripe, MagazineSlots[] magazines) {
        boolean moved = false;
        for (MagazineSlots magazine : magazines) {
            if (!magazine.isEmpty()) {
                drain(stripe, magazine);
                moved = true;
            }
        }
        return moved;
    }

    private void drain(int stripe, MagazineSlots magazine) {
        stripes.beginTransfer(stripe);
        try {
            for (int slot = 0; slot < magazine.capacity(); slot++) {
                int frame = magazine.take(slot);
                if (frame != NONE && !treeAllocator.free(stripe, frame, 0)) {
                    throw alreadyFree(frame, 0);
                }
            }
        } finally {
            stripes.endTransfer(stripe);
        }
    }

    /** Drains and removes abandoned magazines: no thread can put a frame into them any more. */
    private void removeAbandoned(int stripe) {
        for (MagazineSlots magazine : registry.snapshotAcquire()) {
            if (magazine.isAbandoned()) {
                drain(stripe, magazine);
                registry.remove(magazine);
            }
        }
    }

    /** Counts all moves so far; see "Never NONE while a frame is free" above. */
    private long moves(MagazineSlots[] magazines) {
        long moves = stripes.moves();
        return moves == Stripes.MOVING ? Stripes.MOVING : moves + MagazineRegistry.puts(magazines);
    }

    private boolean isQuietSince(long before, MagazineSlots[] magazines) {
        return before != Stripes.MOVING && before == moves(magazines) && registry.isCurrent(magazines);
    }

    private static void pause(int tries) {
        if (tries < SPINS) {
            Thread.onSpinWait();
        } else {
            Wait.letOthersRun(); // the thread in the transfer may need this processor
        }
    }

    // ---- small steps ----

    private Magazine magazineOf(int stripe) {
        Magazine magazine = striped[stripe];
        if (magazine == null) {
            magazine = new Magazine(this, stripe);
            striped[stripe] = magazine;
        }
        return magazine;
    }

    /** Returns null if there is no memory for a magazine: freeing a frame must work without memory. */
    private @Nullable Magazine openMagazineOf(int stripe) {
        try {
            Magazine magazine = magazineOf(stripe);
            magazine.open();
            return magazine;
        } catch (OutOfMemoryError full) {
            return null;
        }
    }

    private static int stripesFor(int processors) {
        int wanted = Math.clamp(2L * processors, 4, STRIPES_MAX);
        return Integer.highestOneBit(2 * wanted - 1);
    }

    private static void requireOrder(int order) {
        if (order < 0 || (order > RowWord.ORDER_MAX && order != HUGE_ORDER)) {
            throw new IllegalArgumentException("orders are 0 to " + RowWord.ORDER_MAX + ", and " + HUGE_ORDER
                    + ": order=" + order);
        }
    }

    private void requireRun(int frame, int order) {
        if (frame < 0 || frame > frames() - (1 << order)) {
            throw outOfRange(frame, order);
        }
        if ((frame & ((1 << order) - 1)) != 0) {
            throw new IllegalArgumentException("frame is not aligned to its order: frame=" + frame
                    + ", order=" + order);
        }
    }

    private IllegalArgumentException outOfRange(int frame, int order) {
        return new IllegalArgumentException("frame is not in the pool: frame=" + frame + ", order=" + order
                + ", frames=" + frames());
    }

    IllegalStateException alreadyFree(int frame, int order) {
        int area = FrameUnits.areaOfFrame(frame);
        long tree = trees.wordOpaque(FrameUnits.treeOfArea(area));
        String fact = order == HUGE_ORDER ? "frame is not allocated as a huge frame"
                : TreeWord.isHuge(tree, FrameUnits.laneOfArea(area)) ? "frame is part of a huge frame"
                : "frame is already free";
        return new IllegalStateException(fact + ": frame=" + frame + ", order=" + order
                + ", " + trees.describe(frame));
    }
}
