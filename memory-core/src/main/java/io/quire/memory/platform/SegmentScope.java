package io.quire.memory.platform;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Gives a part of long-lived memory a shorter life, so that whoever keeps it too long gets an exception. */
@SuppressWarnings("restricted") // changes the lifetime of a segment
public final class SegmentScope {

    private SegmentScope() {
    }

    /**
     * A view of {@code sizeBytes} bytes that dies with the arena. Only with native access.
     *
     * @param arena whose close ends the view
     */
    public static MemorySegment view(long address, long sizeBytes, Arena arena) {
        return MemorySegment.ofAddress(address).reinterpret(sizeBytes, arena, null);
    }

    /** All memory of the process as one segment, so that the compiler knows its bounds. Only with native access. */
    public static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }
}
