package io.quire.memory.frame;

import io.quire.memory.allocator.Magazine;

/**
 * The frames of the host through a {@link Magazine} of one owner's, so that most calls touch nothing that other threads
 * write, and the only exchange is the one that takes a frame out of the magazine. Frames of other pools take the same
 * way as without it.
 * <p>
 * One thread at a time. What is in the magazine is free to everybody, also when the owner is idle, or was dropped
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

    /** Gives what is in the magazine back to the pool. */
    @Override
    public void close() {
        magazine.close();
    }
}
