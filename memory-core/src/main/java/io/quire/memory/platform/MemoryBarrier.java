package io.quire.memory.platform;

/**
 * The heavy side of an asymmetric fence. After {@link #issue()} every running thread of the process has executed a full
 * memory barrier between two of its instructions. So the light side only has to keep its compiler from reordering.
 * <p>
 * Uses Linux's {@code membarrier(2)}, private expedited, registered once per process. That is not available without
 * native access, if the kernel refuses it, or if {@code -Dquire.fences=full} turns it off. Then {@link #ASYMMETRIC} is
 * false and the light side has to fence fully.
 */
public final class MemoryBarrier {

    /** True if {@link #issue()} reaches all threads. A constant for the compiler. */
    public static final boolean ASYMMETRIC = NativeAccess.ENABLED
            && !"full".equals(System.getProperty("quire.fences"))
            && Linux.membarrier(Linux.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0
            && Linux.membarrier(Linux.MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;

    private MemoryBarrier() {
    }

    /** Makes every running thread execute a full barrier. Costs an interrupt for each of them, so batch changes. */
    public static void issue() {
        if (Linux.membarrier(Linux.MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) {
            throw new IllegalStateException("membarrier worked at start and is refused now; "
                    + "pass -Dquire.fences=full to do without it");
        }
    }
}
