package io.quire.memory.demo;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;

/**
 * What forks hold: frames in use that the live space does not map. It includes frames of closed forks that are not yet
 * reclaimed. One thread.
 */
final class HeldMemory {

    private final MemoryManager memory;
    private final AddressSpace live;
    private long liveBytes;
    private long peakBytes;

    HeldMemory(MemoryManager memory, AddressSpace live) {
        this.memory = memory;
        this.live = live;
        measureLive();
    }

    /** Measures the live space, which walks its page table. */
    void measureLive() {
        liveBytes = live.statistics().residentBytes();
    }

    /** What forks hold now, if the live space is as it was when it was measured last. */
    long sampleBytes() {
        long heldBytes = Math.max(0, memory.statistics().usedBytes() - liveBytes);
        peakBytes = Math.max(peakBytes, heldBytes);
        return heldBytes;
    }

    long peakBytes() {
        return peakBytes;
    }

    /** Resident bytes of the live space when it was measured last. */
    long liveBytes() {
        return liveBytes;
    }
}
