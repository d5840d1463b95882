package io.quire.memory.lineage;

import io.quire.memory.contract.OutOfFramesException;

/** Says who holds the frames when none is left: whoever knows all spaces. */
@FunctionalInterface
public interface FrameShortage {

    /**
     * What is thrown.
     *
     * @param faulting the space that needs a frame
     */
    OutOfFramesException exception(SpaceState faulting);
}
