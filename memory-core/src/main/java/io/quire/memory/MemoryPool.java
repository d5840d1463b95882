package io.quire.memory;

import io.quire.memory.contract.PoolKind;
import io.quire.memory.frame.FramePool;

/**
 * Memory of one kind: of the host, or of a device. Pages live in pools, and can be moved between a device's and the
 * host's. Any thread.
 */
public final class MemoryPool {

    private final FramePool frames;
    private final int reserved;

    MemoryPool(FramePool frames, int reserved) {
        this.frames = frames;
        this.reserved = reserved;
    }

    public String name() {
        return frames.name();
    }

    public PoolKind kind() {
        return frames.kind();
    }

    /** How much fits, in bytes. */
    public long sizeBytes() {
        return (long) (frames.frames() - reserved) << FramePool.FRAME_SHIFT;
    }

    /** How much is free, in bytes; approximate while other threads allocate. */
    public long freeBytes() {
        return (long) frames.free() << FramePool.FRAME_SHIFT;
    }

    FramePool frames() {
        return frames;
    }

    @Override
    public String toString() {
        return "MemoryPool[" + name() + ", " + kind() + ", size=" + sizeBytes() + " bytes, free=" + freeBytes()
                + " bytes]";
    }
}
