package io.quire.memory.device;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where one page is, for one device.
 * <p>
 * <b>{@code memory} is null in one case</b>: the page is in a frame of this device, and its driver is a
 * {@link PrivateDriver}. Then the bytes are in the driver's own memory, at {@code frame * 4096L}. A
 * {@link CoherentDriver} never gets null, and may call {@link java.util.Objects#requireNonNull} to satisfy a null checker.
 * <p>
 * <b>Outdated translations.</b> The addresses of {@code memory} stay valid as long as the segment can be reached, also
 * when the translation is long outdated; what is found there then is not the page.
 *
 * @param address of the page in the space; a multiple of 4096
 * @param frame the number of the frame if it is one of this device; -1 if the page is on the host or on another device
 * @param memory the 4096 bytes as the processor reaches them, on the host or on a coherent device; null as said above.
 *         Do not write to it if {@code access} is {@link DeviceAccess#READ}: nothing stops you
 * @param access what the device may do; may be more than it asked for
 * @see Translations
 */
public record PageTranslation(long address, int frame, @Nullable MemorySegment memory, DeviceAccess access) {
}
