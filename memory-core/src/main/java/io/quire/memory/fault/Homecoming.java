package io.quire.memory.fault;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.lineage.SpaceState;
import org.jspecify.annotations.Nullable;

/** Brings pages within reach of who needs them: the migration, which lies above faults. */
@FunctionalInterface
public interface Homecoming {

    /**
     * Lets an access go on that found its page {@link PageFaults#AWAY}: brings the page to the host, or waits for
     * whoever does. The caller holds no lock of a space, and looks again.
     *
     * @param device the device that wants to access it; null if the processor does
     * @throws io.quire.memory.contract.OutOfFramesException if the host has no frame for it
     */
    void bringHome(SpaceState space, long page, @Nullable ManagedDevice device);
}
