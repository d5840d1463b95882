package io.quire.memory.device;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where one page is, for one device.
 *
 * @param address of the page in the space
 * @param frame the number of the frame if it is one of this device, else -1
 * @param memory the 4096 bytes as the processor reaches them: of the host, or of a coherent device, this or another;
 *        null for a frame of this device if it is private. Read-only by contract if access is {@link DeviceAccess#READ}.
 *        Its addresses stay valid as long as the segment can be reached, also when the translation is long outdated:
 *        what is found there then is not the page
 * @param access what the device may do; it may be more than it asked for
 */
public record PageTranslation(long address, int frame, @Nullable MemorySegment memory, DeviceAccess access) {
}
