package io.quire.memory.platform;

import java.lang.foreign.MemorySegment;

/**
 * Two megabytes of zeros, to show for memory that was never written. They are one mapping for the whole process,
 * created at first use. Nobody writes to it, so the kernel maps its own page of zeros there. Use it only where
 * {@link NativeAccess#ENABLED} is true. Any thread.
 */
public final class ZeroPages {

    public static final long SIZE_BYTES = 2L << 20;

    private static final MemorySegment MEMORY = Reservation.of(SIZE_BYTES).segment();

    private ZeroPages() {
    }

    /** The address of the first byte. It stays mapped as long as this class is loaded. */
    public static long address() {
        return MEMORY.address();
    }
}
