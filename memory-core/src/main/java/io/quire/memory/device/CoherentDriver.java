package io.quire.memory.device;

import java.lang.foreign.MemorySegment;

/** A device whose memory the processor loads and stores like any other (DEVICE_COHERENT). */
public interface CoherentDriver extends DeviceDriver {

    /**
     * The memory of the device: whole frames of 4096 bytes, aligned to 4096, accessible by any thread. Always the same
     * segment. Its addresses stay valid as long as the segment is reachable, also after {@link #close()}: a reader that
     * is overtaken by the close must find memory.
     */
    MemorySegment memory();
}
