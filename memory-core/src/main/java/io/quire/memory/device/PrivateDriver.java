package io.quire.memory.device;

import java.lang.foreign.MemorySegment;

/** A device whose memory the processor cannot address (DEVICE_PRIVATE): pages come and go through these calls. */
public interface PrivateDriver extends DeviceDriver {

    /** How many frames the device has; always the same, positive. */
    int frames();

    /** Copies 4096 bytes of the host into a frame that no translation leads to. */
    void copyToDevice(MemorySegment source, int frame);

    /** Copies a frame to 4096 bytes of the host. The device does not write it meanwhile. */
    void copyToHost(int frame, MemorySegment target);

    /** Sets a frame that no translation leads to to zeros. */
    void zero(int frame);
}
