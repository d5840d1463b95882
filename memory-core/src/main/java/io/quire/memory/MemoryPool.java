package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.frame.FramePool;

/**
 * The memory of the host or of one device, as a place for pages. Pages move between the pool of a device and the
 * host's.
 * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="migrate"}
 * <p>
 * After the close of its manager only the name and the kind can be read. Any thread may call any method; none waits.
 *
 * @see MemoryManager#pool
 * @see AddressSpace#migrate(long, long, MemoryPool)
 */
public final class MemoryPool {

    /** Keeps the manager reachable while this is: an unreachable manager is closed as forgotten. */
    private final MemoryManager manager;
    private final FramePool frames;
    private final int reserved;

    MemoryPool(MemoryManager manager, FramePool frames, int reserved) {
        this.manager = manager;
        this.frames = frames;
        this.reserved = reserved;
    }

    /**
     * Returns the name of the pool.
     *
     * @return "host", or the name of the device
     */
    public String name() {
        return frames.name();
    }

    /**
     * Returns what kind of memory this is.
     *
     * @return the kind
     */
    public PoolKind kind() {
        return frames.kind();
    }

    /**
     * Returns how much fits into the pool.
     *
     * @return the size in bytes, a multiple of 4096
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
     * Returns how much of the pool is free. Approximate while other threads allocate, and while memory is given back to
     * the operating system.
     *
     * @return the free bytes; 0 if the device of the pool is closed
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
