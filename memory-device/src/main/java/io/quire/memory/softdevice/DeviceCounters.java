package io.quire.memory.softdevice;

import io.quire.memory.device.InvalidationKind;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a device has counted since it was created.
 *
 * @param allocations frames that were allocated
 * @param refusedAllocations frames that the device refused
 * @param frees frames that were freed
 * @param liveFrames frames that are allocated now
 * @param useAfterFree accesses and copies of a frame after the device was told that it was freed; each is a bug of the
 *         library
 * @param doubleAllocations frames that were allocated while they were allocated; each is a bug of the library
 * @param doubleFrees frames that were freed while they were free; each is a bug of the library
 * @param protocolErrors calls out of turn; each is a bug of the library. Invalidations of an unknown mirror, with a
 *         sequence that did not grow, or ended without a start; mirrors that were attached twice, or detached without
 *         having been attached; translations of a range during an invalidation of it, other than for a migration
 * @param faults how often the device asked for translations, also if the answer was outdated or refused
 * @param retries how often an answer came too late
 * @param copies copies by the processor into and out of frames, and zeroings; also those that failed
 * @param refusedInvalidations invalidations that were refused because a test wanted it
 * @param invalidations invalidations that were granted, by kind
 * @see SoftwareDevice#counters
 */
public record DeviceCounters(long allocations, long refusedAllocations, long frees, long liveFrames, long useAfterFree,
        long doubleAllocations, long doubleFrees, long protocolErrors, long faults, long retries, long copies,
        long refusedInvalidations, Map<InvalidationKind, Long> invalidations) {

    // The index of each counter among the words of the native device.
    static final int ALLOCATIONS = 0;
    static final int REFUSED_ALLOCATIONS = 1;
    static final int FREES = 2;
    static final int LIVE_FRAMES = 3;
    static final int USE_AFTER_FREE = 4;
    static final int DOUBLE_ALLOCATIONS = 5;
    static final int DOUBLE_FREES = 6;
    static final int PROTOCOL_ERRORS = 7;
    static final int FAULTS = 8;
    static final int RETRIES = 9;
    static final int COPIES = 10;
    static final int REFUSED_INVALIDATIONS = 11;
    static final int INVALIDATIONS = 12;

    static final int WORDS = INVALIDATIONS + Codes.KINDS.size();

    /** Copies the map. */
    public DeviceCounters {
        invalidations = Map.copyOf(invalidations);
    }

    static DeviceCounters of(long[] words) {
        Map<InvalidationKind, Long> invalidations = new EnumMap<>(InvalidationKind.class);
        for (InvalidationKind kind : Codes.KINDS) {
            invalidations.put(kind, words[INVALIDATIONS + Codes.of(kind)]);
        }
        return new DeviceCounters(words[ALLOCATIONS], words[REFUSED_ALLOCATIONS], words[FREES], words[LIVE_FRAMES],
                words[USE_AFTER_FREE], words[DOUBLE_ALLOCATIONS], words[DOUBLE_FREES], words[PROTOCOL_ERRORS],
                words[FAULTS], words[RETRIES], words[COPIES], words[REFUSED_INVALIDATIONS], invalidations);
    }

    /**
     * Returns how many invalidations of a kind were granted.
     *
     * @param kind to be counted
     * @return 0 or more
     */
    public long invalidations(InvalidationKind kind) {
        return invalidations.getOrDefault(kind, 0L);
    }

    /**
     * Returns how often the device has caught the library breaking its rules.
     *
     * @return 0, unless the library has a bug
     */
    public long violations() {
        return useAfterFree + doubleAllocations + doubleFrees + protocolErrors;
    }
}
