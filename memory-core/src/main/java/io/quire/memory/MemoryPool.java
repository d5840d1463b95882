package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.frame.FramePool;

/**
 * Memory of one kind: of the host, or of a device. Pages live in pools, and can be moved between a device's and the
 * host's. After its manager was closed it still has its name and kind, and nothing else. Any thread.
 */
public final class MemoryPool {

    /** Kept reachable, or it would be closed as forgotten. */
    private final MemoryManager manager;
    private final FramePool frames;
    private final int reserved;

    MemoryPool(MemoryManager manager, FramePool frames, int reserved) {
        this.manager = manager;
        this.frames = frames;
        this.reserved = reserved;
    }

    public String name() {
        return frames.name();
    }

    public PoolKind kind() {
        return frames.kind();
    }

    /**
     * How much fits, in bytes.
     *
     * @throws ClosedException after close of the manager
     */
    public long sizeBytes() {
        manager.checkOpen();
        return size();
    }

    private long size() {
        return (long) (frames.frames() - reserved) << FramePool.FRAME_SHIFT;
    }

    /**
     * How much is free, in bytes; approximate while other threads allocate, and while memory is given back to the
     * operating system. Nothing if the device of the pool was closed.
     *
     * @throws ClosedException after close of the manager
     */
    public long freeBytes() {
        manager.checkOpen();
        return free();
    }

    private long free() {
        return isOfClosedDevice() ? 0 : (long) frames.free() << FramePool.FRAME_SHIFT;
    }

    private boolean isOfClosedDevice() {
        return frames.number() > 0 && manager.devices().get(frames.number() - 1).isClosed();
    }

    FramePool frames() {
        return frames;
    }

    @Override
    public String toString() {
        return "MemoryPool[" + name() + ", " + kind() + ", " + (manager.isClosed() ? "closed"
                : "size=" + size() + " bytes, free=" + free() + " bytes") + "]";
    }
}
