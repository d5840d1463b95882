package io.quire.memory.demo;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;

/**
 * Measures the memory that only forks hold: frames in use that the live space does not map. This includes frames of
 * closed forks that are not reclaimed yet. For one thread.
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

    /** Measures the live space; this walks its page table. */
    void measureLive() {
        liveBytes = live.statistics().residentBytes();
    }

    /** Returns what only forks hold now. This is right if the live space has not changed since it was last measured. */
    long sampleBytes() {
        long heldBytes = Math.max(0, memory.statistics().usedBytes() - liveBytes);
        peakBytes = Math.max(peakBytes, heldBytes);
        return heldBytes;
    }

    long peakBytes() {
        return peakBytes;
    }

    /** Returns the resident bytes of the live space when it was last measured. */
    long liveBytes() {
        return liveBytes;
    }
}
