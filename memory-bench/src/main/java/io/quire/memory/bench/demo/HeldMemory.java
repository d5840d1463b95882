package io.quire.memory.bench.demo;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;

/**
 * What forks hold: frames in use that the live space does not map. Frames of closed forks that are not
 * reclaimed yet are among them. One thread.
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

    /** Walks the table of the live space. */
    void measureLive() {
        liveBytes = live.statistics().residentBytes();
    }

    /** What forks hold now, against the live space as it was measured last. */
    long sampleBytes() {
        long heldBytes = Math.max(0, memory.statistics().usedBytes() - liveBytes);
        peakBytes = Math.max(peakBytes, heldBytes);
        return heldBytes;
    }

    long peakBytes() {
        return peakBytes;
    }

    /** Resident bytes of the live space as measured last. */
    long liveBytes() {
        return liveBytes;
    }
}
