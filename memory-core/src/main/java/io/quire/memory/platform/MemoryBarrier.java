package io.quire.memory.platform;

/**
 * The heavy side of an asymmetric fence: after {@link #issue()} every running thread of the process has executed a
 * full memory barrier between two of its instructions, so that the other side needs to stop its compiler only.
 * <p>
 * Linux' {@code membarrier(2)}, private expedited, registered once per process. Not there without native access,
 * where the kernel refuses it, or where {@code -Dquire.fences=full} turns it off: then {@link #ASYMMETRIC} is false
 * and the light side has to fence fully.
 */
public final class MemoryBarrier {

    /** A constant for the compiler: whether {@link #issue()} reaches all threads. */
    public static final boolean ASYMMETRIC = NativeAccess.ENABLED
            && !"full".equals(System.getProperty("quire.fences"))
            && Linux.membarrier(Linux.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0
            && Linux.membarrier(Linux.MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;

    private MemoryBarrier() {
    }

    /** Has every running thread execute a full barrier. Costs an interrupt for each of them: batch it. */
    public static void issue() {
        if (Linux.membarrier(Linux.MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) {
            throw new IllegalStateException("membarrier worked at start and is refused now; "
                    + "pass -Dquire.fences=full to do without it");
        }
    }
}
