package io.quire.memory.bench.allocate;

import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;

/** Frames of a pool, counted, from whichever thread: what a fault without an accessor takes. */
@SuppressWarnings("ArrayRecordComponent") // never compared; the compiler trusts the fields of a record
record PoolPages(FramePool pool, long[] offsets) implements PageSource {

    static PoolPages of(int live) {
        // Its memory is never touched, so there is nothing to give back.
        return new PoolPages(FramePools.ofHost(AllocatorPages.FRAMES).host(), new long[live]);
    }

    @Override
    public void allocate(int slot) {
        offsets[slot] = pool.allocate();
    }

    @Override
    public void free(int slot) {
        pool.release(offsets[slot]);
    }

    @Override
    public int live() {
        return offsets.length;
    }

    @Override
    public PageSource forAnotherThread() {
        return new PoolPages(pool, new long[offsets.length]);
    }
}
