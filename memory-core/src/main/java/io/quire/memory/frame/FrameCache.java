package io.quire.memory.frame;

import io.quire.memory.allocator.Magazine;

/**
 * Allocates and releases frames of the host through the {@link Magazine} of one owner. Most calls touch no memory that
 * other threads write, and their only exchange takes a frame out of the magazine. Frames of other pools do not go
 * through the magazine.
 * <p>
 * One thread at a time. Other threads may take the frames in the magazine, even if the owner is idle or was dropped
 * without being closed.
 */
public final class FrameCache implements FrameSource, AutoCloseable {

    private final FramePools pools;
    private final FramePool host;
    private final Magazine magazine;

    FrameCache(FramePools pools) {
        this.pools = pools;
        this.host = pools.host();
        this.magazine = host.newMagazine();
    }

    @Override
    public long allocate() {
        return host.allocate(magazine);
    }

    @Override
    public void release(long offset) {
        if (pools.isHost(offset)) {
            host.release(offset, magazine);
        } else {
            pools.release(offset);
        }
    }

    /** Gives the frames in the magazine back to the pool. */
    @Override
    public void close() {
        magazine.close();
    }
}
