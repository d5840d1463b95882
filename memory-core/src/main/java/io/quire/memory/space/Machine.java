package io.quire.memory.space;

import io.quire.memory.frame.FramePool;
import io.quire.memory.guard.SharedWriterSlots;
import io.quire.memory.trace.EventCounts;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What all spaces of one manager share. Any thread.
 *
 * @param name the manager's name, for messages
 * @param pool the frames
 * @param writerSlots the slots of writers that own none
 * @param reclaimer destroys dropped trees
 * @param spaces the open spaces
 * @param events counts what happens
 * @param generations the last generation that was given out
 */
public record Machine(String name, FramePool pool, SharedWriterSlots writerSlots, Reclaimer reclaimer,
        OpenSpaces spaces, EventCounts events, AtomicLong generations) {

    /**
     * Puts a machine together.
     *
     * @param maxSpaces the most spaces that may be open at a time
     * @param leakTracking whether spaces remember the stack that created them
     */
    public static Machine of(String name, FramePool pool, int maxSpaces, boolean leakTracking) {
        return new Machine(name, pool, new SharedWriterSlots(), new Reclaimer(pool),
                new OpenSpaces(name, maxSpaces, leakTracking), new EventCounts(), new AtomicLong());
    }

    /** A number no node and no root has carried before. */
    long newGeneration() {
        return generations.incrementAndGet();
    }

    /**
     * A frame with one reference and undefined content, for a space that faults. Destroys dropped trees before it
     * gives up.
     *
     * @return its offset
     * @throws io.quire.memory.contract.OutOfFramesException if none is left
     */
    long allocateFrame(Space space) {
        long frame = pool.allocate();
        while (frame == FramePool.NONE && reclaimer.reclaimAll()) {
            frame = pool.allocate();
        }
        if (frame == FramePool.NONE) {
            frame = pool.allocate(); // what others destroyed while reclaimAll found nothing left to do
        }
        if (frame == FramePool.NONE) {
            throw Shortage.exception(this, space);
        }
        return frame;
    }
}
