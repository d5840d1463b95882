package io.quire.memory.frame;

/** Where a fault takes frames of the host from, and where it releases the frames of the nodes that it destroys. */
public sealed interface FrameSource permits FramePools, FrameCache {

    /**
     * Takes a free frame of the host, with one reference and undefined content.
     *
     * @return the offset of its first byte; {@link FramePool#NONE} if at one moment during this call none was free
     */
    long allocate();

    /** Gives up one leaf's reference to a frame of any pool. A frame without references and holds is free. */
    void release(long offset);
}
