package io.quire.memory.fault;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.lineage.SpaceState;
import org.jspecify.annotations.Nullable;

/** Brings a page home for an access that needs it there. The migration does that, in a package above this one. */
@FunctionalInterface
public interface Homecoming {

    /**
     * Brings a page to the host, or waits for the thread that is doing so. Called when an access found its page
     * {@link PageFaults#AWAY}. The caller holds no lock of a space, and looks at the page again afterwards.
     *
     * @param device the device that wants to access the page; null if the processor does
     * @throws io.quire.memory.contract.OutOfFramesException if the host has no frame for it
     */
    void bringHome(SpaceState space, long page, @Nullable ManagedDevice device);
}
