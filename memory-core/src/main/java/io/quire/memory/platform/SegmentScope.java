package io.quire.memory.platform;

import io.quire.memory.contract.SegmentInUseException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Gives a part of long-lived memory a shorter lifetime, so that code that uses it too late gets an exception. */
@SuppressWarnings("restricted") // changes the lifetime of a segment
public final class SegmentScope {

    private SegmentScope() {
    }

    /**
     * Returns a view of {@code sizeBytes} bytes that ends with the arena. Only with native access. The view does not
     * keep the memory mapped: see {@link #keep}.
     *
     * @param arena its close ends the view
     */
    public static MemorySegment view(long address, long sizeBytes, Arena arena) {
        return MemorySegment.ofAddress(address).reinterpret(sizeBytes, arena, null);
    }

    /**
     * Keeps an object reachable as long as the arena is open and a segment or buffer of it is reachable: they all refer
     * to the arena, and the arena refers to what it has to do at its end. Only with native access.
     *
     * @param keeper the object that keeps the memory of the segments mapped; no cleaning action for it may refer to the
     *        arena
     */
    @SuppressWarnings("ReachabilityFenceUsage") // the action does nothing, it only has to refer to the keeper
    public static void keep(Object keeper, Arena arena) {
        MemorySegment.NULL.reinterpret(0, arena, _ -> Reference.reachabilityFence(keeper));
    }

    /**
     * Closes an arena, which ends its segments. Does nothing if it is closed, so it can be called again after an Error.
     *
     * @param holder the object that handed out the segments, for the message
     * @throws SegmentInUseException while a thread is using one of them; then none has ended
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

    /** Returns all memory of the process as one segment, whose bounds the compiler knows. Only with native access. */
    public static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }
}
