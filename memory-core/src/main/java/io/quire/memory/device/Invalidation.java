package io.quire.memory.device;

/**
 * Something is about to happen to a range of a space.
 *
 * @param kind what it is
 * @param start the first address
 * @param end the address after the last; {@link Long#MAX_VALUE} for all
 * @param owner the number of the device it is done for, see {@code Device.id()}; 0 if none
 * @param sequence of the mirror, one more each time
 * @param mayBlock whether the driver may wait for accesses in progress
 */
public record Invalidation(InvalidationKind kind, long start, long end, int owner, long sequence, boolean mayBlock) {

    /** How many pages the range has. */
    public long pages() {
        return (end - start) >>> 12;
    }
}
