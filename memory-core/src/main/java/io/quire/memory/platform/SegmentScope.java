package io.quire.memory.platform;

import io.quire.memory.contract.SegmentInUseException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Gives a part of long-lived memory a shorter life, so that whoever keeps it too long gets an exception. */
@SuppressWarnings("restricted") // changes the lifetime of a segment
public final class SegmentScope {

    private SegmentScope() {
    }

    /**
     * A view of {@code sizeBytes} bytes that dies with the arena. Only with native access. Nothing keeps the memory
     * mapped: see {@link #keep}.
     *
     * @param arena whose close ends the view
     */
    public static MemorySegment view(long address, long sizeBytes, Arena arena) {
        return MemorySegment.ofAddress(address).reinterpret(sizeBytes, arena, null);
    }

    /**
     * Keeps an object reachable as long as a segment or buffer of the arena can be reached and the arena is open: the
     * arena is referenced by all of them, and remembers what is to be done at its end. Only with native access.
     *
     * @param keeper what keeps the memory of the segments mapped; must not be registered with a cleaner that the arena
     *        is part of
     */
    @SuppressWarnings("ReachabilityFenceUsage") // it runs when the arena ends; that it names the keeper is the point
    public static void keep(Object keeper, Arena arena) {
        MemorySegment.NULL.reinterpret(0, arena, _ -> Reference.reachabilityFence(keeper));
    }

    /**
     * Ends the segments of an arena; again has no effect, also after an Error.
     *
     * @param holder what handed them out, for the message
     * @throws SegmentInUseException while somebody is inside one of them; nothing has ended
     */
    public static void end(Arena arena, Object holder) {
        if (!arena.scope().isAlive()) {
            return;
        }
        try {
            arena.close();
        } catch (IllegalStateException inUse) {
            throw new SegmentInUseException(holder.toString(), inUse);
        }
    }

    /** All memory of the process as one segment, so that the compiler knows its bounds. Only with native access. */
    public static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }
}
