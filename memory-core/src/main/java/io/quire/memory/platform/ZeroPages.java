package io.quire.memory.platform;

import java.lang.foreign.MemorySegment;

/**
 * Two megabytes of zeros that nobody writes, for whoever has to show memory that was never written. They are one
 * mapping of the whole process, made by the first who asks; as long as nobody writes there the kernel shows its own
 * page of zeros. Only to be touched where {@link NativeAccess#ENABLED} is true. Any thread.
 */
public final class ZeroPages {

    public static final long SIZE_BYTES = 2L << 20;

    private static final MemorySegment MEMORY = Reservation.of(SIZE_BYTES).segment();

    private ZeroPages() {
    }

    /** Where they begin; mapped as long as this class is loaded. */
    public static long address() {
        return MEMORY.address();
    }
}
