package io.quire.memory.platform;

/**
 * Copies large ranges with {@code memcpy} of the C library, which knows the best way for the machine and the size. On
 * many processors it does not load the target before overwriting it. The JVM's own copy is a vector loop, whatever the
 * size.
 * <p>
 * Use it only where {@link NativeAccess#ENABLED} is true. Any thread.
 */
public final class BulkCopy {

    /** The smallest size that is faster this way; below it, the native call costs more than it gains. */
    public static final long WORTHWHILE_BYTES = 64 << 10;

    private BulkCopy() {
    }

    /**
     * Copies between ranges that do not overlap.
     *
     * @param source address to copy from
     * @param target address to copy to
     */
    public static void copy(long source, long target, long sizeBytes) {
        Linux.memcpy(target, source, sizeBytes);
    }
}
