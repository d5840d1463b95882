package io.quire.memory.bench.allocate;

import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;

/** Frames of a pool, with their counts, as a fault without an accessor takes them. */
@SuppressWarnings("ArrayRecordComponent") // never compared; the JIT trusts fields of records
record PoolPages(FramePool pool, long[] offsets) implements PageSource {

    static PoolPages of(int live) {
        // The memory is never touched, so the operating system has nothing to get back.
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
