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
 * <p><b>Source.</b> LLFree (Wrenger et al., USENIX ATC'23) below, magazines (Bonwick and Adams, USENIX
 * ATC'01) above.
 *
 * <p><b>Never NONE while a frame is free.</b> A search reads trees and magazines one after the other, so a
 * frame could move from where it has not looked yet to where it looked before. Moves are therefore counted:
 * transfers between magazines and trees and attempts to take a run, when they begin (and again when they
 * end), frees, when they are done. A search that found nothing returns {@link #NONE} only if no transfer was
 * under way when it began and the counts are the same when it ends. Then no frame became free or moved during
 * the search; a frame free at its end was free, at one place, all the time, and would have been found there.
 * Otherwise it searches again. A free that is not ordered before the allocation (by happens-before) may count
 * as later than it.
 *
 * <p><b>Orders.</b> 0 to 6, and 9 for a huge frame of 2 MiB. A run of order n is aligned to {@code 1 << n}
 * frames. A part of a run may be freed by itself, aligned to its own order; a huge frame only as a whole.
 *
 * <p><b>Progress.</b> Lock-free; but an allocation that is about to fail waits for threads that are in the
 * middle of a transfer (a few hundred instructions). Nothing else waits for anybody.
 *
 * <p><b>Memory.</b> 0.13 bytes a frame, and besides that, whatever the size: 128 bytes a stripe (4 to 64
 * stripes, two for each processor) and 600 bytes for each magazine in use. After the first uses, allocating
 * and freeing create no objects.
 */
public final class FrameAllocator {
    /** No frame is left. Not an exception: to be full is normal. */
    public static final int NONE = FrameUnits.NONE;

    /** The order of a huge frame: 512 frames, 2 MiB. */
    public static final int HUGE_ORDER = FrameUnits.AREA_SHIFT;

    private static final int STRIPES_MAX = 64;

    /** From this many magazines on, and at each doubling, those that were dropped are removed. */
    private static final int SWEEP_MAGAZINES = 32;

    /** Times a failing search spins before it lets other threads run. */
    private static final int SPINS = 16;

    private final int magazineCapacity;
    private final FrameTrees trees;
    private final Stripes stripes;
    private final TreeAllocator treeAllocator;
    private final MagazineRegistry registry = new MagazineRegistry();
    private final MagazineSlots noSlots;

    /** Made by the first thread that claims the stripe, far in memory from those of other threads. */
    private final @Nullable Magazine[] striped;

    // RACY(next-stripe): two magazines may get the same stripe; that only makes the turns uneven.
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
     * @return its number, or {@link #NONE}: at one moment during this call no frame was free
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
     * Allocates frames for somebody who needs many: ascending, in contiguous runs as far as the pool has such. They
     * come straight from the trees; only what is missing then comes out of magazines. Any thread.
     *
     * @param frames is filled from the front
     * @return how many there are; fewer than asked for only if at one moment during this call no frame was free
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
     * Frees frames straight into the trees, so that neighbours can be found as a run again. Any thread.
     *
     * @param frames is sorted by this
     * @throws IllegalArgumentException if one is none of this pool's; then nothing was freed
     * @throws IllegalStateException if one is free by its bit; all others were freed
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
     * Frees one frame. Any thread. A double free is found as {@link Magazine#free} says.
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
     * Frees {@code 1 << order} contiguous frames: what {@link #allocate(int)} returned, or, unless it is a
     * huge frame, an aligned part of that. Any thread. A double free is always found, but for order 0: see
     * {@link Magazine#free}.
     *
     * @throws IllegalArgumentException if there is no such order, or {@code frame} is not a multiple of
     *         {@code 1 << order}, or {@code frame < 0 || frame + (1 << order) > frames()}
     * @throws IllegalStateException if any of these frames is free, or the order is wrong; then nothing was
     *         freed
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

    /** A new magazine; its owner closes it. Any thread. Cheap: registers itself with its first use. */
    public Magazine newMagazine() {
        return new Magazine(this, stripes.of(nextStripe++));
    }

    /**
     * Frames that are free, those in magazines included. Exact when no thread allocates or frees, else about
     * right.
     */
    public int freeFrames() {
        return Math.min(frames(), trees.free() + MagazineRegistry.frames(registry.snapshotAcquire()));
    }

    /** Whether so many frames are free, as {@link #freeFrames} says; looks no further than it has to. */
    public boolean hasFree(int wanted) {
        return trees.hasFree(wanted) || freeFrames() >= wanted;
    }

    // ---- memory that is given back to the operating system ----

    /** Gives the memory of an area back: {@link #HUGE_ORDER} frames. */
    @FunctionalInterface
    public interface Returner {
        /** Whether it was given back. */
        boolean giveBack(int firstFrame);
    }

    /** The number of trees, for {@link #giveBackIdle}. */
    public int trees() {
        return trees.count();
    }

    /**
     * Gives the memory of all areas back that are wholly free and have been used since it was given back last. Empties
     * all magazines before. Any thread.
     *
     * @return how many areas it was
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
     * Gives the memory of those areas of a tree back that are wholly free and were so when this was called last. Any
     * thread.
     *
     * @return how many areas it was
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
     * Nobody can take the frames meanwhile, so this is a transfer: who is about to find nothing waits for its end.
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

    /** As if all frames had been used: their memory was touched. Only while nobody else uses this. */
    public void noteTouched() {
        trees.use();
    }

    /**
     * Recounts everything from the bits: each count equals its clear bits, each frame in a magazine is
     * allocated and in one magazine only, each tree and its stripe agree. No other thread may use the
     * allocator meanwhile.
     *
     * @throws IllegalStateException if something does not agree; its message has the words decoded
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

    /** The slots of magazines that have none. */
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

    /** Refuses a frame that is not allocated by its bit. */
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

    /** One frame, from the trees or out of any magazine: the last resort. */
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

    // ---- other people's magazines ----

    /** Empties all these magazines into the trees. False if there was nothing in them. */
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

    /** Nobody can put frames into these any more, so they can go once they are empty. */
    private void removeAbandoned(int stripe) {
        for (MagazineSlots magazine : registry.snapshotAcquire()) {
            if (magazine.isAbandoned()) {
                drain(stripe, magazine);
                registry.remove(magazine);
            }
        }
    }

    /** Everything that has moved so far, see "Never NONE" above. */
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

    /** Null if there is no memory for a magazine: to free a frame takes none. */
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
