package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameUnits.NONE;

import java.lang.ref.Reference;

/**
 * A small cache of single frames in front of a {@link FrameAllocator}, for one owner: one thread at a time may use it,
 * and handing it to another thread needs a happens-before edge. Most calls touch no memory that other threads write.
 * Based on the magazines of Bonwick and Adams (USENIX ATC'01); here other threads can steal from the slots.
 *
 * <p>Frames in a magazine count as free, and other threads take them from it when the pool has no others, even if the
 * owner is idle or gone. Close a magazine all the same: an abandoned one is found and removed late.
 *
 * <p>Frames come in ascending, contiguous runs where the pool has them. The magazine is filled and flushed 32 frames at
 * a time. It takes 64 bytes before its first use, then about 600.
 */
public final class Magazine implements AutoCloseable {
    /** Slots of a magazine; a power of two. Half of them are filled or flushed at a time. */
    static final int CAPACITY = 64;

    private static final int[] NO_BATCH = {};

    private final FrameAllocator allocator;
    private final int stripe;
    private final int slotMask;

    // Slots bottom to top - 1, modulo the capacity, may have frames; thieves leave holes. Both numbers may overflow.
    private int bottom;
    private int top;

    /** The capacity; 0 while there are no slots, so that one comparison finds both "full" and "not open". */
    private int limit;
    private boolean closed;
    private MagazineSlots slots;
    private int[] batch = NO_BATCH;

    Magazine(FrameAllocator allocator, int stripe) {
        this.allocator = allocator;
        this.stripe = stripe;
        this.slotMask = allocator.magazineCapacity() - 1;
        this.slots = allocator.noSlots();
    }

    /**
     * Allocates one frame. Lock-free, except that it may wait for a thread that is moving frames before it returns
     * {@code NONE}.
     *
     * @return its number, or {@link FrameAllocator#NONE} if at one moment during this call no frame was free
     * @throws IllegalStateException if this magazine is closed
     */
    public int allocate() {
        while (top != bottom) {
            int frame = slots.take(--top & slotMask);
            if (frame != NONE) {
                return frame;
            }
        }
        return refillAndAllocate();
    }

    /**
     * Frees one frame, whoever allocated it. Lock-free.
     *
     * <p>A double free is detected at once if the bit of the frame says that it is free, and with assertions enabled
     * also if the frame is in this magazine. If the frame is in another magazine, it is detected only when both
     * magazines have given it back to the pool. A caller that might free twice has to keep track itself.
     *
     * @throws IllegalArgumentException if {@code frame < 0 || frame >= frames()}
     * @throws IllegalStateException if the frame is free already, or part of a huge frame, or if this magazine is
     *         closed
     */
    public void free(int frame) {
        allocator.requireAllocated(frame);
        assert isNotHere(frame);
        if (top - bottom == limit) {
            makeRoom();
        }
        try {
            slots.put(top & slotMask, frame);
            top++;
        } finally {
            Reference.reachabilityFence(this); // must not look abandoned before the frame is in
        }
    }

    /**
     * Gives all frames back to the pool. Does nothing if already closed. For the owner only. Lock-free.
     *
     * @throws IllegalStateException if a frame in this magazine was freed twice; call this again to give back the rest
     */
    @Override
    public void close() {
        while (top != bottom) {
            flush();
        }
        if (limit != 0) {
            allocator.unregister(slots);
            limit = 0;
        }
        closed = true;
    }

    // ---- slow paths, kept out of the hot methods ----

    private int refillAndAllocate() {
        open();
        while (refill()) {
            while (top != bottom) {
                int frame = slots.take(--top & slotMask);
                if (frame != NONE) {
                    return frame;
                }
            }
        }
        return allocator.allocateAnywhere(stripe);
    }

    /** Fetches a batch; false if the trees have no frame. */
    private boolean refill() {
        TreeAllocator trees = allocator.treeAllocator();
        for (int tree = trees.treeFor(stripe); tree != NONE; tree = trees.treeFor(stripe)) {
            allocator.stripes().beginTransfer(stripe);
            try {
                int count = trees.allocateBatch(stripe, tree, batch, 0);
                for (int taken = count; taken > 0; taken--) {
                    slots.put(top & slotMask, batch[taken - 1]); // the lowest goes in last, so it leaves first
                    top++;
                }
                if (count > 0) {
                    return true;
                }
            } finally {
                allocator.stripes().endTransfer(stripe);
            }
        }
        return false;
    }

    private void makeRoom() {
        open();
        if (top - bottom == limit) {
            flush();
        }
    }

    /** Gives back the frames that have been here longest. */
    private void flush() {
        allocator.stripes().beginTransfer(stripe);
        int count = 0;
        boolean given = false;
        try {
            for (int left = Math.min(batch.length, top - bottom); left > 0; left--) {
                int frame = slots.take(bottom & slotMask);
                bottom++;
                if (frame != NONE) {
                    batch[count++] = frame;
                }
            }
            allocator.giveBatch(batch, count);
            given = true;
        } finally {
            try {
                if (!given) {
                    putBack(count);
                }
            } finally {
                allocator.stripes().endTransfer(stripe);
            }
        }
    }

    /** Puts back the frames that were not freed because of an Error. The slots that they came from are empty. */
    private void putBack(int count) {
        for (int i = 0; i < count; i++) {
            if (batch[i] != NONE) {
                bottom--;
                slots.put(bottom & slotMask, batch[i]);
            }
        }
    }

    /** Allocates the slots if this was not done yet. For the owner only. */
    void open() {
        if (closed) {
            throw new IllegalStateException("magazine is closed: stripe=" + stripe);
        }
        if (limit == 0) {
            int capacity = allocator.magazineCapacity();
            int[] newBatch = new int[capacity / 2];
            MagazineSlots newSlots = new MagazineSlots(capacity, this);
            allocator.register(stripe, newSlots);
            batch = newBatch;
            slots = newSlots;
            limit = capacity;
        }
    }

    /** For an assertion: throws as a double free does if the frame is here. */
    private boolean isNotHere(int frame) {
        for (int slot = bottom; slot != top; slot++) {
            if (slots.frameAcquire(slot & slotMask) == frame) {
                throw allocator.alreadyFree(frame, 0);
            }
        }
        return true;
    }
}
