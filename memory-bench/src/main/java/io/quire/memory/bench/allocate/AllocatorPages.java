package io.quire.memory.bench.allocate;

import io.quire.memory.allocator.FrameAllocator;

/** Numbers of frames, from whichever thread: through the magazine of a stripe. */
@SuppressWarnings("ArrayRecordComponent") // never compared; the compiler trusts the fields of a record
record AllocatorPages(FrameAllocator allocator, int[] frames) implements PageSource {

    /** The frames of 1 GiB; only their numbers are handed out. */
    static final int FRAMES = 1 << 18;

    static AllocatorPages of(int live) {
        return new AllocatorPages(new FrameAllocator(FRAMES), new int[live]);
    }

    @Override
    public void allocate(int slot) {
        frames[slot] = allocator.allocate();
    }

    @Override
    public void free(int slot) {
        allocator.free(frames[slot]);
    }

    @Override
    public int live() {
        return frames.length;
    }

    @Override
    public PageSource forAnotherThread() {
        return new AllocatorPages(allocator, new int[frames.length]);
    }
}
