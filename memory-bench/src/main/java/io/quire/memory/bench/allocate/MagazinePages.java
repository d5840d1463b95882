package io.quire.memory.bench.allocate;

import io.quire.memory.allocator.FrameAllocator;
import io.quire.memory.allocator.Magazine;

/** Frame numbers through a magazine that belongs to the thread. */
@SuppressWarnings("ArrayRecordComponent") // never compared; the JIT trusts fields of records
record MagazinePages(FrameAllocator allocator, Magazine magazine, int[] frames) implements PageSource {

    static MagazinePages of(int live) {
        return of(new FrameAllocator(AllocatorPages.FRAMES), live);
    }

    private static MagazinePages of(FrameAllocator allocator, int live) {
        return new MagazinePages(allocator, allocator.newMagazine(), new int[live]);
    }

    @Override
    public void allocate(int slot) {
        frames[slot] = magazine.allocate();
    }

    @Override
    public void free(int slot) {
        magazine.free(frames[slot]);
    }

    @Override
    public int live() {
        return frames.length;
    }

    @Override
    public PageSource forAnotherThread() {
        return of(allocator, frames.length);
    }

    @Override
    public void close() {
        PageSource.super.close();
        magazine.close();
    }
}
