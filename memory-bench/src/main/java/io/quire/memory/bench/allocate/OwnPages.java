package io.quire.memory.bench.allocate;

import io.quire.memory.frame.FrameCache;
import io.quire.memory.frame.FramePools;

/**
 * Frames of the host as the faults of an accessor take them, and as they free them when they destroy nodes of a dropped
 * space.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; the JIT trusts fields of records
record OwnPages(FramePools pools, FrameCache frames, long[] offsets) implements PageSource {

    static OwnPages of(int live) {
        return of(FramePools.ofHost(AllocatorPages.FRAMES), live);
    }

    private static OwnPages of(FramePools pools, int live) {
        return new OwnPages(pools, pools.newFrameCache(), new long[live]);
    }

    @Override
    public void allocate(int slot) {
        offsets[slot] = frames.allocate();
    }

    @Override
    public void free(int slot) {
        frames.release(offsets[slot]);
    }

    @Override
    public int live() {
        return offsets.length;
    }

    @Override
    public PageSource forAnotherThread() {
        return of(pools, offsets.length);
    }

    @Override
    public void close() {
        PageSource.super.close();
        frames.close();
    }
}
