package io.quire.memory.bench.allocate;

import io.quire.memory.allocator.FrameAllocator;

/**
 * Frame numbers from the frame allocator, as a thread without an accessor gets them: through the magazine of a stripe.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; the JIT trusts fields of records
record AllocatorPages(FrameAllocator allocator, int[] frames) implements PageSource {

    /** As many frames as 1 GiB has. Only their numbers are handed out, so there is no memory behind them. */
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
