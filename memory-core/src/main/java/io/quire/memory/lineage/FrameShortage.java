package io.quire.memory.lineage;

import io.quire.memory.contract.OutOfFramesException;

/** Says who holds the frames when none is left. Implemented by the class that knows all spaces. */
@FunctionalInterface
public interface FrameShortage {

    /**
     * Returns the exception to throw.
     *
     * @param faulting the space that needs a frame
     * @param fact what was refused; the beginning of the message
     * @param wanted how many frames an operation on many pages needs; 0 for a single page
     */
    OutOfFramesException exception(SpaceState faulting, String fact, long wanted);
}
