package io.quire.memory.demo;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * How much memory a run takes. In the worst case the writer has changed every page since a fork was taken, so that the
 * fork holds a copy of the whole map. So the pool has room for one map for each open fork and one for the live map, and
 * frames never run out.
 *
 * @param mapBytes the room for the map
 * @param limitBytes the size of the host pool
 * @param deviceBytes the size of the device's memory: at most half of the map, so that the map does not fit
 */
record Plan(long mapBytes, long limitBytes, long deviceBytes) {

    /** The fewest open forks: with one alone, there would be no random order of closing. */
    static final int FEWEST_OPEN = 2;

    /** What the map needs for keys, index and gaps, in addition to the values. */
    private static final long BYTES_PER_ENTRY = 256;
    private static final long BYTES_AT_LEAST = 1 << 20;
    private static final int GAPS_SHARE = 2;

    /** If the user sets no limit, the pool takes one part in this many of the machine's memory. */
    private static final int MACHINE_SHARE = 4;

    private static final int DEVICE_SHARE = 8;
    private static final long DEVICE_BYTES_AT_LEAST = BYTES_AT_LEAST / 2;
    private static final long DEVICE_BYTES_AT_MOST = 32L << 20;

    /**
     * Plans a run.
     *
     * @param askedBytes the size of the pool that the user asked for; 0 to choose one
     * @throws BadInputException if the input is larger than the limit allows
     */
    static Plan of(Loader loader, long askedBytes) throws BadInputException {
        long machineBytes = machineBytes();
        if (askedBytes > machineBytes) {
            throw new BadInputException(Settings.LIMIT + " is more than this machine has: "
                    + Units.bytes(askedBytes) + ", it has " + Units.bytes(machineBytes));
        }
        long contentBytes = loader.sizeBytes() + loader.entries() * BYTES_PER_ENTRY;
        long mapBytes = contentBytes + contentBytes / GAPS_SHARE + BYTES_AT_LEAST;
        long limitBytes = askedBytes > 0 ? askedBytes
                : Math.min((ForkKeeper.MOST_OPEN + 2) * mapBytes, machineBytes / MACHINE_SHARE);
        long leastBytes = (FEWEST_OPEN + 1) * mapBytes;
        if (limitBytes < leastBytes) {
            throw new BadInputException("the input is too large: " + Units.bytes(loader.sizeBytes()) + " in "
                    + Units.count(loader.entries()) + " entries need a pool of " + Units.bytes(leastBytes)
                    + ", the limit is " + Units.bytes(limitBytes)
                    + (askedBytes > 0 ? "" : ", a quarter of this machine's memory")
                    + "; set " + Settings.LIMIT);
        }
        long deviceBytes = Math.clamp(mapBytes / DEVICE_SHARE, DEVICE_BYTES_AT_LEAST, DEVICE_BYTES_AT_MOST)
                & -Units.PAGE_BYTES;
        return new Plan(mapBytes, limitBytes, deviceBytes);
    }

    /** Returns how many forks may be open, given the resident bytes of the live space. */
    int mostOpen(long residentBytes) {
        long copyBytes = residentBytes + residentBytes / MACHINE_SHARE;
        return Math.clamp(limitBytes / copyBytes - 1, FEWEST_OPEN, ForkKeeper.MOST_OPEN);
    }

    private static long machineBytes() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }
}
