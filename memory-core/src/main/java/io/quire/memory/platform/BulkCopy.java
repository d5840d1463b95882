package io.quire.memory.platform;

/**
 * Copies much memory at once, as the C library does it, which knows the machine's best way for each size: on many
 * processors one that does not load the target before it is overwritten. The copy of the JVM is a loop over vectors,
 * whatever the size.
 * <p>
 * Only to be touched where {@link NativeAccess#ENABLED} is true. Any thread.
 */
public final class BulkCopy {

    /** From so much on it is faster; below, the call and the way into it cost more than it wins. */
    public static final long WORTHWHILE_BYTES = 64 << 10;

    private BulkCopy() {
    }

    /**
     * Copies between ranges that do not overlap.
     *
     * @param source an address
     * @param target another one
     */
    public static void copy(long source, long target, long sizeBytes) {
        Linux.memcpy(target, source, sizeBytes);
    }
}
