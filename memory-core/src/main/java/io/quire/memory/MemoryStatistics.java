package io.quire.memory;

/**
 * A manager at one moment. Counts of events are since it was opened.
 *
 * @param limitBytes the size of the host pool
 * @param usedBytes bytes of frames that hold something
 * @param openSpaces spaces, forks and snapshots not closed yet
 * @param forks forks and snapshots taken
 * @param pagesZeroFilled pages written for the first time
 * @param pagesCopied shared pages copied for a writer
 * @param pagesReused pages written in place because the last other owner was gone
 * @param tier what happened between the host and the devices
 */
public record MemoryStatistics(long limitBytes, long usedBytes, int openSpaces, long forks, long pagesZeroFilled,
        long pagesCopied, long pagesReused, TierStatistics tier) {

    /** What can still be used, counting what dropped spaces have not given back yet as used. */
    public long freeBytes() {
        return limitBytes - usedBytes;
    }
}
