package io.quire.memory.device;

import java.lang.foreign.MemorySegment;

/**
 * The driver of a device whose memory the processor can load and store ({@code MEMORY_DEVICE_COHERENT}).
 *
 * @see PrivateDriver
 */
public interface CoherentDriver extends DeviceDriver {

    /**
     * Returns the memory of the device. Its addresses have to stay valid as long as the segment is reachable, also
     * after {@link #close()}: a reader that is overtaken by the close must still find memory there.
     *
     * @return always the same segment: native, writable, accessible by any thread; whole frames of 4096 bytes, at least
     *         one, aligned to 4096
     */
    MemorySegment memory();
}
