package io.quire.memory;

import io.quire.memory.table.Geometry;
import java.time.Duration;

/**
 * The pages of one space.
 *
 * @param name the name of the space
 * @param mappedBytes bytes of addresses
 * @param sharedPages resident pages whose frame another space maps too
 * @param exclusivePages resident pages whose frame no other space maps
 * @param age time since it was opened or forked
 */
public record SpaceStatistics(String name, long mappedBytes, long sharedPages, long exclusivePages, Duration age) {

    /** What a close would give back. */
    public long bytesFreedByClose() {
        return exclusivePages << Geometry.PAGE_SHIFT;
    }

    /** What is in frames, shared or not. */
    public long residentBytes() {
        return (sharedPages + exclusivePages) << Geometry.PAGE_SHIFT;
    }
}
