package io.quire.memory.lineage;

import io.quire.memory.contract.OutOfFramesException;

/** Says who holds the frames when none is left: who knows all spaces. */
@FunctionalInterface
public interface FrameShortage {

    /** Nobody who knows has been named. */
    FrameShortage UNEXPLAINED = faulting -> new OutOfFramesException("no frame is left: space="
            + faulting.table().name());

    /**
     * What is thrown.
     *
     * @param faulting the space that needs a frame
     */
    OutOfFramesException exception(SpaceState faulting);
}
