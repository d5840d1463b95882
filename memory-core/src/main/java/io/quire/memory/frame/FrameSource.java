package io.quire.memory.frame;

/** Where a fault takes frames of the host from, and gives up the references of nodes that it destroys. */
public sealed interface FrameSource permits FramePools, FrameCache {

    /**
     * Takes a free frame of the host, with one reference and undefined content.
     *
     * @return the offset of its first byte; {@link FramePool#NONE} if at one moment during this call none was free
     */
    long allocate();

    /** One leaf less maps a frame, of whatever pool; without any, and not held, it is free. */
    void release(long offset);
}
