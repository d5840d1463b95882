package io.quire.memory.device;

import java.lang.foreign.MemorySegment;

/**
 * The driver of a device whose memory the processor cannot address ({@code MEMORY_DEVICE_PRIVATE}). Pages come and go
 * through the copies that this makes.
 *
 * @see CoherentDriver
 */
public interface PrivateDriver extends DeviceDriver {

    /**
     * Returns how many frames of 4096 bytes the device has.
     *
     * @return always the same number, 1 or more
     */
    int frames();

    /**
     * Copies a page of the host into a frame that no translation leads to.
     *
     * @param source 4096 bytes of the host, for reading
     * @param frame 0 to {@code frames() - 1}
     */
    void copyToDevice(MemorySegment source, int frame);

    /**
     * Copies a frame to the host. The device does not write to the frame meanwhile: its translations for writing have
     * ended.
     *
     * @param frame 0 to {@code frames() - 1}
     * @param target 4096 bytes of the host, for writing
     */
    void copyToHost(int frame, MemorySegment target);

    /**
     * Fills a frame that no translation leads to with zeros.
     *
     * @param frame 0 to {@code frames() - 1}
     */
    void zero(int frame);
}
