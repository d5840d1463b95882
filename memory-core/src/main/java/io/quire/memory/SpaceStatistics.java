package io.quire.memory;

import io.quire.memory.table.Geometry;
import java.time.Duration;

/**
 * The pages of one space, as {@link AddressSpace#statistics} met them.
 * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="usage"}
 *
 * @param name the name of the space
 * @param mappedBytes bytes of addresses that are mapped; most of them may have no frame
 * @param sharedPages resident pages whose frame another space maps too
 * @param exclusivePages resident pages whose frame no other space maps: what only this space holds. Not the exclusive
 *         access of a device, which {@link Attachment#exclusivePages()} counts
 * @param age time since the space was opened or forked
 */
public record SpaceStatistics(String name, long mappedBytes, long sharedPages, long exclusivePages, Duration age) {

    /**
     * Returns how much memory a close of this space alone would free. A page that two forks share counts in neither: it
     * becomes free when both are closed.
     *
     * @return the bytes of {@link #exclusivePages()}
     */
    public long bytesFreedByClose() {
        return exclusivePages << Geometry.PAGE_SHIFT;
    }

    /**
     * Returns how much of the space is in frames, shared or not.
     *
     * @return the bytes of {@link #sharedPages()} and {@link #exclusivePages()} together
     */
    public long residentBytes() {
        return (sharedPages + exclusivePages) << Geometry.PAGE_SHIFT;
    }
}
