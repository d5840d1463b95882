package io.quire.memory.device;

/**
 * Something is about to happen to a range of a space.
 * <p>
 * <b>The range.</b> If the whole space is meant, as in a fork or a close, {@code start} is 0 and {@code end} is
 * {@link Long#MAX_VALUE}. So compare addresses with {@code start} and {@code end}, and do not loop over the pages
 * between them. A sorted map of translations handles both cases with {@code subMap(start, end).clear()}.
 * <p>
 * <b>{@code mayBlock}.</b> If it is true, wait until the accesses of the range that are in progress have ended, and
 * return true. If it is false, the library wants no wait: it evicts pages to make room, and takes others if these are
 * busy. Then take your lock with {@code tryLock}, and return false if you do not get it or if an access is in progress.
 * {@snippet file="io/quire/examples/SkeletonDriver.java" region="invalidate"}
 *
 * @param kind what is about to happen
 * @param start the first address, a multiple of 4096; 0 for the whole space
 * @param end the address behind the range; {@link Long#MAX_VALUE} for the whole space
 * @param owner the {@linkplain io.quire.memory.Device#id() number} of the device that it is done for; 0 if for none
 * @param sequence one more than that of the mirror's last invalidation; the first has 1
 * @param mayBlock true if the driver may wait for accesses in progress
 * @see DeviceDriver#invalidateStart
 */
public record Invalidation(InvalidationKind kind, long start, long end, int owner, long sequence, boolean mayBlock) {

    /**
     * Returns how many pages the range has.
     *
     * @return 1 or more; about 2<sup>51</sup> if {@code end} is {@link Long#MAX_VALUE}
     */
    public long pages() {
        return (end - start) >>> 12;
    }
}
