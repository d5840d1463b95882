package io.quire.memory.lineage;

import io.quire.memory.contract.OutOfFramesException;

/** Says who holds the frames when none is left. Implemented by the class that knows all spaces. */
@FunctionalInterface
public interface FrameShortage {

    /**
     * Returns the exception to throw.
     *
     * @param faulting the space that needs a frame
     */
    OutOfFramesException exception(SpaceState faulting);
}
